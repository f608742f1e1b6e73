package auth

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// CacheKey names one account's tokens in a [Cache].
type CacheKey struct {
	Authority     string // host of the authority
	ClientID      string
	HomeAccountID string
}

// Cache keeps the tokens of accounts longer than a process. What is stored is
// opaque and secret: a Cache encrypts it. It is safe for concurrent use.
type Cache interface {
	// Load returns what was stored under the key, nil if nothing was.
	Load(ctx context.Context, key CacheKey) ([]byte, error)
	// Store replaces what is stored under the key; nil data removes it.
	Store(ctx context.Context, key CacheKey, data []byte) error
	// Keys lists what is stored.
	Keys(ctx context.Context) ([]CacheKey, error)
	// Lock keeps other processes from renewing the tokens of a key until unlock
	// is called: a refresh token that is used twice may be taken for stolen.
	Lock(ctx context.Context, key CacheKey) (unlock func(), err error)
}

// BrokerConfig configures a [Broker].
type BrokerConfig struct {
	// HTTP talks to authorities; nil means a client with the system's
	// certificates. Redirects are never followed.
	HTTP *http.Client
	// InstanceDiscovery lets MSAL ask Microsoft whether an authority it does
	// not know is genuine. Off for private authorities; never done for one on
	// this machine.
	InstanceDiscovery bool
	// Cache keeps tokens between processes; nil keeps them in memory only.
	Cache Cache
	// OpenBrowser opens a URL; nil opens none, and the person uses the URL
	// that the [Prompter] shows. See [Browser].
	OpenBrowser func(url string) error
	// Now is the clock that the life of tokens is measured with; nil means
	// time.Now.
	Now func() time.Time
}

// Account is who signed in.
type Account struct {
	UserName      string // the preferred user name, usually a UPN
	HomeAccountID string // "<object id>.<tenant id>" of the home tenant
	TenantID      string // the tenant that the sign-in took place in
	Domain        string // of UserName
	Application   string // client id of an application that signed in as itself, else empty
}

// Name is what people call the account.
func (a Account) Name() string {
	if a.UserName == "" && a.Application != "" {
		return "application " + a.Application
	}
	return a.UserName
}

// Broker signs accounts in and gives out tokens for them. It is safe for
// concurrent use.
type Broker struct {
	cfg  BrokerConfig
	http *guardedClient

	// check holds a token against what it was asked for, before it is used.
	check func(b Binding, t Token, now time.Time) error

	mu      sync.Mutex
	members map[CacheKey]*member
	signIns map[string]gate // per authority, client and user name
	notes   []string
	said    map[string]bool
}

// member is one account and the MSAL client that holds its tokens. Every
// account has a client of its own, so that no token of one can be answered
// with for another, and a sign-in that turns out to be somebody else's leaves
// nothing behind.
type member struct {
	key     CacheKey
	account Account
	tokens  tokens
	store   *store
	turn    gate // one request at a time: refresh tokens rotate
}

// tokens is the MSAL client of a person or of an application.
type tokens interface {
	// silent gets a token without the person. Claims are what a challenge asked
	// for; MSAL passes over what it has then.
	silent(ctx context.Context, scopes []string, tenant, claims string) (public.AuthResult, error)
}

// person is a person's account and the client that holds its tokens.
type person struct {
	client  public.Client
	account public.Account
}

func (p person) silent(ctx context.Context, scopes []string, tenant, claims string) (public.AuthResult, error) {
	options := []public.AcquireSilentOption{public.WithSilentAccount(p.account)}
	if tenant != "" {
		options = append(options, public.WithTenantID(tenant))
	}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	return p.client.AcquireTokenSilent(ctx, scopes, options...)
}

// NewBroker returns a broker without accounts.
func NewBroker(cfg BrokerConfig) *Broker {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Broker{
		cfg: cfg, http: guard(cfg.HTTP, cfg.Now), check: Binding.check,
		members: map[CacheKey]*member{}, signIns: map[string]gate{}, said: map[string]bool{},
	}
}

// Scope returns the scope that asks for a token for a resource.
func Scope(resource string) string { return resource + "/.default" }

