package headless

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"flag"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab"
)

// parse reads flags as the program does.
func parse(t *testing.T, stdin string, args ...string) (*TargetFlags, error) {
	t.Helper()
	var f TargetFlags
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	f.Register(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &f, f.Resolve(strings.NewReader(stdin), nil)
}

func password(t *testing.T, target session.Target) string {
	t.Helper()
	if target.Password == nil {
		return ""
	}
	s, err := target.Password(t.Context(), target.UserName)
	if err != nil {
		t.Fatal(err)
	}
	return s.Reveal()
}

func TestEachFlagReachesTheTarget(t *testing.T) {
	f, err := parse(t, "",
		"--user-name", "a@contoso.example", "--override-admin-domain", "fabrikam.example", "--override-discovery-uri", "https://d/",
		"--override-power-shell-uri", "https://p/", "--override-access-token-resource-uri", "https://r/", "--authentication", "bearer",
		"--sign-in", "device", "--client-id", "c", "--authority", "https://a/", "--tenant", "t", "--configuration-name", "Jea",
		"--transport", "winrs", "--allow-unencrypted", "--read-only", "--expect-tenant", "e", "--env", "prod", "--trace", "file",
		"--session-option", "IdleTimeout=15m", "--session-option", "ApplicationArguments.X-MS-Client-Version=1.2",
		"--resolve", "Host.example:443=127.0.0.1:8443")
	if err != nil {
		t.Fatal(err)
	}
	got := f.Target
	for _, c := range []struct{ name, got, want string }{
		{"user-name", got.UserName, "a@contoso.example"},
		{"override-admin-domain", got.OverrideAdminDomain, "fabrikam.example"},
		{"override-discovery-uri", got.OverrideDiscoveryURI, "https://d/"},
		{"override-power-shell-uri", got.OverridePowerShellURI, "https://p/"},
		{"override-access-token-resource-uri", got.OverrideAccessTokenResourceURI, "https://r/"},
		{"authentication", got.Authentication, "bearer"},
		{"sign-in", string(got.SignIn), "device"},
		{"client-id", got.ClientID, "c"},
		{"authority", got.Authority, "https://a/"},
		{"tenant", got.Tenant, "t"},
		{"configuration-name", got.ConfigurationName, "Jea"},
		{"transport", got.Transport, "winrs"},
		{"expect-tenant", got.ExpectTenant, "e"},
		{"env", string(got.Env), "prod"},
		{"trace", f.Trace, "file"},
		{"session-option IdleTimeout", got.Options.IdleTimeout.String(), "15m0s"},
		{"session-option ApplicationArguments", got.Options.ApplicationArguments["X-MS-Client-Version"].Text(), "1.2"},
		{"resolve", f.Network.Resolve["host.example:443"], "127.0.0.1:8443"},
	} {
		if c.got != c.want {
			t.Errorf("--%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if !got.AllowUnencrypted || !got.ReadOnly {
		t.Errorf("%+v", got)
	}
	if !f.Given() {
		t.Error("these flags name a target")
	}
}

func TestSecretsComeFromInputEnvironmentAndFile(t *testing.T) {
	t.Setenv("PSDECK_TEST_TOKEN", " from-env\n")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args            []string
		password, token string
	}{
		"password":           {args: []string{"--credential", "a@b.example", "--password-stdin"}, password: " pass word "},
		"token":              {args: []string{"--oauth-access-token-stdin"}, token: "pass word"},
		"token of variable":  {args: []string{"--oauth-access-token-env", "PSDECK_TEST_TOKEN"}, token: "from-env"},
		"token of file":      {args: []string{"--oauth-access-token-file", file}, token: "from-file"},
		"token, named so":    {args: []string{"--sign-in", "token", "--oauth-access-token-env", "PSDECK_TEST_TOKEN"}, token: "from-env"},
		"nothing was wanted": {args: []string{"--user-name", "a@b.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parse(t, " pass word \r\nsecond line\n", c.args...)
			if err != nil {
				t.Fatal(err)
			}
			if got := password(t, f.Target); got != c.password {
				t.Errorf("password %q, want %q", got, c.password)
			}
			if got := f.Target.AccessToken.Reveal(); got != c.token {
				t.Errorf("token %q, want %q", got, c.token)
			}
		})
	}
}

// A script may follow the password on standard input.
func TestASecretTakesOneLineOfInput(t *testing.T) {
	in := strings.NewReader("secret\nGet-A\nGet-B\n")
	var f TargetFlags
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	f.Register(fs)
	if err := errors.Join(fs.Parse([]string{"--user-name", "a@b.example", "--password-stdin"}), f.Resolve(in, nil)); err != nil {
		t.Fatal(err)
	}
	lines, err := Lines(nil, []string{"-"}, in)
	if err != nil || strings.Join(lines, ";") != "Get-A;Get-B" || password(t, f.Target) != "secret" {
		t.Errorf("%q, %v", lines, err)
	}
}

// No flag takes a secret as its value: arguments are seen by everybody.
func TestNoFlagTakesASecret(t *testing.T) {
	var f TargetFlags
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	f.Register(fs)
	isBool := func(fl *flag.Flag) bool {
		b, ok := fl.Value.(interface{ IsBoolFlag() bool })
		return ok && b.IsBoolFlag()
	}
	fs.VisitAll(func(fl *flag.Flag) {
		secret := strings.Contains(fl.Name, "password") || strings.Contains(fl.Name, "secret") || strings.HasSuffix(fl.Name, "token")
		if secret && !isBool(fl) && !strings.HasSuffix(fl.Name, "-env") { // names a variable
			t.Errorf("--%s takes a value", fl.Name)
		}
	})
}

func TestAPasswordIsAskedForAtATerminalOnly(t *testing.T) {
	var f TargetFlags
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	f.Register(fs)
	if err := fs.Parse([]string{"--credential", "a@b.example"}); err != nil {
		t.Fatal(err)
	}
	asked := ""
	if err := f.Resolve(strings.NewReader(""), func(prompt string) (string, error) { asked = prompt; return "typed", nil }); err != nil {
		t.Fatal(err)
	}
	if asked != "" {
		t.Error("asked before anybody wanted the password")
	}
	if got := password(t, f.Target); got != "typed" || asked != "password of a@b.example: " {
		t.Errorf("%q after %q", got, asked)
	}
}

func TestBadFlagsAreUsageErrors(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PSDECK_TEST_TOKEN", "x")
	t.Setenv("SSH_CONNECTION", "from afar")
	for want, args := range map[string]string{
		"name different accounts":                     "--user-name a@b.example --credential c@b.example",
		`--sign-in "magic" is none of`:                "--sign-in magic",
		`--env "mars" is none of`:                     "--env mars",
		`--authentication "ntlmv9" is none`:           "--authentication ntlmv9",
		`--transport "ipx" is none of`:                "--transport ipx",
		"--resolve":                                   "--resolve nonsense",
		"--ca-file":                                   "--ca-file " + filepath.Join(empty, "none"),
		"holds no certificate":                        "--ca-file " + empty,
		"not of the form Key=Value":                   "--session-option IdleTimeout",
		`"Colour" is not one that can be`:             "--session-option Colour=red",
		`"soon" is not a time`:                        "--session-option OpenTimeout=soon",
		"minimum allowed 60":                          "--session-option IdleTimeout=5s",
		"access type: None":                           "--session-option ProxyCredential=x",
		"the variable PSDECK_NONE":                    "--proxy-password-env PSDECK_NONE",
		"cannot both be read from standard":           "--password-stdin --oauth-access-token-stdin",
		"-env, -file and -command exclude each other": "--oauth-access-token-env PSDECK_TEST_TOKEN --oauth-access-token-file " + empty,
		"--credential and an access token":            "--credential a@b.example --oauth-access-token-env PSDECK_TEST_TOKEN",
		"--sign-in device and an access":              "--sign-in device --oauth-access-token-env PSDECK_TEST_TOKEN",
		"the variable PSDECK_NONE is not":             "--oauth-access-token-env PSDECK_NONE",
		"--oauth-access-token-file: open":             "--oauth-access-token-file " + filepath.Join(empty, "none"),
		"is empty":                                    "--oauth-access-token-file " + empty,
		"first line of standard input is":             "--password-stdin --user-name a@b.example",
		"--sign-in token wants a token":               "--sign-in token",
		"there is no terminal to ask on":              "--credential a@b.example",
		`no cloud "mars"`:                             "--cloud mars",
		"a custom cloud needs":                        "--cloud custom --authority https://a/",
		"only a custom cloud":                         "--cloud china --cloud-host .a.example",
		"no browser can be opened here":               "--sign-in browser",
		"--sign-in secret wants":                      "--sign-in secret",
		"--sign-in certificate wants":                 "--sign-in certificate",
		"name it with --client-id":                    "--client-secret-stdin",
		"another secret cannot both":                  "--client-secret-stdin --client-id c --password-stdin --credential a@b.example",
		"--app-certificate exclude each other":        "--client-secret-stdin --app-certificate " + empty,
		"an application signs in as itself":           "--client-secret-stdin --client-id c --user-name a@b.example",
		"--client-secret-stdin: the first line":       "--client-secret-stdin --client-id c",
		"--app-certificate: open":                     "--client-id c --app-certificate " + filepath.Join(empty, "none"),
		"neither PEM nor a PFX":                       "--client-id c --app-certificate " + empty,
		"the variable PSDECK_NONE is not set":         "--client-id c --app-certificate " + empty + " --app-certificate-password-env PSDECK_NONE",
	} {
		t.Run(want, func(t *testing.T) {
			_, err := parse(t, "", strings.Fields(args)...)
			var stderr bytes.Buffer
			if err == nil {
				t.Fatal("taken")
			}
			if code := Report(&stderr, err); code != ExitUsage {
				t.Errorf("exit code %d", code)
			}
			if !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), "\nhint: ") {
				t.Errorf("%q does not say %q with a hint", stderr.String(), want)
			}
		})
	}
}

