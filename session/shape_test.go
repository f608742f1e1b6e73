package session_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/lab"
)

const (
	exchangeURI = "https://" + lab.AdminHost + "/powershell-liveid/"
	gatewayURI  = "https://" + lab.AdminHost + "/gateway"
)

// How a token travels follows the URI and the challenge; the lab refuses any
// other form than the endpoint's own.
func TestATokenTravelsAsTheEndpointWants(t *testing.T) {
	for name, tt := range map[string]struct {
		uri, authentication string
		query               string // of the session's URI
		resource            string
		tenant              string // that issues the token
		client              string
	}{
		"Ocs": {oauthURI, "", "AdminDomain=contoso.example", oauthURI, lab.PartnerID, lab.ClientID},
		"Exchange": {
			strings.TrimSuffix(exchangeURI, "/"), "", "DelegatedOrg=contoso.example&BasicAuthToOAuthConversion=true",
			"https://" + lab.AdminHost, lab.ContosoID, "fb78d390-0c51-40cd-8e17-fdbfab77341b",
		},
		"a gateway, by its challenge": {gatewayURI, "", "", gatewayURI, lab.PartnerID, lab.ClientID},
		"a gateway, by the flag":      {gatewayURI + "?AdminDomain=fabrikam.example", "bearer", "AdminDomain=fabrikam.example", gatewayURI, lab.PartnerID, lab.ClientID},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, lab.Options{})
			s := w.connect(session.Target{
				UserName: partner, OverrideAdminDomain: "contoso.example", OverridePowerShellURI: tt.uri,
				Authentication: tt.authentication, SignIn: auth.MethodDevice,
			})
			if _, query, _ := strings.Cut(s.URI(), "?"); query != tt.query {
				t.Errorf("query %q, want %q", query, tt.query)
			}
			var got []string
			for _, e := range w.lab.Access() {
				if e.Kind == "grant" {
					got = append(got, e.Detail["resource"], e.Detail["tenant"], e.Detail["client_id"])
				}
			}
			if want := []string{tt.resource, tt.tenant, tt.client}; len(got) < 3 || !slices.Equal(got[len(got)-3:], want) {
				t.Errorf("the last grant is %q, want %q", got, want)
			}
			if s.Account().UserName != partner {
				t.Errorf("account %+v", s.Account())
			}
		})
	}
}

// The wrong form is refused by the server, and the session says so.
func TestATokenInTheWrongForm(t *testing.T) {
	w := newWorld(t, lab.Options{})
	e := w.refused(session.Target{UserName: partner, OverridePowerShellURI: gatewayURI, Authentication: "oauth", SignIn: auth.MethodDevice})
	if e.Class != session.ClassSignIn {
		t.Errorf("%v, class %d", e, e.Class)
	}
}

// A server that wants a stronger sign-in gets one, once; what is given and
// cannot be made stronger is told so.
func TestAClaimsChallengeIsAnswered(t *testing.T) {
	w := newWorld(t, lab.Options{RequireContext: "c1"})
	s := w.connect(byDevice())
	if out, _ := output(t, s, "Get-CsTenant | Select-Object -ExpandProperty DisplayName"); !slices.Equal(out, []string{"Contoso"}) {
		t.Errorf("%q", out)
	}
	if !strings.Contains(w.notes(), "a stronger sign-in") {
		t.Errorf("notes %q", w.notes())
	}
	if got := w.kinds("devicecode"); len(got) != 2 {
		t.Errorf("%d device codes were shown, want 2", len(got))
	}
	token, err := w.lab.Authority().Issue(partner, "organizations", oauthURI, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	e := w.refused(session.Target{AccessToken: auth.NewSecret(token), OverrideAdminDomain: "contoso.example"})
	if !strings.Contains(e.Error(), "a stronger sign-in than the one that the access token came from") {
		t.Errorf("%v", e)
	}
	password := byDevice()
	password.SignIn, password.UserName = auth.MethodPassword, "admin@contoso.example"
	password.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("Lab-admin-contoso-1!"), nil }
	if e := w.refused(password); !strings.Contains(e.Error(), "more than the password is needed") || !strings.Contains(e.Hints[0], "--sign-in device") {
		t.Errorf("%v %q", e, e.Hints)
	}
}
