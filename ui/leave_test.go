package ui

import (
	"errors"
	"testing"
	"time"

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
