package outproc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrEmptyLine is a line without anything: clients ignore it, a server ends.
var ErrEmptyLine = errors.New("an empty line")

// ErrEnded is the end of the stream without the session's end.
var ErrEnded = errors.New("the other side has closed the connection")

// ErrClosed is returned for what is asked of a command or session that was closed.
var ErrClosed = errors.New("it is closed")

// ServerError is a server under SSH that reports an error in its own words.
type ServerError struct{ Text string }

func (e *ServerError) Error() string { return "the server reports: " + e.Text }

// LineError is a line that is no element: something else than PowerShell wrote
// it, such as the greeting of a login shell.
type LineError struct{ Text string }

func (e *LineError) Error() string {
	return fmt.Sprintf("there is an error processing data from the other side: %q", e.Text)
}

// ElementError is an element that no version of the protocol has.
type ElementError struct{ Name string }

func (e *ElementError) Error() string {
	return fmt.Sprintf("an unknown element %q was received", e.Name)
}

// PacketError is a packet that is not as it has to be, or not expected here.
type PacketError struct {
	Kind Kind
	Why  string
}

func (e *PacketError) Error() string {
	return "a " + e.Kind.String() + " packet is malformed: " + e.Why
}

// SizeError is a line longer than Limit bytes.
type SizeError struct{ Limit int }

func (e *SizeError) Error() string { return fmt.Sprintf("a line is longer than %d bytes", e.Limit) }

// IsProtocol tells whether err is about what the other side said, and not about
// the connection.
func IsProtocol(err error) bool {
	var (
		report  *ServerError
		line    *LineError
		element *ElementError
		packet  *PacketError
		size    *SizeError
	)
	return errors.As(err, &report) || errors.As(err, &line) || errors.As(err, &element) || errors.As(err, &packet) || errors.As(err, &size)
}

// AckError is a packet that was sent and not acknowledged: Err says why nobody
// waits any longer. What it asked for may have happened.
type AckError struct {
	Kind Kind
	Err  error
}

func (e *AckError) Error() string {
	return fmt.Sprintf("the server did not acknowledge a %s packet: %v", e.Kind, e.Err)
}

func (e *AckError) Unwrap() error { return e.Err }

// maxExcerpt is how much of the other side's text an error keeps, in bytes.
const maxExcerpt = 1024

func excerpt(text []byte) string {
	if len(text) > maxExcerpt {
		text = text[:maxExcerpt]
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// serverText is what a server says of an error without the stack behind it.
func serverText(text []byte) string {
	said, _, _ := bytes.Cut(text, []byte("   at "))
	return excerpt(bytes.TrimSpace(said))
}
