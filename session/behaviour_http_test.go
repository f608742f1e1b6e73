package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
	"psdeck/session/wsman"
)

// onBothPorts runs a test in a bubble, where waiting takes no time, against the
// whole lab in memory: at its https endpoint and at its plain one.
func onBothPorts(t *testing.T, o lab.Options, test func(t *testing.T, w *world, target session.Target)) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, o)
				uri := liveIDURI
				if scheme == "http" {
					uri = w.lab.Tenants()[0].BasicURI
				}
				test(t, w, byBasic(uri))
			})
		})
	}
}

func (w *world) ran(name string) int {
	n := 0
	for _, e := range w.lab.Ledger() {
		if len(e.Commands) > 0 && strings.HasPrefix(e.Commands[0].Name, name) {
			n++
		}
	}
	return n
}

// A connection that the server has closed meanwhile costs a new one and no command.
func TestBehaviour06ConnectionsClosedWhenIdle(t *testing.T) {
	onBothPorts(t, lab.Options{ConnectionIdle: 2 * time.Minute}, func(t *testing.T, w *world, target session.Target) {
		s := w.connect(target)
		for range 3 {
			time.Sleep(5 * time.Minute)
			if out, res := output(t, s, "Get-CsTenant"); len(out) != 1 || res.Outcome != session.Completed {
				t.Errorf("%q, %+v", out, res)
			}
		}
		if n := w.ran("Get-CsTenant"); n != 1+3 { // the first was the proof of the tenant
			t.Errorf("Get-CsTenant ran %d times", n)
		}
	})
}

func wantQuota(t *testing.T, err error, code uint32) {
	t.Helper()
	var fault *wsman.Fault
	if !errors.As(err, &fault) || !fault.IsQuota() || fault.Code != code {
		t.Fatalf("%v: no quota fault %d", err, code)
	}
	if len(session.HintsOf(err)) == 0 {
		t.Errorf("%v: without a hint", err)
	}
}

// The sixth shell of a user who may have five is refused until one is closed.
func TestBehaviour08QuotaOfShells(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{MaxShellsPerUser: 5})
		var first *session.Session
		for range 5 {
			s := st.connect()
			if first == nil {
				first = s
			}
		}
		_, err := st.connector.Connect(t.Context(), st.target(), nil)
		wantQuota(t, err, wsman.CodeQuotaShells)
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.connect()
	})
}

// Every command is terminated, so that the quota of commands is not met however
// many run one after the other; met all the same, it fails that line only.
func TestBehaviour08QuotaOfCommands(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{MaxCommandsPerShell: 10})
		s := st.connect()
		for range 40 {
			wantObjects(t, s, 1)
		}
		st.endpoint.SetSwitches(endpoint.Switches{CommandQuotaFault: true})
		records, res := everything(t, s, "New-LabObject")
		if res.Outcome != session.Failed || len(records) != 1 || records[0].Stream != session.StreamError {
			t.Errorf("%+v, %d records", res, len(records))
		}
		wantQuota(t, res.Err, wsman.CodeQuotaCommands)
		st.endpoint.SetSwitches(endpoint.Switches{})
		wantObjects(t, s, 1)
	})
}

// A request that is longer than the server takes fails its line, by the
// command's arguments or by its input.
func TestBehaviour09SmallEnvelope(t *testing.T) {
	long := "'" + strings.Repeat("x", 100_000) + "'"
	for name, line := range map[string]string{"Command": "Get-LabEcho -Text " + long, "Send": long + " | Get-LabEcho"} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{})
				s := st.connect()
				st.endpoint.SetSwitches(endpoint.Switches{SmallEnvelope: 30_000})
				records, res := everything(t, s, line)
				if res.Outcome != session.Failed || len(records) == 0 {
					t.Fatalf("%+v, %d records", res, len(records))
				}
				if said := records[len(records)-1].Error; said == nil || !strings.Contains(said.Message, "longer than the limit of 30000 bytes") {
					t.Errorf("%v", said)
				}
				st.endpoint.SetSwitches(endpoint.Switches{})
				if _, res := everything(t, s, line); res.Outcome != session.Completed {
					t.Errorf("with room: %+v", res)
				}
			})
		})
	}
}

// A server that compresses unless it is told not to is told.
func TestBehaviour10Compression(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Switches: endpoint.Switches{Compress: true}})
		s := st.connect()
		wantObjects(t, s, 20)
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		st.mu.Lock()
		defer st.mu.Unlock()
		for _, h := range st.headers {
			if got := h.Get("Accept-Encoding"); got != "identity" {
				t.Errorf("Accept-Encoding: %s", got)
			}
		}
	})
}

