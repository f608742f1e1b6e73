package session

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"psdeck/session/safetext"
)

// Step is a point in the life of a command.
type Step string

// The steps, in order. A command has at most one of refused, ended and unknown.
const (
	StepRefused  Step = "refused"  // by the guard; nothing was sent
	StepQueued   Step = "queued"   // waits for the session to be free
	StepSent     Step = "sent"     // about to be handed to the transport
	StepAccepted Step = "accepted" // the server has taken it
	StepEnded    Step = "ended"    // the server said how it ended
	StepUnknown  Step = "unknown"  // the connection went first: it may have run
)

// JournalEntry is one line of the journal.
type JournalEntry struct {
	Time      time.Time `json:"time"`
	Session   string    `json:"session"`
	Tenant    string    `json:"tenant"` // as proved, or "unproved"
	User      string    `json:"user,omitempty"`
	CommandID string    `json:"command_id,omitempty"`
	Step      Step      `json:"step"`
	Line      string    `json:"line,omitempty"` // redacted
	Outcome   string    `json:"outcome,omitempty"`
	Objects   int       `json:"objects"`
	Errors    int       `json:"errors,omitempty"`
	Reason    string    `json:"reason,omitempty"`
}

// Journal is the record of every command: one JSON line before it is sent and
// at each step after. It is safe for concurrent use; a nil Journal writes
// nothing.
type Journal struct {
	mu  sync.Mutex
	w   io.Writer
	now func() time.Time
}

// NewJournal writes to w, with times from now (nil means time.Now).
func NewJournal(w io.Writer, now func() time.Time) *Journal {
	if now == nil {
		now = time.Now
	}
	return &Journal{w: w, now: now}
}

// OpenJournal appends to the file at path, which only its owner may read. The
// caller closes the returned file after the last session has ended.
func OpenJournal(path string) (*Journal, io.Closer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("opening the journal: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the journal: %w", err)
	}
	return NewJournal(f, nil), f, nil
}

// Write appends one entry, with the time and without secrets. An error means
// that the entry may not be on disk: a command is not sent then.
func (j *Journal) Write(e JournalEntry) error {
	if j == nil {
		return nil
	}
	e.Time = j.now().UTC()
	e.Line, e.Reason = safetext.Redact(e.Line), safetext.Redact(e.Reason)
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}
