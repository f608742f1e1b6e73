package negotiate

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"psdeck/auth"
	"psdeck/auth/negotiate/kerberos"
	"psdeck/auth/negotiate/ntlm"
	"psdeck/auth/negotiate/spnego"
	"psdeck/auth/negotiate/sspi"
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
	// Account is DOMAIN\name, name@domain, or a name of the server's own or of the
	// default realm; empty is whoever the credential cache is of, and on Windows the
	// current user where nothing else is given.
	Account  string
	Password auth.Secret
	// Host is the server's name without a port, Port its port.
	Host, Port string

	// Krb5Config is krb5.conf, Keytab and Cache are files too; the password comes
	// before either. Empty Krb5Config means the system's.
	Krb5Config, Keytab, Cache string
	// SPN names the service in place of HTTP/host; PortInSPN adds the port to that.
	SPN       string
	PortInSPN bool
	// System authenticates the current user; nil means what this system has.
	System sspi.Provider
	// Note is told what a person may want to know; may be nil.
	Note func(string)
}

// Client makes the contexts of one account's connections to one server. Its
// methods may be called concurrently.
type Client struct {
	cfg      Config
	kerberos *kerberos.Client // nil: NTLM only
	current  sspi.Provider    // authenticates in place of all else; nil where an account was given
	without  atomic.Int64     // until when NTLM stands in for Kerberos, in seconds since 1970
}

// again is how long it takes until Kerberos is tried again where it was not
// possible: a KDC that does not answer costs seconds, and a session has several
// connections.
const again = 10 * time.Minute

// New makes a client. It reads files, and asks nobody.
func New(cfg Config) (*Client, error) {
	if cfg.Way == "" {
		cfg.Way = Negotiate
	}
	if cfg.System == nil {
		cfg.System = sspi.System()
	}
	c := &Client{cfg: cfg}
	if cfg.usesCurrent() {
		if c.current = cfg.System; c.current == nil {
			return nil, nobody(cfg.Host)
		}
		return c, nil
	}
	var err error
	if cfg.Way != NTLM {
		c.kerberos, err = c.newKerberos()
	}
	switch {
	case err != nil && (cfg.Way == Kerberos || !c.hasPassword()):
		return nil, c.explain(err)
	case c.kerberos == nil && !c.hasPassword():
		return nil, &Error{
			Kind: KindUsage, Msg: cfg.Host + " takes a user name and a password",
			Hint: `give them with --credential 'DOMAIN\NAME' or --credential NAME@DOMAIN, and --password-stdin`,
		}
	}
	return c, nil
}

// nobody is the error of an account that was not given where there is no other.
func nobody(host string) error {
	return &Error{
		Kind: KindUsage, Msg: host + " takes a user name and a password", Err: sspi.ErrOtherSystem,
		Hint: `give them with --credential 'DOMAIN\NAME' or --credential NAME@DOMAIN, and --password-stdin; or use --keytab FILE, or sign in with kinit`,
	}
}

// Account is who this is.
func (c *Client) Account() string {
	if c.current != nil {
		return c.current.Account()
	}
	if c.cfg.Account == "" && c.kerberos != nil {
		return c.kerberos.Account()
	}
	return c.cfg.Account
}

func (c *Client) hasPassword() bool { return c.cfg.Account != "" && !c.cfg.Password.IsZero() }

// newKerberos makes Kerberos' part. Where NTLM would do, it is left out unless
// the realm is one that is configured here.
func (c *Client) newKerberos() (*kerberos.Client, error) {
	k, err := kerberos.New(kerberos.Config{
		ConfigFile: c.cfg.Krb5Config, Account: c.cfg.Account,
		Password: c.cfg.Password.Reveal(), Keytab: c.cfg.Keytab, Cache: c.cfg.Cache,
	})
	if err == nil && c.cfg.Way == Negotiate && c.hasPassword() && !k.HasKDC() {
		return nil, nil
	}
	return k, err
}

// services are the names to ask a ticket for, the best first. Windows' own client
// asks for HTTP; some servers have that name taken by another account, and
// WSMAN is theirs.
func (c *Client) services() []string {
	if c.cfg.SPN != "" {
		return []string{c.cfg.SPN}
	}
	host := c.cfg.Host
	if c.cfg.PortInSPN && c.cfg.Port != "" {
		host += ":" + c.cfg.Port
	}
	return []string{"HTTP/" + host, "WSMAN/" + host}
}

