package session_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"psdeck/auth/negotiate"
	"psdeck/auth/negotiate/ntlm"
	"psdeck/auth/negotiate/sspi"
	"psdeck/session"
	"psdeck/session/lab/endpoint"
)

// desktop stands in for Windows, where somebody is signed in: it does NTLM by
// itself, without SPNEGO.
type desktop struct {
	password string
	fails    error

	mu       sync.Mutex // each connection has a handle
	services []string
}

func (*desktop) Account() string { return windowsAccount }

func (d *desktop) NewHandle(_, service string) (sspi.Handle, error) {
	d.mu.Lock()
	d.services = append(d.services, service)
	d.mu.Unlock()
	if d.fails != nil {
		return nil, d.fails
	}
	c, err := ntlm.NewClient(windowsAccount, d.password)
	return &desktopHandle{client: c}, err
}

type desktopHandle struct {
	client *ntlm.Client
	*ntlm.Session
}

func (h *desktopHandle) Initialize(token, bindings []byte) (out []byte, done bool, err error) {
	if token == nil {
		out, err = h.client.Negotiate()
		return out, false, err
	}
	if bindings != nil {
		bindings = bindings[32:] // behind the structure is the application data
	}
	out, h.Session, err = h.client.Authenticate(token, bindings)
	return out, true, err
}

func (h *desktopHandle) Agreed() (sspi.Agreed, error) {
	return sspi.Agreed{Package: sspi.NTLM, Flags: sspi.Wanted, KeyBits: 128}, nil
}

func (h *desktopHandle) Encrypt(plain []byte) (trailer, sealed []byte, err error) {
	trailer, sealed = h.Seal(plain)
	return trailer, sealed, nil
}

func (h *desktopHandle) Decrypt(trailer, sealed []byte) ([]byte, error) {
	return h.Unseal(trailer, sealed)
}

func (h *desktopHandle) Release() {}

// TestCurrentUser: where Windows has signed somebody in, a server that negotiates
// needs neither a name nor a password, over http (sealed) and https (bound).
func TestCurrentUser(t *testing.T) {
	t.Setenv("KRB5CCNAME", filepath.Join(t.TempDir(), "none"))
	for _, secure := range []bool{false, true} {
		for _, way := range []string{"auto", "negotiate", "ntlm"} {
			t.Run(fmt.Sprintf("%s, TLS %t", way, secure), func(t *testing.T) {
				w := newWindows(t, secure, func(w *windows) { w.negotiate.Strict = secure })
				w.system = &desktop{password: windowsPassword}
				target := w.target(way)
				target.UserName, target.Password = "", nil
				s := w.mustConnect(t, target)
				ask(t, s, "me")
				if got := s.Account().UserName; got != windowsAccount {
					t.Errorf("the session is of %q", got)
				}
				if c := w.negotiate.Counts(); c.Handshakes == 0 || secure == (c.Sealed > 0) {
					t.Errorf("%+v", c)
				}
				w.system.mu.Lock()
				defer w.system.mu.Unlock()
				if w.system.services[0] != "HTTP/example.com" {
					t.Errorf("the service is %q", w.system.services[0])
				}
			})
		}
	}
}

// TestCurrentUserRefused: one sentence and a hint; and an account that was given
// is not replaced by the current user.
func TestCurrentUserRefused(t *testing.T) {
	t.Setenv("KRB5CCNAME", filepath.Join(t.TempDir(), "none"))
	for name, tt := range map[string]struct {
		system *desktop
		change func(*windows, *session.Target)
		class  session.Class
		want   string
	}{
		"unknown to the server": {
			&desktop{password: "an other one"}, nil,
			session.ClassSignIn, `does not accept the current user, CONTOSO\admin`,
		},
		"no credentials": {
			&desktop{fails: sspi.StatusNoCredentials}, nil,
			session.ClassSignIn, "this user has no credentials that the network knows",
		},
		"no domain controller": {
			&desktop{fails: sspi.StatusNoAuthority}, nil,
			session.ClassConnect, "no domain controller answers",
		},
		"an answer that was altered": {
			&desktop{password: windowsPassword}, func(w *windows, _ *session.Target) { w.negotiate.SetSwitches(endpoint.NegotiateSwitches{Tamper: true}) },
			session.ClassConnect, "signature is wrong",
		},
		"another system": {nil, nil, session.ClassUsage, "is there on Windows only"},
		"a name without its password": {
			&desktop{password: windowsPassword}, func(_ *windows, t *session.Target) { t.UserName = windowsAccount },
			session.ClassSignIn, "neither a password nor a keytab",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWindows(t, false)
			w.system = tt.system
			target := w.target("negotiate")
			target.UserName, target.Password = "", nil
			if tt.change != nil {
				tt.change(w, &target)
			}
			_, err := w.connect(t, target)
			var e *session.Error
			if !errors.As(err, &e) || e.Class != tt.class || len(e.Hints) == 0 || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), windowsPassword) {
				t.Errorf("%v (%+v)", err, e)
			}
			t.Logf("%v\n%v", err, session.HintsOf(err))
		})
	}
}

// TestServiceOfTheCurrentUser: where the domain does not know HTTP/host, the name
// of WinRM's own is tried.
func TestServiceOfTheCurrentUser(t *testing.T) {
	p := &unknowing{}
	c, err := negotiate.New(negotiate.Config{Way: negotiate.Kerberos, Host: "server.example", System: p})
	if err != nil {
		t.Fatal(err)
	}
	x, err := c.NewContext(t.Context(), nil, []string{"Negotiate"})
	if err != nil {
		t.Fatal(err)
	}
	if token, err := x.Step(context.Background(), nil); err != nil || string(token) != "a ticket" {
		t.Errorf("%q, %v", token, err)
	}
	if got := strings.Join(p.asked, " "); got != "Kerberos HTTP/server.example Kerberos WSMAN/server.example" {
		t.Error(got)
	}
}

// unknowing knows no service but WinRM's.
type unknowing struct {
	desktopHandle
	asked []string
}

func (p *unknowing) Account() string { return windowsAccount }

func (p *unknowing) NewHandle(pkg, service string) (sspi.Handle, error) {
	p.asked = append(p.asked, pkg, service)
	return p, nil
}

func (p *unknowing) Initialize([]byte, []byte) ([]byte, bool, error) {
	if strings.HasPrefix(p.asked[len(p.asked)-1], "HTTP/") {
		return nil, false, sspi.StatusTargetUnknown
	}
	return []byte("a ticket"), false, nil
}
