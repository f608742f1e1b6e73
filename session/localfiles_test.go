package session

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"psdeck/session/pipeline"
	"psdeck/session/psrp"
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
		{create("env:x", pipeline.CreateOptions{}), "DriveNotFound", "Cannot find drive. A drive with the name 'env' does not exist."},
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

// What was given up when a line was stopped, or failed, leaves no file.
func TestAnExportThatIsStopped(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	started := make(chan struct{})
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		c.out(user(1), user(2))
		if c.Request.Commands[0].Name == "Get-Broken" {
			c.end(psrp.PipelineFailed, &psrp.ErrorRecord{Message: "no", FullyQualifiedErrorID: "No"})
			return
		}
		close(started)
		<-c.stop
		c.end(psrp.PipelineStopped, nil)
	})
	r := mustRun(t, s, "Get-Slow | Export-Csv users.csv")
	<-started
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, res := collect(t, r); res.Outcome != Stopped {
		t.Errorf("%+v", res)
	}
	if _, res := collect(t, mustRun(t, s, "Get-Broken | ConvertTo-Json | Set-Content users.json")); res.Outcome != Failed {
		t.Errorf("%+v", res)
	}
	if names := namesIn(t, dir); len(names) != 0 {
		t.Errorf("left %v", names)
	}
}

// Files begin a line too: what they hold goes to the server as its input.
func TestImportsBeginALine(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("ids.csv", []byte("Identity,Plan\nada,E5\nbob,E3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		for v := range c.input {
			got = append(got, v.String())
		}
		c.done()
	})
	_, res := collect(t, mustRun(t, s, "Import-Csv ids.csv | Where-Object Plan -eq E5 | Set-User"))
	_, _ = collect(t, mustRun(t, s, "Get-Content ids.csv -Tail 1 | Set-User"))
	if res.Outcome != Completed || !slices.Equal(got, []string{"@{Identity=ada; Plan=E5}", "bob,E3"}) || f.log() != "Set-User\nSet-User" {
		t.Errorf("%+v, %q, %q", res, got, f.log())
	}
}

// Where the server is known to offer a command that means its own files or its
// clock, the server runs it.
func TestFilesOfTheServer(t *testing.T) {
	s, f := openFake(t, Target{}, answering)
	s.commands = &commandList{names: map[string]string{"get-content": "Get-Content", "export-csv": "Export-Csv"}}
	collect(t, mustRun(t, s, "Get-Content ./log.txt"))
	collect(t, mustRun(t, s, "Get-Date | ConvertTo-Json"))
	if f.log() != "Get-Content ./log.txt" {
		t.Errorf("%q", f.log())
	}
}

// A warning of a stage is one of the line; a pipeline made of values goes to
// the server, and is judged for what it does there.
func TestWarningsAndPipelinesOfValues(t *testing.T) {
	s, _ := openFake(t, Target{ReadOnly: true}, answering)
	records, res := collect(t, mustRun(t, s, "Get-User | select Name, @{ n = 'X'; e = { @{ A = @{ B = 1 } } } } | ConvertTo-Json -Depth 1"))
	if res.Outcome != Completed || len(records) != 2 || records[1].Stream != StreamWarning || !strings.Contains(records[1].Text, "set depth of 1") {
		t.Errorf("%+v, %+v", records, res)
	}
	for name, want := range map[string]bool{"Set-Content": true, "Out-File": true, "Get-User": false, "Sort-Object": false} {
		_, err := s.RunPipeline(t.Context(), psrp.Pipeline{Commands: []psrp.Command{{Name: name}}}, nil, RunOptions{})
		if refused := (*RefusedError)(nil); errors.As(err, &refused) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
