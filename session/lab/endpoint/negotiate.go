package endpoint

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"psdeck/auth/negotiate/ntlm"
	"psdeck/auth/negotiate/spnego"
)

// Negotiate stands before a server and lets in who proves a password by NTLM,
// by itself or inside SPNEGO (RFC 4559): each connection once. Over plain http
// it takes sealed bodies only, and seals the answers ([MS-WSMV] 2.2.9.1). Give
// the HTTP server its ConnContext and ConnState.
type Negotiate struct {
	// Next gets the requests in clear; [Authenticated] is its Authenticate.
	Next http.Handler
	// Password looks up an account as the client names it.
	Password func(user, domain string) (password string, id Identity, ok bool)
	// Bindings is the hash of the channel bindings of this server's TLS; nil
	// checks none. Strict is CbtHardeningLevel=Strict: a client that shows no
	// bindings is refused.
	Bindings []byte
	Strict   bool
	// BindingsOf stands in for Bindings where certificates differ by name.
	BindingsOf func(*tls.ConnectionState) []byte
	// Offer are the challenges; default Negotiate alone.
	Offer []string
	// Others lets requests that neither negotiate nor are sealed reach Next as they
	// are, which then answers for them: a server that takes Basic beside Negotiate.
	Others bool
	// Observe is told of each handshake that ended, and why where that was badly; may
	// be nil.
	Observe func(r *http.Request, id Identity, err error)

	mu       sync.Mutex
	switches NegotiateSwitches
	conns    map[net.Conn]*secured
	served   NegotiateCounts
}

// NegotiateSwitches are misbehaviours that clients must bear or find out.
type NegotiateSwitches struct {
	// BadRequest answers a sealed request on a connection that is not
	// authenticated with 400 and nothing, in place of 401.
	BadRequest bool
	// Blank writes a blank before the boundary's name, as Exchange does.
	Blank bool
	// Clear answers sealed requests in clear; Tamper alters a bit of each sealed
	// answer; Repeat seals each answer twice and sends the second.
	Clear, Tamper, Repeat bool
	// NoAnswer leaves the first word of a handshake without an answer to it.
	NoAnswer bool
}

// NegotiateCounts tells what was done so far.
type NegotiateCounts struct {
	Handshakes int // that ended well
	Refused    int // that did not
	Sealed     int // requests that came sealed and were read
}

// secured is the security of one connection.
type secured struct {
	conn     net.Conn
	idle     bool
	acceptor *ntlm.Acceptor
	spnego   *spnego.Acceptor
	accepted *ntlm.Accepted
	identity Identity
}

type (
	connKey     struct{}
	identityKey struct{}
)

// Authenticated gives who a [Negotiate] let in.
func Authenticated(r *http.Request) (Identity, error) {
	id, ok := r.Context().Value(identityKey{}).(Identity)
	if !ok {
		return Identity{}, errors.New("not authenticated")
	}
	return id, nil
}

// ConnContext tells connections apart.
func (n *Negotiate) ConnContext(ctx context.Context, conn net.Conn) context.Context {
	c := &secured{conn: conn}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns == nil {
		n.conns = map[net.Conn]*secured{}
	}
	n.conns[conn] = c
	return context.WithValue(ctx, connKey{}, c)
}

// ConnState follows which connections are idle.
func (n *Negotiate) ConnState(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.conns[conn]; c != nil {
		c.idle = state == http.StateIdle
	}
	if state == http.StateClosed || state == http.StateHijacked {
		delete(n.conns, conn)
	}
}

// SetSwitches changes how the server misbehaves from now on.
func (n *Negotiate) SetSwitches(s NegotiateSwitches) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.switches = s
}

// Counts tells what was done so far.
func (n *Negotiate) Counts() NegotiateCounts {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.served
}

// Forget takes their identity from all connections, which stay open. A handshake
// under way goes on.
func (n *Negotiate) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		c.accepted = nil
	}
}

// DropIdle closes the connections that nothing is asked on, and gives the
// addresses of their clients.
func (n *Negotiate) DropIdle() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var dropped []string
	for _, c := range n.conns {
		if c.idle {
			dropped = append(dropped, c.conn.RemoteAddr().String())
			_ = c.conn.Close()
		}
	}
	return dropped
}

// ServeHTTP answers one request.
func (n *Negotiate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connKey{}).(*secured)
	if !ok {
		http.Error(w, "ConnContext is not set", http.StatusInternalServerError)
		return
	}
	n.mu.Lock()
	accepted, sw := c.accepted, n.switches
	n.mu.Unlock()
	sealed := isSealed(r.Header)
	known := accepted != nil && r.TLS != nil // then nothing tells a request of it
	switch {
	case n.Others && !sealed && !known && !negotiates(r.Header):
		n.Next.ServeHTTP(w, r)
	case r.Header.Get("Authorization") != "":
		n.handshake(w, r, c)
	case accepted == nil && sealed && sw.BadRequest:
		w.WriteHeader(http.StatusBadRequest)
	case accepted == nil:
		n.challenge(w, r)
	default:
		n.serve(w, r, c, accepted, sw)
	}
}

