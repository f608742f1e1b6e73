package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a lab for the length of a test.
func start(t *testing.T, o Options) *Lab {
	t.Helper()
	l, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("closing the lab: %v", err)
		}
	})
	return l
}

// browser is a client that trusts the lab and follows no redirect.
func browser(t *testing.T, l *Lab) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: l.Dial, TLSClientConfig: &tls.Config{RootCAs: l.CAPool()}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get returns the status and body of one GET.
func get(t *testing.T, c *http.Client, target string, header ...string) (*http.Response, string) {
	t.Helper()
	resp, err := try(c, target, header...)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp, read(t, resp.Body)
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func try(c *http.Client, target string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.Do(req)
}

func TestTenantsDescribeTheLab(t *testing.T) {
	l := start(t, Options{})
	lines := l.Tenants()
	if len(lines) != 3 {
		t.Fatalf("%d tenants", len(lines))
	}
	data, err := json.Marshal(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal(data, &line); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"name", "domain", "uri", "discovery_uri", "authority", "user_name", "password", "ca_file", "resolve", "approve_uri", "basic_uri"} {
		if line[name] == nil || line[name] == "" {
			t.Errorf("no %s in %s", name, data)
		}
	}
	if line["name"] != "fabrikam" || line["user_name"] != "admin@fabrikam.example" || line["uri"] != "https://admin1e.online.lync.example/OcsPowershellOAuth" {
		t.Errorf("line = %s", data)
	}
	if !strings.HasPrefix(line["approve_uri"].(string), "http://127.0.0.1:") {
		t.Errorf("approve_uri = %v", line["approve_uri"])
	}
	mapping := l.Resolve()
	for _, entry := range lines[0].Resolve {
		key, addr, _ := strings.Cut(entry, "=")
		if mapping[key] != addr || !strings.HasPrefix(addr, "127.0.0.1:") {
			t.Errorf("resolve %s: Resolve() has %q", entry, mapping[key])
		}
	}
}

// A client of another process has the file and the resolve list, nothing else.
func TestClientOfAnotherProcess(t *testing.T) {
	l := start(t, Options{StateDir: t.TempDir()})
	line := l.Tenants()[0]
	data, err := os.ReadFile(line.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("PRIVATE KEY")) {
		t.Error("ca.pem holds a key")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		t.Fatal("ca.pem holds no certificate")
	}
	resolve := make(map[string]string)
	for _, entry := range line.Resolve {
		key, addr, _ := strings.Cut(entry, "=")
		resolve[key] = addr
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, resolve[addr])
		},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, target := range []string{line.Authority + "/v2.0/.well-known/openid-configuration", "https://lyncdiscover.contoso.example/?Domain=contoso.example"} {
		if resp, body := get(t, client, target); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", target, resp.Status, body)
		}
	}
	if _, err := try(client, "https://lyncdiscover.fabrikam.example/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("https at fabrikam's discovery name: %v, want refused", err)
	}
}

func TestTemporaryStateIsRemoved(t *testing.T) {
	l, err := Start(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := l.CAFile()
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("after Close: %v", err)
	}
}

func TestLabEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	l, err := Start(ctx, Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Dial(context.Background(), "tcp", AdminHost+":443"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a closed lab: %v", err)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0"} {
		if l, err := Start(context.Background(), Options{Listen: address}); err == nil {
			t.Errorf("%s: listening on %v", address, l.tls.address)
			_ = l.Close()
		}
	}
}

func TestCertificates(t *testing.T) {
	l := start(t, Options{InMemory: true})
	for name, want := range map[string]string{
		"login.lab.example":             "",
		"lyncdiscover.partner.example":  "",
		"127.0.0.1":                     "",
		"lyncdiscover.contoso.com":      "certificate is valid for wrong.lab.example",
		"lyncdiscover.fabrikam.example": "remote error: tls",
		"elsewhere.example":             "remote error: tls",
	} {
		conn, err := l.Dial(context.Background(), "tcp", "127.0.0.1:443")
		if err != nil {
			t.Fatal(err)
		}
		err = tls.Client(conn, &tls.Config{ServerName: name, RootCAs: l.CAPool()}).HandshakeContext(context.Background())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		_ = conn.Close()
	}
}

// The authority cannot vouch for a name that is not the lab's, whatever it signs.
func TestAuthorityIsConstrained(t *testing.T) {
	l := start(t, Options{InMemory: true})
	leaf, err := l.issuer.leaf("www.bank.example")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: l.CAPool(), DNSName: "www.bank.example"}); err == nil {
		t.Error("a certificate for www.bank.example is trusted")
	}
}

