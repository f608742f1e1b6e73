package session

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"psdeck/session/pipeline"
)

// A file that is written takes its place when it is whole; until then, and
// where it is given up, what was there stays and nothing lies beside it.
func TestFilesAppearWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte("old\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		options pipeline.CreateOptions
		commit  bool
		want    string
	}{
		{"given up", pipeline.CreateOptions{}, false, "old\n"},
		{"given up behind another", pipeline.CreateOptions{Append: true}, false, "old\n"},
		{"behind what is there", pipeline.CreateOptions{Append: true, NoClobber: true}, true, "old\nnew\n"},
		{"in its place", pipeline.CreateOptions{}, true, "new\n"},
	} {
		f, err := localFiles{}.Create(path, tt.options)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if _, err := f.Write([]byte("new\n")); err != nil {
			t.Fatal(err)
		}
		if tt.commit {
			if err := f.Commit(); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		f.Discard()
		if got, _ := os.ReadFile(path); string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if names := namesIn(t, dir); !slices.Equal(names, []string{"a.csv"}) {
			t.Errorf("%s: %v", tt.name, names)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", tt.name, info.Mode(), err)
		}
	}
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What a link names is written, and the link stays.
func TestALinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.WriteFile(filepath.Join(dir, "real"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	f, err := localFiles{}.Create(link, pipeline.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "real")); string(got) != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// Failures are told in PowerShell's words.
func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("there", nil, 0o400); err != nil {
		t.Fatal(err)
	}
	create := func(path string, o pipeline.CreateOptions) error {
		_, err := localFiles{}.Create(path, o)
		return err
	}
	open := func(path string) error {
		_, err := localFiles{}.Open(path)
		return err
	}
	for _, tt := range []struct {
		err  error
		id   string
		want string
	}{
		{create("there", pipeline.CreateOptions{NoClobber: true}), "NoClobber", "File " + dir + "/there already exists and NoClobber was specified."},
		{create("there", pipeline.CreateOptions{}), "FileOpenFailure", "Access to the path '" + dir + "/there' is denied."},
		{create("none/x", pipeline.CreateOptions{}), "FileOpenFailure", "Could not find a part of the path '" + dir + "/none/x'."},
		{create(".", pipeline.CreateOptions{}), "FileOpenFailure", "Access to the path '" + dir + "' is denied."},
		{create("a\x00b", pipeline.CreateOptions{}), "FileOpenFailure", "Null character in path."},
		{open("none"), "FileOpenFailure", "Could not find file '" + dir + "/none'."},
		{open(`none\x`), "FileOpenFailure", "Could not find a part of the path '" + dir + "/none/x'."},
	} {
		e, ok := tt.err.(*pipeline.FileError) //nolint:errorlint // it is not wrapped
		if !ok || e.ID != tt.id || e.Msg != tt.want {
			t.Errorf("%v, want %s %s", tt.err, tt.id, tt.want)
		}
	}
}

// An export that a line ends in is the rows of what the server gave, in a
// file of this machine; the line before it is all that is sent.
func TestExportRunsHere(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s, f := openFake(t, Target{}, answering)
	_, res := collect(t, mustRun(t, s, "Get-User | Select-Object Name | Export-Csv -Path ./users.csv"))
	if res.Outcome != Completed || res.Objects != 0 || f.log() != "Get-User" {
		t.Fatalf("%+v, %q", res, f.log())
	}
	file, err := os.Open("users.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) < 2 || rows[0][0] != "Name" || rows[1][0] != "user1" {
		t.Errorf("%v, %v", rows, err)
	}
	// Where it cannot be written, the server is not asked.
	before := f.log()
	records, res := collect(t, mustRun(t, s, "Get-User | Export-Csv ./none/users.csv"))
	if res.Outcome != Failed || f.log() != before || len(records) != 1 || records[0].Error == nil ||
		!strings.Contains(records[0].Error.Message, "Could not find a part of the path") || records[0].Error.FullyQualifiedErrorID != "FileOpenFailure,Export-Csv" {
		t.Errorf("%+v, %+v", records, res)
	}
}
