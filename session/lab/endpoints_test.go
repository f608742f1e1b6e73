package lab

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"psdeck/session/lab/authority"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestChallengeNamesAuthorityAndClient(t *testing.T) {
	l := start(t, Options{InMemory: true})
	resp, _ := get(t, browser(t, l), oauthURI+"?AdminDomain=contoso.example")
	want := `Bearer client_id="7716031e-6f8b-45a4-b82b-922b1af0fbb4", authorization_uri="https://login.lab.example/organizations/oauth2/authorize"`
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || got != want {
		t.Errorf("%s, WWW-Authenticate %q", resp.Status, got)
	}
	if e := l.Access()[0]; e.Kind != "challenge" || e.Status != http.StatusUnauthorized || e.Detail["admin_domain"] != "contoso.example" {
		t.Errorf("entry %+v", e)
	}
}

func TestUserOpensTheTenantsHeManages(t *testing.T) {
	l := start(t, Options{InMemory: true})
	const denied = "The user '%s' does not have permission to manage this tenant."
	for _, tt := range []struct{ user, query, want string }{
		{"admin@partner.example", "?AdminDomain=contoso.example", ContosoID},
		{"admin@partner.example", "?AdminDomain=fabrikam.onmicrosoft.com", FabrikamID},
		{"admin@partner.example", "?AdminDomain=Contoso.COM;PSVersion=5.1.19041.1", ContosoID},
		{"admin@partner.example", "", PartnerID},
		{"admin@contoso.example", "?x=y&admindomain=fabrikam%2Eexample", FabrikamID},
		{"admin@contoso.example", "?AdminDomain=partner.example", denied},
		{"admin@fabrikam.example", "?AdminDomain=fabrikam.example", FabrikamID},
		{"admin@fabrikam.example", "?AdminDomain=contoso.example", denied},
		{"helpdesk@contoso.example", "?AdminDomain=contoso.example", ContosoID},
		{"helpdesk@contoso.example", "?AdminDomain=fabrikam.example", denied},
		{"user@contoso.example", "?AdminDomain=contoso.example", denied},
		{"admin@contoso.example", "?AdminDomain=nowhere.example", denied},
	} {
		u, err := url.Parse(oauthURI + tt.query)
		if err != nil {
			t.Fatal(err)
		}
		o, err := l.open(endpoint.Identity{User: tt.user}, u, nil)
		if tt.want == denied {
			if want := fmt.Sprintf(denied, tt.user); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s %s: %v, want %q", tt.user, tt.query, err, want)
			}
			continue
		}
		if err != nil || o.Tenant != tt.want || o.Mode != runspace.NoLanguage {
			t.Errorf("%s %s: %+v, %v, want tenant %s", tt.user, tt.query, o, err, tt.want)
		}
	}
}

func TestOpenSaysWhatRuns(t *testing.T) {
	table := runspace.NewTable()
	l := start(t, Options{InMemory: true, Open: func(s Session) (*runspace.Options, error) {
		if s.User != "admin@contoso.example" || s.Tenant != FabrikamID {
			t.Errorf("session %+v", s)
		}
		return &runspace.Options{Table: table}, nil
	}})
	u, err := url.Parse("http://127.0.0.1/wsman?AdminDomain=fabrikam.example")
	if err != nil {
		t.Fatal(err)
	}
	o, err := l.open(endpoint.Identity{User: "admin@contoso.example"}, u, nil)
	if err != nil || o.Table != table || o.Tenant != FabrikamID || o.Mode != runspace.FullLanguage {
		t.Errorf("options %+v, %v", o, err)
	}
}

