package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

func TestRunShowsObjectsAndStreams(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-All", func(r *fakeRun) {
		r.send(users(1, 3)...)
		r.send(text(session.StreamWarning, "careful"), text(session.StreamVerbose, "talk"), text(session.StreamDebug, "deep"),
			text(session.StreamHost, "from the host"), text(session.StreamInformation, "for your information"),
			session.Record{Stream: session.StreamError, Error: &psrp.ErrorRecord{Message: "no such user", Activity: "Get-CsUser", Category: "ObjectNotFound"}})
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-All")
		d.pass(time.Second)
		d.Has("DisplayName", "-----------", "User 0001", "tel:+4930100003", "WARNING: careful", "VERBOSE: talk", "DEBUG: deep",
			"from the host", "for your information", "error: Get-CsUser: no such user")
		if row := d.Row(" Get-All"); !strings.Contains(row, "· 3 objects") || !strings.Contains(row, " s") {
			t.Errorf("the block's head is %q", row)
		}
		if row := d.Prompt(); !strings.HasSuffix(row, "›") {
			t.Errorf("the draft stayed: %q", row)
		}
	})
}

func TestAnErrorOfAnExpressionIsMarked(t *testing.T) {
	srv := newFakeServer()
	srv.on("5; 10/0", func(r *fakeRun) {
		r.send(session.Record{
			Stream: session.StreamError, At: &pslang.Extent{Start: 3, End: 7},
			Error: &psrp.ErrorRecord{Message: "Attempted to divide by zero.", PositionMessage: "At line:1 char:4\n+ 5; 10/0\n+    ~~~~"},
		})
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("5; 10/0")
		d.pass(time.Second)
		d.Has("error: Attempted to divide by zero.", "  5; 10/0", "     ~~~~")
	})
}

// What is wrong with a line stands under the prompt with a margin, on all rows.
func TestANoticeKeepsItsMargin(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 44, 24, srv.open("contoso"), func(d *driver) {
		d.Run("Get-CsUser & x")
		d.Has("error: The ampersand")
		rows := d.Lines()
		at := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, "error: The ampersand") })
		for n, row := range rows[at:] {
			if strings.HasPrefix(row, "───") {
				if n < 2 {
					t.Fatalf("the notice has %d rows:\n%s", n, d.Screen())
				}
				return
			}
			if !strings.HasPrefix(row, "   ") {
				t.Errorf("%q has no margin", row)
			}
		}
	})
}

// An error of several lines is written once, and what it was about only where
// its record says that.
func TestAnErrorIsWrittenOnce(t *testing.T) {
	const missing = "The term 'Get-Foo' is not recognized.\nCheck the spelling of the name."
	srv := newFakeServer()
	srv.on("Get-Foo", func(r *fakeRun) { r.fail(missing) })
	srv.on("Get-Odd", func(r *fakeRun) {
		r.send(session.Record{Stream: session.StreamError, Error: &psrp.ErrorRecord{Message: "odd"}})
		r.send(session.Record{Stream: session.StreamError, Error: &psrp.ErrorRecord{Message: "named", Reason: "OddException"}})
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Foo")
		if n := strings.Count(d.Screen(), "The term 'Get-Foo'"); n != 1 {
			t.Errorf("the error is written %d times:\n%s", n, d.Screen())
		}
		d.Has("Check the spelling", "ObjectNotFound: (:) [],")
		d.Run("Get-Odd")
		d.Has("error: odd", "NotSpecified: (:) [], OddException")
		if n := strings.Count(d.Screen(), "NotSpecified"); n != 1 {
			t.Errorf("%d lines of categories:\n%s", n, d.Screen())
		}
	})
}

