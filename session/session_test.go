package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

func user(n int) *clixml.Object {
	return clixml.Custom(clixml.Prop("Name", "user"+string(rune('0'+n))), clixml.Prop("Number", n))
}

func TestRunGivesEveryStream(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		c.out("one")
		c.f.emit(c.f.server.Warning(c.ID, "careful"))
		c.f.emit(c.f.server.Error(c.ID, &psrp.ErrorRecord{Message: "not that one", FullyQualifiedErrorID: "X"}))
		c.f.emit(c.f.server.Verbose(c.ID, "details"))
		c.out("two")
		c.done()
	})
	records, res := collect(t, mustRun(t, s, "Get-Thing -First 5 -Name 'a b'"))
	want := []string{"one", "warning: careful", "error: not that one", "details", "two"}
	if got := texts(records); !slices.Equal(got, want) {
		t.Errorf("records %q, want %q", got, want)
	}
	if res.Outcome != Completed || res.Objects != 2 || res.Errors != 1 {
		t.Errorf("result %+v", res)
	}
	if got, want := f.log(), "Get-Thing -First 5[int] -Name a b"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestATerminatingErrorFailsTheRun(t *testing.T) {
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		c.end(psrp.PipelineFailed, &psrp.ErrorRecord{Message: "no such cmdlet", FullyQualifiedErrorID: "CommandNotFoundException"})
	})
	records, res := collect(t, mustRun(t, s, "Get-Nothing"))
	if got := texts(records); !slices.Equal(got, []string{"error: no such cmdlet"}) || res.Outcome != Failed {
		t.Errorf("%q, %+v", got, res)
	}
}

func TestStopReachesTheServerAndWhatStillComesIsRead(t *testing.T) {
	started := make(chan struct{})
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		c.out("before")
		close(started)
		<-c.stop
		c.out("from finally")
		c.end(psrp.PipelineStopped, nil)
	})
	r := mustRun(t, s, "Get-Slow")
	<-started
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	records, res := collect(t, r)
	if got := texts(records); !slices.Equal(got, []string{"before", "from finally"}) || res.Outcome != Stopped {
		t.Errorf("%q, %+v", got, res)
	}
}

func TestTheTailRunsHereAndEndsTheServerEarly(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		for i := 1; ; i++ {
			select {
			case <-c.stop:
				c.end(psrp.PipelineStopped, nil)
				return
			default:
			}
			if i < 10 {
				c.out(user(i))
			}
		}
	})
	records, res := collect(t, mustRun(t, s, "Get-User | Where-Object Number -gt 2 | Select-Object -First 2 -ExpandProperty Name"))
	if got := texts(records); !slices.Equal(got, []string{"user3", "user4"}) || res.Outcome != Completed {
		t.Errorf("%q, %+v", got, res)
	}
	if f.log() != "Get-User" {
		t.Errorf("sent %q: the tail must not travel", f.log())
	}
}

func TestVariablesAreKeptHere(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		c.out(user(1), user(2))
		c.done()
	})
	if _, res := collect(t, mustRun(t, s, "$u = Get-User")); res.Objects != 0 || res.Outcome != Completed {
		t.Errorf("an assignment shows nothing: %+v", res)
	}
	records, _ := collect(t, mustRun(t, s, "$u | Select-Object -ExpandProperty Name"))
	if got := texts(records); !slices.Equal(got, []string{"user1", "user2"}) {
		t.Errorf("%q", got)
	}
	if f.log() != "Get-User" {
		t.Errorf("sent %q: the variable is here", f.log())
	}
}

func TestALaterStatementSeesWhatAnEarlierOneLeft(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) { c.out("contoso.example"); c.done() })
	collect(t, mustRun(t, s, "$d = Get-Domain; Get-User -Domain $d"))
	if got, want := f.log(), "Get-Domain\nGet-User -Domain contoso.example"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestALineIsRefusedAsAWhole(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
	if _, err := s.Run(t.Context(), "Get-User; Get-User | Sort-Object Name | Get-Credential", RunOptions{Confirmed: true}); err == nil {
		t.Error("the line was taken")
	}
	if f.log() != "" {
		t.Errorf("sent %q", f.log())
	}
}

// A server that does not get all of the input would wait for it for ever.
func TestInputThatCannotBeSentEndsTheRun(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		<-c.stop
		c.end(psrp.PipelineStopped, nil)
	})
	f.unsent = errors.New("connection reset")
	records, res := collect(t, mustRun(t, s, "'a', 'b' | Get-Thing"))
	if got := texts(records); len(got) != 1 || !strings.Contains(got[0], "sending pipeline input: connection reset") || res.Outcome != Failed {
		t.Errorf("%q, %+v", got, res)
	}
}

