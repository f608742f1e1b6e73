package auth

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseChallenges(t *testing.T) {
	bearer := func(params map[string]string) Challenge {
		return Challenge{
			Scheme: "Bearer", AuthorizationURI: params["authorization_uri"], ClientID: params["client_id"], Realm: params["realm"], Params: params,
		}
	}
	const uri = "https://login.windows.net/common/oauth2/authorize"
	both := bearer(map[string]string{"client_id": "00000004-0000-0ff1-ce00-000000000000", "authorization_uri": uri})
	tests := []struct {
		name   string
		values []string
		want   []Challenge
	}{
		{"the endpoint's", []string{`Bearer client_id="00000004-0000-0ff1-ce00-000000000000", authorization_uri="` + uri + `"`}, []Challenge{both}},
		{"the UCWA form", []string{
			`Bearer trusted_issuers="00000001-0000-0000-c000-000000000000@*,https://sts.windows.net/*/", client_id="x"`,
			`MsRtcOAuth href="https://web.example/WebTicket/oauthtoken",grant_type="urn:microsoft.rtc:passive,password"`,
		}, []Challenge{
			bearer(map[string]string{"client_id": "x", "trusted_issuers": "00000001-0000-0000-c000-000000000000@*,https://sts.windows.net/*/"}),
			{Scheme: "MsRtcOAuth", Params: map[string]string{"href": "https://web.example/WebTicket/oauthtoken", "grant_type": "urn:microsoft.rtc:passive,password"}},
		}},
		{"several in one header (RFC 9110 11.6.1)", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`}, []Challenge{
			{Scheme: "Basic", Realm: "simple", Params: map[string]string{"realm": "simple"}},
			{Scheme: "Newauth", Realm: "apps", Params: map[string]string{"realm": "apps", "type": "1", "title": `Login to "apps"`}},
		}},
		{"schemes alone", []string{"Negotiate, NTLM ,Kerberos"}, []Challenge{{Scheme: "Negotiate"}, {Scheme: "NTLM"}, {Scheme: "Kerberos"}}},
		{"opaque data", []string{"Negotiate YII/+a==, Basic realm=x"}, []Challenge{{Scheme: "Negotiate", Token68: "YII/+a=="}, {Scheme: "Basic", Realm: "x", Params: map[string]string{"realm": "x"}}}},
		{"no commas", []string{`Bearer authorization_uri="` + uri + `" client_id="00000004-0000-0ff1-ce00-000000000000"`}, []Challenge{both}},
		{"spaces around '=', names in another case, no quotes", []string{"bearer Client_ID = 00000004-0000-0ff1-ce00-000000000000 ,\tAUTHORIZATION_URI=" + uri}, []Challenge{
			{Scheme: "bearer", AuthorizationURI: uri, ClientID: both.ClientID, Params: both.Params},
		}},
		{"empty items", []string{" , ,Basic ,, realm=\"a\","}, []Challenge{{Scheme: "Basic", Realm: "a", Params: map[string]string{"realm": "a"}}}},
		{"the first of two counts", []string{`Bearer client_id="a", client_id="b"`}, []Challenge{bearer(map[string]string{"client_id": "a"})}},
		{"a quote that does not close", []string{`Bearer client_id="a, b`}, []Challenge{bearer(map[string]string{"client_id": "a, b"})}},
		{"a parameter of nobody", []string{`realm="a", Basic`}, []Challenge{{Scheme: "Basic"}}},
		{"rubbish between", []string{`@"x, y", Basic realm=a`}, []Challenge{{Scheme: "Basic", Realm: "a", Params: map[string]string{"realm": "a"}}}},
		{"nothing", []string{"", " "}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ParseChallenges(tt.values)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Bearer client_id="x", authorization_uri="https://a/b"`)
	f.Add(`Negotiate YII==, Basic realm="a\"b"`)
	f.Add(`a="b, c=`)
	f.Fuzz(func(t *testing.T, s string) {
		list := ParseChallenges([]string{s})
		if len(list) > maxChallenges {
			t.Fatalf("%d challenges", len(list))
		}
		for _, c := range list {
			if c.Scheme == "" || len(c.Params) > maxParams {
				t.Fatalf("%+v", c)
			}
			_, _ = c.Authority()
		}
	})
}

func TestNormalizeAuthority(t *testing.T) {
	const ms = "https://login.microsoftonline.com/"
	good := map[string]string{
		"https://login.microsoftonline.com/common/oauth2/authorize":          ms + "organizations",
		"https://login.windows.net/common/oauth2/authorize":                  ms + "organizations",
		"https://LOGIN.microsoftonline.com/Contoso.Example/oauth2/token":     ms + "contoso.example",
		ms + contosoTenant + "/oauth2/v2.0/authorize?x=y#z":                  ms + contosoTenant,
		"https://login.microsoftonline.us":                                   "https://login.microsoftonline.us/organizations",
		"https://login.microsoftonline.us/":                                  "https://login.microsoftonline.us/organizations",
		"https://login.microsoftonline.com/{tenantid}/oauth2/v2.0/authorize": ms + "organizations",
		"https://127.0.0.1:8443/organizations":                               "https://127.0.0.1:8443/organizations",
		"http://127.0.0.1:8080/common":                                       "http://127.0.0.1:8080/organizations",
		" https://adfs.contoso.example/adfs/oauth2/authorize ":               "https://adfs.contoso.example/adfs",
	}
	for in, want := range good {
		if got, err := NormalizeAuthority(in); err != nil || got != want {
			t.Errorf("NormalizeAuthority(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "contoso.example", "http://login.microsoftonline.com/common", "ftp://a/b", "https:///x", "https://a:b@c/d", "https://a/b%20c", "https://a/\u202e", "://",
	} {
		got, err := NormalizeAuthority(in)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint, "--authority") {
			t.Errorf("NormalizeAuthority(%q) = %q, %v, want an error with a hint", in, got, err)
		}
	}
}

func TestKnownAuthority(t *testing.T) {
	for authority, want := range map[string]string{
		"https://login.microsoftonline.com/organizations": "Worldwide", "login.microsoftonline.us": "US Government",
		"https://LOGIN.chinacloudapi.cn:443/x": "China", "https://login.microsoftonline.com.evil.example/": "", "https://127.0.0.1:1/x": "",
	} {
		if got, ok := KnownAuthority(authority); got != want || ok != (want != "") {
			t.Errorf("KnownAuthority(%q) = %q, %t", authority, got, ok)
		}
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name   string
		status int
		header http.Header
		msg    string // of the error; none when empty
		hint   string
	}{
		{"a challenge", 401, http.Header{"Www-Authenticate": {`Bearer client_id="c", authorization_uri="https://login.windows.net/common/oauth2/authorize"`, "Negotiate"}}, "", ""},
		{"no challenge", 401, nil, "does not say how (HTTP 401 without a challenge)", "--authority"},
		{"no sign-in", 200, nil, "answered without asking who is there (HTTP 200)", "PowerShell endpoint"},
		{"no endpoint", 404, nil, "there is no PowerShell endpoint at", "--override-power-shell-uri"},
		{"a redirect", 302, http.Header{"Location": {"https://elsewhere.example/\u009b31m"}}, "redirects to https://elsewhere.example/ 31m (HTTP 302), and redirects are not followed", "--override-power-shell-uri"},
		{"not now", 503, nil, "not working now (HTTP 503)", "later"},
		{"forbidden", 403, nil, "HTTP 403 instead of asking for a sign-in", "PowerShell endpoint"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.Header.Get("Authorization") != "" {
					t.Errorf("%s with Authorization %q", r.Method, r.Header.Get("Authorization"))
				}
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.WriteHeader(tt.status)
			}))
			defer srv.Close()
			got, err := Probe(t.Context(), srv.Client(), srv.URL+"/OcsPowershellOAuth")
			if tt.msg == "" {
				if err != nil || len(got) != 2 || got[0].ClientID != "c" {
					t.Fatalf("Probe: %+v, %v", got, err)
				}
				if a, err := got[0].Authority(); err != nil || a != "https://login.microsoftonline.com/organizations" {
					t.Errorf("authority %q, %v", a, err)
				}
				if _, err := got[1].Authority(); err == nil {
					t.Error("an authority of Negotiate")
				}
				return
			}
			var e *ProbeError
			if !errors.As(err, &e) || e.Status != tt.status || !strings.Contains(err.Error(), tt.msg) || !strings.Contains(HintOf(err), tt.hint) {
				t.Errorf("error %v, hint %q", err, HintOf(err))
			}
		})
	}
	for name, c := range map[string]struct {
		client *http.Client
		kind   Kind
	}{"an unknown authority": {nil, KindCertificate}, "nobody there": {nil, KindNetwork}} {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		if c.kind == KindNetwork {
			srv.Close()
		}
		_, err := Probe(t.Context(), c.client, srv.URL)
		var e *Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
		if c.kind != KindNetwork {
			srv.Close()
		}
	}
	if _, err := Probe(t.Context(), nil, "nonsense"); err == nil {
		t.Error("Probe of no address")
	}
}
