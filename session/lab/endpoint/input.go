package endpoint

import (
	"context"
	"sync"

	"psdeck/session/clixml"
)

// inputQueue holds pipeline input until the pipeline takes it, so that a Send
// never waits for a pipeline.
type inputQueue struct {
	mu      sync.Mutex
	waiting []clixml.Value
	closed  bool
	changed chan struct{}
}

func newInputQueue() *inputQueue { return &inputQueue{changed: make(chan struct{}, 1)} }

func (q *inputQueue) wake() {
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

func (q *inputQueue) put(v clixml.Value) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.waiting = append(q.waiting, v)
		q.wake()
	}
}

func (q *inputQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake()
}

// pump moves the input to a pipeline and closes the channel after the last.
func (q *inputQueue) pump(ctx context.Context, to chan<- clixml.Value) {
	defer close(to)
	for {
		q.mu.Lock()
		batch, closed := q.waiting, q.closed
		q.waiting = nil
		q.mu.Unlock()
		for _, v := range batch {
			select {
			case to <- v:
			case <-ctx.Done():
				return
			}
		}
		if closed && len(batch) == 0 {
			return
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-q.changed:
		case <-ctx.Done():
			return
		}
	}
}
