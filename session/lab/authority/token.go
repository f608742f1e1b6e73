package authority

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// grant is one successful answer in the making.
type grant struct {
	request
	user   *User        // nil for an application's own token
	app    *Application // set for an application's own token
	tenant *Tenant
	client string
	nonce  string
	family string // links the refresh tokens of one sign-in
	amr    []string
	acrs   []string // authentication contexts that the sign-in reached
}

// refreshGrant is a refresh token's other side. It is not bound to a tenant or a
// resource: it serves whatever its user may enter.
type refreshGrant struct {
	user     *User
	client   string
	family   string
	expires  time.Time
	replaced time.Time // zero while it is the newest of its family
	revoked  bool
	acrs     []string // reached by the sign-in
}

// serveToken answers the token endpoint (RFC 6749 3.2).
func (a *Authority) serveToken(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("tenant")
	event := Event{Kind: "token", Detail: map[string]string{"tenant": path}}
	defer func() { a.observe(r, event) }()

	if a.failing(w) {
		event.Detail["error"] = "by switch"
		return
	}
	if err := r.ParseForm(); err != nil {
		a.refuseToken(w, r, &event, refuse("invalid_request", 900144, "The request body could not be read."))
		return
	}
	form := r.PostForm
	kind := shortGrant(form.Get("grant_type"))
	event.Detail["grant_type"] = kind
	event.Detail["client_id"] = form.Get("client_id")
	if q, e := parseRequest(form); e == nil {
		event.Detail["resource"] = q.resource
	}

	g, e := a.runGrant(r, path, kind, form)
	if g != nil {
		event.User = g.subject()
		event.Detail["resource"] = g.resource
		event.Detail["client_id"] = g.client
		if g.tenant != nil {
			event.Detail["tenant"] = g.tenant.ID
		}
	}
	if e != nil {
		a.refuseToken(w, r, &event, e)
		return
	}
	answer, err := a.issue(g, r.PostForm.Has("client_info"))
	if err != nil {
		http.Error(w, "the token could not be signed", http.StatusInternalServerError)
		return
	}
	event.Kind = "grant"
	writeJSON(w, http.StatusOK, answer)
}

func (a *Authority) refuseToken(w http.ResponseWriter, r *http.Request, event *Event, e *oauthError) {
	event.Detail["error"] = e.code
	a.writeError(w, r, e)
}

// shortGrant takes the URN prefix off a grant type: "device_code" has two spellings.
func shortGrant(name string) string {
	return strings.TrimPrefix(name, "urn:ietf:params:oauth:grant-type:")
}

// runGrant checks one grant. A grant returned beside an error says for whom and for
// what it was refused.
func (a *Authority) runGrant(r *http.Request, path, kind string, form url.Values) (*grant, *oauthError) {
	if e := a.checkTenantPath(path); e != nil {
		return nil, e
	}
	if kind == "client_credentials" {
		return a.grantClient(r, path, form)
	}
	client := form.Get("client_id")
	if e := checkClient(client); e != nil {
		return nil, e
	}
	switch kind {
	case "authorization_code":
		return a.grantCode(path, client, form)
	case "device_code":
		return a.grantDevice(client, form)
	case "password":
		return a.grantPassword(path, client, form)
	case "refresh_token":
		return a.grantRefresh(path, client, form)
	case "":
		return nil, errMissing("grant_type")
	}
	return nil, refuse("unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'.", kind)
}

// checkClient accepts any GUID as a public client: every application is "registered".
func checkClient(id string) *oauthError {
	if id == "" {
		return errMissing("client_id")
	}
	if _, err := uuid.Parse(id); err != nil {
		return refuse("unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory.", id)
	}
	return nil
}

