package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// issuer is the lab's own certificate authority. Its key lives in memory only, and
// its name constraints keep it from vouching for anything but the lab's names, so
// that a machine that comes to trust ca.pem risks nothing else.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	from, until time.Time

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
	serial int64
}

// newIssuer makes an authority valid for a year around now.
func newIssuer(now time.Time, domains []string) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the certificate authority's key: %w", err)
	}
	i := &issuer{
		key: key, leaves: make(map[string]*tls.Certificate), serial: 1,
		from: now.Add(-24 * time.Hour), until: now.Add(365 * 24 * time.Hour),
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(i.serial), Subject: pkix.Name{CommonName: "psdeck lab CA"},
		NotBefore: i.from, NotAfter: i.until,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: domains,
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making the certificate authority: %w", err)
	}
	if i.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("making the certificate authority: %w", err)
	}
	return i, nil
}

// leaf returns the certificate of a host name; one for the loopback addresses when
// name is empty.
func (i *issuer) leaf(name string) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c := i.leaves[name]; c != nil {
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate: %w", err)
	}
	i.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(i.serial), NotBefore: i.from, NotAfter: i.until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if name == "" {
		template.Subject.CommonName = "localhost"
		template.DNSNames = []string{"localhost"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
	} else {
		template.Subject.CommonName = name
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.certificate, &key.PublicKey, i.key)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate: %w", err)
	}
	c := &tls.Certificate{Certificate: [][]byte{der, i.certificate.Raw}, PrivateKey: key}
	i.leaves[name] = c
	return c, nil
}

func (i *issuer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw})
}

// tlsConfig serves each name its certificate. A name that refuses https, and one the
// lab does not have, ends the handshake.
func (l *Lab) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// A ticket is written after the handshake, at a time when the other end of a pipe
		// may not be reading.
		SessionTicketsDisabled: true,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return l.certificateFor(hello.ServerName)
		},
	}
}

func (l *Lab) certificateFor(name string) (*tls.Certificate, error) {
	if name == "" {
		return l.issuer.leaf("")
	}
	h, ok := l.names.lookup(name)
	switch {
	case !ok || h.https == httpsRefused:
		return nil, fmt.Errorf("no https for %q", name)
	case h.role == roleLoopback:
		return l.issuer.leaf("")
	case h.https == httpsMismatch || h.role == roleDiscover && l.discoveryFault() == FaultCertificate:
		return l.issuer.leaf(wrongHost)
	}
	return l.issuer.leaf(name)
}

// writeCA writes ca.pem where clients of other processes find it.
func (l *Lab) writeCA() error {
	dir := l.options.StateDir
	switch {
	case dir == "" && l.options.InMemory:
		return nil
	case dir == "":
		temp, err := os.MkdirTemp("", "psdeck-lab-")
		if err != nil {
			return fmt.Errorf("making a directory for ca.pem: %w", err)
		}
		dir, l.removeDir = temp, temp
	default:
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the state directory: %w", err)
		}
	}
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, l.issuer.pem(), 0o644); err != nil {
		return fmt.Errorf("writing ca.pem: %w", err)
	}
	l.caFile = file
	return nil
}
