package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/complete"
)

// offering is what a session knows: some commands, the first with a synopsis.
func offering(names ...string) *complete.Env {
	var list []*complete.Command
	for i, name := range names {
		c := &complete.Command{Name: name}
		if i == 0 {
			c.Synopsis = "Changes a user."
		}
		c.Describe("[-Identity] <string> [-Enabled] [-Mode <ActionPreference>] [<CommonParameters>]")
		list = append(list, c)
	}
	return &complete.Env{Commands: []*complete.Catalog{complete.NewCatalog(list)}}
}

func withOffer(names ...string) *fakeServer {
	srv := newFakeServer()
	srv.env = offering(names...)
	return srv
}

// The popup stands under the prompt while a word is typed, with what the
// command is for and its syntax; it is there at once, though the server hangs.
func TestPopupWhileTyping(t *testing.T) {
	srv := withOffer("Set-CsUser", "Set-CsUserPolicy", "Get-CsUser")
	srv.on("hang", func(*fakeRun) {}) // never ends
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("hang")
		d.Type("Set-C")
		d.Has("Set-CsUserPolicy", "Changes a user.", "Set-CsUser [-Identity] <string>")
		_, prompt := d.Find("›  Set-C")
		if _, y := d.Find("Set-CsUserPolicy"); y <= prompt {
			t.Errorf("the popup is in row %d, the prompt in %d", y, prompt)
		}
		d.Type("x")
		d.HasNot("Set-CsUserPolicy")
	})
}

// Beside a parameter stand its type, what it takes and the command's syntax.
func TestPopupExplainsParameters(t *testing.T) {
	srv := withOffer("Set-CsUser")
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Type("Set-CsUser -Mo")
		d.Has("[ActionPreference] Mode", "takes Break, Continue, Ignore", "Set-CsUser [-Identity] <string>")
		d.Type("de ")
		d.Press("tab")
		d.Has(" ▸ Break", "Changes a user.", "Set-CsUser [-Identity] <string>")
	})
}

// A parameter of a syntax is not torn apart.
func TestWrapSyntax(t *testing.T) {
	const text = "Set-CsUser [-Identity] <string> -Policy <string> [[-Path] <string[]>] [-WhatIf]"
	for w, want := range map[int]string{
		40: "Set-CsUser [-Identity] <string>|-Policy <string> [[-Path] <string[]>]|[-WhatIf]",
		20: "Set-CsUser|[-Identity] <string>|-Policy <string>|[[-Path] <string[]>]|[-WhatIf]",
		9:  "Set-CsUse|r|[-Identit|y]|<string>|-Policy <|string>|[[-Path] |<string[]|>]|[-WhatIf]",
	} {
		if got := strings.Join(wrapSyntax(text, w), "|"); got != want {
			t.Errorf("%d: %s, want %s", w, got, want)
		}
	}
	if got := wrapSyntax("", 9); len(got) != 1 || got[0] != "" {
		t.Errorf("%q", got)
	}
}

// Enter runs what was typed unless an item was chosen.
func TestPopupKeys(t *testing.T) {
	tests := []struct{ name, typed, keys, want string }{
		{"Down chooses, Enter writes", "Set-Cs", "down down enter", "Set-CsUserPolicy"},
		{"Up goes back", "Set-Cs", "down down up enter", "Set-CsUser"},
		{"Tab writes what is certain", "Set-", "tab", "Set-CsUser"},
		{"then it chooses", "Set-", "tab tab tab enter", "Set-CsUserPolicy"},
		{"the only one at once", "get-", "tab", "Get-CsUser"},
		{"Shift-Tab chooses the last", "Set-Cs", "shift+tab enter", "Set-CsUserPolicy"},
		{"Esc closes and leaves the draft", "Set-Cs", "down esc", "Set-Cs"},
		{"a parameter", "Get-CsUser -En", "tab", "Get-CsUser -Enabled"},
		{"a value", "Get-CsUser -Mode St", "tab", "Get-CsUser -Mode Stop"},
		{"nothing to complete", "No-Such", "tab", "No-Such"},
		{"undo takes it back", "get-", "tab ctrl+z", "get-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := withOffer("Set-CsUser", "Set-CsUserPolicy", "Get-CsUser")
			onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
				d.Type(tt.typed)
				d.Press(strings.Fields(tt.keys)...)
				if got := d.app.tab().editor.text; got != tt.want {
					t.Errorf("%q, want %q", got, tt.want)
				}
				if n := len(srv.sessions[0].ran); n != 0 {
					t.Errorf("%d lines ran", n)
				}
			})
		})
	}
}

