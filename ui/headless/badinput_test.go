package headless

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/authority"
	"psdeck/session/lab/endpoint"
)

// What goes wrong in the field: each is one clear sentence with the next step,
// and the exit code of its kind.
func TestBadInput(t *testing.T) {
	userLine := "Get-CsOnlineUser -ResultSize 5"
	for name, c := range map[string]struct {
		lab     lab.Options
		prepare func(t *testing.T, b *bench, target *session.Target)
		line    string
		code    int
		says    string // the sentence, a regular expression
		hint    string
		out     string
	}{
		"wrong domain": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) { target.OverrideAdminDomain = "nowhere.example" },
			code:    ExitConnect, says: `discovering the PowerShell endpoint of nowhere\.example: no answer from lyncdiscover\.nowhere\.example`,
			hint: "--override-admin-domain",
		},
		"no domain at all": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) { target.OverrideAdminDomain = "not a domain" },
			code:    ExitUsage, says: `"?not a domain"? `, hint: "contoso",
		},
		"host that does not answer": {
			lab: lab.Options{Discovery: lab.FaultSilent}, code: ExitConnect, says: `lyncdiscover\.contoso\.example did not answer`,
		},
		"discovery out of order": {
			lab: lab.Options{Discovery: lab.FaultBroken}, code: ExitConnect, says: `503`, hint: "--override",
		},
		"discovery that is no XML": {
			lab: lab.Options{Discovery: lab.FaultNotXML}, code: ExitConnect, says: `(?i)autodiscover|xml`, hint: "--override",
		},
		"redirect loop": {
			lab: lab.Options{Discovery: lab.FaultLoop}, code: ExitConnect, says: `(?i)redirect|loop`, hint: "--override",
		},
		"certificate of another name": {
			lab: lab.Options{Discovery: lab.FaultCertificate}, code: ExitDone, // plain http leads on
			says: `^$`,
		},
		"endpoint that does not answer": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				target.OverridePowerShellURI = "https://gone.lab.example/OcsPowershellOAuth"
			},
			code: ExitConnect, says: `gone\.lab\.example`, hint: "",
		},
		"wrong password": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				target.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("Wrong-password-1!"), nil }
			},
			code: ExitSignIn, says: `signing in as admin@contoso\.example: the user name or the password is wrong`, hint: "check the password",
		},
		"wrong password of Basic": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				target.OverridePowerShellURI, target.Authentication = loopbackURI, "basic"
				target.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("Wrong-password-1!"), nil }
			},
			code: ExitSignIn, says: `the user name or the password was refused`, hint: "check the password",
		},
		"wrong password of NTLM": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				target.OverridePowerShellURI, target.Authentication = loopbackURI, "ntlm"
				target.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("Wrong-password-1!"), nil }
			},
			code: ExitSignIn, says: `127\.0\.0\.1 does not accept the user name or the password of admin@contoso\.example`, hint: "an account may be locked",
		},
		"expired certificate": {
			lab:     lab.Options{Now: func() time.Time { return time.Now().AddDate(-2, 0, 0) }},
			prepare: func(_ *testing.T, _ *bench, target *session.Target) { target.OverridePowerShellURI = oauthURI },
			code:    ExitConnect, says: `the certificate of admin1e\.online\.lync\.example was refused: it expired at 199\d-`, hint: "its owner has to renew it",
		},
		"expired certificate of a server that is not asked how": {
			lab: lab.Options{Now: func() time.Time { return time.Now().AddDate(-2, 0, 0) }},
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				target.OverridePowerShellURI, target.Authentication = "https://"+lab.AdminHost+"/OcsPowershellLiveId", "basic"
			},
			code: ExitConnect, says: `opening a session on admin1e\.online\.lync\.example.*certificate has expired`, hint: "owner has to renew it",
		},
		"second factor": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) { *target = *b.asUser("mfa@contoso.example") },
			code:    ExitSignIn, says: `signing in as mfa@contoso\.example`, hint: "--sign-in",
		},
		"expired token": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) {
				*target = *b.byToken(contosoAdmin, b.Tenants()[0].URI)
				b.cfg.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
			},
			code: ExitSignIn, says: `the token expired at`, hint: "get a new token",
		},
		"wrong audience": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) {
				*target = *b.byToken(contosoAdmin, "https://graph.example/")
			},
			code: ExitSignIn, says: `OAuthAccessToken has invalid audience https://graph\.example/?, expected https://admin1e\.online\.lync\.example/OcsPowershellOAuth`,
			hint: "--override-access-token-resource-uri",
		},
		"token that is good only later, by ten minutes": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) {
				*target = *b.byToken(contosoAdmin, b.Tenants()[0].URI)
				b.cfg.Now = func() time.Time { return time.Now().Add(-10 * time.Minute) }
			},
			code: ExitSignIn, says: `the token is good only from 2000-01-01T00:00:00Z, in 10m0s`, hint: "clock of this machine is probably behind by about 10m0s",
		},
		"token that ended ten minutes ago": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) {
				*target = *b.byToken(contosoAdmin, b.Tenants()[0].URI)
				b.cfg.Now = func() time.Time { return time.Now().Add(70 * time.Minute) }
			},
			code: ExitSignIn, says: `the token expired at 2000-01-01T01:00:00Z, 10m0s ago`, hint: "clock of this machine is ahead",
		},
		"token of another tenant": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) {
				*target = *b.byToken(contosoAdmin, b.Tenants()[0].URI)
				target.Tenant = lab.FabrikamID
			},
			code: ExitSignIn, says: `the token was issued by tenant ` + lab.ContosoID + `, expected ` + lab.FabrikamID, hint: "--tenant",
		},
		"command that gives no token": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				*target = session.Target{AccessTokenFrom: auth.FileToken("/nowhere/token"), OverrideAdminDomain: "contoso.example"}
			},
			code: ExitSignIn, says: `--oauth-access-token-file: open /nowhere/token`, hint: "holds the access token",
		},
		"locked account": {
			prepare: func(_ *testing.T, b *bench, _ *session.Target) {
				b.Authority().SetState(contosoAdmin, authority.StateLocked)
			},
			code: ExitSignIn, says: `signing in as admin@contoso\.example: the account is locked`, hint: "unlock",
		},
		"consent that is missing": {
			prepare: func(_ *testing.T, b *bench, _ *session.Target) {
				b.Authority().SetState(contosoAdmin, authority.StateNoConsent)
			},
			code: ExitSignIn, says: `consent to the client is needed`, hint: "give consent",
		},
		"conditional access": {
			prepare: func(_ *testing.T, b *bench, _ *session.Target) {
				b.Authority().SetState(contosoAdmin, authority.StateBlocked)
			},
			code: ExitSignIn, says: `a conditional access policy of the tenant blocks this sign-in`, hint: "--sign-in browser",
		},
		"authority that is busy": {
			prepare: func(_ *testing.T, b *bench, _ *session.Target) {
				b.Authority().SetFaults(authority.Faults{Throttle: 9})
			},
			code: ExitConnect, says: `the authority answered with HTTP 429`, hint: "later",
		},
		"token of another account": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) {
				*target = *b.byToken(contosoAdmin, b.Tenants()[0].URI)
				target.UserName = partnerAdmin
			},
			code: ExitSignIn, says: `admin@partner\.example.*admin@contoso\.example|admin@contoso\.example.*admin@partner\.example`, hint: "",
		},
		"token that is no token": {
			prepare: func(_ *testing.T, _ *bench, target *session.Target) {
				*target = session.Target{AccessToken: auth.NewSecret("nonsense"), OverrideAdminDomain: "contoso.example"}
			},
			code: ExitSignIn, says: `opening a session on admin1e\.online\.lync\.example`, hint: "",
		},
		"untrusted certificate": {
			prepare: func(_ *testing.T, b *bench, _ *session.Target) { b.network.RootCAs = nil },
			code:    ExitConnect, says: `certificate`, hint: "--ca-file",
		},
		"no role": {
			prepare: func(_ *testing.T, b *bench, target *session.Target) { *target = *b.asUser("user@contoso.example") },
			code:    ExitConnect, says: `does not have permission to manage this tenant`, hint: "role",
		},
		"quota of shells": {
			lab: lab.Options{Switches: endpoint.Switches{QuotaFault: true}}, code: ExitConnect,
			says: `opening a session on admin1e\.online\.lync\.example: .*maximum number of \d concurrent shells`, hint: "psdeck sessions list shows them",
		},
		"server that redirects": {
			lab: lab.Options{Switches: endpoint.Switches{Redirect: "https://elsewhere.example/"}}, code: ExitConnect, says: `elsewhere\.example`, hint: "--override-power-shell-uri",
		},
		"server out of order": {
			lab: lab.Options{Switches: endpoint.Switches{Unavailable: true}}, code: ExitConnect, says: `503`, hint: "",
		},
		"server that dies in the middle of a command": {
			prepare: func(_ *testing.T, b *bench, _ *session.Target) {
				b.Endpoint().SetSwitches(endpoint.Switches{DieAfter: 3}) // the first is the proof's
			},
			line: "New-LabObject 10 1", code: ExitConnect, hint: "look whether it took effect",
			says: `running New-LabObject 10 1: the connection was lost after object \d; the command may have run`,
			out:  "*",
		},
		"shell that dies in the middle of a command": {
			lab: withCmdlets(), line: "Get-Forever", code: ExitConnect, hint: "look whether it took effect",
			says: `running Get-Forever: the connection was lost after object 1; the command may have run`, out: "1\n",
		},
		"fragment that was lost": {
			lab: lab.Options{Switches: endpoint.Switches{FragmentGap: 3}}, line: "New-LabObject 100 20", code: ExitConnect,
			says: `lost after object \d+`, hint: "", out: "*",
		},
		"unknown cmdlet": {
			line: "Get-Nothing", code: ExitErrors, says: `'Get-Nothing' is not recognized as a name of a cmdlet`, hint: "Get-Command lists",
		},
		"parameter of the wrong type": {
			line: "New-LabObject -Count many", code: ExitErrors, says: `(?s)Cannot (bind|process).*parameter 'Count'.*many`, hint: "Get-Help New-LabObject",
		},
		"unknown parameter": {
			line: "Get-CsTenant -Colour red", code: ExitErrors, says: `parameter cannot be found that matches parameter name 'Colour'`, hint: "Get-Help Get-CsTenant",
		},
		"unterminated string": {
			line: "Get-CsOnlineUser 'abc", code: ExitUsage, says: `reading the line: The string is missing the terminator: '\.`, hint: "not complete",
		},
		"construct that does not run here": {
			line: "function f { Get-CsOnlineUser }", code: ExitUsage, says: `reading the line: a function definition is not run here`, hint: "no scripts",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.lab
			if strings.HasPrefix(name, "shell that dies") {
				o = withCmdlets(endless())
			}
			inLab(t, o, func(t *testing.T, b *bench) {
				target := b.asUser(contosoAdmin)
				b.dies = name == "server that dies in the middle of a command"
				if c.prepare != nil {
					c.prepare(t, b, target)
				}
				line := c.line
				if line == "" {
					line = userLine
				}
				cfg := Config{Target: target, Lines: []string{line}, Form: "jsonl", Yes: strings.Contains(line, "New-Lab")}
				if strings.HasPrefix(name, "shell that dies") {
					cfg.Stdout = &firstWrite{then: func() {
						for _, s := range b.Endpoint().Shells() {
							b.Endpoint().Kill(s.ID)
						}
					}}
				}
				r := b.run(t.Context(), cfg)
				if w, ok := cfg.Stdout.(*firstWrite); ok {
					r.out = w.String()
				}
				if r.want(t, c.code); c.out != "*" && c.code != ExitDone && r.out != c.out {
					t.Errorf("standard output %q", r.out)
				}
				if c.code != ExitDone {
					r.wantSentence(t, c.says, c.hint)
				}
			})
		})
	}
}

