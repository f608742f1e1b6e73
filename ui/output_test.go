package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/psrp"
)

func TestTenThousandObjectsLeaveTheKeyboardFree(t *testing.T) {
	const n = 10_000
	srv := newFakeServer()
	srv.on("Get-Everyone", func(r *fakeRun) {
		for i := 0; i < n; i += 1000 {
			r.send(users(i+1, i+1000)...)
		}
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Everyone")
		updates, views := d.app.handed, d.app.views
		const draft = "typed while it flows"
		for _, r := range draft {
			d.prog.Send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
		d.pass(5 * time.Second)
		d.Has("User 10000", "›  "+draft)
		// Ten batches, the start, the end and twenty keys; not ten thousand.
		if got := d.app.handed - updates; got > 60 {
			t.Errorf("%d messages for %d objects", got, n)
		}
		if got := d.app.views - views; got > 60 {
			t.Errorf("%d frames for %d objects", got, n)
		}
		d.Press("ctrl+home")
		for range 40 {
			if strings.Contains(d.Screen(), "Get-Everyone") {
				break
			}
			d.Press("ctrl+down")
		}
		d.Has("· 10,000 objects")
		if got := len(d.app.tabs[0].scroll.lines); got < n {
			t.Errorf("%d lines are kept of %d objects", got, n)
		}
	})
}

func TestATrickleOfObjectsIsShownInBatches(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Trickle", func(r *fakeRun) {
		for i := range 2000 {
			r.send(text(session.StreamHost, fmt.Sprint("row ", i)))
			time.Sleep(time.Millisecond)
		}
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		before := d.app.handed
		d.Run("Get-Trickle")
		d.pass(60 * time.Second)
		if got := d.app.handed - before; got > 2200 {
			t.Errorf("%d messages", got)
		}
	})
}

func TestNothingHappensWhenIdle(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.pass(5 * time.Second)
		messages, bytes := d.app.handed, d.out.bytes
		d.pass(time.Hour)
		if d.app.handed != messages || d.out.bytes != bytes {
			t.Errorf("in an idle hour: %d messages, %d bytes", d.app.handed-messages, d.out.bytes-bytes)
		}
	})
}

func TestScrollingBack(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Many", func(r *fakeRun) {
		for i := range 100 {
			r.send(text(session.StreamHost, fmt.Sprintf("row %d.", i)))
		}
		time.Sleep(10 * time.Second)
		r.send(text(session.StreamHost, "and one more"))
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Many")
		d.pass(3 * time.Second)
		d.Has("row 99.")
		d.Press("pgup", "pgup")
		d.HasNot("row 99.")
		d.Wheel(true)
		d.Wheel(false)
		d.pass(20 * time.Second)
		d.HasNot("and one more")
		d.Has("1 new line below")
		d.Press("esc")
		d.Has("and one more")
	})
}

func TestServerTextCannotDraw(t *testing.T) {
	srv := newFakeServer()
	evil := "\x1b]0;pwned\x07\x1b[2J\x1b[31mred\u202e"
	srv.on("Get-Evil", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamOutput, Value: clixml.Obj(clixml.Custom(clixml.Prop("Name", clixml.Str(evil))))},
			text(session.StreamWarning, evil), text(session.StreamHost, evil),
			session.Record{Stream: session.StreamProgress, Progress: &psrp.ProgressRecord{Activity: evil, PercentComplete: 10}},
			session.Record{Stream: session.StreamError, Error: &psrp.ErrorRecord{Message: evil, Category: evil}})
		time.Sleep(time.Second)
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].proof.Name = "cont" + evil + "oso"
		d.Run("Get-Evil")
		d.pass(500 * time.Millisecond)
		d.Has("WARNING: ␛]0;pwned", "␛[31mred", "1 cont␛]0;pwned")
		d.pass(5 * time.Second)
		raw := d.out.raw.String()
		for _, bad := range []string{"\x1b]0;pwned", "\x1b[31mred", "\u202e"} {
			if strings.Contains(raw, bad) {
				t.Errorf("%q reached the terminal", bad)
			}
		}
		if strings.Contains(d.title, "\x07") || !strings.HasPrefix(d.title, "PROD cont") {
			t.Errorf("the title is %q", d.title)
		}
	})
}

func TestTinyTerminalAndResize(t *testing.T) {
	srv := newFakeServer()
	scriptUsers(srv)
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-CsOnlineUser -ResultSize 5")
		d.pass(time.Second)
		d.Type("a draft")
		for _, size := range [][2]int{{40, 12}, {20, 5}, {10, 3}, {1, 1}, {200, 60}, {100, 28}} {
			d.Resize(size[0], size[1])
			for y, row := range d.Lines() {
				if width(row) > size[0] || y >= size[1] {
					t.Errorf("%v: row %d is %q", size, y, row)
				}
			}
		}
		d.Has("User 0005", "›  a draft", "F1 all actions")
		d.Resize(40, 12)
		d.Has("contoso PROD", "a draft", "User 0005")
	})
}

