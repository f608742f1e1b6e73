package auth

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
)

// Authorizer puts a credential on a request. The challenge holds the values of
// WWW-Authenticate of a 401 just received, and is not nil then even when there
// are none; it is nil the first time.
type Authorizer = func(ctx context.Context, req *http.Request, challenge []string) error

// OAuthBasic sends tokens the way New-CsOnlineSession did: as the password of
// the user "oauth" in Basic authentication, because PowerShell could not set
// the header itself. After a 401 the token is replaced once.
func OAuthBasic(src *TokenSource) Authorizer {
	return withToken(src, func(req *http.Request, secret string) { req.SetBasicAuth("oauth", secret) })
}

// ExchangeBasic sends tokens the way Exchange Online takes them: the user is
// the account (OAuthUser and the tenant for an application, which has no
// name), the password "Bearer " and the token. The endpoint has to be
// asked with BasicAuthToOAuthConversion=true in its query. After a 401 the
// token is replaced once.
func ExchangeBasic(src *TokenSource) Authorizer {
	return withToken(src, func(req *http.Request, secret string) {
		a := src.Account()
		req.SetBasicAuth(first(a.UserName, "OAuthUser@"+a.TenantID), "Bearer "+secret)
	})
}

// BearerHeader sends tokens as RFC 6750 2.1 says. After a 401 the token is
// replaced once.
func BearerHeader(src *TokenSource) Authorizer {
	return withToken(src, func(req *http.Request, secret string) { req.Header.Set("Authorization", "Bearer "+secret) })
}

func withToken(src *TokenSource, put func(*http.Request, string)) Authorizer {
	return func(ctx context.Context, req *http.Request, challenge []string) error {
		var t Token
		var err error
		if challenge == nil {
			t, err = src.Token(ctx)
		} else {
			t, err = src.refresh(ctx, src.refused(tokenOf(req)), claimsOf(challenge))
		}
		if err != nil {
			return err
		}
		put(req, t.Secret())
		return nil
	}
}

// tokenOf returns the token that a request carries, or "".
func tokenOf(req *http.Request) string {
	if _, password, ok := req.BasicAuth(); ok {
		return strings.TrimPrefix(password, "Bearer ")
	}
	scheme, secret, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(secret)
	}
	return ""
}

// Basic sends a user name and a password (RFC 7617, in UTF-8). There is no
// second password to try after a 401, which is an [*Error] of
// KindWrongPassword.
func Basic(userName string, password Secret) Authorizer {
	return func(_ context.Context, req *http.Request, challenge []string) error {
		if challenge != nil {
			return &Error{
				Kind: KindWrongPassword, Op: "signing in to " + clean(req.URL.Host, 200) + " as " + clean(userName, 200),
				Msg:  "the user name or the password was refused" + offered(challenge),
				Hint: "check the password; where the server offers no Basic, choose another --authentication",
			}
		}
		if strings.ContainsRune(userName, ':') {
			return &Error{Kind: KindUsage, Msg: "a user name for Basic authentication cannot have a ':' in it", Hint: "use the form name@domain"}
		}
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userName+":"+password.Reveal())))
		return nil
	}
}

// offered lists the schemes of a challenge.
func offered(challenge []string) string {
	var names []string
	for _, c := range ParseChallenges(challenge) {
		names = append(names, clean(c.Scheme, 30))
	}
	if names == nil {
		return ""
	}
	return "; the server offers " + strings.Join(names, ", ")
}
