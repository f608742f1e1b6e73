package authority

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

const daemon = "1950a258-227b-4e31-a9cf-717495945fc2"

// keyPair is a certificate with its key.
type keyPair struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func newKeyPair(t *testing.T, from, until time.Time) keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "daemon"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, cert}
}

// assertion signs claims as MSAL does: PS256, the certificate named by its
// SHA-256; with alg RS256 as older libraries do.
func (k keyPair) assertion(t *testing.T, alg string, claims map[string]any) string {
	t.Helper()
	header := map[string]string{"typ": "JWT", "alg": alg}
	if by256 := sha256.Sum256(k.cert.Raw); alg == "PS256" {
		header["x5t#S256"] = base64.StdEncoding.EncodeToString(by256[:])
	}
	if by1 := sha1.Sum(k.cert.Raw); alg == "RS256" {
		header["x5t"] = base64.RawURLEncoding.EncodeToString(by1[:])
	}
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	signed := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	var sig []byte
	var err error
	if alg == "PS256" {
		sig, err = rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, sum[:], nil)
	} else {
		sig, err = rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func TestClientAssertion(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	good := newKeyPair(t, start.Add(-time.Hour), start.Add(24*time.Hour))
	old := newKeyPair(t, start.Add(-48*time.Hour), start.Add(-time.Hour))
	stranger := newKeyPair(t, start.Add(-time.Hour), start.Add(24*time.Hour))
	target := "https://login.lab.example/customer.example/oauth2/v2.0/token"
	tests := []struct {
		name   string
		key    keyPair
		alg    string
		change map[string]any
		form   []string
		code   string
		number int
	}{
		{name: "as MSAL signs it", key: good, alg: "PS256"},
		{name: "as older libraries do", key: good, alg: "RS256"},
		{name: "for several audiences", key: good, alg: "PS256", change: map[string]any{"aud": []string{"https://other.example", target}}},
		{name: "a key that is not registered", key: stranger, alg: "PS256", code: "invalid_client", number: 700027},
		{name: "another key under the good name", key: keyPair{stranger.key, good.cert}, alg: "PS256", code: "invalid_client", number: 700027},
		{name: "an expired certificate", key: old, alg: "PS256", code: "invalid_client", number: 700027},
		{name: "no signature asked for", key: good, alg: "none", code: "invalid_client", number: 700027},
		{name: "for another audience", key: good, alg: "PS256", change: map[string]any{"aud": "https://login.other.example/token"}, code: "invalid_client", number: 700023},
		{name: "of another tenant's endpoint", key: good, alg: "PS256", change: map[string]any{"aud": "https://login.lab.example/home.example/oauth2/v2.0/token"}, code: "invalid_client", number: 700023},
		{name: "expired", key: good, alg: "PS256", change: map[string]any{"exp": start.Add(-time.Second).Unix()}, code: "invalid_client", number: 700024},
		{name: "good for a day", key: good, alg: "PS256", change: map[string]any{"exp": start.Add(24 * time.Hour).Unix()}, code: "invalid_client", number: 700024},
		{name: "ten minutes early", key: good, alg: "PS256", change: map[string]any{"nbf": start.Add(10 * time.Minute).Unix()}, code: "invalid_client", number: 700024},
		{name: "of another application", key: good, alg: "PS256", change: map[string]any{"iss": client, "sub": client}, code: "invalid_client", number: 700021},
		{name: "without an identifier", key: good, alg: "PS256", change: map[string]any{"jti": nil}, code: "invalid_client", number: 700030},
		{name: "of another type", key: good, alg: "PS256", form: []string{"client_assertion_type", "saml"}, code: "invalid_request", number: 7000214},
		{name: "that is no JWT", key: good, alg: "PS256", form: []string{"client_assertion", "a.b"}, code: "invalid_request", number: 50027},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) {
				c.Applications[0].Secret = ""
				c.Applications[0].Certificates = []*x509.Certificate{old.cert, good.cert}
			})
			claims := map[string]any{
				"iss": daemon, "sub": daemon, "aud": target, "jti": "one", "nbf": start.Unix(), "exp": start.Add(10 * time.Minute).Unix(),
			}
			for k, v := range tt.change {
				claims[k] = v
			}
			form := append([]string{
				"grant_type", "client_credentials", "client_id", daemon, "scope", resource + "/.default",
				"client_assertion_type", assertionType, "client_assertion", tt.key.assertion(t, tt.alg, claims),
			}, tt.form...)
			a := w.token("customer.example", form...)
			if tt.code != "" {
				w.refused(a, tt.code, tt.number)
				return
			}
			if got := claimsOf(t, a.AccessToken); got["appid"] != daemon || got["tid"] != customer || got["upn"] != nil {
				t.Errorf("claims %v", got)
			}
			// the same assertion does not serve twice
			w.refused(w.token("customer.example", form...), "invalid_client", 700030)
		})
	}
}

