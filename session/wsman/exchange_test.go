package wsman

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestReceiveAgain: a Receive whose answer is lost goes out again with the
// same bytes, a bounded number of times.
func TestReceiveAgain(t *testing.T) {
	reset := func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/soap+xml")
		w.Header().Set("Content-Length", "5000")
		_, _ = fmt.Fprint(w, `<s:Envelope xmlns:s="`+nsSOAP+`"><s:Body>`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	tests := map[string]struct {
		lose   func(http.ResponseWriter)
		losses int
		fails  bool
	}{
		"reset before the answer": {reset, 1, false},
		"cut within the body":     {half, 1, false},
		"four times":              {half, 4, false},
		"every time":              {reset, 100, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var n counter
			srv := newServer(t, map[string]answer{"Receive": func(w http.ResponseWriter, r *request) {
				if n.add() <= tt.losses {
					tt.lose(w)
					return
				}
				received(stream("stdout", "", []byte("kept")))(w, r)
			}})
			got, err := srv.shell(t).Receive(context.Background(), uuid.Nil)
			sent := srv.requests("Receive")
			for _, r := range sent[1:] {
				if r.body != sent[0].body {
					t.Errorf("sent again with other bytes:\n%s\n%s", sent[0].body, r.body)
				}
			}
			if tt.fails {
				var lost *TransportError
				if !errors.As(err, &lost) || !lost.MaybeReceived || len(sent) != receiveRetries+1 {
					t.Errorf("after %d requests: %#v", len(sent), err)
				}
				return
			}
			if err != nil || len(got.Streams) != 1 || string(got.Streams[0].Data) != "kept" || len(sent) != tt.losses+1 {
				t.Errorf("after %d requests: %v, %v", len(sent), got, err)
			}
		})
	}
}

// TestSentOnce: what is no Receive is never sent twice.
func TestSentOnce(t *testing.T) {
	abort := func(http.ResponseWriter, *request) { panic(http.ErrAbortHandler) }
	srv := newServer(t, map[string]answer{"Command": abort, "Send": abort, "Signal": abort})
	sh := srv.shell(t)
	ctx := context.Background()
	_, err := sh.Command(ctx, uuid.New(), "", []byte("x"))
	calls := map[string]error{
		"Command": err,
		"Send":    sh.Send(ctx, uuid.Nil, "stdin", []byte("x"), false),
		"Signal":  sh.Signal(ctx, uuid.New(), SignalCtrlC),
	}
	for action, err := range calls {
		var lost *TransportError
		if !errors.As(err, &lost) || !lost.MaybeReceived {
			t.Errorf("%s: %v", action, err)
		}
		if n := len(srv.requests(action)); n != 1 {
			t.Errorf("%s was sent %d times", action, n)
		}
	}
}

func TestNotReceived(t *testing.T) {
	refused := errors.New("refused")
	srv := newServer(t, nil)
	c := srv.client(t, func(cfg *Config) {
		cfg.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	})
	_, err := c.Create(context.Background(), ShellRequest{})
	var lost *TransportError
	if !errors.As(err, &lost) || lost.MaybeReceived || !errors.Is(err, refused) {
		t.Errorf("got %#v", err)
	}
}