func (a *Authority) grantPassword(path, client string, form url.Values) (*grant, *oauthError) {
	q, e := parseRequest(form)
	if e != nil {
		return nil, e
	}
	g := &grant{request: q, client: client, amr: []string{"pwd"}}
	if strings.EqualFold(path, "common") {
		return g, refuse("invalid_request", 9001023, "The grant_type 'password' is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.")
	}
	u, e := a.checkPassword(form.Get("username"), form.Get("password"))
	if e != nil {
		return g, e
	}
	g.user = u
	if u.MFA {
		return g, errMFA(q.resource)
	}
	if len(q.acrs) > 0 {
		return g, stronger(q.acrs, q.claims)
	}
	g.tenant, e = a.tenantFor(u, path)
	return g, e
}

func (a *Authority) grantClient(r *http.Request, path string, form url.Values) (*grant, *oauthError) {
	id, key := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, key = user, password
	}
	if e := checkClient(id); e != nil {
		return nil, e
	}
	q, e := parseRequest(form)
	if e != nil {
		return nil, e
	}
	g := &grant{request: q, client: id}
	if multiTenant(path) {
		return g, refuse("invalid_request", 50059, "No tenant-identifying information found in either the request or implied by any provided credentials.")
	}
	app := a.apps[strings.ToLower(id)]
	if app == nil {
		return g, refuse("unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory.", id)
	}
	if form.Has("client_assertion") {
		if e := a.checkAssertion(path, app, form); e != nil {
			return g, e
		}
	} else if app.Secret == "" || !sameSecret(key, app.Secret) {
		return g, refuse("invalid_client", 7000215, "Invalid client secret provided.")
	}
	g.app, g.tenant = app, a.tenants[strings.ToLower(path)]
	if !(&User{Manages: app.Tenants}).manages(g.tenant.ID) {
		return g, refuse("unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory '%s'.", id, g.tenant.Name)
	}
	if q.resource == graphResource || (!q.defaultScope() && !form.Has("resource")) {
		return g, refuse("invalid_scope", 1002012, "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.")
	}
	g.offline, g.openID = false, false
	return g, nil
}

