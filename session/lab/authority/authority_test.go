package authority

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	client   = "7716031e-6f8b-45a4-b82b-922b1af0fbb4"
	other    = "1950a258-227b-4e31-a9cf-717495945fc2"
	resource = "https://admin.example/OcsPowershellOAuth"
	scope    = resource + "/.default openid profile offline_access"
	redirect = "http://localhost:1234"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	homeID   = "00000000-0000-0000-0000-00000000000a"
	customer = "00000000-0000-0000-0000-00000000000b"
)

// world is an authority with a clock that the test moves.
type world struct {
	*Authority
	t      *testing.T
	clock  time.Time
	events []Event
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	cfg := Config{
		Host: "login.lab.example",
		Tenants: []Tenant{
			{ID: homeID, Name: "Home", Domains: []string{"home.example"}},
			{ID: customer, Name: "Customer", Domains: []string{"customer.example", "customer.onmicrosoft.com"}},
		},
		Users: []User{
			{Name: "admin@home.example", ObjectID: "00000000-0000-0000-0001-000000000001", Password: "right", Tenant: homeID, Manages: []string{homeID, customer}},
			{Name: "mfa@home.example", ObjectID: "00000000-0000-0000-0001-000000000002", Password: "right", Tenant: homeID, MFA: true},
			{Name: "admin@customer.example", ObjectID: "00000000-0000-0000-0001-000000000003", Password: "right", Tenant: customer, Manages: []string{customer}},
		},
		Applications: []Application{{ID: other, Name: "Daemon", Secret: "hush", Tenants: []string{customer}}},
		Now:          func() time.Time { return w.clock },
		Observe:      func(_ *http.Request, e Event) { w.events = append(w.events, e) },
	}
	if change != nil {
		change(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.Authority = a
	return w
}

// send makes one request; form nil means GET.
func (w *world) send(target string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://login.lab.example"+target, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, "https://login.lab.example"+target, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

// answer is the token endpoint's JSON, good or bad.
type answer struct {
	status       int
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ClientInfo   string `json:"client_info"`
	ExpiresIn    int    `json:"expires_in"`
	Scope        string
	Error        string
	Description  string `json:"error_description"`
	Suberror     string
	Claims       string
	Codes        []int  `json:"error_codes"`
	UserCode     string `json:"user_code"`
	DeviceCode   string `json:"device_code"`
	Interval     int
	Message      string
}

// formOf makes a form of names and values; the last of two counts.
func formOf(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func (w *world) post(target string, pairs ...string) answer {
	w.t.Helper()
	rec := w.send(target, formOf(append([]string{"client_id", client}, pairs...)...))
	var a answer
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		w.t.Fatalf("%s answered no JSON: %v", target, err)
	}
	a.status = rec.Code
	return a
}

func (w *world) token(tenant string, pairs ...string) answer {
	w.t.Helper()
	return w.post("/"+tenant+"/oauth2/v2.0/token", pairs...)
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	var claims map[string]any
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !decodePart(parts[1], &claims) {
		t.Fatalf("not a JWT of three parts")
	}
	return claims
}

func (w *world) refused(a answer, code string, number int) {
	w.t.Helper()
	if a.Error != code || len(a.Codes) != 1 || a.Codes[0] != number {
		w.t.Errorf("got %d %s %v %q; want %s AADSTS%d", a.status, a.Error, a.Codes, a.Description, code, number)
	}
	if a.AccessToken != "" || a.RefreshToken != "" {
		w.t.Error("a refusal came with a token")
	}
}

func authorizeURL(change ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {client}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {scope}, "state": {"s1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	return "/organizations/oauth2/v2.0/authorize?" + q.Encode()
}

// code signs admin@home.example in and returns the code of the redirect.
func (w *world) code() string {
	w.t.Helper()
	rec := w.send(authorizeURL(), url.Values{"user_name": {"admin@home.example"}, "password": {"right"}})
	u, err := url.Parse(rec.Header().Get("Location"))
	if rec.Code != http.StatusFound || err != nil || u.Query().Get("state") != "s1" {
		w.t.Fatalf("sign-in answered %d, Location %q", rec.Code, u)
	}
	return u.Query().Get("code")
}

func TestPasswordGrantGivesTokensForTheResource(t *testing.T) {
	w := newWorld(t, nil)
	a := w.token("organizations", "grant_type", "password", "username", "Admin@Home.example", "password", "right", "scope", scope, "client_info", "1")
	access, id := claimsOf(t, a.AccessToken), claimsOf(t, a.IDToken)
	for name, want := range map[string]string{
		"aud": resource, "tid": homeID, "upn": "admin@home.example", "appid": client,
		"oid": "00000000-0000-0000-0001-000000000001", "iss": "https://login.lab.example/" + homeID + "/v2.0",
	} {
		if access[name] != want {
			t.Errorf("access token: %s = %v, want %s", name, access[name], want)
		}
	}
	for name, want := range map[string]string{"aud": client, "tid": homeID, "preferred_username": "admin@home.example"} {
		if id[name] != want {
			t.Errorf("identity token: %s = %v, want %s", name, id[name], want)
		}
	}
	var info map[string]string
	if !decodePart(a.ClientInfo, &info) || info["utid"] != homeID || info["uid"] != access["oid"] {
		t.Errorf("client_info = %v", info)
	}
	if a.ExpiresIn != 3600 || access["exp"] != float64(w.clock.Add(time.Hour).Unix()) {
		t.Errorf("expires_in %d, exp %v", a.ExpiresIn, access["exp"])
	}
	last := w.events[len(w.events)-1]
	if last.Kind != "grant" || last.User != "admin@home.example" || last.Detail["resource"] != resource || last.Detail["grant_type"] != "password" {
		t.Errorf("event = %+v", last)
	}
}

func TestPasswordGrantRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, tenant, user, password, scope string
		code                                string
		number                              int
	}{
		{"wrong password", "organizations", "admin@home.example", "wrong", scope, "invalid_grant", 50126},
		{"unknown user", "organizations", "nobody@home.example", "right", scope, "invalid_grant", 50034},
		{"second factor", "organizations", "mfa@home.example", "right", scope, "invalid_grant", 50076},
		{"common", "common", "admin@home.example", "right", scope, "invalid_request", 9001023},
		{"unknown tenant", "nowhere.example", "admin@home.example", "right", scope, "invalid_request", 90002},
		{"tenant of others", homeID, "admin@customer.example", "right", scope, "interaction_required", 50020},
		{"no scope", "organizations", "admin@home.example", "right", "", "invalid_request", 900144},
		{"two resources", "organizations", "admin@home.example", "right", "https://a.example/.default https://b.example/.default", "invalid_request", 28000},
		{"resource that is none", "organizations", "admin@home.example", "right", "nonsense/.default", "invalid_resource", 500011},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			a := w.token(tt.tenant, "grant_type", "password", "username", tt.user, "password", tt.password, "scope", tt.scope)
			w.refused(a, tt.code, tt.number)
			if last := w.events[len(w.events)-1]; last.Kind != "token" || last.Detail["error"] != tt.code {
				t.Errorf("event = %+v", last)
			}
		})
	}
}

