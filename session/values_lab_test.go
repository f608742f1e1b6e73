package session_test

import (
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
)

// An error that is merged into the output, or kept, prints as an error does.
func TestErrorsAmongTheOutputAgainstTheLab(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"})
	merged := shown(t, s, "Get-CsOnlineUser nobody *>&1")
	if !strings.HasPrefix(merged, "Get-CsOnlineUser: ") || strings.Count(merged, "\n") != 1 {
		t.Errorf("merged: %q", merged)
	}
	for _, line := range []string{"Get-CsOnlineUser nobody 2>$null; $Error[0]", "Get-CsOnlineUser nobody -ErrorVariable e 2>$null; $e[0]", "Get-CsOnlineUser nobody -ErrorAction SilentlyContinue -ErrorVariable e; $e"} {
		if kept := shown(t, s, line); kept != merged {
			t.Errorf("%s: %q, merged it is %q", line, kept, merged)
		}
	}
}

// A session's state is an enum of this side's own.
func TestAStateIsShownByItsName(t *testing.T) {
	d := newLabDeck(t)
	home := d.cmdlets.Home()
	shown(t, home, "$s = New-CsOnlineSession -UserName admin@contoso.com")
	if got := shown(t, home, "$s.State; (Get-PSSession).Availability"); got != "Opened\nAvailable\n" {
		t.Errorf("%q", got)
	}
}
