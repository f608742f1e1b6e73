package session

import "testing"

func isReady(t *turn) bool {
	select {
	case <-t.ready:
		return true
	default:
		return false
	}
}

func TestTurnsComeInTheOrderOfAsking(t *testing.T) {
	q := &turns{size: 2}
	a, b, c, d, e := q.enter(), q.enter(), q.enter(), q.enter(), q.enter()
	check := func(when string, want ...bool) {
		t.Helper()
		for i, x := range []*turn{a, b, c, d, e} {
			if isReady(x) != want[i] {
				t.Errorf("%s: line %d ready %v, want %v", when, i+1, isReady(x), want[i])
			}
		}
	}
	check("at first", true, true, false, false, false)
	q.leave(d) // given up while waiting
	q.leave(b)
	check("when one has ended", true, true, true, false, false)
	q.leave(a)
	check("when two have ended", true, true, true, false, true)
	q.leave(c)
	q.leave(e)
	if f := q.enter(); !isReady(f) {
		t.Error("with nothing running, a line waits")
	}
}
