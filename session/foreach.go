package session

import (
	"errors"
	"slices"
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
	for s := range pslang.All(sb.Body.Statements) {
		if s.Pipeline == nil {
			continue
		}
		if slices.ContainsFunc(s.Pipeline.Elements, func(e pslang.Element) bool { return e.Command != nil }) {
			return sb.Body
		}
	}
	return nil
}

// item is the planner for one object.
func (p planner) item(v clixml.Value) planner {
	p.scope = p.scope.line()
	p.scope.Assign("_", v)
	return p
}

// tryFlow finds what cannot run in statements and in their control flow before
// anything is sent: all but what depends on values that only the run knows.
func (p planner) tryFlow(list []pslang.Statement) error {
	p.scope = p.scope.line() // what an attempt leaves behind goes with it
	p.further = true         // what a session cmdlet is given is not known either
	for s := range pslang.All(list) {
		if s.Pipeline == nil {
			continue
		}
		p.scope.forget()
		if _, err := p.statement(s); err != nil && !p.waits(err) {
			return err
		}
	}
	return nil
}

// waits tells an error that may not be there when the statement runs: one that
// comes of a variable's value, where other statements may set it. It is asked
// of the planner that found the error.
func (p planner) waits(err error) bool {
	var refused *pslang.Error
	var value *pslang.EvalError
	switch {
	case errors.As(err, &value):
		return true
	case errors.As(err, &refused) && (refused.Refused() || slices.Contains(neverWaits, refused.ID)):
		return false
	}
	return p.scope.asked()
}

// neverWaits are the errors that are in what was typed, whatever the values are.
var neverWaits = []string{"NamedParameterNotFound", "AmbiguousParameter", "ParameterAlreadyBound", "CommandNotFoundException"}