// With the popup open and nothing chosen, Enter runs the line, and Up goes to
// the lines before.
func TestPopupDoesNotStealKeys(t *testing.T) {
	srv := withOffer("Set-CsUser", "Set-CsUserPolicy")
	srv.on("Set-Cs", func(r *fakeRun) { r.end(session.Completed, nil) })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Set-Cs")
		if ran := srv.sessions[0].ran; len(ran) != 1 || ran[0] != "Set-Cs" {
			t.Errorf("ran %q", ran)
		}
		d.Type("Set-CsU")
		d.Press("up")
		if got := d.app.tab().editor.text; got != "Set-Cs" {
			t.Errorf("Up gave %q", got)
		}
		d.HasNot("Set-CsUserPolicy")
	})
}

// It fits small screens, and what a server named cannot move the cursor.
func TestPopupFits(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 12}, {24, 8}, {12, 4}, {5, 2}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			srv := withOffer("Set-CsUser", "Set-CsUserPolicyWithAVeryLongNameThatDoesNotFit", "Set-Cs\x1b[2J\u202e")
			onScreen(t, size[0], size[1], srv.open("contoso"), func(d *driver) {
				d.Type("Set-C")
				d.Press("down", "down", "down")
				for _, row := range strings.Split(d.app.frame.Content, "\n") {
					if width(row) > size[0] || strings.Contains(row, "\x1b[2J") {
						t.Errorf("%q", row)
					}
				}
				if n := len(strings.Split(d.app.frame.Content, "\n")); n > size[1] {
					t.Errorf("%d rows", n)
				}
			})
		})
	}
}

// Where nothing is known here, Tab asks the server; a key that comes meanwhile
// is taken at once, and the answer to what is no more is dropped.
func TestTabAsksTheServer(t *testing.T) {
	srv := withOffer("Set-CsUser")
	var answer chan complete.Result // of the bubble
	srv.expand = func(ctx context.Context, line string, cursor int) (complete.Result, bool) {
		select {
		case r := <-answer:
			return r, true
		case <-ctx.Done():
			return complete.Result{}, false
		}
	}
	items := complete.Result{Start: 0, End: 3, Items: []complete.Item{{Text: "$Qux", List: "Qux"}, {Text: "$Quxes", List: "Quxes"}}}
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		answer = make(chan complete.Result)
		d.Type("$Qu")
		d.Press("tab")
		d.Type("x")
		d.Has("$Qux")
		answer <- items
		d.settle()
		d.HasNot("Quxes")
		d.Press("backspace", "tab")
		answer <- items
		d.settle()
		d.Has("Quxes")
		d.Press("down", "enter")
		if got := d.app.tab().editor.text; got != "$Qux" {
			t.Errorf("%q", got)
		}
		d.Type("zz")
		d.Press("tab")
		d.pass(expandPatience)
		d.Has(textNothingToComplete)
	})
}

// Lines that ran in the tab follow what the language offers; Tab still writes
// what is certain, and only those with no secret and of the same tenant count.
func TestPopupHistory(t *testing.T) {
	srv := withOffer("Set-CsUser", "Get-CsUser")
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		for _, line := range []string{"Get-CsUser -Identity alice", "Get-CsUser -Identity bob", "Get-CsUser -Password pa55", "Get-CsUser -Identity alice"} {
			srv.on(line, func(r *fakeRun) { r.end(session.Completed, nil) })
			d.Run(line)
		}
		d.Type("get-c")
		d.Has("   Get-CsUser -Identity alice", "   Get-CsUser -Identity bob")
		d.Press("tab")
		if got := d.app.tab().editor.text; got != "Get-CsUser" {
			t.Errorf("Tab gave %q", got)
		}
		d.Press("tab", "down", "down", "enter")
		if got := d.app.tab().editor.text; got != "Get-CsUser -Identity bob" {
			t.Errorf("chose %q", got)
		}
		d.Press("backspace", "backspace", "backspace")
		d.Type("al")
		d.Has("   … alice", textRanBefore, "│ Get-CsUser -Identity alice")
		d.Press("tab", "enter")
		if got := d.app.tab().editor.text; got != "Get-CsUser -Identity alice" {
			t.Errorf("chose %q", got)
		}
		d.Press("ctrl+u")
		d.Type("#bob")
		d.Press("tab")
		if got := d.app.tab().editor.text; got != "Get-CsUser -Identity bob" {
			t.Errorf("# gave %q", got)
		}
		d.Press("ctrl+u")
		srv.sessions[0].proof.Name, srv.sessions[0].proof.Domain = "fabrikam", "fabrikam.example"
		d.Type("Get-CsUser -Identity a")
		d.HasNot(textRanBefore)
	})
}