// A PFX file's password comes from a variable, or is asked for where there is a
// terminal; the secret of an application from standard input.
func TestAnApplicationsCredential(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "daemon"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, "open sesame")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.pfx")
	if err := os.WriteFile(file, pfx, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "", "--client-id", "c", "--app-certificate", file); err == nil || !strings.Contains(err.Error(), "--app-certificate-password-env") {
		t.Errorf("no terminal: %v", err)
	}
	t.Setenv("PSDECK_TEST_PFX", "open sesame")
	f, err := parse(t, "", "--client-id", "c", "--app-certificate", file, "--app-certificate-password-env", "PSDECK_TEST_PFX")
	if err != nil || f.Target.Application.Method() != auth.MethodCertificate || !f.Given() {
		t.Errorf("by a variable: %v", err)
	}
	var asked TargetFlags
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	asked.Register(fs)
	err = errors.Join(fs.Parse([]string{"--client-id", "c", "--app-certificate", file}),
		asked.Resolve(strings.NewReader(""), func(string) (string, error) { return "open sesame", nil }))
	if err != nil || asked.Target.Application.IsZero() {
		t.Errorf("asked for: %v", err)
	}
	f, err = parse(t, "hush\nGet-A\n", "--client-id", "c", "--client-secret-stdin", "--tenant", "contoso.example", "--sign-in", "secret")
	if err != nil || f.Target.Application.Method() != auth.MethodSecret || !f.Given() {
		t.Errorf("a secret: %v", err)
	}
}

