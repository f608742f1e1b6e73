package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"psdeck/session/outproc"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// Run implements [Runner]: guard, plan, journal, send. A line typed while
// another runs waits for it: the session has one runspace, so that what one
// line leaves behind the next one finds.
func (s *Session) Run(ctx context.Context, line string, o RunOptions) (*Run, error) {
	c := s.console.Load()
	t, err := c.read(line, o.Mode)
	if st := s.State(); !st.alive() && (err != nil || !c.elsewhere(t)) {
		return nil, s.gone(st)
	}
	if err != nil {
		return nil, err
	}
	if c.elsewhere(t) {
		return c.start(ctx, t, o)
	}
	if err := c.admit(t, o); err != nil {
		return nil, err
	}
	steps, err := c.plan(t)
	if err != nil {
		return nil, err
	}
	return s.launch(ctx, line, steps, o)
}

// launch starts what was planned and admitted.
func (s *Session) launch(ctx context.Context, line string, steps []step, o RunOptions) (*Run, error) {
	run := newRun(uuid.New().String(), line, s.now)
	run.gather, run.told = o.Gather, s.scope.own
	if len(steps) > 0 {
		run.view = steps[0].view
	}
	if err := s.log(run.id, line, StepQueued, nil, ""); err != nil {
		return nil, err
	}
	if !s.begin(func(t *turn) { s.guarded(ctx, run, steps, t, o) }) {
		return nil, s.gone(s.State())
	}
	return run, nil
}

// begin is spawn for a line: it takes its turn in the order of the calls, and
// once the session is being closed, nothing begins any more.
func (s *Session) begin(f func(*turn)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.state.alive() {
		return false
	}
	t := s.turns.enter()
	s.spawn(func() {
		defer s.turns.leave(t)
		f(t)
	})
	return true
}

// guarded gives a run an end even where this program has a defect.
func (s *Session) guarded(ctx context.Context, run *Run, steps []step, t *turn, o RunOptions) {
	defer func() {
		if p := recover(); p != nil {
			s.conclude(run, Lost, fmt.Errorf("a defect of this program ended the command: %v", p))
			panic(p)
		}
	}()
	s.execute(ctx, run, steps, t, o)
}

func (s *Session) gone(st State) error {
	err := s.Err()
	switch {
	case errors.Is(err, ErrDisconnected):
		return &Error{
			Err: errors.New("the session is Disconnected; nothing was sent"), Class: ClassConnect,
			Hints: []string{"Connect-PSSession joins it again"},
		}
	case err != nil:
		return &Error{
			Doing: "running in a session that is " + st.String(), Err: err, Class: ClassConnect,
			Hints: []string{"connect again; variables of the old session are lost, nothing is sent twice"},
		}
	}
	return &Error{Doing: "running in a session that is " + st.String(), Err: ErrClosed, Class: ClassConnect}
}

// asScript tells whether a line goes to the server as it is.
func (s *Session) asScript(mode SendMode) bool {
	return mode == SendScript || mode == SendAuto && s.Capabilities().LanguageMode == "FullLanguage"
}

// log writes the journal; errors are the last command's, nil at the start.
func (s *Session) log(id, line string, st Step, res *Result, reason string) error {
	e := JournalEntry{
		Session: s.id, Tenant: s.Proof().Label(), User: s.account.UserName,
		CommandID: id, Step: st, Line: line, Reason: reason,
	}
	if res != nil {
		e.Outcome, e.Objects, e.Errors = res.Outcome.String(), res.Objects, res.Errors
	}
	return s.journal.Write(e)
}

func (s *Session) execute(ctx context.Context, run *Run, steps []step, t *turn, o RunOptions) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if !s.acquire(ctx, run, t) {
		s.conclude(run, Stopped, nil)
		return
	}
	run.begin()
	if outcome, err := s.assure(ctx, run); outcome != Completed {
		s.conclude(run, outcome, err)
		return
	}
	x := &typedLine{console: s.console.Load(), run: run, options: o, holds: s}
	outcome, err := x.steps(ctx, steps)
	s.conclude(run, outcome, err)
}

// acquire waits for the line's turn; false where the run was stopped, or the
// session ended, first.
func (s *Session) acquire(ctx context.Context, run *Run, t *turn) bool {
	select {
	case <-t.ready:
		// The line may have been stopped before its turn came, and the line
		// before may have left because the session ends.
		return !run.stopped() && ctx.Err() == nil && s.ctx.Err() == nil
	case <-run.stopping:
	case <-ctx.Done():
	case <-s.ended:
	}
	return false
}

