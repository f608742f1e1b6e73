package session

import (
	"slices"
	"sync"
)

// turns lets lines run in the order in which they were typed, as many at a time
// as there are runspaces.
type turns struct {
	mu      sync.Mutex
	size    int
	taken   int // more than size after it has shrunk
	waiting []*turn
	entered chan struct{} // closed when the next line comes; nil: nobody listens
	free    chan struct{} // closed when the last line has left; nil: nobody listens
}

// turn is a line's place in the queue; ready is closed when it is its turn.
type turn struct {
	ready chan struct{}
}

func newTurns(size int) turns { return turns{size: size} }

// limit is how many lines may run at once.
func (q *turns) limit() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// resize changes it; what runs goes on.
func (q *turns) resize(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size = n
	q.call()
}

// busy tells whether no more lines can begin now.
func (q *turns) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken >= q.size
}

// call lets in who may begin; q.mu is held.
func (q *turns) call() {
	for q.taken < q.size && len(q.waiting) > 0 {
		q.taken++
		close(q.waiting[0].ready)
		q.waiting = q.waiting[1:]
	}
}

// enter takes a place at the end of the queue.
func (q *turns) enter() *turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &turn{ready: make(chan struct{})}
	q.waiting = append(q.waiting, t)
	if q.entered != nil {
		close(q.entered)
		q.entered = nil
	}
	q.call()
	return t
}

// leave gives the place up, before or after its turn came.
func (q *turns) leave(t *turn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else {
		q.taken--
		q.call()
	}
	if q.taken == 0 && len(q.waiting) == 0 && q.free != nil {
		close(q.free)
		q.free = nil
	}
}
