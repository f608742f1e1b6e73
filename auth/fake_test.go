package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The people and tenants of these tests.
const (
	partnerTenant = "00000000-0000-0000-0000-0000000000aa"
	contosoTenant = "00000000-0000-0000-0000-000000000001"
	adminID       = "11111111-0000-0000-0000-000000000001"
	admin         = "admin@partner.example"
	otherID       = "11111111-0000-0000-0000-000000000002"
	other         = "other@partner.example"
	password      = "correct horse & battery"
	clientID      = "7716031e-6f8b-45a4-b82b-922b1af0fbb4"
	resource      = "https://admin1e.online.lync.com/OcsPowershellOAuth"
	resource2     = "https://admin2a.online.lync.com/OcsPowershellOAuth"
)

// fakeAuthority is an authority over TLS that MSAL accepts: endpoints
// document, user realm, device code (RFC 8628), authorization code with PKCE
// (RFC 7636), password and refresh grants. Codes and refresh tokens work once.
type fakeAuthority struct {
	*httptest.Server
	person   string            // who approves device codes and uses the browser
	life     time.Duration     // of access tokens
	fail     map[string]answer // by grant, "devicecode", "realm" or "config"
	config   map[string]any    // replaces parts of the endpoints document
	mangle   func(claims map[string]any)
	pending  int // how often a device code is not approved yet
	opaque   bool
	codeLife int // seconds; 900 when 0

	mu      sync.Mutex
	log     []string // "grant tenant scope"
	once    map[string]grantState
	counter int
}

type answer struct {
	status int
	body   string
}

type grantState struct{ upn, challenge, redirect string }

func newAuthority(t *testing.T) *fakeAuthority {
	t.Helper()
	f := &fakeAuthority{person: admin, life: time.Hour, once: map[string]grantState{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", f.serveConfig)
	mux.HandleFunc("GET /common/UserRealm/{user}", f.serveRealm)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", f.serveDeviceCode)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", f.serveToken)
	f.Server = httptest.NewUnstartedServer(mux)
	f.Server.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAuthority) broker(change ...func(*BrokerConfig)) *Broker {
	cfg := BrokerConfig{HTTP: f.Client(), OpenBrowser: f.browse}
	for _, c := range change {
		c(&cfg)
	}
	return NewBroker(cfg)
}

func (f *fakeAuthority) authority(tenant string) string { return f.URL + "/" + tenant }

// grants returns what was asked for since the last call.
func (f *fakeAuthority) grants() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.log
	f.log = nil
	return list
}

func (f *fakeAuthority) note(parts ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, strings.Join(parts, " "))
}

// issue keeps the state of a code or refresh token and returns its name.
func (f *fakeAuthority) issue(kind string, s grantState) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counter++
	name := fmt.Sprintf("%s-secret-%d", kind, f.counter)
	f.once[name] = s
	return name
}

func (f *fakeAuthority) redeem(name string) (grantState, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.once[name]
	delete(f.once, name)
	return s, ok
}

func (f *fakeAuthority) failed(w http.ResponseWriter, what string) bool {
	a, ok := f.fail[what]
	if ok {
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	}
	return ok
}

func reply400(w http.ResponseWriter, code, description string) {
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
}

func (f *fakeAuthority) serveConfig(w http.ResponseWriter, r *http.Request) {
	if f.failed(w, "config") {
		return
	}
	base := f.authority(r.PathValue("tenant"))
	doc := map[string]any{
		"authorization_endpoint": base + "/oauth2/v2.0/authorize", "token_endpoint": base + "/oauth2/v2.0/token", "issuer": base + "/v2.0",
	}
	maps.Copy(doc, f.config)
	json.NewEncoder(w).Encode(doc)
}

func (f *fakeAuthority) serveRealm(w http.ResponseWriter, r *http.Request) {
	if f.failed(w, "realm") {
		return
	}
	io.WriteString(w, `{"ver":"1.0","account_type":"Managed","domain_name":"partner.example","cloud_instance_name":"lab","cloud_audience_urn":"urn:lab"}`)
}

func (f *fakeAuthority) serveDeviceCode(w http.ResponseWriter, r *http.Request) {
	f.note("devicecode", r.PathValue("tenant"), r.FormValue("scope"))
	if f.failed(w, "devicecode") {
		return
	}
	life := f.codeLife
	if life == 0 {
		life = 900
	}
	json.NewEncoder(w).Encode(map[string]any{
		"user_code": "ABCD-EFGH", "device_code": f.issue("device", grantState{upn: f.person}), "verification_uri": f.URL + "/devicelogin",
		"expires_in": life, "interval": 1, "message": "To sign in,\x1b[31m open the page",
	})
}

