package wsman

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/internal/vectors"
)

// seal is a stand-in for a mechanism: it numbers messages and turns their bits
// over. A message of another connection, or out of order, does not fit.
type seal struct {
	id       string
	out, in  int
	finished bool
}

func (s *seal) Scheme() string   { return "Negotiate" }
func (s *seal) Protocol() string { return "application/HTTP-SPNEGO-session-encrypted" }

var errRefused = errors.New("refused")

func (s *seal) Step(_ context.Context, token []byte) ([]byte, error) {
	switch {
	case s.id == "":
		s.id = "?"
		return []byte("hello"), nil
	case token == nil:
		return nil, errRefused
	}
	s.id = string(token)
	return append([]byte("I am "), token...), nil
}

func (s *seal) Finish(_ context.Context, token []byte) error {
	s.finished = true
	if string(token) != "welcome" {
		return errors.New("no welcome")
	}
	return nil
}

func flip(b []byte) []byte {
	c := bytes.Clone(b)
	for i := range c {
		c[i] ^= 0xff
	}
	return c
}

func (s *seal) Seal(plain []byte) ([]byte, []byte, error) {
	s.out++
	return fmt.Appendf(nil, "%s %9d", s.id, s.out), flip(plain), nil
}

func (s *seal) Unseal(header, data []byte) ([]byte, error) {
	s.in++
	if string(header) != fmt.Sprintf("%s %9d", s.id, s.in) {
		return nil, errors.New("not the next message")
	}
	return flip(data), nil
}

// gate is the server's side of the stand-in, before a server of this package's
// tests.
type gate struct {
	next  http.Handler
	conns map[string]*seal // by the client's address
	n     int
	empty int                                       // requests without a body
	forge func(w http.ResponseWriter, s *seal) bool // answers in the server's place
	blank bool
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s := g.conns[r.RemoteAddr]
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Negotiate "); ok || s == nil {
		g.shake(w, r, token)
		return
	}
	if g.forge != nil && g.forge(w, s) {
		return
	}
	plain, contentType, err := unsealBody(s, body, r.Header)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(plain))
	inner.Header.Set("Content-Type", contentType)
	g.next.ServeHTTP(&gateWriter{w, s, g.blank, 200}, inner)
}

func (g *gate) shake(w http.ResponseWriter, r *http.Request, token string) {
	g.empty++
	text, _ := base64.StdEncoding.DecodeString(token)
	answer := ""
	switch id, ok := strings.CutPrefix(string(text), "I am "); {
	case string(text) == "hello":
		g.n++
		answer = " " + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "connection-%d", g.n))
	case ok:
		g.conns[r.RemoteAddr] = &seal{id: id}
		w.Header().Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString([]byte("welcome")))
		return
	}
	w.Header().Add("WWW-Authenticate", "Negotiate"+answer)
	w.Header().Add("WWW-Authenticate", "Kerberos")
	w.WriteHeader(http.StatusUnauthorized)
}

type gateWriter struct {
	http.ResponseWriter
	seal   *seal
	blank  bool
	status int
}

func (w *gateWriter) WriteHeader(status int) { w.status = status }

func (w *gateWriter) Write(b []byte) (int, error) {
	body, _ := sealBody(w.seal, b, "application/soap+xml;charset=UTF-8")
	if w.blank {
		body = bytes.ReplaceAll(body, []byte("--Encrypted"), []byte("-- Encrypted"))
	}
	w.Header().Set("Content-Type", sealedType(w.seal.Protocol()))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.ResponseWriter.WriteHeader(w.status)
	_, err := w.ResponseWriter.Write(body)
	return len(b), err
}

func newGate(t *testing.T, on map[string]answer) (*gate, *server, *Shell) {
	t.Helper()
	srv := newServer(t, on)
	g := &gate{next: srv, conns: map[string]*seal{}}
	srv.Config.Handler = g
	sh := srv.shell(t, func(cfg *Config) {
		cfg.Authorize = nil
		cfg.Secure = func(_ context.Context, conn ConnInfo) (SecurityContext, error) {
			if fmt.Sprint(conn.Offered) != "[Negotiate Kerberos]" || conn.TLS != nil {
				t.Errorf("%+v", conn)
			}
			return &seal{}, nil
		}
	})
	return g, srv, sh
}

