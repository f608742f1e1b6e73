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
		{"help in full", "Get-Help Set-CsUser -Full", "Set-CsUser Does Set-CsUser. Set-CsUser [-Identity] <string> [<CommonParameters>]  SfB contoso"},
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
		"Get-Command Get-CsUser -ParameterName x": "not -ParameterName",
		"Get-Help -Online":                        "not -Online",
	} {
		if _, err := h.Run(t.Context(), line, RunOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
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
