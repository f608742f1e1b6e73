package pslang

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Locals is a Scope whose variables script blocks assign.
type Locals struct {
	Outer  Scope
	values map[string]clixml.Value
}

// Variable gives what was assigned, or what Outer has.
func (s *Locals) Variable(name string) (clixml.Value, bool) {
	if v, ok := s.values[strings.ToLower(name)]; ok {
		return v, true
	}
	if s.Outer == nil {
		return clixml.Value{}, false
	}
	return s.Outer.Variable(name)
}

func (s *Locals) set(name string, v clixml.Value) {
	if s.values == nil {
		s.values = make(map[string]clixml.Value)
	}
	_, _, name = syntax.SplitVariable(name)
	s.values[strings.ToLower(name)] = v
}
