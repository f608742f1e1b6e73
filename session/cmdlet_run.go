package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// call is a session cmdlet that runs.
type call struct {
	bound
	ctx     context.Context
	cancel  context.CancelFunc // of ctx
	console *console
	out     *stepOutput
	step    *step
	options RunOptions
	// confirmed is the last answer to -Confirm.
	confirmed int
	fatal     error // what -ErrorAction Stop, or -WarningAction Stop, ended it for
}

// cmdlets are all of them.
func cmdlets() []*cmdlet {
	return slices.Concat(openingCmdlets(), listingCmdlets(), plainCmdlets(), moduleCmdlets(), []*cmdlet{importCmdlet(), invokeCmdlet()})
}

// plainCmdlets are those that act on no session.
var plainCmdlets = sync.OnceValue(func() []*cmdlet { return append(secretCmdlets(), optionCmdlet(), clearCmdlet()) })

func (c *call) desk() *Cmdlets { return c.console.desk }

// give gives objects to the pipeline.
func (c *call) give(values ...clixml.Value) {
	c.out.values(values)
}

// verbose says what -Verbose wants to be told.
func (c *call) verbose(text string) {
	if c.on("Verbose") {
		c.hear(Record{Stream: StreamVerbose, Text: text})
	}
}

// warn warns, as -WarningAction and -WarningVariable want it.
func (c *call) warn(text string) { c.hear(Record{Stream: StreamWarning, Text: text}) }

// fail is an error of the cmdlet in PowerShell's words.
func (c *call) fail(id, format string, args ...any) error {
	return &pslang.Error{Extent: c.step.cmd.Extent, ID: id + "," + c.cmdlet.class, Msg: fmt.Sprintf(format, args...)}
}

// keeps tells whether the line asks for what the cmdlet gives: by a variable or
// by a pipe.
func (c *call) keeps() bool { return c.step.assign != "" || c.step.tail != nil || c.step.then != nil }

// invoke binds and runs a session cmdlet, with the common parameters.
func (x *typedLine) invoke(ctx context.Context, st *step, out *stepOutput) (Outcome, error) {
	if st.hasIn && len(st.input) == 0 {
		return Completed, nil // nothing came, and nothing is to be done
	}
	c := x.console
	b, err := c.desk.bind(st.cmdlet, st.cmd, st.scope, st.input, st.hasIn)
	if err != nil {
		out.error(cmdletError(err), true)
		return Failed, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-x.run.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	k := &call{bound: b, ctx: ctx, cancel: cancel, console: c, out: out, step: st, options: x.options}
	if err := k.common(); err != nil {
		out.error(cmdletError(err), true)
		return Failed, err
	}
	return k.ended(st.cmdlet.run(k))
}

// ended turns a cmdlet's error into an outcome.
func (c *call) ended(err error) (Outcome, error) {
	if c.fatal != nil {
		return Failed, c.fatal
	}
	if err == nil {
		return Completed, nil
	}
	var lost *LostError
	switch {
	case errors.As(err, &lost):
		return Lost, err
	case c.out.run.stopped():
		return Stopped, nil
	case c.quiet("ErrorAction"):
		if !errors.Is(err, errSaid) {
			c.out.error(cmdletError(err), false)
		}
		return Completed, nil
	case errors.Is(err, errSaid):
		return Failed, err
	}
	c.out.error(cmdletError(err), true)
	return Failed, err
}

// errSaid marks an error whose record the run has given already.
var errSaid = errors.New("said already")
