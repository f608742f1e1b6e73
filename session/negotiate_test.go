package session_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab/endpoint"
)

const (
	windowsAccount  = `CONTOSO\admin`
	windowsPassword = "p\u00e4ss w\u00f6rd 1!"
)

// windows is an endpoint as a Windows host has it: it takes NTLM only, sealed
// over http, and its log and its connections can be looked at.
type windows struct {
	*httptest.Server
	negotiate *endpoint.Negotiate
	network   discovery.Network
	system    *desktop // who is signed in where the sessions are opened; nil: nobody

	mu     sync.Mutex
	ledger []endpoint.LedgerEntry
	log    []endpoint.Entry
	conns  map[string]*watchedConn // ours, by local address
}

func newWindows(t *testing.T, secure bool, change ...func(*windows)) *windows {
	t.Helper()
	t.Setenv("KRB5_CONFIG", filepath.Join(t.TempDir(), "none"))
	w := &windows{conns: map[string]*watchedConn{}}
	server := endpoint.New(endpoint.Config{
		Authenticate: endpoint.Authenticated, Protocol: "2.4", MaxShellsPerUser: 20,
		OnCommand: func(e endpoint.LedgerEntry) { w.mu.Lock(); defer w.mu.Unlock(); w.ledger = append(w.ledger, e) },
		OnRequest: func(e endpoint.Entry) { w.mu.Lock(); defer w.mu.Unlock(); w.log = append(w.log, e) },
	})
	w.negotiate = &endpoint.Negotiate{Next: server, Password: func(user, domain string) (string, endpoint.Identity, bool) {
		known := user == "admin" && domain == "CONTOSO" || user == "admin@contoso.example" && domain == ""
		return windowsPassword, endpoint.Identity{User: `CONTOSO\admin`}, known
	}}
	w.Server = httptest.NewUnstartedServer(w.negotiate)
	w.Config.ConnContext = w.negotiate.ConnContext
	state := w.Config.ConnState
	w.Config.ConnState = func(c net.Conn, s http.ConnState) {
		w.negotiate.ConnState(c, s)
		if state != nil {
			state(c, s)
		}
	}
	w.network.Dial = w.dial
	if secure {
		w.StartTLS()
		w.network.RootCAs = x509.NewCertPool()
		w.network.RootCAs.AddCert(w.Certificate())
		w.negotiate.Bindings = negotiate.BindingsHash(negotiate.EndPoint(w.Certificate()))
	} else {
		w.Start()
	}
	for _, f := range change {
		f(w)
	}
	t.Cleanup(func() {
		server.Close()
		w.Close()
	})
	return w
}

// watchedConn tells when its side closes it.
type watchedConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *watchedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// dial leads every name to this server.
func (w *windows) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, w.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	watched := &watchedConn{Conn: conn, closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[conn.LocalAddr().String()] = watched
	return watched, nil
}

// dropIdle closes the connections that nothing is asked on, and waits until our
// side has noticed.
func (w *windows) dropIdle() {
	for _, addr := range w.negotiate.DropIdle() {
		w.mu.Lock()
		conn := w.conns[addr]
		w.mu.Unlock()
		<-conn.closed
	}
}

func (w *windows) target(way string) session.Target {
	return session.Target{
		UserName: windowsAccount, OverridePowerShellURI: strings.Replace(w.URL, "127.0.0.1", "example.com", 1) + "/wsman", Authentication: way,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(windowsPassword), nil },
	}
}

func (w *windows) connect(t *testing.T, target session.Target) (*session.Session, error) {
	t.Helper()
	cfg := session.ConnectorConfig{Network: &w.network}
	if w.system != nil {
		cfg.System = w.system
	}
	s, err := session.NewConnector(cfg).Connect(t.Context(), target, nil)
	if err == nil {
		t.Cleanup(func() { _ = s.Close(context.Background()) })
	}
	return s, err
}

