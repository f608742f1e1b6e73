package session

import (
	"context"
	"io"
	"sync"
)

// batchSize is how many records one call of Next gives at the most, and
// queueSize how many wait before the command is held back: enough to keep a
// reader busy, little enough to bound memory.
const (
	batchSize = 1000
	queueSize = 8 * batchSize
)

// recordQueue takes records from the goroutine that runs a command to whoever
// reads them. A full queue holds the writer, never drops.
type recordQueue struct {
	mu      sync.Mutex
	records []Record
	closed  bool
	ready   chan struct{} // has a token when there is something to read, or the end
	room    chan struct{} // has a token when the reader has made room
}

func newRecordQueue() *recordQueue {
	return &recordQueue{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// push appends records. It waits for room, but not beyond ctx: then the
// records are kept all the same, so that nothing is lost.
func (q *recordQueue) push(ctx context.Context, records ...Record) {
	if len(records) == 0 {
		return
	}
	for {
		q.mu.Lock()
		if len(q.records) < queueSize || ctx.Err() != nil || q.closed {
			q.records = append(q.records, records...)
			q.mu.Unlock()
			signal(q.ready)
			return
		}
		q.mu.Unlock()
		select {
		case <-q.room:
		case <-ctx.Done():
		}
	}
}

func (q *recordQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	signal(q.ready)
}

// next returns what there is, waiting for at least one record; io.EOF after the
// last.
func (q *recordQueue) next(ctx context.Context) ([]Record, error) {
	for {
		q.mu.Lock()
		n := min(len(q.records), batchSize)
		batch := q.records[:n:n]
		q.records = q.records[n:]
		closed, more := q.closed, len(q.records) > 0
		q.mu.Unlock()
		switch {
		case n > 0:
			if more || closed {
				signal(q.ready)
			}
			signal(q.room)
			return batch, nil
		case closed:
			signal(q.ready)
			return nil, io.EOF
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
