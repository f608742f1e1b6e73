package pipeline

import "errors"

// Warning is what a stage writes to the warning stream; it goes on.
type Warning struct {
	Command string
	Msg     string
}

func (w *Warning) Error() string { return w.Msg }

// Serious is err without the warnings in it.
func Serious(err error) error {
	var left []error
	for _, e := range Apart(err) {
		var w *Warning
		if !errors.As(e, &w) {
			left = append(left, e)
		}
	}
	return errors.Join(left...)
}

// Apart takes joined errors apart: a stage may report several at once.
func Apart(err error) []error {
	switch joined := err.(type) { //nolint:errorlint // the join itself is looked for
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, Apart(e)...)
		}
		return all
	}
	return []error{err}
}

// ending is an error that ends the pipeline: one that a cmdlet cannot go on
// after, or any under -ErrorAction Stop. It hides its cause from errors.As,
// which would take it for one that is gone on after.
type ending struct{ err *Error }

func (e *ending) Error() string { return e.err.Error() }

// Report is the error that ended the pipeline.
func (e *ending) Report() *Error { return e.err }

// fatal is an error after which a cmdlet does not go on.
func fatal(command, id, text string) error {
	return &ending{&Error{Command: command, ID: id, Msg: text}}
}
