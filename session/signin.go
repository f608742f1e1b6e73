package session

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"psdeck/auth"
	"psdeck/discovery"
)

// exchangeClientID is the public client of the Exchange Online module. The
// client that an Exchange endpoint names in its challenge is the endpoint's own
// application, which nobody signs in as.
const exchangeClientID = "fb78d390-0c51-40cd-8e17-fdbfab77341b"

// takeToken takes the token that was given, or gets it from whoever keeps it.
func (cn *connecting) takeToken(ctx context.Context) error {
	t := &cn.target
	if t.AccessToken.IsZero() && t.AccessTokenFrom != nil {
		secret, err := t.AccessTokenFrom(ctx)
		if err != nil {
			return err
		}
		t.AccessToken = secret
	}
	if t.AccessToken.IsZero() {
		return nil
	}
	tok := auth.ParseToken(t.AccessToken.Reveal())
	cn.given = &tok
	err := tok.CheckTimes(cn.cfg.Now())
	var old *auth.ExpiredError
	if errors.As(err, &old) && t.AccessTokenFrom != nil {
		return nil // another one is got before this one is sent
	}
	return err
}

// tokenWay is how a token that was given travels where the URI does not say:
// in the header of its own where the server asks for that, else as the
// password of Basic.
func (cn *connecting) tokenWay(challenges []auth.Challenge, err error) (string, error) {
	if cn.redirected(err) != nil {
		return "", err
	}
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Bearer") {
			return "bearer", nil
		}
	}
	return "oauth", nil
}

// useToken gets a token for the endpoint, or checks the one that was given.
func (cn *connecting) useToken(ctx context.Context, how string) error {
	t := &cn.target
	resource := discovery.ResourceOf(cn.endpoint.uri, t.OverrideAccessTokenResourceURI)
	cn.watch(StageStarted{StageSignIn, "Requesting authentication token"})
	source, err := cn.tokenSource(ctx, resource)
	if err != nil {
		return err
	}
	tok, err := source.Token(ctx)
	if again, refused := cn.signInMore(ctx, err); refused != nil {
		return refused
	} else if again {
		return cn.useToken(ctx, how)
	}
	if err != nil {
		return err
	}
	if note := source.Note(); note != "" && cn.given != nil {
		cn.watch(Noted{Text: note, Important: true})
	}
	cn.endpoint.setExpiry(tok)
	cn.endpoint.authorize = cn.endpoint.tracking(source, how)
	return nil
}

// tokenSource is bound to the account, the resource and the tenant.
func (cn *connecting) tokenSource(ctx context.Context, resource string) (*auth.TokenSource, error) {
	t := &cn.target
	if cn.given == nil {
		authority, err := cn.signInFor(ctx, resource)
		if err != nil {
			return nil, err
		}
		tenant, err := cn.issuer(ctx, authority)
		if err != nil {
			return nil, err
		}
		return cn.cfg.Broker.Source(ctx, auth.Binding{
			Authority: authority, ClientID: cn.clientID, Account: cn.account, Resource: resource, Tenant: tenant,
		}), nil
	}
	if t.UserName != "" && cn.given.UPN != "" && !strings.EqualFold(t.UserName, cn.given.UPN) {
		return nil, &auth.WrongAccountError{Wanted: t.UserName, Got: cn.given.UPN}
	}
	tenant, err := cn.issuer(ctx, orElse(t.Authority, cn.cloudAuthority(), cn.cfg.Authority))
	if err != nil {
		return nil, err
	}
	cn.account = auth.Account{UserName: cn.given.UPN, TenantID: cn.given.Tenant, Domain: cn.given.Domain()}
	binding := auth.Binding{Account: cn.account, Resource: resource, Tenant: tenant}
	if t.AccessTokenFrom != nil {
		return auth.GivenSource(t.AccessToken.Reveal(), t.AccessTokenFrom, binding, cn.cfg.Now), nil
	}
	return auth.StaticSource(t.AccessToken.Reveal(), binding, cn.cfg.Now), nil
}

// issuer is the id of the tenant that has to issue the token, "" where any
// may. A domain is looked up: only an id can be compared.
func (cn *connecting) issuer(ctx context.Context, authority string) (string, error) {
	tenant := strings.TrimSpace(cn.target.Tenant)
	if tenant == "" && discovery.IsExchange(cn.endpoint.uri) && cn.given == nil {
		// the tokens of a partner are issued by the tenant that is managed
		tenant = cn.target.OverrideAdminDomain
	}
	if tenant == "" && cn.target.Bootstrap != "" {
		tenant = cn.domain // a module acts in the tenant that issued its tokens
	}
	if !strings.Contains(tenant, ".") {
		return tenant, nil
	}
	info, err := auth.LookUpTenant(ctx, cn.httpClient(), authority, tenant)
	if err != nil {
		return "", err
	}
	return orElse(info.ID, tenant), nil
}