// A redirection is named, and followed where that was allowed.
func TestBehaviour13Redirections(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{})
				elsewhere := st.web.URL + "/elsewhere"
				st.endpoint.SetSwitches(endpoint.Switches{Redirect: elsewhere, RedirectFrom: "/wsman", RedirectStatus: status})
				_, err := st.connector.Connect(t.Context(), st.target(), nil)
				var r *wsman.RedirectError
				if !errors.As(err, &r) || r.Status != status || r.Location != elsewhere || len(session.HintsOf(err)) == 0 {
					t.Errorf("%v", err)
				}
				target := st.target()
				target.AllowRedirection = true
				s := st.connectTo(target)
				wantObjects(t, s, 1)
				if s.URI() != elsewhere {
					t.Errorf("at %s", s.URI())
				}
			})
		})
	}
}

var breaks = map[string]endpoint.Break{
	"cut": endpoint.BreakClose, "cut in a chunk": endpoint.BreakChunk, "reset": endpoint.BreakReset, "silence": endpoint.BreakSilent,
}

// An answer to a Receive that is lost on the way is asked for again and has the
// same objects: none is missing, none comes twice, and no command runs twice.
func TestBehaviour14LostOutputIsAskedForAgain(t *testing.T) {
	for name, how := range breaks {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{MaxReceive: 4000})
				s := st.connect()
				st.endpoint.SetSwitches(endpoint.Switches{BrokenAnswers: 2, BreakBy: how})
				wantObjects(t, s, 50)
				if n := st.ran("New-LabObject"); n != 1 {
					t.Errorf("the command ran %d times", n)
				}
			})
		})
	}
}

// A command whose acceptance is lost is not sent again: the server is asked
// whether it has it, and what it writes is read.
func TestBehaviour14ALostCommandIsNotSentAgain(t *testing.T) {
	for name, how := range breaks {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{})
				s := st.connect()
				st.endpoint.SetSwitches(endpoint.Switches{BrokenAnswers: 1, BreakAction: "Command", BreakBy: how})
				wantObjects(t, s, 5)
				wantObjects(t, s, 3)
				if n := st.ran("New-LabObject"); n != 2 {
					t.Errorf("%d runs for two lines", n)
				}
			})
		})
	}
}

// A shell whose creation is lost is not created again.
func TestBehaviour14ALostShellIsNotCreatedAgain(t *testing.T) {
	for name, how := range breaks {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{Switches: endpoint.Switches{BrokenAnswers: 1, BreakAction: "Create", BreakBy: how}})
				_, err := st.connector.Connect(t.Context(), st.target(), nil)
				var lost *wsman.TransportError
				if !errors.As(err, &lost) || !lost.MaybeReceived {
					t.Errorf("%v", err)
				}
				if n := len(st.endpoint.Shells()); n != 1 {
					t.Errorf("%d shells", n)
				}
			})
		})
	}
}

// A body that comes slowly is waited for, and one that never ends is not: no
// longer than the operation time-out and the half minute that an answer may take
// beyond it, and the four minutes for which a lost server is looked for.
func TestBehaviour14SlowBodies(t *testing.T) {
	onBothPorts(t, lab.Options{}, func(t *testing.T, w *world, target session.Target) {
		target.Options.OperationTimeout = 20 * time.Second
		s := w.connect(target)
		w.lab.Endpoint().SetSwitches(endpoint.Switches{SlowBody: time.Second})
		if out, res := output(t, s, "Get-CsTenant"); len(out) != 1 || res.Outcome != session.Completed {
			t.Errorf("%q, %+v", out, res)
		}
		w.lab.Endpoint().SetSwitches(endpoint.Switches{SlowBody: time.Hour})
		start := time.Now()
		_, res := everything(t, s, "Get-CsTenant")
		if took := time.Since(start); res.Outcome != session.Lost || took > 50*time.Second+session.DefaultPatience {
			t.Errorf("%+v after %v", res, took)
		}
		var lost *session.LostError
		if !errors.As(res.Err, &lost) || w.ran("Get-CsTenant") > 3 { // the proof, and each line once
			t.Errorf("%v, %d runs", res.Err, w.ran("Get-CsTenant"))
		}
		w.lab.Endpoint().SetSwitches(endpoint.Switches{})
	})
}
