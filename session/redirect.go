package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session/safetext"
	"psdeck/session/wsman"
)

// redirectError says that the server wants the session opened elsewhere and
// why that is not done, in PowerShell's words.
type redirectError struct {
	text string
	err  error
}

func (e *redirectError) Error() string { return e.text }
func (e *redirectError) Unwrap() error { return e.err }

// redirected finds in a failure where the server sends us to; nil where it is
// another failure. The question how to sign in may be redirected as well as
// the session.
func (cn *connecting) redirected(err error) *wsman.RedirectError {
	var r *wsman.RedirectError
	var p *auth.ProbeError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &p) && p.Status/100 == 3 && p.Location != "":
		r = &wsman.RedirectError{Status: p.Status, Location: p.Location}
		if u, err := cn.endpoint.uri.Parse(p.Location); err == nil {
			r.URL = u
		}
		return r
	}
	return nil
}

// authenticate chooses the authentication at the endpoint, and at the one it
// redirects to.
func (cn *connecting) authenticate(ctx context.Context) error {
	for {
		err := cn.chooseAuthentication(ctx)
		r := cn.redirected(err)
		if r == nil {
			return err
		}
		if err := cn.follow(r); err != nil {
			return err
		}
	}
}

// follow moves to where the server sends us, where that is allowed. Nothing is
// carried over but the account: a token is asked for anew, for the new URI.
func (cn *connecting) follow(r *wsman.RedirectError) error {
	from, to := cn.endpoint.uri, r.URL
	doing := "opening a session on " + from.Host
	if to == nil || to.Hostname() == "" {
		return &Error{
			Doing: doing, Err: &redirectError{fmt.Sprintf(
				"The destination %q requested the connection to be redirected to %q. However %[2]q is not a well formatted URI.", from.Redacted(), r.Location), r},
			Hints: []string{"its administrator can say what the right address is; give that with --override-power-shell-uri"},
		}
	}
	if limit := cn.target.Options.redirections(); !cn.target.AllowRedirection || cn.followed >= limit {
		return notFollowed(doing, r, cn.target.AllowRedirection, limit)
	}
	if err := discovery.CheckEndpoint(to, from.Scheme == "https", cn.target.AllowUnencrypted); err != nil {
		return &Error{Doing: doing, Err: fmt.Errorf("following the redirection to %s: %w", safetext.Clean(to.Redacted()), err), Hints: []string{
			"nothing was sent there; if you trust that address, give it with --override-power-shell-uri",
		}}
	}
	if !sameHands(from.Hostname(), to.Hostname()) {
		return &Error{
			Doing: doing, Class: ClassSafety, Err: &redirectError{fmt.Sprintf(
				"the server redirects to %s, which belongs neither to the organisation nor to the cloud of %s: credentials are not sent there", safetext.Clean(to.Host), from.Host), r},
			Hints: []string{"if you trust that address, give it with --override-power-shell-uri " + safetext.Clean(to.Redacted())},
		}
	}
	cn.followed++
	moved := *to
	moved.Fragment, moved.RawFragment = "", ""
	cn.settle(&moved, cn.endpoint.found)
	cn.watch(Noted{Important: true, Text: fmt.Sprintf("Your connection has been redirected to the following URI: %q", cn.endpoint.uri.String())})
	return nil
}

func notFollowed(doing string, r *wsman.RedirectError, allowed bool, limit int) error {
	text := "The WinRM service cannot process the request because the request needs to be sent to a different machine. " +
		"Use the redirect information to send the request to a new machine. Redirect location reported: " + r.Location + ". " +
		`To automatically connect to the redirected URI, verify the "MaximumConnectionRedirectionCount" property of the session preference variable "PSSessionOption", ` +
		`and use the "AllowRedirection" parameter on the cmdlet.`
	hint := "nothing was sent there; if you trust that address, use --allow-redirection, or give the address with --override-power-shell-uri"
	if allowed {
		hint = fmt.Sprintf("%d redirections were followed; raise --session-option MaximumConnectionRedirectionCount=N, or give the last address with --override-power-shell-uri", limit)
	}
	return &Error{Doing: doing, Err: &redirectError{text, r}, Hints: []string{hint}}
}

// sameHands tells whether credentials for one host may go to the other: it is
// the same host, one of the same registered domain, or one of the same cloud.
func sameHands(from, to string) bool {
	from, to = strings.ToLower(strings.TrimSuffix(from, ".")), strings.ToLower(strings.TrimSuffix(to, "."))
	if from == to {
		return true
	}
	if net.ParseIP(from) != nil || net.ParseIP(to) != nil {
		return false
	}
	here, known := discovery.KnownCloud(from)
	there, knownToo := discovery.KnownCloud(to)
	if known && knownToo {
		return here == there
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(from)
	b, err2 := publicsuffix.EffectiveTLDPlusOne(to)
	return err == nil && err2 == nil && a == b
}

// settle makes u the endpoint, with the tenant to manage in its query where the
// endpoint is of the kind that takes it there.
func (cn *connecting) settle(u *url.URL, found bool) {
	cn.endpoint = &endpoint{uri: u, found: found}
	if found || cn.endpoint.isOcs() {
		cn.endpoint.uri = discovery.WithAdminDomain(u, cn.domain)
	}
	if discovery.IsExchange(u) {
		cn.endpoint.uri = discovery.WithDelegatedOrg(u, cn.target.OverrideAdminDomain)
		cn.target.ConfigurationName = orElse(cn.target.ConfigurationName, "Microsoft.Exchange")
	}
	_, known := discovery.KnownCloud(u.Hostname())
	cn.watch(EndpointFound{URI: cn.endpoint.uri.String(), Known: known || cn.cloud.Has(u.Hostname())})
}