func (w *windows) mustConnect(t *testing.T, target session.Target) *session.Session {
	t.Helper()
	s, err := w.connect(t, target)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// runs counts how often a command ran with this argument.
func (w *windows) runs(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, e := range w.ledger {
		for _, c := range e.Commands {
			if slices.ContainsFunc(c.Parameters, func(p endpoint.LedgerParameter) bool { return p.Text == text }) {
				n++
			}
		}
	}
	return n
}

func ask(t *testing.T, s *session.Session, word string) {
	t.Helper()
	out, res := output(t, s, "Get-LabEcho -Text "+word+" | Select-Object -ExpandProperty Value")
	if res.Outcome != session.Completed || !slices.Equal(out, []string{word}) {
		t.Errorf("%s: %q, %+v", word, out, res)
	}
}

// TestNTLM opens, runs and stops over a server that takes nothing in clear.
func TestNTLM(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, way := range []string{"ntlm", "negotiate", "auto"} {
			t.Run(fmt.Sprintf("%s, TLS %t", way, secure), func(t *testing.T) {
				w := newWindows(t, secure)
				s := w.mustConnect(t, w.target(way))
				ask(t, s, "one")
				if out, res := output(t, s, "New-LabObject -Count 5000"); len(out) != 5000 || res.Outcome != session.Completed {
					t.Errorf("%d objects, %+v", len(out), res)
				}
				r, err := s.Run(t.Context(), "Start-Sleep 600", session.RunOptions{Confirmed: true})
				if err != nil {
					t.Fatal(err)
				}
				if err := r.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				if res, err := r.Wait(t.Context()); err != nil || res.Outcome != session.Stopped {
					t.Errorf("%+v, %v", res, err)
				}
				if err := s.Close(t.Context()); err != nil {
					t.Error(err)
				}
				c := w.negotiate.Counts()
				if c.Refused != 0 || c.Handshakes == 0 || secure == (c.Sealed > 0) {
					t.Errorf("%+v", c)
				}
			})
		}
	}
}

// TestNegotiateOutlivesConnections: a server may close connections that nobody
// uses, forget who they are of, or be unable to read what comes on them: each
// command runs, once.
func TestNegotiateOutlivesConnections(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for name, switches := range map[string]endpoint.NegotiateSwitches{"401": {}, "400": {BadRequest: true}} {
			t.Run(fmt.Sprintf("%s, TLS %t", name, secure), func(t *testing.T) {
				w := newWindows(t, secure, func(w *windows) { w.negotiate.SetSwitches(switches) })
				s := w.mustConnect(t, w.target("negotiate"))
				for i := range 5 {
					word := fmt.Sprint("idle", i)
					w.dropIdle()
					ask(t, s, word)
					if n := w.runs(word); n != 1 {
						t.Errorf("%s ran %d times", word, n)
					}
					word = fmt.Sprint("forgotten", i)
					w.negotiate.Forget()
					ask(t, s, word)
					if n := w.runs(word); n != 1 {
						t.Errorf("%s ran %d times", word, n)
					}
				}
				if c := w.negotiate.Counts(); c.Handshakes < 10 || c.Refused != 0 {
					t.Errorf("%+v", c)
				}
			})
		}
	}
}

// TestChannelBinding: a server that insists on it is shown which TLS connection
// this is; one that expects another has somebody in between.
func TestChannelBinding(t *testing.T) {
	w := newWindows(t, true, func(w *windows) { w.negotiate.Strict = true })
	ask(t, w.mustConnect(t, w.target("negotiate")), "bound")

	w = newWindows(t, true, func(w *windows) {
		w.negotiate.Bindings = negotiate.BindingsHash([]byte("tls-server-end-point:another"))
	})
	if _, err := w.connect(t, w.target("ntlm")); err == nil {
		t.Error("connected through somebody")
	}
}