func (s *Session) conclude(run *Run, outcome Outcome, err error) {
	s.module.doubt(s, run.line)
	s.logEnd(run, outcome, err)
	run.finish(outcome, err)
}

// logEnd writes how a run ended in this session.
func (s *Session) logEnd(run *Run, outcome Outcome, err error) {
	res := run.Result()
	res.Outcome = outcome
	st, reason := StepEnded, ""
	if outcome == Lost {
		st = StepUnknown
	}
	if err != nil {
		reason = err.Error()
	}
	_ = s.log(run.id, run.line, st, &res, reason)
}

func (s *Session) runRemote(ctx context.Context, run *Run, st *step, out *stepOutput) (Outcome, error) {
	if err := s.log(run.id, run.line, StepSent, nil, ""); err != nil {
		return Failed, err
	}
	defer context.AfterFunc(ctx, out.halt)()
	stopped := make(chan struct{})
	defer close(stopped)
	s.spawn(func() {
		select {
		case <-run.stopping:
			out.halt()
		case <-stopped:
		}
	})
	desk := s.console.Load().desk
	if err := desk.seal(ctx, s, st); err != nil {
		out.error(localError(err), true)
		return Failed, err
	}
	start := s.now()
	accepted := false
	x := &exchange{stop: out.stop, limit: s.target.Options.MaximumReceivedDataSizePerCommand, accepted: func() {
		accepted = true
		s.mu.Lock()
		s.latency = s.now().Sub(start)
		s.mu.Unlock()
		_ = s.log(run.id, run.line, StepAccepted, nil, "")
	}}
	x.sink = func(ev psrp.Event) { s.event(ctx, run, out, ev) }
	// The exchange outlives ctx by the time a stop takes: the server has to be
	// told, and what it still says has to be read.
	end, err := s.invoke(s.ctx, *st.remote, st.source(), x)
	run.flushHost(ctx)
	if err != nil {
		return s.broke(run, out, accepted, err)
	}
	return outcomeOf(ctx, run, out, end)
}

// outcomeOf turns the server's word into an outcome.
func outcomeOf(ctx context.Context, run *Run, out *stepOutput, end pipelineEnd) (Outcome, error) {
	switch {
	case end.state == psrp.PipelineFailed:
		if end.err == nil {
			end.err = &psrp.ErrorRecord{Message: "the command failed, and the server did not say why"}
		}
		out.error(end.err, true)
		return Failed, end.err
	case end.state == psrp.PipelineStopped && !out.satisfied():
		return Stopped, nil
	}
	return Completed, nil
}

// broke tells how a run ended that the server did not end.
func (s *Session) broke(run *Run, out *stepOutput, accepted bool, err error) (Outcome, error) {
	var lost *LostError
	errors.As(err, &lost)
	switch {
	case s.State() != Interrupted && s.Err() != nil && (accepted || lost != nil):
		return Lost, &LostError{Objects: run.Result().Objects, Err: s.Err()}
	case s.Err() != nil && s.ctx.Err() != nil:
		return Lost, &LostError{Objects: run.Result().Objects, Err: s.Err()} // it broke meanwhile
	case s.ctx.Err() != nil:
		return Lost, ErrClosed
	case run.stopped() && (accepted || lost == nil):
		return Stopped, nil
	case !accepted && errors.As(err, new(*NotArrivedError)):
		out.error(&psrp.ErrorRecord{Message: err.Error(), FullyQualifiedErrorID: "CommandNotSent"}, true)
		return Failed, err
	case !accepted && mayHaveArrived(err):
		return Lost, &LostError{Err: err}
	case !accepted && lost == nil:
		e := Explain("sending the command", err)
		out.error(&psrp.ErrorRecord{Message: e.Error()}, true)
		return Failed, e
	}
	return Lost, err
}

// mayHaveArrived tells whether a request that got no answer may have reached
// the server all the same: then the command may run there.
func mayHaveArrived(err error) bool {
	var t *wsman.TransportError
	var unanswered *outproc.AckError
	var not *NotArrivedError
	if errors.As(err, &not) {
		return false
	}
	return errors.As(err, &t) && t.MaybeReceived || errors.As(err, &unanswered) && unanswered.Kind == outproc.Data
}
