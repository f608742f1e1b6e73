package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
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
		s.data = data
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
	if c == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.Store(ctx, key, s.data); err != nil {
		return err
	}
	s.cache, s.key = c, key
	return nil
}

type withoutTokensKey struct{}

// withoutTokens makes the store leave out the access tokens for a scope, so
// that MSAL, which has no other way to be asked for it, gets a new one with the
// refresh token.
func withoutTokens(ctx context.Context, scope string) context.Context {
	return context.WithValue(ctx, withoutTokensKey{}, scope)
}

// strip takes the access tokens for a scope out of MSAL's cache format. The
// field names are the unified cache schema that all MSAL libraries share.
func strip(data []byte, scope string) []byte {
	var all map[string]json.RawMessage
	var tokens map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil || json.Unmarshal(all["AccessToken"], &tokens) != nil {
		return data
	}
	for key, raw := range tokens {
		var t struct {
			Target string `json:"target"`
		}
		if json.Unmarshal(raw, &t) != nil || slices.ContainsFunc(strings.Fields(t.Target), func(s string) bool { return strings.EqualFold(s, scope) }) {
			delete(tokens, key)
		}
	}
	rest, err := json.Marshal(tokens)
	if err != nil {
		return data
	}
	all["AccessToken"] = rest
	out, err := json.Marshal(all)
	if err != nil {
		return data
	}
	return out
}

// maxAnswer bounds an answer of an authority, which MSAL reads whole.
const maxAnswer = 4 << 20

var (
	errTooLarge = errors.New("the authority's answer is too large")
	errNotHTTPS = errors.New("the authority sends its clients to an address that is not https")
)

// guardedClient is the HTTP client that MSAL gets: https only, since an
// authority's own documents name the addresses that passwords are sent to; no
// redirects; bounded answers.
type guardedClient struct{ client http.Client }

func guard(c *http.Client) *guardedClient {
	g := new(guardedClient)
	if c != nil {
		g.client = *c
	}
	g.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	g.client.Jar = nil
	if g.client.Timeout == 0 {
		g.client.Timeout = time.Minute // MSAL bounds only some of its requests
	}
	return g
}

// Do does one request.
func (g *guardedClient) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, errNotHTTPS
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// CloseIdleConnections closes connections that nobody uses.
func (g *guardedClient) CloseIdleConnections() { g.client.CloseIdleConnections() }

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
