package session

import (
	"context"
	"fmt"
	"sync"

	"psdeck/session/psrp"
)

// userEventsKept is how many events wait for a reader; a server may raise them
// whether anybody reads or not.
const userEventsKept = 1000

// userEvents holds the newest events that nobody has read yet.
type userEvents struct {
	mu      sync.Mutex
	waiting []psrp.EngineEvent
	dropped int
	ready   chan struct{}
}

func newUserEvents() *userEvents { return &userEvents{ready: make(chan struct{}, 1)} }

func (q *userEvents) push(e psrp.EngineEvent) {
	q.mu.Lock()
	if len(q.waiting) == userEventsKept {
		q.waiting = q.waiting[1:]
		q.dropped++
	}
	q.waiting = append(q.waiting, e)
	q.mu.Unlock()
	signal(q.ready)
}

func (q *userEvents) take() (events []psrp.EngineEvent, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events, dropped = q.waiting, q.dropped
	q.waiting, q.dropped = nil, 0
	return events, dropped
}

// UserEvents waits for events that the server forwards (Register-EngineEvent
// -Forward) and gives all that have come since the last call, oldest first. Of
// those that nobody reads a thousand are kept; dropped tells how many older ones
// were not. One goroutine at a time may call it. [MS-PSRP] 2.2.2.12
func (s *Session) UserEvents(ctx context.Context) (events []psrp.EngineEvent, dropped int, err error) {
	for {
		if events, dropped = s.events.take(); len(events) > 0 {
			return events, dropped, nil
		}
		select {
		case <-s.events.ready:
		case <-s.ended:
			if events, dropped = s.events.take(); len(events) > 0 {
				return events, dropped, nil
			}
			return nil, 0, fmt.Errorf("waiting for events: %w", ErrClosed)
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("waiting for events: %w", ctx.Err())
		}
	}
}
