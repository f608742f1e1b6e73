package session

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/complete"
)

// The files of this machine, with directories told apart; a name that would
// not stand in a line as it is is left out.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.csv", "a [1].csv", "with\nline", "esc\x1b[2J"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Skip(err) // a file system that has no such names
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("sub", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	t.Setenv("HOME", dir)
	for _, at := range []string{dir + "/", "~/"} {
		var got []string
		for _, f := range files(at) {
			if f.Directory {
				f.Name += "/"
			}
			got = append(got, f.Name)
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != "a [1].csv, b.csv, link/, sub/" {
			t.Errorf("%s: %s", at, s)
		}
	}
	if got := files(dir + "/no-such/"); got != nil {
		t.Errorf("%v", got)
	}
}

// In a session whose lines are split, files are offered for what runs here;
// on a server with a language every path is the server's.
func TestFilesOfASession(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("out.csv", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]int{"NoLanguage": 1, "FullLanguage": 0} {
		s := newSession("x", "x", Target{}, nil, nil)
		s.caps.LanguageMode = mode
		for line, want := range map[string]int{"Get-CsUser > ./o": want, "Get-Content ./o": want, "Get-CsUser -Path ./o": 0, "./o": 0} {
			if r := complete.Complete(line, len(line), s.Completion()); len(r.Items) != want {
				t.Errorf("%s, %s: %v", mode, line, r.Items)
			}
		}
	}
}

// Aliases that PowerShell leaves out on some systems are there where the
// command runs here.
func TestLocalAliases(t *testing.T) {
	for alias, command := range map[string]string{"sort": "Sort-Object", "?": "Where-Object", "measure": "Measure-Object"} {
		if c := localCommands().Find(alias); c == nil || c.Target != command {
			t.Errorf("%s is %+v", alias, c)
		}
	}
	for alias, command := range map[string]string{"gsn": "Get-PSSession", "icm": "Invoke-Command", "gcm": "Get-Command"} {
		if c := deckCommands().Find(alias); c == nil || c.Target != command {
			t.Errorf("%s is %+v", alias, c)
		}
	}
}

// What is assigned, which sessions there are and what they give is completed
// at home and in tabs.
func TestWhatTheDeckKnowsIsCompleted(t *testing.T) {
	d, s, f := twoTenants(t, Target{})
	offered := []*complete.Command{{Name: "Get-CsTenant"}, {Name: "Get-CsUser"}, {Name: "Get-Command"}}
	f.catalog.Store(complete.NewCatalog(offered))
	d.home("$sfbSession = Get-PSSession -Id 2", "$SFBSESSION = $sfbSession", "$sfother = 1")
	items := func(line string, env *complete.Env) string {
		var list []string
		for _, it := range complete.Complete(line, len(line), env).Items {
			list = append(list, it.Text)
		}
		return strings.Join(list, " ")
	}
	names := func(i int) string { return d.cmdlets.entries()[i].name }
	for _, tt := range []struct{ line, want string }{
		{"$sf", "$sfbSession $sfother"},
		{"Remove-PSSession -Id ", "1 2"},
		{"Remove-PSSession -Name ", names(0) + " " + names(1)},
		{"Invoke-Command -Session ", "$c $f $sfbSession"},
		{"Invoke-Command -Session $sf", "$sfbSession $sfother"},
		{"Enter-PSSession ", "$c $f $sfbSession 1 2"},
		{"Enter-PSSession -Id 2", "2"},
		{"Import-PSSession ", "$c $f $sfbSession"},
		{"Import-PSSession $sfbSession -CommandName Get-C", "Get-CsTenant Get-CsUser"},
		{"Import-PSSession -Session $sfbSession Get-CsT", "Get-CsTenant"},
		{"Import-PSSession -CommandName Get-CsT -Session ", "$c $f $sfbSession"},
	} {
		if got := items(tt.line, d.cmdlets.Home().Completion()); got != tt.want {
			t.Errorf("at home, %s: %s, want %s", tt.line, got, tt.want)
		}
		if got := items(tt.line, s.Completion()); got != tt.want {
			t.Errorf("in a tab, %s: %s, want %s", tt.line, got, tt.want)
		}
	}
	d.home("Import-PSSession $sfbSession -Prefix Fab")
	f.seen.keep("Get-CsUser", clixml.Obj(clixml.Custom(clixml.Prop("UserName", "a"), clixml.Prop("Enabled", true))))
	for _, line := range []string{"Get-FabCsUser | select ", "(Get-FabCsUser).", "$x = Get-FabCsUser; $x."} {
		if got := items(line, d.cmdlets.Home().Completion()); !strings.HasPrefix(got, "Enabled UserName") {
			t.Errorf("%s: %q", line, got)
		}
	}
	if got := items("(Get-CsUser).", f.Completion()); !strings.HasPrefix(got, "Enabled UserName") {
		t.Errorf("in its own tab: %q", got)
	}
}

// What was imported is completed under the names that it has here, with what
// its session knows, and the list is made once.
func TestImportedCommandsAreCompleted(t *testing.T) {
	d, _, f := twoTenants(t, Target{})
	d.home("Import-PSSession $f -Prefix Fab")
	home := d.cmdlets.Home()
	known := &complete.Command{Name: "Get-CsUser", Synopsis: "Returns users."}
	known.Describe("[-Identity] <string> [<CommonParameters>]")
	for _, want := range []string{
		"\nGet-FabCsUser [-Identity <Object>] [-Force] [-Filter <Object>] [<CommonParameters>]\n", "\nGet-FabCsUser [-Identity] <string> [<CommonParameters>]\n",
	} {
		r := complete.Complete("Get-Fab", 7, home.Completion())
		if len(r.Items) != 1 || r.Items[0].Text != "Get-FabCsUser" || r.Items[0].Tip != want {
			t.Errorf("%+v, want %q", r.Items, want)
		}
		f.catalog.Store(complete.NewCatalog([]*complete.Command{known}))
	}
	if a, b := home.Completion().Commands[0], home.Completion().Commands[0]; a != b {
		t.Error("the list is made at every key")
	}
	if known.Syntax() != "\nGet-CsUser [-Identity] <string> [<CommonParameters>]\n" {
		t.Errorf("the session's own command is %q", known.Syntax())
	}
}

// What runs here is completed with PowerShell's own parameters and their values.
func TestParametersOfWhatRunsHere(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("out.csv", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSession("x", "x", Target{}, nil, nil)
	s.caps.LanguageMode = "NoLanguage"
	for line, want := range map[string]string{
		"Get-CsUser | Export-Csv -Us":                  "-UseCulture -UseQuotes",
		"Get-CsUser | Export-Csv -UseQuotes A":         "Always AsNeeded",
		"Get-CsUser | Export-Csv -Path ./o":            "./out.csv",
		"Get-CsUser | Out-File ./o":                    "./out.csv",
		"Get-CsUser | Set-CsUser -Path ./o":            "",
		"Import-Csv ./o":                               "./out.csv",
		"Get-CsUser | ConvertTo-Json -Es":              "-EscapeHandling",
		"Get-CsUser | Select-String -NotM":             "-NotMatch",
		"Get-CsUser | Compare-Object -Inc":             "-IncludeEqual",
		"Get-CsUser | ConvertTo-X":                     "ConvertTo-Xml",
		"Get-CsUser | Add-Member -NotePropertyM":       "-NotePropertyMembers",
		"Get-CsUser | Tee-Object -Var":                 "-Variable",
		"Get-CsUser | Join-String -Sep":                "-Separator",
		"Get-CsUser | Get-Member -MemberType NoteProp": "NoteProperty",
	} {
		var got []string
		for _, i := range complete.Complete(line, len(line), s.Completion()).Items {
			got = append(got, i.Text)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %q, want %q", line, text, want)
		}
	}
}
