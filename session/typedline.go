package session

import (
	"context"
	"errors"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// errStopped ends a command of this side's own that was stopped while it waited.
var errStopped = errors.New("stopped")

// typedLine is a line that runs.
type typedLine struct {
	console *console
	run     *Run
	options RunOptions
	// holds is the session whose turn the line has until its end; what it does
	// in others takes a turn there for itself.
	holds *Session
	// sink takes the output in place of the run; nil: the run.
	sink func([]clixml.Value)
	// within tells statements of control flow: the error that ends one is not
	// shown before it is known that nothing takes it.
	within bool
	// kept tells that the output is not shown as it is, but goes on.
	kept bool
}

// ended is how a statement ended.
type ended struct {
	outcome Outcome
	clean   bool   // there was no error
	word    string // "break", "continue" or "return" where the line ends with it
	err     error
}

// steps runs the statements of a line one after another. Behind one that fails
// the line goes on as PowerShell's does, but for what wants its value.
func (x *typedLine) steps(ctx context.Context, steps []step) (Outcome, error) {
	outcome, err, ok := Completed, error(nil), true
	if len(steps) > 0 && steps[0].scope != nil {
		defer steps[0].scope.leave()
	}
	for i := 0; i < len(steps); i++ {
		st := &steps[i]
		if i > 0 && x.run.stopped() {
			return Stopped, nil
		}
		if st.after == "&&" && !ok || st.after == "||" && ok {
			continue
		}
		e := x.step(ctx, st)
		outcome, err = e.outcome, e.err
		ok = outcome == Completed && e.clean
		x.console.scope.own.ended(ok)
		if e.word != "" {
			return outcome, err
		}
		if !ok && x.endsLine(st, outcome, err) {
			return max(outcome, Failed), err
		}
		for outcome == Failed && steps[i].nested && i+1 < len(steps) {
			i++
		}
	}
	return outcome, err
}

// step runs one statement, part after part: a session has one runspace, so
// that what one part gives is held here until the next can take it.
func (x *typedLine) step(ctx context.Context, st *step) ended {
	if st.again != nil {
		fresh, err := st.again()
		x.run.emit(ctx, Record{Stream: StreamView, View: fresh.view})
		if err != nil {
			x.run.emit(ctx, failed(x.run.line, err))
			return ended{outcome: Failed, err: err}
		}
		*st = fresh
	}
	if st.wrong != nil {
		x.run.emit(ctx, failed(x.run.line, st.wrong))
		return ended{outcome: Failed, err: st.wrong}
	}
	e := ended{clean: true}
	for part := st; part != nil; part = part.then {
		out := &stepOutput{ctx: ctx, run: x.run, st: part, scope: part.scope, sink: x.sink, within: x.within, stop: make(chan struct{})}
		e.outcome, e.err = x.part(ctx, part, out)
		e.clean, e.word = e.clean && !out.failed, out.left
		if e.outcome != Completed {
			e.clean = false
			return e
		}
		if part.then != nil {
			part.then.input = out.kept
		}
	}
	return e
}

// part runs what of a statement runs in one go: what a server or a cmdlet
// does, and what is done here with what it gives.
func (x *typedLine) part(ctx context.Context, st *step, out *stepOutput) (Outcome, error) {
	if st.tail != nil {
		defer pipeline.Close(st.tail)
		if err := pipeline.Begin(st.tail); err != nil {
			out.error(localError(err), true)
			return Failed, err
		}
	}
	outcome, err := x.produce(ctx, st, out)
	if outcome == Completed {
		out.end()
	}
	out.store()
	if st.assign != "" && outcome == Completed && out.left == "" {
		if err := st.keep(out.kept); err != nil {
			out.error(localError(err), true)
			return Failed, err
		}
	}
	if outcome == Completed && out.err != nil {
		out.error(localError(out.err), true)
		return Failed, out.err
	}
	return outcome, err
}

// keep sets the variable that an assignment names.
func (st *step) keep(values []clixml.Value) error {
	v := together(values)
	if st.whole != nil {
		v = *st.whole
	}
	if st.op != "" {
		old, _ := st.scope.Variable(st.assign)
		var err error
		if v, err = pslang.Apply(st.op, old, v); err != nil {
			return err
		}
	}
	st.scope.Assign(st.assign, v)
	return nil
}

func (x *typedLine) produce(ctx context.Context, st *step, out *stepOutput) (Outcome, error) {
	switch {
	case st.text != "", st.remote != nil:
		return x.reach(ctx, st, out)
	case st.each != nil:
		return x.each(ctx, st, out)
	case st.flow != nil:
		return x.flow(ctx, st.planner, out, func(f *pslang.Flow) (word string, err error) {
			out.left, err = f.Control(st.flow, out.values)
			return out.left, err
		})
	case st.cmdlet != nil:
		return x.invoke(ctx, st, out)
	case st.makes != nil:
		values, err := st.makes(ctx, x.run)
		if errors.Is(err, errStopped) {
			return Stopped, nil
		}
		out.values(values)
		if err != nil {
			out.error(localError(err), true)
			return Failed, err
		}
	default:
		out.values(st.local)
	}
	return Completed, nil
}

// reach does in a session what is for its server.
func (x *typedLine) reach(ctx context.Context, st *step, out *stepOutput) (Outcome, error) {
	s := st.there
	do := func(ctx context.Context) (Outcome, error) {
		if st.text != "" {
			return s.runText(ctx, x.run, st.text)
		}
		outcome, err := s.runRemote(ctx, x.run, st, out)
		s.seen.keep(st.giver(), out.one)
		return outcome, err
	}
	if s == x.holds {
		return do(ctx)
	}
	if err := x.console.desk.away(s); err != nil {
		return Failed, err
	}
	if s != x.console.own {
		x.run.reach(ctx, s)
	}
	return s.serve(ctx, x.run, do)
}

// each runs the statements of ForEach-Object's block for each object of the
// input, one after another. A statement that fails ends it.
func (x *typedLine) each(ctx context.Context, st *step, out *stepOutput) (Outcome, error) {
	input := st.input
	if !st.hasIn {
		input = []clixml.Value{clixml.Null()} // nothing is piped in: it runs once
	}
	for _, v := range input {
		outcome, err := x.flow(ctx, st.planner.item(v), out, func(f *pslang.Flow) (string, error) {
			return f.Run(st.each.Statements, out.values)
		})
		if outcome != Completed || out.satisfied() || out.err != nil {
			return outcome, err
		}
	}
	return Completed, nil
}

// serve does something in the session for a line that was typed elsewhere: in
// its turn, and after the session has proved its tenant where it has to.
func (s *Session) serve(ctx context.Context, run *Run, do func(context.Context) (Outcome, error)) (Outcome, error) {
	type end struct {
		outcome Outcome
		err     error
	}
	if err := s.log(run.id, run.line, StepQueued, nil, ""); err != nil {
		return Failed, err
	}
	ended := make(chan end, 1)
	if !s.begin(func(t *turn) {
		e := end{outcome: Stopped}
		defer func() { ended <- e }()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.ctx, cancel)()
		if s.acquire(ctx, run, t) {
			if e.outcome, e.err = s.assure(ctx, run); e.outcome == Completed {
				e.outcome, e.err = do(ctx)
			}
		}
		s.module.doubt(s, run.line)
		s.logEnd(run, e.outcome, e.err)
	}) {
		return Failed, s.gone(s.State())
	}
	e := <-ended
	return e.outcome, e.err
}

// askInTurn runs a small pipeline of the deck's own in the session's turn, for a
// line that was typed elsewhere.
func (s *Session) askInTurn(ctx context.Context, run *Run, p psrp.Pipeline) (values []clixml.Value, end pipelineEnd, err error) {
	outcome, err := s.serve(ctx, run, func(ctx context.Context) (Outcome, error) {
		var err error
		values, end, err = s.ask(ctx, p)
		if err != nil {
			return Failed, err
		}
		return Completed, nil
	})
	if err == nil && outcome != Completed {
		err = ctx.Err()
	}
	return values, end, err
}

// cmdletError is the record of an error that a session cmdlet gave.
func cmdletError(err error) *psrp.ErrorRecord {
	var wrong *pslang.Error
	if errors.As(err, &wrong) {
		return &psrp.ErrorRecord{Message: wrong.Msg, FullyQualifiedErrorID: orElse(wrong.ID, "LocalPipeline")}
	}
	return localError(err)
}
