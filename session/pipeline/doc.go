// Package pipeline runs the part of a pipeline that runs on the client: the
// cmdlets that take objects and give objects (Where-Object, Sort-Object,
// Select-Object, …) on the deserialized objects that a session gave.
//
// A stage is fed value by value and answers with what it has so far, so that
// a stream of a hundred thousand objects is never held where PowerShell would
// not hold it, and Select-Object -First can end the command that feeds it.
package pipeline

import (
	"errors"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// Stage is one command of a pipeline's tail. It is not safe for concurrent use.
//
// Push and End may return output together with an error. Where errors.As finds
// an [*Error] in it, that is what PowerShell writes to the error stream: the
// stage goes on. A [*Warning] is for the warning stream. Any other error ends
// the pipeline.
type Stage interface {
	// Push takes the next object and returns what comes out of the stage for it.
	Push(v clixml.Value) ([]clixml.Value, error)
	// End tells that there is no more input and returns the rest of the output.
	End() ([]clixml.Value, error)
	// Done tells that no further input can change the output: what feeds the
	// stage may be stopped. End must still be called.
	Done() bool
}

// Error is an error that a stage reports and goes on.
type Error struct {
	Command string // the cmdlet
	ID      string // the fully qualified error id
	Msg     string
	Target  clixml.Value
}

func (e *Error) Error() string { return e.Command + ": " + e.Msg }

// UsageError says why a command's arguments are not taken.
type UsageError struct {
	pslang.Extent
	Command string
	ID      string
	Msg     string
}

func (e *UsageError) Error() string { return e.Command + ": " + e.Msg }

// Known tells whether name, or the command it is an alias of, runs here.
func Known(name string) bool {
	_, ok := find(name)
	return ok
}

// CommandName returns the full name of the cmdlet that runs here under name,
// aliases and a module qualifier of PowerShell's own taken off; "" for none.
func CommandName(name string) string {
	c, _ := find(name)
	return c.name
}

func find(name string) (cmdlet, bool) {
	if module, command := pslang.ModuleQualified(name); module != "" {
		if !strings.HasPrefix(strings.ToLower(module), "microsoft.powershell.") {
			return cmdlet{}, false
		}
		name = command
	}
	name = pslang.ResolveAlias(name)
	for _, c := range cmdlets() {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return cmdlet{}, false
}

// New makes the stage of a command; its arguments are evaluated with scope.
func New(cmd *pslang.Command, scope pslang.Scope) (Stage, error) {
	c, ok := find(cmd.Name)
	if !ok {
		return nil, &UsageError{Extent: cmd.NameExtent, Command: cmd.Name, ID: "CommandNotFoundException", Msg: "this command does not run here"}
	}
	args, err := bind(c, cmd, scope)
	if err != nil {
		return nil, err
	}
	s, err := c.make(args)
	if err != nil {
		return nil, err
	}
	if s, err = inputObject(s, args); err != nil {
		return nil, err
	}
	if args.acts.any() {
		s = &acting{Stage: s, acts: args.acts}
	}
	return s, nil
}

// Chain makes one stage of several commands in their order.
func Chain(cmds []*pslang.Command, scope pslang.Scope) (Stage, error) {
	c := &chain{}
	for _, cmd := range cmds {
		s, err := New(cmd, scope)
		if err != nil {
			return nil, err
		}
		if view, ok := ViewOf(c); ok {
			shows(s, view)
		}
		c.stages = append(c.stages, s)
	}
	return c, nil
}

// Viewer is a stage that says how its output is to be printed: Format-Table,
// Format-List, Format-Wide and Format-Custom pass the objects on and carry the view.
type Viewer interface {
	Stage
	View() format.View
}

// ViewOf returns the view that s, or its last stage, asks for; ok is false
// where it asks for none.
func ViewOf(s Stage) (view format.View, ok bool) {
	switch s := s.(type) {
	case *chain:
		if len(s.stages) > 0 {
			return ViewOf(s.stages[len(s.stages)-1])
		}
	case *acting:
		return ViewOf(s.Stage)
	case *given:
		return ViewOf(s.Stage)
	case *tee:
		return s.view, s.viewed
	case Viewer:
		return s.View(), true
	}
	return format.View{}, false
}

// chain feeds each stage with what the one before it gives.
type chain struct {
	stages []Stage
}

func (c *chain) Push(v clixml.Value) ([]clixml.Value, error) {
	return c.feed(0, []clixml.Value{v})
}

// feed pushes values into the stage at i and on. Where the stage before it
// names a pipeline variable, the later stages see each object with its own.
func (c *chain) feed(i int, values []clixml.Value) ([]clixml.Value, error) {
	if i == len(c.stages) {
		return values, nil
	}
	set := c.variableBefore(i)
	if set == nil {
		return c.push(i, values)
	}
	var out []clixml.Value
	var errs []error
	for _, v := range values {
		set(v)
		more, err := c.push(i, []clixml.Value{v})
		out = append(out, more...)
		if err != nil {
			errs = append(errs, err)
			if !goesOn(err) {
				break
			}
		}
	}
	return out, errors.Join(errs...)
}

// variableBefore sets the pipeline variable of the stage before i; nil where
// it has none.
func (c *chain) variableBefore(i int) func(clixml.Value) {
	if i == 0 {
		return nil
	}
	s, ok := c.stages[i-1].(*acting)
	if !ok || s.acts.pipeline == "" {
		return nil
	}
	return func(v clixml.Value) { s.acts.vars.Assign(s.acts.pipeline, v) }
}

func (c *chain) push(i int, values []clixml.Value) ([]clixml.Value, error) {
	var out []clixml.Value
	var errs []error
	for _, v := range values {
		if c.stages[i].Done() {
			break
		}
		more, err := c.stages[i].Push(v)
		out = append(out, more...)
		if err != nil {
			errs = append(errs, err)
			if !goesOn(err) {
				return out, errors.Join(errs...)
			}
		}
	}
	out, err := c.feed(i+1, out)
	return out, errors.Join(append(errs, err)...)
}

// goesOn tells whether a stage goes on after err: after what is joined, where
// it does after each.
func goesOn(err error) bool {
	return !slices.ContainsFunc(Apart(err), func(one error) bool {
		var e *Error
		var w *Warning
		return !errors.As(one, &e) && !errors.As(one, &w)
	})
}

func together(a, b error) error {
	if a == nil {
		return b
	}
	return errors.Join(a, b)
}

func (c *chain) End() ([]clixml.Value, error) {
	var out []clixml.Value
	var errs []error
	for i, s := range c.stages {
		values, err := s.End()
		if err != nil {
			errs = append(errs, err)
		}
		values, err = c.feed(i+1, values)
		if err != nil {
			errs = append(errs, err)
		}
		out = append(out, values...)
	}
	return out, errors.Join(errs...)
}

// Done tells that some stage is done: what comes before it cannot matter.
func (c *chain) Done() bool {
	for _, s := range c.stages {
		if s.Done() {
			return true
		}
	}
	return false
}

// running is what stages that never end early embed.
type running struct{}

func (running) Done() bool                   { return false }
func (running) End() ([]clixml.Value, error) { return nil, nil }