func TestMFARefusalCarriesItsSuberror(t *testing.T) {
	w := newWorld(t, nil)
	a := w.token("organizations", "grant_type", "password", "username", "mfa@home.example", "password", "right", "scope", scope)
	if a.Suberror != "basic_action" || !strings.HasPrefix(a.Description, "AADSTS50076: ") {
		t.Errorf("suberror %q, description %q", a.Suberror, a.Description)
	}
}

func TestScopeDecidesTheAudience(t *testing.T) {
	for scope, want := range map[string]string{
		"https://host.example/.default":                           "https://host.example",
		"https://host.example//.default":                          "https://host.example/",
		"https://host.example/path/user_impersonation":            "https://host.example/path",
		"48ac35b8-9aa8-4d74-927d-1f4a14a0b239/.default openid":    "48ac35b8-9aa8-4d74-927d-1f4a14a0b239",
		"openid profile offline_access":                           graphResource,
		"User.Read":                                               graphResource,
		"api://00000000-0000-0000-0002-000000000001/Admin openid": "api://00000000-0000-0000-0002-000000000001",
	} {
		q, e := parseRequest(url.Values{"scope": {scope}})
		if e != nil || q.resource != want {
			t.Errorf("%q: resource %q (%v), want %q", scope, q.resource, e, want)
		}
	}
	q, e := parseRequest(url.Values{"resource": {resource}})
	if e != nil || q.resource != resource || !q.openID || !q.offline {
		t.Errorf("resource parameter: %+v, %v", q, e)
	}
}

