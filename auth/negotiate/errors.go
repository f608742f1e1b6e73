package negotiate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/auth/negotiate/kerberos"
)

// Kind says why a connection could not be authenticated.
type Kind string

// The kinds of failure.
const (
	KindUsage    Kind = "usage"          // something needed was not given
	KindPassword Kind = "wrong password" // or an unknown account
	KindAccount  Kind = "account unusable"
	KindOffered  Kind = "not offered" // the server does not offer the mechanism
	KindSkew     Kind = "clock skew"
	KindRealm    Kind = "unknown realm"
	KindKDC      Kind = "KDC unreachable"
	KindSPN      Kind = "wrong SPN" // the service is not known by that name
	KindCipher   Kind = "weak cipher"
	KindTicket   Kind = "no ticket"
	KindRefused  Kind = "refused"  // by the server, or by its KDC
	KindTampered Kind = "tampered" // a token or a message was altered on the way
)

// Error is an authentication that failed.
type Error struct {
	Kind Kind
	Msg  string // one sentence
	Hint string // the next step for the person
	Err  error  // a cause that is safe to show; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// explain gives an error of a mechanism its kind and a hint.
func (c *Client) explain(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var k *kerberos.Error
	if errors.As(err, &k) && k.Reason != kerberos.BadMessage {
		return c.explainKerberos(k)
	}
	if e, ok := c.explainCurrent(err); ok {
		return e
	}
	return &Error{
		Kind: KindTampered, Msg: "the connection to " + c.cfg.Host + " is not secure", Err: err,
		Hint: "nothing that came was believed; something between here and the server may be altering what is sent",
	}
}

func (c *Client) explainKerberos(k *kerberos.Error) error {
	e := &Error{Kind: KindRefused, Msg: "signing in to " + c.cfg.Host, Err: k}
	if who := c.Account(); who != "" {
		e.Msg += " as " + who
	}
	switch k.Reason {
	case kerberos.WrongPassword:
		e.Kind, e.Hint = KindPassword, "check the password, or whether the keytab is older than the account's last change of password"
	case kerberos.UnknownClient:
		e.Kind, e.Hint = KindPassword, "check the name and its realm: NAME@REALM, where the realm is the domain's full name"
	case kerberos.ClientRevoked:
		e.Kind, e.Hint = KindAccount, "ask the domain's administrator to unlock the account, or change its password"
	case kerberos.UnknownService:
		e.Kind, e.Hint = KindSPN, "use the server's full name in the URI, or name its service with --spn SERVICE/HOST"
	case kerberos.UnknownRealm:
		e.Kind, e.Hint = KindRealm, "write the account as NAME@REALM, and name the realm's KDC in krb5.conf or in DNS (_kerberos._tcp)"
	case kerberos.NoAnswer:
		e.Kind, e.Hint = KindKDC, "check that a domain controller is reachable from here on TCP port 88, or use --authentication ntlm"
	case kerberos.ClockSkew:
		e.Kind, e.Hint = KindSkew, "set this machine's clock right: five minutes are borne, no more"
	case kerberos.WeakCipher:
		e.Kind, e.Hint = KindCipher, "ask the domain's administrator to allow AES for the service's account (msDS-SupportedEncryptionTypes), and to set its password anew"
	case kerberos.NoCredentials:
		e.Kind, e.Hint = KindTicket, "sign in with kinit, or give --credential NAME@REALM with a password, or --keytab FILE"
	default:
		e.Hint = "the KDC's own words are above; the domain's administrator can look them up"
	}
	return e
}

// refused is the error of a server that does not accept what the mechanism proved.
func (c *Client) refused() error {
	e := &Error{
		Kind: KindPassword, Msg: fmt.Sprintf("%s does not accept the user name or the password of %s", c.cfg.Host, c.Account()),
		Hint: "check the name (DOMAIN\\NAME or NAME@DOMAIN) and the password; an account may be locked, or not allowed to sign in over the network",
	}
	if c.cfg.Way == Kerberos {
		e.Kind, e.Msg = KindRefused, fmt.Sprintf("%s does not accept the ticket of %s", c.cfg.Host, c.Account())
		e.Hint = "the service may be another account's than the ticket is for (--spn names it), or the clocks differ"
	}
	if c.current != nil {
		e.Kind, e.Msg = KindRefused, fmt.Sprintf("%s does not accept the current user, %s", c.cfg.Host, c.Account())
		e.Hint = `name an account that the server knows: --credential 'DOMAIN\NAME' and --password-stdin`
	}
	return e
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
