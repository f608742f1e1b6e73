package auth

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// Method is how a person signs in.
type Method string

// The methods.
const (
	MethodDevice      Method = "device"      // a code entered on another device
	MethodBrowser     Method = "browser"     // the browser of this machine
	MethodPassword    Method = "password"    // user name and password
	MethodSecret      Method = "secret"      // an application, by its secret
	MethodCertificate Method = "certificate" // an application, by its certificate
	MethodToken       Method = "token"       // a token that is there already; no sign-in
)

// Methods lists the methods in the order in which they are named to people.
func Methods() []Method {
	return []Method{MethodBrowser, MethodDevice, MethodPassword, MethodSecret, MethodCertificate, MethodToken}
}

// application tells whether an application signs in as itself, without a
// person.
func (m Method) application() bool { return m == MethodSecret || m == MethodCertificate }

// DeviceCode is what the person needs to sign in on another device.
type DeviceCode struct {
	URL      string
	UserCode string
	Message  string // the authority's own words, cleaned
	Expires  time.Time
}

// Prompter is the face that a sign-in talks to the person through. Its methods
// may be called from any goroutine.
type Prompter interface {
	// DeviceCode shows a code; it returns at once.
	DeviceCode(DeviceCode)
	// Browser shows the URL that the browser is about to be opened at; it
	// returns at once.
	Browser(url string)
	// Password asks for the password of a user.
	Password(ctx context.Context, userName string) (Secret, error)
}

// SignIn says who signs in, where and how.
type SignIn struct {
	// Authority is https://host/tenant, tenant being "organizations", a domain
	// or an id; it is normalized as [NormalizeAuthority] does.
	Authority string
	ClientID  string
	// Scopes is what the first token is for (see [Scope]); empty asks only who
	// the person is.
	Scopes []string
	// UserName is shown to the authority as a hint, and is the account that must
	// sign in; empty lets the person choose.
	UserName string
	Method   Method
	Prompter Prompter
	// Password is used by MethodPassword; when it is not there the Prompter is
	// asked.
	Password Secret
	// Application is what an application proves itself with, for MethodSecret
	// and MethodCertificate.
	Application AppCredential
	// Claims is what a server's challenge asked of the sign-in beyond the usual,
	// as JSON (OpenID Connect Core 5.5; see [SignInNeededError]).
	Claims string
	// Fresh signs in even when the account is signed in already.
	Fresh bool
}

// SignIn signs an account in. An account of that UserName that is signed in
// already is returned without asking the person, unless Fresh is set or a
// Password is given. The error is a [*WrongAccountError] when another account
// than UserName signed in (nothing of it is kept), else an [*Error].
func (b *Broker) SignIn(ctx context.Context, s SignIn) (Account, error) {
	op := "signing in"
	if s.UserName != "" {
		op += " as " + clean(s.UserName, 200)
	}
	authority, err := s.check(op)
	if err != nil {
		return Account{}, err
	}
	base, host, tenant := splitAuthority(authority)
	if s.Method.application() {
		return b.signInApplication(ctx, op, authority, s)
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid"}
	}
	if s.UserName != "" {
		g := b.signInGate(host, s.ClientID, s.UserName)
		if err := g.enter(ctx); err != nil {
			return Account{}, stopped(op, err)
		}
		defer g.leave()
		if a, ok := b.signedIn(ctx, host, tenant, s); ok {
			return a, nil
		}
	}
	if s.Method == MethodPassword && s.Password.IsZero() {
		if s.Password, err = s.Prompter.Password(ctx, s.UserName); err != nil {
			if ctx.Err() != nil {
				return Account{}, stopped(op, ctx.Err())
			}
			return Account{}, &Error{Kind: KindDeclined, Op: op, Msg: "no password was given", Hint: "give a password, or use --sign-in device", Err: err}
		}
	}
	kept := new(store)
	client, err := b.client(base, s.ClientID, kept)
	if err != nil {
		return Account{}, explain(ctx, op, err)
	}
	result, err := b.interact(ctx, client, tenant, s)
	if err != nil {
		return Account{}, explain(ctx, op, err, s.Password.Reveal())
	}
	return b.adopt(ctx, host, s, client, kept, result)
}

