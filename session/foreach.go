package session

import (
	"context"
	"errors"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// each gives the statements of ForEach-Object's script block where commands
// are among them: these go to the server, once for each object. nil for any
// other command, and for a block that runs here.
func (p planner) each(c *pslang.Command) *pslang.Script {
	if pipeline.CommandName(c.Name) != "ForEach-Object" || len(c.Redirections) > 0 {
		return nil
	}
	args := c.Args
	if len(args) == 2 && args[0].Value == nil && strings.EqualFold(args[0].Name, "Process") {
		args = args[1:]
	}
	if len(args) != 1 {
		return nil
	}
	sb, ok := args[0].Value.(*pslang.ScriptBlock)
	if !ok || sb.Body == nil {
		return nil
	}
	commands := false
	for i := range sb.Body.Statements {
		s := &sb.Body.Statements[i]
		if s.Control != nil || s.Op != "" {
			return nil
		}
		for _, e := range s.Pipeline.Elements {
			commands = commands || e.Command != nil
		}
	}
	if !commands {
		return nil
	}
	return sb.Body
}

// item is the planner for one object.
func (p planner) item(v clixml.Value) planner {
	p.scope = p.scope.line()
	p.scope.Assign("_", v)
	p.scope.Assign("PSItem", v)
	return p
}

// tryEach finds what cannot run before anything is sent: all but what depends
// on the objects.
func (p planner) tryEach(body *pslang.Script) error {
	q := p.item(clixml.Null())
	for i := range body.Statements {
		_, err := q.statement(&body.Statements[i])
		if wait := (*pslang.EvalError)(nil); err != nil && !errors.As(err, &wait) {
			return err
		}
	}
	return nil
}

// runEach runs the statements for each object of the input, one after another:
// the session has one runspace. A statement that fails ends it.
func (s *Session) runEach(ctx context.Context, run *Run, st *step, out *stepOutput) (Outcome, error) {
	known := s.knownCommands()
	p := planner{scope: st.scope, heads: s.heads(known), server: known}
	input := st.input
	if !st.hasIn {
		input = []clixml.Value{clixml.Null()} // nothing is piped in: it runs once
	}
	for _, v := range input {
		q := p.item(v)
		for i := range st.each.Statements {
			if run.stopped() || ctx.Err() != nil {
				return Stopped, nil
			}
			one, err := q.statement(&st.each.Statements[i])
			if err != nil {
				out.error(localError(err), true)
				return Failed, err
			}
			one.last().sink = out.values
			outcome, clean, err := s.step(ctx, run, &one)
			out.failed = out.failed || !clean
			if outcome != Completed {
				return outcome, err
			}
			if out.satisfied() || out.err != nil {
				return Completed, nil
			}
		}
	}
	return Completed, nil
}

// last is the part of a statement that gives its output.
func (st *step) last() *step {
	for st.then != nil {
		st = st.then
	}
	return st
}