var notices = regexp.MustCompile(`(?m)^psdeck: \S+ is outside the known clouds.*\n|^psdeck: signing in at \S+, which is not the authority.*\n|^psdeck: the tenant is unproved: .*\n|^psdeck: the access token is not a JWT.*\n|^psdeck: the connection is lost .*\n|^WARNING: .*\n`)

// wantSentence wants standard error to be one message and its hints.
func (r result) wantSentence(t *testing.T, says, hint string) {
	t.Helper()
	message, hints, found := strings.Cut(notices.ReplaceAllString(r.err, ""), "hint: ")
	if !regexp.MustCompile(says).MatchString(message) {
		t.Errorf("it does not say %s", says)
	}
	if strings.Count(message, "psdeck: ") > 1 {
		t.Error("it says more than one thing")
	}
	if !found || !strings.Contains(hints, hint) {
		t.Errorf("no hint says %q", hint)
	}
	if strings.Contains(r.err, "goroutine") || strings.Contains(r.err, "0xc0") {
		t.Error("it shows the insides of the program")
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("standard error:\n%s", r.err)
	}
}

func TestTheQuotaOfShells(t *testing.T) {
	inLab(t, lab.Options{MaxShellsPerUser: 1}, func(t *testing.T, b *bench) {
		first, err := session.NewConnector(b.cfg).Connect(t.Context(), *b.asUser(contosoAdmin), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := b.exec(b.asUser(contosoAdmin), "Get-CsTenant")
		r.want(t, ExitConnect)
		r.wantSentence(t, `maximum number of \d concurrent shells`, "fifteen minutes")
		if err := first.Close(t.Context()); err != nil {
			t.Error(err)
		}
		b.exec(b.asUser(contosoAdmin), "Get-CsTenant").want(t, ExitDone)
	})
}

// A redirect that leads out of https is not followed to a sign-in.
func TestPlainHTTPIsRefusedWithoutPermission(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		b.network = discovery.Network{Dial: b.Dial, RootCAs: b.CAPool()}
		target := b.asUser(contosoAdmin)
		target.OverridePowerShellURI = "http://" + lab.AdminHost + "/OcsPowershellLiveId"
		r := b.exec(target, "Get-CsTenant")
		if r.code == ExitDone || len(b.Access()) > 0 {
			t.Errorf("exit code %d, requests %v", r.code, b.Access())
		}
		r.wantSentence(t, `is not encrypted`, "--allow-unencrypted")
	})
}