// NewContext begins the security of a new connection. state is of its TLS, nil
// where there is none; offered are the schemes that the server named.
func (c *Client) NewContext(ctx context.Context, state *tls.ConnectionState, offered []string) (*Context, error) {
	var bindings []byte
	if state != nil && len(state.PeerCertificates) > 0 {
		bindings = EndPoint(state.PeerCertificates[0])
	}
	scheme, err := c.scheme(offered)
	if err != nil {
		return nil, err
	}
	x := &Context{scheme: scheme, refused: c.refused, explain: c.explain}
	if c.current != nil {
		x.how, err = c.newCurrent(scheme, bindings)
		return x, err
	}
	mechs, err := c.mechanisms(ctx, scheme, bindings)
	if err != nil {
		return nil, err
	}
	if scheme != SchemeNegotiate || c.cfg.Way == NTLM {
		x.how = bare{mechs[0].(mechanism)}
	} else {
		x.how = wrapped{spnego.NewInitiator(mechs...)}
	}
	return x, nil
}

// scheme picks one of those that are offered.
func (c *Client) scheme(offered []string) (string, error) {
	offers := func(scheme string) bool {
		return slices.ContainsFunc(offered, func(s string) bool { return strings.EqualFold(s, scheme) })
	}
	switch {
	case c.cfg.Way == Kerberos && offers(SchemeKerberos):
		return SchemeKerberos, nil
	case offers(SchemeNegotiate):
		return SchemeNegotiate, nil
	case (c.kerberos != nil || c.current != nil) && c.cfg.Way != NTLM && offers(SchemeKerberos):
		return SchemeKerberos, nil
	case c.cfg.Way != Kerberos && (c.hasPassword() || c.current != nil) && offers(SchemeNTLM):
		return SchemeNTLM, nil
	}
	return "", c.notOffered(offered)
}

// mechanisms are those that can be used, the best first; there is one at least.
func (c *Client) mechanisms(ctx context.Context, scheme string, bindings []byte) ([]spnego.Mechanism, error) {
	var mechs []spnego.Mechanism
	if c.kerberos != nil && scheme != SchemeNTLM && time.Now().Unix() >= c.without.Load() {
		ticket, err := c.kerberos.Ticket(ctx, c.services()...)
		if err != nil && !c.bearsWithout(err, scheme) {
			return nil, c.explain(err)
		}
		if err == nil {
			var hash []byte
			if bindings != nil {
				hash = BindingsHash(bindings)
			}
			mechs = append(mechs, ticket.NewContext(hash))
		}
	}
	if scheme != SchemeKerberos && c.cfg.Way != Kerberos && c.hasPassword() {
		m, err := c.ntlm(bindings)
		if err != nil {
			return nil, err
		}
		mechs = append(mechs, m)
	}
	return mechs, nil
}

// bearsWithout tells whether NTLM may do what Kerberos did not: not where the
// password is wrong, or where a stronger key is what is missing.
func (c *Client) bearsWithout(err error, scheme string) bool {
	var e *kerberos.Error
	if c.cfg.Way != Negotiate || scheme != SchemeNegotiate || !c.hasPassword() || !errors.As(err, &e) {
		return false
	}
	switch e.Reason {
	case kerberos.WrongPassword, kerberos.ClientRevoked, kerberos.WeakCipher:
		return false
	}
	if c.without.Swap(time.Now().Add(again).Unix()) == 0 && c.cfg.Note != nil {
		c.cfg.Note("NTLM is used, because Kerberos is not possible: " + e.Msg)
	}
	return true
}

func (c *Client) ntlm(bindings []byte) (*ntlmMechanism, error) {
	client, err := ntlm.NewClient(c.cfg.Account, c.cfg.Password.Reveal())
	if err != nil {
		return nil, &Error{Kind: KindUsage, Msg: err.Error(), Hint: `write the account as DOMAIN\NAME or NAME@DOMAIN`}
	}
	return &ntlmMechanism{client: client, bindings: bindings}, nil
}