func TestTabsHaveTheirOwnDraftsAndOutput(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-CsTenant", func(r *fakeRun) { r.send(text(session.StreamHost, "I am one of them")) })
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.Has("▌1 contoso PROD", " 2 fabrikam TEST", "▌contoso PROD ›")
		d.Run("Get-CsTenant")
		d.Type("draft of contoso")
		d.Press("alt+2")
		d.Has("▌2 fabrikam TEST", "▌fabrikam TEST ›")
		d.HasNot("I am one of them", "draft of contoso")
		d.Type("draft of fabrikam")
		d.Press("alt+left")
		d.Has("I am one of them", "›  draft of contoso")
		d.HasNot("draft of fabrikam")
		d.Press("f6")
		d.Has("›  draft of fabrikam")
		x, y := d.Find("1 contoso")
		d.Click(x, y)
		d.Has("›  draft of contoso")
	})
}

func TestBackgroundOutputMarksItsTab(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Slow", func(r *fakeRun) {
		time.Sleep(10 * time.Second)
		r.send(text(session.StreamHost, "late"))
	})
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.Run("Get-Slow")
		d.Press("alt+2")
		d.Has("1 contoso PROD ▸")
		d.pass(20 * time.Second)
		d.Has("1 contoso PROD ● *")
		d.HasNot("late")
		d.Press("alt+1")
		d.Has("late")
		d.HasNot("*")
	})
}

func TestStaleMessagesAreDropped(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-One", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-One")
		tb := d.app.tabs[0]
		old := batch{lines: []line{{text: "from another time"}}, end: true}
		for _, msg := range []tea.Msg{
			batchMsg{tb.id, tb.seq - 1, old},
			batchMsg{tb.id + 7, tb.seq, old},
			startedMsg{tab: tb.id, seq: tb.seq - 1, err: errors.New("from another time")},
			stoppedMsg{tb.id, tb.seq - 1, errors.New("from another time")},
			answeredMsg{tb.id, tb.seq + 1, errors.New("from another time")},
			endedMsg{tb.id, &fakeSession{}},
		} {
			d.prog.Send(msg)
		}
		d.settle()
		d.HasNot("from another time", "lost")
		d.Has("▸ running")
	})
}

func TestCtrlCStopsClearsAndSaysHowToQuit(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Forever", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Forever")
		d.pass(3 * time.Second)
		d.Has("▸ running 00:02")
		d.Type("next")
		d.Press("ctrl+c")
		d.Has("stopped · 3.", "›  next")
		if n := srv.sessions[0].runs[0].stops; n != 1 {
			t.Errorf("stopped %d times", n)
		}
		d.Press("ctrl+c")
		d.HasNot("next")
		d.Press("ctrl+c")
		d.HasNot("ctrl+q")
		d.Press("ctrl+c")
		d.Has("ctrl+q quits")
	})
}

func TestLinesWaitTheirTurn(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Slow", func(r *fakeRun) { time.Sleep(5 * time.Second) })
	srv.on("Get-Next", func(r *fakeRun) { r.send(text(session.StreamHost, "came next")) })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Slow")
		d.Run("Get-Next")
		d.Run("Get-Third")
		d.Has("waits:  Get-Next", "waits:  Get-Third")
		d.Press("up")
		d.HasNot("waits:  Get-Third")
		d.Has("›  Get-Third")
		d.pass(10 * time.Second)
		d.Has("came next", "›  Get-Third")
		d.HasNot("waits:")
		if got := fmt.Sprint(srv.sessions[0].ran); got != "[Get-Slow Get-Next]" {
			t.Errorf("ran %s", got)
		}
	})
}

func TestStoppingBringsWaitingLinesBack(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Slow", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Slow")
		d.Run("Set-It")
		d.Press("ctrl+c")
		d.Has("1 line that waited did not run: back in the prompt", "›  Set-It")
		if n := len(srv.sessions[0].ran); n != 1 {
			t.Errorf("%d lines ran", n)
		}
	})
}

