package headless

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
)

const oauthURI = "https://" + lab.AdminHost + "/OcsPowershellOAuth"

// check runs Check in a lab.
func (b *bench) check(what string, target session.Target, change ...func(*CheckConfig)) result {
	var out, errs bytes.Buffer
	cfg := CheckConfig{What: what, Target: target, Network: &b.network, Authority: b.cfg.Authority, Stdout: &out, Stderr: &errs}
	for _, c := range change {
		c(&cfg)
	}
	return result{Check(b.t.Context(), cfg), out.String(), errs.String()}
}

// The flow that would be used follows what was given.
func TestCheckNamesTheFlow(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		asked := func(context.Context, string) (auth.Secret, error) {
			t.Error("somebody was asked for a password")
			return auth.Secret{}, nil
		}
		for want, target := range map[string]session.Target{
			"a device code":                                          {},
			"the user name and the password":                         {UserName: contosoAdmin, Password: asked},
			"the application's secret":                               {Application: auth.SecretCredential(auth.NewSecret("x"))},
			"the token that was given (--sign-in token); then Basic": {AccessToken: auth.NewSecret("a.b.c")},
			"the token that was given (--sign-in token); then the token in the header": {
				AccessToken: auth.NewSecret("a.b.c"), OverridePowerShellURI: "https://" + lab.AdminHost + "/gateway",
			},
			"; then the token in the header":                 {Authentication: "bearer"},
			`Basic, the account and "Bearer "`:               {OverridePowerShellURI: oauthURI + "?BasicAuthToOAuthConversion=true"},
			"Basic, the user name and the password":          {OverridePowerShellURI: loopbackURI},
			"as client 1950a258-227b-4e31-a9cf-717495945fc2": {ClientID: "1950a258-227b-4e31-a9cf-717495945fc2"},
		} {
			r := b.check("contoso.example", target)
			if r.want(t, ExitDone); !strings.Contains(r.out, want) {
				t.Errorf("no %q in\n%s", want, r.out)
			}
		}
		if got := b.kinds("Create", "token", "grant", "devicecode"); got != nil {
			t.Errorf("check did %v", got)
		}
	})
}

// What is wrong is said with the next step, and the rest is still looked at.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	later := func(d time.Duration) func(*CheckConfig) {
		return func(c *CheckConfig) { c.Now = func() time.Time { return time.Now().Add(d) } }
	}
	for name, c := range map[string]struct {
		target session.Target
		change func(*CheckConfig)
		code   int
		says   string
		hint   string
	}{
		"a clock that is ten minutes ahead":  {change: later(10 * time.Minute), code: ExitSignIn, says: "the clock of this machine is 10m0s ahead of the authority's", hint: "set the clock"},
		"a clock that is ten minutes behind": {change: later(-10 * time.Minute), code: ExitSignIn, says: "the clock of this machine is 10m0s behind the authority's", hint: "set the clock"},
		"an expired certificate":             {change: later(400 * 24 * time.Hour), code: ExitConnect, says: "certificate has expired", hint: "certificate"},
		"a certificate of nobody known": {target: session.Target{OverridePowerShellURI: oauthURI}, change: func(c *CheckConfig) {
			c.Network = &discovery.Network{Dial: c.Network.Dial, RootCAs: x509.NewCertPool()}
		}, code: ExitConnect, says: "unknown authority", hint: "--ca-file"},
		"a tenant that the authority does not know": {target: session.Target{Tenant: "nowhere.example"}, code: ExitSignIn, says: "no such tenant", hint: "--tenant"},
		"an authority that is not there":            {target: session.Target{Authority: "https://login.nowhere.example/x", ClientID: "c"}, code: ExitConnect, says: "login.nowhere.example", hint: "reachable"},
		"a cloud that is none":                      {target: session.Target{Cloud: "nine"}, code: ExitUsage, says: `no cloud "nine"`, hint: "worldwide, gcc"},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
				if c.change == nil {
					c.change = func(*CheckConfig) {}
				}
				r := b.check("contoso.example", c.target, c.change)
				r.want(t, c.code, c.says, "\nhint: ", c.hint)
				var answer struct {
					ExitCode int `json:"exit_code"`
					Steps    []checkStep
				}
				r = b.check("contoso.example", c.target, c.change, func(cfg *CheckConfig) { cfg.JSON = true })
				if err := json.Unmarshal([]byte(r.out), &answer); err != nil || answer.ExitCode != c.code {
					t.Fatalf("%v in\n%s", err, r.out)
				}
				if !slices.ContainsFunc(answer.Steps, func(s checkStep) bool {
					return s.Failed && strings.Contains(s.Text, c.says) && len(s.Hints) > 0
				}) {
					t.Errorf("no failed step says %q:\n%s", c.says, r.out)
				}
			})
		})
	}
}

