package auth

import (
	"net/http"
	"testing"
)

// How a token stands in a request, by the kind of the endpoint.
func TestTheFormOfEachEndpoint(t *testing.T) {
	token := jwt(map[string]any{"aud": resource, "tid": partnerTenant, "upn": admin})
	appToken := jwt(map[string]any{"aud": resource, "tid": partnerTenant, "appid": clientID})
	for name, tt := range map[string]struct {
		authorizer     func(*TokenSource) Authorizer
		token          string
		user, password string // of Basic
		header         string
	}{
		"Skype":                       {OAuthBasic, token, "oauth", token, ""},
		"Exchange":                    {ExchangeBasic, token, admin, "Bearer " + token, ""},
		"Exchange, of an application": {ExchangeBasic, appToken, "OAuthUser@" + partnerTenant, "Bearer " + appToken, ""},
		"a gateway":                   {BearerHeader, token, "", "", "Bearer " + token},
	} {
		src := StaticSource(tt.token, Binding{Resource: resource}, nil)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, resource, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.authorizer(src)(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
		user, password, basic := req.BasicAuth()
		if basic && (user != tt.user || password != tt.password) || !basic && req.Header.Get("Authorization") != tt.header {
			t.Errorf("%s: %s, %s, %s", name, user, password, req.Header.Get("Authorization"))
		}
		if got := tokenOf(req); got != tt.token {
			t.Errorf("%s: the refused token is read back as %q", name, got)
		}
	}
}
