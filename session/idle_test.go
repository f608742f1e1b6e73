package session_test

import (
	"testing"
	"testing/synctest"
	"time"

	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
)

// An idle session keeps one Receive parked, which the server answers once in an
// operation time-out: that is all that it asks, and it keeps a server from
// giving the shell up.
func TestAnIdleSessionKeepsOneReceiveParked(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"by default": 0, "a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			o := lab.Options{Switches: endpoint.Switches{AutoDisconnect: time.Minute}, IdleTimeout: 10 * time.Minute}
			onBothPorts(t, o, func(t *testing.T, w *world, target session.Target) {
				target.Options.OperationTimeout = timeout
				s := w.connect(target)
				synctest.Wait()
				before := len(w.lab.Access())
				time.Sleep(time.Hour)
				synctest.Wait()
				each := 3 * time.Minute
				if timeout > 0 {
					each = timeout
				}
				if n, most := len(w.lab.Access())-before, int(time.Hour/each)+1; n > most || n < most-2 {
					t.Errorf("%d requests in an hour, want %d", n, most)
				}
				if out, res := output(t, s, "Get-CsTenant"); len(out) != 1 || res.Outcome != session.Completed {
					t.Errorf("%q, %+v", out, res)
				}
			})
		})
	}
}
