package session

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"psdeck/session/pslang"
)

// Home is the session of this machine itself: a small language of values,
// variables and the commands that run here, in which sessions can be opened,
// and whose imported commands reach them. It has no server of its own.
type Home struct{ console *console }

// Check implements [Runner].
func (h *Home) Check(line string) (Verdict, error) { return h.console.check(line, SendAuto) }

// Run implements [Runner].
func (h *Home) Run(ctx context.Context, line string, o RunOptions) (*Run, error) {
	t, err := h.console.read(line, o.Mode)
	if err != nil {
		return nil, err
	}
	return h.console.start(ctx, t, o)
}

// Claims tells whether a line has a session cmdlet in it, or a command that was
// imported at home, or asks about one: such a line wants to run here.
func (h *Home) Claims(line string) bool {
	t, err := h.console.read(line, SendAuto)
	return err == nil && (len(t.routes) > 0 || h.console.asksOfImported(t.script))
}

// start judges, plans and runs a line that does not simply go to one server:
// each part takes its turn in the session that it reaches.
func (c *console) start(ctx context.Context, t *typed, o RunOptions) (*Run, error) {
	if err := c.admit(t, o); err != nil {
		return nil, err
	}
	steps, err := c.plan(t)
	if err != nil {
		return nil, err
	}
	now := time.Now
	if c.own != nil {
		now = c.own.now
	}
	run := newRun(uuid.New().String(), t.line, now)
	run.gather, run.told = o.Gather, c.scope.own
	if len(steps) > 0 {
		run.view = steps[0].view
	}
	go func() {
		x := &typedLine{console: c, run: run, options: o}
		run.finish(x.steps(ctx, steps))
	}()
	return run, nil
}

// check says what the guard says of a line, and what is wrong with one that
// could not run.
func (c *console) check(line string, mode SendMode) (Verdict, error) {
	t, err := c.read(line, mode)
	if err != nil {
		return Verdict{}, err
	}
	verdict, err := c.judge(t)
	if err != nil || verdict.Decision == Refused {
		return verdict, err
	}
	var refused *pslang.Error
	if _, err := c.plan(t); errors.As(err, &refused) {
		return verdict, err
	}
	return verdict, nil
}

// admit asks the guard: nil where the line may run.
func (c *console) admit(t *typed, o RunOptions) error {
	verdict, err := c.judge(t)
	switch {
	case err != nil:
		return err
	case verdict.Decision == Refused:
		if c.own != nil {
			_ = c.own.log(uuid.New().String(), t.line, StepRefused, nil, verdict.Reason)
		}
		return &RefusedError{verdict}
	case verdict.Decision == NeedsConfirmation && !o.Confirmed:
		return &ConfirmationError{verdict}
	}
	return nil
}
