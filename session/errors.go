package session

import "errors"

// Class says what kind of failure an [Error] is; a command line turns it into
// its exit code.
type Class uint8

// The classes.
const (
	ClassConnect Class = iota // the server cannot be reached, or went away
	ClassUsage                // the request itself is wrong
	ClassSignIn               // sign-in is needed or was refused
	ClassSafety               // a safety rule refused
	ClassCommand              // the command reported errors
)

// Error is a failure as a person reads it: what was being done, why it failed,
// and what to do next.
type Error struct {
	Doing string
	Err   error
	Hints []string
	Class Class
}

func (e *Error) Error() string {
	if e.Doing == "" {
		return e.Err.Error()
	}
	return e.Doing + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// HintsOf returns what to do next about err, most useful first.
func HintsOf(err error) []string {
	var e *Error
	if errors.As(err, &e) {
		return e.Hints
	}
	return nil
}

// ErrClosed is returned for what is asked of a session that has ended.
var ErrClosed = errors.New("the session is closed")