func (f *fakeAuthority) serveToken(w http.ResponseWriter, r *http.Request) {
	grant := r.FormValue("grant_type")
	grant = grant[strings.LastIndexByte(grant, ':')+1:]
	if r.FormValue("client_id") != clientID {
		reply400(w, "unauthorized_client", "AADSTS700016: Application was not found in the directory")
		return
	}
	f.mu.Lock()
	waiting := grant == "device_code" && f.pending > 0
	if waiting {
		f.pending--
	}
	f.mu.Unlock()
	if waiting {
		reply400(w, "authorization_pending", "AADSTS70016: pending")
		return
	}
	tenant := r.PathValue("tenant")
	f.note(grant, tenant, r.FormValue("scope"))
	if f.failed(w, grant) {
		return
	}
	var s grantState
	ok := true
	switch grant {
	case "device_code":
		s, ok = f.redeem(r.FormValue("device_code"))
	case "refresh_token":
		s, ok = f.redeem(r.FormValue("refresh_token"))
	case "authorization_code":
		s, ok = f.redeem(r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		ok = ok && s.challenge == base64.RawURLEncoding.EncodeToString(sum[:]) && s.redirect == r.FormValue("redirect_uri")
	case "password":
		s.upn = strings.ToLower(r.FormValue("username"))
		if r.FormValue("password") != password {
			reply400(w, "invalid_grant", "AADSTS50126: Error validating credentials. Trace ID: 1")
			return
		}
		if f.person == other {
			s.upn = other // an alias that is somebody else's
		}
	default:
		ok = false
	}
	if !ok {
		reply400(w, "invalid_grant", "AADSTS70008: The code or refresh token has expired: "+r.FormValue("refresh_token"))
		return
	}
	json.NewEncoder(w).Encode(f.tokens(s.upn, tenant, r.FormValue("scope")))
}

func (f *fakeAuthority) tokens(upn, tenant, scope string) map[string]any {
	id := map[string]string{admin: adminID, other: otherID}[upn]
	if tenant == "organizations" {
		tenant = partnerTenant
	}
	aud := "00000003-0000-0000-c000-000000000000"
	var granted []string
	for _, s := range strings.Fields(scope) {
		if s == "offline_access" {
			continue
		}
		granted = append(granted, s)
		if r, ok := strings.CutSuffix(s, "/.default"); ok {
			aud = r
		}
	}
	f.mu.Lock()
	f.counter++
	n := f.counter
	f.mu.Unlock()
	claims := map[string]any{
		"aud": aud, "tid": tenant, "oid": id, "upn": upn, "exp": time.Now().Add(f.life).Unix(), "uti": n,
	}
	if tenant != partnerTenant {
		claims["oid"] = "guest-" + id // an account has another id in every tenant
	}
	if f.mangle != nil {
		f.mangle(claims)
	}
	access := jwt(claims)
	if f.opaque {
		access = fmt.Sprintf("opaque-%d", n)
	}
	return map[string]any{
		"token_type": "Bearer", "scope": strings.Join(granted, " "), "expires_in": int(f.life.Seconds()),
		"access_token": access, "refresh_token": f.issue("refresh", grantState{upn: upn}),
		"id_token":    jwt(map[string]any{"preferred_username": upn, "oid": id, "tid": partnerTenant, "sub": id, "iss": f.URL, "aud": clientID}),
		"client_info": segment(map[string]any{"uid": id, "utid": partnerTenant}),
	}
}

// browse is a browser in which f.person signs in at once.
func (f *fakeAuthority) browse(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	q := u.Query()
	f.note("authorize", strings.Split(u.Path, "/")[1], q.Get("scope"), "hint="+q.Get("login_hint"))
	form := url.Values{"state": {q.Get("state")}}
	if a, ok := f.fail["authorize"]; ok {
		form.Set("error", "refused")
		form.Set("error_description", a.body)
	} else {
		form.Set("code", f.issue("code", grantState{f.person, q.Get("code_challenge"), q.Get("redirect_uri")}))
	}
	go func() {
		resp, err := http.PostForm(q.Get("redirect_uri"), form)
		if err == nil {
			resp.Body.Close()
		}
	}()
	return nil
}

func segment(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func jwt(claims map[string]any) string {
	return segment(map[string]any{"alg": "none", "typ": "JWT"}) + "." + segment(claims) + ".signature"
}

// face is a Prompter that notes what it is shown.
type face struct {
	mu       sync.Mutex
	codes    []DeviceCode
	browsed  []string
	password Secret
	asked    int
	onCode   func()
}

func (p *face) DeviceCode(c DeviceCode) {
	p.mu.Lock()
	p.codes = append(p.codes, c)
	p.mu.Unlock()
	if p.onCode != nil {
		p.onCode()
	}
}

func (p *face) Browser(u string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.browsed = append(p.browsed, u)
}

func (p *face) Password(context.Context, string) (Secret, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return p.password, nil
}

// memory is a Cache.
type memory struct {
	mu   sync.Mutex
	data map[CacheKey][]byte
}

func (m *memory) Load(_ context.Context, key CacheKey) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[key], nil
}

func (m *memory) Keys(context.Context) ([]CacheKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.data)), nil
}

func (m *memory) Lock(context.Context, CacheKey) (func(), error) { return func() {}, nil }

func (m *memory) Store(_ context.Context, key CacheKey, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		m.data = map[CacheKey][]byte{}
	}
	if data == nil {
		delete(m.data, key)
		return nil
	}
	m.data[key] = data
	return nil
}
