package wsman

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// ConnInfo is what a server has shown of itself on a new connection.
type ConnInfo struct {
	TLS     *tls.ConnectionState // nil over plain http
	Offered []string             // the schemes of its WWW-Authenticate
}

// SecurityContext authenticates one connection and seals what goes over it.
// Its methods are called one at a time.
type SecurityContext interface {
	// Scheme is the word before the token in Authorization, Protocol the media
	// type of sealed bodies ([MS-WSMV] 2.2.9.1).
	Scheme() string
	Protocol() string
	// Step takes the server's token and gives the next; the server's is nil at
	// first, and where it has refused.
	Step(ctx context.Context, token []byte) ([]byte, error)
	// Finish takes the token that came with the server's consent, nil for none.
	Finish(ctx context.Context, token []byte) error
	// Seal encrypts the next message, Unseal decrypts the server's.
	Seal(plain []byte) (header, data []byte, err error)
	Unseal(header, data []byte) ([]byte, error)
}

// SecurityError says that something on a connection is not what the server
// sealed or had to seal. Nothing of it was believed, and the connection is
// dropped.
type SecurityError struct {
	Operation string
	Msg       string
	Err       error // may be nil
}

func (e *SecurityError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("wsman: %s: %s: %v", e.Operation, e.Msg, e.Err)
	}
	return fmt.Sprintf("wsman: %s: %s", e.Operation, e.Msg)
}

func (e *SecurityError) Unwrap() error { return e.Err }

const (
	maxLegs      = 8 // of a handshake
	maxSchemes   = 16
	maxHandshake = 60 * time.Second
)

// pinned marks a request that may only ride the connection that is there: the
// context of another one would not fit.
type pinned struct{}

// errLeft is a pinned request without its connection. Nothing was sent.
var errLeft = errors.New("the connection is gone")

// guarded is a dialer that opens no connection for a pinned request.
func guarded(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if ctx.Value(pinned{}) != nil {
			return nil, errLeft
		}
		return dial(ctx, network, addr)
	}
}

// drop closes a lane's connection and forgets the context that went with it.
func (ln *lane) drop() {
	ln.security = nil
	ln.transport.CloseIdleConnections()
}

// attemptSecured posts the request over an authenticated connection. A request
// on a connection that the server does not know any more, or that it had closed,
// was not looked at: it goes out once more, after a new handshake.
func (c *Client) attemptSecured(ctx context.Context, ln *lane, call *call, attempt int, read func(*scanner) error) error {
	asked := 0
	for tries := 1; ; tries++ {
		if ln.security == nil {
			if err := c.handshake(ctx, ln, call); err != nil {
				ln.drop()
				return err
			}
		}
		res, err := c.postSecured(ctx, ln, call, attempt)
		switch {
		case errors.Is(err, errLeft) && tries <= maxLegs:
			ln.drop()
			continue
		case err != nil:
			ln.drop()
			return err
		}
		if unauthenticated(ln, res) {
			ln.drop()
			if asked++; asked <= 1 {
				if res.status != http.StatusUnauthorized {
					c.trace(res.event)
				}
				continue
			}
			if res.status == http.StatusUnauthorized {
				return newAuthError(res, res.header.Values("WWW-Authenticate"))
			}
		}
		return c.takeSecured(ln, res, call, read)
	}
}

// unauthenticated tells an answer of a server that does not know who asks: it
// says so, or cannot read what is sealed.
func unauthenticated(ln *lane, res result) bool {
	return res.status == http.StatusUnauthorized ||
		res.status == http.StatusBadRequest && len(res.body) == 0 && ln.seals
}

// postSecured sends the request, sealed on plain http.
func (c *Client) postSecured(ctx context.Context, ln *lane, call *call, attempt int) (result, error) {
	out := outgoing{body: call.body, contentType: c.contentType(), pinned: true}
	if ln.seals {
		var err error
		if out.body, err = sealBody(ln.security, call.body, c.contentType()); err != nil {
			return result{}, &SecurityError{Operation: call.operation, Msg: "the request cannot be sealed", Err: err}
		}
		out.contentType = sealedType(ln.security.Protocol())
	}
	return c.post(ctx, ln, call, attempt, out)
}