// negotiates tells whether a request brings a token of a handshake.
func negotiates(h http.Header) bool {
	scheme, _, _ := strings.Cut(h.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Negotiate") || strings.EqualFold(scheme, "NTLM")
}

// challenge answers with 401. The body is read, so that the connection stays.
func (n *Negotiate) challenge(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
	offer := n.Offer
	if offer == nil {
		offer = []string{"Negotiate"}
	}
	for _, o := range offer {
		w.Header().Add("WWW-Authenticate", o)
	}
	w.WriteHeader(http.StatusUnauthorized)
}

// handshake takes a client's token. A request that brings the last one is
// answered with 200 and nothing where it has no body, and served where it has.
func (n *Negotiate) handshake(w http.ResponseWriter, r *http.Request, c *secured) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || !negotiates(r.Header) {
		n.challenge(w, r)
		return
	}
	answer, done, err := n.step(r, c, token)
	if n.Observe != nil && (done || err != nil) {
		n.Observe(r, c.identity, err)
	}
	n.mu.Lock()
	sw := n.switches
	switch {
	case err != nil:
		n.served.Refused++
		c.acceptor, c.spnego, c.accepted = nil, nil, nil
	case done:
		n.served.Handshakes++
	}
	accepted := c.accepted
	n.mu.Unlock()
	if err != nil {
		n.challenge(w, r)
		return
	}
	if answer != nil && !sw.NoAnswer {
		w.Header().Set("WWW-Authenticate", scheme+" "+base64.StdEncoding.EncodeToString(answer))
	}
	switch {
	case !done:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
		w.WriteHeader(http.StatusUnauthorized)
	case r.ContentLength == 0:
		w.WriteHeader(http.StatusOK)
	default:
		n.serve(w, r, c, accepted, sw)
	}
}

// step answers a token, which is NTLM's or SPNEGO's.
func (n *Negotiate) step(r *http.Request, c *secured, token []byte) (answer []byte, done bool, err error) {
	ctx := r.Context()
	if c.acceptor == nil {
		bindings := n.Bindings
		if n.BindingsOf != nil && r.TLS != nil {
			bindings = n.BindingsOf(r.TLS)
		}
		n.mu.Lock()
		c.accepted = nil
		n.mu.Unlock()
		c.acceptor = &ntlm.Acceptor{
			Computer: "LAB", Domain: "LAB", Now: time.Now, Bindings: bindings, BindingsNeeded: n.Strict,
			Password: func(user, domain string) (string, bool) {
				password, id, ok := n.Password(user, domain)
				c.identity = id
				return password, ok
			},
		}
	}
	mech := &acceptorMechanism{c: c, mu: &n.mu}
	if ntlm.IsMessage(token) {
		answer, err = mech.Step(ctx, token)
		return answer, mech.Complete(), err
	}
	if c.spnego == nil {
		c.spnego = spnego.NewAcceptor(mech)
	}
	return c.spnego.Step(ctx, token)
}

// serve lets a request through, unsealed where it came sealed.
func (n *Negotiate) serve(w http.ResponseWriter, r *http.Request, c *secured, accepted *ntlm.Accepted, sw NegotiateSwitches) {
	ctx := context.WithValue(r.Context(), identityKey{}, c.identity)
	if r.TLS != nil {
		n.Next.ServeHTTP(w, r.WithContext(ctx))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	plain, protocol, err := unseal(accepted.Session, body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest) // in clear, or altered
		return
	}
	n.mu.Lock()
	n.served.Sealed++
	n.mu.Unlock()
	clear := r.Clone(ctx)
	clear.Body, clear.ContentLength = io.NopCloser(bytes.NewReader(plain)), int64(len(plain))
	clear.Header.Del("Accept-Encoding")
	clear.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	n.Next.ServeHTTP(&sealingWriter{ResponseWriter: w, session: accepted.Session, protocol: protocol, switches: sw}, clear)
}

// sealingWriter seals the answer that is written to it in one piece.
type sealingWriter struct {
	http.ResponseWriter
	session  *ntlm.Session
	protocol string
	switches NegotiateSwitches
	status   int
}

// Unwrap lets whoever wants to cut the connection have it.
func (w *sealingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *sealingWriter) WriteHeader(status int) {
	w.status = status
	if !w.seals() {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *sealingWriter) seals() bool {
	return !w.switches.Clear && strings.HasPrefix(w.Header().Get("Content-Type"), "application/soap+xml")
}

func (w *sealingWriter) Write(b []byte) (int, error) {
	if !w.seals() {
		return w.ResponseWriter.Write(b)
	}
	if w.switches.Repeat {
		w.session.Seal(b)
	}
	contentType := w.Header().Get("Content-Type")
	body := seal(w.session, b, contentType, w.protocol, w.switches)
	declared, err := strconv.Atoi(w.Header().Get("Content-Length"))
	if err != nil || declared < len(b) {
		declared = len(b)
	}
	// A half of an answer stays one: the rest never comes.
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+declared-len(b)))
	w.Header().Set("Content-Type", sealedType(w.protocol))
	w.ResponseWriter.WriteHeader(w.status)
	if _, err := w.ResponseWriter.Write(body); err != nil {
		return 0, err
	}
	return len(b), nil
}
