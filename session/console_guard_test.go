package session

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session/pslang"
)

// twoTenants is a deck with a read-only session of Contoso in $c, a session of
// Fabrikam in $f, and what Fabrikam's session offers imported at home with the
// prefix Fab.
func twoTenants(t *testing.T, contoso Target) (d *fakeDeck, c, f *Session) {
	t.Helper()
	d = newFakeDeck(t)
	d.answer = commandsOffered("Get-CsUser", "Set-CsUser", "Remove-CsUser")
	contoso.OverrideAdminDomain = "contoso.com"
	c = d.session(contoso)
	f = d.session(Target{OverrideAdminDomain: "fabrikam.com", Env: Test})
	d.cmdlets.Adopt(c)
	d.cmdlets.Adopt(f)
	d.home("$c = Get-PSSession -Id 1", "$f = Get-PSSession -Id 2", "$name = 'x'", "$block = { Remove-CsUser x }", "$p = @{ Identity = 'x' }")
	return d, c, f
}

// flowing puts a command into every place of control flow.
func flowing(command string) []string {
	var out []string
	for _, place := range []string{
		"if ($true) { % }", "if ($false) { 1 } else { % }", "if (%) { 1 }", "if ($false) { 1 } elseif (%) { 2 }", "if ((%).Count) { 1 }", "if ($x = %) { 1 }",
		"foreach ($i in 1) { % }", "foreach ($i in %) { 1 }", "for (%; $false; ) { 1 }", "for ($i = 0; %; $i++) { 1 }", "for ($i = 0; $i -lt 1; %) { 1; $i++ }", "for ($i = 0; $i -lt 1; $i++) { % }",
		"while ($true) { % }", "while (%) { 1 }", "do { % } while ($false)", "do { 1 } until (%)", "switch (1) { 1 { % } }", "switch (%) { 1 { 2 } }", "switch (1) { (%) { 2 } }",
		"switch (1) { { % } { 2 } }", "switch (1) { default { % } }", "try { % } catch { 1 }", "try { throw 'x' } catch { % }", "try { 1 } finally { % }", "throw (%)", "return %",
		"$x = if ($true) { % }", "$x = foreach ($i in 1) { % }", "1; if ($true) { foreach ($i in 1) { try { % } catch { } } }", "@{ a = if ($true) { % } }", "\"$(if ($true) { % })\"", "$x += %",
		"$true -and (%)", "$false -or (%)", "$null ?? (%)", "$true ? (%) : 1", "if ($true -and (%)) { 1 }", "$false ? 1 : (%)",
	} {
		out = append(out, strings.ReplaceAll(place, "%", command))
	}
	return out
}

