package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"html"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"psdeck/auth"
	"psdeck/session/lab/authority"
)

// These tests run each flow with MSAL against the lab's authority over TLS,
// which verifies what it is given.

const (
	home     = "00000000-0000-0000-0000-00000000000a"
	customer = "00000000-0000-0000-0000-00000000000b"
	boss     = "admin@home.example"
	careful  = "mfa@home.example"
	secret   = "Right-Password-1!"
	appID    = "1950a258-227b-4e31-a9cf-717495945fc2"
	clientID = "7716031e-6f8b-45a4-b82b-922b1af0fbb4"
	resource = "https://admin.example/OcsPowershellOAuth"
	hush     = "Application-Secret-1!"
)

// place is an authority that is reached under its name.
type place struct {
	*authority.Authority
	t      *testing.T
	client *http.Client
	cert   *x509.Certificate
	key    *rsa.PrivateKey
	date   func() time.Time
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, date: time.Now}
	p.certificate(time.Now().Add(24 * time.Hour))
	var err error
	p.Authority, err = authority.New(authority.Config{
		Host: "login.lab.example",
		Tenants: []authority.Tenant{
			{ID: home, Name: "Home", Domains: []string{"home.example"}},
			{ID: customer, Name: "Customer", Domains: []string{"customer.example"}},
		},
		Users: []authority.User{
			{Name: boss, ObjectID: "00000000-0000-0000-0001-000000000001", Password: secret, Tenant: home, Manages: []string{home, customer}},
			{Name: careful, ObjectID: "00000000-0000-0000-0001-000000000002", Password: secret, Tenant: home, MFA: true},
		},
		Applications: []authority.Application{{ID: appID, Name: "Daemon", Secret: hush, Certificates: []*x509.Certificate{p.cert}, Tenants: []string{customer}}},
		PollInterval: time.Second,
		Now:          func() time.Time { return p.date() },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", p.date().UTC().Format(http.TimeFormat))
		p.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // of the test server's certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	}
	t.Cleanup(transport.CloseIdleConnections)
	p.client = &http.Client{Transport: transport}
	return p
}

// certificate makes the application's key and a certificate that ends at until.
func (p *place) certificate(until time.Time) {
	p.t.Helper()
	if p.key == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			p.t.Fatal(err)
		}
		p.key = key
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "daemon"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, p.key.Public(), p.key)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		p.t.Fatal(err)
	}
}

// pem is the application's certificate and key as one PEM file.
func (p *place) pem() []byte {
	p.t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		p.t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
}

func (p *place) pfx(password string) []byte {
	p.t.Helper()
	data, err := pkcs12.Modern.Encode(p.key, p.cert, nil, password)
	if err != nil {
		p.t.Fatal(err)
	}
	return data
}

func (p *place) broker(change ...func(*auth.BrokerConfig)) *auth.Broker {
	cfg := auth.BrokerConfig{HTTP: p.client, OpenBrowser: p.browse}
	for _, c := range change {
		c(&cfg)
	}
	return auth.NewBroker(cfg)
}

var (
	action = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// browse is a person in front of a browser: it fills the form of the sign-in
// page and lets the page post its answer to the waiting program.
func (p *place) browse(target string) error {
	page, err := p.page(p.client, target, nil)
	if err != nil {
		return err
	}
	next, err := url.Parse(target)
	if err == nil {
		next, err = next.Parse(html.UnescapeString(action.FindStringSubmatch(page)[1]))
	}
	if err != nil {
		return err
	}
	if page, err = p.page(p.client, next.String(), url.Values{"user_name": {boss}, "password": {secret}, "action": {"sign-in"}}); err != nil {
		return err
	}
	answer := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		answer.Set(field[1], html.UnescapeString(field[2]))
	}
	_, err = p.page(http.DefaultClient, action.FindStringSubmatch(page)[1], answer)
	http.DefaultClient.CloseIdleConnections()
	return err
}

