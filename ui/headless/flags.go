package headless

import (
	"cmp"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
)

// TargetFlags are the flags that say where to connect and as whom. The
// cmdlet's parameters keep their names in kebab case. No flag takes a secret:
// arguments are seen by everybody on the machine.
type TargetFlags struct {
	Target  session.Target
	Network discovery.Network
	Trace   string
	// ProfileName is the profile whose settings stand in for flags not given.
	ProfileName string

	credential, env, signIn, caFile string
	clientCertificate               string
	passwordStdin                   bool
	tokenStdin                      bool
	tokenEnv, tokenFile, tokenCmd   string
	clientSecretStdin               bool
	appCertificate, pfxPasswordEnv  string
	proxyPasswordEnv                string
	options, resolve                []string
}

// List is a flag that may be repeated.
type List []string

// String implements flag.Value.
func (l *List) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *List) Set(s string) error { *l = append(*l, s); return nil }

// Register adds the flags to fs.
func (f *TargetFlags) Register(fs *flag.FlagSet) {
	t := &f.Target
	fs.StringVar(&f.ProfileName, "profile", "", "take what the other flags do not say from the profile of this `name`")
	fs.StringVar(&t.UserName, "user-name", "", "the `account` to sign in with; another one is refused")
	fs.StringVar(&f.credential, "credential", "", "the `account` whose password is given (--password-stdin) or asked for")
	fs.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from the first line of standard input")
	fs.BoolVar(&f.tokenStdin, "oauth-access-token-stdin", false, "read an access token from the first line of standard input")
	fs.StringVar(&f.tokenEnv, "oauth-access-token-env", "", "read an access token from this environment `variable`")
	fs.StringVar(&f.tokenFile, "oauth-access-token-file", "", "read an access token from this `file`")
	fs.StringVar(&f.tokenCmd, "oauth-access-token-command", "", "run this shell `command` for an access token, again before it ends or when it is refused")
	fs.StringVar(&t.OverrideAdminDomain, "override-admin-domain", "", "the `domain` of the tenant to manage")
	fs.StringVar(&t.OverrideDiscoveryURI, "override-discovery-uri", "", "where discovery starts (a `URI`)")
	fs.StringVar(&t.OverridePowerShellURI, flagEndpoint, "", "the PowerShell endpoint (a `URI`: https:, ssh://user@host or local:); no discovery then")
	fs.StringVar(&t.OverridePowerShellURI, flagConnection, "", "the same, as New-PSSession names it")
	fs.StringVar(&t.OverrideAccessTokenResourceURI, "override-access-token-resource-uri", "", "what the token is asked for (a `URI`)")
	fs.Var((*List)(&f.options), "session-option", "a PSSessionOption property as `Key=Value`; may be repeated (NoCompression is taken: data always goes uncompressed)")
	fs.StringVar(&f.proxyPasswordEnv, "proxy-password-env", "", "read the password of the option ProxyCredential from this environment `variable`")
	fs.StringVar(&t.Authentication, "authentication", "auto", "to the server: "+strings.Join(session.Authentications(), ", ")+
		"; negotiate, ntlm and kerberos without an account are the user of this Windows, or who ran kinit")
	fs.StringVar(&f.clientCertificate, "client-certificate", "", "a PEM `file` with a certificate and its key, to show to the server (--authentication certificate)")
	fs.StringVar(&f.signIn, "sign-in", "", "to the authority: browser, device, password, secret, certificate or token")
	fs.StringVar(&t.Keytab, "keytab", "", "a `file` with the account's keys, in place of its password (Kerberos)")
	fs.StringVar(&t.SPN, "spn", "", "the `name` of the server's service, as HTTP/host.example (Kerberos)")
	fs.StringVar(&t.ClientID, "client-id", "", "the application to sign in as, instead of the one the server names (an `id`)")
	fs.StringVar(&t.Authority, "authority", "", "the authority to sign in at, instead of the one the server names (a `URI`)")
	fs.StringVar(&t.Tenant, "tenant", "", "the tenant that must have issued the token (an `id` or domain)")
	fs.StringVar(&t.Cloud, "cloud", "", "the cloud of the tenant: "+strings.Join(discovery.CloudFlags(), ", ")+" (default: found out)")
	fs.Var((*List)(&t.CloudHosts), "cloud-host", "a `host` of the custom cloud, with a dot before for all below it; may be repeated")
	fs.BoolVar(&f.clientSecretStdin, "client-secret-stdin", false, "sign in as the application of --client-id, with the secret in the first line of standard input")
	fs.StringVar(&f.appCertificate, "app-certificate", "", "sign in as the application of --client-id, with the certificate and key in this PEM or PFX `file`")
	fs.StringVar(&f.pfxPasswordEnv, "app-certificate-password-env", "", "read the password of a PFX file from this environment `variable`")
	fs.StringVar(&t.ConfigurationName, "configuration-name", "", "the session configuration (default Microsoft.PowerShell)")
	fs.StringVar(&t.Transport, "transport", "", "wsman (objects), winrs (text only), local (PowerShell on this machine) or ssh (with an ssh:// URI)")
	fs.StringVar(&t.Bootstrap, "bootstrap", "", "sign a module in, in a PowerShell of this machine: teams or exchange")
	fs.StringVar(&t.GraphURI, "graph-uri", "", "where Microsoft Graph is, instead of where the cloud has it (a `URI`)")
	fs.StringVar(&t.SSHProgram, "ssh-program", "", "the `program` to connect by SSH with, such as ssh; without it, none is needed")
	fs.Var((*List)(&f.resolve), "resolve", "connect to ADDR instead, as `HOST:PORT=ADDR`; may be repeated")
	fs.StringVar(&t.Attach, "attach", "", "join the session with this `SHELLID`, left on the server, in place of opening one")
	fs.BoolVar(&t.AllowRedirection, "allow-redirection", false, "open the session where the server redirects to, on hosts of the same organisation or cloud")
	fs.BoolVar(&t.AllowUnencrypted, "allow-unencrypted", false, "let credentials and data go over plain http")
	fs.StringVar(&f.caFile, "ca-file", "", "a PEM `file` of certificate authorities to trust besides the system's")
	fs.BoolVar(&t.ReadOnly, "read-only", false, "run only what is known to read")
	fs.StringVar(&t.ExpectTenant, "expect-tenant", "", "refuse any other tenant than this (an `id` or domain)")
	fs.StringVar(&f.env, "env", "", "how careful to be: prod, test or dev")
	fs.StringVar(&f.Trace, "trace", "", "write one line an exchange to this `file`: sizes, ids and codes only")
}

