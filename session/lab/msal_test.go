package lab

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// These tests sign in with MSAL for Go, which nobody here wrote: what it accepts is
// what a cloud's authority answers.

// msal is a public client of the lab's authority at a tenant's path.
func msal(t *testing.T, l *Lab, tenant string) public.Client {
	t.Helper()
	c, err := public.New(ClientID,
		public.WithAuthority(l.Authority().URL(tenant)),
		public.WithHTTPClient(browser(t, l)),
		public.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	scopes       = []string{oauthURI + "/.default"}
	secondScopes = []string{"https://gateway.lab.example/.default"}
)

// opens checks a token as the admin host does.
func opens(t *testing.T, l *Lab, token, user string) {
	t.Helper()
	claims, err := l.Authority().Verify(token, l.acceptsAudience)
	if err != nil || claims.UPN != user {
		t.Errorf("token of %q, %v; want one of %s", claims.UPN, err, user)
	}
}

func grants(l *Lab) []string {
	var out []string
	for _, e := range l.Access() {
		if e.Kind == "grant" {
			out = append(out, e.Detail["grant_type"]+" "+e.Detail["resource"])
		}
	}
	return out
}

func TestMSALDeviceCode(t *testing.T) {
	l := start(t, Options{})
	c := msal(t, l, "organizations")
	dc, err := c.AcquireTokenByDeviceCode(t.Context(), scopes)
	if err != nil {
		t.Fatal(err)
	}
	if dc.Result.VerificationURL != "https://login.lab.example/device" || !strings.Contains(dc.Result.Message, dc.Result.UserCode) {
		t.Errorf("result %+v", dc.Result.Message)
	}
	// The person opens the page on another machine: here, by the loopback address.
	user := l.Tenants()[2]
	form := url.Values{"user_code": {dc.Result.UserCode}, "user_name": {user.UserName}, "password": {user.Password}}
	resp, err := http.PostForm(user.ApproveURI, form) //nolint:noctx // a person's browser
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("approving: %s", resp.Status)
	}
	result, err := dc.AuthenticationResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opens(t, l, result.AccessToken, user.UserName)
	if result.Account.PreferredUsername != user.UserName || result.IDToken.TenantID != PartnerID || !strings.HasSuffix(result.Account.HomeAccountID, "."+PartnerID) {
		t.Errorf("account %+v", result.Account)
	}
}

// In a bubble MSAL's polling costs no time, and a code that nobody approves runs out.
func TestMSALDeviceCodeInABubble(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options Options
		user    string
	}{
		{"approves itself", Options{AutoApprove: true}, "admin@partner.example"},
		{"approves itself after a while", Options{AutoApprove: true, AutoApproveAfter: time.Minute, AutoApproveUser: "helpdesk@contoso.example"}, "helpdesk@contoso.example"},
		{"nobody approves", Options{DeviceLifetime: 5 * time.Minute}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.options.InMemory = true
				l, err := Start(t.Context(), tt.options)
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := l.Close(); err != nil {
						t.Error(err)
					}
				}()
				client := browser(t, l)
				defer client.CloseIdleConnections()
				c, err := public.New(ClientID, public.WithAuthority(l.Authority().URL("organizations")),
					public.WithHTTPClient(client), public.WithInstanceDiscovery(false))
				if err != nil {
					t.Fatal(err)
				}
				dc, err := c.AcquireTokenByDeviceCode(t.Context(), scopes)
				if err != nil {
					t.Fatal(err)
				}
				result, err := dc.AuthenticationResult(t.Context())
				if tt.user == "" {
					if err == nil {
						t.Error("a code that nobody approved gave a token")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				opens(t, l, result.AccessToken, tt.user)
				if got := grants(l); len(got) != 1 || got[0] != "device_code "+oauthURI {
					t.Errorf("grants %q", got)
				}
			})
		})
	}
}

// person opens the sign-in page, fills its form as user, and lets the browser post
// the answer to the waiting program.
func person(t *testing.T, c *http.Client, user TenantLine) func(string) error {
	action := regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	hidden := regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
	return func(target string) error {
		_, page := get(t, c, target)
		u, err := url.Parse(target)
		if err != nil {
			return err
		}
		next, err := u.Parse(html.UnescapeString(action.FindStringSubmatch(page)[1]))
		if err != nil {
			return err
		}
		resp, err := c.PostForm(next.String(), url.Values{"user_name": {user.UserName}, "password": {user.Password}, "action": {"sign-in"}})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		page = read(t, resp.Body)
		answer := url.Values{}
		for _, field := range hidden.FindAllStringSubmatch(page, -1) {
			answer.Set(field[1], html.UnescapeString(field[2]))
		}
		back, err := http.PostForm(action.FindStringSubmatch(page)[1], answer) //nolint:noctx // a person's browser
		if err != nil {
			return err
		}
		defer http.DefaultClient.CloseIdleConnections()
		return back.Body.Close()
	}
}

