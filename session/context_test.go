package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
	"psdeck/session/psrp"
)

// givesUp starts call, waits until it waits for the server, ends its context and
// wants it back at once with that error.
func givesUp(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	givesUpWithin(t, 0, what, call)
}

// givesUpWithin is givesUp for a call that may take some time to put things right.
func givesUpWithin(t *testing.T, most time.Duration, what string, call func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	synctest.Wait()
	select {
	case err := <-done:
		t.Errorf("%s does not wait: %v", what, err)
		return
	default:
	}
	start := time.Now()
	cancel()
	time.Sleep(most)
	synctest.Wait()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	default:
		t.Errorf("%s goes on waiting", what)
		<-done
	}
	if took := time.Since(start); took > most {
		t.Errorf("%s took %v", what, took)
	}
}

// Every call of a session that waits for a server stops waiting when its
// context ends, however silent the server is.
func TestContextsEndCalls(t *testing.T) {
	onBothPorts(t, lab.Options{}, func(t *testing.T, w *world, target session.Target) {
		silent := func(action string) { w.lab.Endpoint().SetSwitches(endpoint.Switches{Silent: action}) }
		defer silent("")
		// A shell that is on its way is awaited, so that it can be deleted.
		for action, most := range map[string]time.Duration{"Create": 10 * time.Second, "Receive": 0, "Command": 0} {
			silent(action)
			givesUpWithin(t, most, "Connect, at "+action, func(ctx context.Context) error {
				again := byBasic(target.OverridePowerShellURI)
				_, err := w.connector.Connect(ctx, again, nil)
				return err
			})
		}
		silent("Enumerate")
		givesUp(t, "Shells", func(ctx context.Context) error {
			_, err := w.connector.Shells(ctx, byBasic(target.OverridePowerShellURI), nil)
			return err
		})
		silent("")
		s := w.connect(target)
		asking, prompt := startAsking(t, s, "Read-Host Name")
		givesUp(t, "Next", func(ctx context.Context) error { _, err := asking.Next(ctx); return err })
		givesUp(t, "Wait", func(ctx context.Context) error { _, err := asking.Wait(ctx); return err })
		givesUp(t, "UserEvents", func(ctx context.Context) error { _, _, err := s.UserEvents(ctx); return err })
		silent("Send")
		givesUp(t, "Fill", func(ctx context.Context) error { return prompt.Fill(ctx, []string{"x"}) })
		givesUp(t, "Reset", s.Reset)
		givesUp(t, "SetRunspaces", func(ctx context.Context) error { return s.SetRunspaces(ctx, 1, 2) })
		givesUp(t, "AvailableRunspaces", func(ctx context.Context) error { _, err := s.AvailableRunspaces(ctx); return err })
		if s.Capabilities().Protocol < psrp.Protocol24 {
			givesUp(t, "Secret", func(ctx context.Context) error { _, err := s.Secret(ctx, "x"); return err })
			givesUp(t, "Credential", func(ctx context.Context) error { _, err := s.Credential(ctx, "u", "x"); return err })
		}
		for _, action := range []string{"Command", "Receive"} {
			silent(action)
			givesUp(t, "CommandMetadata, at "+action, func(ctx context.Context) error {
				_, err := s.CommandMetadata(ctx, psrp.CommandMetadata{Names: []string{"*"}})
				return err
			})
		}
		silent("Delete")
		givesUp(t, "Close", s.Close)
	})
}

// What runs ends with the context that it was started with: it is stopped on the
// server, which is waited for as long as a stop may take and no longer.
func TestAContextEndsItsRun(t *testing.T) {
	onBothPorts(t, lab.Options{}, func(t *testing.T, w *world, target session.Target) {
		s := w.connect(target)
		for action, most := range map[string]time.Duration{"": 0, "Signal": 60 * time.Second} {
			w.lab.Endpoint().SetSwitches(endpoint.Switches{Silent: action})
			ctx, cancel := context.WithCancel(t.Context())
			run, err := s.Run(ctx, "Start-Sleep 3600", session.RunOptions{Confirmed: true})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			start := time.Now()
			cancel()
			_, res := readAll(t, run)
			if took := time.Since(start); took > most || res.Outcome != session.Stopped && res.Outcome != session.Lost {
				t.Errorf("silent to %q: %+v after %v", action, res, took)
			}
		}
		w.lab.Endpoint().SetSwitches(endpoint.Switches{})
	})
}
