package session_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/runspace"
)

// A server that answers as another tenant than the one that was asked for: the
// session is closed before anything can be typed, and both are named.
func TestTheServerAnswersAsAnotherTenant(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*session.Target)
		as     string
		says   string
	}{
		"than the domain": {nil, lab.FabrikamID, "the server says it is fabrikam.example (Fabrikam), but contoso.example was asked for"},
		"than expected": {
			func(t *session.Target) { t.ExpectTenant = lab.PartnerID }, lab.ContosoID,
			"the server says it is contoso.example (Contoso), but " + lab.PartnerID + " was asked for",
		},
		"at an Exchange": {
			func(t *session.Target) { t.OverridePowerShellURI = exchangeAt }, lab.FabrikamID,
			"the server says it is fabrikam.onmicrosoft.com (Fabrikam), but contoso.example was asked for",
		},
		"than expected, at an Exchange": {
			func(t *session.Target) { t.OverridePowerShellURI, t.ExpectTenant = exchangeAt, lab.FabrikamID }, lab.ContosoID,
			"the server says it is contoso.onmicrosoft.com (Contoso), but " + lab.FabrikamID + " was asked for",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, lab.Options{})
			w.lab.AnswerAs(lab.ContosoID, tt.as)
			target := byDevice()
			if tt.change != nil {
				tt.change(&target)
			}
			e := w.refused(target)
			if !strings.Contains(e.Error(), tt.says) || e.Class != session.ClassSafety || len(e.Hints) == 0 {
				t.Errorf("%v, class %d, %q", e, e.Class, e.Hints)
			}
			if left := w.lab.Endpoint().Shells(); len(left) > 0 {
				t.Errorf("left open: %+v", left)
			}
		})
	}
}

// exchangeAt is an endpoint of the lab that is shaped as Exchange.
const exchangeAt = "https://" + lab.AdminHost + "/powershell-liveid"

// cutting is a way to a server that can be cut.
type cutting struct {
	through func(ctx context.Context, network, addr string) (net.Conn, error)

	mu    sync.Mutex
	down  bool
	conns []net.Conn
}

func (c *cutting) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("network is unreachable")}
	}
	conn, err := c.through(ctx, network, addr)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

// cut ends every connection and lets no other through until mend.
func (c *cutting) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = true
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

func (c *cutting) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = false
}

// lose cuts the way until s has seen it, and waits for s to be back.
func (c *cutting) lose(ctx context.Context, t *testing.T, s *session.Session) {
	t.Helper()
	c.cut()
	for _, want := range []session.State{session.Interrupted, session.Opened} {
		for {
			changed := s.Changed()
			if s.State() == want {
				break
			}
			select {
			case <-changed:
			case <-ctx.Done():
				t.Fatalf("%s, not %s: %v", s.State(), want, ctx.Err())
			}
		}
		c.mend()
	}
}

// The same after the connection was lost: the line is not sent, and the session
// ends. One that answers as before goes on.
func TestTheServerIsAnotherTenantAfterTheConnectionWasLost(t *testing.T) {
	for _, uri := range []string{"", exchangeAt} {
		w := newWorld(t, lab.Options{})
		way := &cutting{through: w.lab.Dial}
		network := &discovery.Network{Dial: way.dial, RootCAs: w.lab.CAPool()}
		client := network.HTTPClient()
		t.Cleanup(client.CloseIdleConnections)
		w.connector = session.NewConnector(session.ConnectorConfig{
			Network: network, Authority: w.lab.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}),
		})
		target := byDevice()
		target.OverridePowerShellURI, target.OverrideAdminDomain = uri, "contoso.example"
		s := w.connect(target)
		way.lose(t.Context(), t, s)
		if out, res := output(t, s, "Get-CsOnlineSipDomain"); res.Outcome != session.Completed || len(out) != 3 {
			t.Fatalf("%q, %+v", out, res)
		}
		way.lose(t.Context(), t, s)
		w.lab.AnswerAs(lab.ContosoID, lab.FabrikamID)
		before := len(w.lab.Ledger())
		_, res := output(t, s, "Get-CsOnlineSipDomain")
		var other *session.MismatchError
		if res.Outcome != session.Failed || !errors.As(s.Err(), &other) || !strings.Contains(s.Err().Error(), "after the connection was lost, the server says it is fabrikam") {
			t.Errorf("%+v, %v", res, s.Err())
		}
		for _, e := range w.lab.Ledger()[before:] {
			if e.Commands[0].Name == "Get-CsOnlineSipDomain" {
				t.Error("the line was sent")
			}
		}
	}
}

// An Exchange names itself by one domain; the id and the other domains are the
// authority's word.
func TestAnExchangeProvesItsTenant(t *testing.T) {
	for _, expect := range []string{"", lab.ContosoID, "contoso.onmicrosoft.com", "contoso.example"} {
		w := newWorld(t, lab.Options{})
		s := w.connect(session.Target{
			UserName: partner, OverrideAdminDomain: "contoso.example", OverridePowerShellURI: exchangeAt, SignIn: auth.MethodDevice, ExpectTenant: expect,
		})
		if p := s.Proof(); !p.Proved || p.TenantID != lab.ContosoID || p.Domain != "contoso.onmicrosoft.com" || p.Label() != "Contoso" {
			t.Errorf("%+v", p)
		}
	}
}

// A plain host says who is connected, which proves no tenant.
func TestAPlainHostIsUnprovedAndSaysWhoIsConnected(t *testing.T) {
	w := newWorld(t, lab.Options{Open: func(lab.Session) (*runspace.Options, error) {
		return &runspace.Options{Table: runspace.Builtins()}, nil
	}})
	target := session.Target{
		UserName: "admin@contoso.example", OverridePowerShellURI: w.lab.Tenants()[0].BasicURI, Authentication: "basic", AllowUnencrypted: true,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("Lab-admin-contoso-1!"), nil },
	}
	s := w.connect(target)
	p := s.Proof()
	if p.Proved || p.Label() != "unproved" || p.User != "admin@contoso.example" || !strings.Contains(p.Why, "it says who is connected: admin@contoso.example") {
		t.Errorf("%+v", p)
	}
	target.ExpectTenant = "contoso.example"
	if e := w.refused(target); !strings.Contains(e.Error(), "the server says it is unproved, but contoso.example was asked for") {
		t.Errorf("%v", e)
	}
}
