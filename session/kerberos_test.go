package session_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/session/internal/peers"
)

// The KDC of these tests is MIT's, of two realms that trust each other, and so
// is what the acceptor unseals with.

const (
	pyspnegoKerberos = "pyspnego[kerberos]==0.12.4"
	kerberosPassword = "Kerber0s p\u00e4ss"
)

// services are the hosts of the second realm, by what their keys are of.
func services() map[string]string {
	return map[string]string{
		"sha1-128.b.example": "aes128-cts-hmac-sha1-96", "sha1-256.b.example": "aes256-cts-hmac-sha1-96",
		"sha2-128.b.example": "aes128-cts-hmac-sha256-128", "sha2-256.b.example": "aes256-cts-hmac-sha384-192",
		"rc4.b.example": "arcfour-hmac",
	}
}

// realms are a running KDC and the files that belong to it.
type realms struct {
	t        *testing.T
	dir      string
	krb5     string // krb5.conf
	services string // a keytab
	admin    string // a keytab
	env      []string
}

func (r *realms) path(name string) string { return filepath.Join(r.dir, name) }

func (r *realms) write(name, format string, args ...any) string {
	r.t.Helper()
	if err := os.WriteFile(r.path(name), fmt.Appendf(nil, format, args...), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return r.path(name)
}

// program finds one of MIT's; a test without it is skipped, but in CI.
func (r *realms) program(name string) string {
	r.t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/lib/mit/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		r.t.Fatalf("%s is missing: apt-get install krb5-kdc krb5-admin-server", name)
	}
	r.t.Skipf("%s is missing: apt-get install krb5-kdc krb5-admin-server", name)
	return ""
}