// tracking is the authorizer of a source; it keeps the expiry of the token in
// use for those who show it.
func (e *endpoint) tracking(source *auth.TokenSource, how string) auth.Authorizer {
	inner := auth.OAuthBasic(source)
	switch {
	case how == "bearer":
		inner = auth.BearerHeader(source)
	case discovery.IsExchange(e.uri):
		e.uri = discovery.WithTokenConversion(e.uri)
		inner = auth.ExchangeBasic(source)
	}
	return func(ctx context.Context, req *http.Request, challenge []string) error {
		err := e.withoutPerson(ctx, func(ctx context.Context) error { return inner(ctx, req, challenge) })
		if again := e.again.Load(); err != nil && again != nil {
			if err = (*again)(ctx, err); err == nil {
				err = inner(ctx, req, challenge)
			}
		}
		if err != nil {
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
// resource, and returns the authority that issues them.
func (cn *connecting) signInFor(ctx context.Context, resource string) (string, error) {
	authority, clientID, err := cn.issuerOf(ctx)
	if err != nil || cn.account.UserName != "" {
		return authority, err // signed in already, to learn the domain
	}
	cn.clientID = clientID
	return authority, cn.signIn(ctx, authority, []string{auth.Scope(resource)})
}

// issuerOf is which authority issues tokens for the endpoint, and to which
// client: the person's choice, else the server's, else the connector's.
func (cn *connecting) issuerOf(ctx context.Context) (authority, clientID string, err error) {
	t := &cn.target
	var challenges []auth.Challenge
	if t.Authority == "" || t.ClientID == "" {
		var probe *auth.ProbeError
		challenges, err = cn.probe(ctx)
		if err != nil && (!errors.As(err, &probe) || cn.redirected(err) != nil) {
			return "", "", err
		}
	}
	authority, clientID = orElse(t.Authority, cn.cloudAuthority()), t.ClientID
	exchange := discovery.IsExchange(cn.endpoint.uri)
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Bearer") {
			authority = orElse(authority, c.AuthorizationURI)
			if !exchange {
				clientID = orElse(clientID, c.ClientID)
			}
		}
	}
	if exchange {
		clientID = orElse(clientID, exchangeClientID)
	}
	if authority == "" {
		authority = cn.homeAuthority(ctx)
	}
	return authority, orElse(clientID, cn.cfg.ClientID), nil
}

func hostOf(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.Host != "" {
		return u.Host
	}
	return uri
}

// method is how to sign in where nothing is said: by what was given, else in
// front of the person.
func (cn *connecting) method() auth.Method {
	t := &cn.target
	switch {
	case t.SignIn != "":
		return t.SignIn
	case !t.Application.IsZero():
		return t.Application.Method()
	case t.Password != nil && t.UserName != "":
		return auth.MethodPassword
	case cn.cfg.Broker.CanOpenBrowser():
		return auth.MethodBrowser
	}
	return auth.MethodDevice
}

func (cn *connecting) signIn(ctx context.Context, authority string, scopes []string) error {
	t := &cn.target
	req := auth.SignIn{
		Authority: authority, ClientID: cn.clientID, Scopes: scopes,
		UserName: t.UserName, Method: cn.method(), Prompter: prompter{cn}, Application: t.Application, Fresh: t.Fresh,
	}
	if !t.Application.IsZero() {
		// an application signs in to the tenant itself
		if tenant := orElse(t.Tenant, cn.domain); tenant != "" {
			req.Authority = auth.InTenant(authority, tenant)
		}
	}
	return cn.signInAs(ctx, req)
}

func (cn *connecting) signInAs(ctx context.Context, req auth.SignIn) error {
	if _, known := auth.KnownAuthority(req.Authority); !known && cn.cloudAuthority() == "" {
		cn.watch(Noted{Text: "signing in at " + hostOf(req.Authority) + ", which is not the authority of a known cloud", Important: true})
	}
	account, err := cn.cfg.Broker.SignIn(ctx, req)
	for _, note := range cn.cfg.Broker.Notes() {
		cn.watch(Noted{Text: note, Important: true})
	}
	if err != nil {
		return cn.nameCloud(ctx, req.Authority, err)
	}
	cn.account, cn.signedIn = account, req
	cn.watch(SignedIn{account})
	return nil
}

// stepUp signs in again where opening the session needs it; again tells that it
// is to be opened anew.
func (cn *connecting) stepUp(ctx context.Context, err error) (again bool, _ error) {
	again, err = cn.signInMore(ctx, err)
	if err != nil || !again {
		return again, err
	}
	return true, cn.authenticate(ctx)
}

// signInMore signs in again, once, where the server wants more of the sign-in
// than it was (a claims challenge), or where one that was kept gives no tokens
// any more.
func (cn *connecting) signInMore(ctx context.Context, err error) (again bool, _ error) {
	var needed *auth.SignInNeededError
	if !errors.As(err, &needed) || cn.stepped || cn.given != nil || cn.signedIn.ClientID == "" {
		return false, nil
	}
	switch {
	case needed.Claims != "":
		cn.watch(Noted{Text: "the server wants a stronger sign-in for this", Important: true})
	case cn.asked.Load() || !cn.signedIn.Application.IsZero():
		return false, nil // the person has just done it
	default:
		cn.watch(Noted{Text: "the sign-in that was kept for " + cn.account.UserName + " is no longer good; a new one is needed", Important: true})
	}
	cn.stepped = true
	req := cn.signedIn
	req.Claims, req.Fresh, req.UserName = needed.Claims, true, cn.account.UserName
	return true, cn.signInAs(ctx, req)
}

// prompter shows what a sign-in asks of the person as events.
type prompter struct{ cn *connecting }

func (p prompter) DeviceCode(c auth.DeviceCode) {
	p.cn.asked.Store(true)
	p.cn.watch(DeviceCodeShown{c})
}

func (p prompter) Browser(url string) {
	p.cn.asked.Store(true)
	p.cn.watch(BrowserOpened{url})
}

func (p prompter) Password(ctx context.Context, userName string) (auth.Secret, error) {
	p.cn.asked.Store(true)
	if p.cn.target.Password == nil {
		return auth.Secret{}, errors.New("there is nobody to ask for a password")
	}
	return p.cn.target.Password(ctx, userName)
}
