package auth

import (
	"encoding/json"
	"strings"
	"testing"
)

// What takes tokens out of MSAL's cache leaves everything else as it is, and
// what it cannot read alone.
func FuzzStripTokens(f *testing.F) {
	f.Add([]byte(`{"AccessToken":{"a":{"target":"x/.default","realm":"t","secret":"s","expires_on":"1"},"b":{"target":"y"}},"RefreshToken":{"r":{"secret":"q"}}}`))
	f.Add([]byte(`{"AccessToken":{"a":7}}`))
	f.Add([]byte(`{"AccessToken":null}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		left, n := stripTokens(data, func(k keptAccess) bool { return strings.Contains(k.Target, "x") })
		if n == 0 {
			return
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(data, &before) != nil || json.Unmarshal(left, &after) != nil || len(before) != len(after) {
			t.Fatalf("%q became %q", data, left)
		}
		if again, m := stripTokens(left, func(k keptAccess) bool { return strings.Contains(k.Target, "x") }); m != 0 {
			t.Errorf("%d more taken out of %q: %q", m, left, again)
		}
	})
}

// Whatever a server puts into a challenge, only a claims request goes on to the
// authority, and a second look changes nothing.
func FuzzClaims(f *testing.F) {
	f.Add("eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ==")
	f.Add("e30")
	f.Add("====")
	f.Add("!")
	f.Fuzz(func(t *testing.T, raw string) {
		claims := Challenge{Params: map[string]string{"claims": raw}}.Claims()
		if claims == "" {
			return
		}
		var object map[string]map[string]json.RawMessage
		if err := json.Unmarshal([]byte(claims), &object); err != nil || len(object) == 0 {
			t.Errorf("%q: %v", claims, err)
		}
		if _, own := object["access_token"]["xms_cc"]; own || checkedClaims(claims) != claims {
			t.Errorf("%q becomes %q", claims, checkedClaims(claims))
		}
	})
}

// Whatever a command prints, what is taken for a token can stand in a header.
func FuzzPrintedToken(f *testing.F) {
	f.Add("abc.def\n")
	f.Add("username=x\npassword=abc=\n")
	f.Add(`{"accessToken":"a"}`)
	f.Add("{")
	f.Fuzz(func(t *testing.T, out string) {
		token := ParseToken(printedToken([]byte(out)))
		if token.usable() == nil && (token.Secret() == "" || strings.ContainsAny(token.Secret(), " \r\n\t\x00")) {
			t.Errorf("%q gives %q", out, token.Secret())
		}
	})
}