func TestTokenOfAnotherTenantForWhoManagesIt(t *testing.T) {
	w := newWorld(t, nil)
	a := w.token("customer.onmicrosoft.com", "grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope, "client_info", "1")
	if got := claimsOf(t, a.AccessToken)["tid"]; got != customer {
		t.Errorf("tid = %v, want the customer's", got)
	}
	var info map[string]string
	if !decodePart(a.ClientInfo, &info) || info["utid"] != homeID {
		t.Errorf("client_info = %v: the home tenant stays", info)
	}
}

func TestAuthorizationCodeIsRedeemedOnce(t *testing.T) {
	w := newWorld(t, nil)
	code := w.code()
	redeem := []string{"grant_type", "authorization_code", "code", code, "code_verifier", verifier, "redirect_uri", redirect, "scope", scope}
	first := w.token("organizations", redeem...)
	if claimsOf(t, first.AccessToken)["upn"] != "admin@home.example" {
		t.Fatalf("redeeming: %+v", first)
	}
	w.refused(w.token("organizations", redeem...), "invalid_grant", 54005)
	// Whoever came first may be a thief: what the code gave no longer works.
	w.refused(w.token("organizations", "grant_type", "refresh_token", "refresh_token", first.RefreshToken, "scope", scope), "invalid_grant", 50173)
}

func TestAuthorizationCodeRefusals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change []string
		wait   time.Duration
		code   string
		number int
	}{
		{"wrong verifier", []string{"code_verifier", strings.Repeat("x", 43)}, 0, "invalid_grant", 501481},
		{"no verifier", []string{"code_verifier", ""}, 0, "invalid_grant", 501481},
		{"redirect mismatch", []string{"redirect_uri", "http://localhost:4321"}, 0, "invalid_client", 500112},
		{"another client", []string{"client_id", other}, 0, "invalid_grant", 700005},
		{"expired", nil, 10 * time.Minute, "invalid_grant", 70008},
		{"another resource", []string{"scope", "https://b.example/.default"}, 0, "invalid_grant", 70011},
		{"unknown code", []string{"code", "nonsense"}, 0, "invalid_grant", 9002313},
		{"no code", []string{"code", ""}, 0, "invalid_request", 900144},
		{"client that is no GUID", []string{"client_id", "psdeck"}, 0, "unauthorized_client", 700016},
		{"no grant type", []string{"grant_type", ""}, 0, "invalid_request", 900144},
		{"unknown grant type", []string{"grant_type", "magic"}, 0, "unsupported_grant_type", 70003},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			code := w.code()
			w.clock = w.clock.Add(tt.wait)
			w.refused(w.token("organizations", append([]string{
				"grant_type", "authorization_code", "code", code, "code_verifier", verifier, "redirect_uri", redirect,
			}, tt.change...)...), tt.code, tt.number)
		})
	}
}

func TestAuthorizeErrorsThatTravelByRedirect(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change []string
		want   string
	}{
		{"no PKCE", []string{"code_challenge", ""}, "invalid_request"},
		{"plain PKCE", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"implicit flow", []string{"response_type", "token"}, "unsupported_response_type"},
		{"nobody signed in", []string{"prompt", "none"}, "login_required"},
		{"no scope", []string{"scope", ""}, "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := newWorld(t, nil).send(authorizeURL(tt.change...), nil)
			u, _ := url.Parse(rec.Header().Get("Location"))
			if u.Host != "localhost:1234" || u.Query().Get("error") != tt.want || u.Query().Get("state") != "s1" {
				t.Errorf("%d Location %q", rec.Code, u)
			}
		})
	}
}

// An error about the client or its redirect URI must not be sent to that URI.
func TestAuthorizeErrorsThatStay(t *testing.T) {
	for _, change := range [][]string{
		{"redirect_uri", "https://evil.example/"},
		{"redirect_uri", "http://evil.example:80/"},
		{"redirect_uri", "http://localhost@evil.example/"},
		{"redirect_uri", ""},
		{"client_id", "psdeck"},
	} {
		rec := newWorld(t, nil).send(authorizeURL(change...), nil)
		if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
			t.Errorf("%v: %d, Location %q", change, rec.Code, rec.Header().Get("Location"))
		}
	}
}

