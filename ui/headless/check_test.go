package headless

import (
	"bytes"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
)

// check runs Check in a lab.
func (b *bench) check(what string, target session.Target) result {
	var out, errs bytes.Buffer
	code := Check(b.t.Context(), CheckConfig{What: what, Target: target, Network: &b.network, Stdout: &out, Stderr: &errs})
	return result{code, out.String(), errs.String()}
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
challenge  Bearer, authority https://login.lab.example/organizations/oauth2/authorize, client 7716031e-6f8b-45a4-b82b-922b1af0fbb4
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
