package vectors

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes a file, packed if its name says so.
func write(t *testing.T, file, text string) {
	t.Helper()
	data := []byte(text)
	if filepath.Ext(file) == ".gz" {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(data)
		_ = z.Close()
		data = b.Bytes()
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRecordingsAreFoundPackedAndPlain(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "pwsh", "parse.jsonl"), "{\"n\":1}\n\n{\"n\":2}\r\n")
	write(t, filepath.Join(root, "more", "parse-2.jsonl.gz"), "{\"n\":3}")
	write(t, filepath.Join(root, "pwsh", "parse.md"), "# nothing of ours\n")
	t.Setenv(variable, root)
	var got []string
	for _, line := range Family(t, "parse") {
		got = append(got, string(line))
	}
	slices.Sort(got)
	if want := []string{`{"n":1}`, `{"n":2}`, `{"n":3}`}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	files := Files(t, Dir("more", "testdata"), "*.jsonl")
	numbers := Records[struct{ N int }](t, filepath.Join(root, "pwsh", "parse.jsonl"))
	if len(numbers) != 2 || numbers[1].N != 2 {
		t.Errorf("got %v", numbers)
	}
	if len(files) != 1 || Name(files[0]) != "parse-2" || string(Read(t, files[0])) != `{"n":3}` {
		t.Errorf("got %q", files)
	}
}

func TestOwnRecordingsWhereNoneAreGiven(t *testing.T) {
	t.Setenv(variable, "")
	if got := Dir("wire", "testdata"); got != "testdata" || Given() {
		t.Errorf("reads %s", got)
	}
	if files := Find(t, t.TempDir(), "*.jsonl"); files != nil {
		t.Errorf("found %q", files)
	}
}

// fake counts what a test would have reported.
type fake struct {
	testing.TB
	errors int
}

func (f *fake) Helper()               {}
func (f *fake) Errorf(string, ...any) { f.errors++ }

func TestScore(t *testing.T) {
	differs := errors.New("differs")
	for _, c := range []struct {
		name   string
		err    error
		reason string
		line   string
		errors int // one more where nothing passed
	}{
		{"met", nil, "", "vectors example: 1 passed, 0 failed, 0 known\n", 0},
		{"not met", differs, "", "vectors example: 0 passed, 1 failed, 0 known\n", 2},
		{"known not to be met", differs, "a reason", "vectors example: 0 passed, 0 failed, 1 known\n", 1},
		{"met, though known not to be", nil, "a reason", "vectors example: 0 passed, 1 failed, 0 known\n", 2},
	} {
		s, f := Score{Family: "example"}, &fake{}
		s.Check(f, c.name, c.err, c.reason)
		var out strings.Builder
		s.Report(f, &out)
		if out.String() != c.line || f.errors != c.errors {
			t.Errorf("%s: %q, %d errors", c.name, out.String(), f.errors)
		}
	}
}
