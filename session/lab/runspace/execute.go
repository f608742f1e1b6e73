package runspace

import (
	"context"
	"errors"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// execution is one run of a pipeline.
type execution struct {
	rs   *Runspace
	ctx  context.Context
	sink Sink
	// hasUI says that the client has a user interface to call.
	hasUI bool
	// redirect keeps a script going after a statement that failed.
	redirect bool
	// failure is the error that ends the current statement.
	failure error
	// stopAction and thrown mark failures that end the whole script.
	stopAction, thrown bool
}

// source hands input objects to put, one by one; it stops on put's error.
type source func(put func(clixml.Value) error) error

// Execute runs a pipeline and returns how it ended: Completed, Failed with the
// terminating error, or Stopped when ctx ended first. input may be nil; it is
// read until it is closed. Everything is written to sink from this goroutine.
func (r *Runspace) Execute(ctx context.Context, p psrp.Pipeline, input <-chan clixml.Value, sink Sink) (psrp.PipelineState, *psrp.ErrorRecord) {
	ex := &execution{rs: r, ctx: ctx, sink: sink, hasUI: hasUI(p.Host, r.opts.Host), redirect: p.RedirectErrors}
	var from source
	if input != nil && !p.NoInput {
		from = ex.channel(input)
	}
	statements := splitStatements(p.Commands)
	for n, commands := range statements {
		ex.failure = nil
		err := ex.statement(commands, from)
		from = nil
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, ErrStopped):
			return psrp.PipelineStopped, StoppedError()
		case n < len(statements)-1 && !ex.stopAction && !ex.thrown:
			// A batch of statements goes on after one that failed.
			if sink.Error(asRecord(err, "")) != nil {
				return psrp.PipelineStopped, StoppedError()
			}
		default:
			return psrp.PipelineFailed, asRecord(err, "")
		}
	}
	return psrp.PipelineCompleted, nil
}

func splitStatements(commands []psrp.Command) [][]psrp.Command {
	var all [][]psrp.Command
	start := 0
	for i := range commands {
		if commands[i].EndOfStatement || i == len(commands)-1 {
			all = append(all, commands[start:i+1])
			start = i + 1
		}
	}
	return all
}

// channel is the client's pipeline input.
func (ex *execution) channel(input <-chan clixml.Value) source {
	return func(put func(clixml.Value) error) error {
		for {
			select {
			case v, more := <-input:
				if !more {
					return nil
				}
				if err := put(v); err != nil {
					return err
				}
			case <-ex.ctx.Done():
				return ErrStopped
			}
		}
	}
}

// statement runs one statement of a pipeline.
func (ex *execution) statement(commands []psrp.Command, from source) error {
	for n, c := range commands {
		if !c.IsScript {
			continue
		}
		if ex.rs.opts.Mode == NoLanguage {
			return scriptsNotAllowed(c.Name)
		}
		if n > 0 {
			return parseError("UnsupportedSyntax", "A script can only be the first command of a pipeline here.")
		}
		script := func(put func(clixml.Value) error) error { return ex.script(c.Name, put) }
		if len(commands) == 1 {
			return script(ex.output)
		}
		return ex.pipe(commands[1:], script, ex.output)
	}
	return ex.pipe(commands, from, ex.output)
}

// pipe runs commands as one pipeline and puts what the last one writes; from
// is nil where there is no input.
func (ex *execution) pipe(commands []psrp.Command, from source, put func(clixml.Value) error) error {
	stages, err := ex.prepare(commands, from != nil)
	if err != nil {
		return err
	}
	stages[len(stages)-1].put = put
	for _, s := range stages {
		if err := s.begin(); err != nil {
			return err
		}
	}
	first := stages[0]
	if from == nil {
		err = first.process(clixml.Null(), false)
	} else {
		err = from(func(v clixml.Value) error { return first.process(v, true) })
	}
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	for _, s := range stages {
		if err := s.end(); err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return first.ended()
}

// prepare finds the cmdlets and binds their arguments, before any of them runs.
func (ex *execution) prepare(commands []psrp.Command, hasInput bool) ([]*invocation, error) {
	stages := make([]*invocation, len(commands))
	for n, c := range commands {
		cmdlet := ex.rs.opts.Table.Lookup(c.Name)
		if cmdlet == nil {
			return nil, unknownCommand(c.Name)
		}
		args, rec := bindArguments(cmdlet, c.Parameters)
		if rec != nil {
			return nil, rec
		}
		inv := &invocation{ex: ex, ctx: ex.ctx, cmdlet: cmdlet, args: args, position: n + 1, merge: c.Merge}
		if c.MergeErrorToOutput {
			inv.merge.Error = psrp.ResultOutput
		}
		inv.call = &Call{Cmdlet: cmdlet, State: ex.rs.opts.State, inv: inv}
		if n > 0 {
			stages[n-1].next = inv
		}
		if missing := args.missing(n > 0 || hasInput); len(missing) > 0 {
			if err := inv.askMissing(missing); err != nil {
				return nil, err
			}
		}
		stages[n] = inv
	}
	if len(stages) == 0 {
		return nil, newError("System.InvalidOperationException", "InvalidOperation", "InvalidOperation", "No commands are specified.", clixml.Null())
	}
	return stages, nil
}

func (ex *execution) output(v clixml.Value) error {
	return ex.sent(ex.sink.Output(shallow(v)))
}

// sent turns the refusal of the sink into the end of the pipeline.
func (ex *execution) sent(err error) error {
	if err != nil {
		if ex.failure == nil {
			ex.failure = ErrStopped
		}
		return ErrStopped
	}
	return nil
}