func (p *place) page(c *http.Client, target string, form url.Values) (string, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, target, body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// DeviceCode, Browser and Password make place the face of a sign-in: the
// person enters the code at once.
func (p *place) DeviceCode(c auth.DeviceCode) {
	if err := p.Approve(c.UserCode, careful); err != nil {
		p.t.Error(err)
	}
}

func (p *place) Browser(string) {}

func (p *place) Password(context.Context, string) (auth.Secret, error) {
	return auth.NewSecret(secret), nil
}

func (p *place) signIn(m auth.Method) auth.SignIn {
	s := auth.SignIn{Authority: p.URL("organizations"), ClientID: clientID, Scopes: []string{auth.Scope(resource)}, Method: m, Prompter: p}
	switch m {
	case auth.MethodPassword, auth.MethodBrowser:
		s.UserName = boss
	case auth.MethodSecret:
		s.Authority, s.ClientID, s.Application = p.URL("customer.example"), appID, auth.SecretCredential(auth.NewSecret(hush))
	case auth.MethodCertificate:
		c, err := auth.ParseCertificate(p.pem(), auth.Secret{})
		if err != nil {
			p.t.Fatal(err)
		}
		s.Authority, s.ClientID, s.Application = p.URL("customer.example"), appID, c
	}
	return s
}

// Each flow gives an account, and tokens of it that the resource accepts.
func TestFlows(t *testing.T) {
	for method, want := range map[auth.Method]struct{ name, tenant string }{
		auth.MethodBrowser:     {boss, home},
		auth.MethodDevice:      {careful, home},
		auth.MethodPassword:    {boss, home},
		auth.MethodSecret:      {"application " + appID, customer},
		auth.MethodCertificate: {"application " + appID, customer},
	} {
		t.Run(string(method), func(t *testing.T) {
			p := newPlace(t)
			b, s := p.broker(), p.signIn(method)
			account, err := b.SignIn(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if account.Name() != want.name || account.TenantID != want.tenant {
				t.Errorf("account %+v, want %+v", account, want)
			}
			src := b.Source(t.Context(), auth.Binding{
				Authority: s.Authority, ClientID: s.ClientID, Account: account, Resource: resource, Tenant: want.tenant,
			})
			first, err := src.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			claims, err := p.Verify(first.Secret(), func(aud string) bool { return aud == resource })
			if err != nil || claims.TenantID != want.tenant || claims.UPN != account.UserName {
				t.Errorf("the token says %+v, %v", claims, err)
			}
			second, err := src.Refresh(t.Context(), first)
			if err != nil || second.Secret() == first.Secret() {
				t.Errorf("a refused token is not replaced: %v", err)
			}
			kept, err := b.Kept(t.Context())
			if err != nil || len(kept) != 1 || !kept[0].Renewable || len(kept[0].Tokens) != 1 || kept[0].Tokens[0].Tenant != want.tenant {
				t.Errorf("kept %+v, %v", kept, err)
			}
		})
	}
}

func TestFlowsRefused(t *testing.T) {
	tests := []struct {
		name   string
		method auth.Method
		change func(p *place, s *auth.SignIn)
		kind   auth.Kind
		msg    string
		hint   string
	}{
		{"wrong password", auth.MethodPassword, func(_ *place, s *auth.SignIn) { s.Password = auth.NewSecret("Wrong-Password-1!") }, auth.KindWrongPassword, "the user name or the password is wrong", "password"},
		{"mfa required", auth.MethodPassword, func(_ *place, s *auth.SignIn) { s.UserName = careful }, auth.KindMFA, "more than the password is needed", "--sign-in device"},
		{"account locked", auth.MethodPassword, func(p *place, _ *auth.SignIn) { p.SetState(boss, authority.StateLocked) }, auth.KindAccount, "locked", "unlock"},
		{"password expired", auth.MethodPassword, func(p *place, _ *auth.SignIn) { p.SetState(boss, authority.StatePasswordExpired) }, auth.KindAccount, "password has expired", "change it"},
		{"conditional access", auth.MethodPassword, func(p *place, _ *auth.SignIn) { p.SetState(boss, authority.StateBlocked) }, auth.KindPolicy, "conditional access", "--sign-in browser"},
		{"consent missing", auth.MethodPassword, func(p *place, _ *auth.SignIn) { p.SetState(boss, authority.StateNoConsent) }, auth.KindConsent, "consent", "give consent"},
		{"unknown tenant", auth.MethodPassword, func(p *place, s *auth.SignIn) { s.Authority = p.URL("nowhere.example") }, auth.KindUnknownTenant, "no such tenant", "--tenant"},
		{"throttled", auth.MethodSecret, func(p *place, _ *auth.SignIn) { p.SetFaults(authority.Faults{Throttle: 9}) }, auth.KindUnavailable, "HTTP 429", "later"},
		{"wrong secret", auth.MethodSecret, func(_ *place, s *auth.SignIn) { s.Application = auth.SecretCredential(auth.NewSecret("nope")) }, auth.KindWrongPassword, "secret is wrong", "--client-secret-stdin"},
		{"no tenant named", auth.MethodSecret, func(p *place, s *auth.SignIn) { s.Authority = p.URL("common") }, auth.KindUsage, "one tenant", "--tenant"},
		{"a tenant without the application", auth.MethodSecret, func(p *place, s *auth.SignIn) { s.Authority = p.URL("home.example") }, auth.KindUnknownClient, "client id", "--client-id"},
		{"an application with a user name", auth.MethodSecret, func(_ *place, s *auth.SignIn) { s.UserName = boss }, auth.KindUsage, "as itself", "--user-name"},
		{"no secret", auth.MethodSecret, func(_ *place, s *auth.SignIn) { s.Application = auth.AppCredential{} }, auth.KindUsage, "no secret", "--client-secret-stdin"},
		{"no certificate", auth.MethodCertificate, func(_ *place, s *auth.SignIn) { s.Application = auth.AppCredential{} }, auth.KindUsage, "no certificate", "--app-certificate"},
		{"an expired certificate", auth.MethodCertificate, func(p *place, s *auth.SignIn) {
			p.certificate(time.Now().Add(-time.Hour))
			s.Application, _ = auth.ParseCertificate(p.pem(), auth.Secret{})
		}, auth.KindCertificate, "certificate expired at", "register a new certificate"},
		{"a certificate that is not registered", auth.MethodCertificate, func(p *place, s *auth.SignIn) {
			p.key = nil
			p.certificate(time.Now().Add(time.Hour))
			s.Application, _ = auth.ParseCertificate(p.pem(), auth.Secret{})
		}, auth.KindWrongPassword, "does not accept the application's certificate", "registered"},
		{"the clock of this machine is behind", auth.MethodPassword, func(p *place, _ *auth.SignIn) {
			p.date = func() time.Time { return time.Now().Add(10 * time.Minute) }
		}, auth.KindClock, "the clock of this machine is 10m0s behind the authority's", "set the clock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			s := p.signIn(tt.method)
			tt.change(p, &s)
			b := p.broker()
			account, err := b.SignIn(t.Context(), s)
			if err == nil { // a clock is noticed with the first token that is given out
				_, err = b.Source(t.Context(), auth.Binding{Authority: s.Authority, ClientID: s.ClientID, Account: account, Resource: resource + "/2"}).Token(t.Context())
			}
			var e *auth.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want an *auth.Error", err)
			}
			if e.Kind != tt.kind || !strings.Contains(err.Error(), tt.msg) || !strings.Contains(auth.HintOf(err), tt.hint) {
				t.Errorf("%q: %v\nhint: %s\nwant %q: …%s…, hint …%s…", e.Kind, err, auth.HintOf(err), tt.kind, tt.msg, tt.hint)
			}
			for _, word := range []string{secret, hush, "Wrong-Password-1!", "nope"} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("%q is in the error", word)
				}
			}
		})
	}
}

