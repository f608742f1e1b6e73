package endpoint

import (
	"context"
	"errors"
	"sync"
)

// outbox holds the fragments that wait for a Receive, of the pool or of one
// command.
type outbox struct {
	mu      sync.Mutex
	waiting [][]byte
	size    int
	last    bool          // nothing will be added any more
	lossy   bool          // what does not fit is dropped
	over    *Fault        // why nobody will get anything any more
	waits   int           // Receives that wait for something to take
	changed chan struct{} // closed and replaced at every change
	// turn is held by the one Receive that may take something.
	turn chan struct{}
}

// outboxLimit is how much may wait, in bytes: then the writer waits.
const outboxLimit = 4 << 20

var errOver = errors.New("nobody reads any more")

func newOutbox() *outbox {
	return &outbox{changed: make(chan struct{}), turn: make(chan struct{}, 1)}
}

func (o *outbox) signal() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// setLossy says what becomes of whole messages that do not fit: they are
// dropped, or their writer waits.
func (o *outbox) setLossy(to bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lossy = to
	o.signal()
}

// put adds the fragments of one message, and waits while too many are there.
func (o *outbox) put(ctx context.Context, fragments [][]byte) error {
	for {
		o.mu.Lock()
		if o.over != nil {
			o.mu.Unlock()
			return errOver
		}
		if o.size < outboxLimit {
			break
		}
		if o.lossy {
			o.mu.Unlock()
			return nil
		}
		changed := o.changed
		o.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer o.mu.Unlock()
	o.add(fragments)
	return nil
}

// add adds fragments without waiting; o.mu is held.
func (o *outbox) add(fragments [][]byte) {
	o.waiting = append(o.waiting, fragments...)
	for _, f := range fragments {
		o.size += len(f)
	}
	o.signal()
}

// finish adds the last fragments, however much waits.
func (o *outbox) finish(fragments [][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = true
	o.add(fragments)
}

// end makes every Receive, parked or to come, fail with f.
func (o *outbox) end(f *Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over == nil {
		o.over = f
		o.waiting, o.size = nil, 0
		o.signal()
	}
}

// take gives up to limit bytes of fragments, at least one; done tells that
// there is nothing left and nothing more will come.
func (o *outbox) take(limit int) (fragments [][]byte, done bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, total := 0, 0
	for n < len(o.waiting) && (n == 0 || total+len(o.waiting[n]) <= limit) {
		total += len(o.waiting[n])
		n++
	}
	fragments = o.waiting[:n:n]
	o.waiting = o.waiting[n:]
	o.size -= total
	if n > 0 {
		o.signal()
	}
	return fragments, o.last && len(o.waiting) == 0
}

// unget puts back what could not be sent.
func (o *outbox) unget(fragments [][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over != nil {
		return
	}
	o.waiting = append(append([][]byte(nil), fragments...), o.waiting...)
	for _, f := range fragments {
		o.size += len(f)
	}
	o.signal()
}

// awaited returns once a Receive waits and nothing is there for it.
func (o *outbox) awaited(ctx context.Context) error {
	for {
		o.mu.Lock()
		over, ready, changed := o.over, o.waits > 0 && len(o.waiting) == 0, o.changed
		o.mu.Unlock()
		switch {
		case over != nil:
			return errOver
		case ready:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// expect counts a Receive in that waits, or out.
func (o *outbox) expect(by int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waits += by
	o.signal()
}

// wait returns nil once there is something to take or nothing will come, the
// fault that ended the outbox, or ctx's error.
func (o *outbox) wait(ctx context.Context) (*Fault, error) {
	o.expect(1)
	defer o.expect(-1)
	for {
		o.mu.Lock()
		over, ready, changed := o.over, len(o.waiting) > 0 || o.last, o.changed
		o.mu.Unlock()
		if over != nil {
			return over, nil
		}
		if ready {
			return nil, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
