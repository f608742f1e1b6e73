package negotiate

import (
	"context"
	"errors"
	"fmt"

	"psdeck/auth/negotiate/sspi"
)

// CurrentUser is who the operating system can authenticate as without a password: on
// Windows its current user, elsewhere nobody.
func CurrentUser() (account string, ok bool) {
	p := sspi.System()
	if p == nil {
		return "", false
	}
	return p.Account(), true
}

// usesCurrent tells that nothing is given that says who this is.
func (cfg *Config) usesCurrent() bool {
	return cfg.Account == "" && cfg.Password.IsZero() && cfg.Keytab == "" && cfg.Cache == ""
}

// current is the operating system's user, as a negotiation. Windows does SPNEGO
// itself.
type current struct {
	provider sspi.Provider
	cfg      sspi.Config
	services []string // what else the service may be called
	ctx      *sspi.Context
}

// newCurrent begins a context of the operating system's user.
func (c *Client) newCurrent(scheme string, bindings []byte) (negotiation, error) {
	services := c.services()
	n := &current{provider: c.current, cfg: sspi.Config{Package: sspi.Negotiate, Bindings: bindings}, services: services[1:]}
	switch {
	case c.cfg.Way == Kerberos || scheme == SchemeKerberos:
		n.cfg.Package = sspi.Kerberos
	case c.cfg.Way == NTLM || scheme == SchemeNTLM:
		n.cfg.Package = sspi.NTLM
	}
	return n, c.explain(n.begin(services[0]))
}

func (n *current) begin(service string) (err error) {
	n.cfg.Service = service
	n.ctx, err = sspi.NewContext(n.provider, n.cfg)
	return err
}

func (n *current) mechanism() sealer { return n.ctx }

// Step tries the service's other names where the domain does not know the first.
func (n *current) Step(_ context.Context, token []byte) ([]byte, error) {
	out, err := n.ctx.Step(token)
	for token == nil && errors.Is(err, sspi.StatusTargetUnknown) && len(n.services) > 0 {
		service := n.services[0]
		n.services = n.services[1:]
		if err = n.begin(service); err == nil {
			out, err = n.ctx.Step(nil)
		}
	}
	return out, err
}

func (n *current) Finish(_ context.Context, token []byte) error { return n.ctx.Finish(token) }

// explainCurrent says what Windows says. ok is false where the connection is what
// is wrong.
func (c *Client) explainCurrent(err error) (_ *Error, ok bool) {
	e := &Error{Kind: KindRefused, Msg: fmt.Sprintf("signing in to %s as the current user, %s", c.cfg.Host, c.Account()), Err: err}
	var weak *sspi.WeakError
	if errors.As(err, &weak) {
		e.Kind, e.Hint = KindCipher, "ask the server's administrator to allow AES for the service's account, or use https"
		return e, true
	}
	var s sspi.Status
	if !errors.As(err, &s) {
		return nil, false
	}
	switch s {
	case sspi.StatusMessageAltered, sspi.StatusOutOfSequence, sspi.StatusDecryptFailure, sspi.StatusInvalidToken, sspi.StatusBadBindings:
		return nil, false
	case sspi.StatusNoCredentials, sspi.StatusLogonDenied:
		e.Kind, e.Hint = KindTicket, `name an account that the server knows: --credential 'DOMAIN\NAME' and --password-stdin`
	case sspi.StatusTargetUnknown, sspi.StatusWrongPrincipal:
		e.Kind, e.Hint = KindSPN, "use the server's full name in the URI, or name its service with --spn SERVICE/HOST"
	case sspi.StatusNoAuthority:
		e.Kind, e.Hint = KindKDC, "check that a domain controller is reachable from here, or use --authentication ntlm"
	case sspi.StatusTimeSkew:
		e.Kind, e.Hint = KindSkew, "set the clock of this machine by the domain's: w32tm /resync"
	case sspi.StatusKDCUnknownEType:
		e.Kind, e.Hint = KindCipher, "ask the domain's administrator to allow AES for the service's account"
	default:
		e.Hint = "the domain's administrator can look the status up"
	}
	return e, true
}
