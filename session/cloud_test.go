package session_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
)

// clouds is a network with the authorities of two clouds, which know where the
// tenants live and refuse every sign-in in Entra's words for an account of
// another cloud, and with an endpoint that names no authority.
type clouds struct {
	network discovery.Network
	answer  string // of the token endpoints

	mu    sync.Mutex
	asked []string // hosts of token requests
}

func newClouds(t *testing.T, answer string) *clouds {
	t.Helper()
	c := &clouds{answer: answer}
	hosts := []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn", "admin.gateway.example"}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: hosts, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(c)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	c.network.RootCAs = x509.NewCertPool()
	c.network.RootCAs.AddCert(cert)
	c.network.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	return c
}

// ServeHTTP is every host of the network.
func (c *clouds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	where := map[string]string{ // what the worldwide authority says of tenants, and the government's too
		"contoso.us":      `"tenant_region_scope":"USGov","tenant_region_sub_scope":"DODCON","cloud_instance_name":"microsoftonline.us"`,
		"fabrikam.cn":     "",
		"litware.example": `"tenant_region_scope":"EU","cloud_instance_name":"microsoftonline.com"`,
		"organizations":   `"tenant_region_scope":"NA","cloud_instance_name":"microsoftonline.com"`,
		"adatum.example":  `"tenant_region_scope":"NA","tenant_region_sub_scope":"GCC","cloud_instance_name":"microsoftonline.com"`,
	}
	tenant, rest, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Host == "admin.gateway.example":
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasSuffix(rest, "openid-configuration"):
		said := where[tenant]
		if r.Host == "login.chinacloudapi.cn" && tenant == "fabrikam.cn" {
			said = `"tenant_region_scope":"CN","cloud_instance_name":"partner.microsoftonline.cn"`
		}
		if said == "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant not found."}`)
			return
		}
		base := "https://" + r.Host + "/" + tenant
		_, _ = fmt.Fprintf(w, `{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/authorize","token_endpoint":"%[1]s/token",%s}`, base, said)
	case strings.Contains(r.URL.Path, "UserRealm"):
		_, _ = io.WriteString(w, `{"ver":"1.0","account_type":"Managed","domain_name":"x","cloud_instance_name":"x","cloud_audience_urn":"urn:x"}`)
	default:
		c.mu.Lock()
		c.asked = append(c.asked, r.Host)
		c.mu.Unlock()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, c.answer)
	}
}

// The errors of the wrong cloud name the right one.
func TestTheWrongCloudIsNamed(t *testing.T) {
	const (
		unknownType = `{"error":"unknown_user_type","error_description":"Unknown User Type"}`
		crossCloud  = `{"error":"invalid_request","error_description":"AADSTS900432: Confidential Client is not supported in Cross Cloud request."}`
		noAccount   = `{"error":"invalid_grant","error_description":"AADSTS50034: The user account does not exist."}`
	)
	for name, tt := range map[string]struct {
		user, authority, cloud, answer string
		at                             string // whom the sign-in asks
		says, hint                     string
	}{
		"GCC High at the worldwide authority":  {"a@contoso.us", "https://login.microsoftonline.com/organizations", "", unknownType, "login.microsoftonline.com", "contoso.us lives in the cloud GCC High", "--cloud gcchigh"},
		"cross cloud":                          {"a@contoso.us", "https://login.microsoftonline.com/organizations", "", crossCloud, "login.microsoftonline.com", "contoso.us lives in the cloud GCC High", "--cloud gcchigh"},
		"China at the worldwide authority":     {"a@fabrikam.cn", "", "worldwide", noAccount, "login.microsoftonline.com", "fabrikam.cn lives in the cloud China", "--cloud china"},
		"worldwide at the government's":        {"a@litware.example", "", "gcchigh", unknownType, "login.microsoftonline.us", "litware.example lives in the cloud Worldwide", "--cloud worldwide"},
		"the right cloud, and no such account": {"a@litware.example", "", "worldwide", noAccount, "login.microsoftonline.com", "does not exist in that tenant", "check the user name"},
		"nothing said: by the domain":          {"a@contoso.us", "", "", noAccount, "login.microsoftonline.us", "does not exist in that tenant", "check the user name"},
		"nothing said: China":                  {"a@fabrikam.cn", "", "", noAccount, "login.chinacloudapi.cn", "does not exist in that tenant", "check the user name"},
		"GCC signs in at the worldwide one":    {"a@adatum.example", "", "gcc", noAccount, "login.microsoftonline.com", "does not exist in that tenant", "check the user name"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClouds(t, tt.answer)
			connector := session.NewConnector(session.ConnectorConfig{Network: &c.network})
			_, err := connector.Connect(t.Context(), session.Target{
				UserName: tt.user, OverridePowerShellURI: "https://admin.gateway.example/ps", Authentication: "bearer", ClientID: lab.ClientID,
				Authority: tt.authority, Cloud: tt.cloud, SignIn: auth.MethodPassword,
				Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("x"), nil },
			}, nil)
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(strings.Join(session.HintsOf(err), "\n"), tt.hint) {
				t.Errorf("%v, hints %q; want %s, %s", err, session.HintsOf(err), tt.says, tt.hint)
			}
			if len(c.asked) == 0 || c.asked[0] != tt.at {
				t.Errorf("asked %q to sign in, want %s", c.asked, tt.at)
			}
		})
	}
}

// An endpoint of another cloud than the one that was named is refused before
// anybody signs in; the hosts of a custom cloud are its own.
func TestTheEndpointBelongsToTheCloud(t *testing.T) {
	w := newWorld(t, lab.Options{})
	target := byDevice()
	target.OverridePowerShellURI, target.Cloud = "https://admin1e.online.lync.com/OcsPowershellOAuth", "china"
	if e := w.refused(target); !strings.Contains(e.Error(), "belongs to the cloud Worldwide, but China was asked for") || e.Class != session.ClassUsage {
		t.Errorf("%v", e)
	}
	target = byDevice()
	target.Cloud, target.Authority, target.CloudHosts = "custom", w.lab.Tenants()[0].Authority, []string{".online.lync.example"}
	w.connect(target)
	for _, ev := range w.events {
		if found, ok := ev.(session.EndpointFound); ok && !found.Known && strings.Contains(found.URI, "online.lync.example") {
			t.Error("a host of the custom cloud is called unknown")
		}
	}
	target.Cloud = "nine"
	if e := w.refused(target); !strings.Contains(e.Error(), "cloud") || e.Class != session.ClassUsage {
		t.Errorf("%v", e)
	}
}

// A tenant that is given by a domain is compared by its id.
func TestTheTenantOfATokenByDomain(t *testing.T) {
	w := newWorld(t, lab.Options{})
	token, err := w.lab.Authority().Issue(partner, "contoso.example", oauthURI, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	target := session.Target{AccessToken: auth.NewSecret(token), OverrideAdminDomain: "contoso.example", Tenant: "contoso.onmicrosoft.com"}
	w.connect(target)
	target.Tenant = "fabrikam.example"
	if e := w.refused(target); !strings.Contains(e.Error(), "issued by tenant "+lab.ContosoID+", expected "+lab.FabrikamID) {
		t.Errorf("%v", e)
	}
	target.Tenant = "nowhere.example"
	if e := w.refused(target); !strings.Contains(e.Error(), "no such tenant") {
		t.Errorf("%v", e)
	}
}
