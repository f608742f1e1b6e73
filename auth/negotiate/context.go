package negotiate

import (
	"context"

	"psdeck/auth/negotiate/spnego"
)

// Media types of sealed bodies ([MS-WSMV] 2.2.9.1).
const (
	ProtocolSPNEGO   = "application/HTTP-SPNEGO-session-encrypted"
	ProtocolKerberos = "application/HTTP-Kerberos-session-encrypted"
)

// Schemes of the Authorization header.
const (
	SchemeNegotiate = "Negotiate"
	SchemeKerberos  = "Kerberos"
	SchemeNTLM      = "NTLM"
)

// Context is the security of one connection. Its methods may not be called
// concurrently.
type Context struct {
	scheme  string
	how     negotiation
	refused func() error
	explain func(error) error
	began   bool
}

// negotiation is a mechanism by itself, or SPNEGO around some.
type negotiation interface {
	Step(ctx context.Context, token []byte) ([]byte, error)
	Finish(ctx context.Context, token []byte) error
	mechanism() sealer
}

// sealer seals with the keys that were agreed on.
type sealer interface {
	Seal(plain []byte) (header, data []byte, err error)
	Unseal(header, data []byte) ([]byte, error)
}

// Scheme is the word in the Authorization header before the token.
func (c *Context) Scheme() string { return c.scheme }

// Protocol is the media type of sealed bodies.
func (c *Context) Protocol() string {
	if c.scheme == SchemeKerberos {
		return ProtocolKerberos
	}
	return ProtocolSPNEGO
}

// Step takes the server's token, nil at first, and gives the next.
func (c *Context) Step(ctx context.Context, token []byte) ([]byte, error) {
	if token == nil && c.began {
		return nil, c.refused()
	}
	c.began = true
	out, err := c.how.Step(ctx, token)
	if err == nil && out == nil {
		err = &spnego.Error{Msg: "the server asks for more than there is to say"}
	}
	return out, c.explain(err)
}

// Finish takes the token that came with the server's consent, nil where there
// was none. Messages can be sealed from then on.
func (c *Context) Finish(ctx context.Context, token []byte) error {
	return c.explain(c.how.Finish(ctx, token))
}

// Seal encrypts a message for the server: what goes before it, and the message.
func (c *Context) Seal(plain []byte) (header, data []byte, err error) {
	return c.how.mechanism().Seal(plain)
}

// Unseal decrypts the server's next message. After an error the context is of
// no use any more.
func (c *Context) Unseal(header, data []byte) ([]byte, error) {
	plain, err := c.how.mechanism().Unseal(header, data)
	return plain, c.explain(err)
}

// bare is a mechanism without SPNEGO around it.
type bare struct{ m mechanism }

func (b bare) mechanism() sealer { return b.m }

func (b bare) Step(ctx context.Context, token []byte) ([]byte, error) {
	return b.m.Step(ctx, token)
}

func (b bare) Finish(ctx context.Context, token []byte) error {
	if token != nil {
		if _, err := b.m.Step(ctx, token); err != nil {
			return err
		}
	}
	if !b.m.Complete() {
		return &spnego.Error{Msg: "the server ended it before it had proved who it is"}
	}
	return nil
}

// wrapped is SPNEGO around mechanisms.
type wrapped struct{ *spnego.Initiator }

func (w wrapped) mechanism() sealer { return w.Initiator.Mechanism().(mechanism) }
