package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// store is where the MSAL client of one account keeps its tokens: in memory,
// and once the account is taken in, in the broker's [Cache].
type store struct {
	mu    sync.Mutex
	data  []byte
	cache Cache // nil: memory only
	key   CacheKey
}

// Replace gives MSAL what is kept.
func (s *store) Replace(ctx context.Context, u cache.Unmarshaler, _ cache.ReplaceHints) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cache != nil {
		// another process may have renewed the refresh token
		data, err := s.cache.Load(ctx, s.key)
		if err != nil {
			return fmt.Errorf("reading the token cache: %w", err)
		}
		if s.data = data; len(data) == 0 {
			return u.Unmarshal([]byte("{}")) // signed out by another process: MSAL forgets too
		}
	}
	if len(s.data) == 0 {
		return nil
	}
	data := s.data
	if scope, ok := ctx.Value(withoutTokensKey{}).(string); ok {
		data = strip(data, scope)
	}
	return u.Unmarshal(data)
}

// Export takes what MSAL has to keep.
func (s *store) Export(ctx context.Context, m cache.Marshaler, _ cache.ExportHints) error {
	data, err := m.Marshal()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
	if s.cache != nil {
		if err := s.cache.Store(ctx, s.key, data); err != nil {
			return fmt.Errorf("writing the token cache: %w", err)
		}
	}
	return nil
}

// attach moves what is kept into the cache.
func (s *store) attach(ctx context.Context, c Cache, key CacheKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
	if c == nil {
		return nil
	}
	if err := c.Store(ctx, key, s.data); err != nil {
		return err
	}
	s.cache = c
	return nil
}

// lock keeps other processes out until unlock is called.
func (s *store) lock(ctx context.Context) (unlock func(), err error) {
	s.mu.Lock()
	c, key := s.cache, s.key
	s.mu.Unlock()
	if c == nil {
		return func() {}, nil
	}
	return c.Lock(ctx, key)
}

// read returns what is kept.
func (s *store) read(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cache != nil {
		return s.cache.Load(ctx, s.key)
	}
	return s.data, nil
}

// write replaces what is kept.
func (s *store) write(ctx context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
	if s.cache != nil {
		return s.cache.Store(ctx, s.key, data)
	}
	return nil
}

type withoutTokensKey struct{}

// withoutTokens makes the store leave out the access tokens for a scope, so
// that MSAL, which has no other way to be asked for it, gets a new one with the
// refresh token.
func withoutTokens(ctx context.Context, scope string) context.Context {
	return context.WithValue(ctx, withoutTokensKey{}, scope)
}

// unified is the cache schema that all MSAL libraries share, as far as it is
// looked at.
type unified struct {
	AccessToken  map[string]keptAccess
	RefreshToken map[string]json.RawMessage
}

// keptAccess is an access token in that schema.
type keptAccess struct {
	Target    string `json:"target"`
	Realm     string `json:"realm"`
	ExpiresOn string `json:"expires_on"`
	tid       string // of the token itself
}

// UnmarshalJSON keeps the claims that matter of the token, and not the token.
func (t *keptAccess) UnmarshalJSON(data []byte) error {
	var raw struct {
		Target    string `json:"target"`
		Realm     string `json:"realm"`
		Secret    string `json:"secret"`
		ExpiresOn string `json:"expires_on"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*t = keptAccess{Target: raw.Target, Realm: raw.Realm, ExpiresOn: raw.ExpiresOn, tid: ParseToken(raw.Secret).Tenant}
	return nil
}

// tenant is the one that issued the token; the realm is what was asked, which
// may be "organizations".
func (t keptAccess) tenant() string { return first(t.tid, t.Realm) }

func (t keptAccess) expires() time.Time {
	n, err := strconv.ParseInt(t.ExpiresOn, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

// strip takes the access tokens for a scope out of MSAL's cache format.
func strip(data []byte, scope string) []byte {
	left, _ := stripTokens(data, func(t keptAccess) bool {
		return slices.ContainsFunc(strings.Fields(t.Target), func(s string) bool { return strings.EqualFold(s, scope) })
	})
	return left
}

// stripTokens takes out the access tokens that which names and tells how many
// those were. One that cannot be read goes too.
func stripTokens(data []byte, which func(keptAccess) bool) ([]byte, int) {
	var all map[string]json.RawMessage
	var list map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil || json.Unmarshal(all["AccessToken"], &list) != nil {
		return data, 0
	}
	n := 0
	for key, raw := range list {
		var t keptAccess
		if json.Unmarshal(raw, &t) != nil || which(t) {
			delete(list, key)
			n++
		}
	}
	rest, err := json.Marshal(list)
	if err != nil {
		return data, 0
	}
	all["AccessToken"] = rest
	out, err := json.Marshal(all)
	if err != nil {
		return data, 0
	}
	return out, n
}
