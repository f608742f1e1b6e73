package auth

import (
	"context"
	"strings"
	"sync"
	"time"
)

// renewBefore is how long before its end a token is replaced. A token with a
// life shorter than twice that is replaced at half its life.
const renewBefore = 5 * time.Minute

// Binding says what a token is for.
type Binding struct {
	Authority string
	ClientID  string
	Account   Account
	Resource  string // the audience that the token must have
	Tenant    string // id of the tenant that must issue it, when not empty
}

// TokenSource gives out tokens that fit one [Binding]. It is safe for
// concurrent use.
type TokenSource struct {
	binding Binding
	now     func() time.Time
	check   func(b Binding, t Token, now time.Time) error
	// acquire gets a token from the broker, or from where tokens are given. It is
	// nil for a token that was given once and for all.
	acquire func(ctx context.Context, want renewal) (Token, error)
	flight  gate // held by the one who acquires

	mu      sync.Mutex
	current Token
	renewAt time.Time
}

// renewal says why a token is wanted.
type renewal struct {
	force  bool   // a new one, although there is one that looks good
	claims string // what a server's challenge asks of the token
}

// StaticSource is a source of one given token. It serves while the token fits
// the binding: audience, account and tenant where they are given and the token
// is a JWT. now may be nil.
func StaticSource(raw string, binding Binding, now func() time.Time) *TokenSource {
	if now == nil {
		now = time.Now
	}
	t := ParseToken(raw)
	if binding.Account.UserName == "" {
		binding.Account.UserName, binding.Account.Domain = t.UPN, t.Domain()
		binding.Account.TenantID = t.Tenant
	}
	return &TokenSource{binding: binding, now: now, check: Binding.check, flight: newGate(), current: t, renewAt: t.Expires}
}

// GivenSource is a source of tokens that somebody else gets: raw is the first
// one, and fetch gives another when that one is about to end or is refused. A
// token that does not fit the binding is not used, whoever gives it.
func GivenSource(raw string, fetch func(context.Context) (Secret, error), binding Binding, now func() time.Time) *TokenSource {
	s := StaticSource(raw, binding, now)
	s.renewAt = s.renewal(s.current)
	s.acquire = func(ctx context.Context, want renewal) (Token, error) {
		if want.claims != "" {
			return Token{}, errGivenClaims()
		}
		old := s.held()
		secret, err := fetch(ctx)
		if err != nil {
			return Token{}, err
		}
		t := ParseToken(secret.Reveal())
		if err := t.usable(); err != nil {
			return Token{}, err
		}
		if want.force && t.Secret() == old.Secret() {
			return Token{}, errGivenRefused()
		}
		return t, nil
	}
	return s
}

func errGivenRefused() error {
	return &Error{
		Kind: KindRefused, Msg: "the server refused the access token",
		Hint: "get a new token, and check that its account may manage this tenant",
	}
}

func errGivenClaims() error {
	return &Error{
		Kind: KindMFA, Msg: "the server wants a stronger sign-in than the one that the access token came from",
		Hint: "sign in with --user-name, or get a token that meets the tenant's policy",
	}
}

// renewal is when a token is to be replaced.
func (s *TokenSource) renewal(t Token) time.Time {
	return t.Expires.Add(-min(renewBefore, t.Expires.Sub(s.now())/2))
}

// Token returns a token that fits the binding. It asks the authority for a new
// one before the old one ends, once however many callers wait, and never asks
// the person: where that is needed the error is a [*SignInNeededError]. Other
// errors are [*Error], or for a token that does not fit [*AudienceError],
// [*WrongAccountError], [*TenantError] and [*ExpiredError].
func (s *TokenSource) Token(ctx context.Context) (Token, error) {
	if s.acquire == nil {
		return s.given()
	}
	if t, ok := s.fresh(); ok {
		return t, s.check(s.binding, t, s.now())
	}
	if err := s.flight.enter(ctx); err != nil {
		return Token{}, stopped("getting a token", err)
	}
	defer s.flight.leave()
	if t, ok := s.fresh(); ok {
		return t, s.check(s.binding, t, s.now())
	}
	t, err := s.renew(ctx, renewal{})
	if old := s.held(); err != nil && transient(err) && old.Secret() != "" && s.check(s.binding, old, s.now()) == nil {
		return old, nil // the authority is away; what is there is still good
	}
	return t, err
}

// Refresh replaces a token that the server refused and returns the new one. A
// token that was given once cannot be replaced.
func (s *TokenSource) Refresh(ctx context.Context, refused Token) (Token, error) {
	return s.refresh(ctx, refused, "")
}

