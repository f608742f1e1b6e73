package auth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Challenge is one challenge of a WWW-Authenticate header (RFC 9110 11.6.1).
type Challenge struct {
	Scheme           string // as the server wrote it: Bearer, Basic, Negotiate, …
	AuthorizationURI string // authorization_uri, where tokens come from
	ClientID         string // client_id, the client to ask for them as
	Realm            string
	Params           map[string]string // all parameters, names in lower case
	Token68          string            // the opaque part of Negotiate and NTLM
}

// Claims returns what the challenge asks of a token beyond the usual, as JSON,
// or "". It travels in the parameter claims, base64 encoded.
func (c Challenge) Claims() string {
	raw := strings.TrimRight(c.Params["claims"], "=")
	if raw == "" {
		return ""
	}
	data, err := base64.RawStdEncoding.DecodeString(raw)
	if err != nil {
		data, err = base64.RawURLEncoding.DecodeString(raw)
	}
	if err != nil {
		return ""
	}
	return checkedClaims(string(data))
}

// checkedClaims lets through what can be a claims request (OpenID Connect Core
// 5.5): a JSON object of a size that makes sense. The client's own capabilities
// (xms_cc), which an authority may send back, are left out: each request names
// them anew.
func checkedClaims(s string) string {
	var object map[string]map[string]json.RawMessage
	if len(s) > 8<<10 || json.Unmarshal([]byte(s), &object) != nil {
		return ""
	}
	delete(object["access_token"], "xms_cc")
	if len(object["access_token"]) == 0 {
		delete(object, "access_token")
	}
	if len(object) == 0 {
		return ""
	}
	out, err := json.Marshal(object)
	if err != nil {
		return ""
	}
	return string(out)
}

// claimsOf finds the claims that the values of WWW-Authenticate ask for.
func claimsOf(values []string) string {
	for _, c := range ParseChallenges(values) {
		if claims := c.Claims(); claims != "" && strings.EqualFold(c.Scheme, "Bearer") {
			return claims
		}
	}
	return ""
}

// Limits of a header: what is beyond them is left out.
const (
	maxHeader     = 16 << 10
	maxChallenges = 32
	maxParams     = 32
)

// ParseChallenges reads the values of WWW-Authenticate headers, several
// challenges in one value included. What cannot be read is left out.
func ParseChallenges(values []string) []Challenge {
	var list []Challenge
	for _, v := range values {
		if len(v) > maxHeader {
			v = v[:maxHeader]
		}
		s := scanner{rest: v}
		list = s.challenges(list)
	}
	return list
}

// scanner takes a header value apart.
type scanner struct{ rest string }

// challenges appends the challenges of one value. A word followed by '=' is a
// parameter of the challenge before it, any other word begins a challenge;
// servers that forget the commas are understood too.
func (s *scanner) challenges(list []Challenge) []Challenge {
	from := len(list)
	for len(list) < maxChallenges {
		s.skip(" \t,")
		if s.rest == "" {
			break
		}
		word := s.token()
		switch {
		case word == "":
			s.dropItem()
		case s.equals():
			value := s.value()
			if len(list) > from {
				list[len(list)-1].set(strings.ToLower(word), value)
			}
		default:
			list = append(list, Challenge{Scheme: word, Token68: s.token68()})
		}
	}
	return list
}

// set stores a parameter; the first of two with the same name counts.
func (c *Challenge) set(name, value string) {
	if _, twice := c.Params[name]; twice || len(c.Params) >= maxParams {
		return
	}
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params[name] = value
	switch name {
	case "authorization_uri":
		c.AuthorizationURI = value
	case "client_id":
		c.ClientID = value
	case "realm":
		c.Realm = value
	}
}

func (s *scanner) skip(chars string) { s.rest = strings.TrimLeft(s.rest, chars) }

func (s *scanner) take(ok func(byte) bool) string {
	n := 0
	for n < len(s.rest) && ok(s.rest[n]) {
		n++
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return word
}

// token reads a token (RFC 9110 5.6.2).
func (s *scanner) token() string {
	return s.take(func(c byte) bool { return isAlnum(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 })
}

// equals reads the '=' of a parameter.
func (s *scanner) equals() bool {
	after, ok := strings.CutPrefix(strings.TrimLeft(s.rest, " \t"), "=")
	if ok {
		s.rest = after
	}
	return ok
}

// value reads the value of a parameter: a quoted string, or everything up to
// the next comma or space.
func (s *scanner) value() string {
	s.skip(" \t")
	if !strings.HasPrefix(s.rest, `"`) {
		return s.take(func(c byte) bool { return c != ',' && c != ' ' && c != '\t' })
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String()
		case c == '\\' && i+1 < len(s.rest):
			i++
			b.WriteByte(s.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	s.rest = "" // the closing quote is missing
	return b.String()
}

// token68 reads the opaque data that may follow a scheme (RFC 9110 11.2): it
// stands alone up to a comma or the end.
func (s *scanner) token68() string {
	if s.rest == "" || s.rest[0] != ' ' && s.rest[0] != '\t' {
		return ""
	}
	look := scanner{rest: strings.TrimLeft(s.rest, " \t")}
	data := look.take(func(c byte) bool { return isAlnum(c) || strings.IndexByte("-._~+/", c) >= 0 })
	data += look.take(func(c byte) bool { return c == '=' })
	look.skip(" \t")
	if strings.Trim(data, "=") == "" || look.rest != "" && look.rest[0] != ',' {
		return ""
	}
	s.rest = look.rest
	return data
}

// dropItem leaves out what is no word, up to the next comma. A quoted string
// in between may hold commas.
func (s *scanner) dropItem() {
	for s.rest != "" && s.rest[0] != ',' {
		if s.rest[0] == '"' {
			s.value()
			continue
		}
		s.rest = s.rest[1:]
	}
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
