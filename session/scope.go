package session

import (
	"slices"
	"strings"
	"sync"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
	"psdeck/session/psrp"
)

// scope holds the variables of one session: on endpoints without a language
// the server keeps none. Names are compared without case.
type scope struct {
	mu    sync.Mutex
	vars  map[string]clixml.Value
	names map[string]string // as they were written when they were first set
	outer *scope            // of a line: the session's
	// home is where a variable is looked for that is not here; nil for none.
	home *scope
	// fresh gives a value as it is now, where it stands for something that
	// changes; nil: as it was kept.
	fresh func(clixml.Value) clixml.Value
	// wasAsked tells, of a line's, that a variable of the session was wanted.
	wasAsked bool
	// own are the session's automatic variables; nil in a line's scope.
	own *automatic
	// sets are the variables that a line's statements set.
	sets map[string]bool
}

func newScope() *scope { return &scope{vars: make(map[string]clixml.Value), own: new(automatic)} }

// line is the scope of one line: what its nested commands give, and $_, is its
// own, so that lines that run at once do not meet, and goes with it.
func (s *scope) line() *scope { return &scope{vars: make(map[string]clixml.Value), outer: s} }

// keyOf is what a variable is kept under: its name without case and without a
// word for its scope. Own tells one that belongs to the line.
func keyOf(name string) (key string, own bool) {
	if strings.HasPrefix(name, pslang.NestedName) {
		return name, true
	}
	switch _, drive, bare := syntax.SplitVariable(name); {
	case drive == "":
		name = bare
	case strings.EqualFold(drive, "env"):
		return "env:" + bare, false // whether case counts there, the system knows
	}
	key = strings.ToLower(name)
	if key == "psitem" {
		key = "_"
	}
	return key, key == "_" || key == matchesKey
}

// matchesKey is the variable that -match sets: the line's, and the session's when
// the line has ended.
const matchesKey = "matches"

// leave keeps what a line leaves behind.
func (s *scope) leave() {
	s.mu.Lock()
	v, ok := s.vars[matchesKey]
	s.mu.Unlock()
	if root := s.holder(false); ok && root != s {
		root.mu.Lock()
		defer root.mu.Unlock()
		root.vars[matchesKey] = v
	}
}

// holder is the scope that has, or gets, the variable.
func (s *scope) holder(own bool) *scope {
	for s.outer != nil && !own {
		s = s.outer
	}
	return s
}

// forget and asked tell whether a variable was wanted meanwhile.
func (s *scope) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wasAsked = false
}

func (s *scope) asked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wasAsked
}

// expect tells the scope of a line which variables its statements set: none of
// them is unknown.
func (s *scope) expect(list []pslang.Statement) {
	s.sets = make(map[string]bool)
	for st := range pslang.All(list) {
		for _, name := range []string{st.Assign, loopVariable(st)} {
			if name != "" {
				key, _ := keyOf(name)
				s.sets[key] = true
			}
		}
	}
}

func loopVariable(st *pslang.Statement) string {
	if loop, ok := st.Control.(*pslang.ForEach); ok {
		return loop.Variable
	}
	return ""
}

func (s *scope) expects(key string) bool {
	for ; s != nil; s = s.outer {
		if s.sets[key] {
			return true
		}
	}
	return false
}

// Variable implements pslang.Scope.
func (s *scope) Variable(name string) (clixml.Value, bool) {
	key, own := keyOf(name)
	s.mu.Lock()
	s.wasAsked = true
	v, ok := s.vars[key]
	s.mu.Unlock()
	switch {
	case own && (ok || s.outer == nil):
		return v, ok
	case own:
		return s.outer.Variable(name) // $_ around the block
	}
	expected := s.expects(key)
	s = s.holder(own)
	if v, ok := s.own.value(key); ok {
		return v, true
	}
	s.mu.Lock()
	v, ok = s.vars[key]
	home, fresh := s.home, s.fresh
	s.mu.Unlock()
	switch {
	case !ok && home != nil:
		v, ok = home.Variable(name)
	case ok && fresh != nil:
		v = fresh(v)
	}
	return v, ok || expected
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

// remember keeps an error for $Error that is not shown.
func (s *scope) remember(rec *psrp.ErrorRecord) {
	if s != nil {
		s.holder(false).own.remember(rec)
	}
}

// Collect sets a variable to what a common parameter such as -OutVariable
// collected, behind what it holds where add is set.
func (s *scope) Collect(name string, values []clixml.Value, add bool) {
	list := clixml.Array(values...)
	list.TypeNames = []string{"System.Collections.ArrayList", "System.Object"}
	key, own := keyOf(name)
	s = s.holder(own)
	s.mu.Lock()
	defer s.mu.Unlock()
	if add {
		list.Items = append(slices.Clone(unroll(s.vars[key])), values...)
	}
	s.set(name, key, clixml.Obj(list))
}

// Assign sets a variable to one value.
func (s *scope) Assign(name string, v clixml.Value) {
	key, own := keyOf(name)
	s = s.holder(own)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(name, key, v)
}

// set keeps a value, and how its name was written first, as PowerShell does.
func (s *scope) set(name, key string, v clixml.Value) {
	name = name[strings.LastIndexByte(name, ':')+1:]
	if _, ok := s.vars[key]; !ok && name != key && strings.EqualFold(name, key) {
		if s.names == nil {
			s.names = make(map[string]string)
		}
		s.names[key] = name
	}
	s.vars[key] = v
}

// assign keeps what a statement gave.
func (s *scope) assign(name string, values []clixml.Value) { s.Assign(name, together(values)) }

// together is what a statement gave as one value: nothing is $null, one value
// is itself, several are an array.
func together(values []clixml.Value) clixml.Value {
	switch len(values) {
	case 0:
		return clixml.Null()
	case 1:
		return values[0]
	}
	return clixml.Obj(clixml.Array(values...))
}
