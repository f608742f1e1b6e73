package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"psdeck/auth"
	"psdeck/discovery"
)

// endpoint is where a session goes and how it authenticates there.
type endpoint struct {
	uri       *url.URL // with the tenant to manage in its query
	found     bool     // by discovery
	authorize auth.Authorizer
	expires   atomic.Int64
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
			Client: cn.httpClient(),
			OnHop:  func(h discovery.Hop) { cn.watch(HopDone{h}) },
		})
		if err != nil {
			return err
		}
		u = found.PowerShellURI
	}
	fromDiscovery := t.OverridePowerShellURI == ""
	if err := discovery.CheckEndpoint(u, fromDiscovery, t.AllowUnencrypted); err != nil {
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
		return nil // the process is this user's; SSH does its own
	}
	how := orElse(cn.how, t.Authentication)
	if how == "" || how == "auto" {
		var err error
		if how, err = cn.bestAuthentication(ctx); err != nil {
			return err
		}
	}
	cn.how = how // also for where the server redirects to
	switch how {
	case "basic":
		return cn.useBasic(ctx)
	case "oauth", "bearer":
		return cn.useToken(ctx, how)
	}
	return usageError("authenticating to "+e.uri.Host, fmt.Sprintf("%q is not a way to authenticate that is offered here", how),
		"use --authentication auto, basic, oauth or bearer")
}

// bestAuthentication follows the URI, else what was given, else the server.
func (cn *connecting) bestAuthentication(ctx context.Context) (string, error) {
	e := cn.endpoint
	switch {
	case e.isLiveID():
		return "basic", nil
	case e.isOcs(), !cn.target.AccessToken.IsZero():
		return "oauth", nil
	}
	challenges, err := cn.probe(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Bearer") && c.AuthorizationURI != "" {
			return "oauth", nil
		}
	}
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Basic") {
			return "basic", nil
		}
	}
	var offered []string
	for _, c := range challenges {
		offered = append(offered, Clean(c.Scheme))
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
	if cn.password.IsZero() {
		var err error
		if cn.password, err = t.Password(ctx, t.UserName); err != nil {
			return err
		}
	}
	cn.account = auth.Account{UserName: t.UserName, Domain: domainOf(t.UserName)}
	cn.endpoint.authorize = auth.Basic(t.UserName, cn.password)
	return nil
}

// useToken gets a token for the endpoint, or checks the one that was given.
func (cn *connecting) useToken(ctx context.Context, how string) error {
	t := &cn.target
	resource := discovery.ResourceOf(cn.endpoint.uri, t.OverrideAccessTokenResourceURI)
	cn.watch(StageStarted{StageSignIn, "Requesting authentication token"})
	var source *auth.TokenSource
	if cn.given != nil {
		if t.UserName != "" && cn.given.UPN != "" && !strings.EqualFold(t.UserName, cn.given.UPN) {
			return &auth.WrongAccountError{Wanted: t.UserName, Got: cn.given.UPN}
		}
		cn.account = auth.Account{UserName: cn.given.UPN, TenantID: cn.given.Tenant, Domain: cn.given.Domain()}
		source = auth.StaticSource(t.AccessToken.Reveal(), auth.Binding{Account: cn.account, Resource: resource, Tenant: t.Tenant}, cn.cfg.Now)
		if note := source.Note(); note != "" {
			cn.watch(Noted{Text: note, Important: true})
		}
	} else {
		authority, err := cn.signInFor(ctx, resource)
		if err != nil {
			return err
		}
		source = cn.cfg.Broker.Source(ctx, auth.Binding{
			Authority: authority, ClientID: cn.clientID, Account: cn.account, Resource: resource, Tenant: t.Tenant,
		})
	}
	tok, err := source.Token(ctx)
	if err != nil {
		return err
	}
	cn.endpoint.setExpiry(tok)
	cn.endpoint.authorize = cn.endpoint.tracking(source, how)
	return nil
}

// tracking is the authorizer of a source; it keeps the expiry of the token in
// use for those who show it.
func (e *endpoint) tracking(source *auth.TokenSource, how string) auth.Authorizer {
	inner := auth.OAuthBasic(source)
	if how == "bearer" {
		inner = auth.BearerHeader(source)
	}
	return func(ctx context.Context, req *http.Request, challenge []string) error {
		if err := inner(ctx, req, challenge); err != nil {
			return err
		}
		if tok, err := source.Token(ctx); err == nil {
			e.setExpiry(tok)
		}
		return nil
	}
}

func (e *endpoint) setExpiry(tok auth.Token) {
	if !tok.Expires.IsZero() {
		e.expires.Store(tok.Expires.Unix())
	}
}

// signInFor makes sure that an account is signed in that can get tokens for
// resource, and returns the authority that issues them. Authority and client
// come from the server's challenge.
func (cn *connecting) signInFor(ctx context.Context, resource string) (authority string, err error) {
	t := &cn.target
	challenges, err := cn.probe(ctx)
	if err != nil {
		return "", err
	}
	authority, clientID := t.Authority, t.ClientID
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Bearer") {
			authority = orElse(authority, c.AuthorizationURI)
			clientID = orElse(clientID, c.ClientID)
		}
	}
	authority, clientID = orElse(authority, cn.cfg.Authority), orElse(clientID, cn.cfg.ClientID)
	if cn.account.UserName != "" {
		return authority, nil // signed in already, to learn the domain
	}
	cn.clientID = clientID
	return authority, cn.signIn(ctx, authority, []string{auth.Scope(resource)})
}

func hostOf(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.Host != "" {
		return u.Host
	}
	return uri
}

func (cn *connecting) signIn(ctx context.Context, authority string, scopes []string) error {
	t := &cn.target
	req := auth.SignIn{
		Authority: authority, ClientID: cn.clientID, Scopes: scopes,
		UserName: t.UserName, Method: t.SignIn, Prompter: prompter{cn},
	}
	if _, known := auth.KnownAuthority(authority); !known {
		cn.watch(Noted{Text: "signing in at " + hostOf(authority) + ", which is not the authority of a known cloud", Important: true})
	}
	if req.Method == "" {
		req.Method = auth.MethodDevice
		if t.Password != nil && t.UserName != "" {
			req.Method = auth.MethodPassword
		}
	}
	account, err := cn.cfg.Broker.SignIn(ctx, req)
	if err != nil {
		return err
	}
	cn.account = account
	cn.watch(SignedIn{account})
	return nil
}

// prompter shows what a sign-in asks of the person as events.
type prompter struct{ cn *connecting }

func (p prompter) DeviceCode(c auth.DeviceCode) { p.cn.watch(DeviceCodeShown{c}) }
func (p prompter) Browser(url string)           { p.cn.watch(BrowserOpened{url}) }

func (p prompter) Password(ctx context.Context, userName string) (auth.Secret, error) {
	if p.cn.target.Password == nil {
		return auth.Secret{}, errors.New("there is nobody to ask for a password")
	}
	return p.cn.target.Password(ctx, userName)
}
