package authority

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorizationCode is a code's other side (RFC 6749 4.1.2, RFC 7636).
type authorizationCode struct {
	request
	user      *User
	tenant    *Tenant
	client    string
	redirect  string
	challenge string
	nonce     string
	family    string
	expires   time.Time
	used      bool
}

// serveAuthorize answers the authorize endpoint: GET shows the sign-in page, POST
// checks its form and sends the code to the redirect URI.
func (a *Authority) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	path, query := r.PathValue("tenant"), r.URL.Query()
	event := Event{Kind: "authorize", User: query.Get("login_hint"), Detail: map[string]string{
		"tenant": path, "client_id": query.Get("client_id"),
	}}
	defer func() { a.observe(r, event) }()

	// Until the client and its redirect URI are known to be good, an error must stay
	// on this page and not travel (RFC 6749 4.1.2.1).
	if e := a.checkAuthorizeClient(path, query); e != nil {
		event.Detail["error"] = e.code
		a.showError(w, e)
		return
	}
	q, e := checkAuthorizeRequest(query)
	if e != nil {
		event.Detail["error"] = e.code
		a.redirect(w, r, query, url.Values{"error": {e.code}, "error_description": {e.description()}})
		return
	}
	event.Detail["resource"] = q.resource
	switch r.Method {
	case http.MethodGet:
		a.showSignIn(w, r, signInPage{UserName: query.Get("login_hint")})
	case http.MethodPost:
		a.signIn(w, r, q, &event)
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

func (a *Authority) checkAuthorizeClient(path string, query url.Values) *oauthError {
	if e := a.checkTenantPath(path); e != nil {
		return e
	}
	if e := checkClient(query.Get("client_id")); e != nil {
		return e
	}
	if !loopbackRedirect(query.Get("redirect_uri")) {
		return refuse("invalid_request", 50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application: http://localhost on any port.", query.Get("redirect_uri"))
	}
	return nil
}

// checkAuthorizeRequest checks what a client is told by redirect when it is wrong.
func checkAuthorizeRequest(query url.Values) (request, *oauthError) {
	switch {
	case query.Get("response_type") != "code":
		return request{}, refuse("unsupported_response_type", 700054, "response_type '%s' is not enabled for the application.", query.Get("response_type"))
	case query.Get("code_challenge") == "":
		return request{}, refuse("invalid_request", 9002325, "Proof Key for Code Exchange is required for authorization code redemption.")
	case query.Get("code_challenge_method") != "S256":
		return request{}, refuse("invalid_request", 501491, "Invalid code_challenge_method: only S256 is supported.")
	case query.Get("prompt") == "none":
		return request{}, refuse("login_required", 50058, "A silent sign-in request was sent but no user is signed in.")
	}
	return parseRequest(query)
}

// loopbackRedirect accepts http to the loopback interface on any port (RFC 8252 7.3).
func loopbackRedirect(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

func (a *Authority) signIn(w http.ResponseWriter, r *http.Request, q request, event *Event) {
	query := r.URL.Query()
	if r.ParseForm() != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	if r.PostForm.Get("action") == "cancel" {
		event.Detail["error"] = "access_denied"
		a.redirect(w, r, query, url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined to consent to access the app."}})
		return
	}
	name := r.PostForm.Get("user_name")
	event.User = name
	u, e := a.checkPassword(name, r.PostForm.Get("password"))
	var tenant *Tenant
	if e == nil {
		tenant, e = a.tenantFor(u, r.PathValue("tenant"))
	}
	if e != nil {
		event.Detail["error"] = e.code
		a.showSignIn(w, r, signInPage{UserName: name, Error: e.description()})
		return
	}
	event.User, event.Detail["tenant"] = u.Name, tenant.ID
	code := a.newCode(&authorizationCode{
		request: q, user: u, tenant: tenant, client: query.Get("client_id"),
		redirect: query.Get("redirect_uri"), challenge: query.Get("code_challenge"), nonce: query.Get("nonce"),
	})
	a.redirect(w, r, query, url.Values{"code": {code}})
}

func (a *Authority) newCode(c *authorizationCode) string {
	code, now := secret(), a.cfg.Now()
	c.expires = now.Add(a.cfg.CodeLifetime)
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, old := range a.codes {
		if now.Sub(old.expires) > a.cfg.CodeLifetime {
			delete(a.codes, key)
		}
	}
	a.codes[code] = c
	return code
}

// redirect sends the answer to the client's redirect URI, by query or, as MSAL asks,
// by a form that the browser posts (response_mode=form_post).
func (a *Authority) redirect(w http.ResponseWriter, r *http.Request, query, answer url.Values) {
	if state := query.Get("state"); state != "" {
		answer.Set("state", state)
	}
	target := query.Get("redirect_uri")
	if query.Get("response_mode") == "form_post" {
		a.showFormPost(w, target, answer)
		return
	}
	u, err := url.Parse(target)
	if err != nil { // checked before by loopbackRedirect
		http.Error(w, "the redirect URI could not be read", http.StatusBadRequest)
		return
	}
	all := u.Query()
	for key, values := range answer {
		all[key] = values
	}
	u.RawQuery = all.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound)
}

// grantCode redeems an authorization code: once, by the client that asked for it,
// with the same redirect URI and the verifier of its challenge.
func (a *Authority) grantCode(path, client string, form url.Values) (*grant, *oauthError) {
	raw := form.Get("code")
	if raw == "" {
		return nil, errMissing("code")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.codes[raw]
	if c == nil {
		return nil, refuse("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
	}
	g := &grant{request: c.request, user: c.user, tenant: c.tenant, client: c.client, nonce: c.nonce, family: c.family, amr: []string{"pwd", "mfa"}, acrs: c.acrs}
	switch {
	case c.used:
		// A code that comes twice may have been stolen: what it gave is taken back.
		a.revokeFamily(c.family)
		return g, refuse("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	case !a.cfg.Now().Before(c.expires):
		return g, refuse("invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.")
	case c.client != client:
		return g, refuse("invalid_grant", 700005, "The provided Authorization Code is intended to use against other application.")
	case c.redirect != form.Get("redirect_uri"):
		return g, refuse("invalid_client", 500112, "The reply address '%s' does not match the reply address provided when requesting Authorization code.", form.Get("redirect_uri"))
	case !verifierMatches(form.Get("code_verifier"), c.challenge):
		return g, refuse("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}
	if !multiTenant(path) && a.tenants[strings.ToLower(path)] != c.tenant {
		return g, errNotInTenant(c.user.Name, path)
	}
	if form.Has("scope") {
		// The token request may narrow or name the scope again (RFC 6749 allows neither
		// more nor another resource).
		q, e := parseRequest(form)
		if e != nil {
			return g, e
		}
		if q.resource != c.resource && q.resource != graphResource {
			return g, refuse("invalid_grant", 70011, "The provided value for the input parameter 'scope' is not valid: the code was issued for '%s'.", c.resource)
		}
	}
	c.used = true
	c.family = secret()
	g.family = c.family
	return g, nil
}

// revokeFamily needs a.mu.
func (a *Authority) revokeFamily(family string) {
	for _, rt := range a.refresh {
		if rt.family == family {
			rt.revoked = true
		}
	}
}

// verifierMatches is RFC 7636 4.6 for S256.
func verifierMatches(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return sameSecret(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}
