package session_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psdeck/session"
)

// startTLSPeer starts a server with a certificate of its own for 127.0.0.1.
func startTLSPeer(t *testing.T) *peer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	file := filepath.Join(t.TempDir(), "server.pem")
	both := append(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	p := startPeer(t, "--tls", file)
	p.uri = strings.Replace(p.uri, "http:", "https:", 1)
	p.roots = x509.NewCertPool()
	p.roots.AppendCertsFromPEM(certificate)
	return p
}

// Over TLS the protocol 2.4 is offered, in which secrets need no key of the
// session's; psrpcore speaks 2.3, in which they do.
func TestInteropTLS(t *testing.T) {
	ctx := interop(t)
	converse(ctx, t, startTLSPeer(t).connect(ctx, t, 4))
}

func TestInteropTLSUnknownCertificate(t *testing.T) {
	ctx := interop(t)
	p := startTLSPeer(t)
	_, err := session.NewConnector(session.ConnectorConfig{}).Connect(ctx, p.target(peerPassword, 1), nil)
	var e *session.Error
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &e) || e.Class != session.ClassConnect || !errors.As(err, &unknown) {
		t.Errorf("error %v", err)
	}
}