func TestWhatNamesATarget(t *testing.T) {
	t.Setenv("PSDECK_TEST_TOKEN", "x")
	for args, want := range map[string]bool{
		"":                                           false,
		"--read-only --expect-tenant x":              false,
		"--env prod --transport wsman":               false,
		"--user-name a@b.example":                    true,
		"--sign-in device":                           true,
		"--override-admin-domain b":                  true,
		"--override-discovery-uri https:x":           true,
		"--override-power-shell-uri x":               true,
		"--oauth-access-token-env PSDECK_TEST_TOKEN": true,
		"--oauth-access-token-command true":          true,
	} {
		f, err := parse(t, "", strings.Fields(args)...)
		if err != nil {
			t.Fatal(err)
		}
		if f.Given() != want {
			t.Errorf("%q names a target: %v", args, f.Given())
		}
	}
}

// A typed New-CsOnlineSession wins over the flags, key by key; a safety rule
// of the flags stays.
func TestFlagsCompleteWhatWasTyped(t *testing.T) {
	t.Setenv("PSDECK_TEST_PROXY", "through")
	f, err := parse(t, "pw\n", "--password-stdin", "--sign-in", "password", "--read-only", "--allow-unencrypted", "--expect-tenant", "contoso.example",
		"--env", "prod", "--authentication", "oauth", "--client-id", "c", "--authority", "https://a/", "--tenant", "t", "--configuration-name", "Jea",
		"--transport", "wsman", "--override-access-token-resource-uri", "https://r/",
		"--session-option", "IdleTimeout=15m", "--session-option", "OpenTimeout=1000", "--session-option", "Culture=de-DE",
		"--session-option", "ApplicationArguments.A=flag", "--session-option", "ApplicationArguments.B=flag",
		"--session-option", "NoMachineProfile=true", "--session-option", "SkipCNCheck=true",
		"--session-option", "UseUTF16=true", "--session-option", "MaximumRedirection=0", "--allow-redirection", "--proxy-password-env", "PSDECK_TEST_PROXY")
	if err != nil {
		t.Fatal(err)
	}
	typed := session.Target{
		UserName: "x@contoso.example", SignIn: auth.MethodDevice, ClientID: "typed",
		Options: session.Options{IdleTimeout: time.Hour, ApplicationArguments: map[string]clixml.Value{"A": clixml.Str("typed")}},
	}
	got := f.Complete(typed)
	for _, c := range []struct{ name, got, want string }{
		{"UserName", got.UserName, "x@contoso.example"},
		{"SignIn", string(got.SignIn), "device"},
		{"ClientID", got.ClientID, "typed"},
		{"Authority", got.Authority, "https://a/"},
		{"Tenant", got.Tenant, "t"},
		{"ConfigurationName", got.ConfigurationName, "Jea"},
		{"Transport", got.Transport, "wsman"},
		{"Authentication", got.Authentication, "oauth"},
		{"resource", got.OverrideAccessTokenResourceURI, "https://r/"},
		{"Env", string(got.Env), "prod"},
		{"ExpectTenant", got.ExpectTenant, "contoso.example"},
		{"IdleTimeout", got.Options.IdleTimeout.String(), "1h0m0s"},
		{"OpenTimeout", got.Options.OpenTimeout.String(), "1s"},
		{"Culture", got.Options.Culture, "de-DE"},
		{"argument A", got.Options.ApplicationArguments["A"].Text(), "typed"},
		{"argument B", got.Options.ApplicationArguments["B"].Text(), "flag"},
		{"password", password(t, got), "pw"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if !got.ReadOnly || !got.AllowUnencrypted || !*got.Options.NoMachineProfile || !got.Options.SkipCNCheck {
		t.Errorf("%+v", got)
	}
	if !got.AllowRedirection || !got.Options.UseUTF16 || *got.Options.MaximumConnectionRedirectionCount != 0 {
		t.Errorf("%+v", got)
	}
	if secret, err := got.Options.ProxyPassword(t.Context(), "x"); err != nil || secret.Reveal() != "through" {
		t.Errorf("the proxy's password is %q, %v", secret.Reveal(), err)
	}
	if f.Target.Options.ApplicationArguments["A"].Text() != "flag" || len(typed.Options.ApplicationArguments) != 1 {
		t.Error("what was given was changed")
	}
}

func TestACertificateFileIsAddedToTheSystems(t *testing.T) {
	l, err := lab.Start(context.Background(), lab.Options{InMemory: true, StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := parse(t, "", "--ca-file", l.CAFile())
	if err != nil || f.Network.RootCAs == nil {
		t.Fatalf("%v", err)
	}
}

// New-CsOnlineSession -Credential NAME, typed in a line, asks at the terminal.
func TestTheTypedCredentialIsAskedFor(t *testing.T) {
	var asked []string
	ask := func(prompt string) (string, error) { asked = append(asked, prompt); return "pass", nil }
	var f TargetFlags
	typed := f.CompleteTyped(session.Target{UserName: contosoAdmin, SignIn: auth.MethodPassword}, ask)
	if p, err := typed.Password(t.Context(), contosoAdmin); err != nil || p.Reveal() != "pass" || len(asked) != 1 || asked[0] != "password of "+contosoAdmin+": " {
		t.Errorf("%v, asked %q", err, asked)
	}
	if f.CompleteTyped(session.Target{UserName: contosoAdmin}, ask).Password != nil || f.CompleteTyped(session.Target{SignIn: auth.MethodPassword}, nil).Password != nil {
		t.Error("a password is asked for where none is wanted, or nobody is there")
	}
}
