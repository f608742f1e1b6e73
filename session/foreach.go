package session

import (
	"errors"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// eachBody gives the statements of ForEach-Object's script block where commands
// are among them: these are run once for each object. nil for any other
// command, and for a block that is worked out here.
func eachBody(c *pslang.Command) *pslang.Script {
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