// TestHeaders: what every request says besides its body.
func TestHeaders(t *testing.T) {
	srv := newServer(t, nil)
	sh := srv.shell(t, func(cfg *Config) {
		cfg.Locale, cfg.DataLocale = "de-DE", "de-CH"
		cfg.Header = http.Header{"X-Test": {"1"}}
	})
	ctx := context.Background()
	for range 2 {
		if _, err := sh.Receive(ctx, uuid.Nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := sh.Delete(ctx); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range srv.log {
		for _, name := range []string{"MessageID", "OperationID"} {
			if id := r.header(name); !strings.HasPrefix(id, "uuid:") || seen[id] {
				t.Errorf("%s %q of %s is used twice or no id", name, id, r.action)
			}
			seen[r.header(name)] = true
		}
		want := map[string]string{"SequenceId": "1", "MaxEnvelopeSize": "153600", "SessionId": sh.c.sessionID, "OperationTimeout": "PT180.000S"}
		if r.action == "Delete" {
			want["OperationTimeout"] = "PT60.000S"
		}
		for name, value := range want {
			if got := r.header(name); got != value {
				t.Errorf("%s: %s is %q, want %q", r.action, name, got, value)
			}
		}
		if r.tree.find("Locale").attrs["lang"] != "de-DE" || r.tree.find("DataLocale").attrs["lang"] != "de-CH" {
			t.Errorf("%s: wrong locales", r.action)
		}
		h := r.http.Header
		if h.Get("Accept-Encoding") != "identity" || h.Get("X-Test") != "1" || h.Get("Content-Type") != "application/soap+xml;charset=UTF-8" {
			t.Errorf("%s: HTTP headers %v", r.action, h)
		}
		if r.http.ProtoMajor != 1 {
			t.Errorf("%s over %s", r.action, r.http.Proto)
		}
	}
	if o := srv.requests("Receive")[0].tree.find("Option"); o.attrs["Name"] != optionKeepAlive || o.text != "TRUE" {
		t.Errorf("Receive has option %v", o)
	}
}

// TestAuthorize: credentials on each request, asked for anew after a 401, and
// given up after the second.
func TestAuthorize(t *testing.T) {
	const challenge = `Bearer authorization_uri="https://login.example/x"`
	token, accepted := "old", "new"
	srv := newServer(t, map[string]answer{"Command": func(w http.ResponseWriter, r *request) {
		if r.http.Header.Get("Authorization") != "Bearer "+accepted {
			w.Header().Add("WWW-Authenticate", challenge)
			w.Header().Add("x-ms-diagnostics", `2000005;reason="The token is expired."`)
			w.WriteHeader(401)
			return
		}
		soap(w, r, `<rsp:CommandResponse><rsp:CommandId>`+r.command()+`</rsp:CommandId></rsp:CommandResponse>`)
	}})
	var asked [][]string
	sh := srv.shell(t, func(cfg *Config) {
		cfg.Authorize = func(_ context.Context, req *http.Request, challenge []string) error {
			if challenge != nil {
				asked = append(asked, challenge)
				token = "new"
			}
			req.Header.Set("Authorization", "Bearer "+token)
			return nil
		}
	})
	id := uuid.New()
	got, err := sh.Command(context.Background(), id, "", []byte("x"))
	if err != nil || got != id {
		t.Fatalf("%v, %v", got, err)
	}
	if len(asked) != 1 || len(asked[0]) != 1 || asked[0][0] != challenge {
		t.Errorf("challenges %q", asked)
	}

	accepted = "another"
	_, err = sh.Command(context.Background(), id, "", []byte("x"))
	var auth *AuthError
	if !errors.As(err, &auth) || auth.Status != 401 || len(auth.Challenges) != 1 {
		t.Fatalf("got %v, want an AuthError", err)
	}
	contains(t, err.Error(), "The token is expired.")
	if n := len(srv.requests("Command")); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	if strings.Contains(err.Error(), "another") || strings.Contains(err.Error(), "new") {
		t.Errorf("a secret in %q", err)
	}
}

func TestAuthorizeFails(t *testing.T) {
	srv := newServer(t, nil)
	want := errors.New("sign in first")
	c := srv.client(t, func(cfg *Config) {
		cfg.Authorize = func(context.Context, *http.Request, []string) error { return want }
	})
	if _, err := c.Create(context.Background(), ShellRequest{}); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	if len(srv.log) != 0 {
		t.Error("a request went out without credentials")
	}
}

func TestUnencrypted(t *testing.T) {
	authorize := func(context.Context, *http.Request, []string) error { return nil }
	tests := map[string]struct {
		url     string
		allow   bool
		refused bool
	}{
		"http":                {"http://server.example/wsman", false, true},
		"http, allowed":       {"http://server.example/wsman", true, false},
		"https":               {"https://server.example/wsman", false, false},
		"this machine":        {"http://localhost:5985/wsman", false, false},
		"this machine, v4":    {"http://127.0.0.2:5985/wsman", false, false},
		"this machine, v6":    {"http://[::1]:5985/wsman", false, false},
		"looks like loopback": {"http://localhost.example/wsman", false, true},
		"every address":       {"http://0.0.0.0/wsman", false, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u, _ := url.Parse(tt.url)
			c, err := New(Config{URL: u, Authorize: authorize, AllowUnencrypted: tt.allow})
			var refused *UnencryptedError
			if errors.As(err, &refused) != tt.refused {
				t.Errorf("got %v", err)
			}
			if c != nil {
				c.Close()
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	for _, bad := range []string{"ftp://server/", "http:///wsman", "https://user:pw@server/wsman"} {
		u, _ := url.Parse(bad)
		if c, err := New(Config{URL: u}); err == nil {
			c.Close()
			t.Errorf("%s is accepted", bad)
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("a secret in %q", err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("no URL is accepted")
	}
}

// TestCookies: a load balancer's cookie comes back on every lane.
func TestCookies(t *testing.T) {
	srv := newServer(t, map[string]answer{"Create": func(w http.ResponseWriter, r *request) {
		http.SetCookie(w, &http.Cookie{Name: "X-BackEnd", Value: "7", Path: "/", HttpOnly: true})
		soap(w, r, created(testShellID, ResourcePowerShell))
	}})
	sh := srv.shell(t)
	if err := sh.Signal(context.Background(), uuid.New(), SignalCtrlC); err != nil {
		t.Fatal(err)
	}
	if c, err := srv.requests("Signal")[0].http.Cookie("X-BackEnd"); err != nil || c.Value != "7" {
		t.Errorf("cookie %v, %v", c, err)
	}
	other := srv.shell(t)
	if n := len(srv.requests("Create")[1].http.Cookies()); n != 0 || other == nil {
		t.Errorf("another client has %d cookies of the first", n)
	}
}

func TestTLS(t *testing.T) {
	srv := &server{conns: map[string]string{}}
	srv.Server = httptest.NewUnstartedServer(srv)
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused certificate is no news
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	trusting := srv.client(t, func(cfg *Config) { cfg.TLS = &tls.Config{RootCAs: roots} })
	if _, err := trusting.Create(context.Background(), ShellRequest{}); err != nil {
		t.Fatal(err)
	}
	if p := srv.log[0].http.Proto; p != "HTTP/1.1" {
		t.Errorf("over %s", p)
	}
	sh := &Shell{c: srv.client(t)}
	_, err := sh.Receive(context.Background(), uuid.Nil)
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("got %v, want an unknown authority", err)
	}
}

// TestTrace: sizes, ids and codes of each HTTP exchange.
func TestTrace(t *testing.T) {
	srv := newServer(t, map[string]answer{"Signal": fault(CodeNotFound, "gone")})
	var events []TraceEvent
	sh := srv.shell(t, func(cfg *Config) { cfg.Trace = func(e TraceEvent) { events = append(events, e) } })
	_ = sh.Signal(context.Background(), uuid.New(), SignalCtrlC)
	if len(events) != 2 {
		t.Fatalf("%d events", len(events))
	}
	e := events[1]
	if e.Operation != "Signal" || e.Fault != CodeNotFound || e.Status != 500 || e.ShellID != testShellID || e.CommandID == "" || e.Sent == 0 || e.Received == 0 || e.MessageID == "" {
		t.Errorf("%+v", e)
	}
}

// TestIdleProxy: a proxy that cuts a Receive parked for long may do so as often
// as it likes.
func TestIdleProxy(t *testing.T) {
	var n counter
	srv := newServer(t, map[string]answer{"Receive": func(w http.ResponseWriter, r *request) {
		if n.add() <= 3*receiveRetries {
			panic(http.ErrAbortHandler)
		}
		received("")(w, r)
	}})
	sh := srv.shell(t)
	sh.c.parkedLong = 0 // every Receive counts as parked for long
	if _, err := sh.Receive(context.Background(), uuid.Nil); err != nil {
		t.Errorf("after %d requests: %v", n.value(), err)
	}
}

// TestSilence: a server that says nothing beyond the operation time-out counts
// as lost.
func TestSilence(t *testing.T) {
	srv := newServer(t, map[string]answer{"Signal": func(_ http.ResponseWriter, r *request) { <-r.http.Context().Done() }})
	sh := srv.shell(t, func(cfg *Config) { cfg.CancelTimeout = time.Millisecond })
	sh.c.grace = 20 * time.Millisecond
	err := sh.Signal(context.Background(), uuid.New(), SignalCtrlC)
	if _, ok := errors.AsType[*TransportError](err); !ok || !errors.Is(err, errSilent) {
		t.Errorf("got %v", err)
	}
}
