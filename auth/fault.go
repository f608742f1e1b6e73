package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
)

const (
	hintNetwork     = "check the network, the name and --resolve, then try again"
	hintCertificate = "give --ca-file when the certificate comes from an authority of your own"
	hintExpired     = "its owner has to renew it; if it should be good, look at the clock of this machine"
	hintMFA         = "use --sign-in device or --sign-in browser: a password alone is not enough for this account"
	hintConsent     = "use --sign-in browser and give consent, or ask an administrator of the tenant to"
	hintCloud       = "name the cloud of the account with --cloud, or its authority with --authority"
	hintSignIn      = "sign in again"
)

// explain turns an error of MSAL into one of this package. MSAL's own errors
// hold whole requests and answers, passwords and tokens included, so nothing of
// them is wrapped, and what is quoted is cleaned of the secrets given here and
// of whatever looks like a token.
func explain(ctx context.Context, op string, err error, secrets ...string) error {
	var own *Error
	if errors.As(err, &own) {
		e := *own
		e.Op = op
		return &e
	}
	if e := networkFault(ctx, "the authority", err); e != nil {
		e.Op = op
		return e
	}
	e := answered(err, secrets)
	e.Op = op
	return e
}

// stopped is an error for a context that ended.
func stopped(op string, err error) *Error {
	msg := "stopped"
	if errors.Is(err, context.DeadlineExceeded) {
		msg = "not done in time"
	}
	return &Error{Kind: KindCanceled, Op: op, Msg: msg, Err: err}
}

// cacheError is a failure of the token cache. One of the cache's own errors
// keeps its words.
func cacheError(op, msg string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		e := *own
		e.Op = op
		return &e
	}
	return &Error{Kind: KindStore, Op: op, Msg: msg + ": " + clean(err.Error(), 200), Hint: "check the files in the state directory, or sign in again", Err: err}
}

func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

func codeExpired() *Error {
	return &Error{Kind: KindCodeExpired, Msg: "nobody entered the device code in time", Hint: "start again and enter the code while it is shown"}
}

// transient tells whether the same request may work later.
func transient(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == KindNetwork || e.Kind == KindUnavailable || e.Kind == KindSource)
}

// signInNeeded turns a refusal that the person can lift into a
// [*SignInNeededError].
func signInNeeded(err error, b Binding, claims string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	needed := &SignInNeededError{UserName: b.Account.Name(), Resource: b.Resource, Claims: first(e.claims, claims), Err: e}
	switch e.Kind {
	case KindExpired, KindMFA, KindConsent, KindPolicy, KindWrongPassword, KindAccount, KindDeclined:
		return needed
	case KindRefused:
		if e.Code == codeNoToken {
			needed.Err = nil
			return needed
		}
	}
	return err
}

// networkFault recognizes an error that came before an answer; it is nil for
// others. who is used where the error does not name the host.
func networkFault(ctx context.Context, who string, err error) *Error {
	var where *url.Error
	if errors.As(err, &where) {
		who = hostOf(where.URL)
		err = where.Err
	}
	var (
		verification *tls.CertificateVerificationError
		name         x509.HostnameError
		unknown      x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
		dns          *net.DNSError
		netErr       net.Error
	)
	certificate := func(why string) *Error {
		return &Error{Kind: KindCertificate, Msg: "the certificate of " + who + " was refused: " + why, Hint: hintCertificate, Err: err}
	}
	network := func(why string) *Error {
		return &Error{Kind: KindNetwork, Msg: "no answer from " + who + ": " + why, Hint: hintNetwork, Err: err}
	}
	switch {
	case ctx.Err() != nil:
		return stopped("", ctx.Err())
	case errors.As(err, &name):
		return certificate("it is for another name")
	case errors.As(err, &unknown):
		return certificate("it comes from an unknown authority")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e := certificate(expiredText(invalid.Cert))
		e.Hint = hintExpired
		return e
	case errors.As(err, &invalid), errors.As(err, &verification):
		return certificate("it is not valid")
	case errors.As(err, &dns) && dns.IsNotFound:
		return network("the name does not exist")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return network("it took too long")
	case errors.Is(err, errNotHTTPS):
		return &Error{Kind: KindProtocol, Msg: errNotHTTPS.Error(), Hint: "check --authority"}
	case errors.Is(err, errTooLarge):
		return &Error{Kind: KindProtocol, Msg: errTooLarge.Error(), Hint: "check --authority"}
	case where != nil:
		return network(clean(err.Error(), 200))
	}
	return nil
}

// expiredText says when a certificate is good, which is not now.
func expiredText(c *x509.Certificate) string {
	if c == nil {
		return "it has expired or is not valid yet"
	}
	if now := time.Now(); now.Before(c.NotBefore) {
		return "it is good only from " + c.NotBefore.UTC().Format(time.RFC3339)
	}
	return "it expired at " + c.NotAfter.UTC().Format(time.RFC3339)
}

// reply is the error answer of an authority (RFC 6749 5.2, RFC 8628 3.5 and
// Microsoft's additions).
type reply struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	SubError    string `json:"suberror"`
	Codes       []int  `json:"error_codes"`
	Claims      string `json:"claims"`
	status      int
}

var (
	codePattern   = regexp.MustCompile(`AADSTS(\d{4,8})`)
	secretPattern = regexp.MustCompile(`[A-Za-z0-9_.~+/=-]{60,}`)
	tracePattern  = regexp.MustCompile(`(?i)\s*(Trace ID|Correlation ID|Timestamp):.*$`)
)

// answered reads what the authority answered out of an error of MSAL. Secrets
// are taken out of what is quoted, not out of words of our own: that would tell
// which of them is the password.
func answered(err error, secrets []string) *Error {
	var call msal.CallErr
	var notJSON msal.InvalidJsonErr
	if errors.As(err, &notJSON) {
		return &Error{Kind: KindProtocol, Msg: "the authority's answer is not the JSON that was expected", Hint: "check --authority"}
	}
	text := err.Error()
	if e := federated(text); e != nil {
		return e
	}
	var r reply
	if errors.As(err, &call) {
		if call.Resp != nil {
			r.status = call.Resp.StatusCode
		}
		// the body has been read; MSAL has put it on the line after its own words
		_, body, _ := strings.Cut(call.Error(), "\n")
		if json.Unmarshal([]byte(body), &r) != nil || r.Error == "" {
			return unreadable(r.status)
		}
		text = r.Description
	}
	text = hide(clean(html.UnescapeString(text), 2000), secrets)
	text = clean(tracePattern.ReplaceAllString(text, ""), 300)
	if e := r.known(text); e != nil {
		e.claims = checkedClaims(r.Claims)
		return e
	}
	if e := worded(err.Error()); e != nil && call.Err == nil {
		return e
	}
	if text == "" {
		text = "the authority refused: " + clean(r.Error, 100)
	}
	return &Error{Kind: KindRefused, Msg: text, Code: clean(r.Error, 60), Hint: "check --authority, --client-id and the account"}
}

// unreadable is an answer that is not the authority's error answer.
func unreadable(status int) *Error {
	e := &Error{Kind: KindProtocol, Msg: fmt.Sprintf("the authority answered with HTTP %d and no reason", status), Hint: "check --authority"}
	if status == 429 || status >= 500 {
		e.Kind, e.Hint = KindUnavailable, "try again later"
	}
	return e
}

// hide takes secrets out of a text, and what looks like one.
func hide(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, redacted)
			text = strings.ReplaceAll(text, url.QueryEscape(s), redacted)
		}
	}
	return secretPattern.ReplaceAllString(text, redacted)
}
