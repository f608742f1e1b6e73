package lab

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"psdeck/session/lab/authority"
	"psdeck/session/lab/endpoint"
)

// Paths and URIs of the PowerShell endpoints. All but the last are on AdminHost
// over https; that is on the loopback address, as any Windows host has it.
const (
	oauthPath    = "/OcsPowershellOAuth"
	liveIDPath   = "/OcsPowershellLiveId"
	exchangePath = "/powershell-liveid" // a token as Exchange Online takes it
	gatewayPath  = "/gateway"           // a token in the header of RFC 6750
	wsmanPath    = "/wsman"
	oauthURI     = "https://" + AdminHost + oauthPath
	liveIDURI    = "https://" + AdminHost + liveIDPath
)

var (
	errNoCredentials = errors.New("no credentials")
	errNotBasic      = errors.New("not Basic authentication")
	errNoUser        = errors.New("the token is an application's own and names no user")
	errNotBearer     = errors.New("not a bearer token in its header")
	errNotConverted  = errors.New("no BasicAuthToOAuthConversion in the query, or the password is not a bearer token")
	errContext       = errors.New("the sign-in is not strong enough")
)

// authenticate finds out who makes a request to an endpoint: the user of a token that
// travels as the password of "oauth", or a user name and password where the path
// takes those. A password alone is refused for users with a second factor.
func (l *Lab) authenticate(r *http.Request) (endpoint.Identity, error) {
	if id, err := endpoint.Authenticated(r); err == nil {
		return id, nil
	}
	if r.Header.Get("Authorization") == "" {
		return endpoint.Identity{}, errNoCredentials
	}
	name, password, ok := r.BasicAuth()
	if !ok && !strings.EqualFold(r.URL.Path, gatewayPath) {
		return endpoint.Identity{}, errNotBasic
	}
	takesPassword := !slices.ContainsFunc([]string{oauthPath, exchangePath, gatewayPath}, func(p string) bool { return strings.EqualFold(r.URL.Path, p) })
	if takesPassword {
		u, err := l.authority.Login(name, password)
		return endpoint.Identity{User: u.Name, Tenant: u.Tenant}, err
	}
	token, owner, err := carriedToken(r)
	if err != nil {
		return endpoint.Identity{}, err
	}
	claims, err := l.authority.Verify(token, l.acceptsAudience)
	switch {
	case err != nil:
		return endpoint.Identity{}, err
	case claims.UPN == "":
		return endpoint.Identity{}, errNoUser
	case owner != "" && !strings.EqualFold(owner, claims.UPN):
		return endpoint.Identity{}, authority.ErrCredentials
	case l.options.RequireContext != "" && !slices.Contains(claims.Contexts, l.options.RequireContext):
		return endpoint.Identity{}, errContext
	}
	return endpoint.Identity{User: claims.UPN, Tenant: claims.TenantID, Claims: claims}, nil
}

// carriedToken takes the token out of a request in the form that its path wants,
// and the user that is named with it.
func carriedToken(r *http.Request) (token, owner string, err error) {
	name, password, _ := r.BasicAuth()
	switch {
	case strings.EqualFold(r.URL.Path, gatewayPath):
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			return "", "", errNotBearer
		}
		return token, "", nil
	case strings.EqualFold(r.URL.Path, exchangePath):
		token, ok := strings.CutPrefix(password, "Bearer ")
		if !ok || !strings.EqualFold(r.URL.Query().Get("BasicAuthToOAuthConversion"), "true") {
			return "", "", errNotConverted
		}
		return token, name, nil
	case !strings.EqualFold(name, "oauth"):
		return "", "", authority.ErrCredentials
	}
	return password, "", nil
}

// acceptsAudience: the endpoint's own URI, the applications behind it, whatever
// [Options.Resources] adds, and https URIs on the lab's own hosts. Case and one
// trailing slash do not count.
func (l *Lab) acceptsAudience(audience string) bool {
	plain := func(s string) string { return strings.ToLower(strings.TrimSuffix(s, "/")) }
	known := append([]string{oauthURI, remotePowerShellID, tenantAdminID}, l.options.Resources...)
	if slices.ContainsFunc(known, func(s string) bool { return plain(s) == plain(audience) }) {
		return true
	}
	u, err := url.Parse(audience)
	if err != nil || u.Scheme != "https" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".lab.example") || strings.HasSuffix(host, ".online.lync.example")
}