// takeSecured takes an answer; one in clear on a sealed connection is believed
// in nothing but that it is a failure.
func (c *Client) takeSecured(ln *lane, res result, call *call, read func(*scanner) error) error {
	if !ln.seals {
		return c.take(res, call, read)
	}
	if mediaType(res.header) != typeSealed {
		ln.drop()
		c.trace(res.event)
		if isSOAP(res.header) || res.status < http.StatusBadRequest {
			return &SecurityError{Operation: call.operation, Msg: fmt.Sprintf("the answer came in clear (HTTP %d) where it had to be sealed", res.status)}
		}
		return newHTTPError(res)
	}
	plain, contentType, err := unsealBody(ln.security, res.body, res.header)
	if err != nil {
		ln.drop()
		c.trace(res.event)
		return &SecurityError{Operation: call.operation, Msg: "the answer is not what the server sealed", Err: err}
	}
	res.body, res.header = plain, http.Header{"Content-Type": {contentType}}
	return c.take(res, call, read)
}

// handshake opens a lane's connection and authenticates it. Its requests have no
// body; the first asks what the server offers and shows its certificate.
func (c *Client) handshake(ctx context.Context, ln *lane, call *call) error {
	ctx, cancel := context.WithTimeoutCause(ctx, maxHandshake, errSilent)
	defer cancel()
	res, err := c.leg(ctx, ln, call, outgoing{})
	if err != nil {
		return err
	}
	if res.status != http.StatusUnauthorized {
		return c.notAsked(res, call)
	}
	security, err := c.cfg.Secure(ctx, ConnInfo{TLS: res.tls, Offered: schemes(res.header)})
	if err != nil {
		return fmt.Errorf("wsman: %s: %w", call.operation, err)
	}
	var token []byte
	for range maxLegs {
		out, err := security.Step(ctx, token)
		if err != nil {
			return fmt.Errorf("wsman: %s: %w", call.operation, err)
		}
		authorization := security.Scheme() + " " + base64.StdEncoding.EncodeToString(out)
		if res, err = c.leg(ctx, ln, call, outgoing{authorization: authorization, pinned: true}); err != nil {
			return err
		}
		if token, err = tokenOf(res.header, security.Scheme()); err != nil {
			return &SecurityError{Operation: call.operation, Msg: "authenticating", Err: err}
		}
		switch {
		case res.status/100 == 2:
			c.trace(res.event)
			if err := security.Finish(ctx, token); err != nil {
				return fmt.Errorf("wsman: %s: %w", call.operation, err)
			}
			ln.security, ln.seals = security, res.tls == nil
			return nil
		case res.status != http.StatusUnauthorized:
			return c.take(res, call, nil)
		}
	}
	return &SecurityError{Operation: call.operation, Msg: "the handshake does not end"}
}

// notAsked makes an error of an answer to a request without credentials that is
// no question for them.
func (c *Client) notAsked(res result, call *call) error {
	if res.status/100 == 2 {
		c.trace(res.event)
		return &SecurityError{Operation: call.operation, Msg: fmt.Sprintf("the server does not ask who is there (HTTP %d)", res.status)}
	}
	return c.take(res, call, nil)
}

// leg is one exchange of a handshake. The request that the handshake is for was
// not sent, whatever becomes of it.
func (c *Client) leg(ctx context.Context, ln *lane, call *call, out outgoing) (result, error) {
	hello := *call
	hello.operation, hello.messageID, hello.timeout = "Authenticate", "", 0
	res, err := c.post(ctx, ln, &hello, 1, out)
	if lost, ok := errors.AsType[*TransportError](err); ok {
		return res, &TransportError{Operation: call.operation, Err: lost.Err}
	}
	return res, err
}

// schemes are the names of what a server offers.
func schemes(h http.Header) []string {
	var names []string
	for _, v := range h.Values("WWW-Authenticate") {
		name, _, _ := strings.Cut(strings.TrimSpace(v), " ")
		if name = cleanText(name, 32); name != "" && len(names) < maxSchemes {
			names = append(names, name)
		}
	}
	return names
}

// tokenOf is the token of a scheme in a server's answer, nil where there is none.
func tokenOf(h http.Header, scheme string) ([]byte, error) {
	for _, v := range h.Values("WWW-Authenticate") {
		name, token, _ := strings.Cut(strings.TrimSpace(v), " ")
		if token = strings.TrimSpace(token); !strings.EqualFold(name, scheme) || token == "" {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			return nil, fmt.Errorf("the server's token is not base64: %w", err)
		}
		return b, nil
	}
	return nil, nil
}