// TestNegotiateRefused: one sentence and a hint, and nothing of the password.
func TestNegotiateRefused(t *testing.T) {
	wrong := func(t *session.Target) {
		t.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("wrong-Pa55word"), nil }
	}
	tests := map[string]struct {
		change   func(*windows)
		target   func(*session.Target)
		class    session.Class
		sentence string
		hint     string
	}{
		"wrong password": {target: wrong, class: session.ClassSignIn, sentence: "does not accept the user name or the password", hint: "DOMAIN"},
		"unknown account": {
			target: func(t *session.Target) { t.UserName = `CONTOSO\nobody` },
			class:  session.ClassSignIn, sentence: "does not accept the user name or the password", hint: "DOMAIN",
		},
		"no password": {
			target: func(t *session.Target) { t.Password = nil },
			class:  session.ClassUsage, sentence: "takes a user name and a password", hint: "--password-stdin",
		},
		"Basic only": {
			change: func(w *windows) { w.negotiate.Offer = []string{`Basic realm="WSMAN"`} },
			class:  session.ClassSignIn, sentence: "does not offer ntlm, but Basic", hint: "in clear",
		},
		"answers in clear": {
			change: func(w *windows) { w.negotiate.SetSwitches(endpoint.NegotiateSwitches{Clear: true}) },
			class:  session.ClassConnect, sentence: "the answer came in clear", hint: "altering",
		},
		"altered answers": {
			change: func(w *windows) { w.negotiate.SetSwitches(endpoint.NegotiateSwitches{Tamper: true}) },
			class:  session.ClassConnect, sentence: "not what the server sealed", hint: "altering",
		},
		"answers left out": {
			change: func(w *windows) { w.negotiate.SetSwitches(endpoint.NegotiateSwitches{Repeat: true}) },
			class:  session.ClassConnect, sentence: "not what the server sealed", hint: "altering",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWindows(t, false)
			target := w.target("ntlm")
			if tt.change != nil {
				tt.change(w)
			}
			if tt.target != nil {
				tt.target(&target)
			}
			_, err := w.connect(t, target)
			var e *session.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			hints := strings.Join(e.Hints, "; ")
			if e.Class != tt.class || !strings.Contains(e.Error(), tt.sentence) || !strings.Contains(hints, tt.hint) {
				t.Errorf("class %d: %s (%s)", e.Class, e, hints)
			}
			if strings.Contains(e.Error()+hints, "ssw") && strings.Contains(e.Error()+hints, "Pa55") {
				t.Errorf("the password in %s (%s)", e, hints)
			}
		})
	}
}

// Basic alone over plain http is refused before a password is sent.
func TestBasicOverHTTPIsRefused(t *testing.T) {
	var credentials int
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			credentials++
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer srv.Close()
	w := &windows{Server: srv, conns: map[string]*watchedConn{}}
	w.network.Dial = w.dial
	for _, way := range []string{"auto", "basic", "negotiate"} {
		_, err := w.connect(t, w.target(way))
		var e *session.Error
		if !errors.As(err, &e) || len(e.Hints) == 0 {
			t.Errorf("%s: %v", way, err)
		}
	}
	if credentials != 0 {
		t.Errorf("%d requests with credentials", credentials)
	}
}

// Exchange writes its boundaries with a blank.
func TestBoundariesWithABlank(t *testing.T) {
	w := newWindows(t, false, func(w *windows) { w.negotiate.SetSwitches(endpoint.NegotiateSwitches{Blank: true}) })
	ask(t, w.mustConnect(t, w.target("ntlm")), "blank")
}

// TestClientCertificate: TLS says who it is, and the header says that it does.
func TestClientCertificate(t *testing.T) {
	var shown, header string
	w := newWindows(t, true, func(w *windows) {
		w.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			header = r.Header.Get("Authorization")
			if len(r.TLS.PeerCertificates) > 0 {
				shown = r.TLS.PeerCertificates[0].Subject.Organization[0]
			}
			rw.WriteHeader(http.StatusUnauthorized)
		})
		w.TLS.ClientAuth = tls.RequestClientCert
	})
	target := w.target("certificate")
	target.Password, target.ClientCertificate = nil, &w.TLS.Certificates[0]
	_, err := w.connect(t, target)
	var e *session.Error
	if !errors.As(err, &e) || e.Class != session.ClassSignIn || !strings.Contains(e.Error(), "does not accept the certificate") {
		t.Errorf("%v", err)
	}
	if header != "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual" || shown != "Acme Co" {
		t.Errorf("header %q, certificate of %q", header, shown)
	}
	target.ClientCertificate = nil
	if _, err := w.connect(t, target); err == nil || !strings.Contains(err.Error(), "no certificate to show") {
		t.Errorf("%v", err)
	}
}
