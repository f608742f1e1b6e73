package pipeline

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// Begin lets the stages open what they need before what feeds them runs: an
// export that cannot be written is told before a server is asked. Stages that
// were not told begin with their first object.
func Begin(s Stage) error {
	switch s := s.(type) {
	case *chain:
		for _, one := range s.stages {
			if err := Begin(one); err != nil {
				return err
			}
		}
	case *acting:
		return Begin(s.Stage)
	case *given:
		return Begin(s.Stage)
	case interface{ open() error }:
		return s.open()
	}
	return nil
}

// Close gives up what a stage still holds. A file that was not written to its
// end by then leaves no trace. Closing after End, and twice, does nothing.
func Close(s Stage) {
	switch s := s.(type) {
	case *chain:
		for _, one := range s.stages {
			Close(one)
		}
	case *acting:
		Close(s.Stage)
	case *given:
		Close(s.Stage)
	case interface{ close() }:
		s.close()
	}
}

// shows tells a stage that prints in which view the objects come.
func shows(s Stage, view format.View) {
	switch s := s.(type) {
	case *acting:
		shows(s.Stage, view)
	case *given:
		shows(s.Stage, view)
	case interface{ shown(view format.View) }:
		s.shown(view)
	}
}

// given is a stage whose input is the value of its -InputObject.
type given struct {
	Stage
	values []clixml.Value
}

func (g *given) End() ([]clixml.Value, error) {
	out, err := (&chain{stages: []Stage{g.Stage}}).push(0, g.values)
	g.values = nil
	if err != nil && !goesOn(err) {
		return out, err
	}
	more, last := g.Stage.End()
	return append(out, more...), together(err, last)
}

// inputObject wraps a stage whose command has -InputObject. Most commands take
// its value as one object, even a list; those that print take its items.
func inputObject(s Stage, a *arguments) (Stage, error) {
	if !a.has("InputObject") {
		return s, nil
	}
	v, err := a.value("InputObject")
	if err != nil {
		return nil, err
	}
	values := []clixml.Value{v}
	if verb, _, _ := strings.Cut(a.name, "-"); verb == "Format" || verb == "Out" || verb == "Join" || strings.EqualFold(a.name, "ConvertFrom-Csv") {
		values = pslang.Enumerate(v)
	}
	return &given{Stage: s, values: values}, nil
}
