package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"psdeck/session/outproc"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// Run implements [Runner]: guard, plan, journal, send. A line typed while
// another runs waits for it: the session has one runspace, so that what one
// line leaves behind the next one finds.
func (s *Session) Run(ctx context.Context, line string, o RunOptions) (*Run, error) {
	if st := s.State(); !st.alive() {
		return nil, s.gone(st)
	}
	script, parseErr := pslang.Parse(line)
	if parseErr != nil && !s.asScript(o.Mode) && !s.Capabilities().TextOnly {
		return nil, parseErr
	}
	if err := s.admit(line, script, parseErr, o); err != nil {
		return nil, err
	}
	steps, err := s.plan(line, script, parseErr, o.Mode)
	if err != nil {
		return nil, err
	}
	return s.launch(ctx, line, steps, o)
}

// admit asks the guard: nil where the line may be sent.
func (s *Session) admit(line string, script *pslang.Script, parseErr error, o RunOptions) error {
	verdict, err := judge(s.rules(o.Mode), script, parseErr)
	switch {
	case err != nil:
		return err
	case verdict.Decision == Refused:
		_ = s.log(uuid.New().String(), line, StepRefused, nil, verdict.Reason)
		return &RefusedError{verdict}
	case verdict.Decision == NeedsConfirmation && !o.Confirmed:
		return &ConfirmationError{verdict}
	}
	return nil
}

// launch starts what was planned and admitted.
func (s *Session) launch(ctx context.Context, line string, steps []step, o RunOptions) (*Run, error) {
	run := newRun(uuid.New().String(), line, s.now)
	run.gather = o.Gather
	if len(steps) > 0 {
		run.view = steps[0].view
	}
	if err := s.log(run.id, line, StepQueued, nil, ""); err != nil {
		return nil, err
	}
	if !s.begin(func(t *turn) { s.guarded(ctx, run, steps, t) }) {
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
func (s *Session) guarded(ctx context.Context, run *Run, steps []step, t *turn) {
	defer func() {
		if p := recover(); p != nil {
			s.conclude(run, Lost, fmt.Errorf("a defect of this program ended the command: %v", p))
			panic(p)
		}
	}()
	s.execute(ctx, run, steps, t)
}

func (s *Session) gone(st State) error {
	if err := s.Err(); err != nil {
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

// plan decides how a line travels. A server with a language gets the line as a
// script, but for a Format-* at its end, which is for this side's screen.
func (s *Session) plan(line string, script *pslang.Script, parseErr error, mode SendMode) ([]step, error) {
	if s.Capabilities().TextOnly {
		return []step{{text: line}}, nil
	}
	if s.asScript(mode) {
		return []step{scriptStep(line, script, s.scope)}, nil
	}
	if parseErr != nil {
		return nil, parseErr
	}
	known := s.knownCommands()
	p := planner{scope: s.scope.line(), heads: s.heads(known), server: known}
	return p.planCommands(script)
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

func (s *Session) execute(ctx context.Context, run *Run, steps []step, t *turn) {
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
	outcome, err := s.runSteps(ctx, run, steps)
	s.conclude(run, outcome, err)
}

// runSteps runs the statements of a line one after another. One that fails ends
// the line, unless || stands behind it.
func (s *Session) runSteps(ctx context.Context, run *Run, steps []step) (Outcome, error) {
	outcome, err, ok := Completed, error(nil), true
	for i := range steps {
		st := &steps[i]
		if st.after == "&&" && !ok || st.after == "||" && ok {
			continue
		}
		var clean bool
		outcome, clean, err = s.step(ctx, run, st)
		ok = outcome == Completed && clean
		if outcome != Completed && (outcome != Failed || !fallsBack(steps[i+1:])) {
			return outcome, err
		}
	}
	return outcome, err
}

// fallsBack tells whether the rest of a chain has a statement for failures.
func fallsBack(rest []step) bool {
	for i := range rest {
		switch rest[i].after {
		case "||":
			return true
		case "":
			return false
		}
	}
	return false
}

// acquire waits for the line's turn; false where the run was stopped, or the
// session ended, first.
func (s *Session) acquire(ctx context.Context, run *Run, t *turn) bool {
	select {
	case <-t.ready:
		// The line before may have left because the session ends.
		return ctx.Err() == nil && s.ctx.Err() == nil
	case <-run.stopping:
	case <-ctx.Done():
	case <-s.ended:
	}
	return false
}

func (s *Session) conclude(run *Run, outcome Outcome, err error) {
	s.module.doubt(s, run.line)
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
	run.finish(outcome, err)
}

// step runs one statement, part after part: the session has one runspace, so
// that what one part gives is held here until the server can take it. clean
// tells that there was no error.
func (s *Session) step(ctx context.Context, run *Run, st *step) (outcome Outcome, clean bool, err error) {
	if st.again != nil {
		fresh, err := st.again()
		run.emit(ctx, Record{Stream: StreamView, View: fresh.view})
		if err != nil {
			run.emit(ctx, Record{Stream: StreamError, Error: localError(err)})
			return Failed, false, err
		}
		*st = fresh
	}
	s.answerHere(st, run.line)
	clean = true
	for part := st; part != nil; part = part.then {
		out := &stepOutput{ctx: ctx, run: run, st: part, scope: part.scope, stop: make(chan struct{})}
		outcome, err = s.part(ctx, run, part, out)
		clean = clean && !out.failed
		if outcome != Completed {
			return outcome, false, err
		}
		if part.then != nil {
			part.then.input = out.kept
		}
	}
	return outcome, clean, err
}

// part runs what of a statement runs in one go: what the server does, and
// what is done here with what it gives.
func (s *Session) part(ctx context.Context, run *Run, st *step, out *stepOutput) (Outcome, error) {
	outcome, err := s.produce(ctx, run, st, out)
	if outcome == Completed {
		out.end()
	}
	out.store()
	if st.assign != "" && outcome == Completed {
		st.scope.assign(st.assign, out.kept)
	}
	if outcome == Completed && out.err != nil {
		run.emit(ctx, Record{Stream: StreamError, Error: localError(out.err)})
		return Failed, out.err
	}
	return outcome, err
}

func (s *Session) produce(ctx context.Context, run *Run, st *step, out *stepOutput) (Outcome, error) {
	switch {
	case st.text != "":
		return s.runText(ctx, run, st.text)
	case st.remote != nil:
		outcome, err := s.runRemote(ctx, run, st, out)
		s.seen.keep(st.giver(), out.one)
		return outcome, err
	case st.each != nil:
		return s.runEach(ctx, run, st, out)
	case st.makes != nil:
		values, err := st.makes(ctx, run)
		if errors.Is(err, errStopped) {
			return Stopped, nil
		}
		if err != nil {
			run.emit(ctx, Record{Stream: StreamError, Error: localError(err)})
			return Failed, err
		}
		out.values(values)
	default:
		out.values(st.local)
	}
	return Completed, nil
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
		return s.broke(ctx, run, accepted, err)
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
func (s *Session) broke(ctx context.Context, run *Run, accepted bool, err error) (Outcome, error) {
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
		run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{Message: err.Error(), FullyQualifiedErrorID: "CommandNotSent"}})
		return Failed, err
	case !accepted && mayHaveArrived(err):
		return Lost, &LostError{Err: err}
	case !accepted && lost == nil:
		e := Explain("sending the command", err)
		run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{Message: e.Error()}})
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