func TestDialRefusesEverythingElse(t *testing.T) {
	for _, memory := range []bool{true, false} {
		l := start(t, Options{InMemory: memory})
		for _, addr := range []string{"login.microsoftonline.com:443", "192.0.2.1:443", "login.lab.example:5986", "127.0.0.1:1"} {
			if c, err := l.Dial(context.Background(), "tcp", addr); err == nil {
				t.Errorf("%s: connected", addr)
				_ = c.Close()
			}
		}
	}
}

func TestUnknownHostIsMisdirected(t *testing.T) {
	l := start(t, Options{InMemory: true})
	req, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1/device", nil)
	req.Host = "attacker.example"
	resp, err := browser(t, l).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("status %s", resp.Status)
	}
	// What belongs to https is not served over http.
	for _, target := range []string{"http://login.lab.example/device", "http://admin1e.online.lync.example/OcsPowershellOAuth"} {
		if resp, _ := get(t, browser(t, l), target); resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %s", target, resp.Status)
		}
	}
}

const acceptXML = "application/vnd.microsoft.rtc.autodiscover+xml;v=1"

// links reads a discovery document as token to href.
func links(t *testing.T, body string) map[string]string {
	t.Helper()
	var doc struct {
		XMLName xml.Name
		Access  string `xml:"AccessLocation,attr"`
		Links   []struct {
			Token string `xml:"token,attr"`
			Href  string `xml:"href,attr"`
		} `xml:"Root>Link"`
		Domain []struct {
			Token string `xml:"token,attr"`
			Href  string `xml:"href,attr"`
		} `xml:"Domain>Link"`
	}
	if err := xml.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if doc.XMLName.Local != "AutodiscoverResponse" || doc.Access != "External" {
		t.Errorf("root element %+v", doc)
	}
	out := make(map[string]string)
	for _, l := range append(doc.Links, doc.Domain...) {
		out[l.Token] = l.Href
	}
	return out
}

// Each domain leads to the PowerShell endpoint: by https where that works, else by
// the Redirect link that http answers ([MS-OCDISCWS] 3.1.5.2).
func TestDiscoveryLeadsToTheEndpoint(t *testing.T) {
	l := start(t, Options{InMemory: true})
	c := browser(t, l)
	for domain, https := range map[string]bool{
		"contoso.example": true, "contoso.onmicrosoft.com": true, "partner.example": true,
		"contoso.com": false, "fabrikam.example": false, "fabrikam.onmicrosoft.com": false,
	} {
		t.Run(domain, func(t *testing.T) {
			query := "?Domain=" + domain
			target := "https://lyncdiscover." + domain + "/" + query
			if resp, err := try(c, target, "Accept", acceptXML); (err == nil) != https {
				t.Fatalf("https: %v", err)
			} else if err == nil {
				_ = resp.Body.Close()
			} else {
				resp, body := get(t, c, "http://lyncdiscover."+domain+query, "Accept", acceptXML)
				root := links(t, body)
				if resp.StatusCode != http.StatusOK || len(root) != 1 {
					t.Fatalf("http root: %s %v", resp.Status, root)
				}
				target = root["Redirect"]
			}
			resp, body := get(t, c, target, "Accept", acceptXML)
			root := links(t, body)
			if root["User"] == "" || root["Domain"] == "" || root["Redirect"] != "" {
				t.Fatalf("https root: %v", root)
			}
			if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/vnd.microsoft.rtc.autodiscover+xml") {
				t.Errorf("Content-Type %q", got)
			}
			_, body = get(t, c, root["Domain"], "Accept", acceptXML)
			if got := links(t, body)["External/RemotePowerShell"]; got != "https://admin1e.online.lync.example/OcsPowershellLiveId" {
				t.Errorf("External/RemotePowerShell = %q", got)
			}
		})
	}
}

func TestDiscoveryInJSON(t *testing.T) {
	c := browser(t, start(t, Options{InMemory: true}))
	for target, want := range map[string]string{
		"http://lyncdiscover.fabrikam.example/?Domain=fabrikam.example": "redirect",
		"https://webdir1e.online.lync.example/?Domain=fabrikam.example": "user",
	} {
		_, body := get(t, c, target)
		var doc struct {
			Links map[string]struct{ Href string } `json:"_links"`
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%s: %v in %s", target, err, body)
		}
		if doc.Links[want].Href == "" || doc.Links["self"].Href == "" || doc.Links["xframe"].Href == "" {
			t.Errorf("%s: %s", target, body)
		}
	}
}

func TestDiscoveryOfAnUnknownDomain(t *testing.T) {
	c := browser(t, start(t, Options{InMemory: true}))
	for _, target := range []string{
		"https://webdir1e.online.lync.example/?Domain=nowhere.example",
		"https://lyncdiscover.contoso.example/?Domain=nowhere.example",
		"https://webdir1e.online.lync.example/",
	} {
		if resp, _ := get(t, c, target, "Accept", acceptXML); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, resp.Status)
		}
	}
}

