package session

import (
	"context"
	"slices"
	"sync"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

// SendMode says how a line travels.
type SendMode uint8

// The modes.
const (
	SendAuto     SendMode = iota // commands to endpoints without a language, else a script
	SendCommands                 // typed commands
	SendScript                   // the text, for endpoints that take one
)

func (m SendMode) String() string { return [...]string{"auto", "commands", "script"}[m] }

// RunOptions go with a line.
type RunOptions struct {
	Mode SendMode
	// Confirmed says that a person has confirmed what Check asked.
	Confirmed bool
	// Gather is how long the first objects of a statement collect before Next
	// gives them, so that a table's columns are sized on more than one;
	// PowerShell collects for 300 ms.
	Gather time.Duration
}

// Runner runs lines: a live session, or the home session.
type Runner interface {
	// Check says whether the line may run here; a *pslang.Error if it does not
	// parse.
	Check(line string) (Verdict, error)
	// Run starts a line. It returns a *RefusedError or *ConfirmationError from
	// the guard, a *pslang.Error for a line that does not parse or cannot run
	// here; in all these cases nothing was sent.
	Run(ctx context.Context, line string, o RunOptions) (*Run, error)
}

// Run is a line that runs. Records come from Next in the order in which they
// arrived; a reader that stops reading holds the command back after some
// thousand records, and nothing is dropped.
type Run struct {
	id, line string
	view     format.View
	queue    *recordQueue
	now      func() time.Time
	gather   time.Duration
	told     *automatic // keeps errors for $Error; nil: nobody does
	shown    bool       // objects of the present statement were given to the reader

	outer *Run                                  // whose part this is; nil for a whole line
	take  func(ctx context.Context, rec Record) // takes the records of a part

	stopping chan struct{} // closed by the first Stop
	stopOnce sync.Once
	done     chan struct{} // closed when the result is final

	mu       sync.Mutex
	started  time.Time
	result   Result
	reached  []Reached
	hostText string // what the server wrote to the host without ending the line
}

func newRun(id, line string, now func() time.Time) *Run {
	return &Run{
		id: id, line: line, now: now, started: now(),
		queue: newRecordQueue(), stopping: make(chan struct{}), done: make(chan struct{}),
	}
}

// part is the run for what it does in one session: take gets what is given
// there, and stopping it stops the whole.
func (r *Run) part(take func(context.Context, Record)) *Run {
	return &Run{id: r.id, line: r.line, now: r.now, started: r.now(), stopping: r.stopping, outer: r, take: take}
}

// ID identifies the run in the journal.
func (r *Run) ID() string { return r.id }

// Line is the line as it was typed.
func (r *Run) Line() string { return r.line }

// View tells how the output of the first statement wants to be shown
// (Format-Table, Format-List at its end); it is known as soon as the run has
// started. Further statements say theirs in a record of their own.
func (r *Run) View() format.View { return r.view }

// Next returns the next records, up to a thousand, as soon as there is one
// (but see [RunOptions.Gather]); io.EOF after the last. Its only other error is
// ctx's. One goroutine at a time may call it.
func (r *Run) Next(ctx context.Context) ([]Record, error) {
	batch, err := r.queue.next(ctx)
	if r.gather > 0 && err == nil && r.beginsOutput(batch) {
		batch = r.collect(ctx, batch)
	}
	return batch, err
}

// beginsOutput tells whether the first objects of a statement stand at the end
// of batch.
func (r *Run) beginsOutput(batch []Record) bool {
	begins := false
	for i := range batch {
		switch batch[i].Stream {
		case StreamView:
			r.shown, begins = false, false
		case StreamOutput:
			begins = begins || !r.shown
			r.shown = true
		}
	}
	return begins
}

// collect adds to the first objects of a statement what comes within the time
// given; a question, an error or the next statement ends it at once.
func (r *Run) collect(ctx context.Context, batch []Record) []Record {
	ctx, cancel := context.WithTimeout(ctx, r.gather)
	defer cancel()
	urgent := func(rec Record) bool {
		return rec.Stream == StreamPrompt || rec.Stream == StreamError
	}
	for len(batch) < batchSize && !slices.ContainsFunc(batch, urgent) {
		more, err := r.queue.next(ctx)
		if err != nil {
			break // the end is told by the next call
		}
		batch = append(batch, more...)
		if slices.ContainsFunc(more, func(rec Record) bool { return rec.Stream == StreamView }) {
			r.shown = false
			break
		}
	}
	return batch
}

// Wait waits for the end of the run and tells how it ended. It reads nothing:
// a run with more output than the queue holds ends only when that is read.
func (r *Run) Wait(ctx context.Context) (Result, error) {
	select {
	case <-r.done:
		return r.Result(), nil
	case <-ctx.Done():
		return r.Result(), ctx.Err()
	}
}

// Stop asks the server to stop the line, as Ctrl-C does, and returns at once
// when that has been asked; the records that still come and the end are
// reported by Next and Wait. Stopping what has ended does nothing.
func (r *Run) Stop(ctx context.Context) error {
	if r.outer != nil {
		return r.outer.Stop(ctx)
	}
	r.stopOnce.Do(func() { close(r.stopping) })
	return nil
}

// Result tells how far the run is.
func (r *Run) Result() Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := r.result
	if res.Outcome == Running {
		res.Duration = r.now().Sub(r.started)
	}
	return res
}

// Reached are the sessions that the line has reached so far from where it was
// typed.
func (r *Run) Reached() []Reached {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reached)
}

// reach notes that the line reaches s.
func (r *Run) reach(ctx context.Context, s *Session) {
	there := s.reached()
	r.mu.Lock()
	known := slices.Contains(r.reached, there)
	if !known {
		r.reached = append(r.reached, there)
	}
	r.mu.Unlock()
	if !known {
		r.emit(ctx, Record{Stream: StreamReached, Reached: &there, Text: "reaches " + there.Tenant})
	}
}

// begin starts the clock: time in the queue does not count.
func (r *Run) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = r.now()
}

// finish makes the result final; the first call decides.
func (r *Run) finish(outcome Outcome, err error) {
	r.mu.Lock()
	if r.result.Outcome != Running {
		r.mu.Unlock()
		return
	}
	r.result.Outcome, r.result.Err = outcome, err
	r.result.Duration = r.now().Sub(r.started)
	r.mu.Unlock()
	close(r.done)
	r.queue.close()
}

func (r *Run) emit(ctx context.Context, records ...Record) {
	r.mu.Lock()
	for i := range records {
		switch records[i].Stream {
		case StreamOutput:
			r.result.Objects++
		case StreamError:
			r.result.Errors++
			if r.told != nil && records[i].Error != nil {
				r.told.remember(records[i].Error)
			}
		}
	}
	r.mu.Unlock()
	if r.take != nil {
		for _, rec := range records {
			r.take(ctx, rec)
		}
		return
	}
	r.queue.push(ctx, records...)
}

func (r *Run) emitValues(ctx context.Context, values []clixml.Value) {
	records := make([]Record, len(values))
	for i, v := range values {
		records[i] = Record{Stream: StreamOutput, Value: v}
	}
	r.emit(ctx, records...)
}

func (r *Run) stopped() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}