func TestSignInPage(t *testing.T) {
	w := newWorld(t, nil)
	target := authorizeURL("login_hint", `"><script>x</script>`, "response_mode", "form_post")
	page := w.send(target, nil).Body.String()
	if strings.Contains(page, "<script>") || !strings.Contains(page, `name="password"`) {
		t.Errorf("page:\n%s", page)
	}
	rec := w.send(target, url.Values{"user_name": {"admin@home.example"}, "password": {"wrong"}})
	if !strings.Contains(rec.Body.String(), "AADSTS50126") || rec.Header().Get("Location") != "" {
		t.Errorf("a wrong password: %d\n%s", rec.Code, rec.Body)
	}
	rec = w.send(target, url.Values{"user_name": {"admin@home.example"}, "password": {"right"}})
	form := regexp.MustCompile(`(?s)action="http://localhost:1234".*name="code" value="([^"]+)".*name="state" value="s1"`)
	if !form.MatchString(rec.Body.String()) {
		t.Errorf("form_post:\n%s", rec.Body)
	}
	rec = w.send(authorizeURL(), url.Values{"action": {"cancel"}})
	if !strings.Contains(rec.Header().Get("Location"), "error=access_denied") {
		t.Errorf("cancel: %q", rec.Header().Get("Location"))
	}
}

func TestRefreshTokensRotate(t *testing.T) {
	w := newWorld(t, nil)
	first := w.token("organizations", "grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope)
	use := func(tenant, token, scope string, more ...string) answer {
		return w.token(tenant, append([]string{"grant_type", "refresh_token", "refresh_token", token, "scope", scope}, more...)...)
	}
	// The same sign-in serves a second resource and a second tenant.
	second := use("organizations", first.RefreshToken, "https://b.example/.default openid")
	if got := claimsOf(t, second.AccessToken)["aud"]; got != "https://b.example" {
		t.Errorf("aud = %v", got)
	}
	third := use("customer.example", second.RefreshToken, scope)
	if got := claimsOf(t, third.AccessToken)["tid"]; got != customer {
		t.Errorf("tid = %v", got)
	}
	w.refused(use("organizations", first.RefreshToken, scope), "invalid_grant", 70000)
	w.refused(use("organizations", second.RefreshToken, scope), "invalid_grant", 70000)
	w.refused(use("organizations", third.RefreshToken, scope, "client_id", other), "invalid_grant", 70000)
	w.refused(use("organizations", "made up", scope), "invalid_grant", 9002313)
	w.clock = w.clock.Add(90 * 24 * time.Hour)
	w.refused(use("organizations", third.RefreshToken, scope), "invalid_grant", 700082)
}

func TestRefreshGraceAndRevocation(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RefreshGrace = time.Minute })
	first := w.token("organizations", "grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope)
	use := func(token string) answer {
		return w.token("organizations", "grant_type", "refresh_token", "refresh_token", token, "scope", scope)
	}
	second := use(first.RefreshToken)
	w.clock = w.clock.Add(59 * time.Second)
	if a := use(first.RefreshToken); a.AccessToken == "" {
		t.Errorf("within the grace: %s", a.Description)
	}
	w.clock = w.clock.Add(time.Second)
	w.refused(use(first.RefreshToken), "invalid_grant", 70000)
	w.RevokeUser("ADMIN@home.example")
	w.refused(use(second.RefreshToken), "invalid_grant", 50173)
}

