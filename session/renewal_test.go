package session_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab"
	"psdeck/session/lab/authority"
	"psdeck/session/lab/runspace"
)

// inBubble runs f in a bubble with a lab whose tokens live ten minutes, and
// whose command Get-Slowly writes a number a minute, for forty.
func inBubble(t *testing.T, f func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		slowly := runspace.Cmdlet{Name: "Get-Slowly", Run: func(c *runspace.Call) error {
			for n := range 40 {
				if err := c.Sleep(time.Minute); err != nil {
					return err
				}
				if err := c.WriteObject(clixml.Of(n)); err != nil {
					return err
				}
			}
			return nil
		}}
		l, err := lab.Start(context.Background(), lab.Options{
			InMemory: true, AutoApprove: true, TokenLifetime: 10 * time.Minute,
			Open: func(lab.Session) (*runspace.Options, error) {
				table := runspace.Builtins()
				table.Add(slowly)
				return &runspace.Options{Table: table}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n := &discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}
		client := n.HTTPClient()
		defer client.CloseIdleConnections()
		f(t, &world{t: t, lab: l, connector: session.NewConnector(session.ConnectorConfig{
			Network: n, Authority: l.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}),
		})})
	})
}

// open is connect, but ends within the bubble.
func (w *world) open(target session.Target) (*session.Session, func()) {
	w.t.Helper()
	s, err := w.connector.Connect(w.t.Context(), target, w.watch)
	if err != nil {
		w.t.Fatal(err)
	}
	return s, func() { _ = s.Close(context.Background()) }
}

func numbers(n int) (list []string) {
	for i := range n {
		list = append(list, clixml.Of(i).String())
	}
	return list
}

// A command runs four times as long as a token lives: tokens are replaced
// before they end, nobody is asked and nothing is refused.
func TestTokensAreRenewedWhileACommandRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		s, end := w.open(byDevice())
		defer end()
		first := s.TokenExpires()
		out, res := output(t, s, "Get-Slowly")
		if res.Outcome != session.Completed || !slices.Equal(out, numbers(40)) {
			t.Errorf("%v, %d objects: %v", res.Outcome, len(out), res.Err)
		}
		if grants := w.kinds("grant"); len(grants) < 5 || slices.ContainsFunc(grants[1:], func(g string) bool { return !strings.HasPrefix(g, "grant refresh_token ") }) {
			t.Errorf("grants %q", grants)
		}
		if left := time.Until(s.TokenExpires()); left < time.Minute || !s.TokenExpires().After(first.Add(30*time.Minute)) {
			t.Errorf("the token in use ends in %s", left)
		}
		for _, e := range w.lab.Access() {
			if why := e.Detail["refused"]; why != "" {
				t.Errorf("the server refused a request: %s", why)
			}
		}
	})
}

// The same with a token that a command gives: it is run again before the
// token ends.
func TestAGivenTokenIsRenewedWhileACommandRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var runs atomic.Int64
		target := session.Target{OverrideAdminDomain: "contoso.example", AccessTokenFrom: func(context.Context) (auth.Secret, error) {
			runs.Add(1)
			token, err := w.lab.Authority().Issue(partner, "organizations", oauthURI, lab.ClientID)
			return auth.NewSecret(token), err
		}}
		s, end := w.open(target)
		defer end()
		if out, res := output(t, s, "Get-Slowly"); res.Outcome != session.Completed || len(out) != 40 {
			t.Errorf("%v, %d objects: %v", res.Outcome, len(out), res.Err)
		}
		if n := runs.Load(); n < 5 || n > 10 {
			t.Errorf("the command ran %d times", n)
		}
	})
}

// A sign-in that is taken back while a command runs ends the command with
// what is to be done; the authority being away for a moment does not.
func TestTheSignInEndsWhileACommandRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		s, end := w.open(byDevice())
		defer end()
		w.lab.Authority().SetFaults(authority.Faults{Unavailable: 2})
		go func() {
			time.Sleep(20 * time.Minute)
			w.lab.Authority().RevokeUser(partner)
		}()
		out, res := output(t, s, "Get-Slowly")
		if res.Outcome == session.Completed || res.Err == nil || len(out) < 20 {
			t.Fatalf("%v, %d objects, %v", res.Outcome, len(out), res.Err)
		}
		err := session.Explain("", res.Err)
		if !strings.Contains(err.Error(), partner+" has to sign in") || !strings.Contains(strings.Join(session.HintsOf(err), " "), "sign in again") {
			t.Errorf("%v, hints %q", err, session.HintsOf(err))
		}
	})
}

// Where the person can be asked, a sign-in that was taken back is asked for anew
// while the command runs; the command goes on, and every object comes once.
func TestTheSignInIsAskedForAgainWhileACommandRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		target := byDevice()
		target.SignInAgain = true
		s, end := w.open(target)
		defer end()
		go func() {
			time.Sleep(20 * time.Minute)
			w.lab.Authority().RevokeUser(partner)
		}()
		out, res := output(t, s, "Get-Slowly")
		if res.Outcome != session.Completed || !slices.Equal(out, numbers(40)) {
			t.Errorf("%v, %d objects: %v", res.Outcome, len(out), res.Err)
		}
		codes := 0
		w.mu.Lock()
		for _, ev := range w.events {
			if _, ok := ev.(session.DeviceCodeShown); ok {
				codes++
			}
		}
		w.mu.Unlock()
		if codes != 2 {
			t.Errorf("%d codes were shown: want that of the opening and one more", codes)
		}
	})
}
