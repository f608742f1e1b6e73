package format

import (
	"errors"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// Scripts of views come from a server and run here.
const (
	maxScript      = 4096    // bytes
	maxScriptValue = 1 << 14 // bytes or items of what it works with
)

var errScript = errors.New("the script of a view is not run here")

// termOf gives the term's value for v; ok is false where v has no such property or
// the script cannot be run.
func (s *state) termOf(t *term, v clixml.Value) (clixml.Value, bool) {
	if !t.script {
		hint := 0
		return lookup(v, t.text, &hint)
	}
	x, err := s.run(t.text, v)
	return x, err == nil
}

// run runs a script for v. One that has failed to be read stays so.
func (s *state) run(text string, v clixml.Value) (clixml.Value, error) {
	b, known := s.scripts[text]
	if !known {
		if s.scripts == nil {
			s.scripts = make(map[string]*pslang.Block)
		}
		b = readScript(text)
		s.scripts[text] = b
	}
	if b == nil {
		return clixml.Null(), errScript
	}
	return b.Value(v)
}

func readScript(text string) *pslang.Block {
	if len(text) > maxScript {
		return nil
	}
	b, err := pslang.BlockOf(text, nil)
	if err != nil || b.Bound(maxScriptValue) != nil {
		return nil
	}
	return b
}

// anyTrue tells whether one of the conditions holds for v.
func (s *state) anyTrue(when []term, v clixml.Value) bool {
	for i := range when {
		if s.isTrue(&when[i], v) {
			return true
		}
	}
	return false
}

func (s *state) isTrue(t *term, v clixml.Value) bool {
	x, ok := s.termOf(t, v)
	return ok && pslang.Truthy(x)
}

// field makes a field of an item; a script is its own name.
func (s *state) field(it *item) field {
	f := field{name: it.text, label: plain(it.label), align: it.align, format: it.format, defined: true}
	if it.script {
		text := it.text
		f.value = func(v clixml.Value) (clixml.Value, error) { return s.run(text, v) }
	}
	return f
}
