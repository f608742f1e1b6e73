package auth

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// AppCredential is what an application proves itself with (RFC 6749 4.4): a
// secret, or a certificate whose key signs an assertion (RFC 7523 2.2).
type AppCredential struct {
	secret Secret
	chain  []*x509.Certificate // the one of the key first
	key    crypto.PrivateKey
}

// SecretCredential is an application's secret.
func SecretCredential(secret Secret) AppCredential { return AppCredential{secret: secret} }

// IsZero tells whether there is none.
func (c AppCredential) IsZero() bool { return c.secret.IsZero() && c.key == nil }

// Method is how an application signs in with it.
func (c AppCredential) Method() Method {
	if c.key != nil {
		return MethodCertificate
	}
	return MethodSecret
}

// String describes the credential without it.
func (c AppCredential) String() string {
	if len(c.chain) > 0 {
		return "the certificate of " + clean(c.chain[0].Subject.String(), 200)
	}
	return "secret " + redacted
}

// GoString is String.
func (c AppCredential) GoString() string { return c.String() }

// ErrPFXPassword says that a PFX file wants another password.
var ErrPFXPassword = errors.New("the PFX file does not open with this password")

// ParseCertificate reads a certificate with its RSA key from a PEM file with
// an unencrypted key, or from a PFX (PKCS #12) file, which password opens.
func ParseCertificate(data []byte, password Secret) (AppCredential, error) {
	var c AppCredential
	if block, _ := pem.Decode(data); block != nil {
		chain, key, err := confidential.CertFromPEM(data, "")
		if err != nil {
			return c, &Error{
				Kind: KindUsage, Msg: "the PEM file has no certificate with a usable key: " + clean(err.Error(), 120),
				Hint: "the file holds CERTIFICATE and PRIVATE KEY; openssl pkcs8 -topk8 -nocrypt takes a password off a key",
			}
		}
		c.chain, c.key = chain, key
	} else {
		key, leaf, rest, err := pkcs12.DecodeChain(data, password.Reveal())
		switch {
		case errors.Is(err, pkcs12.ErrIncorrectPassword):
			return c, ErrPFXPassword
		case err != nil:
			return c, &Error{Kind: KindUsage, Msg: "the file is neither PEM nor a PFX file that can be read", Hint: "export the certificate with its key as PEM or PFX"}
		}
		c.chain, c.key = append([]*x509.Certificate{leaf}, rest...), key
	}
	if _, err := confidential.NewCredFromCert(c.chain, c.key); err != nil {
		return AppCredential{}, &Error{Kind: KindUsage, Msg: "the certificate cannot be used: " + clean(err.Error(), 120), Hint: "it takes an RSA key and the certificate that belongs to it"}
	}
	return c, nil
}

// leaf is the certificate that belongs to the key.
func (c AppCredential) leaf() *x509.Certificate {
	type equaler interface{ Equal(crypto.PublicKey) bool }
	signer, ok := c.key.(crypto.Signer)
	if !ok {
		return nil
	}
	for _, cert := range c.chain {
		if public, ok := cert.PublicKey.(equaler); ok && public.Equal(signer.Public()) {
			return cert
		}
	}
	return nil
}

// check tells whether the credential can be used at the time now.
func (c AppCredential) check(now time.Time) error {
	leaf := c.leaf()
	switch {
	case leaf == nil:
		return nil
	case now.After(leaf.NotAfter):
		return &Error{
			Kind: KindCertificate, Msg: "the application's certificate expired at " + leaf.NotAfter.UTC().Format(time.RFC3339),
			Hint: "register a new certificate with the application and give it with --app-certificate",
		}
	case now.Before(leaf.NotBefore.Add(-leeway)):
		return &Error{
			Kind: KindCertificate, Msg: "the application's certificate is good only from " + leaf.NotBefore.UTC().Format(time.RFC3339),
			Hint: "check the clock of this machine",
		}
	}
	return nil
}

// msal is the credential as MSAL takes it.
func (c AppCredential) msal() (confidential.Credential, error) {
	if c.key != nil {
		return confidential.NewCredFromCert(c.chain, c.key)
	}
	return confidential.NewCredFromSecret(c.secret.Reveal())
}

// application is the client of an application that signs in as itself.
type application struct{ client confidential.Client }

func (a application) silent(ctx context.Context, scopes []string, tenant, claims string) (public.AuthResult, error) {
	var options []confidential.AcquireByCredentialOption
	if tenant != "" {
		options = append(options, confidential.WithTenantID(tenant))
	}
	if claims != "" {
		options = append(options, confidential.WithClaims(claims))
	}
	return a.client.AcquireTokenByCredential(ctx, scopes, options...)
}

// checkApplication refuses a sign-in of an application that cannot work.
func (s SignIn) checkApplication(op, authority string) error {
	bad := func(msg, hint string) error { return &Error{Kind: KindUsage, Op: op, Msg: msg, Hint: hint} }
	_, _, tenant := splitAuthority(authority)
	switch {
	case s.Method == MethodSecret && s.Application.secret.IsZero():
		return bad("no secret of the application was given", "give it with --client-secret-stdin")
	case s.Method == MethodCertificate && s.Application.key == nil:
		return bad("no certificate of the application was given", "give it with --app-certificate FILE")
	case s.UserName != "":
		return bad("an application signs in as itself and not as "+clean(s.UserName, 200), "leave out --user-name, or choose another --sign-in")
	case tenant == "":
		return bad("an application signs in to one tenant, and none is named", "name it with --tenant")
	case len(s.Scopes) == 0:
		return bad("an application's token is for a resource, and none is named", "name it with --override-access-token-resource-uri")
	}
	return nil
}

// signInApplication proves the application's credential by a first token. It
// is kept for this process alone: what it takes to get another one is the
// credential, which is not stored.
func (b *Broker) signInApplication(ctx context.Context, op, authority string, s SignIn) (Account, error) {
	op += " as application " + clean(s.ClientID, 100)
	if err := s.Application.check(b.cfg.Now()); err != nil {
		return Account{}, explain(ctx, op, err)
	}
	_, host, tenant := splitAuthority(authority)
	credential, err := s.Application.msal()
	if err != nil {
		return Account{}, &Error{Kind: KindUsage, Op: op, Msg: "the credential cannot be used", Hint: "check the secret or the certificate"}
	}
	u, err := url.Parse(authority)
	if err != nil {
		return Account{}, explain(ctx, op, err)
	}
	key := CacheKey{Authority: host, ClientID: s.ClientID, HomeAccountID: "application:" + strings.ToLower(s.ClientID)}
	kept := &store{key: key}
	client, err := confidential.New(authority, s.ClientID, credential,
		confidential.WithHTTPClient(b.http),
		confidential.WithInstanceDiscovery(b.cfg.InstanceDiscovery && !isLoopback(u.Hostname())),
		confidential.WithCache(kept),
		confidential.WithClientCapabilities(capabilities()),
	)
	if err != nil {
		return Account{}, explain(ctx, op, err, s.Application.secret.Reveal())
	}
	a := Account{HomeAccountID: key.HomeAccountID, Application: s.ClientID}
	m := &member{key: key, account: a, tokens: application{client}, store: kept, turn: newGate()}
	t, err := b.fromMember(ctx, m, s.Scopes, tenant, renewal{claims: s.Claims})
	if err != nil {
		return Account{}, explain(ctx, op, err, s.Application.secret.Reveal())
	}
	if err := a.check(t); t.IsJWT && err != nil {
		return Account{}, err
	}
	m.account.TenantID = t.Tenant
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members[key] = m
	return m.account, nil
}
