package authority

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// graphResource is the audience of a token nobody named a resource for.
const graphResource = "00000003-0000-0000-c000-000000000000"

// request is what a client asked to be issued.
type request struct {
	resource string   // becomes the audience
	scopes   []string // as asked for; granted as a whole
	openID   bool     // an identity token too
	offline  bool     // a refresh token too
	acrs     []string // authentication contexts that the token must reach
	claims   string   // as asked for
}

// parseRequest reads the scope parameter ("<resource>/.default" or
// "<resource>/<permission>"), or the resource parameter of the older endpoints.
func parseRequest(form url.Values) (request, *oauthError) {
	var q request
	if e := q.parseClaims(form.Get("claims")); e != nil {
		return q, e
	}
	for _, scope := range strings.Fields(form.Get("scope")) {
		q.scopes = append(q.scopes, scope)
		switch strings.ToLower(scope) {
		case "openid":
			q.openID = true
			continue
		case "offline_access":
			q.offline = true
			continue
		case "profile", "email":
			continue
		}
		resource := scopeResource(scope)
		if q.resource != "" && q.resource != resource {
			return q, refuse("invalid_request", 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource.")
		}
		q.resource = resource
	}
	if named := form.Get("resource"); named != "" {
		// The endpoints without a version always give an identity and a refresh token.
		q.resource, q.openID, q.offline = named, true, true
		q.scopes = append(q.scopes, "user_impersonation")
	}
	switch {
	case q.resource == "" && len(q.scopes) == 0:
		return q, errMissing("scope")
	case q.resource == "":
		q.resource = graphResource
	case !validResource(q.resource):
		return q, refuse("invalid_resource", 500011, "The resource principal named %s was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant.", q.resource)
	}
	return q, nil
}

// scopeResource takes the permission off a scope. Only one slash belongs to the
// permission: of "https://host//.default" the resource is "https://host/".
func scopeResource(scope string) string {
	i := strings.LastIndexByte(scope, '/')
	if i < 0 {
		return graphResource
	}
	return scope[:i]
}

// validResource accepts an application's GUID and any absolute URI without query
// and fragment, empty ones included.
func validResource(resource string) bool {
	if _, err := uuid.Parse(resource); err == nil {
		return true
	}
	u, err := url.Parse(resource)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "") && !strings.ContainsAny(resource, "?#")
}

// parseClaims reads the claims parameter (OpenID Connect Core 5.5), of which
// the authentication contexts of the access token are looked at.
func (q *request) parseClaims(raw string) *oauthError {
	if raw == "" {
		return nil
	}
	var c struct {
		AccessToken struct {
			ACRS struct {
				Value  string   `json:"value"`
				Values []string `json:"values"`
			} `json:"acrs"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(raw), &c) != nil {
		return refuse("invalid_request", 50149, "The claims parameter is not valid JSON.")
	}
	q.acrs, q.claims = c.AccessToken.ACRS.Values, raw
	if v := c.AccessToken.ACRS.Value; v != "" {
		q.acrs = append(q.acrs, v)
	}
	return nil
}

func (q request) defaultScope() bool {
	for _, scope := range q.scopes {
		if strings.HasSuffix(scope, "/.default") {
			return true
		}
	}
	return false
}