// flagHint follows every complaint about a flag.
const flagHint = "psdeck help exec lists the flags and what they take"

// Given tells whether any flag named a target.
func (f *TargetFlags) Given() bool {
	t := f.Target
	return orAny(f.ProfileName, t.UserName, f.credential, f.tokenEnv, f.tokenFile, f.tokenCmd, f.appCertificate, t.OverrideAdminDomain, t.OverrideDiscoveryURI, t.OverridePowerShellURI, t.Bootstrap) ||
		f.tokenStdin || f.clientSecretStdin || f.signIn != "" && f.signIn != string(auth.MethodPassword) || t.Transport == "local" || t.Transport == "ssh"
}

// Name takes the target as a person names it: an address, an account, or a
// tenant's domain. A flag that says something else is a contradiction.
func (f *TargetFlags) Name(target string) error {
	field, flag := &f.Target.OverrideAdminDomain, "--override-admin-domain"
	switch {
	case strings.Contains(target, "://"):
		field, flag = &f.Target.OverridePowerShellURI, "--override-power-shell-uri"
	case strings.Contains(target, "@"):
		field, flag = &f.Target.UserName, "--user-name"
	}
	if *field != "" && !strings.EqualFold(*field, target) {
		return usage(fmt.Errorf("the target %q and %s %q contradict each other", target, flag, *field), "give one of them")
	}
	*field = target
	return nil
}

// CompleteTyped is Complete for a line: the password of a typed -Credential that
// nobody has given is asked for; a nil ask asks nobody.
func (f *TargetFlags) CompleteTyped(t session.Target, ask func(string) (string, error)) session.Target {
	t = f.Complete(t)
	if t.SignIn == auth.MethodPassword && t.Password == nil && ask != nil {
		t.Password = asking(ask)
	}
	return t
}