func TestNoColour(t *testing.T) {
	srv := newFakeServer()
	scriptUsers(srv)
	onTerminal(t, 100, 28, srv.open("contoso", "fabrikam"), []string{"TERM=xterm-256color", "NO_COLOR=1"}, func(d *driver) {
		d.Run("Get-CsOnlineUser -ResultSize 5")
		d.Run("Get-Nothing")
		d.pass(time.Second)
		d.Has("PROD", "TEST", "error: ", "WARNING: ")
		raw := d.out.raw.String()
		for _, colour := range []string{"\x1b[38;", "\x1b[48;", "\x1b[31", "\x1b[1;38"} {
			if strings.Contains(raw, colour) {
				t.Errorf("%q was written", colour)
			}
		}
	})
}

func TestReducedMotion(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Forever", func(r *fakeRun) { r.untilStopped() })
	cfg := srv.open("contoso")
	cfg.ReducedMotion = true
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Run("Get-Forever")
		messages := d.app.handed
		d.pass(time.Minute)
		if d.app.handed != messages {
			t.Error("something moved by itself")
		}
		if row := d.Row("Get-Forever"); !strings.HasSuffix(row, "▸ running") {
			t.Errorf("got %q", row)
		}
	})
}

func TestManyTabsFitTheStrip(t *testing.T) {
	srv := newFakeServer()
	cfg := srv.open("contoso")
	for range 20 {
		cfg.Open = append(cfg.Open, cfg.Open[0])
	}
	onScreen(t, 80, 24, cfg, func(d *driver) {
		d.Press("alt+left") // round to the last one
		d.Has("▌21 contoso", "‹")
		if w := width(d.Lines()[0]); w > 80 {
			t.Errorf("the strip has %d cells", w)
		}
		d.Press("alt+1")
		d.Has("▌1 contoso", "›")
	})
}

// Each statement of a line is shown in its own way: a table does not swallow
// the columns of the next statement's objects.
func TestEachStatementHasItsOwnTable(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Both", func(r *fakeRun) {
		r.send(users(1, 2)...)
		r.send(session.Record{Stream: session.StreamView, View: format.View{Shape: format.List}})
		r.send(session.Record{Stream: session.StreamOutput, Value: clixml.Obj(clixml.Custom(clixml.Prop("Colour", "red")))})
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Both")
		d.pass(time.Second)
		d.Has("User 0002", "Colour : red")
	})
}

// A view that the server gave shows the objects; one that is not for them is
// said to be missing, and nothing is shown in its place.
func TestViewsOfTheServer(t *testing.T) {
	columns := clixml.Custom(clixml.Prop("DisplayEntry", clixml.Custom(clixml.Prop("ValueType", "ScriptBlock"), clixml.Prop("Value", "'seen by ' + $_.Name"))))
	control := clixml.Custom(clixml.Prop("Rows", []any{clixml.Custom(clixml.Prop("Columns", []any{columns}))}))
	control.TypeNames = []string{"System.Management.Automation.TableControl"}
	definition := clixml.Custom(clixml.Prop("TypeName", "Lab.User"), clixml.Prop("FormatViewDefinition", []any{clixml.Custom(clixml.Prop("Name", "seen"), clixml.Prop("Control", control))}))
	definition.TypeNames = []string{"System.Management.Automation.ExtendedTypeDefinition"}
	views, err := format.ReadViews([]clixml.Value{clixml.Obj(definition)})
	if err != nil || views.Len() != 1 {
		t.Fatal(views.Len(), err)
	}
	ann := clixml.Custom(clixml.Prop("Name", "ann"))
	ann.TypeNames = []string{"Deserialized.Lab.User"}
	srv := newFakeServer()
	srv.on("Get-Seen", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamView, View: format.View{Views: views}})
		r.send(session.Record{Stream: session.StreamOutput, Value: clixml.Obj(ann)})
		r.send(session.Record{Stream: session.StreamView, View: format.View{Views: views, Name: "seen"}})
		r.send(users(1, 1)...)
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Seen")
		d.pass(time.Second)
		d.Has("seen by ann", `there is no view "seen"`)
	})
}

func TestABlockNamesTheTenantThatItReached(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-FabCsTenant", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamReached, Reached: &session.Reached{Tenant: "Fabrikam", Proved: true, Env: session.Test}})
		r.send(text(session.StreamHost, "an answer"))
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-FabCsTenant")
		d.Has("Get-FabCsTenant", "→ Fabrikam TEST ·", "an answer")
	})
}

// What wants the screen clear takes everything off that came before.
func TestALineClearsTheScreen(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-A", func(r *fakeRun) { r.send(text(session.StreamHost, "from before")) })
	srv.on("cls; Get-B", func(r *fakeRun) {
		r.send(text(session.StreamHost, "not to be seen"), session.Record{Stream: session.StreamClear}, text(session.StreamHost, "from behind"))
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-A")
		d.Has("from before")
		d.Run("cls; Get-B")
		d.pass(time.Second)
		d.Has("from behind")
		d.HasNot("from before", "not to be seen", "cls; Get-B")
	})
}
