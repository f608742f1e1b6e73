package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const defaultScopes = " openid offline_access profile"

var adminAccount = Account{
	UserName: admin, HomeAccountID: adminID + "." + partnerTenant, TenantID: partnerTenant, Domain: "partner.example",
}

func signIn(f *fakeAuthority, m Method, userName string, p *face) SignIn {
	if p.password.IsZero() {
		p.password = NewSecret(password)
	}
	return SignIn{Authority: f.authority("organizations"), ClientID: clientID, UserName: userName, Method: m, Prompter: p}
}

func TestSignIn(t *testing.T) {
	tests := []struct {
		name   string
		method Method
		user   string
		scopes []string
		tenant string
		grants []string
	}{
		{"device code, whoever signs in", MethodDevice, "", nil, "organizations", []string{
			"devicecode organizations openid offline_access profile", "device_code organizations openid offline_access profile",
		}},
		{"device code, for a resource in a tenant", MethodDevice, admin, []string{Scope(resource)}, contosoTenant, []string{
			"devicecode " + contosoTenant + " " + resource + "/.default" + defaultScopes,
			"device_code " + contosoTenant + " " + resource + "/.default" + defaultScopes,
		}},
		{"browser", MethodBrowser, "", nil, "common", []string{
			"authorize organizations openid offline_access profile hint=", "authorization_code organizations openid offline_access profile",
		}},
		{"browser with a hint, in another case", MethodBrowser, "ADMIN@partner.example", nil, "organizations", []string{
			"authorize organizations openid offline_access profile hint=ADMIN@partner.example",
			"authorization_code organizations openid offline_access profile",
		}},
		{"password", MethodPassword, admin, []string{Scope(resource)}, "organizations/oauth2/authorize", []string{
			"password organizations " + resource + "/.default" + defaultScopes,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, p := newAuthority(t), new(face)
			f.pending = 1
			b := f.broker()
			s := signIn(f, tt.method, tt.user, p)
			s.Authority, s.Scopes = f.authority(tt.tenant), tt.scopes
			got, err := b.SignIn(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(adminAccount, got); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.grants, f.grants()); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]Account{adminAccount}, b.Accounts()); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
			switch tt.method {
			case MethodDevice:
				if len(p.codes) != 1 || p.codes[0].UserCode != "ABCD-EFGH" || p.codes[0].URL != f.URL+"/devicelogin" ||
					p.codes[0].Message != "To sign in, [31m open the page" || time.Until(p.codes[0].Expires) < 10*time.Minute {
					t.Errorf("device codes shown: %+v", p.codes)
				}
			case MethodBrowser:
				if len(p.browsed) != 1 || !strings.HasPrefix(p.browsed[0], f.URL+"/organizations/oauth2/v2.0/authorize?") {
					t.Errorf("addresses shown: %q", p.browsed)
				}
			case MethodPassword:
				if p.asked != 1 {
					t.Errorf("asked for the password %d times", p.asked)
				}
			}
		})
	}
}

