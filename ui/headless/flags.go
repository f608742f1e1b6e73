package headless

import (
	"cmp"
	"context"
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

	credential, env, signIn, caFile string
	passwordStdin                   bool
	tokenStdin                      bool
	tokenEnv, tokenFile             string
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
	fs.StringVar(&t.UserName, "user-name", "", "the `account` to sign in with; another one is refused")
	fs.StringVar(&f.credential, "credential", "", "the `account` whose password is given (--password-stdin) or asked for")
	fs.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from the first line of standard input")
	fs.BoolVar(&f.tokenStdin, "oauth-access-token-stdin", false, "read an access token from the first line of standard input")
	fs.StringVar(&f.tokenEnv, "oauth-access-token-env", "", "read an access token from this environment `variable`")
	fs.StringVar(&f.tokenFile, "oauth-access-token-file", "", "read an access token from this `file`")
	fs.StringVar(&t.OverrideAdminDomain, "override-admin-domain", "", "the `domain` of the tenant to manage")
	fs.StringVar(&t.OverrideDiscoveryURI, "override-discovery-uri", "", "where discovery starts (a `URI`)")
	fs.StringVar(&t.OverridePowerShellURI, "override-power-shell-uri", "", "the PowerShell endpoint (a `URI`: https:, ssh://user@host or local:); no discovery then")
	fs.StringVar(&t.OverrideAccessTokenResourceURI, "override-access-token-resource-uri", "", "what the token is asked for (a `URI`)")
	fs.Var((*List)(&f.options), "session-option", "a PSSessionOption property as `Key=Value`; may be repeated (NoCompression is taken: data always goes uncompressed)")
	fs.StringVar(&f.proxyPasswordEnv, "proxy-password-env", "", "read the password of the option ProxyCredential from this environment `variable`")
	fs.StringVar(&t.Authentication, "authentication", "auto", "to the server: auto, basic, oauth or bearer")
	fs.StringVar(&f.signIn, "sign-in", "", "to the authority: browser, device, password or token")
	fs.StringVar(&t.ClientID, "client-id", "", "the application to sign in as, instead of the one the server names (an `id`)")
	fs.StringVar(&t.Authority, "authority", "", "the authority to sign in at, instead of the one the server names (a `URI`)")
	fs.StringVar(&t.Tenant, "tenant", "", "the tenant that must have issued the token (an `id`)")
	fs.StringVar(&t.ConfigurationName, "configuration-name", "", "the session configuration (default Microsoft.PowerShell)")
	fs.StringVar(&t.Transport, "transport", "", "wsman (objects), winrs (text only), local (PowerShell on this machine) or ssh (with an ssh:// URI)")
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
	return orAny(t.UserName, f.credential, f.tokenEnv, f.tokenFile, t.OverrideAdminDomain, t.OverrideDiscoveryURI, t.OverridePowerShellURI) ||
		f.tokenStdin || f.signIn != "" || t.Transport == "local" || t.Transport == "ssh"
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
	t.SignIn = cmp.Or(t.SignIn, g.SignIn)
	t.Env = cmp.Or(t.Env, g.Env)
	for _, text := range []struct{ typed, flag *string }{
		{&t.Authentication, &g.Authentication},
		{&t.Authority, &g.Authority},
		{&t.ClientID, &g.ClientID},
		{&t.Tenant, &g.Tenant},
		{&t.ConfigurationName, &g.ConfigurationName},
		{&t.Transport, &g.Transport},
		{&t.SSHProgram, &g.SSHProgram},
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
	if f.credential != "" {
		if t.UserName != "" && !strings.EqualFold(t.UserName, f.credential) {
			return errors.New("--user-name and --credential name different accounts")
		}
		t.UserName = f.credential
	}
	t.SignIn = auth.Method(f.signIn)
	if f.signIn != "" && !slices.Contains([]auth.Method{auth.MethodBrowser, auth.MethodDevice, auth.MethodPassword, auth.MethodToken}, t.SignIn) {
		return fmt.Errorf("--sign-in %q is none of browser, device, password, token", f.signIn)
	}
	t.Env = session.Environment(f.env)
	if f.env != "" && !slices.Contains([]session.Environment{session.Prod, session.Test, session.Dev}, t.Env) {
		return fmt.Errorf("--env %q is none of prod, test, dev", f.env)
	}
	if !slices.Contains([]string{"auto", "basic", "oauth", "bearer"}, t.Authentication) {
		return fmt.Errorf("--authentication %q is none of auto, basic, oauth, bearer", t.Authentication)
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

func (f *TargetFlags) secrets(stdin io.Reader, ask func(string) (string, error)) error {
	t := &f.Target
	if err := f.exclusive(); err != nil {
		return err
	}
	if err := f.proxyPassword(ask); err != nil {
		return err
	}
	token, err := f.token(stdin)
	if err != nil {
		return err
	}
	t.AccessToken = auth.NewSecret(token)
	if t.SignIn == auth.MethodToken && token == "" {
		return errors.New("--sign-in token wants a token: --oauth-access-token-stdin, -env or -file")
	}
	switch {
	case f.passwordStdin:
		line, err := firstLine(stdin)
		if err != nil {
			return fmt.Errorf("--password-stdin: %w", err)
		}
		secret := auth.NewSecret(line)
		t.Password = func(context.Context, string) (auth.Secret, error) { return secret, nil }
	case f.credential != "" || t.SignIn == auth.MethodPassword:
		if ask == nil {
			return errors.New("a password is needed and there is no terminal to ask on: give it with --password-stdin")
		}
		t.Password = func(_ context.Context, name string) (auth.Secret, error) {
			s, err := ask("password of " + name + ": ")
			return auth.NewSecret(s), err
		}
	}
	return nil
}

// proxyPassword is where the proxy's password comes from: a place of its own,
// so that no other password goes to a proxy.
func (f *TargetFlags) proxyPassword(ask func(string) (string, error)) error {
	o := &f.Target.Options
	switch {
	case f.proxyPasswordEnv != "":
		v, ok := os.LookupEnv(f.proxyPasswordEnv)
		if !ok {
			return fmt.Errorf("--proxy-password-env: the variable %s is not set", f.proxyPasswordEnv)
		}
		secret := auth.NewSecret(v)
		o.ProxyPassword = func(context.Context, string) (auth.Secret, error) { return secret, nil }
	case ask != nil:
		o.ProxyPassword = func(_ context.Context, name string) (auth.Secret, error) {
			s, err := ask("password of " + name + " for the proxy: ")
			return auth.NewSecret(s), err
		}
	}
	return nil
}

// exclusive refuses two places to read one secret from, and two ways to say
// who signs in.
func (f *TargetFlags) exclusive() error {
	tokens := 0
	for _, given := range []bool{f.tokenStdin, f.tokenEnv != "", f.tokenFile != ""} {
		if given {
			tokens++
		}
	}
	switch {
	case f.tokenStdin && f.passwordStdin:
		return errors.New("--password-stdin and --oauth-access-token-stdin cannot both be read from standard input")
	case tokens > 1:
		return errors.New("--oauth-access-token-stdin, -env and -file exclude each other")
	case tokens > 0 && f.credential != "":
		return errors.New("--credential and an access token exclude each other")
	case tokens > 0 && f.signIn != "" && f.Target.SignIn != auth.MethodToken:
		return fmt.Errorf("--sign-in %s and an access token exclude each other", f.signIn)
	}
	return nil
}

func (f *TargetFlags) token(stdin io.Reader) (string, error) {
	switch {
	case f.tokenStdin:
		line, err := firstLine(stdin)
		if err != nil {
			return "", fmt.Errorf("--oauth-access-token-stdin: %w", err)
		}
		return strings.TrimSpace(line), nil
	case f.tokenEnv != "":
		v := strings.TrimSpace(os.Getenv(f.tokenEnv))
		if v == "" {
			return "", fmt.Errorf("--oauth-access-token-env: the variable %s is not set", f.tokenEnv)
		}
		return v, nil
	case f.tokenFile != "":
		b, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return "", fmt.Errorf("--oauth-access-token-file: %w", err)
		}
		token := strings.TrimSpace(string(b))
		if token == "" {
			return "", fmt.Errorf("--oauth-access-token-file: %s is empty", f.tokenFile)
		}
		return token, nil
	}
	return "", nil
}

// firstLine reads one line and not a byte more: what follows may be lines to
// run.
func firstLine(r io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := r.Read(b)
		if n > 0 && b[0] != '\n' {
			if line = append(line, b[0]); len(line) > maxSecret {
				return "", errors.New("the first line of standard input is too long for a secret")
			}
			continue
		}
		if n == 0 && err == nil {
			continue
		}
		text := strings.TrimRight(string(line), "\r")
		switch {
		case text != "":
			return text, nil
		case err == nil || errors.Is(err, io.EOF):
			return "", errors.New("the first line of standard input is empty")
		}
		return "", err
	}
}

// maxSecret bounds a secret, in bytes; tokens are a few thousand long.
const maxSecret = 1 << 20
