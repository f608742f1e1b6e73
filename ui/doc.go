// Package ui is the terminal deck: many live sessions side by side in tabs,
// each with its own prompt, draft and output.
//
// There is one [tea.Model], [App]. Everything on the screen below it (editor,
// scrollback, picker, wizard, dialogs) is a plain struct that App calls; none
// of them talks to another through messages. What takes time runs in a
// command, and each message that comes back carries the id of its tab and the
// number of the request, so that an answer to a question that nobody asks any
// more is dropped.
//
// Words used here: a tab shows one session, or the connecting of one, or the
// home session. A block is a line that was run with what came of it. A draft
// is what stands in a tab's editor. An attempt is one try to connect.
//
// Text that comes from a server is cleaned ([safetext.Clean]) before it is kept
// for drawing, so nothing that draws has to think of it again.
package ui

import (
	"context"
	"time"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/format"
)

// Command is a line that runs; [*session.Run] seen through [Sessions] or [Local].
type Command interface {
	// Next gives a batch of records as soon as there is one, io.EOF after the last.
	Next(ctx context.Context) ([]session.Record, error)
	Wait(ctx context.Context) (session.Result, error)
	Stop(ctx context.Context) error
	View() format.View
	// Answer answers a prompt that one of the run's records brought.
	Answer(ctx context.Context, p *session.Prompt, a Answer) error
}

// Answer is what a person answered to a prompt.
type Answer struct {
	Refused bool
	Choice  int      // of a choice prompt
	Fields  []string // of the other prompts, one per field
}

// Runner runs lines.
type Runner interface {
	Check(line string) (session.Verdict, error)
	Run(ctx context.Context, line string, o session.RunOptions) (Command, error)
}

// modal is a Runner whose lines can be sent in more than one way.
type modal interface {
	CheckAs(line string, mode session.SendMode) (session.Verdict, error)
}

// Session is a live session.
type Session interface {
	Runner
	ID() string
	Name() string
	Target() session.Target
	Account() auth.Account
	Proof() session.Proof
	State() session.State
	// Changed is closed at the next change of State.
	Changed() <-chan struct{}
	Capabilities() session.Capabilities
	URI() string
	// Disconnect leaves the session on the server; zero: as long as that keeps it.
	Disconnect(ctx context.Context, idle time.Duration) error
	Err() error
	Done() <-chan struct{}
	TokenExpires() time.Time
	RoundTrip() time.Duration
	Close(ctx context.Context) error
}

// Connector opens sessions. watch is called from other goroutines.
type Connector interface {
	Connect(ctx context.Context, t session.Target, watch func(session.Event)) (Session, error)
}
