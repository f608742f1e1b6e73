package authority

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// signingKey signs every token with RS256 (RFC 7518 3.3).
type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

func newSigningKey() (*signingKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the signing key: %w", err)
	}
	sum := sha256.Sum256(key.N.Bytes())
	return &signingKey{id: base64.RawURLEncoding.EncodeToString(sum[:12]), key: key}, nil
}

// sign returns claims as a compact JWS (RFC 7515 7.1).
func (k *signingKey) sign(claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "kid": k.id})
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString(header) + "." + enc.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed + "." + enc.EncodeToString(sig), nil
}

// jwk is the public half (RFC 7517).
func (k *signingKey) jwk() map[string]string {
	enc := base64.RawURLEncoding
	return map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
		"n": enc.EncodeToString(k.key.N.Bytes()),
		"e": enc.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()),
	}
}

// Claims is what a resource reads in an access token.
type Claims struct {
	Audience string    // the resource it is for
	TenantID string    // tid
	ObjectID string    // oid
	UPN      string    // the user; empty in an application's own token
	AppID    string    // the client that asked for it
	Contexts []string  // acrs, the authentication contexts that the sign-in reached
	Expires  time.Time // exp
}

// Reasons for which Verify refuses a token.
var (
	ErrMalformed = errors.New("not a token of this authority")
	ErrSignature = errors.New("the signature is wrong")
	ErrExpired   = errors.New("the token has expired")
	ErrAudience  = errors.New("the token is for another resource")
)

// Verify checks the form, signature, expiry and audience of an access token. accept
// decides about the audience. The errors are the Err variables above, wrapped; none
// shows the token.
func (a *Authority) Verify(raw string, accept func(audience string) bool) (Claims, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || strings.ContainsAny(raw, "\r\n") { // the decoder skips line ends
		return Claims{}, ErrMalformed
	}
	key, err := a.keys()
	if err != nil {
		return Claims{}, err
	}
	if err := key.check(parts); err != nil {
		return Claims{}, err
	}
	var body struct {
		Aud, Iss, Tid, Oid, Upn, Appid string
		Exp                            int64
		Acrs                           []string
	}
	if !decodePart(parts[1], &body) {
		return Claims{}, ErrMalformed
	}
	c := Claims{
		Audience: body.Aud, TenantID: body.Tid, ObjectID: body.Oid, UPN: body.Upn, AppID: body.Appid, Contexts: body.Acrs,
		Expires: time.Unix(body.Exp, 0),
	}
	if !a.cfg.Now().Before(c.Expires) {
		return c, fmt.Errorf("%w at %s", ErrExpired, c.Expires.UTC().Format(time.RFC3339))
	}
	if !accept(c.Audience) {
		return c, fmt.Errorf("%w: %s", ErrAudience, c.Audience)
	}
	return c, nil
}

// check verifies the header and signature of a token's three parts. The algorithm
// is fixed: a token never chooses how it is verified.
func (k *signingKey) check(parts []string) error {
	var header struct{ Alg, Kid string }
	if !decodePart(parts[0], &header) || header.Alg != "RS256" || header.Kid != k.id {
		return ErrMalformed
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return ErrMalformed
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&k.key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return ErrSignature
	}
	return nil
}

func decodePart(part string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, into) == nil
}

func (a *Authority) serveKeys(w http.ResponseWriter, r *http.Request) {
	a.observe(r, Event{Kind: "metadata"})
	key, err := a.keys()
	if err != nil {
		http.Error(w, "no signing key", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{key.jwk()}})
}

// sameSecret compares in constant time.
func sameSecret(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// secret returns 256 random bits for a code or a refresh token.
func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand.Read ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