// An application without a secret has none that could be guessed.
func TestNoSecretIsNotAnEmptySecret(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Applications[0].Secret = "" })
	w.refused(w.token("customer.example", "grant_type", "client_credentials", "client_id", daemon, "client_secret", "", "scope", resource+"/.default"), "invalid_client", 7000215)
}

// What keeps an account from signing in keeps it from renewing too.
func TestStates(t *testing.T) {
	for state, number := range map[State]int{
		StateLocked: 50053, StateDisabled: 50057, StatePasswordExpired: 50055, StateBlocked: 53003, StateNoConsent: 65001,
	} {
		t.Run(string(state), func(t *testing.T) {
			w := newWorld(t, nil)
			password := []string{"grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope}
			first := w.token("organizations", password...)
			w.SetState("Admin@home.example", state)
			w.refused(w.token("organizations", password...), "invalid_grant", number)
			w.refused(w.token("organizations", "grant_type", "refresh_token", "refresh_token", first.RefreshToken, "scope", scope), "invalid_grant", number)
			start := w.post("/organizations/oauth2/v2.0/devicecode", "scope", scope)
			if err := w.Approve(start.UserCode, "admin@home.example"); err == nil {
				t.Error("a device code was approved")
			}
		})
	}
}

// A resource that wants a stronger sign-in gets a token only after one.
func TestClaimsChallenge(t *testing.T) {
	w := newWorld(t, nil)
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`
	first := w.token("organizations", "grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope)
	renew := func(token, claims string) answer {
		return w.token("organizations", "grant_type", "refresh_token", "refresh_token", token, "scope", scope, "claims", claims)
	}
	a := renew(first.RefreshToken, claims)
	w.refused(a, "interaction_required", 50076)
	if a.Claims != claims || a.Suberror != "basic_action" {
		t.Errorf("the refusal carries claims %q and suberror %q", a.Claims, a.Suberror)
	}
	w.refused(renew(first.RefreshToken, "nonsense"), "invalid_request", 50149)

	start := w.post("/organizations/oauth2/v2.0/devicecode", "scope", scope, "claims", claims)
	if err := w.Approve(start.UserCode, "admin@home.example"); err != nil {
		t.Fatal(err)
	}
	strong := w.token("organizations", "grant_type", "device_code", "device_code", start.DeviceCode)
	if got, _ := json.Marshal(claimsOf(t, strong.AccessToken)["acrs"]); string(got) != `["c1"]` {
		t.Errorf("acrs %s", got)
	}
	again := renew(strong.RefreshToken, claims)
	if c, err := w.Verify(again.AccessToken, func(string) bool { return true }); err != nil || len(c.Contexts) != 1 || c.Contexts[0] != "c1" {
		t.Errorf("renewed: %+v, %v", c, err)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t, nil)
	password := []string{"grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope}
	w.SetFaults(Faults{Throttle: 1, Unavailable: 1, Mixed: 2, Mix: func(c map[string]any) { c["tid"] = customer }, NoRefresh: true})
	send := func() (int, string) {
		form := formOf(append([]string{"client_id", client}, password...)...)
		rec := w.send("/organizations/oauth2/v2.0/token", form)
		return rec.Code, rec.Header().Get("Retry-After")
	}
	if code, after := send(); code != 429 || after != "1" {
		t.Errorf("throttled: %d, Retry-After %q", code, after)
	}
	if code, _ := send(); code != 503 {
		t.Errorf("unavailable: %d", code)
	}
	var tenants []string
	for range 3 {
		a := w.token("organizations", password...)
		if a.RefreshToken != "" {
			t.Error("a refresh token came")
		}
		tenants = append(tenants, claimsOf(t, a.AccessToken)["tid"].(string))
	}
	if got := strings.Join(tenants, " "); got != homeID+" "+customer+" "+homeID {
		t.Errorf("tenants %s", got)
	}
}