// refresh is Refresh; claims are what the server's challenge asked for. Where
// only the person can satisfy them the error is a [*SignInNeededError] with
// them.
func (s *TokenSource) refresh(ctx context.Context, refused Token, claims string) (Token, error) {
	if s.acquire == nil {
		if _, err := s.given(); err != nil {
			return Token{}, err
		}
		if claims != "" {
			return Token{}, errGivenClaims()
		}
		return Token{}, errGivenRefused()
	}
	if err := s.flight.enter(ctx); err != nil {
		return Token{}, stopped("replacing the token", err)
	}
	defer s.flight.leave()
	if t, ok := s.fresh(); ok && t.Secret() != refused.Secret() {
		return t, s.check(s.binding, t, s.now()) // somebody else has replaced it
	}
	return s.renew(ctx, renewal{force: true, claims: claims})
}

// Account returns whose tokens these are. For a given token it is who the token
// says.
func (s *TokenSource) Account() Account { return s.binding.Account }

// Binding returns what the tokens are for.
func (s *TokenSource) Binding() Binding { return s.binding }

// Note returns what should be said about the token last given out, or "".
func (s *TokenSource) Note() string {
	if t := s.held(); t.Secret() != "" && !t.IsJWT {
		return "the access token is not a JWT: its audience, account and expiry cannot be checked here"
	}
	return ""
}

// given returns the token that was given, if it can still be used.
func (s *TokenSource) given() (Token, error) {
	t := s.held()
	if err := t.usable(); err != nil {
		return Token{}, err
	}
	if err := s.check(s.binding, t, s.now()); err != nil {
		return Token{}, err
	}
	return t, nil
}

// usable tells whether a token could be one at all.
func (t Token) usable() error {
	if t.Secret() == "" || strings.ContainsFunc(t.Secret(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return &Error{
			Kind: KindUsage, Msg: "the access token is empty or has characters in it that no token has",
			Hint: "give the token alone, as the authority issued it",
		}
	}
	return nil
}

// renew gets a token, checks and keeps it. The caller holds the flight.
func (s *TokenSource) renew(ctx context.Context, want renewal) (Token, error) {
	t, err := s.acquire(ctx, want)
	if err != nil {
		return Token{}, err
	}
	if err := s.check(s.binding, t, s.now()); err != nil {
		return Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.renewAt = t, s.renewal(t)
	return t, nil
}

// fresh returns the current token when it need not be renewed yet. One that
// does not say when it ends serves until it is refused.
func (s *TokenSource) fresh() (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	endless := s.current.Expires.IsZero()
	return s.current, s.current.Secret() != "" && (endless || s.now().Before(s.renewAt))
}

func (s *TokenSource) held() Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// refused returns the token that a refused request carried, or the current one.
func (s *TokenSource) refused(carried string) Token {
	t := s.held()
	if carried != "" && carried != t.Secret() {
		return ParseToken(carried)
	}
	return t
}

// check tells whether a token fits the binding.
func (b Binding) check(t Token, now time.Time) error {
	if err := t.CheckTimes(now); err != nil {
		return err
	}
	if !t.IsJWT {
		return nil
	}
	if err := CheckAudience(t, b.Resource); err != nil {
		return err
	}
	// a tenant's name cannot be compared with an id; the authority's path has
	// said it then
	if b.Tenant != "" && !strings.Contains(b.Tenant, ".") && !strings.EqualFold(b.Tenant, t.Tenant) {
		return &TenantError{Got: first(t.Tenant, "(none)"), Expected: b.Tenant}
	}
	return b.Account.check(t)
}

// check tells whether a token is this account's. Where the tenant that issued
// it is the account's home, the object id decides; elsewhere the account has
// another id, and its name decides, which for a guest is written
// name_domain#EXT#@tenant. An application is known by its client id; it is
// nobody's user.
func (a Account) check(t Token) error {
	if a.Application != "" {
		if strings.EqualFold(a.Application, t.ClientID) && t.UPN == "" {
			return nil
		}
		return &WrongAccountError{Wanted: a.Name(), Got: first(t.UPN, t.ClientID)}
	}
	uid, home, _ := strings.Cut(a.HomeAccountID, ".")
	if home != "" && t.Account != "" && strings.EqualFold(t.Tenant, home) {
		if strings.EqualFold(t.Account, uid) {
			return nil
		}
		return &WrongAccountError{Wanted: first(a.UserName, a.HomeAccountID), Got: first(t.UPN, t.Account)}
	}
	if a.UserName == "" || t.UPN == "" || strings.EqualFold(a.UserName, t.UPN) {
		return nil
	}
	guest := strings.ReplaceAll(a.UserName, "@", "_") + "#EXT#"
	if len(t.UPN) > len(guest) && strings.EqualFold(t.UPN[:len(guest)], guest) {
		return nil
	}
	return &WrongAccountError{Wanted: a.UserName, Got: t.UPN}
}

// gate lets one in at a time; waiting for it ends with the context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }
