package headless

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
)

// clockedClient is the HTTP client of a check. It notes by the answers' Date
// how far this machine's clock is ahead of each host's.
type clockedClient struct {
	inner *http.Client
	now   func() time.Time

	mu    sync.Mutex
	ahead map[string]time.Duration
}

func newClockedClient(n *discovery.Network, now func() time.Time) *clockedClient {
	return &clockedClient{inner: n.HTTPClient(), now: now, ahead: map[string]time.Duration{}}
}

// http returns the client as others take it.
func (c *clockedClient) http() *http.Client {
	client := *c.inner
	client.Transport = c
	return &client
}

// RoundTrip implements http.RoundTripper.
func (c *clockedClient) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.inner.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.mu.Lock()
		c.ahead[req.URL.Host] = c.now().Sub(at)
		c.mu.Unlock()
	}
	return resp, nil
}

// skewBearable is what servers let pass between two clocks (RFC 4120 and the
// services agree on five minutes); from a minute on it is worth a word.
const (
	skewBearable = 5 * time.Minute
	skewWorth    = time.Minute
)

// clock compares this machine's clock with a host's.
func (x *check) clock(host string) {
	x.client.mu.Lock()
	ahead, known := x.client.ahead[host]
	x.client.mu.Unlock()
	switch {
	case !known:
		x.say("clock", host+" does not say the time")
	case ahead.Abs() < skewWorth:
		x.say("clock", "this machine's agrees with "+host)
	case ahead.Abs() < skewBearable:
		x.say("clock", auth.SkewText(ahead)+" ("+host+")")
	default:
		x.fail("clock", "", &session.Error{
			Doing: "comparing clocks with " + host, Err: fmt.Errorf("%s", auth.SkewText(ahead)), Class: session.ClassSignIn,
			Hints: []string{"set the clock of this machine: tokens and certificates are good for a time only"},
		})
	}
}

// names shows what a name becomes.
func (x *check) names(ctx context.Context, u *url.URL) {
	host, port := u.Hostname(), portOf(u)
	if _, err := netip.ParseAddr(host); err == nil {
		return
	}
	if to, ok := x.Network.Resolve[strings.ToLower(net.JoinHostPort(host, port))]; ok {
		x.say("dns", host+" is mapped to "+to+" (--resolve)")
		return
	}
	if x.Network.Dial != nil {
		return // names are another's business there
	}
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(limited, host)
	if err != nil {
		x.fail("dns", "looking up "+host, err)
		return
	}
	text := host + " is " + strings.Join(addresses, ", ")
	if name, err := net.DefaultResolver.LookupCNAME(limited, host); err == nil && !strings.EqualFold(strings.TrimSuffix(name, "."), host) {
		text += ", by the alias " + strings.TrimSuffix(name, ".")
	}
	x.say("dns", text)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// certificates shows the chain that a host shows, and whether it is trusted.
func (x *check) certificates(ctx context.Context, u *url.URL) bool {
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	doing := "checking the certificate of " + u.Host
	raw, err := x.Network.DialContext(limited, "tcp", net.JoinHostPort(u.Hostname(), portOf(u)))
	if err != nil {
		x.fail("tls", doing, err)
		return false
	}
	defer raw.Close()
	var chain []*x509.Certificate
	cfg := x.Network.TLSConfig()
	cfg.ServerName = u.Hostname()
	cfg.InsecureSkipVerify = true // the chain is shown whatever it is worth; it is verified below
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		chain = cs.PeerCertificates
		return nil
	}
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(limited); err != nil {
		x.fail("tls", doing, err)
		return false
	}
	x.step(checkStep{Name: "tls", Text: u.Host + ", " + tls.VersionName(conn.ConnectionState().Version), Detail: x.chainText(chain)})
	if err := x.verify(chain, u.Hostname(), cfg.RootCAs); err != nil {
		x.fail("tls", doing, err)
		return false
	}
	return true
}

// chainText names each certificate, its issuer and how long it is good.
func (x *check) chainText(chain []*x509.Certificate) string {
	var parts []string
	for _, c := range chain {
		left := c.NotAfter.Sub(x.Now())
		life := fmt.Sprintf("good for %d days", int(left.Hours()/24))
		if left < 0 {
			life = "expired on " + c.NotAfter.UTC().Format(time.DateOnly)
		}
		parts = append(parts, fmt.Sprintf("%s from %s, %s", nameOf(c.Subject.CommonName, c.DNSNames), nameOf(c.Issuer.CommonName, nil), life))
	}
	return strings.Join(parts, "; ")
}

func nameOf(common string, names []string) string {
	switch {
	case common != "":
		return common
	case len(names) > 0:
		return names[0]
	}
	return "(no name)"
}

func (x *check) verify(chain []*x509.Certificate, host string, roots *x509.CertPool) error {
	opts := x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: x.Now()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(opts)
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &session.Error{
			Doing: "checking the certificate of " + host, Err: err,
			Hints: []string{"its owner has to renew it; if it should be good, look at the clock of this machine"},
		}
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
}
