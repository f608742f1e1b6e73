package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// call is a session cmdlet that runs.
type call struct {
	bound
	ctx       context.Context
	console   *console
	out       *stepOutput
	step      *step
	options   RunOptions
	outValues []clixml.Value // for -OutVariable
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
	if c.has("OutVariable") {
		c.outValues = append(c.outValues, values...)
	}
	c.out.values(values)
}

// verbose says what -Verbose wants to be told.
func (c *call) verbose(text string) {
	if c.on("Verbose") {
		c.out.run.emit(c.ctx, Record{Stream: StreamVerbose, Text: text})
	}
}

// warn warns, unless -WarningAction wants no warnings.
func (c *call) warn(text string) {
	if !c.quiet("WarningAction") {
		c.out.run.emit(c.ctx, Record{Stream: StreamWarning, Text: text})
	}
	if name := c.variable("WarningVariable"); name != "" {
		c.step.scope.assign(name, []clixml.Value{clixml.Str(text)})
	}
}

func (c *call) quiet(action string) bool {
	return c.has(action) && (strings.EqualFold(c.text(action), "SilentlyContinue") || strings.EqualFold(c.text(action), "Ignore"))
}

// variable is the name of the variable that a parameter names.
func (c *call) variable(parameter string) string {
	if !c.has(parameter) {
		return ""
	}
	return strings.TrimPrefix(c.text(parameter), "+")
}

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
	k := &call{bound: b, ctx: ctx, console: c, out: out, step: st, options: x.options}
	err = st.cmdlet.run(k)
	if name := k.variable("OutVariable"); name != "" {
		st.scope.assign(name, k.outValues)
	}
	return k.ended(err)
}

// ended turns a cmdlet's error into an outcome.
func (c *call) ended(err error) (Outcome, error) {
	if err == nil {
		return Completed, nil
	}
	if name := c.variable("ErrorVariable"); name != "" {
		c.step.scope.assign(name, []clixml.Value{cmdletError(err).Encode()})
	}
	var lost *LostError
	switch {
	case errors.As(err, &lost):
		return Lost, err
	case c.out.run.stopped():
		return Stopped, nil
	case c.quiet("ErrorAction"):
		c.out.failed = true
		return Completed, nil
	case errors.Is(err, errSaid):
		return Failed, err
	}
	c.out.error(cmdletError(err), true)
	return Failed, err
}

// errSaid marks an error whose record the run has given already.
var errSaid = errors.New("said already")