func TestParseCertificate(t *testing.T) {
	p := newPlace(t)
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(p.key)})
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(other)})
	locked := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")})
	for name, tt := range map[string]struct {
		data     []byte
		password string
		want     string // of the error
	}{
		"pem":                        {p.pem(), "", ""},
		"pem, key first":             {append(key, cert...), "", ""},
		"pfx":                        {p.pfx("open sesame"), "open sesame", ""},
		"pfx without a password":     {p.pfx(""), "", ""},
		"pfx, wrong password":        {p.pfx("open sesame"), "guess", "does not open with this password"},
		"pem without a key":          {cert, "", "no certificate with a usable key"},
		"pem with an encrypted key":  {append(cert, locked...), "", "no certificate with a usable key"},
		"pem with a stranger's key":  {append(stranger, cert...), "", "cannot be used"},
		"neither":                    {[]byte("hello"), "", "neither PEM nor a PFX"},
		"nothing":                    {nil, "", "neither PEM nor a PFX"},
		"a certificate, key missing": {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "", "no certificate"},
	} {
		c, err := auth.ParseCertificate(tt.data, auth.NewSecret(tt.password))
		if tt.want == "" {
			if err != nil || c.IsZero() || !strings.Contains(c.String(), "CN=daemon") {
				t.Errorf("%s: %v, %v", name, c, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !c.IsZero() {
			t.Errorf("%s: %v, %v, want %s", name, c, err, tt.want)
		}
	}
}

// Files that OpenSSL made: PFX with today's ciphers and with those of Windows
// before 2019, and PEM with an encrypted key.
func TestParseCertificateOfOpenSSL(t *testing.T) {
	for name, want := range map[string]string{"openssl-aes.pfx": "", "openssl-legacy.pfx": "", "encrypted.pem": "no certificate with a usable key"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := auth.ParseCertificate(data, auth.NewSecret("open-sesame"))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) || err == nil && c.Method() != auth.MethodCertificate {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		if _, err := auth.ParseCertificate(data, auth.Secret{}); strings.HasSuffix(name, ".pfx") && !errors.Is(err, auth.ErrPFXPassword) {
			t.Errorf("%s without the password: %v", name, err)
		}
	}
}

// A server that wants more of the sign-in gets it: silently where the sign-in
// reaches that already, else by a new one, which is asked for with the claims.
func TestClaimsChallenge(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	challenge := []string{`Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`}
	p := newPlace(t)
	b, s := p.broker(), p.signIn(auth.MethodDevice)
	account, err := b.SignIn(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (string, error) {
		authorize := auth.BearerHeader(b.Source(t.Context(), auth.Binding{Authority: s.Authority, ClientID: s.ClientID, Account: account, Resource: resource}))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, resource, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := authorize(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
		err = authorize(t.Context(), req, challenge)
		return strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "), err
	}
	_, err = ask()
	var needed *auth.SignInNeededError
	if !errors.As(err, &needed) || !strings.Contains(needed.Claims, `"c1"`) || needed.UserName != careful {
		t.Fatalf("error %v, want *SignInNeededError with the claims", err)
	}
	s.UserName, s.Claims = careful, needed.Claims
	if _, err := b.SignIn(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	token, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := p.Verify(token, func(string) bool { return true }); err != nil || len(c.Contexts) != 1 || c.Contexts[0] != "c1" {
		t.Errorf("the token reaches %v, %v", c.Contexts, err)
	}
}
