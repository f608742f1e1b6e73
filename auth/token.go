package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxToken is the longest token that is looked into; a longer one is treated
// as opaque. Real ones have two to eight kilobytes.
const maxToken = 64 << 10

// Token is an access token and what it says about itself. Nothing of it was
// verified: the server does that; the claims serve to refuse a token early
// that the server would refuse later, or that belongs to somebody else.
//
// A token that is no JWT has none of the claims.
type Token struct {
	secret Secret
	// IsJWT tells whether the claims below could be read.
	IsJWT     bool
	Audience  string    // aud; the first of several
	Audiences []string  // aud; all of them
	Tenant    string    // tid, the tenant that issued the token
	UPN       string    // upn, else preferred_username, else unique_name
	Account   string    // oid, the account's id in that tenant
	ClientID  string    // appid, else azp
	Expires   time.Time // exp; zero if not said
	NotBefore time.Time // nbf; zero if not said
	Issued    time.Time // iat; zero if not said
}

// claims are the parts of a JWT's payload that are read (RFC 7519 4.1 and the
// claims of Microsoft's authorities).
type claims struct {
	Audience          audience `json:"aud"`
	Expires           seconds  `json:"exp"`
	NotBefore         seconds  `json:"nbf"`
	Issued            seconds  `json:"iat"`
	Tenant            text     `json:"tid"`
	ObjectID          text     `json:"oid"`
	UPN               text     `json:"upn"`
	PreferredUserName text     `json:"preferred_username"`
	UniqueName        text     `json:"unique_name"`
	AppID             text     `json:"appid"`
	AZP               text     `json:"azp"`
}

// ParseToken reads a token as far as it can be read. White space around it and
// a leading "Bearer " are taken off.
func ParseToken(raw string) Token {
	raw = strings.TrimSpace(raw)
	if len(raw) > 7 && strings.EqualFold(raw[:7], "bearer ") {
		raw = strings.TrimSpace(raw[7:])
	}
	t := Token{secret: NewSecret(raw)}
	parts := strings.Split(raw, ".")
	if len(raw) > maxToken || len(parts) != 3 {
		return t
	}
	header, err1 := decodeSegment(parts[0])
	payload, err2 := decodeSegment(parts[1])
	var c claims
	if err1 != nil || err2 != nil || !json.Valid(header) || json.Unmarshal(payload, &c) != nil {
		return t
	}
	t.IsJWT = true
	t.Audiences = c.Audience
	if len(c.Audience) > 0 {
		t.Audience = c.Audience[0]
	}
	t.Tenant, t.Account = string(c.Tenant), string(c.ObjectID)
	t.UPN = first(string(c.UPN), string(c.PreferredUserName), string(c.UniqueName))
	t.ClientID = first(string(c.AppID), string(c.AZP))
	t.Expires, t.NotBefore, t.Issued = time.Time(c.Expires), time.Time(c.NotBefore), time.Time(c.Issued)
	return t
}

// Secret returns the token itself.
func (t Token) Secret() string { return t.secret.Reveal() }

// Domain returns the part of the UPN after the '@', or "".
func (t Token) Domain() string { return domainOf(t.UPN) }

// String describes the token without the token.
func (t Token) String() string {
	if !t.IsJWT {
		return "token " + redacted
	}
	return fmt.Sprintf("token %s for %s", redacted, clean(t.Audience, 200))
}

// GoString is String.
func (t Token) GoString() string { return t.String() }

// Format writes String whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// LogValue is String.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// AudienceError is a token that was issued for something else than it is about
// to be used for.
type AudienceError struct {
	Got      string
	Expected string
}

func (e *AudienceError) Error() string {
	return fmt.Sprintf("OAuthAccessToken has invalid audience %s, expected %s", clean(e.Got, 300), clean(e.Expected, 300))
}

// CheckAudience compares the token's audience with the resource it is to be
// used for; case and one trailing slash do not matter. A token that is no JWT
// passes. The error is an [*AudienceError].
func CheckAudience(t Token, expected string) error {
	if !t.IsJWT || expected == "" {
		return nil
	}
	if slices.ContainsFunc(t.Audiences, func(got string) bool { return sameResource(got, expected) }) {
		return nil
	}
	got := strings.Join(t.Audiences, ", ")
	if got == "" {
		got = "(none)"
	}
	return &AudienceError{Got: got, Expected: expected}
}

func sameResource(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}

// decodeSegment decodes base64url with or without padding.
func decodeSegment(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// audience is a string or a list of strings (RFC 7519 4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	var many []string
	if json.Unmarshal(data, &many) == nil {
		*a = many
	}
	return nil
}

// seconds is a NumericDate, also where it was written as a string.
type seconds time.Time

func (s *seconds) UnmarshalJSON(data []byte) error {
	var n json.Number
	if json.Unmarshal(bytes.Trim(data, `"`), &n) != nil {
		return nil
	}
	f, err := n.Float64()
	if err != nil || math.Abs(f) > 1<<40 {
		return nil
	}
	*s = seconds(time.Unix(int64(f), 0))
	return nil
}

// text is a string; a claim of another type is as good as none.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
	}
	return nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// domainOf returns the domain of a user name: what follows the last '@'.
func domainOf(userName string) string {
	i := strings.LastIndexByte(userName, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(userName[i+1:])
}

// hostOf names an authority or endpoint in an error text.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return clean(uri, 200)
	}
	return clean(u.Host, 200)
}
