package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session/outproc"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

func usageError(doing, why string, hints ...string) error {
	return &Error{Doing: doing, Err: errors.New(why), Hints: hints, Class: ClassUsage}
}

// openError is a failure to open the session at host.
func openError(host string, err error) error {
	var refused *psrp.ErrorRecord
	if errors.As(err, &refused) {
		return &Error{
			Doing: "opening a session on " + host,
			Err:   fmt.Errorf("the server refused the session: %w", refused),
			Hints: []string{"ask the tenant's administrator for the role, or check which tenant was asked for"},
		}
	}
	return Explain("opening a session on "+host, err)
}

// Explain makes an *Error of any failure and says what a person can do about
// it; doing is left out where err says it already.
func Explain(doing string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	e := &Error{Doing: doing, Err: err}
	e.explain()
	return e
}

func (e *Error) explain() {
	for _, explain := range []func(*Error) bool{
		explainOwn, explainModule, explainManaged, explainStdio, explainDiscovery, explainNegotiation, explainSignIn, explainFault, explainHTTP, explainNetwork,
	} {
		if explain(e) {
			return
		}
	}
}

func (e *Error) hint(hints ...string) bool {
	for _, h := range hints {
		if h != "" {
			e.Hints = append(e.Hints, h)
		}
	}
	return true
}

func explainOwn(e *Error) bool {
	var mismatch *MismatchError
	switch {
	case errors.As(e.Err, &mismatch):
		e.Class = ClassSafety
		return e.hint("nothing was run; check the domain and the account, then connect again")
	case errors.Is(e.Err, context.Canceled):
		return e.hint("connecting was cancelled")
	}
	return false
}

func explainDiscovery(e *Error) bool {
	var d *discovery.Error
	if !errors.As(e.Err, &d) {
		return false
	}
	if d.Kind == discovery.KindDomain || d.Kind == discovery.KindURI || d.Kind == discovery.KindInsecure {
		e.Class = ClassUsage
	}
	return e.hint(d.Hint)
}

func explainSignIn(e *Error) bool {
	var (
		a      *auth.Error
		needed *auth.SignInNeededError
		probe  *auth.ProbeError
	)
	hint := auth.HintOf(e.Err)
	switch {
	case errors.As(e.Err, &a) && (a.Kind == auth.KindNetwork || a.Kind == auth.KindCertificate || a.Kind == auth.KindUnavailable):
		e.Class = ClassConnect
	case errors.As(e.Err, &needed), hint != "" && !errors.As(e.Err, &probe):
		e.Class = ClassSignIn
	case errors.As(e.Err, &a):
		e.Class = ClassSignIn
	}
	return e.hint(hint) && (hint != "" || a != nil)
}

func explainFault(e *Error) bool {
	var f *wsman.Fault
	if !errors.As(e.Err, &f) {
		return false
	}
	switch {
	case f.IsQuota():
		return e.hint("close another session of this account: psdeck sessions list shows them, and psdeck sessions close ends one; " +
			"one that was left behind ends by itself after about fifteen minutes")
	case f.IsInvalidResource():
		return e.hint("check the name of the session configuration (--configuration-name)")
	case f.IsAccessDenied():
		e.Class = ClassSignIn
		return e.hint("the account is known but may not open a session here; ask for the role, or sign in as another account")
	case f.IsShellNotFound(), f.IsServerGone():
		return e.hint("the session is gone on the server; connect again")
	}
	return e.hint("the server's own words are above; its administrator can look them up by the code")
}

func explainHTTP(e *Error) bool {
	var (
		denied   *wsman.AuthError
		redirect *wsman.RedirectError
		plain    *wsman.UnencryptedError
		other    *wsman.HTTPError
		proxy    *wsman.ProxyError
	)
	switch {
	case errors.As(e.Err, &denied):
		e.Class = ClassSignIn
		return e.hint("sign in again; a token may have expired, or may be meant for another server")
	case errors.As(e.Err, &redirect):
		return e.hint("nothing was sent there; if you trust that address, give it with --override-power-shell-uri")
	case errors.As(e.Err, &plain):
		e.Class = ClassUsage
		return e.hint("use https, or allow it with --allow-unencrypted if the network is yours")
	case errors.As(e.Err, &proxy) && proxy.Status == http.StatusProxyAuthRequired, errors.As(e.Err, &other) && other.Status == http.StatusProxyAuthRequired:
		return e.hint("the proxy wants a name and a password: --session-option ProxyCredential=NAME --session-option ProxyAuthentication=Basic")
	case errors.As(e.Err, &proxy):
		return e.hint("ask who runs the proxy, or leave it out with --session-option ProxyAccessType=None")
	case errors.As(e.Err, &other):
		return e.hint("something else than a PowerShell endpoint answered; check the address and any proxy between")
	}
	return false
}

// noAnswer says what was waited for, where that is known.
func noAnswer(err error) error {
	late := errors.New("there was no answer in time")
	var ack *outproc.AckError
	if errors.As(err, &ack) {
		return &outproc.AckError{Kind: ack.Kind, Err: late}
	}
	return late
}

func explainNetwork(e *Error) bool {
	var (
		unknownCA x509.UnknownAuthorityError
		badName   x509.HostnameError
		expired   x509.CertificateInvalidError
		badCert   *tls.CertificateVerificationError
		dns       *net.DNSError
		local     *discovery.LoopbackError
		netErr    net.Error
	)
	switch {
	case errors.Is(e.Err, context.DeadlineExceeded):
		e.Err = noAnswer(e.Err)
		return e.hint("check that the host is reachable; a slow server may want --session-option OpenTimeout=300000")
	case errors.As(e.Err, &unknownCA):
		return e.hint("if you trust this server, give its certificate authority with --ca-file")
	case errors.As(e.Err, &expired) && expired.Reason == x509.Expired:
		return e.hint("the certificate's owner has to renew it; if it should be good, look at the clock of this machine")
	case errors.As(e.Err, &badName), errors.As(e.Err, &badCert):
		return e.hint("the certificate is not this host's or is no longer valid; check the address")
	case errors.As(e.Err, &dns):
		return e.hint("check the name and this machine's DNS, or map it with --resolve HOST:PORT=ADDR")
	case errors.As(e.Err, &local):
		return e.hint("this program was started to stay on this machine")
	case errors.As(e.Err, &netErr):
		return e.hint("check that the host is reachable from here: name, port, firewall, proxy")
	}
	return false
}
