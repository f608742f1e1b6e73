package session

import (
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/complete"
)

// offers makes sessions that are known to offer commands.
func offers(byName map[string][]string) func() []*Session {
	return func() []*Session {
		var list []*Session
		for _, name := range []string{"contoso", "fabrikam"} {
			var commands []*complete.Command
			for _, n := range byName[name] {
				c := &complete.Command{Name: n, Module: "SfB", Synopsis: "Does " + n + "."}
				c.Describe("[-Identity] <string> [<CommonParameters>]")
				commands = append(commands, c)
			}
			s := newSession(name, name, Target{}, nil, nil)
			s.proof = Proof{Proved: true, Name: name}
			s.catalog.Store(complete.NewCatalog(commands))
			list = append(list, s)
		}
		return list
	}
}

// texts writes objects as "a b c", one a line.
func written(records []Record) string {
	var rows []string
	for _, r := range records {
		if r.Stream != StreamOutput {
			continue
		}
		o := r.Value.Object()
		if o == nil {
			rows = append(rows, r.Value.String())
			continue
		}
		var row []string
		for _, p := range o.Members {
			row = append(row, p.Value.String())
		}
		rows = append(rows, strings.Join(row, " "))
	}
	return strings.Join(rows, "\n")
}

// Typed in the home session, Get-Command and Get-Help answer over every open
// session and name it.
func TestLookupInHome(t *testing.T) {
	d := newFakeDeck(t)
	for _, s := range offers(map[string][]string{"contoso": {"Get-CsUser", "Set-CsUser"}, "fabrikam": {"Get-CsUser"}})() {
		d.cmdlets.Adopt(s)
	}
	h := d.cmdlets.Home()
	for _, tt := range []struct{ name, line, want string }{
		{"which session offers it", "Get-Command Get-CsUser", "Cmdlet Get-CsUser SfB contoso\nCmdlet Get-CsUser SfB fabrikam"},
		{"with a wildcard", "gcm *-CsUser -Module sfb", "Cmdlet Get-CsUser SfB contoso\nCmdlet Set-CsUser SfB contoso\nCmdlet Get-CsUser SfB fabrikam"},
		{"a list of names", "Get-Command -Name Set-CsUser, Where-Object", "Cmdlet Set-CsUser SfB contoso\nCmdlet Where-Object Microsoft.PowerShell.Core this machine"},
		{"its syntax", "Get-Command Set-CsUser -Syntax", "Set-CsUser [-Identity] <string> [<CommonParameters>]"},
		{"help in full", "Get-Help Set-CsUser -Full", "Set-CsUser Does Set-CsUser. Set-CsUser [-Identity] <string> [<CommonParameters>]  -Identity <string> (required; position 0) SfB contoso"},
		{"one parameter", "Get-Help Set-CsUser -Parameter id*", "Identity string True 0  "},
		{"examples", "Get-Help Set-CsUser -Examples", "Set-CsUser Does Set-CsUser. none is known here: the server tells the syntax of its commands, and no help files SfB contoso"},
		{"a cmdlet of the deck", "Get-Command New-CsOnlineSession, Get-CsUser -CommandType Cmdlet -TotalCount 1", "Cmdlet New-CsOnlineSession  this machine"},
		{"an alias of the deck", "Get-Command gsn", "Alias gsn  this machine"},
		{"by noun and verb", "Get-Command -Noun csuser -Verb G*, x", "Cmdlet Get-CsUser SfB contoso\nCmdlet Get-CsUser SfB fabrikam"},
		{"by parameter", "Get-Command *-CsUser -ParameterName ident* -Module SfB -TotalCount 2", "Cmdlet Get-CsUser SfB contoso\nCmdlet Set-CsUser SfB contoso"},
		{"what can be typed here", "Get-Command *-CsUser -ListImported", ""},
		{"known, without the parameter", "Get-Command Get-CsUser -ParameterName x", ""},
		{"not known, and that is no error", "Get-Command No-Such -ErrorAction SilentlyContinue", ""},
		{"help over several", "help *Set-Cs*", "Set-CsUser contoso Does Set-CsUser."},
		{"before a local tail", "Get-Command *-CsUser | Where-Object Session -eq fabrikam | Select-Object -ExpandProperty Name", "Get-CsUser"},
		{"nothing fits", "Get-Command No*Such", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run, err := h.Run(t.Context(), tt.line, RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			records, res := collect(t, run)
			if got := written(records); got != tt.want || res.Err != nil {
				t.Errorf("got\n%s\nwant\n%s (%v)", got, tt.want, res.Err)
			}
		})
	}
	for line, want := range map[string]string{
		"Get-Command No-Such":                     "no open session is known to offer No-Such",
		"Get-Command Get-CsUser -ParameterType x": "does not take -ParameterType",
		"Get-Command -OutVariable x":              "does not take -OutVariable",
		"Get-Command -Type Verb":                  `"Verb" is none of Alias, Function`,
		"Get-Help -Online":                        "does not take -Online",
		"Get-Help Set-CsUser -Parameter z*":       "Set-CsUser is not known to have a parameter that matches z*",
		"Get-Command -Colour red":                 "matches parameter name 'Colour'",
	} {
		run, err := h.Run(t.Context(), line, RunOptions{})
		if err == nil {
			_, res := collect(t, run)
			err = res.Err
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

// What was imported at home is found there, whether or not its session has
// been told yet what it offers.
func TestLookupFindsImportedCommands(t *testing.T) {
	d := newFakeDeck(t)
	d.answer = commandsOffered("Get-CsTenant")
	d.home("$f = New-CsOnlineSession -UserName admin@fabrikam.com", "Import-PSSession $f -Prefix Fab")
	for line, want := range map[string]bool{
		"Get-Command Get-FabCsT*": true, "Get-Help Get-FabCsTenant | select Syntax": true, "gcm Get-FabCsTenant, Get-Fab*": true,
		"Get-Command Get-*": false, "Get-Command": false, "Get-Command Get-FabCsTenant, Get-CsTenant": false, "Get-Date": false,
	} {
		if got := d.cmdlets.Home().Claims(line); got != want {
			t.Errorf("home claims %s: %v", line, got)
		}
	}
	for line, want := range map[string]string{
		"Get-Command Get-FabCsT*":                        "Function Get-FabCsTenant  Fabrikam",
		"Get-Command *FabCs* -ListImported -Type Cmdlet": "",
		"Get-Command Get-Fab* -ParameterName Filter":     "Function Get-FabCsTenant  Fabrikam",
		"Get-Command Get-FabCsTenant -Syntax":            "Get-FabCsTenant [-Identity <Object>] [-Force] [-Filter <Object>] [<CommonParameters>]",
		"Get-Help Get-FabCsTenant | % Aliases":           "Filter: f",
	} {
		records, res := collect(t, mustRun(t, d.cmdlets.Home(), line))
		if got := written(records); got != want || res.Err != nil {
			t.Errorf("%s: %q %v, want %q", line, got, res.Err, want)
		}
	}
}

// In a session whose server has no language, they answer over that session,
// what was imported there, the deck and this machine. Nothing is sent; until
// it is known what the server offers, it is asked all the same.
func TestLookupInSession(t *testing.T) {
	d := newFakeDeck(t)
	d.answer = commandsOffered("Get-CsTenant")
	d.home("$f = New-CsOnlineSession -UserName admin@fabrikam.com", "New-CsOnlineSession -UserName admin@contoso.com")
	s, f := d.last, d.servers[1]
	ask := func(line string) (string, error) {
		t.Helper()
		run, err := s.Run(t.Context(), line, RunOptions{})
		if err != nil {
			return "", err
		}
		records, res := collect(t, run)
		return written(records), res.Err
	}
	collect(t, mustRun(t, s, "Import-PSSession $f -Prefix Fab"))
	was := f.log()
	for _, tt := range []struct{ line, want string }{
		{"Get-Help New-CsOnlineSession -Parameter UserName | % Type", "string"},
		{"Get-Command Get-FabCsTenant", "Function Get-FabCsTenant  Fabrikam"},
		{"Get-Command New-CsOnlineSession, where", "Cmdlet New-CsOnlineSession  this machine\nAlias where  this machine"},
	} {
		if got, err := ask(tt.line); got != tt.want || err != nil {
			t.Errorf("before it is known what the server offers, %s: %q %v, want %q", tt.line, got, err, tt.want)
		}
	}
	if _, err := ask("Get-Command New-CsOnlineSession -ShowCommandInfo"); err == nil || !strings.Contains(err.Error(), "does not take -ShowCommandInfo") {
		t.Errorf("%v", err)
	}
	if f.log() != was {
		t.Errorf("sent %q", f.log())
	}
	for _, line := range []string{"Get-Command", "Get-Command Get-CsT*", "Get-Help Get-CsTenant"} {
		if got, err := ask(line); got != line || err != nil {
			t.Errorf("the server was not asked %s: %q %v", line, got, err)
		}
	}
	tenant := &complete.Command{Name: "Get-CsTenant", Kind: "Function", Synopsis: "Shows the tenant."}
	s.catalog.Store(complete.NewCatalog([]*complete.Command{tenant, {Name: "Select-Object", Kind: "Function"}, {Name: "Get-Command", Kind: "Function"}}))
	was = f.log()
	for _, tt := range []struct{ line, want string }{
		{"Get-Command *CsTenant", "Function Get-CsTenant  Contoso\nFunction Get-FabCsTenant  Fabrikam"},
		{"$c = Get-Command -Noun CsTenant; $c", "Function Get-CsTenant  Contoso"},
		{"gcm Select-Object", "Cmdlet Select-Object Microsoft.PowerShell.Utility this machine"},
		{"gcm Select-Object -All -Type Function", "Function Select-Object  Contoso"},
		{"Microsoft.PowerShell.Core\\Get-Command Get-CsTenant -Syntax", "Get-CsTenant"},
		{"Get-Help Get-CsTenant | select Synopsis", "Shows the tenant."},
		{"help gsn -Full | % Name", "Get-PSSession"},
		{"1..2 | % { Get-Command Get-CsTenant } | % Session", "Contoso\nContoso"},
	} {
		if got, err := ask(tt.line); got != tt.want || err != nil {
			t.Errorf("%s: %q %v, want %q", tt.line, got, err, tt.want)
		}
	}
	for line, want := range map[string]string{
		"Get-Command -UseFuzzyMatching": "does not take -UseFuzzyMatching",
		"Get-Help Get-CsTenant -Online": "does not take -Online",
		"Get-Command Get-CsNothing":     "known to offer Get-CsNothing",
	} {
		if _, err := ask(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	if f.log() != was {
		t.Errorf("sent %q", f.log())
	}
	s.caps.LanguageMode = "FullLanguage"
	if _, err := ask("Get-Command Get-CsTenant"); err != nil || f.log() == was {
		t.Errorf("a server with a language was not asked: %v", err)
	}
}

// What a command has given last is kept for completing its members.
func TestLastSeen(t *testing.T) {
	var l lastSeen
	l.keep("Get-CsUser", clixml.Str("a"))
	l.keep("get-csuser", clixml.Str("b"))
	if v, ok := l.output("GET-CSUSER"); !ok || v.Value.String() != "b" {
		t.Errorf("%v %v", v.Value, ok)
	}
	for range 2 * seenMost {
		l.keep(strings.Repeat("x", 1+len(l.names)%seenMost)+string(rune('a'+len(l.first)%26)), clixml.Str("c"))
	}
	if len(l.first) > seenMost || len(l.names) != len(l.first) {
		t.Errorf("%d, %d", len(l.first), len(l.names))
	}
}