// Accounts returns the accounts that are signed in, by name.
func (b *Broker) Accounts() []Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Account
	for _, m := range b.members {
		list = append(list, m.account)
	}
	slices.SortFunc(list, func(x, y Account) int {
		return strings.Compare(x.UserName+"\x00"+x.HomeAccountID, y.UserName+"\x00"+y.HomeAccountID)
	})
	return list
}

// Where says where the key of the cache is if that is not a keyring, else "".
func (b *Broker) Where() string {
	if c, ok := b.cfg.Cache.(interface{ Where() string }); ok {
		return c.Where()
	}
	return ""
}

// Notes returns what should be said about where tokens are kept, each once.
func (b *Broker) Notes() []string {
	if c, ok := b.cfg.Cache.(interface{ Note() string }); ok {
		b.note(c.Note())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.notes
	b.notes = nil
	return list
}

func (b *Broker) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if text != "" && !b.said[text] {
		b.said[text] = true
		b.notes = append(b.notes, text)
	}
}

// CanOpenBrowser tells whether the broker has a way to open a browser.
func (b *Broker) CanOpenBrowser() bool { return b.cfg.OpenBrowser != nil }

// Source returns a source of tokens that are bound to one account, resource
// and tenant. It asks nobody anything, and makes no request before the first
// [TokenSource.Token].
func (b *Broker) Source(_ context.Context, binding Binding) *TokenSource {
	s := &TokenSource{binding: binding, now: b.cfg.Now, flight: newGate(), check: b.check}
	s.acquire = func(ctx context.Context, want renewal) (Token, error) { return b.silent(ctx, binding, want) }
	return s
}

// silent gets a token for a binding without the person.
func (b *Broker) silent(ctx context.Context, binding Binding, want renewal) (Token, error) {
	authority, err := NormalizeAuthority(binding.Authority)
	if err != nil {
		return Token{}, err
	}
	m, err := b.member(ctx, authority, binding)
	if err != nil {
		return Token{}, err
	}
	if m == nil {
		return Token{}, &SignInNeededError{UserName: binding.Account.Name(), Resource: binding.Resource, Claims: want.claims}
	}
	_, _, tenant := splitAuthority(authority)
	tenant = first(binding.Tenant, tenant)
	t, err := b.fromMember(ctx, m, []string{Scope(binding.Resource)}, tenant, want)
	return t, signInNeeded(err, binding, want.claims)
}

// fromMember asks an account's client for a token.
func (b *Broker) fromMember(ctx context.Context, m *member, scopes []string, tenant string, want renewal) (Token, error) {
	op := "getting a token for " + clean(strings.TrimSuffix(scopes[0], "/.default"), 300) + " as " + clean(m.account.Name(), 200)
	if err := m.turn.enter(ctx); err != nil {
		return Token{}, stopped(op, err)
	}
	defer m.turn.leave()
	unlock, err := m.store.lock(ctx)
	if err != nil {
		return Token{}, cacheError(op, "another psdeck holds the token cache", err)
	}
	defer unlock()
	if want.force {
		ctx = withoutTokens(ctx, scopes[0])
	}
	result, err := m.tokens.silent(ctx, scopes, tenant, want.claims)
	if err != nil {
		return Token{}, explain(ctx, op, err)
	}
	t := ParseToken(result.AccessToken)
	if t.Expires.IsZero() {
		t.Expires = result.ExpiresOn
	}
	if result.Metadata.TokenSource == public.TokenSourceIdentityProvider {
		return t, b.skewed(op, t)
	}
	return t, nil
}

// client makes an MSAL client that keeps its tokens in s. Microsoft is not
// asked whether an authority on this machine is genuine.
func (b *Broker) client(base, clientID string, s *store) (public.Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return public.Client{}, err
	}
	return public.New(clientID,
		public.WithAuthority(base),
		public.WithHTTPClient(b.http),
		public.WithInstanceDiscovery(b.cfg.InstanceDiscovery && !isLoopback(u.Hostname())),
		public.WithCache(s),
		public.WithClientCapabilities(capabilities()),
	)
}

// capabilities tells authorities that the claims challenges of continuous
// access evaluation are answered.
func capabilities() []string { return []string{"cp1"} }
