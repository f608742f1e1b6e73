package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// A lost connection is said in its tab and in the strip, and so is its return.
func TestInterruptedSession(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].become(session.Interrupted, errors.New("network is unreachable"))
		d.pass(time.Second)
		d.Has("◌ "+textInterrupted, "The connection is lost (network is unreachable)")
		srv.sessions[0].become(session.Opened, nil)
		d.pass(time.Second)
		d.HasNot("◌ " + textInterrupted)
		d.Has("The connection is back")
	})
}

// Leaving closes the tab and says how to come back; a server that keeps no
// sessions leaves everything as it is.
func TestLeaveASession(t *testing.T) {
	srv := newFakeServer()
	var live *fakeSession
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		for _, live = range srv.sessions {
			if live.target.OverrideAdminDomain == "contoso.example" {
				break
			}
		}
		live.keeps = errors.New("the server keeps no sessions")
		d.Type("a draft")
		d.Press("alt+x")
		d.pass(time.Second)
		d.Has("▌1 contoso", "leaving the session on its server: the server keeps no sessions", "a draft")
		live.keeps = nil
		d.Press("alt+x")
		d.pass(time.Second)
		d.HasNot("contoso PROD", textSessionLost)
		d.Has("▌1 fabrikam", "psdeck --attach 1 joins it again")
	})
	if live.closed != 0 {
		t.Error("it was closed")
	}
}

// The details say who, where, what the server is and what it refuses.
func TestDetails(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 30, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].caps = session.Capabilities{
			LanguageMode: "NoLanguage", Protocol: "2.3", Runspaces: 4, MaxEnvelope: 512000,
			Refused: []string{"Disconnect: not here", "Get of the configuration: access denied\x1b[31m"},
		}
		d.Press("alt+i")
		d.Has("admin@partner.example", "NoLanguage", "512000 bytes", "4 lines", "Disconnect: not here", "access denied", "41m", "https://admin.example/OcsPowershellOAuth")
		d.pass(2 * time.Second)
		d.Press("esc")
		d.HasNot("Disconnect: not here")
	})
}

// A session that Disconnect-PSSession leaves keeps its tab with what is on its
// screen, and is joined again there: by F5, or by a cmdlet.
func TestADisconnectedSessionKeepsItsTab(t *testing.T) {
	for _, by := range []string{"f5", "cmdlet"} {
		srv := newFakeServer()
		srv.on("Get-CsTenant", func(r *fakeRun) { r.send(text(session.StreamHost, "I am contoso")) })
		onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
			d.Run("Get-CsTenant")
			d.Type("a draft")
			asked := func(do func(*App) tea.Cmd) { _ = d.app.ask(d.t.Context(), do); d.settle() }
			asked(func(a *App) tea.Cmd { a.keepLeft(a.tabs[0]); return nil })
			d.Has("▌1 contoso PROD ◌ disconnected", "I am contoso", "contoso PROD, disconnected ›  a draft", "F5 joins it again here")
			d.Press("enter")
			d.Has("a draft")
			id := d.app.tabs[0].left.id
			if by == "f5" {
				d.Press("f5")
			} else {
				go func() {
					_, _ = deck{d.app}.Open(d.t.Context(), session.Target{Attach: strings.ToUpper(id)}, true, func(session.Event) {})
				}()
				d.settle()
			}
			d.Has("▌1 contoso PROD ●", "2 fabrikam", "I am contoso", "contoso PROD ›  a draft")
			if n := len(srv.targets); n != 3 || srv.targets[2].Attach != id || len(d.app.tabs) != 2 || d.app.tabs[0].target.Attach != "" {
				t.Errorf("%s: %d tabs, joined with %+v", by, len(d.app.tabs), srv.targets[n-1])
			}
		})
		if srv.sessions[0].closed != 0 && srv.sessions[0].target.OverrideAdminDomain == "contoso.example" {
			t.Error("it was closed")
		}
	}
}

// A tenant that is proved only after the session was joined is said then.
func TestALateProofIsSaid(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.app.tabs[0].unproved = true
		srv.sessions[0].become(session.Opened, nil)
		d.settle()
		if n := strings.Count(d.Screen(), "the server says it is contoso"); n != 2 {
			t.Errorf("said %d times\n%s", n, d.Screen())
		}
	})
}
