package session

import (
	"slices"
	"strings"
	"sync"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// scope holds the variables of one session: on endpoints without a language
// the server keeps none. Names are compared without case.
type scope struct {
	mu    sync.Mutex
	vars  map[string]clixml.Value
	outer *scope // of a line: the session's
	// home is where a variable is looked for that is not here; nil for none.
	home *scope
	// fresh gives a value as it is now, where it stands for something that
	// changes; nil: as it was kept.
	fresh func(clixml.Value) clixml.Value
}

func newScope() *scope { return &scope{vars: make(map[string]clixml.Value)} }

// line is the scope of one line: what its nested commands give, and $_, is its
// own, so that lines that run at once do not meet, and goes with it.
func (s *scope) line() *scope { return &scope{vars: make(map[string]clixml.Value), outer: s} }

// holder is the scope that has, or gets, the variable.
func (s *scope) holder(name string) *scope {
	if s.outer == nil || strings.HasPrefix(name, pslang.NestedName) || name == "_" || strings.EqualFold(name, "PSItem") {
		return s
	}
	return s.outer
}

// Variable implements pslang.Scope.
func (s *scope) Variable(name string) (clixml.Value, bool) {
	s = s.holder(name)
	s.mu.Lock()
	v, ok := s.vars[strings.ToLower(name)]
	home, fresh := s.home, s.fresh
	s.mu.Unlock()
	switch {
	case !ok && home != nil:
		return home.Variable(name)
	case ok && fresh != nil:
		v = fresh(v)
	}
	return v, ok
}

// Files is where the commands of a line write and read files.
func (s *scope) Files() pipeline.Files { return localFiles{} }

// Now is the time for commands that ask for it.
func (s *scope) Now() time.Time { return time.Now() }

// within has s look for what it does not have in home.
func (s *scope) within(home *scope, fresh func(clixml.Value) clixml.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.home, s.fresh = home, fresh
}

// Collect sets a variable to what a common parameter such as -OutVariable
// collected, behind what it holds where add is set.
func (s *scope) Collect(name string, values []clixml.Value, add bool) {
	list := clixml.Array(values...)
	list.TypeNames = []string{"System.Collections.ArrayList", "System.Object"}
	s = s.holder(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	name = strings.ToLower(name)
	if add {
		list.Items = append(slices.Clone(unroll(s.vars[name])), values...)
	}
	s.vars[name] = clixml.Obj(list)
}

// Assign sets a variable to one value.
func (s *scope) Assign(name string, v clixml.Value) { s.assign(name, []clixml.Value{v}) }

// assign keeps what a statement gave: nothing is $null, one value is itself,
// several are an array.
func (s *scope) assign(name string, values []clixml.Value) {
	v := clixml.Null()
	switch len(values) {
	case 0:
	case 1:
		v = values[0]
	default:
		v = clixml.Obj(clixml.Array(values...))
	}
	s = s.holder(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vars[strings.ToLower(name)] = v
}