func TestCheckExplainsEachHop(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.check("contoso.example", session.Target{})
		r.want(t, ExitDone)
		want := `hop        https://lyncdiscover.contoso.example?Domain=contoso.example
           domain link (0s)
hop        https://webdir1e.online.lync.example/Autodiscover/AutodiscoverService.svc/root/domain?originalDomain=contoso.example
           External/RemotePowerShell (0s)
endpoint   https://admin1e.online.lync.example/OcsPowershellOAuth?AdminDomain=contoso.example
cloud      none that is known: a token would be sent to admin1e.online.lync.example
tls        admin1e.online.lync.example, TLS 1.3
           admin1e.online.lync.example from psdeck lab CA, good for 365 days; psdeck lab CA from psdeck lab CA, good for 365 days
challenge  Bearer, authority https://login.lab.example/organizations/oauth2/authorize, client 7716031e-6f8b-45a4-b82b-922b1af0fbb4
clock      this machine's agrees with admin1e.online.lync.example
tls        login.lab.example, TLS 1.3
           login.lab.example from psdeck lab CA, good for 365 days; psdeck lab CA from psdeck lab CA, good for 365 days
authority  https://login.lab.example/organizations, not of a known cloud: a sign-in would go there
clock      this machine's agrees with login.lab.example
tenant     contoso.example is 00000000-0000-0000-0000-000000000001
flow       a device code, entered in any browser (--sign-in device), as client 7716031e-6f8b-45a4-b82b-922b1af0fbb4; then Basic, the user "oauth" and the token as the password
resource   https://admin1e.online.lync.example/OcsPowershellOAuth
`
		if r.out != want {
			t.Errorf("%s\nwant\n%s", r.out, want)
		}
		if got := b.kinds("Create", "token", "grant", "devicecode"); got != nil {
			t.Errorf("check did %v", got)
		}
	})
}

func TestCheckTakesAnAccountAURIAndOverrides(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		for what, c := range map[string]struct {
			target session.Target
			want   string
		}{
			"admin@fabrikam.example":   {want: "OcsPowershellOAuth?AdminDomain=fabrikam.example\n"},
			"contoso.com":              {want: "certificate"},
			loopbackURI:                {want: "challenge  Basic, realm WSMAN\n"},
			"partner.example":          {target: session.Target{OverrideAdminDomain: "contoso.example"}, want: "AdminDomain=contoso.example\n"},
			"x.example":                {target: session.Target{OverridePowerShellURI: loopbackURI}, want: "endpoint   " + loopbackURI + "\n"},
			"fabrikam.onmicrosoft.com": {target: session.Target{OverrideAccessTokenResourceURI: "https://r.example"}, want: "resource   https://r.example\n"},
		} {
			r := b.check(what, c.target)
			if r.want(t, ExitDone); !strings.Contains(r.out, c.want) {
				t.Errorf("check %s does not print %q:\n%s", what, c.want, r.out)
			}
		}
	})
}

func TestCheckSaysTheNextStep(t *testing.T) {
	for what, c := range map[string]struct {
		fault lab.Fault
		code  int
	}{
		"contoso.example":      {lab.FaultNotXML, ExitConnect},
		"contoso.com":          {lab.FaultLoop, ExitConnect},
		"nowhere.example":      {lab.FaultNone, ExitConnect},
		"not a domain":         {lab.FaultNone, ExitUsage},
		"https:///x":           {lab.FaultNone, ExitUsage},
		"ftp://a.example/x":    {lab.FaultNone, ExitUsage},
		"https://gone.example": {lab.FaultNone, ExitConnect},
	} {
		t.Run(what, func(t *testing.T) {
			inLab(t, lab.Options{Discovery: c.fault}, func(t *testing.T, b *bench) {
				b.check(what, session.Target{}).want(t, c.code, "psdeck: ", "\nhint: ")
			})
		})
	}
}
