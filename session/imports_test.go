package session

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// there runs lines in a session; each has to end well, confirmed.
func runThere(t *testing.T, s *Session, lines ...string) []string {
	t.Helper()
	var out []string
	for _, line := range lines {
		run, err := s.Run(t.Context(), line, RunOptions{Confirmed: true})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		records, res := collect(t, run)
		if res.Outcome != Completed {
			t.Fatalf("%s: %+v %q", line, res, texts(records))
		}
		out = texts(records)
	}
	return out
}

// While the names of one tenant's commands mean another's where they are typed,
// that can be told.
func TestImportsOfAnotherTenantAreKnown(t *testing.T) {
	d, c, f := twoTenants(t, Target{Env: Prod})
	runThere(t, c, "Import-PSSession $f -Prefix Fab", "Import-PSSession $c")
	if got := d.cmdlets.Imported(c); len(got) != 0 {
		t.Errorf("with a prefix, or its own: %+v", got)
	}
	runThere(t, c, "Import-PSSession $f -AllowClobber")
	got := d.cmdlets.Imported(c)
	if len(got) != 1 || got[0].From.Tenant != "Fabrikam" || got[0].From.Env != Test || got[0].Commands != 3 {
		t.Errorf("%+v", got)
	}
	if v, err := c.Check("Remove-CsUser x"); err != nil || len(v.Reached) != 1 || v.Reached[0].Session != f.ID() {
		t.Errorf("a line is confirmed for %+v, %v", v, err)
	}
	if got := d.cmdlets.Imported(nil); len(got) != 0 {
		t.Errorf("at home: %+v", got)
	}
	d.home("Import-PSSession $c")
	if got := d.cmdlets.Imported(nil); len(got) != 1 || got[0].From.Tenant != "Contoso" {
		t.Errorf("at home: %+v", got)
	}
}

// In production another tenant's commands take the names of its own only for
// who types that tenant's name.
func TestCrossingIntoProductionIsTyped(t *testing.T) {
	for env, want := range map[Environment]string{Prod: "Fabrikam", Test: ""} {
		_, c, _ := twoTenants(t, Target{Env: env})
		v, err := c.Check("Import-PSSession $f")
		if err != nil || v.Decision != NeedsConfirmation || v.Typed != want || !strings.Contains(v.WayOut, "-Prefix") {
			t.Errorf("%s: %+v, %v", env, v, err)
		}
	}
}

// What was imported ends with its session, everywhere, and that is said.
func TestImportsEndWithTheirSession(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Dev})
	runThere(t, c, "Import-PSSession $f -AllowClobber")
	d.home("Import-PSSession $f -Prefix Fab", "Import-PSSession $c -Prefix Con")
	out := d.home("Remove-PSSession $f")
	for _, want := range []string{"host: 3 commands imported from Fabrikam are gone with its session"} {
		if n := len(slices.DeleteFunc(slices.Clone(out), func(s string) bool { return s != want })); n != 2 {
			t.Errorf("said %q", out)
		}
	}
	if got := d.cmdlets.Imported(c); len(got) != 0 {
		t.Errorf("still there: %+v", got)
	}
	runThere(t, c, "Set-CsUser x")
	if log := d.servers[0].log(); !strings.HasSuffix(log, "Set-CsUser x") {
		t.Errorf("sent %q", log)
	}
	if d.cmdlets.Home().Claims("Get-FabCsUser x") || !d.cmdlets.Home().Claims("Get-ConCsUser x") {
		t.Error("at home the wrong ones are gone")
	}
	if again := d.cmdlets.EndImports(c); len(again) != 1 || again[0].In != nil || again[0].Commands != 3 {
		t.Errorf("closing Contoso: %+v", again)
	}
}

// Remove-Module undoes an import, here; a read-only session lets it.
func TestRemoveModuleUndoesAnImport(t *testing.T) {
	for _, undo := range []string{
		"Remove-Module tmp_*", "Get-Module | Remove-Module", "Remove-Module $m", "Remove-Module -ModuleInfo $m", "Remove-Module -Name $m.Name", "rmo tmp_* -Force", "$m | Remove-Module",
	} {
		d, c, _ := twoTenants(t, Target{Env: Prod, ReadOnly: true})
		runThere(t, c, "$m = Import-PSSession $f -AllowClobber")
		before := d.servers[0].log()
		if v, err := c.Check(undo); err != nil || v.Decision != Allowed {
			t.Errorf("%s: %+v, %v", undo, v, err)
		}
		if out := runThere(t, c, "Get-Module | Select-Object -ExpandProperty Name"); len(out) != 1 || !strings.HasPrefix(out[0], "tmp_") {
			t.Errorf("Get-Module: %q", out)
		}
		runThere(t, c, undo)
		if got := d.cmdlets.Imported(c); len(got) != 0 || d.servers[0].log() != before {
			t.Errorf("%s: %+v", undo, got)
		}
		if out := runThere(t, c, "Get-Module"); len(out) != 0 {
			t.Errorf("%s: Get-Module gives %q", undo, out)
		}
		run := mustRun(t, c, "Remove-Module tmp_gone")
		if _, res := collect(t, run); res.Outcome != Failed {
			t.Errorf("one that is not there: %+v", res)
		}
		runThere(t, c, "Remove-Module tmp_gone*")
	}
}

// A server with a language keeps its own modules.
func TestModulesOfAServerWithALanguage(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Dev})
	c.mu.Lock()
	c.caps.LanguageMode = "FullLanguage"
	c.mu.Unlock()
	sent := func(line string) bool {
		before := d.servers[0].log()
		runThere(t, c, line)
		return d.servers[0].log() != before
	}
	if !sent("Get-Module") || !sent("Remove-Module SkypeOnline") {
		t.Error("without an import they are the server's")
	}
	runThere(t, c, "Import-PSSession $f -Prefix Fab")
	if sent("Get-Module") || sent("Get-Module tmp_*") || !sent("Get-Module SkypeOnline") || !sent("Get-Module -ListAvailable") || sent("Remove-Module tmp_*") {
		t.Error("with an import, what means it is here")
	}
}

// A session's own commands take their names back without a question.
func TestTheOwnCommandsAreTakenBack(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Prod})
	runThere(t, c, "Import-PSSession $f -AllowClobber")
	var confirm *ConfirmationError
	if _, err := c.Run(t.Context(), "Import-PSSession $c", RunOptions{}); !errors.As(err, &confirm) {
		t.Errorf("without -AllowClobber: %v", err)
	}
	if _, res := collect(t, mustRun(t, c, "Import-PSSession $c -AllowClobber")); res.Outcome != Completed {
		t.Fatalf("%+v", res)
	}
	if got := d.cmdlets.Imported(c); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	runThere(t, c, "Set-CsUser x")
	if log := d.servers[0].log(); !strings.HasSuffix(log, "Set-CsUser x") {
		t.Errorf("sent %q", log)
	}
}