// What cannot travel is refused as such: nobody is asked to confirm it first.
func TestALineThatCannotTravelIsNotConfirmedFirst(t *testing.T) {
	s, _ := openFake(t, Target{Env: Prod}, func(c *fakeCommand) { c.done() })
	var pe *pslang.Error
	if v, err := s.Check("trap { Remove-User x }"); !errors.As(err, &pe) {
		t.Errorf("verdict %+v, %v", v, err)
	}
	if _, err := s.Run(t.Context(), "trap { Remove-User x }", RunOptions{}); !errors.As(err, &pe) {
		t.Errorf("%v", err)
	}
	s.caps.LanguageMode = "FullLanguage"
	if v, err := s.Check("trap { Remove-User x }"); err != nil || v.Decision != NeedsConfirmation {
		t.Errorf("verdict %+v, %v", v, err)
	}
}

// Each statement is shown in its own way.
func TestEachStatementHasItsView(t *testing.T) {
	s, _ := openFake(t, Target{}, func(c *fakeCommand) { c.out(user(1)); c.done() })
	r := mustRun(t, s, "Get-User | Format-List Name; Get-User | Format-Table Number")
	if r.View().Shape != format.List {
		t.Errorf("the first view is %+v", r.View())
	}
	records, _ := collect(t, r)
	if len(records) != 3 || records[1].Stream != StreamView || records[1].View.Shape != format.Table {
		t.Errorf("%d records, want an object, a view, an object", len(records))
	}
}

func TestALanguageGetsTheLineAsAScript(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
	s.caps.LanguageMode = "FullLanguage"
	r := mustRun(t, s, "Get-User | Where-Object { $_.A -eq 1 } | Format-Table Name")
	collect(t, r)
	if got, want := f.log(), "{Get-User | Where-Object { $_.A -eq 1 }}"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if len(r.View().Properties) != 1 {
		t.Errorf("the view %+v has not the column that was asked for", r.View())
	}
}

// A Format-* whose own parameters mean something to the server's language goes
// there with the line.
func TestALanguageKeepsWhatOnlyItCanDo(t *testing.T) {
	for _, line := range []string{"Get-User | Format-Table > $null", "Get-User | Format-Table -OutVariable o", "Get-User | Format-Table @p"} {
		s, f := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
		s.caps.LanguageMode = "FullLanguage"
		collect(t, mustRun(t, s, line))
		if got := f.log(); got != "{"+line+"}" {
			t.Errorf("sent %q, want %q", got, line)
		}
	}
}

func TestAConnectionThatGoesAwayIsNeverSilent(t *testing.T) {
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		c.out("one", "two")
		c.f.box(c.ID).put(errors.New("connection reset"))
	})
	records, res := collect(t, mustRun(t, s, "Get-User"))
	if got := texts(records); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("what had arrived is kept: %q", got)
	}
	var lost *LostError
	if res.Outcome != Lost || !errors.As(res.Err, &lost) || lost.Objects != 2 {
		t.Errorf("%+v: want lost after object 2", res)
	}
}

func TestAServerThatDiesBreaksTheSession(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {})
	f.box(uuid.Nil).put(errors.New("connection refused"))
	<-s.Done()
	if s.State() != Broken || s.Err() == nil {
		t.Fatalf("state %v, %v", s.State(), s.Err())
	}
	_, err := s.Run(t.Context(), "Get-User", RunOptions{})
	if err == nil || len(HintsOf(err)) == 0 {
		t.Errorf("%v: want an error with a hint", err)
	}
}

func TestAPromptWaitsForItsAnswer(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		_, out, err := c.f.server.HostCall(c.ID, psrp.HostCall{Method: psrp.MethodPromptForChoice, Parameters: []clixml.Value{
			clixml.Str("Confirm"), clixml.Str("Are you sure?"),
			clixml.Of([]clixml.Value{choiceOf("&Yes"), choiceOf("&No")}), clixml.Int32(1),
		}})
		c.f.emit(out, err)
		<-c.stop
		c.done()
	})
	r := mustRun(t, s, "Remove-User x")
	batch, err := r.Next(t.Context())
	if err != nil || len(batch) != 1 || batch[0].Prompt == nil {
		t.Fatalf("%v, %v", texts(batch), err)
	}
	p := batch[0].Prompt
	if p.Kind != PromptChoice || len(p.Choices) != 2 || !slices.Equal(p.Default, []int{1}) {
		t.Fatalf("prompt %+v", p)
	}
	if err := p.Choose(t.Context(), 7); err == nil {
		t.Error("a choice that does not exist was taken")
	}
	if err := p.Choose(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, res := collect(t, r); res.Outcome != Completed {
		t.Errorf("%+v", res)
	}
	if !strings.Contains(f.log(), "answer 0") {
		t.Errorf("log %q", f.log())
	}
}

