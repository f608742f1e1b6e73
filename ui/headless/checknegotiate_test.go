package headless

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/lab"
)

// TestCheckNegotiates: who would sign in, as which service's, and whether a KDC is
// reached; nobody is asked for a password.
func TestCheckNegotiates(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "krb5.conf")
	text := "[libdefaults]\ndns_lookup_kdc = false\n[realms]\n" +
		"CONTOSO.EXAMPLE = {\n kdc = 127.0.0.1:80\n kdc = gone.contoso.example:88\n}\n" +
		"FABRIKAM.EXAMPLE = {\n kdc = gone.fabrikam.example:88\n}\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", conf)
	asked := func(context.Context, string) (auth.Secret, error) {
		t.Error("somebody was asked for a password")
		return auth.Secret{}, nil
	}
	const other = "http://server.example:5985/wsman"
	for name, c := range map[string]struct {
		target session.Target
		code   int
		want   []string
	}{
		"Kerberos": {
			session.Target{Authentication: "kerberos", UserName: "admin@contoso.example"},
			ExitDone,
			[]string{
				"account    admin@contoso.example, by Kerberos\n", "spn        HTTP/127.0.0.1, or else WSMAN/127.0.0.1\n",
				"kdc        127.0.0.1:80 of CONTOSO.EXAMPLE is reached\n", "kdc        gone.contoso.example:88 of CONTOSO.EXAMPLE is not reached\n",
				"flow       kerberos, and each message is sealed\n",
			},
		},
		"a service of another name": {
			session.Target{Authentication: "kerberos", UserName: "admin@contoso.example", SPN: "HOST/pool.contoso.example"},
			ExitDone,
			[]string{"spn        HOST/pool.contoso.example\n"},
		},
		"no KDC is reached": {
			session.Target{Authentication: "kerberos", UserName: "admin@fabrikam.example"},
			ExitConnect,
			[]string{"no KDC of FABRIKAM.EXAMPLE is reached", "\nhint: name them in krb5.conf"},
		},
		"no KDC is known": {
			session.Target{Authentication: "kerberos", UserName: "admin@nowhere.example"},
			ExitConnect,
			[]string{"no KDC of NOWHERE.EXAMPLE is known", "\nhint: name them in krb5.conf"},
		},
		"NTLM in its place": {
			session.Target{UserName: "admin@fabrikam.example"},
			ExitDone,
			[]string{"by Kerberos, or else NTLM\n", "no KDC of FABRIKAM.EXAMPLE is reached: NTLM would be used\n"},
		},
		"NTLM": {
			session.Target{UserName: `NOWHERE\admin`},
			ExitDone,
			[]string{`account    NOWHERE\admin, by NTLM, as no KDC is known for the account's domain` + "\n", "flow       negotiate, and each message is sealed\n"},
		},
		"over https": {
			session.Target{Authentication: "ntlm", UserName: `CONTOSO\admin`, OverridePowerShellURI: "https://127.0.0.1:443/wsman"},
			ExitDone,
			[]string{"flow       ntlm, bound to the server's certificate\n"},
		},
		"nobody": {
			session.Target{Authentication: "negotiate"}, ExitUsage, []string{"takes a user name and a password", "\nhint: "},
		},
		"Basic in clear": {
			session.Target{Authentication: "basic", UserName: "admin", OverridePowerShellURI: other}, ExitConnect, []string{"psdeck: ", "\nhint: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
				if c.target.UserName != "" {
					c.target.Password = asked
				}
				uri := c.target.OverridePowerShellURI
				if uri == "" {
					uri = loopbackURI
				}
				r := b.check(uri, c.target)
				r.want(t, c.code)
				for _, want := range c.want {
					if !strings.Contains(r.out+r.err, want) {
						t.Errorf("no %q in\n%s%s", want, r.out, r.err)
					}
				}
				if got := b.kinds("negotiate", "Create"); got != nil {
					t.Errorf("check did %v", got)
				}
			})
		})
	}
}