// challenge is the WWW-Authenticate values for a request that may not pass.
func (l *Lab) challenge(r *http.Request) []string {
	bearer := fmt.Sprintf(`Bearer client_id=%q, authorization_uri=%q`, ClientID, l.authority.AuthorizationURI())
	if _, err := l.authenticate(r); errors.Is(err, errContext) {
		claims := fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"value":%q}}}`, l.options.RequireContext)
		bearer += fmt.Sprintf(`, error="insufficient_claims", claims=%q`, base64.StdEncoding.EncodeToString([]byte(claims)))
	}
	switch path := r.URL.Path; {
	case strings.EqualFold(path, oauthPath), strings.EqualFold(path, gatewayPath):
		return []string{bearer}
	case strings.EqualFold(path, exchangePath):
		return []string{bearer, `Basic realm=""`}
	case strings.EqualFold(path, liveIDPath):
		return []string{`Basic realm="` + AdminHost + `"`}
	}
	return negotiateOffer()
}

// PermissionError is the refusal of a user who may not manage a tenant, in the words
// of the service.
type PermissionError struct{ User string }

func (e *PermissionError) Error() string {
	return fmt.Sprintf("The user '%s' does not have permission to manage this tenant. Permissions can be granted by assigning the user to the appropriate RBAC role.", e.User)
}

// tenantOf decides which tenant a session of user manages: the one that adminDomain
// belongs to, or the user's own when there is none.
func (l *Lab) tenantOf(adminDomain, user string) (string, error) {
	u, ok := l.authority.User(user)
	if !ok {
		return "", &PermissionError{user}
	}
	id := u.Tenant
	if adminDomain != "" {
		t, ok := l.authority.TenantOf(adminDomain)
		if !ok {
			return "", &PermissionError{user}
		}
		id = t.ID
	}
	if !slices.Contains(u.Manages, id) {
		return "", &PermissionError{user}
	}
	return id, nil
}

// adminDomain reads the AdminDomain of a query, at Exchange the DelegatedOrg. Windows PowerShell adds ";PSVersion="
// to a query that is there already, so a semicolon separates too.
func adminDomain(rawQuery string) string {
	for part := range strings.FieldsFuncSeq(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(part, "=")
		if !strings.EqualFold(name, "AdminDomain") && !strings.EqualFold(name, "DelegatedOrg") {
			continue
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			return strings.ToLower(plain)
		}
	}
	return ""
}

// logged takes into the access log which tenant's domain a WSMan request is about and
// which action it asks for. Who it comes from is told by [Lab.admit].
func (l *Lab) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := recordOf(r.Context())
		rec.set("wsman", "", map[string]string{"admin_domain": adminDomain(r.URL.RawQuery)})
		r.Body = &actionReader{ReadCloser: r.Body, found: func(action string) {
			rec.set("", "", map[string]string{"action": action})
		}}
		next.ServeHTTP(w, r)
	})
}

var actionElement = regexp.MustCompile(`<(?:[\w.-]+:)?Action\b[^>]*>\s*([^<\s]+)\s*<`)

// actionReader finds the action in an envelope that is read through it.
type actionReader struct {
	io.ReadCloser
	head  []byte
	found func(action string)
}

// actionWithin is how far into an envelope the action is looked for: it stands in
// the header.
const actionWithin = 8 << 10

func (a *actionReader) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if a.found == nil {
		return n, err
	}
	for _, c := range p[:min(n, actionWithin)] {
		if c != 0 { // the other half of a character of UTF-16
			a.head = append(a.head, c)
		}
	}
	if m := actionElement.FindSubmatch(a.head); m != nil {
		action := string(m[1])
		a.found(action[strings.LastIndexByte(action, '/')+1:])
		a.found, a.head = nil, nil
	} else if len(a.head) > actionWithin {
		a.found, a.head = nil, nil
	}
	return n, err
}
