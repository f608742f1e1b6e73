package session

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// The guard says which tenants a line reaches, so that who is asked reads them:
// the one whose rules decided first, that of the tab only where it is reached.
func TestTheVerdictNamesTheTenantsReached(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Prod})
	d.home("Import-PSSession $f -Prefix Fab", "Import-PSSession $c -Prefix Con")
	if _, res := collect(t, mustRun(t, c, "Import-PSSession $f -Prefix Fab")); res.Outcome != Completed {
		t.Fatalf("%+v", res)
	}
	for _, tt := range []struct {
		at, line, want string
	}{
		{"there", "Set-CsUser x", "Contoso"},
		{"there", "$y = 1; Set-CsUser x", "Contoso"},
		{"there", "Remove-FabCsUser x", "Fabrikam"},
		{"there", "Invoke-Command -Session $f { Remove-CsUser x }", "Fabrikam"},
		{"there", "Get-CsUser x | Remove-FabCsUser", "Fabrikam Contoso"},
		{"there", "Get-FabCsUser; Set-CsUser x", "Contoso Fabrikam"},
		{"there", "Invoke-Command -Session $c,$f { Remove-CsUser x }", "Contoso Fabrikam"},
		{"there", "Import-PSSession $f", "Fabrikam"},
		{"home", "Remove-FabCsUser x", "Fabrikam"},
		{"home", "Remove-FabCsUser x; Set-ConCsUser x", "Fabrikam Contoso"},
		{"home", "$f = Get-PSSession -Id 1; Invoke-Command $f { Remove-CsUser x }", "Contoso Fabrikam"}, // it may be any
		{"home", "Get-PSSession | Invoke-Command { Remove-CsUser x }", "Contoso Fabrikam"},
	} {
		runner := map[string]Runner{"there": c, "home": d.cmdlets.Home()}[tt.at]
		v, err := runner.Check(tt.line)
		var names []string
		for _, r := range v.Reached {
			names = append(names, r.Tenant)
			if want := map[string]Environment{"Contoso": Prod, "Fabrikam": Test}[r.Tenant]; r.Env != want {
				t.Errorf("%s: %s is %q", tt.line, r.Tenant, r.Env)
			}
		}
		if err != nil || v.Decision != NeedsConfirmation || strings.Join(names, " ") != tt.want {
			t.Errorf("%s, %s: reaches %q, want %q (%+v, %v)", tt.at, tt.line, names, tt.want, v, err)
		}
	}
	_, err := d.cmdlets.Home().Run(t.Context(), "Remove-FabCsUser x; Set-ConCsUser x", RunOptions{})
	if err == nil || !strings.HasSuffix(err.Error(), "; reaches Fabrikam (test), Contoso (prod)") {
		t.Errorf("the error says %v", err)
	}
}

// -WhatIf of an imported command is sent as it is typed, and wants no name.
func TestWhatIfOfAnImportedCommand(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Prod})
	d.home("Import-PSSession $c -Prefix Con")
	for line, typed := range map[string]string{"Remove-ConCsUser x -WhatIf": "", "Remove-ConCsUser x": "Contoso", "Invoke-Command $c { Remove-CsUser x -WhatIf }": ""} {
		if v, err := d.cmdlets.Home().console.judge(mustRead(t, d, line)); err != nil || v.Decision != NeedsConfirmation || v.Typed != typed {
			t.Errorf("%s: %+v, %v", line, v, err)
		}
	}
	c.target.ReadOnly = true
	if v, err := d.cmdlets.Home().Check("Remove-ConCsUser x -WhatIf"); err != nil || v.Decision != Refused || !strings.Contains(v.Reason, "no notice of -WhatIf") {
		t.Errorf("read-only: %+v, %v", v, err)
	}
}

// mustRead reads a line at home; what the guard says of it does not ask which
// parameters the command has.
func mustRead(t *testing.T, d *fakeDeck, line string) *typed {
	t.Helper()
	read, err := d.cmdlets.Home().console.read(line, SendAuto)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// Where the sessions are known only as the line runs, the guard says at once
// what a read-only one among those that are open will answer.
func TestASessionThatMayBeReachedAndIsReadOnlyIsSaid(t *testing.T) {
	d, _, f := twoTenants(t, Target{Env: Prod, ReadOnly: true})
	home := d.cmdlets.Home()
	for _, line := range []string{"Invoke-Command (Get-PSSession) { Set-CsUser x }", "Get-PSSession | Invoke-Command { Set-CsUser x }"} {
		v, err := home.Check(line)
		if err != nil || v.Decision != NeedsConfirmation || !strings.Contains(v.Reason, "known only when the line runs") || !strings.Contains(v.Reason, "Contoso is read-only") {
			t.Errorf("%s: %+v, %v", line, v, err)
		}
		if _, err := home.Check(strings.ReplaceAll(line, "Set-", "Get-")); err != nil {
			t.Error(err)
		}
	}
	f.target.ReadOnly = true
	v, err := home.Check("Invoke-Command (Get-PSSession) { Set-CsUser x }")
	if err != nil || v.Decision != Refused {
		t.Errorf("with nothing but read-only sessions: %+v, %v", v, err)
	}
	var refused *RefusedError
	if _, err := home.Run(t.Context(), "Invoke-Command (Get-PSSession) { Set-CsUser x }", RunOptions{Confirmed: true}); !errors.As(err, &refused) {
		t.Errorf("it ran: %v", err)
	}
	if slices.ContainsFunc(d.servers, func(s *fakeServer) bool { return strings.Contains(s.log(), "Set-CsUser") }) {
		t.Error("something was sent")
	}
}