func TestLinesThatDoNotParse(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-CsUser |")
		d.Type("select Name")
		d.Has("›  Get-CsUser |", "select Name")
		d.Press("ctrl+c")
		d.Run("Get-CsTenant & x")
		d.Has("›  Get-CsTenant & x", "^ error: The ampersand (&) character is not allowed.")
		x, y := d.Find("^ error")
		if ax, ay := d.Find("& x"); ax != x || y != ay+1 {
			t.Errorf("the caret is at %d,%d, the ampersand at %d,%d", x, y, ax, ay)
		}
		d.Press("backspace")
		d.HasNot("^ error")
		if len(srv.sessions[0].ran) != 0 {
			t.Error("something was sent")
		}
	})
}

func TestPasteNeverRuns(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Paste("Get-One\nGet-Two\n\x1b[31m")
		d.Has("›  Get-One", "Get-Two", "[31m")
		if len(srv.sessions[0].ran) != 0 {
			t.Error("a paste was run")
		}
	})
}

func TestHistory(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-A", func(*fakeRun) {})
	srv.on("Get-B", func(*fakeRun) {})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-A")
		d.Run("Get-B")
		d.Type("dra")
		d.Press("up", "up")
		d.Has("›  Get-A")
		d.Press("down", "down")
		d.Has("›  dra")
	})
}

func TestDeadSessionKeepsDraftAndOutput(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-CsTenant", func(r *fakeRun) { r.send(text(session.StreamHost, "I am contoso")) })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-CsTenant")
		d.Type("half a line")
		srv.sessions[0].die(errors.New("the server closed the connection"))
		d.settle()
		d.Has("✗ lost", "the session is lost: the server closed the connection", "F5 connects anew (its variables are lost)",
			"I am contoso", "▌contoso PROD, lost ›  half a line")
		d.Press("enter")
		d.Has("F5 connects anew", "half a line")
		d.Press("f5")
		d.Has("▌contoso PROD ›  half a line", "I am contoso")
		srv.sessions[1].die(errors.New("again"))
		d.settle()
		d.Press("ctrl+u")
		d.Run("cls")
		d.HasNot("I am contoso", "cls")
		if len(srv.sessions) != 2 || srv.targets[0].OverrideAdminDomain != srv.targets[1].OverrideAdminDomain {
			t.Errorf("reconnected to %+v", srv.targets)
		}
	})
}

func TestALostCommandSaysSo(t *testing.T) {
	srv := newFakeServer()
	srv.on("Set-It", func(r *fakeRun) {
		r.send(users(1, 1)...)
		r.end(session.Lost, errors.New("output lost after object 1"))
	})
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Set-It")
		d.pass(time.Second)
		d.Has("error: output lost after object 1", "whether the command ran to its end is unknown")
		if row := d.Row(" Set-It"); !strings.Contains(row, "lost") {
			t.Errorf("the block's head is %q", row)
		}
	})
}

func TestHelpListsActionsAndReasons(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 120, 40, srv.open("contoso"), func(d *driver) {
		d.Press("f1")
		d.Has("All actions", "ctrl+q", "stop what runs", "(it is connected)")
		d.Press("pgdown")
		d.Has("Typing", "a word left")
		d.Press("pgdown")
		d.Has("cut the word before")
		d.Press("esc")
		d.Has("▌contoso PROD ›")
		d.Press("f5")
		d.Has("it is connected")
	})
}

func TestClosingATab(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Forever", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.Press("alt+2", "f4")
		d.HasNot("fabrikam TEST")
		d.Has("▌1 contoso")
		if srv.sessions[1].closed+srv.sessions[0].closed != 1 {
			t.Error("the closed tab's session is open, or the other one is not")
		}
		d.Run("Get-Forever")
		d.Press("f4")
		d.Has("close contoso", "Get-Forever is still running.")
		d.pass(time.Second)
		d.Press("esc")
		d.Has("▸ running")
		d.Press("f4")
		d.pass(time.Second)
		d.Press("enter")
		d.Has("Where to?")
	})
}

