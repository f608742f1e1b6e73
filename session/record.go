package session

import (
	"time"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// Stream names what kind of record a [Record] is.
type Stream uint8

// The streams of PowerShell, and what the server writes to the host.
const (
	StreamOutput Stream = iota
	StreamError
	StreamWarning
	StreamVerbose
	StreamDebug
	StreamInformation
	StreamProgress
	StreamHost   // text the server wrote to the host (Write-Host, native output)
	StreamPrompt // a question that waits for an answer
	StreamView   // a further statement begins, whose output wants to be shown in View
	// StreamReached says that a line reaches another session than the one it was
	// typed in; what follows comes from there.
	StreamReached
	// StreamClear wants everything off the screen that was given so far.
	StreamClear
)

// Record is one thing that a run gave. Which fields are set follows Stream.
type Record struct {
	Stream   Stream
	Value    clixml.Value         // StreamOutput
	Error    *psrp.ErrorRecord    // StreamError
	At       *pslang.Extent       // StreamError: the part of the line that it is about; nil where that is not known
	Text     string               // Warning, Verbose, Debug, Information, Host; remote text, not cleaned
	Progress *psrp.ProgressRecord // StreamProgress
	Prompt   *Prompt              // StreamPrompt
	View     format.View          // StreamView
	Reached  *Reached             // StreamReached
}

// Reached is a session that a line reached from elsewhere: by an imported
// command, or by Invoke-Command.
type Reached struct {
	Session string // its id
	Tenant  string // as proved, or "unproved"
	Proved  bool
	Env     Environment
	Asked   string // what was asked for, see [Target.Label]
}

// Name is what the session is called: its tenant, or what was asked for where
// that is not proved.
func (r Reached) Name() string {
	if !r.Proved && r.Asked != "" {
		return safetext.Clean(r.Asked) + ", " + r.Tenant
	}
	return r.Tenant
}

// reached is the session as lines that reach it say it.
func (s *Session) reached() Reached {
	p := s.Proof()
	return Reached{Session: s.id, Tenant: p.Label(), Proved: p.Proved, Env: s.target.Env, Asked: s.target.Label()}
}

// Outcome is how a run ended.
type Outcome uint8

// The outcomes.
const (
	Running Outcome = iota
	Completed
	Failed  // a terminating error
	Stopped // by the user
	Lost    // the connection or the server went away: whether it ran is unknown
)

func (o Outcome) String() string {
	return [...]string{"running", "completed", "failed", "stopped", "lost"}[o]
}

// Result is how a run ended.
type Result struct {
	Outcome  Outcome
	Errors   int           // error records, the terminating one included
	Objects  int           // objects shown, after the local part of the pipeline
	Duration time.Duration // from being sent to the end
	Err      error         // why, for Failed and Lost
}