func (r *realms) run(program string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command(r.program(program), args...)
	cmd.Env = append(os.Environ(), r.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// freePort is a port that nobody uses now.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func startRealms(t *testing.T) *realms {
	t.Helper()
	r := &realms{t: t, dir: t.TempDir()}
	r.program("krb5kdc")
	a, b := freePort(t), freePort(t)
	r.krb5 = r.write("krb5.conf", `[libdefaults]
 default_realm = A.EXAMPLE
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 A.EXAMPLE = {
  kdc = 127.0.0.1:%d
 }
 B.EXAMPLE = {
  kdc = 127.0.0.1:%d
 }
 SILENT.EXAMPLE = {
  kdc = 127.0.0.1:1
 }
[domain_realm]
 .b.example = B.EXAMPLE
`, a, b)
	kdc := "[kdcdefaults]\n kdc_listen = \"\"\n[realms]\n"
	for realm, port := range map[string]int{"A.EXAMPLE": a, "B.EXAMPLE": b} {
		kdc += fmt.Sprintf(" %s = {\n  database_name = %s\n  key_stash_file = %s\n  acl_file = %s\n  kdc_listen = 127.0.0.1:%d\n  kdc_tcp_listen = 127.0.0.1:%[5]d\n  max_life = 1h\n }\n",
			realm, r.path(realm+".db"), r.path(realm+".stash"), r.path("acl"), port)
	}
	profile := r.write("kdc.conf", "%s[logging]\n kdc = FILE:%s\n", kdc, r.path("kdc.log"))
	r.env = []string{"KRB5_CONFIG=" + r.krb5, "KRB5_KDC_PROFILE=" + profile}
	for _, realm := range []string{"A.EXAMPLE", "B.EXAMPLE"} {
		r.run("kdb5_util", "create", "-s", "-r", realm, "-P", "master")
		r.admins(realm, "addprinc -pw between krbtgt/B.EXAMPLE@A.EXAMPLE")
	}
	r.admins("A.EXAMPLE", "addprinc +requires_preauth -pw \""+kerberosPassword+"\" admin",
		"addprinc +requires_preauth -pw \""+kerberosPassword+"\" locked", "modprinc -allow_tix locked")
	r.admin, r.services = r.path("admin.keytab"), r.path("services.keytab")
	r.admins("A.EXAMPLE", "ktadd -norandkey -k "+r.admin+" admin")
	for host, etype := range services() {
		r.admins("B.EXAMPLE", "addprinc -e "+etype+":normal -randkey HTTP/"+host)
		if etype != "arcfour-hmac" { // which this KDC gives nobody for a session
			r.admins("B.EXAMPLE", "setstr HTTP/"+host+" session_enctypes "+etype)
		}
		r.admins("B.EXAMPLE", "ktadd -norandkey -k "+r.services+" HTTP/"+host)
	}
	r.start()
	return r
}

func (r *realms) admins(realm string, queries ...string) {
	r.t.Helper()
	for _, q := range queries {
		if out := r.run("kadmin.local", "-r", realm, "-q", q); strings.Contains(out, "rror") || strings.Contains(out, "sage:") {
			r.t.Fatalf("kadmin: %s: %s", q, out)
		}
	}
}

// start starts the KDC, whose first process ends when the second is ready.
func (r *realms) start() {
	r.t.Helper()
	pid := r.path("kdc.pid")
	r.run("krb5kdc", "-P", pid, "-r", "A.EXAMPLE", "-r", "B.EXAMPLE")
	r.t.Cleanup(func() {
		if b, err := os.ReadFile(pid); err == nil {
			if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && n > 1 {
				if p, err := os.FindProcess(n); err == nil {
					_ = p.Kill()
				}
			}
		}
		if log, err := os.ReadFile(r.path("kdc.log")); err == nil && r.t.Failed() {
			r.t.Logf("the KDC:\n%s", log)
		}
	})
}

func (r *realms) config(host string) negotiate.Config {
	return negotiate.Config{
		Way: negotiate.Kerberos, Account: "admin@A.EXAMPLE", Password: auth.NewSecret(kerberosPassword),
		Host: host, Krb5Config: r.krb5,
	}
}

func TestKerberosPeer(t *testing.T) {
	python := peers.Python(t, pyspnegoKerberos)
	r := startRealms(t)
	peer := startAcceptor(t, python, "KRB5_CONFIG="+r.krb5, "KRB5_KTNAME="+r.services, "KRB5RCACHENAME=none:")
	// A token's head, the copy of it, a confounder, and a checksum that tells
	// which encryption type it is.
	headers := map[string]int{
		"aes128-cts-hmac-sha1-96": 48 + 12, "aes256-cts-hmac-sha1-96": 48 + 12,
		"aes128-cts-hmac-sha256-128": 48 + 16, "aes256-cts-hmac-sha384-192": 48 + 24,
	}
	for host, etype := range services() {
		if etype == "arcfour-hmac" {
			continue
		}
		for scheme, protocol := range map[string]string{"Kerberos": "kerberos", "Negotiate": "negotiate"} {
			t.Run(etype+" "+scheme, func(t *testing.T) {
				a := &acceptor{t, peer.in, peer.out}
				c := newNegotiation(t, r.config(host))
				start := word{Protocol: protocol, Host: host}
				begin := func() *negotiate.Context {
					x := newContext(t, c, scheme)
					if err := a.meet(x, start); err != nil {
						t.Fatal(err)
					}
					return x
				}
				x := begin()
				if header, _, err := x.Seal(nil); err != nil || len(header) != headers[etype] {
					t.Errorf("a header of %d bytes: %v", len(header), err)
				}
				a.messages(begin())
				a.altered(begin)
			})
		}
	}
	t.Run("channel binding", func(t *testing.T) { kerberosBindings(t, r, &acceptor{t, peer.in, peer.out}) })
	t.Run("where the secrets are", func(t *testing.T) { kerberosSecrets(t, r, &acceptor{t, peer.in, peer.out}) })
	t.Run("a session", func(t *testing.T) { kerberosSession(t, r, &acceptor{t, peer.in, peer.out}) })
	t.Run("failures", func(t *testing.T) { kerberosFailures(t, r) })
}

// kerberosBindings: an acceptor on another TLS connection does not take the
// ticket.
func kerberosBindings(t *testing.T, r *realms, a *acceptor) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	const host = "sha1-256.b.example"
	state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{srv.Certificate()}}
	c := newNegotiation(t, r.config(host))
	for _, tt := range []struct {
		bindings []byte
		accepted bool
	}{{negotiate.EndPoint(srv.Certificate()), true}, {[]byte("tls-server-end-point:another"), false}} {
		x, err := c.NewContext(t.Context(), state, []string{"Kerberos"})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.meet(x, word{Protocol: "kerberos", Host: host, Bindings: tt.bindings}); (err == nil) != tt.accepted {
			t.Errorf("bindings %q: %v", tt.bindings, err)
		}
	}
}

