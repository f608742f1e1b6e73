package endpoint

import "sync"

// replays answers a request that is sent again with the answer it got before:
// the same MessageID of the same user is the same request ([MS-WSMV] 3.1.4.1).
type replays struct {
	mu      sync.Mutex
	answers map[string]*replay
	order   []string
}

type replay struct {
	ready  chan struct{}
	answer *answer
}

// replaysKept is how many answers are remembered.
const replaysKept = 32

// once runs do for a new request and gives the remembered answer to an old one.
func (r *replays) once(x *exchange, do func() *answer) *answer {
	id := x.req.Header.MessageID
	if id == "" {
		return do()
	}
	key := x.identity.User + "\x00" + id
	r.mu.Lock()
	if old := r.answers[key]; old != nil {
		r.mu.Unlock()
		select {
		case <-old.ready:
		case <-x.http.Context().Done():
			return &answer{none: true}
		}
		if old.answer == nil || old.answer.none {
			return do()
		}
		again := *old.answer
		again.cut, again.undo = false, nil
		return &again
	}
	mine := &replay{ready: make(chan struct{})}
	r.answers[key] = mine
	r.order = append(r.order, key)
	if len(r.order) > replaysKept {
		delete(r.answers, r.order[0])
		r.order = r.order[1:]
	}
	r.mu.Unlock()
	defer close(mine.ready)
	a := do()
	if undo := a.undo; undo != nil {
		// What could not be sent goes out with another answer.
		a.undo = func() {
			r.forget(key)
			undo()
		}
	}
	mine.answer = a
	return a
}

func (r *replays) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.answers, key)
}
