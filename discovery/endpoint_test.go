package discovery

import (
	"errors"
	"net/url"
	"testing"
)

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWithAdminDomain(t *testing.T) {
	tests := []struct{ uri, domain, want string }{
		{oauth, "contoso.example", oauth + "?AdminDomain=contoso.example"},
		{oauth + "?a=b", "contoso.example", oauth + "?a=b&AdminDomain=contoso.example"},
		{oauth + "?", "contoso.example", oauth + "?AdminDomain=contoso.example"},
		{oauth, "a b&c=d", oauth + "?AdminDomain=a+b%26c%3Dd"},
		{oauth + "?admindomain=fabrikam.example", "contoso.example", oauth + "?admindomain=fabrikam.example"},
		{oauth + "?AdminDomain=fabrikam.example;PSVersion=5.1", "contoso.example", oauth + "?AdminDomain=fabrikam.example;PSVersion=5.1"},
		{oauth + "?x=1;PSVersion=5.1", "contoso.example", oauth + "?x=1;PSVersion=5.1&AdminDomain=contoso.example"},
		{oauth, "", oauth},
	}
	for _, tt := range tests {
		u := mustParse(t, tt.uri)
		if got := WithAdminDomain(u, tt.domain).String(); got != tt.want {
			t.Errorf("WithAdminDomain(%s, %q) = %s, want %s", tt.uri, tt.domain, got, tt.want)
		}
		if u.String() != tt.uri {
			t.Errorf("WithAdminDomain changed its argument to %s", u)
		}
		if got := WithAdminDomain(WithAdminDomain(u, tt.domain), tt.domain).String(); got != tt.want {
			t.Errorf("twice: %s, want %s", got, tt.want)
		}
	}
}

func TestResourceOf(t *testing.T) {
	tests := []struct{ uri, override, want string }{
		{oauth + "?AdminDomain=contoso.example", "", oauth},
		{oauth + "?", "  ", oauth},
		{oauth + "#x", "", oauth},
		{oauth, "48ac35b8-9aa8-4d74-927d-1f4a14a0b239", "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"},
	}
	for _, tt := range tests {
		if got := ResourceOf(mustParse(t, tt.uri), tt.override); got != tt.want {
			t.Errorf("ResourceOf(%s, %q) = %s, want %s", tt.uri, tt.override, got, tt.want)
		}
	}
}

func TestCheckEndpoint(t *testing.T) {
	tests := []struct {
		uri                       string
		discovered, allowInsecure bool
		want                      Kind // empty: may be used
	}{
		{oauth, true, false, ""},
		{oauth, false, false, ""},
		{"http://127.0.0.1:5985/wsman", false, false, ""},
		{"http://[::1]:5985/wsman", false, false, ""},
		{"http://localhost/wsman", false, false, ""},
		{"http://server.example/wsman", false, true, ""},
		{"http://server.example/wsman", false, false, KindInsecure},
		{"http://127.0.0.1.example/wsman", false, false, KindInsecure},
		{"http://server.example/wsman", true, true, KindInsecure},
		{"http://127.0.0.1/wsman", true, true, KindInsecure},
		{"ssh://server.example", false, true, KindURI},
		{"/wsman", false, true, KindURI},
		{"https://:443/wsman", false, true, KindURI},
		{"https://user:pass@server.example/wsman", false, true, KindURI},
	}
	for _, tt := range tests {
		err := CheckEndpoint(mustParse(t, tt.uri), tt.discovered, tt.allowInsecure)
		if tt.want == "" {
			if err != nil {
				t.Errorf("CheckEndpoint(%s, %t, %t): %v", tt.uri, tt.discovered, tt.allowInsecure, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != tt.want || e.Hint == "" {
			t.Errorf("CheckEndpoint(%s, %t, %t): %v, want kind %s and a hint", tt.uri, tt.discovered, tt.allowInsecure, err, tt.want)
		}
	}
}

// The hosts are those of the services in each cloud, as published.
func TestKnownCloud(t *testing.T) {
	tests := []struct{ host, cloud string }{
		{"admin1e.online.lync.com", CloudWorldwide},
		{"ADMIN1E.Online.Lync.COM:443", CloudWorldwide},
		{"admin1e.online.lync.com.", CloudWorldwide},
		{"api.interfaces.records.teams.microsoft.com", CloudWorldwide},
		{"outlook.office365.com", CloudWorldwide},
		{"ps.compliance.protection.outlook.com", CloudWorldwide},
		{"api.interfaces.records.gov.teams.microsoft.us", CloudGCCHigh},
		{"webdir.online.gov.skypeforbusiness.us", CloudGCCHigh},
		{"api.interfaces.records.dod.teams.microsoft.us", CloudDoD},
		{"webdir.online.dod.skypeforbusiness.us", CloudDoD},
		{"l5.ps.compliance.protection.office365.us", CloudDoD},
		{"webdir.online.partner.lync.cn", CloudChina},
		{"ps.compliance.protection.partner.outlook.cn", CloudChina},
		{"api.interfaces.records.communications.svc.sovcloud.fr", CloudBleu},
		{"api.interfaces.records.communications.svc.sovcloud.de", CloudDelos},
		{"online.lync.com.evil.example", ""},
		{"evil-online.lync.co", ""},
		{"evillync.com", ""},
		{"xoutlook.office365.com", ""},
		{"pool.contoso.example", ""},
		{"127.0.0.1:8443", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got, ok := KnownCloud(tt.host); got != tt.cloud || ok != (tt.cloud != "") {
			t.Errorf("KnownCloud(%q) = %q, %t, want %q", tt.host, got, ok, tt.cloud)
		}
	}
}

func TestCheckDomain(t *testing.T) {
	good := map[string]string{
		"contoso.example": "contoso.example", "Contoso.OnMicrosoft.com": "contoso.onmicrosoft.com",
		"a.b-c.d_e.example.": "a.b-c.d_e.example", "xn--bcher-kva.example": "xn--bcher-kva.example",
	}
	for in, want := range good {
		if got, err := checkDomain(in); err != nil || got != want {
			t.Errorf("checkDomain(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", ".", " ", "contoso", "contoso.example ", "con toso.example", "contoso..example", "-a.example", "a-.example",
		"contoso.example/x", "https://contoso.example", "contoso.example:443", "a\nb.example", "a\x00.example", "bücher.example",
		"contoso.example?x=y", "contoso.example#x", "a%20b.example", "10.0.0.1", "[::1]", "admin@contoso.example",
	} {
		got, err := checkDomain(in)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindDomain || e.Hint == "" {
			t.Errorf("checkDomain(%q) = %q, %v, want a domain error with a hint", in, got, err)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(autodiscover("Root", "Redirect", webdir)))
	f.Add([]byte(autodiscover("Domain", "External/RemotePowerShell", liveID)))
	f.Add([]byte("<!DOCTYPE html><html></html>"))
	f.Add([]byte("<AutodiscoverResponse/><AutodiscoverResponse/>"))
	f.Add([]byte(`{"_links":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parseDocument(data)
		if (doc == nil) == (err == nil) {
			t.Fatalf("document %v and error %v", doc, err)
		}
		if doc == nil {
			return
		}
		at := &url.URL{Scheme: "https", Host: "disco.example"}
		s, fail := new(walker).read(at, doc)
		if fail == nil && s.to == nil && s.endpoint == nil {
			t.Fatal("a step that leads nowhere and says nothing")
		}
		if s.endpoint != nil && s.endpoint.PowerShellURI.Scheme != "https" {
			t.Fatalf("endpoint %s", s.endpoint.PowerShellURI)
		}
	})
}