// One sign-in serves every resource and tenant that the account may enter.
func TestSourceIsSilent(t *testing.T) {
	f, p := newAuthority(t), new(face)
	b := f.broker()
	account, err := b.SignIn(t.Context(), signIn(f, MethodDevice, "", p))
	if err != nil {
		t.Fatal(err)
	}
	f.grants()
	binding := Binding{Authority: f.authority("organizations"), ClientID: clientID, Account: account, Resource: resource}
	inContoso := binding
	inContoso.Resource, inContoso.Tenant = resource2, contosoTenant
	byName := binding
	byName.Account = Account{UserName: "Admin@Partner.Example"}
	steps := []struct {
		name    string
		binding Binding
		grants  []string
		tenant  string
	}{
		{"a resource", binding, []string{"refresh_token organizations " + resource + "/.default" + defaultScopes}, partnerTenant},
		{"the same again", binding, nil, partnerTenant},
		{"another resource in another tenant", inContoso, []string{"refresh_token " + contosoTenant + " " + resource2 + "/.default" + defaultScopes}, contosoTenant},
		{"the first, by the name of the account", byName, nil, partnerTenant},
	}
	for _, step := range steps {
		src := b.Source(t.Context(), step.binding)
		for range 2 {
			token, err := src.Token(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if token.Audience != step.binding.Resource || token.Tenant != step.tenant || token.UPN != admin {
				t.Errorf("%s: token for %s of %s in %s", step.name, token.Audience, token.UPN, token.Tenant)
			}
		}
		if diff := cmp.Diff(step.grants, f.grants()); diff != "" {
			t.Errorf("%s: grants (-want +got):\n%s", step.name, diff)
		}
	}
	if len(p.codes) != 1 {
		t.Errorf("%d device codes shown", len(p.codes))
	}
}

// Another account than the one asked for is refused with both names, and
// nothing of it stays; the account that was there before does.
func TestWrongAccount(t *testing.T) {
	for _, method := range []Method{MethodDevice, MethodBrowser, MethodPassword} {
		t.Run(string(method), func(t *testing.T) {
			f, p := newAuthority(t), new(face)
			kept := new(memory)
			b := f.broker(func(c *BrokerConfig) { c.Cache = kept })
			if _, err := b.SignIn(t.Context(), signIn(f, method, admin, p)); err != nil {
				t.Fatal(err)
			}
			f.person = other
			s := signIn(f, method, admin, p)
			s.Fresh = true
			_, err := b.SignIn(t.Context(), s)
			var wrong *WrongAccountError
			if !errors.As(err, &wrong) || wrong.Wanted != admin || wrong.Got != other {
				t.Fatalf("error %v, want both names", err)
			}
			if msg := err.Error(); !strings.Contains(msg, admin) || !strings.Contains(msg, other) || HintOf(err) == "" {
				t.Errorf("message %q, hint %q", msg, HintOf(err))
			}
			if diff := cmp.Diff([]Account{adminAccount}, b.Accounts()); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
			if len(kept.data) != 1 {
				t.Errorf("%d accounts in the cache", len(kept.data))
			}
			src := b.Source(t.Context(), Binding{
				Authority: s.Authority, ClientID: clientID, Resource: resource,
				Account: Account{UserName: other, HomeAccountID: otherID + "." + partnerTenant},
			})
			var needed *SignInNeededError
			if _, err := src.Token(t.Context()); !errors.As(err, &needed) || needed.UserName != other || HintOf(err) == "" {
				t.Errorf("a token for the other account: %v, want *SignInNeededError", err)
			}
		})
	}
}

// Tabs that open together ask the person once, and so does one that opens
// later.
func TestSignInOnce(t *testing.T) {
	f, p := newAuthority(t), new(face)
	b := f.broker()
	together := signIn(f, MethodDevice, admin, p)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if a, err := b.SignIn(t.Context(), together); err != nil || a != adminAccount {
				t.Errorf("SignIn: %v, %v", a, err)
			}
		})
	}
	wg.Wait()
	if len(p.codes) != 1 {
		t.Errorf("%d device codes shown, want 1", len(p.codes))
	}
	s := signIn(f, MethodPassword, admin, p)
	s.Password = NewSecret("wrong")
	if _, err := b.SignIn(t.Context(), s); err == nil {
		t.Error("a password that was given is not looked at")
	}
}

