package session

import (
	"strings"
	"sync"

	"psdeck/session/clixml"
)

// scope holds the variables of one session: on endpoints without a language
// the server keeps none. Names are compared without case.
type scope struct {
	mu   sync.Mutex
	vars map[string]clixml.Value
}

func newScope() *scope { return &scope{vars: make(map[string]clixml.Value)} }

// Variable implements pslang.Scope.
func (s *scope) Variable(name string) (clixml.Value, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.vars[strings.ToLower(name)]
	return v, ok
}

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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vars[strings.ToLower(name)] = v
}
