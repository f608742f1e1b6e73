package ui

import (
	"fmt"
	"testing"
	"time"

	"psdeck/session"
)

func askFirst() session.Verdict {
	return session.Verdict{Decision: session.NeedsConfirmation, Command: "Remove-CsUser", Reason: "Remove-CsUser changes the tenant.", Typed: "contoso"}
}

func TestConfirmationWantsTheNameTyped(t *testing.T) {
	srv := newFakeServer()
	srv.on("Remove-CsUser x", func(r *fakeRun) { r.send(text(session.StreamHost, "removed")) })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].verdict = askFirst()
		d.Run("Remove-CsUser x")
		d.Has("┌ contoso  PROD ", "Remove-CsUser changes the tenant.", "Type  contoso  to run it:")
		d.pass(time.Second)
		d.Type("contosso")
		d.Press("enter")
		d.Has("that is not the name")
		d.Press("ctrl+u")
		d.Paste("contoso")
		d.Press("enter")
		d.Has("that is not the name")
		d.Type("contoso")
		d.Press("enter")
		d.Has("removed")
		if got := fmt.Sprint(srv.sessions[0].ran, srv.sessions[0].confirmed); got != "[Remove-CsUser x] [true]" {
			t.Errorf("ran %s", got)
		}
	})
}

func TestConfirmationIsCancelledAndTheDraftStays(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].verdict = askFirst()
		d.Run("Remove-CsUser x")
		d.pass(time.Second)
		d.Press("esc")
		d.HasNot("Type  contoso")
		d.Has("›  Remove-CsUser x")
		if len(srv.sessions[0].ran) != 0 {
			t.Error("it ran")
		}
	})
}

// After a confirmation was cancelled its line stays in the prompt, to be changed:
// the next line is not written to its last word.
func TestTheNextLineIsNotWrittenToOneThatWasNotRun(t *testing.T) {
	for _, refused := range []bool{false, true} {
		srv := newFakeServer()
		onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
			cancelled := func() {
				srv.sessions[0].verdict = askFirst()
				if refused {
					srv.sessions[0].verdict = session.Verdict{Decision: session.Refused, Reason: "read-only"}
				}
				d.Press("ctrl+c")
				d.Run("Set-All | Out-GridView")
				d.pass(time.Second)
				if !refused {
					d.Press("esc")
				}
				d.Has("›  Set-All | Out-GridView")
			}
			cancelled()
			d.Type("Get-CsUser")
			d.HasNot("Out-GridViewGet")
			d.Has("›  Get-CsUser", "not run, ctrl+z in the prompt brings it back: Set-All | Out-GridView")
			d.Press("ctrl+z", "ctrl+z")
			d.Has("›  Set-All | Out-GridView")
			for text, want := range map[string]string{" -WhatIf": "Out-GridView -WhatIf", "; Get-B": "Out-GridView; Get-B", "| ft": "Out-GridView| ft"} {
				cancelled()
				d.Type(text)
				d.Has("›  Set-All | " + want)
			}
			cancelled()
			d.Press("backspace")
			d.Type("ws")
			d.Has("›  Set-All | Out-GridViews")
			cancelled()
			d.Paste("Get-CsUser y")
			d.Has("›  Get-CsUser y")
		})
	}
}

func TestADialogTakesNoKeysThatWereNotMeantForIt(t *testing.T) {
	srv := newFakeServer()
	srv.on("Remove-CsUser x", func(*fakeRun) {})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		v := askFirst()
		v.Typed = ""
		srv.sessions[0].verdict = v
		d.Run("Remove-CsUser x")
		for range 10 { // a key that is held down
			d.Press("enter")
		}
		if len(srv.sessions[0].ran) != 0 {
			t.Fatal("a held Enter confirmed")
		}
		d.Has("enter run")
		d.pass(graceQuiet)
		d.Press("enter")
		if len(srv.sessions[0].ran) != 1 {
			t.Error("after the time of grace Enter does not confirm")
		}
	})
}

// A line typed on without looking does not confirm the one before.
func TestTypingOnConfirmsNothing(t *testing.T) {
	srv := newFakeServer()
	srv.on("Remove-CsUser x", func(*fakeRun) {})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		v := askFirst()
		v.Typed = ""
		srv.sessions[0].verdict = v
		d.Run("Remove-CsUser x")
		d.pass(2 * graceMost)
		d.Type("Get-CsUser y")
		d.pass(2 * graceMost)
		d.Press("enter")
		d.Has("Press it again")
		if len(srv.sessions[0].ran) != 0 {
			t.Fatal("the Enter behind another line confirmed this one")
		}
		d.Press("enter")
		if len(srv.sessions[0].ran) != 1 {
			t.Error("a second Enter does not confirm")
		}
	})
}

func TestGraceEnds(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d := &shownDialog{}
	d.show(now)
	for at := 100 * time.Millisecond; at < graceMost; at += 100 * time.Millisecond {
		if !d.swallows(now.Add(at)) {
			t.Fatalf("takes a key after %v of steady typing", at)
		}
	}
	if d.swallows(now.Add(graceMost)) {
		t.Error("the time of grace never ends")
	}
}

func TestRefusedLineStays(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].verdict = session.Verdict{Decision: session.Refused, Reason: "read-only", WayOut: "connect without --read-only"}
		d.Run("Set-CsUser x")
		d.Has("refused: read-only", "connect without --read-only", "›  Set-CsUser x")
	})
}

