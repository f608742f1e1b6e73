package complete_test

import (
	"strings"
	"testing"

	"psdeck/session/complete"
)

// atBar gives what can be written where the line has a bar that stands for the
// cursor: the last one.
func atBar(line string, env *complete.Env) complete.Result {
	at := strings.LastIndexByte(line, '|')
	return complete.Complete(line[:at]+line[at+1:], at, env)
}

// Where most commands run on a server, files are offered only for those that
// run here, and only where they name a file.
func TestLocalPaths(t *testing.T) {
	remote := &complete.Command{Name: "Set-CsThing"}
	remote.Describe("[-Path] <string> [-Name <string>] [-Enabled <bool>] [<CommonParameters>]")
	env := recordedEnv()
	env.Commands = append([]*complete.Catalog{complete.NewCatalog([]*complete.Command{remote})}, env.Commands...)
	env.Local = func(name string) bool { return strings.HasSuffix(name, "-Csv") || name == "Select-Object" }
	env.Files = func(dir string) []complete.File {
		if dir == "./it's [new]/" {
			return []complete.File{{Name: "in.csv"}}
		}
		return []complete.File{{Name: "a [1].csv"}, {Name: "it's [new]", Directory: true}, {Name: "out.csv"}, {Name: "w*?.csv"}, {Name: ".hidden"}}
	}
	for _, tt := range []struct{ name, line, want string }{
		{"a path by its name", "Export-Csv -Path ./o|", "./out.csv"},
		{"and by its place", "Get-Date | Export-Csv ./o|", "./out.csv"},
		{"blanks and wildcard characters", "Import-Csv a|", "'./a `[1`].csv'"},
		{"an apostrophe", "Import-Csv ./i|", "'./it''s `[new`]'"},
		{"in double quotes", `Import-Csv "./a|`, "\"./a ``[1``].csv\""},
		{"a star", "Import-Csv w|", "'./w`*`?.csv'"},
		{"as it is where wildcards mean themselves", "Import-Csv -LiteralPath a|", "'./a [1].csv'"},
		{"hidden when asked", "Import-Csv .h|", "./.hidden"},
		{"a redirection", "Get-Date > ./o|", "./out.csv"},
		{"one that has no name yet", "Get-Date > |", "'./a `[1`].csv' './it''s `[new`]' ./out.csv './w`*`?.csv'"},
		{"of errors, appended", "Get-Date 2>> o|", "./out.csv"},
		{"not a remote command's own", "Set-CsThing -Path ./o|", ""},
		{"nor by its place", "Set-CsThing o|", ""},
		{"nor of one that is not known", "No-Such ./o|", ""},
		{"nor what is no path", "Export-Csv -Delimiter o|", ""},
		{"nor a script to be run", "./o|", ""},
		{"but the two values of a bool", "Set-CsThing -Enabled |", "$true $false"},
		{"of which Tab writes the $ first", "Set-CsThing -Enabled $|", "$true $false"},
		{"and $true stands before what is of little use", "Set-CsThing -Enabled $t|", "$true $this $Temp:"},
		{"nor a string", "'./o|", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(texts(atBar(tt.line, env)), " "); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.line, got, tt.want)
			}
		})
	}
}

// "#piece" is completed with lines that ran, as in PowerShell's console.
func TestHistory(t *testing.T) {
	env := &complete.Env{History: func() []string { return []string{"Get-CsUser alice", "Get-Date", "Set-CsUser alice"} }}
	for line, want := range map[string]string{
		"#user|": "Set-CsUser alice; Get-CsUser alice", "#2|": "Get-Date", "#9|": "", "#|": "Set-CsUser alice; Get-Date; Get-CsUser alice",
		"# user|": "", "Get-Date #dat|": "Get-Date",
	} {
		r := atBar(line, env)
		if got := strings.Join(texts(r), "; "); got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
		if len(r.Items) > 0 && (r.Items[0].Kind.String() != "History" || line[r.Start] != '#') {
			t.Errorf("%s: %+v", line, r)
		}
	}
}