// Every way to smuggle a write past a read-only session.
func TestNothingGetsPastAReadOnlySession(t *testing.T) {
	d, c, _ := twoTenants(t, Target{ReadOnly: true})
	d.home("Import-PSSession $c -Prefix Con", "Import-PSSession $f -Prefix Fab")
	typedThere := []string{
		"Remove-CsUser x", "$y = Remove-CsUser x", "Get-CsUser; Remove-CsUser x", "Get-PSSession; Remove-CsUser x",
		"& Remove-CsUser x", ". Remove-CsUser x", "& 'Remove-CsUser' x", "iex 'Remove-CsUser x'", "Invoke-Expression 'Remove-CsUser x'",
		"Get-CsUser | ForEach-Object { Remove-CsUser $_ }", `SkypeOnline\Remove-CsUser x`, `Microsoft.PowerShell.Core\Remove-CsUser x`,
		"Remove-CsUser @p", "Get-CsUser @p", "Get-CsUser --% ; Remove-CsUser x", "Ｒemove-CsUser x", "Remove–CsUser x", "Gеt-CsUser x",
		"Invoke-Command { Remove-CsUser x }", "Invoke-Command $c { Remove-CsUser x }", "icm -Session $c -ScriptBlock { Get-CsUser; Remove-CsUser x }",
		"Invoke-Command $c $block", "Invoke-Command -ScriptBlock $block -Session $c", "Invoke-Command $c { & Remove-CsUser x }", "Invoke-Command $c { & $using:name }",
		"Invoke-Command $c { Get-CsUser @using:p }", "Invoke-Command $c { Get-CsUser | % { Remove-CsUser $_ } }", "Invoke-Command $c { $x = Remove-CsUser y }",
		"Invoke-Command $c { param($x = (Remove-CsUser y)) Get-CsUser }", "Invoke-Command $c { iex $using:name }", "Invoke-Command $c { Get-CsUser --% ; Remove-CsUser x }",
		"Invoke-Command $c,$f { Remove-CsUser x }", "$r = Invoke-Command $c { Remove-CsUser x }", "Get-PSSession; Invoke-Command $c { Remove-CsUser x }",
		`Microsoft.PowerShell.Core\Invoke-Command $c { Remove-CsUser x }`,
		"Invoke-Command $c { Get-CsUser (Remove-CsUser x) }", "Invoke-Command $c { Get-CsUser && Remove-CsUser x }", "Get-PSSession && Invoke-Command $c { Remove-CsUser x }",
		"1 | ForEach-Object { Invoke-Command $c { Remove-CsUser x } }", "Get-PSSession -Name (Invoke-Command $c { Remove-CsUser x })", `"$(Invoke-Command $c { Remove-CsUser x })"`,
		"Invoke-Command $c { if ($true) { Remove-CsUser x } }", "& { Invoke-Command $c { Remove-CsUser x } }", "Get-PSSession | Where-Object { Invoke-Command $c { Remove-CsUser x } }",
		"Invoke-Command @{ Session = $c } { Remove-CsUser x }", "Import-PSSession (Invoke-Command $c { Remove-CsUser x })",
	}
	typedThere = append(typedThere, "Get-CsUser (Remove-CsUser x)", "Get-PSSession -Name (Remove-CsUser x)", "Get-CsUser && Remove-CsUser x", "Get-CsUser || Remove-CsUser x",
		"Get-PSSession | ForEach-Object { Remove-CsUser x }", "Get-FabCsUser | Remove-CsUser", "Get-PSSession -Id 2 | Remove-CsUser", `"$(Remove-CsUser x)"`, "@{ a = (Remove-CsUser x) }",
		"Get-PSSession 2>$null; Remove-CsUser x", "Get-PSSession | Where-Object { Remove-CsUser x }", "if ($true) { Remove-CsUser x }", "Get-PSSession; & { Remove-CsUser x }")
	typedThere = append(typedThere, flowing("Remove-CsUser x")...)
	typedThere = append(typedThere, flowing("Invoke-Command $c { Remove-CsUser x }")...)
	typedThere = append(typedThere, flowing("1 | ForEach-Object { Invoke-Command $c { Remove-CsUser x } }")...)
	typedAtHome := append(slices.Clone(typedThere[18:]), "Remove-ConCsUser x", "Get-ConCsUser; Remove-ConCsUser x", "$y = Remove-ConCsUser x", "Get-ConCsUser | Remove-ConCsUser",
		"remove-concsuser x", "Get-ConCsUser @p", "Get-ConCsUser | ForEach-Object { Remove-ConCsUser $_ }", "Set-ConCsUser x -Force",
		"Get-ConCsUser (Remove-ConCsUser x)", "Get-PSSession -Name (Remove-ConCsUser x)", "Get-ConCsUser && Remove-ConCsUser x", "Get-ConCsUser || Remove-ConCsUser x", "Get-FabCsUser | Remove-ConCsUser",
		`"$(Remove-ConCsUser x)"`, "@{ a = (Remove-ConCsUser x) }", "Get-ConCsUser 2>$null | Remove-ConCsUser", "1 | ForEach-Object { Remove-ConCsUser $_ }", "1 | ForEach-Object { 1 | ForEach-Object { Remove-ConCsUser $_ } }",
		"Get-PSSession | Where-Object { Remove-ConCsUser x }", "& { Remove-ConCsUser x }", "& Remove-ConCsUser x", "if ($true) { Remove-ConCsUser x }", "Get-FabCsUser (Remove-ConCsUser x)",
		"Get-FabCsUser -Filter (Remove-ConCsUser x)", "Remove-ConCsUser --% x", "$x = (Remove-ConCsUser x).Name", "Get-ConCsUser x > ./out.txt")
	typedAtHome = append(typedAtHome, flowing("Remove-ConCsUser x")...)
	typedAtHome = append(typedAtHome, flowing("Get-ConCsUser | ForEach-Object { if ($_) { Remove-ConCsUser $_ } }")...)
	for where, lines := range map[string][]string{"there": typedThere, "home": typedAtHome} {
		runner := map[string]Runner{"there": c, "home": d.cmdlets.Home()}[where]
		for _, line := range lines {
			if where == "home" && (strings.HasPrefix(line, "Invoke-Command {") || strings.HasPrefix(line, "Invoke-Command @")) {
				continue // there is nothing at home that it could run in
			}
			t.Run(where+": "+line, func(t *testing.T) {
				before := d.servers[0].log()
				v, err := runner.Check(line)
				var refusedHere *pslang.Error
				if !errors.As(err, &refusedHere) && (err != nil || v.Decision != Refused) {
					t.Errorf("the guard says %+v, %v", v, err)
				}
				if run, err := runner.Run(t.Context(), line, RunOptions{Confirmed: true}); err == nil {
					records, res := collect(t, run)
					t.Errorf("it ran: %q %+v", texts(records), res)
				}
				if after := d.servers[0].log(); after != before {
					t.Errorf("something was sent: %q", strings.TrimPrefix(after, before))
				}
			})
		}
	}
}