func TestARefusalOnTheWayKeepsTheLine(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].refuse = &session.RefusedError{Verdict: session.Verdict{Decision: session.Refused, Reason: "changed its mind", WayOut: "do something else"}}
		d.Run("Get-It")
		d.Has("refused: changed its mind", "do something else", "›  Get-It")
		srv.sessions[0].refuse = session.ErrClosed
		d.Press("enter")
		d.Has("error: the session is closed", "›  Get-It")
	})
}

func TestServerPromptIsAnswered(t *testing.T) {
	srv := newFakeServer()
	var got Answer
	srv.on("New-Mailbox", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamPrompt, Prompt: &session.Prompt{
			Kind: session.PromptFields, Message: "Supply values for the following parameters:",
			Fields: []session.Field{{Name: "Name"}, {Name: "Password", Secret: true}},
		}})
		got = <-r.answered
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("New-Mailbox")
		d.Has("contoso asks, while running  New-Mailbox", "Supply values for the following parameters:", "(hidden, for contoso only)", "? asks")
		d.pass(time.Second)
		d.Type("mailbox1")
		d.Press("enter")
		d.Type("hunter2")
		d.HasNot("hunter2")
		d.Press("enter")
		d.HasNot("contoso asks")
	})
	if fmt.Sprint(got.Fields) != "[mailbox1 hunter2]" || got.Refused {
		t.Errorf("answered %+v", got)
	}
}

func TestServerChoiceByKey(t *testing.T) {
	srv := newFakeServer()
	var got Answer
	srv.on("Get-Choice", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamPrompt, Prompt: &session.Prompt{
			Caption: "Confirm", Message: "Really?", Choices: []session.Choice{{Label: "&Yes"}, {Label: "&No", Help: "nothing happens"}}, Default: []int{0},
		}})
		got = <-r.answered
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Choice")
		d.pass(time.Second)
		d.Has("Really?", "› Yes  (y)", "No  (n)")
		d.Press("?")
		d.Has("nothing happens")
		d.Press("n")
		d.HasNot("Really?")
	})
	if got.Choice != 1 || got.Refused {
		t.Errorf("answered %+v", got)
	}
}

func TestEscAtAPromptStopsTheCommand(t *testing.T) {
	srv := newFakeServer()
	scriptUsers(srv)
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("New-Mailbox")
		d.pass(time.Second)
		d.Press("esc")
		d.HasNot("contoso asks")
		d.Has("stopped")
		if n := srv.sessions[0].runs[0].stops; n != 1 {
			t.Errorf("stopped %d times", n)
		}
	})
}

func TestAPromptInTheBackgroundWaitsForItsTab(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Choice", func(r *fakeRun) {
		time.Sleep(5 * time.Second)
		r.send(session.Record{Stream: session.StreamPrompt, Prompt: &session.Prompt{Message: "Really?", Choices: []session.Choice{{Label: "&Yes"}}}})
		<-r.answered
	})
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.Run("Get-Choice")
		d.Press("alt+2")
		d.pass(10 * time.Second)
		d.HasNot("Really?")
		d.Has("1 contoso PROD ? asks *")
		d.Type("still typing here")
		d.Has("›  still typing here")
		d.Press("alt+1")
		d.Has("Really?")
		d.Press("alt+2")
		d.HasNot("Really?")
		d.Press("alt+1")
		d.pass(time.Second)
		d.Press("enter")
		d.HasNot("Really?")
	})
}

// Who confirms reads the tenants that the line reaches, with their words, not
// the one of the tab it was typed in.
func TestAConfirmationIsHeadedByTheTenantsReached(t *testing.T) {
	fabrikam := session.Reached{Session: "2", Tenant: "Fabrikam", Proved: true, Env: session.Test}
	contoso := session.Reached{Session: "1", Tenant: "contoso", Proved: true, Env: session.Prod}
	for _, tt := range []struct {
		reached  []session.Reached
		has      []string
		has0not1 string
	}{
		{[]session.Reached{fabrikam}, []string{"┌ Fabrikam  TEST ─", "Typed in contoso PROD, it runs in", "Fabrikam TEST"}, "┌ contoso"},
		{[]session.Reached{fabrikam, contoso}, []string{"┌ Fabrikam  TEST · contoso  PROD ─", "Fabrikam TEST, contoso PROD"}, "┌ contoso"},
		{[]session.Reached{contoso}, []string{"┌ contoso  PROD ─"}, "Typed in"},
	} {
		srv := newFakeServer()
		onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
			v := askFirst()
			v.Reached = tt.reached
			srv.sessions[0].verdict = v
			d.Run("Set-FabCsUser x")
			d.Has(tt.has...)
			d.HasNot(tt.has0not1)
		})
	}
	var many []session.Reached
	for i := range 12 {
		many = append(many, session.Reached{Session: fmt.Sprint(i), Tenant: fmt.Sprintf("Tenant number %d", i), Proved: true, Env: session.Dev})
	}
	many[11].Env = session.Prod
	srv := newFakeServer()
	onScreen(t, 80, 24, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].verdict = session.Verdict{Decision: session.NeedsConfirmation, Command: "Set-CsUser", Reason: "x", Reached: many}
		d.Run("Set-CsUser x")
		d.Has("┌ Tenant number 0  DEV ", "and 10 more", "Tenant number 11 PROD")
	})
}
