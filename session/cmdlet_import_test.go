package session

import (
	"slices"
	"strings"
	"testing"
)

// Imported commands are commands like others: in parentheses, in chains, in
// ForEach-Object, with common parameters, and piped from one tenant to another.
// What each server was sent shows where a command ran.
func TestImportedCommandsInLines(t *testing.T) {
	for _, tt := range []struct {
		name, line      string
		contoso, fabric []string // sent to the two
	}{
		{"parameters in full, as a proxy sends them", "Set-ConCsUser -Id x -f y -Force", []string{"Set-CsUser -Identity: x -Filter: y -Force: True"}, nil},
		{"a splatted hashtable", "Get-ConCsUser @p", []string{"Get-CsUser -Identity: x"}, nil},
		{"in parentheses", "Get-FabCsUser (Get-ConCsUser x)", []string{"Get-CsUser x"}, []string{"Get-CsUser Get-CsUser x"}},
		{"a chain goes on", "Get-ConCsUser x && Get-FabCsUser y", []string{"Get-CsUser x"}, []string{"Get-CsUser y"}},
		{"a chain for failures does not", "Get-ConCsUser x || Get-FabCsUser y", []string{"Get-CsUser x"}, nil},
		{"for each object", "1, 2 | ForEach-Object { Get-FabCsUser $_ }", nil, []string{"Get-CsUser 1[int]", "Get-CsUser 2[int]"}},
		{"in an assignment", "$u = Get-ConCsUser x; Set-FabCsUser $u", []string{"Get-CsUser x"}, []string{"Set-CsUser Get-CsUser x"}},
		{"a script block for an endpoint without a language", "Get-ConCsUser -Filter { Enabled -eq $true }", []string{"Get-CsUser -Filter:  Enabled -eq $true "}, nil},
		{"its name in another case", "get-concsuser x", []string{"Get-CsUser x"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _, _ := twoTenants(t, Target{Env: Dev})
			d.home("Import-PSSession $c -Prefix Con", "Import-PSSession $f -Prefix Fab")
			before := [2]int{len(d.servers[0].log()), len(d.servers[1].log())}
			_, res := collect(t, mustRun(t, d.cmdlets.Home(), tt.line))
			if res.Outcome != Completed || res.Errors > 0 {
				t.Errorf("%+v", res)
			}
			for i, want := range [][]string{tt.contoso, tt.fabric} {
				if got := strings.TrimPrefix(d.servers[i].log()[before[i]:], "\n"); got != strings.Join(want, "\n") {
					t.Errorf("server %d was sent %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// What one tenant's command gives is the input of another's.
func TestAPipeFromOneTenantToAnother(t *testing.T) {
	d, _, _ := twoTenants(t, Target{Env: Dev})
	d.home("Import-PSSession $c -Prefix Con", "Import-PSSession $f -Prefix Fab")
	offered := d.answer
	d.answer = func(c *fakeCommand) {
		if c.query != nil || c.Request.NoInput {
			offered(c)
			return
		}
		for v := range c.input {
			c.out(describe(c.Request) + " took " + v.String())
		}
		c.done()
	}
	run := mustRun(t, d.cmdlets.Home(), "Get-ConCsUser x | Set-FabCsUser -Force")
	records, res := collect(t, run)
	want := []string{"reaches Contoso", "reaches Fabrikam", "Set-CsUser -Force: True took Get-CsUser x"}
	if got := texts(records); res.Outcome != Completed || !slices.Equal(got, want) {
		t.Errorf("%q %+v", got, res)
	}
}

// -OutVariable and a redirection act here, for an imported command as for a
// session's own.
func TestCommonParametersOfImportedCommands(t *testing.T) {
	d, _, _ := twoTenants(t, Target{Env: Dev})
	d.home("Import-PSSession $c -Prefix Con", "Get-ConCsUser x -OutVariable seen", "Get-ConCsUser y -ov +seen > $null")
	if got := d.home("$seen"); !slices.Equal(got, []string{"Get-CsUser x", "Get-CsUser y"}) {
		t.Errorf("$seen holds %q", got)
	}
	if log := d.servers[0].log(); strings.Contains(log, "OutVariable") {
		t.Errorf("it travelled: %q", log)
	}
}

// A session that is opened in parentheses is imported in the same line.
func TestImportOfWhatIsOpenedInTheLine(t *testing.T) {
	d := newFakeDeck(t)
	d.answer = commandsOffered("Get-CsTenant")
	d.home("Import-PSSession (New-CsOnlineSession -UserName admin@contoso.com)")
	if got := d.home("Get-CsTenant"); !slices.Equal(got, []string{"reaches Contoso", "Get-CsTenant"}) {
		t.Errorf("%q", got)
	}
}

// Names that nobody would look for are said, unless that is not wanted.
func TestImportChecksNames(t *testing.T) {
	for line, warned := range map[string]bool{"Import-PSSession $s": true, "Import-PSSession $s -DisableNameChecking": false} {
		d := newFakeDeck(t)
		d.answer = commandsOffered("Get-CsTenant", "Frobnicate-CsUser", "Grant-CsPolicy")
		out := d.home("$s = New-CsOnlineSession -UserName admin@contoso.com", line)
		if got := slices.ContainsFunc(out, func(s string) bool {
			return strings.Contains(s, "Frobnicate-CsUser") && !strings.Contains(s, "Grant-CsPolicy")
		}); got != warned {
			t.Errorf("%s: %q", line, out)
		}
	}
}