// check refuses a sign-in that cannot work and returns its authority.
func (s SignIn) check(op string) (string, error) {
	bad := func(msg, hint string) (string, error) {
		return "", &Error{Kind: KindUsage, Op: op, Msg: msg, Hint: hint}
	}
	authority, err := NormalizeAuthority(s.Authority)
	switch {
	case err != nil:
		return "", err
	case !strings.HasPrefix(authority, "https://"):
		return bad("the authority "+clean(authority, 200)+" is not https, and no credential goes there", "name an https address with --authority")
	case s.ClientID == "":
		return bad("no client id is known to sign in with", "name one with --client-id")
	case s.Method == MethodPassword && s.UserName == "":
		return bad("a password needs a user name", "give --credential or --user-name")
	case s.Method == MethodPassword && s.Password.IsZero() && s.Prompter == nil:
		return bad("no password was given", "use --password-stdin")
	case s.Method == MethodDevice && s.Prompter == nil:
		return bad("there is nobody to show the device code to", "use --sign-in browser or password")
	case s.Method == MethodToken:
		return bad("a token that was given needs no sign-in", "")
	case !slices.Contains(Methods(), s.Method):
		return bad("there is no sign-in method "+clean(string(s.Method), 40), "use --sign-in device, browser or password")
	case s.Method.application():
		return authority, s.checkApplication(op, authority)
	}
	return authority, nil
}

// signInGate lets one sign-in of a name run at a time: two tabs that open
// together ask the person once.
func (b *Broker) signInGate(host, clientID, userName string) gate {
	key := host + "\x00" + clientID + "\x00" + strings.ToLower(userName)
	b.mu.Lock()
	defer b.mu.Unlock()
	g, ok := b.signIns[key]
	if !ok {
		g = newGate()
		b.signIns[key] = g
	}
	return g
}

// signedIn finds the account signed in already, and proves it by a token.
func (b *Broker) signedIn(ctx context.Context, host, tenant string, s SignIn) (Account, bool) {
	if s.Fresh || !s.Password.IsZero() || s.Claims != "" {
		return Account{}, false
	}
	m := b.here(CacheKey{Authority: host, ClientID: s.ClientID}, s.UserName)
	if m == nil && s.Method != MethodPassword { // a password is proved by every process
		m = b.named(ctx, CacheKey{Authority: host, ClientID: s.ClientID}, s.UserName)
	}
	if m == nil {
		return Account{}, false
	}
	if _, err := b.fromMember(ctx, m, s.Scopes, tenant, renewal{}); err != nil {
		return Account{}, false
	}
	return m.account, true
}

// interact runs the method in front of the person.
func (b *Broker) interact(ctx context.Context, client public.Client, tenant string, s SignIn) (public.AuthResult, error) {
	switch s.Method {
	case MethodBrowser:
		return b.byBrowser(ctx, client, tenant, s)
	case MethodPassword:
		return byPassword(ctx, client, tenant, s)
	}
	return byDeviceCode(ctx, client, tenant, s)
}

// byDeviceCode is the grant of RFC 8628.
func byDeviceCode(ctx context.Context, client public.Client, tenant string, s SignIn) (public.AuthResult, error) {
	var options []public.AcquireByDeviceCodeOption
	if tenant != "" {
		options = append(options, public.WithTenantID(tenant))
	}
	if s.Claims != "" {
		options = append(options, public.WithClaims(s.Claims))
	}
	code, err := client.AcquireTokenByDeviceCode(ctx, s.Scopes, options...)
	if err != nil {
		return public.AuthResult{}, err
	}
	at, err := url.Parse(code.Result.VerificationURL)
	if err != nil || at.Host == "" || at.Scheme != "https" && !isLoopback(at.Hostname()) || code.Result.UserCode == "" {
		return public.AuthResult{}, &Error{Kind: KindProtocol, Msg: "the authority gave no usable device code", Hint: "use --sign-in browser"}
	}
	s.Prompter.DeviceCode(DeviceCode{
		URL: at.String(), UserCode: clean(code.Result.UserCode, 40),
		Message: clean(code.Result.Message, 400), Expires: code.Result.ExpiresOn,
	})
	result, err := code.AuthenticationResult(ctx)
	if err != nil && ctx.Err() == nil && isDeadline(err) {
		err = codeExpired()
	}
	return result, err
}

