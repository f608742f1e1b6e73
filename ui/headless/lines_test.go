package headless

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct {
		given, files []string
		stdin        string
		want         []string
	}{
		"given lines stay as they are":  {given: []string{"Get-A", "Get-B"}, want: []string{"Get-A", "Get-B"}},
		"given lines come before files": {given: []string{"Get-A"}, files: []string{path("b.ps1", "Get-B\n")}, want: []string{"Get-A", "Get-B"}},
		"files in their order":          {files: []string{path("1", "one"), path("2", "two")}, want: []string{"one", "two"}},
		"blank lines are skipped":       {files: []string{path("blank", "\n  \nGet-A\n\t\nGet-B\n")}, want: []string{"Get-A", "Get-B"}},
		"windows line ends and mark":    {files: []string{path("dos", "\ufeffGet-A\r\nGet-B\r\n")}, want: []string{"Get-A", "Get-B"}},
		"standard input":                {files: []string{"-"}, stdin: "Get-A\nGet-B", want: []string{"Get-A", "Get-B"}},
		"a pipe goes on in the next":    {files: []string{"-"}, stdin: "Get-A |\n  Sort-Object Name\nGet-B", want: []string{"Get-A |\n  Sort-Object Name", "Get-B"}},
		"so does a string":              {files: []string{"-"}, stdin: "Write-Output 'a\nb'\nGet-B", want: []string{"Write-Output 'a\nb'", "Get-B"}},
		"a blank line within a string":  {files: []string{"-"}, stdin: "'a\n\nb'", want: []string{"'a\n\nb'"}},
		"a hashtable over three lines":  {files: []string{"-"}, stdin: "$x = @{\n A = 1\n}\n$x", want: []string{"$x = @{\n A = 1\n}", "$x"}},
		"what never ends is kept whole": {files: []string{"-"}, stdin: "Get-A\n'open\nGet-B", want: []string{"Get-A", "'open\nGet-B"}},
		"an empty input is no line":     {files: []string{"-"}, stdin: "", want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Lines(c.given, c.files, strings.NewReader(c.stdin))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
	if _, err := Lines(nil, []string{filepath.Join(dir, "none")}, nil); err == nil || !strings.Contains(err.Error(), "reading the lines to run") {
		t.Errorf("a missing file: %v", err)
	}
}
