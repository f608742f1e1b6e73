package headless

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

func TestEachForm(t *testing.T) {
	ada, bob := person("Ada", 36), person("Bob", 7)
	for _, c := range []struct{ form, want string }{
		{"", "\nName Age\n---- ---\nAda   36\nBob    7\n\n"},
		{"auto", "\nName Age\n---- ---\nAda   36\nBob    7\n\n"},
		{"table", "\nName Age\n---- ---\nAda   36\nBob    7\n\n"},
		{"list", "\nName : Ada\nAge  : 36\n\nName : Bob\nAge  : 7\n\n"},
		{"json", "[\n  {\"Name\":\"Ada\",\"Age\":36},\n  {\"Name\":\"Bob\",\"Age\":7}\n]\n"},
		{"jsonl", "{\"Name\":\"Ada\",\"Age\":36}\n{\"Name\":\"Bob\",\"Age\":7}\n"},
		{"csv", "\"Name\",\"Age\"\n\"Ada\",\"36\"\n\"Bob\",\"7\"\n"},
		{"text", "@{Name=Ada; Age=36}\n@{Name=Bob; Age=7}\n"},
	} {
		t.Run(c.form, func(t *testing.T) {
			if got, _ := render(t, c.form, ada, bob); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestCLIXMLIsReadBack(t *testing.T) {
	data, _ := render(t, "clixml", person("Ada", 36), clixml.Str("x"))
	values, err := clixml.DecodeAll([]byte(data))
	if err != nil || len(values) != 2 || values[1].String() != "x" {
		t.Fatalf("%v, %v", values, err)
	}
	if age, _ := values[0].Object().Get("Age"); age.Any() != int32(36) {
		t.Errorf("Age is %v", age)
	}
}

// Without objects, json is an empty list and the other forms are nothing.
func TestFormsOfNothing(t *testing.T) {
	for _, form := range Formats {
		want := ""
		switch form {
		case "json":
			want = "[]\n"
		case "clixml":
			continue // a document without objects
		}
		if got, _ := render(t, form); got != want {
			t.Errorf("%s gives %q", form, got)
		}
	}
}

// Several lines are one document in the forms that are documents.
func TestLinesShareADocument(t *testing.T) {
	var out bytes.Buffer
	o := newOutput("json", &out, &out, 80)
	for _, v := range []clixml.Value{clixml.Of(1), clixml.Of(2)} {
		s := o.forLine(format.View{})
		if err := errors.Join(s.write([]clixml.Value{v}), s.close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	var got []int
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got) != 2 {
		t.Errorf("%s: %v", out.String(), err)
	}
}

// A form that goes object by object hands each batch on at once.
func TestObjectsAreWrittenAsTheyArrive(t *testing.T) {
	for form, want := range map[string]string{"jsonl": "1\n", "text": "1\n", "json": "[\n  1", "csv": "\"Value\"\n\"1\"\n"} {
		var out bytes.Buffer
		o := newOutput(form, &out, &out, 80)
		if err := o.forLine(format.View{}).write([]clixml.Value{clixml.Of(1)}); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%s: %q was written before the end, want %q", form, out.String(), want)
		}
	}
}

func TestTextOfAServerCannotDriveTheTerminal(t *testing.T) {
	evil := person("\x1b]0;owned\a\x1b[2J", "\u009b31m\u202e")
	for _, form := range Formats {
		if form == "clixml" {
			continue // [MS-PSRP] 2.2.5.3.2 escapes what XML cannot hold
		}
		got, _ := render(t, form, evil)
		if i := strings.IndexFunc(got, func(r rune) bool {
			return r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x202e)
		}); i >= 0 {
			t.Errorf("%s: %q", form, got)
		}
	}
}

type brokenPipe struct{ err error }

func (b brokenPipe) Write([]byte) (int, error) { return 0, b.err }

func TestEachFormReportsThatItCannotWrite(t *testing.T) {
	for _, form := range Formats {
		o := newOutput(form, brokenPipe{errFull}, &bytes.Buffer{}, 80)
		s := o.forLine(format.View{})
		err := errors.Join(s.write([]clixml.Value{person("Ada", 36)}), s.close(), o.close())
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", form, err)
		}
	}
}

var (
	errPipe = &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
	errFull = errors.New("no space left on device")
)
