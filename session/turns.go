package session

import (
	"slices"
	"sync"
)

// turns lets lines run in the order in which they were typed, n at a time: one
// for each runspace.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting []*turn
}

// turn is a line's place in the queue; ready is closed when it is its turn.
type turn struct {
	ready chan struct{}
}

// enter takes a place at the end of the queue.
func (q *turns) enter() *turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &turn{ready: make(chan struct{})}
	if q.free > 0 {
		q.free--
		close(t.ready)
		return t
	}
	q.waiting = append(q.waiting, t)
	return t
}

// leave gives the place up, before or after its turn came.
func (q *turns) leave(t *turn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return
	}
	if len(q.waiting) == 0 {
		q.free++
		return
	}
	close(q.waiting[0].ready)
	q.waiting = q.waiting[1:]
}