func TestDiscoveryFaults(t *testing.T) {
	const target = "https://lyncdiscover.partner.example/?Domain=partner.example"
	l := start(t, Options{InMemory: true, DiscoveryBroken: true})
	c := browser(t, l)
	if resp, _ := get(t, c, target, "Accept", acceptXML); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("broken: %s", resp.Status)
	}
	l.SetDiscovery(FaultNotXML)
	if resp, body := get(t, c, target, "Accept", acceptXML); resp.StatusCode != http.StatusOK || !strings.Contains(body, "<html>") {
		t.Errorf("not-xml: %s %s", resp.Status, body)
	}
	l.SetDiscovery(FaultLoop)
	next, seen := target, make(map[string]bool)
	for range 12 {
		if seen[next] {
			t.Fatalf("the loop repeats %s: too easy to notice", next)
		}
		seen[next] = true
		_, body := get(t, c, next, "Accept", acceptXML)
		next = links(t, body)["Redirect"]
	}
	l.SetDiscovery(FaultHybrid)
	_, body := get(t, c, "https://webdir1e.online.lync.example/Autodiscover/AutodiscoverService.svc/root/domain?originalDomain=partner.example", "Accept", acceptXML)
	document := links(t, body)
	if document["External/RemotePowerShell"] != "" || document["Hybrid"] == "" {
		t.Fatalf("hybrid: %v", document)
	}
	_, body = get(t, c, document["Hybrid"]+"?Domain=partner.example", "Accept", acceptXML)
	_, body = get(t, c, links(t, body)["Domain"], "Accept", acceptXML)
	if links(t, body)["External/RemotePowerShell"] == "" {
		t.Errorf("after the Hybrid link: %s", body)
	}
	l.SetDiscovery(FaultCertificate)
	var mismatch x509.HostnameError
	if _, err := try(browser(t, l), target); !errors.As(err, &mismatch) {
		t.Errorf("wrong-certificate: %v", err)
	}
	if _, err := Start(context.Background(), Options{Discovery: "nonsense"}); err == nil {
		t.Error("an unknown fault was taken")
	}
}

// In a bubble a silent server costs no time: the client's own deadline ends it.
func TestSilentDiscoveryInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Start(t.Context(), Options{InMemory: true, Discovery: FaultSilent})
		if err != nil {
			t.Fatal(err)
		}
		c := browser(t, l)
		c.Timeout = 20 * time.Second
		began := time.Now()
		_, err = try(c, "https://lyncdiscover.partner.example/?Domain=partner.example")
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("error %v, want a timeout", err)
		}
		if waited := time.Since(began); waited != 20*time.Second {
			t.Errorf("waited %v", waited)
		}
		c.CloseIdleConnections()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if list := l.Access(); len(list) != 1 || list[0].Kind != "discovery" || list[0].Status != 0 {
			t.Errorf("access log %+v, want one request without an answer", list)
		}
	})
}

func TestAccessLogShowsNoSecret(t *testing.T) {
	var lines bytes.Buffer
	l := start(t, Options{InMemory: true, AccessLog: &lines})
	c := browser(t, l)
	user := l.Tenants()[0]
	query := url.Values{"user_code": {"AAAA-AAAA"}, "user_name": {user.UserName}, "password": {user.Password}}
	get(t, c, "https://login.lab.example/device?"+query.Encode())
	resp, err := c.PostForm("https://login.lab.example/organizations/oauth2/v2.0/token", url.Values{
		"grant_type": {"password"}, "client_id": {ClientID}, "username": {user.UserName}, "password": {user.Password},
		"scope": {oauthURI + "/.default offline_access"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil || tokens.Access == "" || tokens.Refresh == "" {
		t.Fatalf("no tokens: %v", err)
	}
	entries := l.Access()
	if len(entries) != 2 || entries[0].Kind != "approve" || entries[1].Kind != "grant" {
		t.Fatalf("entries %+v", entries)
	}
	if e := entries[1]; e.User != user.UserName || e.Detail["resource"] != oauthURI || e.Detail["grant_type"] != "password" || e.Seq != 2 {
		t.Errorf("grant %+v", e)
	}
	if err := l.Close(); err != nil { // the lines are complete now
		t.Fatal(err)
	}
	if got := strings.Count(lines.String(), "\n"); got != 2 {
		t.Errorf("%d lines", got)
	}
	for name, secret := range map[string]string{
		"password": user.Password, "escaped password": url.QueryEscape(user.Password), "access token": tokens.Access, "refresh token": tokens.Refresh,
	} {
		if strings.Contains(lines.String(), secret) {
			t.Errorf("the log shows the %s", name)
		}
	}
}
