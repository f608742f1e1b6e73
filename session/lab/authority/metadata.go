package authority

import (
	"net/http"
	"strings"
)

// serveMetadata answers the OpenID provider configuration of a tenant (OpenID
// Connect Discovery 1.0, section 4).
func (a *Authority) serveMetadata(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("tenant")
	a.observe(r, Event{Kind: "metadata", Detail: map[string]string{"tenant": path}})
	if e := a.checkTenantPath(path); e != nil {
		a.writeError(w, r, e)
		return
	}
	// The issuer of a path that fits every tenant is a pattern, as clouds write it.
	issuer := a.URL("{tenantid}") + "/v2.0"
	if t, ok := a.TenantOf(path); ok {
		issuer = a.issuer(&t)
	}
	base := a.URL(path) + "/oauth2/v2.0"
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                base + "/authorize",
		"token_endpoint":                        base + "/token",
		"device_authorization_endpoint":         base + "/devicecode",
		"jwks_uri":                              a.URL(path) + "/discovery/v2.0/keys",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"tenant_region_scope":                   "LAB",
		"cloud_instance_name":                   a.cfg.Host,
	})
}

func (a *Authority) issuer(t *Tenant) string { return a.URL(t.ID) + "/v2.0" }

// serveInstance answers instance discovery: this authority is an instance of its own.
func (a *Authority) serveInstance(w http.ResponseWriter, r *http.Request) {
	a.observe(r, Event{Kind: "metadata"})
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": a.URL("organizations") + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{map[string]any{
			"preferred_network": a.cfg.Host, "preferred_cache": a.cfg.Host, "aliases": []string{a.cfg.Host},
		}},
	})
}

// serveUserRealm tells MSAL, before a password grant, where the password is checked:
// here ("Managed") for every domain of a tenant.
func (a *Authority) serveUserRealm(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	a.observe(r, Event{Kind: "userrealm", User: user})
	_, domain, _ := strings.Cut(user, "@")
	if _, ok := a.TenantOf(domain); !ok {
		writeJSON(w, http.StatusOK, map[string]string{
			"ver": "1.0", "account_type": "Unknown", "domain_name": domain,
			"cloud_instance_name": a.cfg.Host, "cloud_audience_urn": "urn:federation:lab",
		})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{
		"ver": "1.0", "account_type": "Managed", "domain_name": domain,
		"cloud_instance_name": a.cfg.Host, "cloud_audience_urn": "urn:federation:lab",
	})
}
