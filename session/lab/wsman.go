package lab

import (
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

// Paths and URIs of the PowerShell endpoints. The first two are on AdminHost over
// https; the last on the loopback address, as any Windows host has it.
const (
	oauthPath  = "/OcsPowershellOAuth"
	liveIDPath = "/OcsPowershellLiveId"
	wsmanPath  = "/wsman"
	oauthURI   = "https://" + AdminHost + oauthPath
	liveIDURI  = "https://" + AdminHost + liveIDPath
)

var (
	errNoCredentials = errors.New("no credentials")
	errNotBasic      = errors.New("not Basic authentication")
	errNoUser        = errors.New("the token is an application's own and names no user")
)

// authenticate finds out who makes a request to an endpoint: the user of a token that
// travels as the password of "oauth", or a user name and password where the path
// takes those. A password alone is refused for users with a second factor.
func (l *Lab) authenticate(r *http.Request) (endpoint.Identity, error) {
	if r.Header.Get("Authorization") == "" {
		return endpoint.Identity{}, errNoCredentials
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return endpoint.Identity{}, errNotBasic
	}
	if !strings.EqualFold(r.URL.Path, oauthPath) {
		u, err := l.authority.Login(name, password)
		return endpoint.Identity{User: u.Name, Tenant: u.Tenant}, err
	}
	if !strings.EqualFold(name, "oauth") {
		return endpoint.Identity{}, authority.ErrCredentials
	}
	claims, err := l.authority.Verify(password, l.acceptsAudience)
	if err != nil {
		return endpoint.Identity{}, err
	}
	if claims.UPN == "" {
		return endpoint.Identity{}, errNoUser
	}
	return endpoint.Identity{User: claims.UPN, Tenant: claims.TenantID, Claims: claims}, nil
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

// challenge is the WWW-Authenticate value for a request that may not pass.
func (l *Lab) challenge(path string) string {
	switch {
	case strings.EqualFold(path, oauthPath):
		return fmt.Sprintf(`Bearer client_id=%q, authorization_uri=%q`, ClientID, l.authority.AuthorizationURI())
	case strings.EqualFold(path, liveIDPath):
		return `Basic realm="` + AdminHost + `"`
	}
	return `Basic realm="WSMAN"`
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

// adminDomain reads the AdminDomain of a query. Windows PowerShell adds ";PSVersion="
// to a query that is there already, so a semicolon separates too.
func adminDomain(rawQuery string) string {
	for part := range strings.FieldsFuncSeq(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(part, "=")
		if !strings.EqualFold(name, "AdminDomain") {
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
