package ui

import (
	"context"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/psrp"
)

// TestScreens walks through the deck and logs its screens, to be looked at
// with -v.
func TestScreens(t *testing.T) {
	srv := newFakeServer()
	scriptUsers(srv)
	srv.connect = func(ctx context.Context, t session.Target, watch func(session.Event)) error {
		for _, ev := range hops(t.OverrideAdminDomain) {
			watch(ev)
		}
		watch(session.StageStarted{Stage: session.StageSignIn, Text: "signing in"})
		watch(session.DeviceCodeShown{Code: auth.DeviceCode{URL: "https://login.example/device", UserCode: "GT7K-29QX", Expires: time.Now().Add(15 * time.Minute)}})
		time.Sleep(20 * time.Second)
		watch(session.SignedIn{Account: auth.Account{UserName: "admin@partner.example"}})
		watch(session.StageStarted{Stage: session.StageOpen, Text: "opening the session"})
		return ctx.Err()
	}
	cfg := Config{Connector: srv, Places: srv.places(), Version: "0.1"}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		show := func(name string) { t.Logf("== %s\n%s", name, d.Screen()) }
		show("picker")
		d.Type("fab")
		show("search")
		d.Press("esc", "f3")
		d.Type("admin@partner.example")
		d.Press("enter")
		d.Type("contoso.example")
		show("wizard")
		d.Press("enter", "enter")
		d.pass(time.Second)
		show("device code")
		d.pass(30 * time.Second)
		show("connected")
		d.Run("Get-CsOnlineUser -ResultSize 5")
		d.Run("Get-CsUserReport")
		d.pass(3 * time.Second)
		d.Type("Get-CsOnlineUser -Filter 'Enabled -eq $true'")
		d.Press("enter")
		show("running, with a line that waits")
		d.Press("ctrl+c")
		d.pass(time.Second)
		show("stopped")
		srv.sessions[0].verdict = session.Verdict{Decision: session.NeedsConfirmation, Command: "Set-CsUser", Reason: "Set-CsUser changes contoso, which is production.", Typed: "contoso"}
		d.Press("ctrl+c")
		d.Run("Set-CsUser user0002@contoso.example -Enabled $true")
		show("confirmation")
		d.pass(time.Second)
		d.Press("esc", "ctrl+c")
		srv.sessions[0].verdict = session.Verdict{Decision: session.Refused, Command: "Set-CsUser", Reason: "read-only", WayOut: "this profile is production and read-only: open it without --read-only to change things"}
		d.Run("Set-CsUser user0002@contoso.example -Enabled $true")
		show("refused")
		d.Press("ctrl+c")
		d.Run("Get-CsTenant & whoami")
		show("parse error")
		d.Press("f1")
		show("help")
		d.Press("esc", "ctrl+c")
		d.Run("Get-Choice")
		d.pass(time.Second)
		show("choice")
		d.Press("enter")
		d.Run("New-Mailbox")
		d.pass(time.Second)
		show("fields")
		d.Press("esc")
		d.Resize(40, 12)
		show("tiny")
	})
}

func scriptUsers(srv *fakeServer) {
	srv.on("Get-CsOnlineUser -ResultSize 5", func(r *fakeRun) {
		r.send(users(1, 5)...)
		r.send(text(session.StreamWarning, "The results were cut at 5."), text(session.StreamVerbose, "5 of 300 objects"))
		time.Sleep(400 * time.Millisecond)
	})
	srv.on("Get-CsUserReport", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamProgress, Progress: &psrp.ProgressRecord{Activity: "Collecting users", PercentComplete: 61, SecondsRemaining: 120}})
		r.untilStopped()
	})
	srv.on("Get-Choice", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamPrompt, Prompt: &session.Prompt{
			Kind: session.PromptChoice, Caption: "Confirm", Message: "Are you sure you want to perform this action?\nPerforming the operation \"Remove\" on target \"user0001\".",
			Choices: []session.Choice{{Label: "&Yes", Help: "Continue with only the next step."}, {Label: "Yes to &All"}, {Label: "&No"}}, Default: []int{0},
		}})
		<-r.answered
		r.send(text(session.StreamHost, "done"))
	})
	srv.on("New-Mailbox", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamPrompt, Prompt: &session.Prompt{
			Kind: session.PromptFields, Caption: "cmdlet New-Mailbox at command pipeline position 1", Message: "Supply values for the following parameters:",
			Fields: []session.Field{{Name: "Name"}, {Name: "Password", Secret: true}},
		}})
		a := <-r.answered
		if a.Refused {
			r.untilStopped()
		}
	})
}
