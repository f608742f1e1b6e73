package authority

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a name for a certificate, not a proof
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// assertionType is the client_assertion_type of a JWT (RFC 7523 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxAssertionLife is the longest life of an assertion that is believed.
const maxAssertionLife = time.Hour

// assertionClaims is what an assertion has to say (RFC 7523 3).
type assertionClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	ID        string   `json:"jti"`
	Expires   int64    `json:"exp"`
	NotBefore int64    `json:"nbf"`
}

// audience is a string or a list of strings (RFC 7519 4.1.3).
type audience []string

// UnmarshalJSON takes either.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// checkAssertion verifies that an application holds the key of one of its
// certificates: signature, issuer and subject, audience, times, and that the
// same assertion has not come before (RFC 7523 3, RFC 7519 4.1.7).
func (a *Authority) checkAssertion(path string, app *Application, form url.Values) *oauthError {
	if kind := form.Get("client_assertion_type"); kind != assertionType {
		return refuse("invalid_request", 7000214, "The client_assertion_type '%s' is not supported.", kind)
	}
	raw := form.Get("client_assertion")
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return refuse("invalid_request", 50027, "JWT token is invalid or malformed.")
	}
	cert, e := app.verifyAssertion(parts)
	if e != nil {
		return e
	}
	now := a.cfg.Now()
	if now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
		return refuse("invalid_client", 700027, "The certificate used to sign the client assertion is expired on application.")
	}
	var c assertionClaims
	if !decodePart(parts[1], &c) {
		return refuse("invalid_request", 50027, "JWT token is invalid or malformed.")
	}
	targets := []string{a.URL(path) + "/oauth2/v2.0/token", a.URL(path) + "/oauth2/token", a.URL(path) + "/v2.0", a.URL(path)}
	expires := time.Unix(c.Expires, 0)
	switch {
	case !strings.EqualFold(c.Issuer, app.ID), !strings.EqualFold(c.Subject, app.ID):
		return refuse("invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	case !slices.ContainsFunc(c.Audience, func(s string) bool { return slices.Contains(targets, s) }):
		return refuse("invalid_client", 700023, "Client assertion audience claim does not match the token endpoint.")
	case !now.Before(expires), c.NotBefore > 0 && now.Add(allowedSkew).Before(time.Unix(c.NotBefore, 0)), expires.Sub(now) > maxAssertionLife:
		return refuse("invalid_client", 700024, "Client assertion is not within its valid time range.")
	case c.ID == "" || !a.firstUse(app.ID+" "+c.ID, expires):
		return refuse("invalid_client", 700030, "The client assertion has no identifier or was used before.")
	}
	return nil
}

// allowedSkew is how far a client's clock may be ahead.
const allowedSkew = 5 * time.Minute

// verifyAssertion finds the certificate that the header names and verifies the
// signature with it. The algorithm goes with the way the certificate is named:
// a token never chooses freely how it is verified.
func (app *Application) verifyAssertion(parts []string) (*x509.Certificate, *oauthError) {
	var header struct {
		Alg    string `json:"alg"`
		SHA1   string `json:"x5t"`
		SHA256 string `json:"x5t#S256"`
	}
	bad := refuse("invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application, or the signature is wrong.")
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if !decodePart(parts[0], &header) || err != nil {
		return nil, refuse("invalid_request", 50027, "JWT token is invalid or malformed.")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, cert := range app.Certificates {
		key, ok := cert.PublicKey.(*rsa.PublicKey)
		if !ok {
			continue
		}
		by1, by256 := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw) //nolint:gosec // see above
		switch {
		case header.Alg == "PS256" && sameThumbprint(header.SHA256, by256[:]):
			err = rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil)
		case header.Alg == "RS256" && sameThumbprint(header.SHA1, by1[:]):
			err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
		default:
			continue
		}
		if err != nil {
			return nil, bad
		}
		return cert, nil
	}
	return nil, bad
}

// sameThumbprint compares a thumbprint in any of the base64 forms in use.
func sameThumbprint(text string, sum []byte) bool {
	plain := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text)
	return plain == base64.RawURLEncoding.EncodeToString(sum)
}

// firstUse notes an identifier until it expires and tells whether it is new.
func (a *Authority) firstUse(id string, until time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.cfg.Now()
	for key, end := range a.assertions {
		if now.After(end) {
			delete(a.assertions, key)
		}
	}
	if _, used := a.assertions[id]; used {
		return false
	}
	a.assertions[id] = until
	return true
}