// A GET with good credentials comes as far as the endpoint, which wants a POST.
func TestTokensThatDoNotOpen(t *testing.T) {
	clock := time.Now()
	l := start(t, Options{InMemory: true, Now: func() time.Time { return clock }, Resources: []string{"api://extra"}})
	c := browser(t, l)
	issue := func(resource string) string {
		token, err := l.Authority().Issue("admin@contoso.example", "organizations", resource, ClientID)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	status := func(target, authorization string) int {
		resp, _ := get(t, c, target, "Authorization", authorization)
		return resp.StatusCode
	}
	for name, tt := range map[string]struct {
		uri, authorization string
		want               int
	}{
		"own URI":                 {oauthURI, basic("oauth", issue(oauthURI)), 405},
		"own URI with slash":      {oauthURI, basic("oauth", issue(oauthURI+"/")), 405},
		"well-known application":  {oauthURI, basic("oauth", issue(tenantAdminID)), 405},
		"a host of the lab":       {oauthURI, basic("oauth", issue("https://gateway.lab.example/x")), 405},
		"an added resource":       {oauthURI, basic("oauth", issue("api://extra")), 405},
		"wrong audience":          {oauthURI, basic("oauth", issue("https://graph.microsoft.com")), 401},
		"a host that looks alike": {oauthURI, basic("oauth", issue("https://lab.example.attacker.example")), 401},
		"not a token":             {oauthURI, basic("oauth", "opaque"), 401},
		"token of another user":   {oauthURI, basic("admin@contoso.example", issue(oauthURI)), 401},
		"Bearer":                  {oauthURI, "Bearer " + issue(oauthURI), 401},
		"password":                {oauthURI, basic("admin@contoso.example", "Lab-admin-contoso-1!"), 401},
		"password at LiveId":      {liveIDURI, basic("admin@contoso.example", "Lab-admin-contoso-1!"), 405},
		"wrong password":          {liveIDURI, basic("admin@contoso.example", "Lab-admin-contoso-2!"), 401},
		"second factor at LiveId": {liveIDURI, basic("mfa@contoso.example", "Lab-mfa-contoso-1!"), 401},
		"token at LiveId":         {liveIDURI, basic("oauth", issue(oauthURI)), 401},
		"password on loopback":    {"http://127.0.0.1/wsman", basic("admin@contoso.example", "Lab-admin-contoso-1!"), 405},
		"nothing on loopback":     {"http://127.0.0.1/wsman", "", 401},
	} {
		if got := status(tt.uri, tt.authorization); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	old := basic("oauth", issue(oauthURI))
	clock = clock.Add(time.Hour)
	if got := status(oauthURI, old); got != http.StatusUnauthorized {
		t.Errorf("an hour later: %d", got)
	}
	last := l.Access()[len(l.Access())-1]
	if !strings.Contains(last.Detail["refused"], authority.ErrExpired.Error()) || last.Kind != "wsman" {
		t.Errorf("entry %+v", last)
	}
}

func TestAccessLogNamesTheAction(t *testing.T) {
	l := start(t, Options{InMemory: true})
	envelope := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>` +
		strings.Repeat(" ", 3000) +
		`<a:Action s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/09/transfer/Create</a:Action></s:Header><s:Body/></s:Envelope>`
	req, err := http.NewRequest(http.MethodPost, liveIDURI+"?AdminDomain=fabrikam.example", strings.NewReader(envelope))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin@contoso.example", "Lab-admin-contoso-1!")
	resp, err := browser(t, l).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	e := l.Access()[0]
	if e.Kind != "wsman" || e.Detail["action"] != "Create" || e.Detail["admin_domain"] != "fabrikam.example" || e.User != "admin@contoso.example" {
		t.Errorf("entry %+v", e)
	}
}

func TestPermissionError(t *testing.T) {
	l := start(t, Options{InMemory: true})
	_, err := l.tenantOf("contoso.example", "nobody@contoso.example")
	var denied *PermissionError
	if !errors.As(err, &denied) || denied.User != "nobody@contoso.example" {
		t.Errorf("error %v", err)
	}
}

func TestSwitchesReachTheEndpoint(t *testing.T) {
	l := start(t, Options{InMemory: true, Switches: endpoint.Switches{Unavailable: true}})
	c := browser(t, l)
	get(t, c, liveIDURI)
	l.Endpoint().SetSwitches(endpoint.Switches{})
	get(t, c, liveIDURI)
	var statuses []int
	for _, e := range l.Access() {
		statuses = append(statuses, e.Status)
	}
	if fmt.Sprint(statuses) != "[503 401]" {
		t.Errorf("statuses %v", statuses)
	}
}