func choiceOf(label string) clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("label", label), clixml.Prop("helpMessage", "")))
}

func TestLinesRunInTheOrderTyped(t *testing.T) {
	release := make(chan struct{})
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		<-release
		c.done()
	})
	var runs []*Run
	var want []string
	for _, name := range []string{"Get-A", "Get-B", "Get-C", "Get-D", "Get-E"} {
		runs, want = append(runs, mustRun(t, s, name)), append(want, name)
	}
	_ = runs[4].Stop(t.Context()) // given up while it waits
	close(release)
	for _, r := range runs {
		collect(t, r)
	}
	if got := f.log(); got != strings.Join(want[:4], "\n") {
		t.Errorf("sent %q, want %q", got, want[:4])
	}
}

// A line that was stopped while it waited is not sent, even where its turn has
// come by the time it looks.
func TestAStoppedLineDoesNotTakeItsTurn(t *testing.T) {
	s, _ := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
	run := newRun("r", "Get-A", time.Now)
	_ = run.Stop(t.Context())
	ready := &turn{ready: make(chan struct{})}
	close(ready.ready)
	for range 100 { // a select takes either of two that are ready
		if s.acquire(t.Context(), run, ready) {
			t.Fatal("it took its turn")
		}
	}
}

func TestTheJournalKnowsBeforeAndAfter(t *testing.T) {
	var b bytes.Buffer
	s, _ := openFake(t, Target{ReadOnly: true}, func(c *fakeCommand) { c.out("x"); c.done() })
	s.journal = NewJournal(&b, nil)
	collect(t, mustRun(t, s, "Get-User -Password 'hunter2'"))
	_, _ = s.Run(t.Context(), "Remove-User y", RunOptions{})
	var steps []string
	for line := range strings.Lines(b.String()) {
		var e JournalEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Tenant != "Contoso" || e.Session != "s1" || e.Time.IsZero() {
			t.Errorf("entry %+v", e)
		}
		steps = append(steps, string(e.Step))
	}
	if want := []string{"queued", "sent", "accepted", "ended", "refused"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	if strings.Contains(b.String(), "hunter2") {
		t.Error("a password stands in the journal")
	}
}

func TestNothingIsSentThatTheJournalDoesNotHold(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
	s.journal = NewJournal(brokenWriter{}, nil)
	if _, err := s.Run(t.Context(), "Get-User", RunOptions{}); err == nil {
		t.Error("the line was taken")
	}
	if f.log() != "" {
		t.Errorf("sent %q", f.log())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestClosingEndsEverything(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {})
	r := mustRun(t, s, "Get-Endless")
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, res := collect(t, r); res.Outcome != Lost && res.Outcome != Stopped {
		t.Errorf("%+v", res)
	}
	if !f.closed || s.State() != Closed {
		t.Errorf("closed on the server: %v, state %v", f.closed, s.State())
	}
	select {
	case <-s.Done():
	default:
		t.Error("Done is not closed")
	}
}

func TestARefusedPoolSaysWhy(t *testing.T) {
	f := newFakeServer(t, nil)
	f.refuse = &psrp.ErrorRecord{Message: "The user 'x' does not have permission to manage this tenant."}
	s := newSession("s1", "test", Target{}, nil, nil)
	s.transport, s.client = f, psrp.NewClient(psrp.ClientConfig{ID: uuid.New(), MinRunspaces: 1, MaxRunspaces: 1})
	err := openError("admin1e.example", s.open(t.Context()))
	if err == nil || !strings.Contains(err.Error(), "does not have permission") {
		t.Errorf("%v", err)
	}
	_ = s.Close(context.Background())
}

func TestAFullQueueHoldsTheServerAndLosesNothing(t *testing.T) {
	const n = 3*queueSize + 7
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		for range n {
			c.out("x")
		}
		c.done()
	})
	records, res := collect(t, mustRun(t, s, "Get-Many"))
	if len(records) != n || res.Objects != n {
		t.Errorf("%d records, %d objects, want %d", len(records), res.Objects, n)
	}
}