// A line that ran before and is what the language offers is offered once.
func TestPopupOffersAVariableOnce(t *testing.T) {
	srv := newFakeServer()
	srv.env = &complete.Env{Variables: []complete.Variable{{Name: "sfbSession", Value: clixml.Str("x")}}}
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		for _, line := range []string{"$sfbSession", "$sfbsession", "$sfbSession | Remove-PSSession"} {
			srv.on(line, func(r *fakeRun) { r.end(session.Completed, nil) })
			d.Run(line)
		}
		d.Type("$sf")
		var got []string
		for _, it := range d.app.tab().popup.Items {
			got = append(got, it.Text)
		}
		if want := []string{"$sfbSession", "$sfbSession | Remove-PSSession"}; !slices.Equal(got, want) {
			t.Errorf("offered %q, want %q", got, want)
		}
	})
}

// Ctrl+R searches the lines that ran for the tab's tenant, the newest first,
// each once. Enter writes the chosen one and does not run it, Esc gives the
// draft back with its cursor, and what does not fit runs nothing.
func TestSearchOfHistory(t *testing.T) {
	srv := withOffer("Get-CsUser")
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		for _, line := range []string{"Get-CsUser -Identity alice", "Set-CsUser alice", "Get-CsTenant", "Get-CsUser -Identity bob", "Get-CsTenant"} {
			srv.on(line, func(r *fakeRun) { r.end(session.Completed, nil) })
			d.Run(line)
		}
		shown := func() string {
			var list []string
			for _, it := range d.app.tab().popup.Items {
				list = append(list, it.Text)
			}
			return strings.Join(list, ", ")
		}
		text := func() string { return d.app.tab().editor.text }
		ran := len(srv.sessions[0].ran)
		d.Type("draft")
		d.Press("left", "ctrl+r")
		d.Has("history:")
		if got := shown(); !strings.HasPrefix(got, "Get-CsTenant, Get-CsUser -Identity bob, ") || strings.Count(got, "Get-CsTenant") != 1 {
			t.Errorf("shown: %s", got)
		}
		d.Type("user ALICE")
		if got := shown(); !strings.Contains(got, "Get-CsUser -Identity alice") || strings.Contains(got, "bob") {
			t.Errorf("shown: %s", got)
		}
		d.Press("esc")
		if text() != "draft" || d.app.tab().editor.at != 4 {
			t.Errorf("the draft is %q at %d", text(), d.app.tab().editor.at)
		}
		d.Press("ctrl+r")
		d.Type("get-cs")
		d.Press("ctrl+r", "enter")
		if text() != "Get-CsUser -Identity bob" {
			t.Errorf("took %q", text())
		}
		d.Press("ctrl+u", "ctrl+r")
		d.Type("nothing like it")
		d.Press("enter")
		d.Has(textNoSuchLine)
		if len(srv.sessions[0].ran) != ran {
			t.Errorf("ran %q", srv.sessions[0].ran[ran:])
		}
		d.Press("ctrl+c")
		srv.sessions[0].proof.Name, srv.sessions[0].proof.Domain = "fabrikam", "fabrikam.example"
		d.Press("ctrl+r")
		if shown() != "" {
			t.Errorf("another tenant's: %s", shown())
		}
	})
}

// manyOffered is a deck whose session offers 3,000 commands.
func manyOffered() *App {
	names := make([]string, 3000)
	for i := range names {
		names[i] = fmt.Sprintf("Set-CsThing%04d", i)
	}
	srv := withOffer(names...)
	a := New(Config{Connector: srv, Places: srv.places()})
	a.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	t := a.newTab(session.Target{Name: "contoso", Env: session.Prod})
	live, _ := srv.Connect(context.Background(), session.Target{OverrideAdminDomain: "contoso.example"}, nil)
	t.live, t.runner = live, live
	a.activate(0)
	t.editor.set("Set-CsThing")
	a.View()
	return a
}

func keyWithPopup(a *App) {
	a.Update(tea.KeyPressMsg{Code: '1', Text: "1"})
	a.View()
	a.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
	a.View()
}

// TestPopupIsCheap gates what the popup adds to a key by counts.
func TestPopupIsCheap(t *testing.T) {
	a := manyOffered()
	with := testing.AllocsPerRun(50, func() { keyWithPopup(a) }) / 2
	if a.choosing() == nil {
		t.Fatal("no popup")
	}
	a.tab().live.(*fakeSession).env = &complete.Env{}
	without := testing.AllocsPerRun(50, func() { keyWithPopup(a) }) / 2
	if with-without > 150 {
		t.Errorf("%.0f allocations more than the %.0f without", with-without, without)
	}
	t.Logf("%.0f allocations with, %.0f without", with, without)
}

func BenchmarkKeyToPopup(b *testing.B) {
	a := manyOffered()
	b.ReportAllocs()
	for b.Loop() {
		keyWithPopup(a)
	}
}
