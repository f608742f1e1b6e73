package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a time that a test moves.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// forced makes every token a new one, as MSAL does itself once its own clock
// says so.
func forced(acquire func(context.Context, renewal) (Token, error)) func(context.Context, renewal) (Token, error) {
	return func(ctx context.Context, _ renewal) (Token, error) { return acquire(ctx, renewal{force: true}) }
}

// signedIn is a broker with the admin signed in, and a source for resource.
func signedIn(t *testing.T, f *fakeAuthority, c *clock) *TokenSource {
	t.Helper()
	b := f.broker(func(cfg *BrokerConfig) { cfg.Now = c.now })
	account, err := b.SignIn(t.Context(), signIn(f, MethodDevice, admin, new(face)))
	if err != nil {
		t.Fatal(err)
	}
	f.grants()
	return b.Source(t.Context(), Binding{
		Authority: f.authority("organizations"), ClientID: clientID, Account: account, Resource: resource, Tenant: partnerTenant,
	})
}

// A token that comes back is looked at before it is used.
func TestSourceChecksTokens(t *testing.T) {
	tests := []struct {
		name   string
		mangle map[string]any
		want   string
	}{
		{"audience", map[string]any{"aud": resource2}, "OAuthAccessToken has invalid audience " + resource2 + ", expected " + resource},
		{"tenant", map[string]any{"tid": contosoTenant}, "the token was issued by tenant " + contosoTenant + ", expected " + partnerTenant},
		{"no tenant", map[string]any{"tid": nil}, "the token was issued by tenant (none)"},
		{"account by id", map[string]any{"oid": otherID, "upn": other}, "signed in as " + other + ", but " + admin + " was asked for"},
		{"account by name", map[string]any{"oid": nil, "upn": other}, "signed in as " + other + ", but " + admin + " was asked for"},
		{"expiry", map[string]any{"exp": 1000}, "the token expired at 1970-01-01T00:16:40Z"},
		{"a renamed account of the same id", map[string]any{"upn": "old@partner.example"}, ""},
		{"audience with a slash, in another case", map[string]any{"aud": strings.ToUpper(resource) + "/"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newAuthority(t)
			src := signedIn(t, f, new(clock))
			f.mangle = func(claims map[string]any) {
				for k, v := range tt.mangle {
					claims[k] = v
				}
			}
			token, err := src.Token(t.Context())
			if tt.want == "" {
				if err != nil || token.Secret() == "" {
					t.Errorf("Token: %v, %v", token, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || token.Secret() != "" || HintOf(err) == "" {
				t.Errorf("Token: %v, error %v, want %s", token, err, tt.want)
			}
		})
	}
}

// In a tenant where the account is a guest, its id is another one and its name
// may be the guest form.
func TestAccountCheckAbroad(t *testing.T) {
	tests := []struct {
		upn string
		ok  bool
	}{
		{admin, true},
		{"ADMIN@partner.example", true},
		{"admin_partner.example#EXT#@contoso.onmicrosoft.com", true},
		{"admin_partner.example#ext#@contoso.onmicrosoft.com", true},
		{"", true},
		{other, false},
		{"other_partner.example#EXT#@contoso.onmicrosoft.com", false},
	}
	for _, tt := range tests {
		token := ParseToken(jwt(map[string]any{"tid": contosoTenant, "oid": "another", "upn": tt.upn}))
		var wrong *WrongAccountError
		if err := adminAccount.check(token); (err == nil) != tt.ok || !tt.ok && !errors.As(err, &wrong) {
			t.Errorf("%q: %v", tt.upn, err)
		}
	}
}

// A token of an application is that application's, and no person's.
func TestAccountCheckOfAnApplication(t *testing.T) {
	app := Account{Application: clientID, HomeAccountID: "application:" + clientID}
	for name, tt := range map[string]struct {
		claims map[string]any
		ok     bool
	}{
		"its own":               {map[string]any{"appid": strings.ToUpper(clientID)}, true},
		"its own, version 2":    {map[string]any{"azp": clientID}, true},
		"another application's": {map[string]any{"appid": "another"}, false},
		"a person's through it": {map[string]any{"appid": clientID, "upn": admin}, false},
		"nobody's":              {map[string]any{}, false},
	} {
		var wrong *WrongAccountError
		if err := app.check(ParseToken(jwt(tt.claims))); (err == nil) != tt.ok || !tt.ok && !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token is used until five minutes before its end, then replaced: once,
// however many ask. The refresh token changes each time.
func TestSourceRenews(t *testing.T) {
	f, c := newAuthority(t), new(clock)
	src := signedIn(t, f, c)
	refresh := "refresh_token " + partnerTenant + " " + resource + "/.default" + defaultScopes
	steps := []struct {
		wait   time.Duration
		grants []string
	}{
		{0, []string{refresh}},
		{54 * time.Minute, nil},
		{2 * time.Minute, []string{refresh}},
		{0, nil},
	}
	for i, step := range steps {
		c.add(step.wait)
		// tokens live by the test's clock from here on
		f.mangle = func(claims map[string]any) { claims["exp"] = c.now().Add(time.Hour).Unix() }
		if i == 2 {
			// MSAL measures with its own clock and would still find its token good
			src.acquire = forced(src.acquire)
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if token, err := src.Token(t.Context()); err != nil || token.CheckExpiry(c.now()) != nil {
					t.Errorf("step %d: %v, %v", i, token, err)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(step.grants, f.grants()); diff != "" {
			t.Errorf("step %d: grants (-want +got):\n%s", i, diff)
		}
	}
}

// A short-lived token is not replaced on every request.
func TestSourceShortTokens(t *testing.T) {
	f, c := newAuthority(t), new(clock)
	f.life = 2 * time.Minute
	src := signedIn(t, f, c)
	for range 3 {
		if _, err := src.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(f.grants()); got != 1 {
		t.Errorf("%d grants, want 1", got)
	}
	c.add(70 * time.Second)
	if _, err := src.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(f.grants()); got != 1 {
		t.Errorf("%d grants after half its life, want 1", got)
	}
}

// A token that the server refused is replaced although MSAL still holds it for
// good; of many that were refused with the same token one replaces it.
func TestSourceRefresh(t *testing.T) {
	f := newAuthority(t)
	src := signedIn(t, f, new(clock))
	old, err := src.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.grants()
	secrets := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			token, err := src.Refresh(t.Context(), old)
			if err != nil {
				t.Errorf("Refresh: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			secrets[token.Secret()] = true
		})
	}
	wg.Wait()
	if len(secrets) != 1 || secrets[old.Secret()] || len(f.grants()) != 1 {
		t.Errorf("%d tokens after the refresh, the old one among them: %t", len(secrets), secrets[old.Secret()])
	}
}

func TestSourceWhenTheAuthorityFails(t *testing.T) {
	tests := []struct {
		name   string
		answer answer
		wait   time.Duration
		kind   Kind // of the error; "" when the old token still serves
		signIn bool // the person has to sign in
	}{
		{"away, the old token is still good", answer{503, ""}, 57 * time.Minute, "", false},
		{"away, the old token has ended", answer{503, ""}, 61 * time.Minute, KindUnavailable, false},
		{"the sign-in was taken back", answer{400, `{"error":"invalid_grant","error_description":"AADSTS50173: The provided grant has expired"}`}, 57 * time.Minute, KindExpired, true},
		{"more than a password is needed now", answer{400, `{"error":"interaction_required","error_description":"AADSTS50076: MFA"}`}, 57 * time.Minute, KindMFA, true},
		{"the account has no place in the tenant", answer{400, `{"error":"invalid_grant","error_description":"AADSTS90072: does not exist in tenant"}`}, 61 * time.Minute, KindUnknownUser, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, c := newAuthority(t), new(clock)
			src := signedIn(t, f, c)
			first, err := src.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			f.fail = map[string]answer{"refresh_token": tt.answer}
			c.add(tt.wait)
			src.acquire = forced(src.acquire)
			token, err := src.Token(t.Context())
			if tt.kind == "" {
				if err != nil || token.Secret() != first.Secret() {
					t.Errorf("Token: %v, %v", token, err)
				}
				return
			}
			var e *Error
			var needed *SignInNeededError
			if !errors.As(err, &e) || e.Kind != tt.kind || errors.As(err, &needed) != tt.signIn || HintOf(err) == "" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestSourceOpaqueToken(t *testing.T) {
	f := newAuthority(t)
	f.opaque = true
	src := signedIn(t, f, new(clock))
	token, err := src.Token(t.Context())
	if err != nil || token.IsJWT || !strings.HasPrefix(token.Secret(), "opaque-") || token.Expires.IsZero() {
		t.Errorf("Token: %v, %v", token, err)
	}
	if src.Note() == "" {
		t.Error("no note about a token that cannot be looked into")
	}
}

func TestStaticSource(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	claims := func(change map[string]any) string {
		c := map[string]any{"aud": resource, "tid": partnerTenant, "upn": admin, "oid": adminID, "exp": now.Add(time.Hour).Unix()}
		for k, v := range change {
			c[k] = v
		}
		return jwt(c)
	}
	tests := []struct {
		name    string
		raw     string
		binding Binding
		want    string // of the error
		domain  string
	}{
		{"fits", claims(nil), Binding{Resource: resource + "/"}, "", "partner.example"},
		{"with Bearer and a line end", "Bearer " + claims(nil) + "\r\n", Binding{Resource: resource}, "", "partner.example"},
		{"domain of preferred_username", claims(map[string]any{"upn": nil, "preferred_username": "a@B.Example"}), Binding{Resource: resource}, "", "b.example"},
		{"no user name", claims(map[string]any{"upn": nil}), Binding{Resource: resource}, "", ""},
		{"one of several audiences", claims(map[string]any{"aud": []string{"x", resource}}), Binding{Resource: resource}, "", "partner.example"},
		{
			"another audience", claims(map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}),
			Binding{Resource: "https://admined2.online.lync.com/OcsPowershellOAuth"},
			"OAuthAccessToken has invalid audience 00000003-0000-0000-c000-000000000000, expected https://admined2.online.lync.com/OcsPowershellOAuth", "",
		},
		{"no audience", claims(map[string]any{"aud": nil}), Binding{Resource: resource}, "OAuthAccessToken has invalid audience (none), expected " + resource, ""},
		{"expired", claims(map[string]any{"exp": now.Add(-90 * time.Second).Unix()}), Binding{Resource: resource}, "the token expired at 2026-01-02T03:02:35Z, 1m30s ago", ""},
		{"another account", claims(nil), Binding{Resource: resource, Account: Account{UserName: other}}, "signed in as " + admin + ", but " + other + " was asked for", ""},
		{"another tenant", claims(nil), Binding{Resource: resource, Tenant: contosoTenant}, "the token was issued by tenant " + partnerTenant, ""},
		{"a tenant by name is not compared", claims(nil), Binding{Resource: resource, Tenant: "contoso.example"}, "", "partner.example"},
		{"no JWT", "0123456789abcdef", Binding{Resource: resource}, "", ""},
		{"three parts that are no JWT", "a.b.c", Binding{Resource: resource}, "", ""},
		{"empty", " ", Binding{Resource: resource}, "the access token is empty", ""},
		{"two lines", "abc\r\nInjected: yes", Binding{Resource: resource}, "the access token is empty or has characters", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := StaticSource(tt.raw, tt.binding, func() time.Time { return now })
			token, err := src.Token(t.Context())
			if tt.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) || HintOf(err) == "" {
					t.Errorf("error %v, want %s and a hint", err, tt.want)
				}
				return
			}
			if err != nil || token.Secret() == "" {
				t.Fatalf("Token: %v, %v", token, err)
			}
			if src.Account().Domain != tt.domain {
				t.Errorf("domain %q, want %q", src.Account().Domain, tt.domain)
			}
			if (src.Note() == "") != token.IsJWT {
				t.Errorf("note %q", src.Note())
			}
			var e *Error
			if _, err := src.Refresh(t.Context(), token); !errors.As(err, &e) || e.Kind != KindRefused || e.Hint == "" {
				t.Errorf("Refresh: %v", err)
			}
		})
	}
}
