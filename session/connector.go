package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"psdeck/auth"
	"psdeck/auth/negotiate/sspi"
	"psdeck/discovery"
	"psdeck/session/wsman"
)

// Defaults of signing in where neither the target nor a server's challenge
// says otherwise.
const (
	DefaultAuthority = "https://login.microsoftonline.com/organizations"
	// DefaultClientID is the public client of Microsoft's PowerShell modules.
	DefaultClientID = "1950a258-227b-4e31-a9cf-717495945fc2"
	// DefaultClientVersion is what Ocs endpoints are told in X-MS-Client-Version.
	DefaultClientVersion = "7.0.2374.2"
)

// ConnectorConfig is what the sessions of one process share.
type ConnectorConfig struct {
	Network *discovery.Network // nil: the system's
	// Proxy finds the proxy for sessions whose ProxyAccessType wants one; nil is
	// the environment's.
	Proxy   func(*http.Request) (*url.URL, error)
	Broker  *auth.Broker // nil: one of its own, in memory
	Journal *Journal     // nil: none
	// Authority and ClientID are for signing in before any server was asked.
	Authority, ClientID string
	// ClientVersion is sent to Ocs endpoints; empty means DefaultClientVersion.
	ClientVersion string
	// System authenticates the operating system's user to servers that negotiate,
	// where no account is given; nil means what this system has.
	System sspi.Provider
	// Trace takes one line for each HTTP exchange: sizes, ids and codes only.
	Trace io.Writer
	// Catalogs keeps what the sessions of a [Manager] offer; nil: they are not
	// asked. A session outside of one, of a script, is never asked.
	Catalogs *Catalogs
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Patience is how long a lost connection is looked for; zero means
	// DefaultPatience, negative not at all.
	Patience time.Duration
	// Width and Height are the screen that servers are told of; zero means 120×30.
	Width, Height int
}

// Connector opens sessions. It is safe for concurrent use.
type Connector struct {
	cfg   ConnectorConfig
	local func(context.Context) (stdioServer, error) // starts what local: speaks to
}

// NewConnector makes a connector.
func NewConnector(cfg ConnectorConfig) *Connector {
	if cfg.Network == nil {
		cfg.Network = &discovery.Network{}
	}
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.System == nil {
		cfg.System = sspi.System()
	}
	if cfg.Broker == nil {
		cfg.Broker = auth.NewBroker(auth.BrokerConfig{HTTP: cfg.Network.HTTPClient(), Now: cfg.Now})
	}
	if cfg.Authority == "" {
		cfg.Authority = DefaultAuthority
	}
	if cfg.ClientID == "" {
		cfg.ClientID = DefaultClientID
	}
	if cfg.ClientVersion == "" {
		cfg.ClientVersion = DefaultClientVersion
	}
	if cfg.Patience == 0 {
		cfg.Patience = DefaultPatience
	}
	if cfg.Width == 0 || cfg.Height == 0 {
		cfg.Width, cfg.Height = 120, 30
	}
	return &Connector{cfg: cfg, local: startLocal}
}

// Connect goes from a target to a live session and reports each step to watch,
// one at a time, from any goroutine; watch may be nil. With
// [Target.SignInAgain] it is told of later sign-ins too. Its error is an *Error. A
// session whose proof does not match what was asked for is closed before
// Connect returns. Where ctx ends while a shell is being created, Connect waits
// up to ten seconds more for it, to delete it: it would count against the
// account's quota.
func (c *Connector) Connect(ctx context.Context, t Target, watch func(Event)) (*Session, error) {
	if watch == nil {
		watch = func(Event) {}
	}
	cn := &connecting{Connector: c, target: t, watch: watch}
	s, err := cn.run(ctx)
	if err != nil {
		return nil, Explain("", err)
	}
	watch(StageStarted{StageReady, "connected"})
	return s, nil
}

// connecting is one Connect on its way.
type connecting struct {
	*Connector
	target   Target
	watch    func(Event)
	domain   string // the tenant to manage
	tenantID string // its id, where tokens of that tenant are needed
	endpoint *endpoint
	module   *module // of a bootstrap; nil: there is none
	account  auth.Account
	clientID string
	given    *auth.Token // a token that was given
	proxy    chooser     // nil: none
	how      string      // the authentication chosen
	password auth.Secret // of Basic, once it was asked for
	followed int         // redirections
	cloud    *discovery.Cloud
	signedIn auth.SignIn // the last one
	stepped  bool        // signed in again because the sign-in was not enough, or no longer good
	asked    atomic.Bool // a person was asked to sign in
}

