package negotiate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/auth/negotiate/ntlm"
)

// TestEndPoint: the hash is the one of the certificate's signature, but never
// MD5 or SHA-1 (RFC 5929 4.1).
func TestEndPoint(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum256 := func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	sum384 := func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }
	sum512 := func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }
	for algorithm, sum := range map[x509.SignatureAlgorithm]func([]byte) []byte{
		x509.SHA256WithRSA: sum256, x509.SHA384WithRSA: sum384, x509.SHA512WithRSA: sum512,
		x509.SHA256WithRSAPSS: sum256, x509.SHA384WithRSAPSS: sum384, x509.SHA512WithRSAPSS: sum512,
		x509.ECDSAWithSHA256: sum256, x509.ECDSAWithSHA384: sum384, x509.ECDSAWithSHA512: sum512,
	} {
		var key crypto.Signer = rsaKey
		if algorithm >= x509.ECDSAWithSHA1 && algorithm <= x509.ECDSAWithSHA512 {
			key = ecKey
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), SignatureAlgorithm: algorithm}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if want := append([]byte("tls-server-end-point:"), sum(der)...); !bytes.Equal(EndPoint(cert), want) {
			t.Errorf("%s: %x", algorithm, EndPoint(cert))
		}
	}
	for _, old := range []x509.SignatureAlgorithm{x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.UnknownSignatureAlgorithm} {
		cert := &x509.Certificate{Raw: []byte("a certificate"), SignatureAlgorithm: old}
		if want := append([]byte("tls-server-end-point:"), sum256(cert.Raw)...); !bytes.Equal(EndPoint(cert), want) {
			t.Errorf("%s: %x", old, EndPoint(cert))
		}
	}
}

func config(t *testing.T, way Way) Config {
	return Config{
		Way: way, Account: `CONTOSO\admin`, Password: auth.NewSecret("pa55word"), Host: "server.example",
		Krb5Config: filepath.Join(t.TempDir(), "none"),
	}
}

// TestSchemes: what is offered decides how a way is written.
func TestSchemes(t *testing.T) {
	tests := []struct {
		way     Way
		offered []string
		scheme  string // "": refused
		raw     bool   // NTLM without SPNEGO
	}{
		{Negotiate, []string{"Negotiate", "Basic"}, SchemeNegotiate, false},
		{Negotiate, []string{"negotiate", "NTLM"}, SchemeNegotiate, false},
		{Negotiate, []string{"NTLM"}, SchemeNTLM, true},
		{NTLM, []string{"Negotiate", "Kerberos"}, SchemeNegotiate, true},
		{NTLM, []string{"NTLM"}, SchemeNTLM, true},
		{NTLM, []string{"Kerberos"}, "", false},
		{NTLM, []string{"Basic"}, "", false},
		{Negotiate, nil, "", false},
	}
	for _, tt := range tests {
		c, err := New(config(t, tt.way))
		if err != nil {
			t.Fatal(err)
		}
		x, err := c.NewContext(t.Context(), nil, tt.offered)
		if tt.scheme == "" {
			var e *Error
			if !errors.As(err, &e) || e.Kind != KindOffered || e.Hint == "" {
				t.Errorf("%s at %v: %v", tt.way, tt.offered, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s at %v: %v", tt.way, tt.offered, err)
			continue
		}
		token, err := x.Step(t.Context(), nil)
		if err != nil || x.Scheme() != tt.scheme || ntlm.IsMessage(token) != tt.raw || x.Protocol() != ProtocolSPNEGO {
			t.Errorf("%s at %v: %s %x, %v", tt.way, tt.offered, x.Scheme(), token, err)
		}
	}
}

// TestServices: HTTP first, as Windows asks, and WSMAN where that is taken.
func TestServices(t *testing.T) {
	for _, tt := range []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, "HTTP/server.example WSMAN/server.example "},
		{func(c *Config) { c.PortInSPN = true }, "HTTP/server.example:5985 WSMAN/server.example:5985 "},
		{func(c *Config) { c.SPN, c.PortInSPN = "HOST/other", true }, "HOST/other "},
	} {
		cfg := config(t, NTLM)
		cfg.Port = "5985"
		tt.change(&cfg)
		got := ""
		for _, s := range (&Client{cfg: cfg}).services() {
			got += s + " "
		}
		if got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestNothingToProve(t *testing.T) {
	for _, way := range []Way{Negotiate, NTLM, Kerberos} {
		cfg := config(t, way)
		cfg.Password = auth.Secret{}
		var e *Error
		if _, err := New(cfg); !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("%s: %v", way, err)
		}
	}
}