// TestSealed: a handshake of three requests without a body, once for a
// connection; then every exchange is sealed.
func TestSealed(t *testing.T) {
	for _, blank := range []bool{false, true} {
		g, srv, sh := newGate(t, map[string]answer{"Signal": fault(CodeNotFound, "gone")})
		g.blank = blank
		ctx := context.Background()
		for range 3 {
			if _, err := sh.Command(ctx, uuid.New(), "", []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		var f *Fault
		if err := sh.Signal(ctx, uuid.New(), SignalCtrlC); !errors.As(err, &f) || f.Code != CodeNotFound {
			t.Errorf("a sealed fault is %v", err)
		}
		if len(srv.requests("Command")) != 3 || g.empty != 3 {
			t.Errorf("%d commands, %d requests without a body", len(srv.requests("Command")), g.empty)
		}
	}
}

// TestAuthenticatedAnew: a server that does not know a connection any more, and
// says so with 401 or cannot read what is sealed, gets the request once more.
func TestAuthenticatedAnew(t *testing.T) {
	for _, status := range []int{401, 400} {
		g, srv, sh := newGate(t, nil)
		times := 1
		g.forge = func(w http.ResponseWriter, _ *seal) bool {
			if times == 0 {
				return false
			}
			times--
			w.WriteHeader(status)
			return true
		}
		ctx := context.Background()
		if _, err := sh.Command(ctx, uuid.New(), "", []byte("x")); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		times = 2
		_, err := sh.Command(ctx, uuid.New(), "", []byte("x"))
		var denied *AuthError
		var page *HTTPError
		if !errors.As(err, &denied) && !errors.As(err, &page) {
			t.Errorf("%d twice: %v", status, err)
		}
		if n := len(srv.requests("Command")); n != 1 {
			t.Errorf("%d: %d commands", status, n)
		}
		if _, err := sh.Command(ctx, uuid.New(), "", []byte("x")); err != nil {
			t.Errorf("after %d: %v", status, err)
		}
	}
}

// TestForged: what is not sealed as it should be is not believed, and its
// connection is not used again.
func TestForged(t *testing.T) {
	clear := envelope("", `<rsp:SignalResponse/>`)
	write := func(contentType string, status int, body []byte) func(http.ResponseWriter, *seal) bool {
		return func(w http.ResponseWriter, _ *seal) bool {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write(body)
			return true
		}
	}
	sealed := func(change func([]byte) []byte) func(http.ResponseWriter, *seal) bool {
		return func(w http.ResponseWriter, s *seal) bool {
			s.in++
			body, _ := sealBody(s, []byte(clear), "application/soap+xml;charset=UTF-8")
			return write(sealedType(s.Protocol()), 200, change(body))(w, s)
		}
	}
	replace := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	tests := map[string]func(http.ResponseWriter, *seal) bool{
		"in clear":         write("application/soap+xml", 200, []byte(clear)),
		"a fault in clear": write("application/soap+xml", 500, []byte(clear)),
		"nothing":          write("", 200, nil),
		"a redirect": func(w http.ResponseWriter, _ *seal) bool {
			w.Header().Set("Location", "https://evil.example/")
			w.WriteHeader(302)
			return true
		},
		"another number":    sealed(replace("        2", "        3")),
		"another length":    sealed(replace("Length=", "Length=1")),
		"no length":         sealed(replace(";Length", ";length_")),
		"no end":            sealed(func(b []byte) []byte { return b[:len(b)-6] }),
		"no boundary":       sealed(func(b []byte) []byte { return b[10:] }),
		"a header too long": sealed(replace("\x16\x00\x00\x00", "\xff\xff\xff\x7f")),
		"empty":             sealed(func([]byte) []byte { return nil }),
	}
	for name, forge := range tests {
		t.Run(name, func(t *testing.T) {
			g, srv, sh := newGate(t, nil)
			g.forge = forge
			err := sh.Signal(context.Background(), uuid.New(), SignalCtrlC)
			var e *SecurityError
			if !errors.As(err, &e) {
				t.Errorf("%v", err)
			}
			g.forge = nil
			if err := sh.Signal(context.Background(), uuid.New(), SignalCtrlC); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if n := len(srv.requests("Signal")); n != 1 || g.n != 2 {
				t.Errorf("%d signals over %d connections", n, g.n)
			}
		})
	}
}

// TestSealedPage: a proxy's page is a failure as ever.
func TestSealedPage(t *testing.T) {
	g, _, sh := newGate(t, nil)
	g.forge = func(w http.ResponseWriter, _ *seal) bool {
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return true
	}
	var page *HTTPError
	if err := sh.Signal(context.Background(), uuid.New(), SignalCtrlC); !errors.As(err, &page) || page.Status != 503 {
		t.Errorf("%v", err)
	}
}

// TestHandshakeFails: the request that it was for was not sent.
func TestHandshakeFails(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"everybody may come in": func(http.ResponseWriter, *http.Request) {},
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", "Negotiate")
			w.WriteHeader(401)
		},
		"for ever": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", "Negotiate QUJD")
			w.WriteHeader(401)
		},
		"garbage": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", "Negotiate ***")
			w.WriteHeader(401)
		},
		"a redirect": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.example/")
			w.WriteHeader(302)
		},
		"a page": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) },
		"cut":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, nil)
			srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 0 {
					t.Error("a request with a body")
				}
				handler(w, r)
			})
			c := srv.client(t, func(cfg *Config) {
				cfg.Authorize = nil
				cfg.Secure = func(context.Context, ConnInfo) (SecurityContext, error) { return &seal{}, nil }
			})
			_, err := c.Create(context.Background(), ShellRequest{})
			if err == nil {
				t.Fatal("opened")
			}
			var lost *TransportError
			if errors.As(err, &lost) && lost.MaybeReceived {
				t.Errorf("%v: counted as received", err)
			}
		})
	}
}

