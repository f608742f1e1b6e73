package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// No way of printing shows a password or a token, nor does one of a struct
// that holds one in a field that fmt cannot ask.
func TestSecretsDoNotPrint(t *testing.T) {
	secret := NewSecret("hunter2")
	token := ParseToken("hunter2")
	type holder struct {
		s Secret
		t Token
	}
	values := []any{
		secret, &secret, token, &token,
		holder{secret, token},
		&holder{secret, token},
		[]Secret{secret},
		map[string]Token{"a": token},
		SignIn{Password: secret},
		StaticSource("hunter2", Binding{}, nil), OAuthBasic(StaticSource("hunter2", Binding{}, nil)),
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "hunter2") || strings.Contains(strings.ToLower(out), "68756e74657232") {
				t.Errorf("%s of %T: %s", verb, v, out)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		if strings.Contains(log.String(), "hunter2") {
			t.Errorf("log of %T: %s", v, log.String())
		}
		if data, err := json.Marshal(v); err == nil && strings.Contains(string(data), "hunter2") {
			t.Errorf("JSON of %T: %s", v, data)
		}
	}
	if secret.Reveal() != "hunter2" || token.Secret() != "hunter2" {
		t.Error("the secret itself is lost")
	}
	if !NewSecret("").IsZero() || NewSecret("").Reveal() != "" {
		t.Error("an empty secret is not zero")
	}
}

func TestParseToken(t *testing.T) {
	full := ParseToken(jwt(map[string]any{
		"aud": resource, "tid": partnerTenant, "oid": adminID, "upn": admin, "appid": clientID, "exp": 1767322800, "nbf": "1767319200",
	}))
	if !full.IsJWT || full.Audience != resource || full.Tenant != partnerTenant || full.Account != adminID || full.UPN != admin ||
		full.ClientID != clientID || full.Domain() != "partner.example" ||
		!full.Expires.Equal(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)) || !full.NotBefore.Equal(time.Date(2026, 1, 2, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("claims of %v: %+v", full.Secret(), full.Audiences)
	}
	odd := ParseToken(jwt(map[string]any{"aud": []int{1}, "exp": "soon", "upn": 7, "tid": nil, "unique_name": "u@x.example"}))
	if !odd.IsJWT || odd.Audience != "" || !odd.Expires.IsZero() || odd.UPN != "u@x.example" {
		t.Errorf("claims of other types: %+v", odd.Audiences)
	}
	for _, raw := range []string{"", "abc", "a.b", "a.b.c.d", "e30.bm90anNvbg.x", "e30.e30", "!.e30.x", strings.Repeat("a", 100) + "." + strings.Repeat("b", maxToken) + ".c"} {
		if token := ParseToken(raw); token.IsJWT || token.Secret() != raw {
			t.Errorf("%.20q is taken for a JWT", raw)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(jwt(map[string]any{"aud": "a", "exp": 1e300}))
	f.Add("e30.e30.x")
	f.Fuzz(func(t *testing.T, raw string) {
		token := ParseToken(raw)
		_ = CheckAudience(token, "x")
		_ = token.CheckExpiry(time.Now())
		_ = token.String()
	})
}

func TestAuthorizers(t *testing.T) {
	f := newAuthority(t)
	src := signedIn(t, f, new(clock))
	request := func() *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://server.example/wsman", nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	read := map[string]func(*http.Request) string{
		"oauth": func(r *http.Request) string {
			user, pass, _ := r.BasicAuth()
			if user != "oauth" {
				t.Errorf("user %q", user)
			}
			return pass
		},
		"bearer": func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") },
	}
	for name, authorize := range map[string]Authorizer{"oauth": OAuthBasic(src), "bearer": BearerHeader(src)} {
		f.grants()
		req := request()
		if err := authorize(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
		first := read[name](req)
		again := request()
		if err := authorize(t.Context(), again, nil); err != nil || read[name](again) != first {
			t.Errorf("%s: another token without a reason, %v", name, err)
		}
		f.grants()
		if err := authorize(t.Context(), req, []string{}); err != nil {
			t.Fatal(err)
		}
		second := read[name](req)
		if second == first || len(f.grants()) != 1 {
			t.Errorf("%s: the same token after a 401", name)
		}
		// a request that was refused with the older token gets the newer one
		if err := authorize(t.Context(), again, []string{"Bearer"}); err != nil || read[name](again) != second || len(f.grants()) != 0 {
			t.Errorf("%s: a refresh too many, %v", name, err)
		}
	}

	basic := Basic("dömäin\\user", NewSecret("pässword:1"))
	req := request()
	if err := basic(t.Context(), req, nil); err != nil {
		t.Fatal(err)
	}
	if user, pass, _ := req.BasicAuth(); user != "dömäin\\user" || pass != "pässword:1" {
		t.Errorf("Basic sends %q, %q", user, pass)
	}
	var e *Error
	err := basic(t.Context(), req, []string{"Negotiate", "Kerberos"})
	if !errors.As(err, &e) || e.Kind != KindWrongPassword || !strings.Contains(err.Error(), "offers Negotiate, Kerberos") || strings.Contains(err.Error(), "pässword") {
		t.Errorf("after a 401: %v", err)
	}
	if err := Basic("a:b", NewSecret("x"))(t.Context(), request(), nil); err == nil {
		t.Error("a user name with a colon is sent")
	}
}
