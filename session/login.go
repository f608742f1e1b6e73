package session

import (
	"context"
	"strings"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/discovery"
)

// SignIn signs in as [Connector.Connect] would and opens nothing: the tokens
// are there then. Where the target names neither a tenant nor an endpoint, or
// names an authority, only that authority is asked. Its error is an *Error.
func (c *Connector) SignIn(ctx context.Context, t Target, watch func(Event)) (auth.Account, error) {
	if watch == nil {
		watch = func(Event) {}
	}
	cn := &connecting{Connector: c, target: t, watch: watch}
	way := cn.findWay
	if t.OverridePowerShellURI == "" && (t.Authority != "" || t.OverrideAdminDomain == "" && t.UserName == "") {
		way = cn.signInAlone
	}
	if err := way(ctx); err != nil {
		return auth.Account{}, Explain("", err)
	}
	return cn.account, nil
}

// signInAlone signs in without an endpoint.
func (cn *connecting) signInAlone(ctx context.Context) error {
	if err := cn.chooseCloud(ctx); err != nil {
		return err
	}
	t := &cn.target
	cn.domain = orElse(t.OverrideAdminDomain, domainOf(t.UserName))
	cn.clientID = orElse(t.ClientID, cn.cfg.ClientID)
	authority := orElse(t.Authority, cn.cloudAuthority())
	if authority == "" {
		authority = cn.homeAuthority(ctx)
	}
	scopes := []string{"openid", "profile"}
	if r := t.OverrideAccessTokenResourceURI; r != "" {
		scopes = []string{auth.Scope(r)}
	}
	return cn.signIn(ctx, authority, scopes)
}

// TenantID finds the id of a tenant that is named by an id or a domain, at the
// authority of an account.
func (c *Connector) TenantID(ctx context.Context, authorityHost, tenant string) (string, error) {
	if !strings.Contains(tenant, ".") {
		return tenant, nil
	}
	info, err := auth.LookUpTenant(ctx, c.cfg.Network.HTTPClient(), "https://"+authorityHost, tenant)
	if err != nil {
		return "", Explain("", err)
	}
	return info.ID, nil
}

// Way is what a [Connector] would do to sign in at an endpoint, for those who
// ask before.
type Way struct {
	Authentication string // "oauth", "bearer", "basic", …
	Shape          string // how the credential travels, in words
	Method         auth.Method
	Authority      string
	ClientID       string
	Resource       string
	Cloud          string // of the authority; "" for none that is known
	// Negotiation is what Negotiate, Kerberos or NTLM would do; nil for other ways.
	Negotiation *negotiate.Plan
}

// Way finds out how a target would sign in at its endpoint, by the URI and by
// what the server answers. Nobody is asked and no credential is sent.
func (c *Connector) Way(ctx context.Context, t Target) (Way, error) {
	cn := &connecting{Connector: c, target: t, watch: func(Event) {}}
	for _, step := range []func(context.Context) error{cn.chooseCloud, cn.findEndpoint} {
		if err := step(ctx); err != nil {
			return Way{}, Explain("", err)
		}
	}
	if !t.AccessToken.IsZero() || t.AccessTokenFrom != nil {
		cn.given = &auth.Token{} // which one makes no difference
	}
	how := t.Authentication
	if how == "" || how == "auto" {
		var err error
		if how, err = cn.bestAuthentication(ctx); err != nil {
			return Way{}, Explain("", err)
		}
	}
	if err := cn.checkWay(how); err != nil {
		return Way{}, Explain("", err)
	}
	w := Way{Authentication: how, Shape: shapeOf(cn.endpoint, how)}
	if seals(how) {
		var err error
		if w.Negotiation, err = cn.planNegotiation(negotiate.Way(how)); err != nil {
			return w, Explain("", err)
		}
	}
	if how != "oauth" && how != "bearer" {
		return w, nil
	}
	w.Resource = discovery.ResourceOf(cn.endpoint.uri, t.OverrideAccessTokenResourceURI)
	authority, clientID, err := cn.issuerOf(ctx)
	if err != nil {
		return w, Explain("", err)
	}
	if w.Authority, err = auth.NormalizeAuthority(authority); err != nil {
		return w, Explain("", err)
	}
	w.ClientID, w.Method = clientID, cn.method()
	if !t.AccessToken.IsZero() || t.AccessTokenFrom != nil {
		w.Method = auth.MethodToken
	}
	w.Cloud, _ = auth.KnownAuthority(w.Authority)
	return w, nil
}

// shapeOf says how a credential travels.
func shapeOf(e *endpoint, how string) string {
	switch {
	case how == "bearer":
		return "the token in the header Authorization: Bearer"
	case how == "oauth" && discovery.IsExchange(e.uri):
		return `Basic, the account and "Bearer " with the token as the password`
	case how == "oauth":
		return `Basic, the user "oauth" and the token as the password`
	case how == "basic":
		return "Basic, the user name and the password"
	case seals(how) && e.uri.Scheme == "https":
		return how + ", bound to the server's certificate"
	case seals(how):
		return how + ", and each message is sealed"
	case how == "certificate":
		return "the client certificate, in TLS"
	}
	return how
}
