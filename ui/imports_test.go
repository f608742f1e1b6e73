package ui

import (
	"strings"
	"testing"

	"psdeck/session"
)

// Where the names of a tab mean another tenant's commands, its prompt and its
// status line say so, also on a narrow screen.
func TestThePromptSaysWhereImportedCommandsRun(t *testing.T) {
	srv := newFakeServer()
	fabrikam := session.Imported{From: session.Reached{Tenant: "Fabrikam", Proved: true, Env: session.Test}, Commands: 41}
	tailspin := session.Imported{From: session.Reached{Tenant: "unproved", Asked: "tailspin.example", Env: session.Prod}, Commands: 1}
	list := []session.Imported{fabrikam}
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.app.imported = func(t *tab) []session.Imported {
			if t.target.Env == session.Prod {
				return list
			}
			return nil
		}
		d.Type("G")
		d.Has("▌contoso PROD → Fabrikam TEST ›", "→ Fabrikam TEST for 41 imported commands · contoso.example proved")
		d.Resize(48, 12)
		d.Has("→ Fabrikam TEST ›", "→ Fabrikam TEST for 41")
		d.Resize(100, 28)
		list = append(list, tailspin)
		d.Type("e")
		d.Has("contoso PROD → Fabrikam TEST +1 ›", "→ Fabrikam TEST, tailspin.example, unproved PROD for 42 imported commands")
		d.Press("alt+2")
		if strings.Contains(d.Prompt(), "→") {
			t.Errorf("fabrikam's own prompt: %q", d.Prompt())
		}
	})
}