func TestSignInFails(t *testing.T) {
	ms := func(code, description string) answer {
		return answer{400, `{"error":"` + code + `","error_description":"` + description + `\r\nTrace ID: 0\r\nCorrelation ID: 0"}`}
	}
	tests := []struct {
		name   string
		method Method
		fail   map[string]answer
		change func(*fakeAuthority, *SignIn, *face)
		kind   Kind
		msg    string
		hint   string
	}{
		{name: "wrong password", method: MethodPassword, change: func(_ *fakeAuthority, s *SignIn, _ *face) { s.Password = NewSecret("topsecret-1") }, kind: KindWrongPassword, msg: "the user name or the password is wrong (AADSTS50126)", hint: "password"},
		{name: "a wrong password that is a word of ours", method: MethodPassword, change: func(_ *fakeAuthority, s *SignIn, _ *face) { s.Password = NewSecret("wrong") }, kind: KindWrongPassword, msg: "the user name or the password is wrong (AADSTS50126)"},
		{name: "an authority that tells the password", method: MethodPassword, fail: map[string]answer{"password": ms("invalid_request", "bad input correct horse & battery, eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4IiwiaXNzIjoieSJ9.c2lnbmF0dXJl")}, kind: KindRefused, msg: "bad input [redacted], [redacted]"},
		{name: "mfa", method: MethodPassword, fail: map[string]answer{"password": ms("invalid_grant", "AADSTS50076: Due to a configuration change you must use multi-factor authentication")}, kind: KindMFA, msg: "AADSTS50076", hint: "--sign-in device"},
		{name: "mfa registration", method: MethodPassword, fail: map[string]answer{"password": ms("invalid_grant", "AADSTS50079: enroll")}, kind: KindMFA, hint: "--sign-in device"},
		{name: "mfa elsewhere", method: MethodPassword, fail: map[string]answer{"password": ms("interaction_required", "AADSTS50158: External security challenge")}, kind: KindMFA, hint: "--sign-in device"},
		{name: "mfa by word", method: MethodPassword, fail: map[string]answer{"password": ms("interaction_required", "please")}, kind: KindMFA, hint: "--sign-in device"},
		{name: "conditional access", method: MethodDevice, fail: map[string]answer{"device_code": ms("access_denied", "AADSTS53003: Access has been blocked by Conditional Access policies")}, kind: KindPolicy, hint: "--sign-in browser"},
		{name: "unknown user", method: MethodPassword, fail: map[string]answer{"password": ms("invalid_grant", "AADSTS50034: The user account does not exist")}, kind: KindUnknownUser, hint: "check the user name"},
		{name: "unknown tenant", method: MethodDevice, fail: map[string]answer{"config": {400, `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant not found"}`}}, kind: KindUnknownTenant, hint: "--tenant"},
		{name: "unknown client", method: MethodDevice, change: func(_ *fakeAuthority, s *SignIn, _ *face) { s.ClientID = "nobody" }, kind: KindUnknownClient, hint: "--client-id"},
		{name: "unknown resource", method: MethodDevice, fail: map[string]answer{"devicecode": ms("invalid_resource", "AADSTS500011: The resource principal was not found")}, kind: KindResource, hint: "--override-access-token-resource-uri"},
		{name: "the code was not entered", method: MethodDevice, fail: map[string]answer{"device_code": ms("expired_token", "AADSTS70020: The provided value for the device code has expired")}, kind: KindCodeExpired, hint: "start again"},
		{name: "the code's time is over", method: MethodDevice, change: func(f *fakeAuthority, _ *SignIn, _ *face) { f.codeLife = -1 }, kind: KindCodeExpired, hint: "start again"},
		{name: "declined", method: MethodDevice, fail: map[string]answer{"device_code": ms("authorization_declined", "")}, kind: KindDeclined, hint: "accept"},
		{name: "declined in the browser", method: MethodBrowser, fail: map[string]answer{"authorize": {0, "AADSTS65004: User declined to consent"}}, kind: KindConsent, hint: "consent"},
		{name: "another cloud", method: MethodPassword, fail: map[string]answer{"password": ms("unknown_user_type", "Unknown User Type")}, kind: KindWrongCloud, hint: "--authority"},
		{name: "realm of another cloud", method: MethodPassword, fail: map[string]answer{"realm": {200, `{"account_type":"Unknown","domain_name":"x","cloud_instance_name":"y","cloud_audience_urn":"z"}`}}, kind: KindUnknownUser, hint: "--authority"},
		{name: "empty realm", method: MethodPassword, fail: map[string]answer{"realm": {200, `{}`}}, kind: KindUnknownUser, hint: "--authority"},
		{name: "federated, and the provider fails", method: MethodPassword, change: func(f *fakeAuthority, _ *SignIn, _ *face) {
			f.fail = map[string]answer{"realm": {200, `{"account_type":"Federated","domain_name":"x","cloud_instance_name":"y","cloud_audience_urn":"z",
				"federation_protocol":"WSTrust","federation_metadata_url":"` + f.URL + `/mex"}`}}
		}, kind: KindFederation, hint: "--sign-in device"},
		{name: "locked", method: MethodPassword, fail: map[string]answer{"password": ms("invalid_grant", "AADSTS50053: locked")}, kind: KindAccount, hint: "unlock"},
		{name: "another reason", method: MethodPassword, fail: map[string]answer{"password": ms("invalid_request", "AADSTS90014: The required field is missing\\u001b[2J")}, kind: KindRefused, msg: "The required field is missing", hint: "--authority"},
		{name: "by number only", method: MethodPassword, fail: map[string]answer{"password": {400, `{"error":"invalid_grant","error_description":"no","error_codes":[50126]}`}}, kind: KindWrongPassword, hint: "password"},
		{name: "not now", method: MethodPassword, fail: map[string]answer{"password": {503, "<html>busy</html>"}}, kind: KindUnavailable, hint: "later"},
		{name: "too many requests", method: MethodPassword, fail: map[string]answer{"password": {429, `{"error":"throttled"}`}}, kind: KindUnavailable, hint: "later"},
		{name: "nonsense", method: MethodPassword, fail: map[string]answer{"password": {200, "correct horse & battery, but no JSON"}}, kind: KindProtocol, msg: "not the JSON", hint: "--authority"},
		{name: "no token", method: MethodPassword, fail: map[string]answer{"password": {200, `{"expires_in":3600}`}}, kind: KindProtocol, hint: "--authority"},
		{name: "a page instead of the endpoints", method: MethodDevice, fail: map[string]answer{"config": {404, "not here"}}, kind: KindProtocol, msg: "HTTP 404", hint: "--authority"},
		{name: "another issuer", method: MethodDevice, change: func(f *fakeAuthority, _ *SignIn, _ *face) {
			f.config = map[string]any{"issuer": "https://evil.example/"}
		}, kind: KindProtocol, msg: "another name", hint: "--authority"},
		{name: "a token endpoint over http", method: MethodPassword, change: func(f *fakeAuthority, _ *SignIn, _ *face) {
			f.config = map[string]any{"token_endpoint": strings.Replace(f.URL, "https", "http", 1) + "/token"}
		}, kind: KindProtocol, msg: "not https", hint: "--authority"},
		{name: "a redirect", method: MethodPassword, fail: map[string]answer{"password": {302, ""}}, kind: KindProtocol, msg: "HTTP 302", hint: "--authority"},
		{name: "an authority that is not there", method: MethodDevice, change: func(f *fakeAuthority, _ *SignIn, _ *face) { f.Close() }, kind: KindNetwork, msg: "no answer from 127.0.0.1", hint: "--resolve"},
		{name: "an authority over http", method: MethodDevice, change: func(_ *fakeAuthority, s *SignIn, _ *face) { s.Authority = "http://127.0.0.1/x" }, kind: KindUsage, msg: "not https"},
		{name: "no client", method: MethodDevice, change: func(_ *fakeAuthority, s *SignIn, _ *face) { s.ClientID = "" }, kind: KindUsage, hint: "--client-id"},
		{name: "a password of nobody", method: MethodPassword, change: func(_ *fakeAuthority, s *SignIn, _ *face) { s.UserName = "" }, kind: KindUsage, hint: "--user-name"},
		{name: "an unknown method", method: "telepathy", kind: KindUsage, hint: "--sign-in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, p := newAuthority(t), new(face)
			f.fail = tt.fail
			s := signIn(f, tt.method, admin, p)
			if tt.change != nil {
				tt.change(f, &s, p)
			}
			b := f.broker()
			a, err := b.SignIn(t.Context(), s)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("SignIn: %v, %v, want an *Error", a, err)
			}
			if e.Kind != tt.kind || !strings.Contains(err.Error(), tt.msg) || !strings.Contains(HintOf(err), tt.hint) {
				t.Errorf("%q: %v\nhint: %s\nwant %q: …%s…, hint …%s…", e.Kind, err, HintOf(err), tt.kind, tt.msg, tt.hint)
			}
			for _, secret := range []string{password, "topsecret-1", "-secret-", "\x1b", "\n", "Trace ID"} {
				if strings.Contains(err.Error()+HintOf(err), secret) {
					t.Errorf("%q is in the error: %q", secret, err)
				}
			}
			if len(b.Accounts()) != 0 {
				t.Errorf("accounts: %v", b.Accounts())
			}
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	f := newAuthority(t)
	b := NewBroker(BrokerConfig{HTTP: &http.Client{Transport: &http.Transport{}}, InstanceDiscovery: true})
	_, err := b.SignIn(t.Context(), signIn(f, MethodDevice, "", new(face)))
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindCertificate || !strings.Contains(e.Hint, "--ca-file") {
		t.Errorf("error %v, hint %q", err, HintOf(err))
	}
}

func TestSignInStops(t *testing.T) {
	f := newAuthority(t)
	f.pending = 1 << 30
	ctx, cancel := context.WithCancel(t.Context())
	p := &face{onCode: cancel}
	_, err := f.broker().SignIn(ctx, signIn(f, MethodDevice, admin, p))
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindCanceled || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// What one broker kept, the next one uses, and forgets when told.
func TestCache(t *testing.T) {
	f, kept := newAuthority(t), new(memory)
	withCache := func(c *BrokerConfig) { c.Cache = kept }
	account, err := f.broker(withCache).SignIn(t.Context(), signIn(f, MethodDevice, admin, new(face)))
	if err != nil {
		t.Fatal(err)
	}
	binding := Binding{Authority: f.authority("organizations"), ClientID: clientID, Account: account, Resource: resource}
	for range 2 { // the second one needs the refresh token that the first one got
		b := f.broker(withCache)
		if _, err := b.Source(t.Context(), binding).Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		binding.Resource = resource2
	}
	b := f.broker(withCache)
	if _, err := b.Source(t.Context(), binding).Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Forget(t.Context(), account); err != nil || len(kept.data) != 0 || len(b.Accounts()) != 0 {
		t.Errorf("Forget: %v, %d kept", err, len(kept.data))
	}
	var needed *SignInNeededError
	if _, err := b.Source(t.Context(), binding).Token(t.Context()); !errors.As(err, &needed) {
		t.Errorf("after Forget: %v", err)
	}
}
