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
	// that the [Prompter] shows.
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
}

// Broker signs accounts in and gives out tokens for them. It is safe for
// concurrent use.
type Broker struct {
	cfg  BrokerConfig
	http *guardedClient

	mu      sync.Mutex
	members map[CacheKey]*member
	signIns map[string]gate // per authority, client and user name
}

// member is one account and the MSAL client that holds its tokens. Every
// account has a client of its own, so that no token of one can be answered
// with for another, and a sign-in that turns out to be somebody else's leaves
// nothing behind.
type member struct {
	account Account
	msal    public.Account
	client  public.Client
	turn    gate // one request at a time: refresh tokens rotate
}

// NewBroker returns a broker without accounts.
func NewBroker(cfg BrokerConfig) *Broker {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Broker{cfg: cfg, http: guard(cfg.HTTP), members: map[CacheKey]*member{}, signIns: map[string]gate{}}
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

// Forget drops everything that is kept of an account, in the cache too.
func (b *Broker) Forget(ctx context.Context, account Account) error {
	b.mu.Lock()
	var keys []CacheKey
	for key, m := range b.members {
		if m.account.HomeAccountID == account.HomeAccountID {
			keys = append(keys, key)
			delete(b.members, key)
		}
	}
	b.mu.Unlock()
	if b.cfg.Cache == nil {
		return nil
	}
	for _, key := range keys {
		if err := b.cfg.Cache.Store(ctx, key, nil); err != nil {
			return &Error{Kind: KindUsage, Op: "forgetting " + clean(account.UserName, 200), Msg: "the token cache cannot be written", Err: err}
		}
	}
	return nil
}

// Source returns a source of tokens that are bound to one account, resource
// and tenant. It asks nobody anything, and makes no request before the first
// [TokenSource.Token].
func (b *Broker) Source(_ context.Context, binding Binding) *TokenSource {
	s := &TokenSource{binding: binding, now: b.cfg.Now, flight: newGate()}
	s.acquire = func(ctx context.Context, force bool) (Token, error) { return b.silent(ctx, binding, force) }
	return s
}

// silent gets a token for a binding without the person.
func (b *Broker) silent(ctx context.Context, binding Binding, force bool) (Token, error) {
	authority, err := NormalizeAuthority(binding.Authority)
	if err != nil {
		return Token{}, err
	}
	m, err := b.member(ctx, authority, binding)
	if err != nil {
		return Token{}, err
	}
	if m == nil {
		return Token{}, &SignInNeededError{UserName: binding.Account.UserName, Resource: binding.Resource}
	}
	_, _, tenant := splitAuthority(authority)
	tenant = first(binding.Tenant, tenant)
	t, err := b.fromMember(ctx, m, []string{Scope(binding.Resource)}, tenant, force)
	return t, signInNeeded(err, binding)
}

// fromMember asks an account's client for a token.
func (b *Broker) fromMember(ctx context.Context, m *member, scopes []string, tenant string, force bool) (Token, error) {
	op := "getting a token for " + clean(strings.TrimSuffix(scopes[0], "/.default"), 300) + " as " + clean(m.account.UserName, 200)
	if err := m.turn.enter(ctx); err != nil {
		return Token{}, stopped(op, err)
	}
	defer m.turn.leave()
	if force {
		ctx = withoutTokens(ctx, scopes[0])
	}
	options := []public.AcquireSilentOption{public.WithSilentAccount(m.msal)}
	if tenant != "" {
		options = append(options, public.WithTenantID(tenant))
	}
	result, err := m.client.AcquireTokenSilent(ctx, scopes, options...)
	if err != nil {
		return Token{}, explain(ctx, op, err)
	}
	t := ParseToken(result.AccessToken)
	if t.Expires.IsZero() {
		t.Expires = result.ExpiresOn
	}
	return t, nil
}

// member finds the account of a binding: signed in in this process, or before
// and kept in the cache. It is nil when there is none.
func (b *Broker) member(ctx context.Context, authority string, binding Binding) (*member, error) {
	base, host, _ := splitAuthority(authority)
	key := CacheKey{Authority: host, ClientID: binding.ClientID, HomeAccountID: binding.Account.HomeAccountID}
	if key.HomeAccountID == "" {
		return b.named(key, binding.Account.UserName), nil
	}
	b.mu.Lock()
	m := b.members[key]
	b.mu.Unlock()
	if m != nil || b.cfg.Cache == nil {
		return m, nil
	}
	const op = "reading the token cache"
	data, err := b.cfg.Cache.Load(ctx, key)
	if err != nil {
		return nil, &Error{Kind: KindUsage, Op: op, Msg: "it cannot be read", Hint: "sign in again", Err: err}
	}
	if len(data) == 0 {
		return nil, nil
	}
	client, err := b.client(base, binding.ClientID, &store{cache: b.cfg.Cache, key: key})
	if err != nil {
		return nil, explain(ctx, op, err)
	}
	accounts, err := client.Accounts(ctx)
	if err != nil {
		return nil, explain(ctx, op, err)
	}
	i := slices.IndexFunc(accounts, func(a public.Account) bool { return a.HomeAccountID == key.HomeAccountID })
	if i < 0 {
		return nil, nil
	}
	account := accounts[i]
	m = &member{
		account: Account{UserName: account.PreferredUsername, HomeAccountID: account.HomeAccountID, Domain: domainOf(account.PreferredUsername)},
		msal:    account, client: client, turn: newGate(),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if there := b.members[key]; there != nil {
		return there, nil
	}
	b.members[key] = m
	return m, nil
}

// named finds a signed-in account by its user name.
func (b *Broker) named(like CacheKey, userName string) *member {
	b.mu.Lock()
	defer b.mu.Unlock()
	if userName == "" {
		return nil
	}
	for key, m := range b.members {
		if key.Authority == like.Authority && key.ClientID == like.ClientID && strings.EqualFold(m.account.UserName, userName) {
			return m
		}
	}
	return nil
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
	)
}