// Complete adds to a target that was typed as New-CsOnlineSession what the
// flags say and the line does not. What was typed wins, but a safety rule of
// the flags stays.
func (f *TargetFlags) Complete(t session.Target) session.Target {
	g := &f.Target
	if t.Password == nil {
		t.Password = g.Password
	}
	if t.AccessToken.IsZero() {
		t.AccessToken = g.AccessToken
	}
	if t.AccessTokenFrom == nil {
		t.AccessTokenFrom = g.AccessTokenFrom
	}
	if t.Application.IsZero() {
		t.Application = g.Application
	}
	if len(t.CloudHosts) == 0 {
		t.CloudHosts = g.CloudHosts
	}
	t.ClientCertificate = cmp.Or(t.ClientCertificate, g.ClientCertificate)
	t.SignIn = cmp.Or(t.SignIn, g.SignIn)
	t.Env = cmp.Or(t.Env, g.Env)
	for _, text := range []struct{ typed, flag *string }{
		{&t.Authentication, &g.Authentication},
		{&t.Keytab, &g.Keytab},
		{&t.SPN, &g.SPN},
		{&t.Authority, &g.Authority},
		{&t.ClientID, &g.ClientID},
		{&t.Tenant, &g.Tenant},
		{&t.Cloud, &g.Cloud},
		{&t.ConfigurationName, &g.ConfigurationName},
		{&t.Transport, &g.Transport},
		{&t.SSHProgram, &g.SSHProgram},
		{&t.GraphURI, &g.GraphURI},
		{&t.ExpectTenant, &g.ExpectTenant},
		{&t.OverrideAccessTokenResourceURI, &g.OverrideAccessTokenResourceURI},
	} {
		*text.typed = cmp.Or(*text.typed, *text.flag)
	}
	t.Options = t.Options.Complete(g.Options)
	t.ReadOnly = t.ReadOnly || g.ReadOnly
	t.AllowUnencrypted = t.AllowUnencrypted || g.AllowUnencrypted
	t.AllowRedirection = t.AllowRedirection || g.AllowRedirection
	return t
}

func orAny(values ...string) bool {
	return slices.ContainsFunc(values, func(s string) bool { return s != "" })
}

// Resolve checks what was given and reads the secrets from where they are.
// ask reads a password from a terminal; nil where there is none.
func (f *TargetFlags) Resolve(stdin io.Reader, ask func(prompt string) (string, error)) error {
	for _, step := range []func() error{f.names, f.network, f.sessionOptions} {
		if err := step(); err != nil {
			return usage(err, flagHint)
		}
	}
	return usage(f.secrets(stdin, ask), flagHint)
}

func (f *TargetFlags) names() error {
	t := &f.Target
	for _, word := range []*string{&f.signIn, &f.env, &t.Authentication, &t.Transport} { // PowerShell begins them with capitals
		*word = strings.ToLower(*word)
	}
	if f.credential != "" {
		if t.UserName != "" && !strings.EqualFold(t.UserName, f.credential) {
			return errors.New("--user-name and --credential name different accounts")
		}
		t.UserName = f.credential
	}
	t.SignIn = auth.Method(f.signIn)
	if f.signIn != "" && !slices.Contains(auth.Methods(), t.SignIn) {
		return fmt.Errorf("--sign-in %q is none of browser, device, password, secret, certificate, token", f.signIn)
	}
	if open, why := auth.Browser(os.Getenv); t.SignIn == auth.MethodBrowser && open == nil {
		return fmt.Errorf("--sign-in browser: no browser can be opened here: %s; --sign-in device works anywhere", why)
	}
	if _, err := discovery.ParseCloud(t.Cloud, t.Authority, t.CloudHosts); err != nil {
		return fmt.Errorf("--cloud: %w; %s", err, discovery.HintOf(err))
	}
	t.Env = session.Environment(f.env)
	if f.env != "" && !slices.Contains([]session.Environment{session.Prod, session.Test, session.Dev}, t.Env) {
		return fmt.Errorf("--env %q is none of prod, test, dev", f.env)
	}
	if ways := session.Authentications(); !slices.Contains(ways, t.Authentication) {
		return fmt.Errorf("--authentication %q is none of %s", t.Authentication, strings.Join(ways, ", "))
	}
	if !slices.Contains([]string{"", "wsman", "winrs", "local", "ssh"}, t.Transport) {
		return fmt.Errorf("--transport %q is none of wsman, winrs, local, ssh", t.Transport)
	}
	return nil
}

func (f *TargetFlags) network() error {
	f.Network.Resolve = make(map[string]string)
	for _, r := range f.resolve {
		host, addr, err := discovery.ParseResolve(r)
		if err != nil {
			return fmt.Errorf("--resolve: %w", err)
		}
		f.Network.Resolve[host] = addr
	}
	if f.clientCertificate != "" {
		cert, err := tls.LoadX509KeyPair(f.clientCertificate, f.clientCertificate)
		if err != nil {
			return fmt.Errorf("--client-certificate: %w", err)
		}
		f.Target.ClientCertificate = &cert
	}
	if f.caFile == "" {
		return nil
	}
	pool, err := loadRoots(f.caFile)
	if err != nil {
		return fmt.Errorf("--ca-file: %w", err)
	}
	f.Network.RootCAs = pool
	return nil
}

func (f *TargetFlags) sessionOptions() error {
	for _, o := range f.options {
		key, value, ok := strings.Cut(o, "=")
		if !ok {
			return fmt.Errorf("--session-option %q is not of the form Key=Value", o)
		}
		if err := f.Target.Options.Set(key, value); err != nil {
			return err
		}
	}
	return f.Target.Options.Check()
}