// findWay finds out where the endpoint is and gets what it takes to enter.
func (cn *connecting) findWay(ctx context.Context) error {
	if err := cn.target.settleTransport(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{cn.chooseOptions, cn.chooseCloud, cn.findDomain, cn.findEndpoint, cn.authenticate} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (cn *connecting) run(ctx context.Context) (*Session, error) {
	if err := cn.findWay(ctx); err != nil {
		return nil, err
	}
	s, err := cn.openSession(ctx)
	if err != nil {
		return nil, err
	}
	err = cn.connectModule(ctx, s)
	if err == nil {
		err = cn.prove(ctx, s)
	}
	if err != nil {
		if cn.target.Attach != "" {
			s.leaveAlone()
			return nil, err
		}
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.Close(closeCtx)
		return nil, err
	}
	cn.letSignInAgain(s)
	s.keepModule()
	return s, nil
}

// findDomain decides which tenant to manage: the override, else the domain of
// the account. With neither a name nor a domain the person signs in first.
func (cn *connecting) findDomain(ctx context.Context) error {
	t := &cn.target
	cn.watch(StageStarted{StageDomain, "Determining domain to admin"})
	t.UserName = strings.TrimSpace(t.UserName)
	t.OverrideAdminDomain = strings.TrimSuffix(strings.TrimSpace(t.OverrideAdminDomain), ".")
	if strings.HasPrefix(t.UserName, "@") {
		return usageError("reading the user name", fmt.Sprintf("%q has no name before the @", t.UserName), "write it as name@domain")
	}
	if err := cn.takeToken(ctx); err != nil {
		return err
	}
	switch {
	case t.OverrideAdminDomain != "":
		cn.domain = t.OverrideAdminDomain
	case t.UserName != "":
		cn.domain = domainOf(t.UserName)
	case cn.given != nil:
		cn.domain = cn.given.Domain()
	case !t.Application.IsZero(): // it has no domain, its tenant may
		if strings.Contains(t.Tenant, ".") {
			cn.domain = t.Tenant
		}
	case t.OverridePowerShellURI == "", t.Bootstrap != "":
		if err := cn.signInFirst(ctx); err != nil {
			return err
		}
		cn.domain = cn.account.Domain
	}
	if cn.domain == "" && t.OverridePowerShellURI == "" {
		return usageError("determining the domain to manage", "nothing given names a domain",
			"give the tenant's domain with --override-admin-domain", "or an account as name@domain with --user-name")
	}
	if cn.domain != "" {
		cn.watch(Noted{Text: "AdminDomain = " + cn.domain})
	}
	return nil
}

// signInFirst is the cmdlet without parameters: whoever signs in says by the
// account's domain which tenant is meant.
func (cn *connecting) signInFirst(ctx context.Context) error {
	cn.clientID = orElse(cn.target.ClientID, cn.cfg.ClientID)
	return cn.signIn(ctx, orElse(cn.target.Authority, cn.cfg.Authority), []string{"openid", "profile"})
}

// openSession opens the session at the endpoint, or where it redirects to.
func (cn *connecting) openSession(ctx context.Context) (*Session, error) {
	for {
		s, err := cn.openHere(ctx)
		if err == nil {
			return s, nil
		}
		if again, err := cn.stepUp(ctx, err); err != nil {
			return nil, err
		} else if again {
			continue
		}
		r := cn.redirected(err)
		if r == nil {
			return nil, cn.openError(err)
		}
		if err := cn.follow(r); err != nil {
			return nil, err
		}
		if err := cn.authenticate(ctx); err != nil {
			return nil, err
		}
	}
}

func (cn *connecting) openHere(ctx context.Context) (*Session, error) {
	cn.watch(StageStarted{StageOpen, "Initializing remote session"})
	id := uuid.New()
	if cn.target.Attach != "" {
		var err error
		if id, err = cn.attachable(); err != nil {
			return nil, err
		}
	}
	s := newSession(id.String(), cn.sessionName(id), cn.target, cn.cfg.Now, cn.cfg.Journal)
	s.account, s.uri = cn.account, cn.endpoint.uri.String()
	s.expires = &cn.endpoint.expires
	var err error
	if cn.target.Transport == "winrs" {
		err = cn.openText(ctx, s)
	} else {
		err = cn.openPool(ctx, s, id)
	}
	if err != nil && cn.target.Attach != "" {
		s.leaveAlone()
		return nil, err
	}
	if err != nil {
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.Close(closeCtx)
		return nil, err
	}
	return s, nil
}

// openError is openError with what only this target's parameters explain.
func (cn *connecting) openError(err error) error {
	err = openError(cn.endpoint.name(), err)
	var e *Error
	var denied *wsman.AuthError
	if override := cn.target.OverrideAccessTokenResourceURI; override != "" && errors.As(err, &e) && errors.As(err, &denied) {
		e.Hints = append([]string{"the server may not take a token for " + override + "; leave --override-access-token-resource-uri out to ask for one for the endpoint itself"}, e.Hints...)
	}
	return err
}

func (cn *connecting) sessionName(id uuid.UUID) string {
	if cn.endpoint.isOcs() {
		return "SfBPowerShellSession_" + id.String()
	}
	return "psdeck_" + id.String()
}

func orElse(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// domainOf is what stands behind the @ of a user name, in lower case.
func domainOf(userName string) string {
	_, domain, _ := strings.Cut(userName, "@")
	return strings.ToLower(domain)
}
