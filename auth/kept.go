package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// Kept is an account that is signed in, and the tokens that are kept of it.
type Kept struct {
	Account   Account
	Authority string // host
	ClientID  string
	// Renewable tells whether tokens can be had without the person.
	Renewable bool
	Tokens    []KeptToken
}

// KeptToken is one access token, without the token.
type KeptToken struct {
	Tenant  string // id of the tenant that issued it
	Scopes  []string
	Expires time.Time
}

// Kept lists the accounts that are signed in, those that another process left
// in the cache included, by name.
func (b *Broker) Kept(ctx context.Context) ([]Kept, error) {
	if err := b.loadAll(ctx); err != nil {
		return nil, err
	}
	var list []Kept
	for _, m := range b.all() {
		data, err := m.store.read(ctx)
		if err != nil {
			return nil, cacheError("listing the accounts", "the token cache cannot be read", err)
		}
		list = append(list, m.kept(data))
	}
	return list, nil
}

// kept reads MSAL's cache format.
func (m *member) kept(data []byte) Kept {
	k := Kept{Account: m.account, Authority: m.key.Authority, ClientID: m.key.ClientID}
	var all unified
	if json.Unmarshal(data, &all) != nil {
		return k
	}
	k.Renewable = len(all.RefreshToken) > 0 || m.account.Application != ""
	for _, t := range all.AccessToken {
		k.Tokens = append(k.Tokens, KeptToken{Tenant: t.tenant(), Scopes: strings.Fields(t.Target), Expires: t.expires()})
	}
	slices.SortFunc(k.Tokens, func(x, y KeptToken) int {
		return cmp.Or(strings.Compare(x.Tenant, y.Tenant), slices.Compare(x.Scopes, y.Scopes))
	})
	return k
}

// Forget drops everything that is kept of an account, in the cache too.
func (b *Broker) Forget(ctx context.Context, account Account) error {
	if err := b.loadAll(ctx); err != nil {
		return err
	}
	for _, m := range b.all() {
		if m.account.HomeAccountID != account.HomeAccountID {
			continue
		}
		b.mu.Lock()
		delete(b.members, m.key)
		b.mu.Unlock()
		if err := m.forget(ctx); err != nil {
			return cacheError("forgetting "+clean(account.Name(), 200), "the token cache cannot be written", err)
		}
	}
	return nil
}

// forget drops what is kept, in its turn: a renewal under way comes first.
func (m *member) forget(ctx context.Context) error {
	if err := m.turn.enter(ctx); err != nil {
		return err
	}
	defer m.turn.leave()
	unlock, err := m.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return m.store.write(ctx, nil)
}

// ForgetTenant drops the access tokens of an account that one tenant issued,
// and no other. The sign-in itself belongs to no tenant and stays. It returns
// how many were dropped.
func (b *Broker) ForgetTenant(ctx context.Context, account Account, tenant string) (int, error) {
	if err := b.loadAll(ctx); err != nil {
		return 0, err
	}
	dropped := 0
	for _, m := range b.all() {
		if m.account.HomeAccountID != account.HomeAccountID {
			continue
		}
		n, err := m.forgetTenant(ctx, tenant)
		if dropped += n; err != nil {
			return dropped, cacheError("forgetting the tokens of tenant "+clean(tenant, 100), "the token cache cannot be written", err)
		}
	}
	return dropped, nil
}

func (m *member) forgetTenant(ctx context.Context, tenant string) (int, error) {
	if err := m.turn.enter(ctx); err != nil {
		return 0, err
	}
	defer m.turn.leave()
	unlock, err := m.store.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	data, err := m.store.read(ctx)
	if err != nil {
		return 0, err
	}
	left, n := stripTokens(data, func(t keptAccess) bool { return strings.EqualFold(t.tenant(), tenant) })
	if n == 0 {
		return 0, nil
	}
	return n, m.store.write(ctx, left)
}

// all returns the members in the order of their names.
func (b *Broker) all() []*member {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []*member
	for _, m := range b.members {
		list = append(list, m)
	}
	slices.SortFunc(list, func(x, y *member) int {
		return cmp.Or(strings.Compare(x.account.Name(), y.account.Name()), strings.Compare(x.account.HomeAccountID, y.account.HomeAccountID),
			strings.Compare(x.key.Authority, y.key.Authority), strings.Compare(x.key.ClientID, y.key.ClientID))
	})
	return list
}

// member finds the account of a binding: signed in in this process, or before
// and kept in the cache. It is nil when there is none.
func (b *Broker) member(ctx context.Context, authority string, binding Binding) (*member, error) {
	base, host, _ := splitAuthority(authority)
	key := CacheKey{Authority: host, ClientID: binding.ClientID, HomeAccountID: binding.Account.HomeAccountID}
	if key.HomeAccountID == "" {
		return b.named(ctx, key, binding.Account.UserName), nil
	}
	return b.load(ctx, base, key)
}

// load returns the member of a key, from the cache where it is not here yet.
func (b *Broker) load(ctx context.Context, base string, key CacheKey) (*member, error) {
	b.mu.Lock()
	m := b.members[key]
	b.mu.Unlock()
	if m != nil || b.cfg.Cache == nil {
		return m, nil
	}
	const op = "reading the token cache"
	data, err := b.cfg.Cache.Load(ctx, key)
	if err != nil {
		return nil, cacheError(op, "it cannot be read", err)
	}
	if len(data) == 0 {
		return nil, nil
	}
	kept := &store{cache: b.cfg.Cache, key: key}
	client, err := b.client(base, key.ClientID, kept)
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
		key: key, tokens: person{client, account}, store: kept, turn: newGate(),
		account: Account{UserName: account.PreferredUsername, HomeAccountID: account.HomeAccountID, Domain: domainOf(account.PreferredUsername)},
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if there := b.members[key]; there != nil {
		return there, nil
	}
	b.members[key] = m
	return m, nil
}

// loadAll makes members of everything in the cache.
func (b *Broker) loadAll(ctx context.Context) error {
	if b.cfg.Cache == nil {
		return nil
	}
	keys, err := b.cfg.Cache.Keys(ctx)
	if err != nil {
		return cacheError("reading the token cache", "it cannot be read", err)
	}
	for _, key := range keys {
		if _, err := b.load(ctx, "https://"+key.Authority+"/"+organizations, key); err != nil {
			return err
		}
	}
	return nil
}

// named finds a signed-in account by its user name, in the cache too. A cache
// that cannot be read has none: the person signs in.
func (b *Broker) named(ctx context.Context, like CacheKey, userName string) *member {
	if userName == "" {
		return nil
	}
	if m := b.here(like, userName); m != nil || b.loadAll(ctx) != nil {
		return m
	}
	return b.here(like, userName)
}

// here finds an account that this process has used.
func (b *Broker) here(like CacheKey, userName string) *member {
	for _, m := range b.all() {
		if m.key.Authority == like.Authority && m.key.ClientID == like.ClientID && strings.EqualFold(m.account.UserName, userName) {
			return m
		}
	}
	return nil
}
