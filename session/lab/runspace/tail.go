package runspace

import (
	"errors"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// parse reads a script. Where a pipeline ends in commands that shape what comes
// (Where-Object, Sort-Object, Select-Object, …), its head is of the subset that
// [FullLanguage] describes, and those are stages of package pipeline.
func (ex *execution) parse(text string) ([]scriptStatement, error) {
	script, err := pslang.Parse(text)
	if err != nil {
		return parseScript(text)
	}
	var all []scriptStatement
	cut := false
	for i := range script.Statements {
		s := &script.Statements[i]
		if s.After != "" || s.Nested || s.Control != nil {
			return parseScript(text)
		}
		end, tail := ex.cut(s)
		head, err := parseScript(strings.TrimRight(text[s.Start:end], " \t\r\n|"))
		if err != nil || len(head) != 1 {
			return parseScript(text)
		}
		head[0].tail = tail
		cut = cut || len(tail) > 0
		all = append(all, head[0])
	}
	if !cut {
		return parseScript(text)
	}
	return all, nil
}

// cut finds where the stages of a statement begin, and gives them.
func (ex *execution) cut(s *pslang.Statement) (int, []*pslang.Command) {
	elements := s.Pipeline.Elements
	first := len(elements)
	for first > 1 && ex.shapes(elements[first-1].Command) {
		first--
	}
	if first == len(elements) {
		return s.End, nil
	}
	var tail []*pslang.Command
	for _, e := range elements[first:] {
		tail = append(tail, e.Command)
	}
	return tail[0].Start, tail
}

// shapes tells whether a command is one of those stages here: the proxies that
// a restricted endpoint has in their place do not count.
func (ex *execution) shapes(c *pslang.Command) bool {
	if c == nil || c.Invocation != "" || !pipeline.Known(c.Name) {
		return false
	}
	own := ex.rs.opts.Table.Lookup(pslang.ResolveAlias(c.Name))
	return own == nil || own.ImplicitRemotingOnly
}

// Variable implements [pslang.Scope].
func (ex *execution) Variable(name string) (clixml.Value, bool) { return ex.rs.variable(name) }

// shaped runs a head whose output goes through stages.
func (ex *execution) shaped(tail []*pslang.Command, head func(func(clixml.Value) error) error, put func(clixml.Value) error) error {
	stages := make([]pipeline.Stage, len(tail))
	for i, c := range tail {
		var err error
		if stages[i], err = pipeline.New(c, ex); err != nil {
			return shapingError(err)
		}
	}
	chain := func(n int, v clixml.Value) error { return push(stages, n, v, put) }
	err := head(func(v clixml.Value) error {
		if err := chain(0, v); err != nil {
			return err
		}
		if stages[0].Done() {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	for n, stage := range stages {
		rest, err := stage.End()
		for _, v := range rest {
			if err := chain(n+1, v); err != nil {
				return err
			}
		}
		if err := pipeline.Serious(err); err != nil {
			return shapingError(err)
		}
	}
	return nil
}

// push gives a value to stage n, and what comes out to the one behind it.
func push(stages []pipeline.Stage, n int, v clixml.Value, put func(clixml.Value) error) error {
	if n == len(stages) {
		return put(v)
	}
	out, err := stages[n].Push(v)
	for _, v := range out {
		if err := push(stages, n+1, v, put); err != nil {
			return err
		}
	}
	if err := pipeline.Serious(err); err != nil {
		return shapingError(err)
	}
	return nil
}

func shapingError(err error) error {
	id := "InvalidArgument"
	if usage, ok := errors.AsType[*pipeline.UsageError](err); ok {
		id = usage.ID
	}
	return newError(runtimeException, id, "InvalidArgument", err.Error(), clixml.Null())
}