// ntlmSignature is as long as NTLM's signatures are.
type ntlmSignature struct{ seal }

func (*ntlmSignature) Seal(plain []byte) ([]byte, []byte, error) {
	return make([]byte, 16), flip(plain), nil
}

// TestVectorSealedSizes: the recorded client sealed the recorded envelopes as
// this one does. Each stands in the recording with another address than it was
// sent to, which makes each longer by the same number of bytes.
func TestVectorSealedSizes(t *testing.T) {
	n := 0
	for _, file := range vectorFiles(t) {
		longer := map[int]bool{}
		for _, rec := range vectors.Records[recording](t, file) {
			if rec.ReqBody == "" || !strings.HasPrefix(rec.ReqHeaders["Content-Type"], typeSealed) {
				continue
			}
			if got := sealedType("application/HTTP-SPNEGO-session-encrypted"); got != rec.ReqHeaders["Content-Type"] {
				t.Errorf("exchange %d: %s, recorded is %s", rec.Seq, got, rec.ReqHeaders["Content-Type"])
			}
			body, err := sealBody(&ntlmSignature{}, []byte(rec.ReqBody), "application/soap+xml;charset=UTF-8")
			size, _ := strconv.Atoi(rec.ReqHeaders["Content-Length"])
			if err != nil {
				t.Error(err)
			}
			longer[len(body)-size] = true
			n++
		}
		if len(longer) > 1 {
			t.Errorf("%s: sealed by ours they are longer by %v", filepath.Base(file), longer)
		}
	}
	if n == 0 {
		t.Skip("no recording of a sealed session")
	}
}

func FuzzUnseal(f *testing.F) {
	body, _ := sealBody(&seal{id: "x"}, []byte("<e/>"), "application/soap+xml;charset=UTF-8")
	f.Add(body)
	f.Add(bytes.ReplaceAll(body, []byte("--E"), []byte("-- E")))
	f.Add(append(bytes.TrimSuffix(bytes.Clone(body), []byte("--Encrypted Boundary--\r\n")), body...))
	h := http.Header{"Content-Type": {sealedType("x")}}
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, _, err := unsealBody(&seal{id: "x"}, b, h)
		if err == nil && len(plain) > len(b) {
			t.Errorf("%d bytes out of %d", len(plain), len(b))
		}
	})
}