func TestMSALBrowser(t *testing.T) {
	l := start(t, Options{})
	user := l.Tenants()[0]
	c := msal(t, l, "organizations")
	result, err := c.AcquireTokenInteractive(t.Context(), scopes,
		public.WithLoginHint(user.UserName), public.WithOpenURL(person(t, browser(t, l), user)))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, l, result.AccessToken, user.UserName)

	// One sign-in serves a second resource and another tenant's tokens, silently.
	second, err := c.AcquireTokenSilent(t.Context(), secondScopes, public.WithSilentAccount(result.Account))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, l, second.AccessToken, user.UserName)
	third, err := c.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(result.Account), public.WithTenantID(FabrikamID))
	if err != nil {
		t.Fatal(err)
	}
	if claims, _ := l.Authority().Verify(third.AccessToken, l.acceptsAudience); claims.TenantID != FabrikamID || claims.UPN != user.UserName {
		t.Errorf("claims %+v", claims)
	}
	want := []string{"authorization_code " + oauthURI, "refresh_token https://gateway.lab.example", "refresh_token " + oauthURI}
	if got := grants(l); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("grants %q", got)
	}
}

func TestMSALPassword(t *testing.T) {
	l := start(t, Options{InMemory: true})
	user := l.Tenants()[1]
	c := msal(t, l, "organizations")
	result, err := password(t.Context(), c, user.UserName, user.Password)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, l, result.AccessToken, user.UserName)

	// The cached token serves until it is about to expire.
	before := len(l.Access())
	if again, err := c.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(result.Account)); err != nil || again.AccessToken != result.AccessToken {
		t.Errorf("from the cache: %v", err)
	}
	if after := len(l.Access()); after != before {
		t.Errorf("%d requests for a cached token", after-before)
	}
	l.Authority().RevokeUser(user.UserName)
	if _, err := c.AcquireTokenSilent(t.Context(), secondScopes, public.WithSilentAccount(result.Account)); err == nil || !strings.Contains(err.Error(), "AADSTS50173") {
		t.Errorf("after a revocation: %v", err)
	}
}

func password(ctx context.Context, c public.Client, user, password string) (public.AuthResult, error) {
	//lint:ignore SA1019 deprecated, but -Credential needs it
	return c.AcquireTokenByUsernamePassword(ctx, scopes, user, password)
}

func TestMSALSeesWhyAPasswordIsRefused(t *testing.T) {
	l := start(t, Options{InMemory: true})
	for _, tt := range []struct{ tenant, user, password, want string }{
		{"organizations", "admin@contoso.example", "wrong", "AADSTS50126"},
		{"organizations", "nobody@contoso.example", "wrong", "AADSTS50034"},
		{"organizations", "mfa@contoso.example", "Lab-mfa-contoso-1!", "AADSTS50076"},
		{"organizations", "admin@nowhere.example", "wrong", "unknown account type"},
		{"common", "admin@contoso.example", "Lab-admin-contoso-1!", "AADSTS9001023"},
		{"contoso.example", "admin@fabrikam.example", "Lab-admin-fabrikam-1!", "AADSTS50020"},
		{"nowhere.example", "admin@contoso.example", "Lab-admin-contoso-1!", "AADSTS90002"},
	} {
		_, err := password(t.Context(), msal(t, l, tt.tenant), tt.user, tt.password)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s at %s: %v, want %s", tt.user, tt.tenant, err, tt.want)
		}
	}
}

// A token that lives a minute is refreshed, and each refresh replaces the token that
// made it.
func TestMSALRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Start(t.Context(), Options{InMemory: true, TokenLifetime: 10 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		client := browser(t, l)
		defer client.CloseIdleConnections()
		c, err := public.New(ClientID, public.WithAuthority(l.Authority().URL("organizations")),
			public.WithHTTPClient(client), public.WithInstanceDiscovery(false))
		if err != nil {
			t.Fatal(err)
		}
		user := l.Tenants()[0]
		result, err := password(t.Context(), c, user.UserName, user.Password)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(10 * time.Minute) // in the bubble: the token expires
			if _, err := l.Authority().Verify(result.AccessToken, l.acceptsAudience); err == nil {
				t.Fatal("an expired token is good")
			}
			if result, err = c.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(result.Account)); err != nil {
				t.Fatal(err)
			}
			opens(t, l, result.AccessToken, user.UserName)
		}
		if got := len(grants(l)); got != 4 {
			t.Errorf("%d grants, want the password's and three refreshes", got)
		}
	})
}

func TestMSALClientSecret(t *testing.T) {
	l := start(t, Options{InMemory: true})
	line := l.Tenants()[0]
	acquire := func(secret string) (string, error) {
		cred, err := confidential.NewCredFromSecret(secret)
		if err != nil {
			return "", err
		}
		c, err := confidential.New(l.Authority().URL(line.ID), line.ApplicationID, cred,
			confidential.WithHTTPClient(browser(t, l)), confidential.WithInstanceDiscovery(false))
		if err != nil {
			return "", err
		}
		result, err := c.AcquireTokenByCredential(t.Context(), scopes)
		return result.AccessToken, err
	}
	token, err := acquire(line.ApplicationSecret)
	if err != nil {
		t.Fatal(err)
	}
	if claims, err := l.Authority().Verify(token, l.acceptsAudience); err != nil || claims.UPN != "" || claims.TenantID != ContosoID {
		t.Errorf("claims %+v, %v", claims, err)
	}
	if _, err := acquire("wrong"); err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("a wrong secret: %v", err)
	}
}
