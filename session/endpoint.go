package session

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/discovery"
	"psdeck/session/safetext"
	"psdeck/session/wsman"
)

// endpoint is where a session goes and how it authenticates there.
type endpoint struct {
	uri       *url.URL // with the tenant to manage in its query
	found     bool     // by discovery
	authorize auth.Authorizer
	secure    func(context.Context, wsman.ConnInfo) (wsman.SecurityContext, error) // in place of authorize
	expires   atomic.Int64
	// again has the person of an open session sign in again after this error;
	// nil: nobody is asked.
	again atomic.Pointer[func(ctx context.Context, why error) error]
}

// isOcs tells whether this is an endpoint of the kind New-CsOnlineSession knew.
func (e *endpoint) isOcs() bool {
	return strings.Contains(strings.ToLower(e.uri.Path), "/ocspowershell")
}

// name is what people call where the session goes.
func (e *endpoint) name() string {
	if e.uri.Host == "" {
		return "this machine"
	}
	return e.uri.Host
}

func (e *endpoint) isLiveID() bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimRight(e.uri.Path, "/")), "/ocspowershellliveid")
}

// findEndpoint takes the PowerShell URI that was given, or discovers it.
func (cn *connecting) findEndpoint(ctx context.Context) error {
	t := &cn.target
	var u *url.URL
	if t.OverridePowerShellURI != "" {
		given, err := url.Parse(t.OverridePowerShellURI)
		if err == nil && isStdio(given) {
			return cn.stdioEndpoint(given)
		}
		if err != nil || given.Host == "" {
			return usageError("reading the PowerShell URI", fmt.Sprintf("%q is no URI", t.OverridePowerShellURI),
				"write it as https://host/path, ssh://user@host or local:")
		}
		u = given
	} else {
		cn.watch(StageStarted{StageDiscovery, "Discovering PowerShell endpoint URI"})
		found, err := discovery.Discover(ctx, discovery.Request{
			Domain: cn.domain, DiscoveryURI: t.OverrideDiscoveryURI,
			Client: cn.httpClient(), Cloud: cn.cloud,
			OnHop: func(h discovery.Hop) { cn.watch(HopDone{h}) },
		})
		if err != nil {
			return err
		}
		u = found.PowerShellURI
	}
	fromDiscovery := t.OverridePowerShellURI == ""
	if err := discovery.CheckEndpoint(u, fromDiscovery, t.AllowUnencrypted || cn.maySeal(u)); err != nil {
		return err
	}
	if err := cn.checkCloud(u); err != nil {
		return err
	}
	cn.settle(u, fromDiscovery)
	return nil
}

// chooseAuthentication decides how the server will know who we are, and gets
// what that takes.
func (cn *connecting) chooseAuthentication(ctx context.Context) error {
	t, e := &cn.target, cn.endpoint
	if isStdio(e.uri) {
		cn.noteOptions("")
		return cn.chooseModule(ctx) // the process is this user's; SSH does its own
	}
	how := orElse(cn.how, t.Authentication)
	if how == "" || how == "auto" {
		var err error
		if how, err = cn.bestAuthentication(ctx); err != nil {
			return err
		}
	}
	cn.how = how // also for where the server redirects to
	if err := cn.checkWay(how); err != nil {
		return err
	}
	cn.noteOptions(how)
	switch how {
	case "negotiate", "ntlm", "kerberos":
		return cn.useNegotiate(ctx, negotiate.Way(how))
	case "certificate":
		return cn.useCertificate()
	case "basic":
		return cn.useBasic(ctx)
	case "oauth", "bearer":
		return cn.useToken(ctx, how)
	}
	return usageError("authenticating to "+e.uri.Host, fmt.Sprintf("%q is not a way to authenticate that is offered here", how),
		"use --authentication "+strings.Join(Authentications(), ", "))
}

// bestAuthentication follows the URI, else what was given, else the server.
func (cn *connecting) bestAuthentication(ctx context.Context) (string, error) {
	e := cn.endpoint
	switch {
	case cn.target.ClientCertificate != nil:
		return "certificate", nil
	case e.isLiveID():
		return "basic", nil
	case e.isOcs(), discovery.IsExchange(e.uri):
		return "oauth", nil
	}
	challenges, err := cn.probe(ctx)
	if cn.given != nil {
		return cn.tokenWay(challenges, err)
	}
	if err != nil {
		return "", err
	}
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Bearer") && orElse(c.AuthorizationURI, cn.target.Authority) != "" {
			return "bearer", nil
		}
	}
	if way := cn.bestNegotiation(challenges); way != "" {
		return way, nil
	}
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Basic") {
			return "basic", nil
		}
	}
	var offered []string
	for _, c := range challenges {
		offered = append(offered, safetext.Clean(c.Scheme))
	}
	return "", &Error{
		Doing: "authenticating to " + e.uri.Host, Class: ClassSignIn,
		Err:   fmt.Errorf("the server offers only %s", orElse(strings.Join(offered, ", "), "no way to authenticate")),
		Hints: []string{"this endpoint wants a way to authenticate other than a token or Basic; ask its administrator for one of these"},
	}
}

func (cn *connecting) probe(ctx context.Context) ([]auth.Challenge, error) {
	client := cn.httpClient()
	if t, ok := client.Transport.(*http.Transport); ok {
		t.TLSClientConfig = cn.endpointTLS()
	}
	return auth.Probe(ctx, client, cn.endpoint.uri.String())
}

// useBasic sends the user's name and password with each request; wsman keeps
// them off plain http.
func (cn *connecting) useBasic(ctx context.Context) error {
	t := &cn.target
	cn.watch(StageStarted{StageSignIn, "Authenticating as " + t.UserName})
	if t.UserName == "" || t.Password == nil {
		return usageError("authenticating to "+cn.endpoint.uri.Host, "this endpoint takes a user name and a password",
			"give them with --credential NAME and --password-stdin")
	}
	if err := cn.askPassword(ctx); err != nil {
		return err
	}
	cn.account = auth.Account{UserName: t.UserName, Domain: domainOf(t.UserName)}
	cn.endpoint.authorize = auth.Basic(t.UserName, cn.password)
	return nil
}