func (a *Authority) grantRefresh(path, client string, form url.Values) (*grant, *oauthError) {
	raw := form.Get("refresh_token")
	if raw == "" {
		return nil, errMissing("refresh_token")
	}
	q, e := parseRequest(form)
	if e != nil {
		return nil, e
	}
	g := &grant{request: q, client: client, amr: []string{"pwd"}}
	now := a.cfg.Now()

	a.mu.Lock()
	defer a.mu.Unlock()
	rt := a.refresh[raw]
	if rt == nil {
		return g, refuse("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
	}
	g.user, g.family = rt.user, rt.family
	switch {
	case rt.client != client:
		return g, refuse("invalid_grant", 70000, "The provided value for the 'refresh_token' parameter was not issued for this client id.")
	case rt.revoked:
		return g, refuse("invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.")
	case !now.Before(rt.expires):
		return g, refuse("invalid_grant", 700082, "The refresh token has expired due to inactivity.")
	case !rt.replaced.IsZero() && !now.Before(rt.replaced.Add(a.cfg.RefreshGrace)):
		return g, refuse("invalid_grant", 70000, "Provided grant is invalid or malformed: the refresh token was already used and has been replaced.")
	}
	if g.tenant, e = a.tenantFor(rt.user, path); e != nil {
		return g, e
	}
	if e := a.refusedState(rt.user); e != nil {
		return g, e
	}
	if g.acrs = rt.acrs; !reaches(rt.acrs, q.acrs) {
		return g, stronger(q.acrs, q.claims)
	}
	if rt.replaced.IsZero() {
		rt.replaced = now
	}
	g.offline = true
	return g, nil
}

// RevokeUser ends every sign-in of a user: refresh tokens stop working, as after a
// password change. Access tokens live on until they expire.
func (a *Authority) RevokeUser(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, rt := range a.refresh {
		if strings.EqualFold(rt.user.Name, name) {
			rt.revoked = true
		}
	}
}

// Issue returns an access token for a user and a resource without any sign-in, for
// tests and for the display of a ready-made token. tenant is an ID, a domain, or
// "organizations".
func (a *Authority) Issue(user, tenant, resource, client string) (string, error) {
	u := a.users[strings.ToLower(user)]
	if u == nil {
		return "", ErrCredentials
	}
	t, e := a.tenantFor(u, tenant)
	if e != nil {
		return "", &refusedError{e.description()}
	}
	return a.accessToken(&grant{
		request: request{resource: resource, scopes: []string{resource + "/.default"}},
		user:    u, tenant: t, client: client, amr: []string{"pwd"},
	})
}

type refusedError struct{ text string }

func (e *refusedError) Error() string { return "authority: " + e.text }

// issue writes the token endpoint's answer (RFC 6749 5.1).
func (a *Authority) issue(g *grant, clientInfo bool) (map[string]any, error) {
	access, err := a.accessToken(g)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{
		"token_type": "Bearer", "access_token": access,
		"expires_in": seconds(a.cfg.TokenLifetime), "ext_expires_in": seconds(a.cfg.TokenLifetime),
		"scope": strings.Join(g.scopes, " "),
	}
	if g.user == nil {
		return answer, nil
	}
	if g.openID {
		if answer["id_token"], err = a.idToken(g); err != nil {
			return nil, err
		}
	}
	if g.offline && !a.noRefresh() {
		answer["refresh_token"] = a.newRefresh(g)
	}
	if clientInfo {
		// The account's identity across tenants: object and home tenant.
		info, err := json.Marshal(map[string]string{"uid": g.user.ObjectID, "utid": g.user.Tenant})
		if err != nil {
			return nil, err
		}
		answer["client_info"] = base64.RawURLEncoding.EncodeToString(info)
	}
	return answer, nil
}

func (a *Authority) newRefresh(g *grant) string {
	raw, now := secret(), a.cfg.Now()
	if g.family == "" {
		g.family = uuid.NewString()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, rt := range a.refresh {
		if now.After(rt.expires) {
			delete(a.refresh, key)
		}
	}
	a.refresh[raw] = &refreshGrant{
		user: g.user, client: g.client, family: g.family,
		expires: now.Add(a.cfg.RefreshLifetime), acrs: g.acrs,
	}
	return raw
}

func (a *Authority) accessToken(g *grant) (string, error) {
	claims := a.commonClaims(g)
	claims["aud"] = g.resource
	claims["ver"] = "1.0"
	claims["appid"] = g.client
	if g.user == nil {
		claims["idtyp"], claims["oid"], claims["sub"] = "app", g.app.ID, g.app.ID
		claims["app_displayname"] = g.app.Name
	} else {
		claims["upn"], claims["unique_name"] = g.user.Name, g.user.Name
		claims["scp"] = "user_impersonation"
		claims["amr"] = g.amr
		if len(g.acrs) > 0 {
			claims["acrs"] = g.acrs
		}
	}
	a.mix(claims)
	return a.sign(claims)
}

func (a *Authority) idToken(g *grant) (string, error) {
	claims := a.commonClaims(g)
	claims["aud"] = g.client
	claims["ver"] = "2.0"
	claims["preferred_username"] = g.user.Name
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	return a.sign(claims)
}

func (a *Authority) commonClaims(g *grant) map[string]any {
	now := a.cfg.Now()
	claims := map[string]any{
		"iss": a.issuer(g.tenant), "tid": g.tenant.ID, "uti": secret()[:22],
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(a.cfg.TokenLifetime).Unix(),
	}
	if g.user != nil {
		// A subject is pairwise: one for each client.
		sum := sha256.Sum256([]byte(g.user.ObjectID + "|" + g.client))
		claims["sub"] = base64.RawURLEncoding.EncodeToString(sum[:])
		claims["oid"], claims["name"] = g.user.ObjectID, g.user.DisplayName
	}
	return claims
}

func (a *Authority) sign(claims map[string]any) (string, error) {
	key, err := a.keys()
	if err != nil {
		return "", err
	}
	return key.sign(claims)
}

func (g *grant) subject() string {
	switch {
	case g.user != nil:
		return g.user.Name
	case g.app != nil:
		return g.app.Name
	}
	return ""
}