// byBrowser is the authorization code grant with PKCE (RFC 7636) and a
// redirect to this machine (RFC 8252).
func (b *Broker) byBrowser(ctx context.Context, client public.Client, tenant string, s SignIn) (public.AuthResult, error) {
	options := []public.AcquireInteractiveOption{
		public.WithRedirectURI("http://localhost"),
		public.WithOpenURL(func(address string) error { return b.open(address, s.Prompter) }),
	}
	if tenant != "" {
		options = append(options, public.WithTenantID(tenant))
	}
	if s.Claims != "" {
		options = append(options, public.WithClaims(s.Claims))
	}
	if s.UserName != "" {
		options = append(options, public.WithLoginHint(s.UserName))
		if d := domainOf(s.UserName); d != "" {
			options = append(options, public.WithDomainHint(d))
		}
	}
	return client.AcquireTokenInteractive(ctx, s.Scopes, options...)
}

// open shows the address and opens it. Where the browser does not start, the
// person can still use what is shown.
func (b *Broker) open(address string, p Prompter) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return &Error{Kind: KindProtocol, Msg: "the authority's sign-in page is not https", Hint: "use --sign-in device"}
	}
	if p != nil {
		p.Browser(u.String())
	}
	if b.cfg.OpenBrowser == nil {
		return nil
	}
	if err := b.cfg.OpenBrowser(u.String()); err != nil && p == nil {
		return &Error{Kind: KindUsage, Msg: "the browser could not be started", Hint: "use --sign-in device", Err: err}
	}
	return nil
}

// byPassword is the grant of RFC 6749 4.3. It is deprecated everywhere, and all
// that a -Credential without a person has.
func byPassword(ctx context.Context, client public.Client, tenant string, s SignIn) (public.AuthResult, error) {
	var options []public.AcquireByUsernamePasswordOption
	if tenant != "" {
		options = append(options, public.WithTenantID(tenant))
	}
	if s.Claims != "" {
		options = append(options, public.WithClaims(s.Claims))
	}
	//lint:ignore SA1019 deprecated, but the cmdlet's -Credential is this grant
	return client.AcquireTokenByUsernamePassword(ctx, s.Scopes, s.UserName, s.Password.Reveal(), options...)
}

// adopt takes the account in, if it is the one that was asked for. Until then
// its tokens are in the client and the store of this one sign-in only, and go
// with them.
func (b *Broker) adopt(ctx context.Context, host string, s SignIn, client public.Client, kept *store, result public.AuthResult) (Account, error) {
	name := first(result.Account.PreferredUsername, result.IDToken.UPN)
	if s.UserName != "" && !strings.EqualFold(name, s.UserName) {
		return Account{}, &WrongAccountError{Wanted: s.UserName, Got: name}
	}
	if result.Account.HomeAccountID == "" {
		return Account{}, &Error{Kind: KindProtocol, Op: "signing in", Msg: "the authority did not say who signed in", Hint: "check --authority"}
	}
	a := Account{
		UserName: name, HomeAccountID: result.Account.HomeAccountID, Domain: domainOf(name),
		TenantID: first(result.IDToken.TenantID, ParseToken(result.AccessToken).Tenant),
	}
	key := CacheKey{Authority: host, ClientID: s.ClientID, HomeAccountID: a.HomeAccountID}
	if err := kept.attach(ctx, b.cfg.Cache, key); err != nil {
		err = cacheError("", "the token cache cannot be written", err)
		b.note("the sign-in lasts as long as this program: " + err.Error() + "; " + HintOf(err))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members[key] = &member{key: key, account: a, tokens: person{client, result.Account}, store: kept, turn: newGate()}
	return a, nil
}
