package session

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Answers leave in the order of the calls, on the stream of answers, however
// many calls come at once, for a pipeline and for the pool.
func TestAnswersKeepTheOrderOfTheCalls(t *testing.T) {
	const calls = 200
	var mu sync.Mutex
	var got []string
	done := make(chan struct{})
	note := func(stream string, r psrp.HostResponse) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%s %d %s", stream, r.CallID, r.Method))
		if len(got) == calls {
			close(done)
		}
	}
	methods := []psrp.HostMethod{psrp.MethodGetName, psrp.MethodReadKey, psrp.MethodSetShouldExit, psrp.MethodGetKeyAvailable}
	var want []string
	ask := func(f *fakeServer, id uuid.UUID) {
		for n := int64(0); n < calls; {
			m := methods[int(n)%len(methods)]
			call := psrp.HostCall{Method: m}
			if m == psrp.MethodSetShouldExit {
				call.Parameters = []clixml.Value{clixml.Int32(1)}
			}
			if m == psrp.MethodReadKey {
				call.Parameters = []clixml.Value{clixml.Int32(4)}
			}
			callID, out, err := f.server.HostCall(id, call)
			f.emit(out, err)
			if m.Void() {
				methods = slices.DeleteFunc(methods, psrp.HostMethod.Void)
				continue
			}
			n++
			want = append(want, fmt.Sprintf("pr %d %s", callID, m))
		}
	}
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		ask(c.f, c.ID)
		<-done
		c.done()
	})
	f.onAnswer = note
	collect(t, mustRun(t, s, "Get-Crowd"))
	if !slices.Equal(got, want) {
		t.Errorf("answers %q", got)
	}
	mu.Lock()
	got, want, done = nil, nil, make(chan struct{})
	mu.Unlock()
	ask(f, uuid.Nil)
	<-done
	if !slices.Equal(got, want) {
		t.Errorf("answers to the pool %q", got)
	}
}
