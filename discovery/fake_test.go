package discovery

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
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
)

// site is the part of the internet that a test needs: a page by its whole URL.
// Names under "dead" refuse connections, those under "mismatch" have a
// certificate of another name over https; every other name under .example,
// .onmicrosoft.com and .lync.com that has a page is served.
type site struct {
	pages    map[string]http.HandlerFunc
	mismatch []string
	silent   []string
	dead     []string

	mu       sync.Mutex
	requests []string // in order, as "GET https://host/path?query"
	accepts  []string
}

// network starts the servers of a site and returns the way to them.
func (s *site) network(t *testing.T) *Network {
	t.Helper()
	ca, pool := newCA(t)
	hosts := map[string]bool{}
	for page := range s.pages {
		host, _, _ := strings.Cut(page[strings.Index(page, "://")+3:], "/")
		host, _, _ = strings.Cut(host, "?")
		hosts[host] = true
	}
	var names []string
	for h := range hosts {
		names = append(names, h)
	}
	good := s.serve(t, "https", ca.leaf(t, names...))
	wrong := s.serve(t, "https", ca.leaf(t, "somebody.else.example"))
	plain := s.serve(t, "http", nil)
	n := &Network{Resolve: map[string]string{}, RootCAs: pool, LoopbackOnly: true}
	for h := range hosts {
		n.Resolve[h+":443"], n.Resolve[h+":80"] = good, plain
	}
	for _, h := range s.mismatch {
		n.Resolve[h+":443"] = wrong
	}
	for _, h := range s.dead {
		n.Resolve[h] = closedPort(t)
	}
	for _, h := range s.silent {
		n.Resolve[h] = silentPort(t)
	}
	return n
}

func (s *site) serve(t *testing.T, scheme string, cert *tls.Certificate) string {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := scheme + "://" + r.Host + r.URL.RequestURI()
		s.mu.Lock()
		s.requests = append(s.requests, page)
		s.accepts = append(s.accepts, r.Header.Get("Accept"))
		s.mu.Unlock()
		// the root path of a URL without one is the same page
		for _, key := range []string{page, strings.Replace(page, r.Host+"/?", r.Host+"?", 1)} {
			if h := s.pages[key]; h != nil {
				h(w, r)
				return
			}
		}
		http.NotFound(w, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	if cert != nil {
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// silentPort is an address where connections are taken and nothing is said.
func silentPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
	})
	return l.Addr().String()
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCA(t *testing.T) (*authority, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key}, pool
}

func (a *authority) leaf(t *testing.T, names ...string) *tls.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

// text answers with a body.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// to answers with an HTTP redirect.
func to(status int, location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// root is the first document, in the form of [MS-OCDISCWS] 4.1, with links given
// as token, href, token, href, …
func root(links ...string) http.HandlerFunc { return text(autodiscover("Root", links...)) }

// domainDoc is the domain's document.
func domainDoc(links ...string) http.HandlerFunc { return text(autodiscover("Domain", links...)) }

func autodiscover(element string, links ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?>`+
		`<AutodiscoverResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" AccessLocation="External"><%s>`, element)
	for i := 0; i+1 < len(links); i += 2 {
		fmt.Fprintf(&b, `<Link token="%s" href="%s" />`, links[i], strings.ReplaceAll(links[i+1], "&", "&amp;"))
	}
	fmt.Fprintf(&b, "</%s></AutodiscoverResponse>", element)
	return b.String()
}
