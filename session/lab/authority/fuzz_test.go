package authority

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Whatever arrives as a token, only one that this authority signed is accepted.
func FuzzVerify(f *testing.F) {
	a, err := New(Config{
		Host:    "login.lab.example",
		Tenants: []Tenant{{ID: homeID, Name: "Home", Domains: []string{"home.example"}}},
		Users:   []User{{Name: "admin@home.example", ObjectID: "1", Tenant: homeID}},
	})
	if err != nil {
		f.Fatal(err)
	}
	good, err := a.Issue("admin@home.example", "organizations", resource, client)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add(good + "A")
	f.Add(good + "\n")
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := a.Verify(raw, func(string) bool { return true })
		if err == nil && raw != good {
			t.Errorf("accepted %q with %+v", raw, c)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	f.Add("https://admin.example/OcsPowershellOAuth/.default openid", "")
	f.Add("a/b c/d", "")
	f.Add("", "urn:x")
	f.Add("0", "A:\x88#")
	f.Add("0", "urn:x?")
	f.Fuzz(func(t *testing.T, scope, named string) {
		q, e := parseRequest(url.Values{"scope": {scope}, "resource": {named}})
		if e == nil && (q.resource == "" || strings.ContainsAny(q.resource, "?#")) {
			t.Errorf("resource %q of scope %q", q.resource, scope)
		}
	})
}

// No assertion is accepted that the application's key did not sign.
func FuzzAssertion(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		f.Fatal(err)
	}
	app := &Application{ID: client, Certificates: []*x509.Certificate{cert}}
	a, err := New(Config{Host: "login.lab.example", Tenants: []Tenant{{ID: homeID, Name: "Home"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJQUzI1NiIsIng1dCNTMjU2IjoiIn0.e30.AAAA")
	f.Fuzz(func(t *testing.T, raw string) {
		form := url.Values{"client_assertion_type": {assertionType}, "client_assertion": {raw}}
		if a.checkAssertion(homeID, app, form) == nil {
			t.Errorf("accepted %q", raw)
		}
	})
}