func TestQuitClosesSessions(t *testing.T) {
	srv := newFakeServer()
	cfg := srv.open("contoso", "fabrikam")
	closed := 0
	cfg.CloseAll = func(ctx context.Context) error {
		closed++
		if _, ok := ctx.Deadline(); !ok {
			t.Error("closing has no end")
		}
		time.Sleep(time.Second)
		return nil
	}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Press("ctrl+q")
		d.Has("closing 2 sessions …")
		d.pass(2 * time.Second)
		select {
		case <-d.done:
		default:
			t.Error("the deck did not quit")
		}
	})
	if closed < 1 {
		t.Error("the sessions were not closed")
	}
}

func TestQuitAsksWhileSomethingRuns(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Forever", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Forever")
		d.Press("ctrl+q")
		d.Has("contoso: Get-Forever is still running.")
		d.Press("enter") // too early: not meant for the dialog
		d.Has("still running.")
		d.pass(time.Second)
		d.Press("esc")
		d.HasNot("is still running.")
	})
}

func TestUnprovedIsSaid(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		srv.sessions[0].proof = session.Proof{Why: "the server offers nothing to ask"}
		d.Press("f1", "esc")
		d.Has("▌1 contoso.example unproved PROD", "▌contoso.example PROD, unproved ›", " unproved · admin@partner.example")
	})
}

func TestClicksAndPlus(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		x, y := d.Find("2 fabrikam")
		d.Click(x, y)
		d.Has("▌2 fabrikam", "▌fabrikam TEST ›")
		row := d.Lines()[0]
		d.Click(width(row)-1, 0) // the plus
		d.Has("New connection")
	})
}

func TestNewLinesAndClearing(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-A |\nselect B", func(r *fakeRun) { r.send(text(session.StreamHost, "both lines")) })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Type("Get-A |")
		d.Press("alt+enter")
		d.Type("select B")
		d.Press("enter")
		d.Has(" Get-A |", " select B", "both lines")
		d.Press("ctrl+l")
		d.HasNot("both lines", "connect to")
		d.Press("up")
		d.Has("›  Get-A |", "select B")
	})
}

// stubborn is a run that cannot be stopped.
type stubborn struct{ *fakeRun }

func (stubborn) Stop(context.Context) error { return errors.New("the server does not answer") }

func TestAStopThatFailsSaysSoAndCanBeTriedAgain(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Forever", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Forever")
		r := d.app.tabs[0].current
		real := r.run.(*fakeRun)
		r.run = stubborn{real}
		d.Press("ctrl+c")
		d.Has("error: stopping: the server does not answer", "▸ running")
		r.run = real
		d.Press("ctrl+c")
		d.Has("stopped ·")
	})
}

func TestADeadSessionGivesWaitingLinesBack(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-Slow", func(r *fakeRun) { r.untilStopped() })
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Run("Get-Slow")
		d.Run("Set-It")
		srv.sessions[0].die(errors.New("the server closed the connection"))
		d.settle()
		d.Has("1 line that waited did not run: back in the prompt", "›  Set-It")
	})
}

// Each tab says how its lines are sent, where that is not as the server takes them.
func TestATabSendsItsLinesAsAsked(t *testing.T) {
	srv := newFakeServer()
	srv.on("Get-CsTenant", func(*fakeRun) {})
	onScreen(t, 110, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.HasNot("sent as")
		d.Press("alt+m")
		d.Has("lines of this tab are sent as commands")
		d.Run("Get-CsTenant")
		d.Press("alt+m")
		d.Has("lines of this tab are sent as script")
		d.Type("x")
		d.Has("sent as script")
		d.Press("ctrl+c")
		d.Run("Get-CsTenant")
		var modes []session.SendMode
		for _, s := range srv.sessions {
			modes = append(modes, s.modes...)
		}
		if got := fmt.Sprint(modes); got != "[commands script]" {
			t.Errorf("sent as %s", got)
		}
		d.Press("alt+2")
		d.HasNot("sent as")
		d.Press("alt+1")
		d.Press("alt+m")
		d.Has("are sent as the server takes them")
	})
}
