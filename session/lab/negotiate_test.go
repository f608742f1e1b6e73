package lab

import (
	"slices"
	"strings"
	"testing"
)

// TestPypsrpNegotiates: the endpoint on loopback takes NTLM as a Windows host does,
// sealed over http and bound to the certificate over https.
func TestPypsrpNegotiates(t *testing.T) {
	l := start(t, Options{})
	contoso := l.Tenants()[0]
	for _, uri := range []string{contoso.NegotiateURI, "https://" + l.tls.address + wsmanPath} {
		for _, auth := range []string{"negotiate", "ntlm"} {
			before := l.negotiate.Counts()
			var said struct {
				Names   []string
				Refused string
			}
			pypsrpBy(t, contoso, uri, auth, "negotiate", &said)
			if !slices.Equal(said.Names, []string{"Contoso", "Contoso"}) || said.Refused != "AuthenticationError" {
				t.Errorf("%s %s: %+v", auth, uri, said)
			}
			c := l.negotiate.Counts()
			if secure := strings.HasPrefix(uri, "https:"); c.Handshakes-before.Handshakes < 2 || c.Refused == before.Refused || secure == (c.Sealed > before.Sealed) {
				t.Errorf("%s %s: %+v, before %+v", auth, uri, c, before)
			}
		}
	}
	kinds := map[string]int{}
	for _, e := range l.Access() {
		kinds[e.Kind]++
		if e.Kind == "wsman" && e.User != "admin@contoso.example" {
			t.Errorf("a request of %q: %+v", e.User, e)
		}
	}
	if kinds["negotiate"] == 0 || kinds["wsman"] == 0 || kinds["unknown"] != 0 {
		t.Errorf("%v", kinds)
	}
}

// TestWhoMayNegotiate: by the names that Windows and the tenants have for a user; a
// second factor cannot be asked for.
func TestWhoMayNegotiate(t *testing.T) {
	l := start(t, Options{InMemory: true})
	for _, c := range []struct{ user, domain, want string }{
		{"admin@contoso.example", "", "admin@contoso.example"},
		{"admin", "CONTOSO", "admin@contoso.example"},
		{"Admin", "fabrikam", "admin@fabrikam.example"},
		{"admin", "contoso.example", "admin@contoso.example"},
		{"mfa@contoso.example", "", ""},
		{"mfa", "CONTOSO", ""},
		{"admin", "", ""},
		{"admin", "NOWHERE", ""},
	} {
		password, id, ok := l.windowsPassword(c.user, c.domain)
		if ok != (c.want != "") || id.User != c.want || ok == (password == "") {
			t.Errorf(`%s\%s is %q, %t`, c.domain, c.user, id.User, ok)
		}
	}
}