// Where a line finds its sessions or its block only as it runs, the guard asks,
// and what is refused is refused then.
func TestWhatIsFoundAsItRunsIsRefusedThen(t *testing.T) {
	d, c, _ := twoTenants(t, Target{ReadOnly: true})
	for _, line := range []string{
		"1 | ForEach-Object { Invoke-Command (Get-PSSession -Id $_) $block }", "foreach ($s in Get-PSSession -Id 1) { Invoke-Command $s $block }",
		"foreach ($s in $c) { Invoke-Command $s { Remove-CsUser x } }", "foreach ($b in $block) { Invoke-Command $c $b }",
		"if ($true) { $s = $c; Invoke-Command $s { Remove-CsUser x } }", "try { Invoke-Command (Get-PSSession -Id 1) $block } catch { throw }",
		"$i = @{ Session = $c; ScriptBlock = $block }; Invoke-Command @i", "Invoke-Command (Get-PSSession -Id 1) $block",
		"Invoke-Command (Get-PSSession -Id 1) { Remove-CsUser x }", "$b = { Remove-CsUser x }; Invoke-Command $c $b",
	} {
		for _, runner := range []Runner{c, d.cmdlets.Home()} {
			before := d.servers[0].log()
			if v, err := runner.Check(line); err != nil || v.Decision == Allowed {
				t.Errorf("%s: %+v, %v", line, v, err)
			}
			run, err := runner.Run(t.Context(), line, RunOptions{Confirmed: true})
			if err == nil {
				_, res := collect(t, run)
				err = res.Err
			}
			if refused := (*RefusedError)(nil); !errors.As(err, &refused) {
				t.Errorf("%s: %v", line, err)
			}
			if after := d.servers[0].log(); after != before {
				t.Errorf("%s: sent %q", line, strings.TrimPrefix(after, before))
			}
		}
	}
}

// What only reads goes through.
func TestReadingReachesAReadOnlySession(t *testing.T) {
	d, c, _ := twoTenants(t, Target{ReadOnly: true})
	d.home("Import-PSSession $c -Prefix Con", "Get-ConCsUser x", "Invoke-Command $c { Get-CsUser $using:name }", "Get-PSSession | Where-Object Id -eq 1",
		"foreach ($i in 1..2) { Get-ConCsUser $i }", "try { Get-ConCsUser } catch { Get-ConCsUser x }", "if (Get-ConCsUser) { 1 }", "switch (1) { 1 { Invoke-Command $c { Get-CsUser } } }")
	for _, line := range []string{
		"Invoke-Command { Get-CsUser }", "Get-PSSession", "Enter-PSSession 2", "Exit-PSSession", "Get-CsUser",
		"if ($true) { Get-CsUser x }", "foreach ($i in 1) { Get-CsUser $i }", "try { Get-CsUser } catch { Get-CsUser x }", "if ($true) { Invoke-Command $c { Get-CsUser x } }",
	} {
		if _, res := collect(t, mustRun(t, c, line)); res.Outcome != Completed {
			t.Errorf("%s: %+v", line, res)
		}
	}
}

// What a line imports is there for the next one: in its own, the name means
// what it meant when the guard judged it.
func TestALineCannotUseWhatItImports(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Test})
	var wrong *pslang.Error
	if _, err := d.cmdlets.Home().Run(t.Context(), "Import-PSSession $c; Remove-CsUser x", RunOptions{Confirmed: true}); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	records, res := collect(t, mustRun(t, c, "Import-PSSession $f -AllowClobber; Set-CsUser x"))
	if res.Outcome != Completed || !strings.HasSuffix(d.servers[0].log(), "Set-CsUser x") || strings.Contains(d.servers[1].log(), "Set-CsUser") {
		t.Errorf("%q %+v", texts(records), res)
	}
}

