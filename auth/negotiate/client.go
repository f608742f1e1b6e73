package negotiate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/auth"
	"psdeck/auth/negotiate/ntlm"
	"psdeck/auth/negotiate/spnego"
)

// Way is how to authenticate.
type Way string

// The ways.
const (
	Negotiate Way = "negotiate" // Kerberos where that is possible, else NTLM
	Kerberos  Way = "kerberos"
	NTLM      Way = "ntlm"
)

// Config is an account at a server.
type Config struct {
	Way Way // Negotiate where it is empty
	// Account is DOMAIN\name, name@domain, or a name of the server's own.
	Account  string
	Password auth.Secret
	// Host is the server's name without a port; errors name it.
	Host string
}

// Client makes the contexts of one account's connections to one server. Its
// methods may be called concurrently.
type Client struct{ cfg Config }

// New makes a client.
func New(cfg Config) (*Client, error) {
	if cfg.Way == "" {
		cfg.Way = Negotiate
	}
	if cfg.Account == "" || cfg.Password.IsZero() {
		return nil, &Error{
			Kind: KindUsage, Msg: cfg.Host + " takes a user name and a password",
			Hint: `give them with --credential 'DOMAIN\NAME' or --credential NAME@DOMAIN, and --password-stdin`,
		}
	}
	return &Client{cfg}, nil
}

// NewContext begins the security of a new connection. state is of its TLS, nil
// where there is none; offered are the schemes that the server named.
func (c *Client) NewContext(ctx context.Context, state *tls.ConnectionState, offered []string) (*Context, error) {
	var bindings []byte
	if state != nil && len(state.PeerCertificates) > 0 {
		bindings = EndPoint(state.PeerCertificates[0])
	}
	x := &Context{scheme: SchemeNegotiate, refused: c.refused}
	offers := func(scheme string) bool {
		return slices.ContainsFunc(offered, func(s string) bool { return strings.EqualFold(s, scheme) })
	}
	if !offers(SchemeNegotiate) {
		if c.cfg.Way == Kerberos || !offers(SchemeNTLM) {
			return nil, c.notOffered(offered)
		}
		x.scheme = SchemeNTLM
	}
	m, err := c.ntlm(bindings)
	if err != nil {
		return nil, err
	}
	x.how = bare{m}
	if c.cfg.Way == Negotiate && x.scheme == SchemeNegotiate {
		x.how = wrapped{spnego.NewInitiator(m)}
	}
	return x, nil
}

func (c *Client) ntlm(bindings []byte) (*ntlmMechanism, error) {
	client, err := ntlm.NewClient(c.cfg.Account, c.cfg.Password.Reveal())
	if err != nil {
		return nil, &Error{Kind: KindUsage, Msg: err.Error(), Hint: `write the account as DOMAIN\NAME or NAME@DOMAIN`}
	}
	return &ntlmMechanism{client: client, bindings: bindings}, nil
}

// refused is the error of a server that does not accept what the mechanism proved.
func (c *Client) refused() error {
	return &Error{
		Kind: KindPassword, Msg: fmt.Sprintf("%s does not accept the user name or the password of %s", c.cfg.Host, c.cfg.Account),
		Hint: "check the name (DOMAIN\\NAME or NAME@DOMAIN) and the password; an account may be locked, or not allowed to sign in over the network",
	}
}

// notOffered is the error of a server that offers other schemes only. A password
// is not sent to it some other way.
func (c *Client) notOffered(offered []string) error {
	what := strings.Join(offered, ", ")
	if what == "" {
		what = "no way to authenticate"
	}
	e := &Error{Kind: KindOffered, Msg: fmt.Sprintf("%s does not offer %s, but %s", c.cfg.Host, c.cfg.Way, what)}
	e.Hint = "ask the server's administrator to allow Negotiate"
	if slices.ContainsFunc(offered, func(s string) bool { return strings.EqualFold(s, "Basic") }) {
		e.Hint = "with https, --authentication basic works; over plain http it would send the password in clear"
	}
	return e
}

// IsRefused tells whether an error is of an account or a password that was refused.
func IsRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindPassword
}
