package session_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab/endpoint"
)

const (
	edge        = "--Encrypted Boundary"
	kerberosTyp = "application/HTTP-Kerberos-session-encrypted"
)

// kerberosGate stands before an endpoint, with MIT's Kerberos for what it takes
// and gives.
type kerberosGate struct {
	mu     sync.Mutex
	peer   *acceptor
	host   string
	next   http.Handler
	known  map[string]string // who is at an address
	sealed int               // requests
}

func (g *kerberosGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	who, authenticated := g.handshake(w, r)
	if !authenticated {
		return
	}
	at, tail := bytes.LastIndex(body, []byte("octet-stream\r\n")), []byte(edge+"--\r\n")
	if at < 0 || !bytes.Contains(body[:at], []byte("Content-Type: "+kerberosTyp)) || !bytes.HasSuffix(body, tail) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	body = body[at+len("octet-stream\r\n") : len(body)-len(tail)]
	n := 4 + binary.LittleEndian.Uint32(body)
	plain := g.say(word{ID: r.RemoteAddr, Op: "unseal", Header: body[4:n], Data: body[n:]})
	if plain.Error != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	inner := r.Clone(r.Context())
	inner.Body, inner.ContentLength = io.NopCloser(bytes.NewReader(plain.Plain)), int64(len(plain.Plain))
	inner.Header.Set("X-User", who)
	rec := httptest.NewRecorder()
	g.next.ServeHTTP(rec, inner)
	g.answer(w, r, rec)
}

func (g *kerberosGate) answer(w http.ResponseWriter, r *http.Request, rec *httptest.ResponseRecorder) {
	sealed := g.say(word{ID: r.RemoteAddr, Op: "seal", Plain: rec.Body.Bytes()})
	g.mu.Lock()
	g.sealed++
	g.mu.Unlock()
	b := fmt.Appendf(nil, "%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n%[1]s\r\n\tContent-Type: application/octet-stream\r\n",
		edge, kerberosTyp, rec.Body.Len())
	b = binary.LittleEndian.AppendUint32(b, uint32(len(sealed.Header)))
	b = append(append(append(b, sealed.Header...), sealed.Data...), edge+"--\r\n"...)
	w.Header().Set("Content-Type", `multipart/encrypted;protocol="`+kerberosTyp+`";boundary="Encrypted Boundary"`)
	w.WriteHeader(rec.Code)
	_, _ = w.Write(b)
}

func (g *kerberosGate) say(w word) word {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peer.say(w)
}

// handshake answers a request with a token, or without authentication.
func (g *kerberosGate) handshake(w http.ResponseWriter, r *http.Request) (who string, authenticated bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Kerberos ")
	g.mu.Lock()
	who, authenticated = g.known[r.RemoteAddr]
	g.mu.Unlock()
	if authenticated && !ok {
		return who, true
	}
	in, err := base64.StdEncoding.DecodeString(token)
	if !ok || err != nil {
		w.Header().Add("WWW-Authenticate", "Negotiate")
		w.Header().Add("WWW-Authenticate", "Kerberos")
		w.WriteHeader(http.StatusUnauthorized)
		return "", false
	}
	g.say(word{ID: r.RemoteAddr, Op: "start", Protocol: "kerberos", Host: g.host})
	answer := g.say(word{ID: r.RemoteAddr, Op: "step", Token: in})
	if !answer.Complete {
		w.Header().Add("WWW-Authenticate", "Kerberos")
		w.WriteHeader(http.StatusUnauthorized)
		return "", false
	}
	g.mu.Lock()
	g.known[r.RemoteAddr] = answer.Client
	g.mu.Unlock()
	w.Header().Set("WWW-Authenticate", "Kerberos "+base64.StdEncoding.EncodeToString(answer.Token))
	return "", false
}

// kerberosSession opens a session, runs and closes it, sealed by Kerberos.
func kerberosSession(t *testing.T, r *realms, a *acceptor) {
	t.Setenv("KRB5_CONFIG", r.krb5)
	const host = "sha1-256.b.example"
	server := endpoint.New(endpoint.Config{Authenticate: func(r *http.Request) (endpoint.Identity, error) {
		return endpoint.Identity{User: r.Header.Get("X-User")}, nil
	}})
	defer server.Close()
	gate := &kerberosGate{peer: a, host: host, next: server, known: map[string]string{}}
	web := httptest.NewServer(gate)
	defer web.Close()
	w := &windows{Server: web, conns: map[string]*watchedConn{}}
	connector := session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{Dial: w.dial}})
	s, err := connector.Connect(t.Context(), session.Target{
		UserName: "admin@a.example", Authentication: "kerberos", OverridePowerShellURI: "http://" + host + ":5985/wsman",
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(kerberosPassword), nil },
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out, res := output(t, s, "New-LabObject -Count 3000"); len(out) != 3000 || res.Outcome != session.Completed {
		t.Errorf("%d objects, %+v", len(out), res)
	}
	var users []string
	for _, sh := range server.Shells() {
		users = append(users, sh.User)
	}
	if !slices.Equal(users, []string{"admin@A.EXAMPLE"}) {
		t.Errorf("shells of %q", users)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	gate.mu.Lock()
	sealed := gate.sealed
	gate.mu.Unlock()
	if sealed == 0 || len(server.Shells()) != 0 {
		t.Errorf("%d sealed requests, %d shells are left", sealed, len(server.Shells()))
	}
}