// kerberosSecrets: the account's keys in a file, or its tickets.
func kerberosSecrets(t *testing.T, r *realms, a *acceptor) {
	const host = "sha1-256.b.example"
	byKeytab := r.config(host)
	byKeytab.Password, byKeytab.Keytab = auth.Secret{}, r.admin
	cache := r.path("cache")
	r.run("kinit", "-c", cache, "-k", "-t", r.admin, "admin@A.EXAMPLE")
	byCache := r.config(host)
	byCache.Account, byCache.Password, byCache.Cache = "", auth.Secret{}, "FILE:"+cache
	fallback := r.config(host)
	fallback.Way = negotiate.Negotiate
	// Without the client's own map of realms the KDC says where the service is.
	conf, err := os.ReadFile(r.krb5)
	if err != nil {
		t.Fatal(err)
	}
	own, _, _ := strings.Cut(string(conf), "[domain_realm]")
	referred := r.config(host)
	referred.Krb5Config = r.write("referred.conf", "%s", own)
	for name, cfg := range map[string]negotiate.Config{"keytab": byKeytab, "credential cache": byCache, "or NTLM": fallback, "referred": referred} {
		x := newContext(t, newNegotiation(t, cfg), "Negotiate")
		if err := a.meet(x, word{Protocol: "negotiate", Host: host}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a.echo(x, []byte(name))
	}
}

// kerberosFailures: one sentence and a hint each.
func kerberosFailures(t *testing.T, r *realms) {
	tests := map[string]struct {
		change func(*negotiate.Config)
		kind   negotiate.Kind
	}{
		"wrong password":  {func(c *negotiate.Config) { c.Password = auth.NewSecret("wrong-Pa55word") }, negotiate.KindPassword},
		"unknown account": {func(c *negotiate.Config) { c.Account = "nobody@A.EXAMPLE" }, negotiate.KindPassword},
		"locked account":  {func(c *negotiate.Config) { c.Account = "locked@A.EXAMPLE" }, negotiate.KindAccount},
		"unknown realm":   {func(c *negotiate.Config) { c.Account = "admin@NOWHERE.EXAMPLE" }, negotiate.KindRealm},
		"KDC unreachable": {func(c *negotiate.Config) { c.Account = "admin@SILENT.EXAMPLE" }, negotiate.KindKDC},
		"wrong host":      {func(c *negotiate.Config) { c.Host = "other.b.example" }, negotiate.KindSPN},
		"wrong SPN":       {func(c *negotiate.Config) { c.SPN = "ldap/sha1-256.b.example" }, negotiate.KindSPN},
		"port in the SPN": {func(c *negotiate.Config) { c.Port, c.PortInSPN = "5985", true }, negotiate.KindSPN},
		"rc4-hmac":        {func(c *negotiate.Config) { c.Host = "rc4.b.example" }, negotiate.KindCipher},
		"no ticket": {func(c *negotiate.Config) {
			c.Password, c.Cache = auth.Secret{}, r.path("no such cache")
		}, negotiate.KindTicket},
		"another's tickets": {func(c *negotiate.Config) {
			c.Account, c.Password, c.Cache = "someone@A.EXAMPLE", auth.Secret{}, "FILE:"+r.path("cache")
		}, negotiate.KindTicket},
	}
	for name, tt := range tests {
		cfg := r.config("sha1-256.b.example")
		tt.change(&cfg)
		c, err := negotiate.New(cfg)
		if err == nil {
			_, err = c.NewContext(t.Context(), nil, []string{"Kerberos"})
		}
		var e *negotiate.Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %v (%s)", name, e, e.Hint)
		if strings.Contains(e.Error(), "Pa55") || strings.Contains(e.Error(), kerberosPassword) {
			t.Errorf("%s: the password in %v", name, e)
		}
		if name == "rc4-hmac" && !strings.Contains(e.Error(), "rc4-hmac") {
			t.Errorf("not by its name: %v", e)
		}
	}
}