// The rules of the session that is reached hold, and its tenant is named.
func TestTheReachedSessionsRulesHold(t *testing.T) {
	d, _, f := twoTenants(t, Target{Env: Prod})
	f.target.Env = Dev
	d.home("Import-PSSession $c -Prefix Con", "Import-PSSession $f -Prefix Fab")
	home := d.cmdlets.Home()
	for line, want := range map[string]Verdict{
		"Set-FabCsUser x":                         {},
		"Remove-FabCsUser x":                      {},
		"Set-ConCsUser x":                         {Decision: NeedsConfirmation},
		"Remove-ConCsUser x":                      {Decision: NeedsConfirmation, Typed: "Contoso"},
		"Set-FabCsUser x; Remove-ConCsUser x":     {Decision: NeedsConfirmation, Typed: "Contoso"},
		"Invoke-Command $f { Remove-CsUser x }":   {},
		"Invoke-Command $f,$c {Remove-CsUser x }": {Decision: NeedsConfirmation, Typed: "Contoso"},
		"$f = Get-PSSession -Id 1; Invoke-Command $f { Remove-CsUser x }": {Decision: NeedsConfirmation, Typed: "Contoso"},
		"Get-PSSession | Invoke-Command { Remove-CsUser x }":              {Decision: NeedsConfirmation, Typed: "Contoso"},
		"$f = Get-PSSession -Id 1; Invoke-Command $f { Get-CsUser x }":    {},
		"$s = 1; Invoke-Command $nobody { Remove-CsUser x }":              {Decision: NeedsConfirmation, Typed: "Contoso"},
	} {
		v, err := home.Check(line)
		if err != nil || v.Decision != want.Decision || v.Typed != want.Typed {
			t.Errorf("%s: %+v, %v", line, v, err)
		}
	}
	for line, tenant := range map[string]string{"Set-FabCsUser x": "Fabrikam", "Set-ConCsUser x": "Contoso"} {
		for _, at := range []Runner{home} {
			run := mustRun(t, at, line)
			if _, res := collect(t, run); res.Outcome != Completed || len(run.Reached()) != 1 || run.Reached()[0].Tenant != tenant {
				t.Errorf("%s reached %+v", line, run.Reached())
			}
		}
	}
}

// Importing one tenant's commands among another's wants a prefix or a yes.
func TestImportingAcrossTenants(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Test})
	for line, want := range map[string]Decision{
		"Import-PSSession $f": NeedsConfirmation, "Import-PSSession $f -Prefix Fab": Allowed, "Import-PSSession $c": Allowed, "ipsn $f -CommandName Get-CsUser": NeedsConfirmation,
	} {
		if v, err := c.Check(line); err != nil || v.Decision != want {
			t.Errorf("typed in Contoso: %s: %+v, %v", line, v, err)
		}
	}
	home := d.cmdlets.Home()
	if v, err := home.Check("Import-PSSession $f"); err != nil || v.Decision != Allowed {
		t.Errorf("the first import at home: %+v, %v", v, err)
	}
	d.home("Import-PSSession $f")
	v, err := home.Check("Import-PSSession $c")
	if err != nil || v.Decision != NeedsConfirmation || !strings.Contains(v.Reason, "Contoso") || !strings.Contains(v.Reason, "Fabrikam") {
		t.Errorf("the second: %+v, %v", v, err)
	}
	var confirm *ConfirmationError
	if _, err := home.Run(t.Context(), "Import-PSSession $c", RunOptions{}); !errors.As(err, &confirm) {
		t.Errorf("it ran without: %v", err)
	}
	for _, line := range []string{"$again = Get-PSSession -Id 1; Import-PSSession $again", "$f = Get-PSSession -Id 1; Import-PSSession $f", "Get-PSSession -Id 1 | Import-PSSession"} {
		if v, err := home.Check(line); err != nil || v.Decision != NeedsConfirmation {
			t.Errorf("a session that the line itself finds: %+v, %v", v, err)
		}
	}
	if v, err := home.Check("$f = Get-PSSession -Id 1; Import-PSSession $f -Prefix Con"); err != nil || v.Decision != Allowed {
		t.Errorf("with a prefix: %+v, %v", v, err)
	}
}