func TestDeviceCode(t *testing.T) {
	w := newWorld(t, nil)
	start := w.post("/organizations/oauth2/v2.0/devicecode", "scope", scope)
	if !regexp.MustCompile(`^[A-Z2-7]{4}-[A-Z2-7]{4}$`).MatchString(start.UserCode) || start.ExpiresIn != 900 || start.Interval != 5 {
		t.Fatalf("start = %+v", start)
	}
	poll := func(code string) answer {
		return w.token("organizations", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", code)
	}
	w.refused(poll(start.DeviceCode), "authorization_pending", 70016)
	w.refused(poll(start.DeviceCode), "slow_down", 70022)
	w.clock = w.clock.Add(5 * time.Second)
	w.refused(poll(start.DeviceCode), "authorization_pending", 70016)
	w.refused(w.token("organizations", "grant_type", "device_code", "device_code", start.DeviceCode, "client_id", other), "bad_verification_code", 70018)

	approve := func(form url.Values) int { return w.send("/device", form).Code }
	code := strings.ToLower(strings.ReplaceAll(start.UserCode, "-", ""))
	if got := approve(url.Values{"user_code": {code}, "user_name": {"mfa@home.example"}, "password": {"wrong"}}); got != http.StatusUnauthorized {
		t.Errorf("approving with a wrong password: %d", got)
	}
	if got := approve(url.Values{"user_code": {"AAAA-AAAA"}, "user_name": {"mfa@home.example"}, "password": {"right"}}); got != http.StatusBadRequest {
		t.Errorf("approving a wrong code: %d", got)
	}
	if got := approve(url.Values{"user_code": {code}, "user_name": {"mfa@home.example"}, "password": {"right"}}); got != http.StatusOK {
		t.Errorf("approving: %d", got)
	}
	if got := claimsOf(t, poll(start.DeviceCode).AccessToken)["upn"]; got != "mfa@home.example" {
		t.Errorf("upn = %v", got)
	}
	w.refused(poll(start.DeviceCode), "invalid_grant", 70000)
	grants := 0
	for _, e := range w.events {
		if e.Kind == "grant" && e.Detail["grant_type"] == "device_code" {
			grants++
		}
	}
	if grants != 1 {
		t.Errorf("%d device grants in the log, want 1", grants)
	}
}

func TestDeviceCodeEndsWithoutApproval(t *testing.T) {
	w := newWorld(t, nil)
	poll := func(code string) answer {
		return w.token("organizations", "grant_type", "device_code", "device_code", code)
	}
	denied := w.post("/organizations/oauth2/v2.0/devicecode", "scope", scope)
	w.send("/device?user_code="+denied.UserCode+"&action=deny", nil)
	w.refused(poll(denied.DeviceCode), "authorization_declined", 70021)

	late := w.post("/organizations/oauth2/v2.0/devicecode", "scope", scope)
	w.clock = w.clock.Add(15 * time.Minute)
	w.refused(poll(late.DeviceCode), "expired_token", 70020)
	if err := w.Approve(late.UserCode, "admin@home.example"); !errors.Is(err, ErrDeviceCode) {
		t.Errorf("approving an expired code: %v", err)
	}
}

func TestAutoApproveSignsInWhoIsMeant(t *testing.T) {
	for _, tt := range []struct{ name, tenant, hint, expected, want string }{
		{"by hint", "organizations", "mfa@home.example", "", "mfa@home.example"},
		{"by who is expected", "organizations", "", "mfa@home.example", "mfa@home.example"},
		{"nobody known is expected", "organizations", "", "nobody@home.example", "admin@home.example"},
		{"by tenant", "customer.example", "", "", "admin@customer.example"},
		{"by default", "organizations", "", "", "admin@home.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) {
				c.AutoApprove, c.AutoApproveAfter, c.AutoApproveUser = true, 7*time.Second, "admin@home.example"
			})
			start := w.post("/"+tt.tenant+"/oauth2/v2.0/devicecode", "scope", scope, "login_hint", tt.hint)
			if !strings.Contains(start.Message, "approves the code by itself") {
				t.Errorf("message %q does not say what happens", start.Message)
			}
			if tt.expected != "" {
				if err := w.Expect(start.UserCode, tt.expected); err != nil {
					t.Error(err)
				}
			}
			poll := func() answer {
				return w.token(tt.tenant, "grant_type", "device_code", "device_code", start.DeviceCode)
			}
			w.refused(poll(), "authorization_pending", 70016)
			w.clock = w.clock.Add(6 * time.Second)
			w.refused(poll(), "authorization_pending", 70016)
			w.clock = w.clock.Add(6 * time.Second)
			if got := claimsOf(t, poll().AccessToken)["upn"]; got != tt.want {
				t.Errorf("upn = %v, want %s", got, tt.want)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	w := newWorld(t, nil)
	ask := func(tenant string, change ...string) answer {
		return w.token(tenant, append([]string{"grant_type", "client_credentials", "client_id", other, "client_secret", "hush", "scope", resource + "/.default"}, change...)...)
	}
	a := ask("customer.example")
	claims := claimsOf(t, a.AccessToken)
	if claims["idtyp"] != "app" || claims["upn"] != nil || claims["tid"] != customer || a.RefreshToken != "" || a.IDToken != "" {
		t.Errorf("claims %v, refresh %t", claims, a.RefreshToken != "")
	}
	w.refused(ask("customer.example", "client_secret", "wrong"), "invalid_client", 7000215)
	w.refused(ask("customer.example", "client_id", client), "unauthorized_client", 700016)
	w.refused(ask("home.example"), "unauthorized_client", 700016)
	w.refused(ask("organizations"), "invalid_request", 50059)
	w.refused(ask("customer.example", "scope", resource+"/Admin"), "invalid_scope", 1002012)
}

func TestVerify(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.TokenLifetime = time.Minute })
	good, err := w.Issue("admin@home.example", "organizations", resource, client)
	if err != nil {
		t.Fatal(err)
	}
	accept := func(audience string) bool { return audience == resource }
	c, err := w.Verify(good, accept)
	if err != nil || c.UPN != "admin@home.example" || c.TenantID != homeID || c.Audience != resource {
		t.Fatalf("claims %+v, %v", c, err)
	}
	parts := strings.Split(good, ".")
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"` + resource + `","upn":"admin@customer.example","exp":99999999999}`))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	foreign, _ := newWorld(t, nil).Issue("admin@home.example", "organizations", resource, client)
	for name, tt := range map[string]struct {
		token string
		want  error
	}{
		"changed claims":    {parts[0] + "." + forged + "." + parts[2], ErrSignature},
		"no algorithm":      {none + "." + forged + ".", ErrMalformed},
		"other authority":   {foreign, ErrMalformed},
		"not a token":       {"opaque", ErrMalformed},
		"identity token":    {w.token("organizations", "grant_type", "password", "username", "admin@home.example", "password", "right", "scope", scope).IDToken, ErrAudience},
		"signature missing": {parts[0] + "." + parts[1] + ".", ErrSignature},
	} {
		_, err := w.Verify(tt.token, accept)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		} else if strings.Contains(err.Error(), parts[1][:20]) {
			t.Errorf("%s: the error shows the token", name)
		}
	}
	if _, err := w.Verify(good, func(string) bool { return false }); !errors.Is(err, ErrAudience) {
		t.Errorf("another audience: %v", err)
	}
	w.clock = w.clock.Add(time.Minute)
	if _, err := w.Verify(good, accept); !errors.Is(err, ErrExpired) {
		t.Errorf("a minute later: %v", err)
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, password string
		want           error
	}{
		{"ADMIN@home.example", "right", nil},
		{"admin@home.example", "Right", ErrCredentials},
		{"nobody@home.example", "right", ErrCredentials},
		{"mfa@home.example", "right", ErrMFA},
	} {
		if _, err := w.Login(tt.name, tt.password); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	w := newWorld(t, nil)
	for path, want := range map[string]string{
		"organizations":    "https://login.lab.example/{tenantid}/v2.0",
		"customer.example": "https://login.lab.example/" + customer + "/v2.0",
	} {
		var doc map[string]any
		rec := w.send("/"+path+"/v2.0/.well-known/openid-configuration", nil)
		if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if doc["issuer"] != want || doc["token_endpoint"] != "https://login.lab.example/"+path+"/oauth2/v2.0/token" {
			t.Errorf("%s: issuer %v, token endpoint %v", path, doc["issuer"], doc["token_endpoint"])
		}
	}
	if rec := w.send("/nowhere.example/v2.0/.well-known/openid-configuration", nil); rec.Code != http.StatusBadRequest {
		t.Errorf("an unknown tenant: %d", rec.Code)
	}
	for user, want := range map[string]string{"admin@home.example": "Managed", "admin@nowhere.example": "Unknown"} {
		if body := w.send("/common/userrealm/"+user+"?api-version=1.0", nil).Body.String(); !strings.Contains(body, `"account_type":"`+want+`"`) {
			t.Errorf("%s: %s", user, body)
		}
	}
}

func TestNewRefusesContradictions(t *testing.T) {
	tenant := Tenant{ID: homeID, Name: "Home", Domains: []string{"home.example"}}
	for name, cfg := range map[string]Config{
		"no host":            {Tenants: []Tenant{tenant}},
		"tenant twice":       {Host: "h", Tenants: []Tenant{tenant, tenant}},
		"home tenant absent": {Host: "h", Users: []User{{Name: "a@b.example", Tenant: homeID}}},
		"user twice":         {Host: "h", Tenants: []Tenant{tenant}, Users: []User{{Name: "a@b.example", Tenant: homeID}, {Name: "A@b.example", Tenant: homeID}}},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
