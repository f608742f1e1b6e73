package headless

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"psdeck/auth"
)

// OrNobody asks nobody where ask is nil: for what sends no password, so that one
// that is missing is no error.
func OrNobody(ask func(string) (string, error)) func(string) (string, error) {
	if ask != nil {
		return ask
	}
	return func(string) (string, error) { return "", errors.New("there is nobody to ask") }
}

// secrets reads the secrets from where they are, each from one place.
func (f *TargetFlags) secrets(stdin io.Reader, ask func(string) (string, error)) error {
	t := &f.Target
	if err := f.exclusive(); err != nil {
		return err
	}
	if err := f.proxyPassword(ask); err != nil {
		return err
	}
	if err := f.application(stdin, ask); err != nil {
		return err
	}
	token, err := f.token(stdin)
	if err != nil {
		return err
	}
	t.AccessToken = auth.NewSecret(token)
	if t.SignIn == auth.MethodToken && token == "" && t.AccessTokenFrom == nil {
		return errors.New("--sign-in token wants a token: --oauth-access-token-stdin, -env, -file or -command")
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
		t.Password = asking(ask)
	}
	return nil
}

// asking asks for the password of a user.
func asking(ask func(string) (string, error)) func(context.Context, string) (auth.Secret, error) {
	return func(_ context.Context, name string) (auth.Secret, error) {
		s, err := ask("password of " + name + ": ")
		return auth.NewSecret(s), err
	}
}

// application reads what an application signs in with.
func (f *TargetFlags) application(stdin io.Reader, ask func(string) (string, error)) error {
	t := &f.Target
	switch {
	case f.clientSecretStdin:
		line, err := firstLine(stdin)
		if err != nil {
			return fmt.Errorf("--client-secret-stdin: %w", err)
		}
		t.Application = auth.SecretCredential(auth.NewSecret(line))
	case f.appCertificate != "":
		c, err := f.certificate(ask)
		if err != nil {
			return fmt.Errorf("--app-certificate: %w", err)
		}
		t.Application = c
	case t.SignIn == auth.MethodSecret:
		return errors.New("--sign-in secret wants --client-secret-stdin")
	case t.SignIn == auth.MethodCertificate:
		return errors.New("--sign-in certificate wants --app-certificate FILE")
	default:
		return nil
	}
	if t.SignIn != "" && t.SignIn != t.Application.Method() {
		return fmt.Errorf("--sign-in %s and the credential of an application exclude each other", t.SignIn)
	}
	return nil
}

// certificate reads the file of --app-certificate. The password of a PFX file
// is the variable's, else none, else asked for.
func (f *TargetFlags) certificate(ask func(string) (string, error)) (auth.AppCredential, error) {
	data, err := os.ReadFile(f.appCertificate)
	if err != nil {
		return auth.AppCredential{}, err
	}
	password := ""
	if f.pfxPasswordEnv != "" {
		var set bool
		if password, set = os.LookupEnv(f.pfxPasswordEnv); !set {
			return auth.AppCredential{}, fmt.Errorf("the variable %s is not set", f.pfxPasswordEnv)
		}
	}
	c, err := auth.ParseCertificate(data, auth.NewSecret(password))
	if errors.Is(err, auth.ErrPFXPassword) && f.pfxPasswordEnv == "" {
		if ask == nil {
			return c, errors.New("the PFX file has a password and there is no terminal to ask on: give it with --app-certificate-password-env")
		}
		if password, err = ask("password of " + f.appCertificate + ": "); err != nil {
			return c, err
		}
		c, err = auth.ParseCertificate(data, auth.NewSecret(password))
	}
	if hint := auth.HintOf(err); hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return c, err
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
	for _, given := range []bool{f.tokenStdin, f.tokenEnv != "", f.tokenFile != "", f.tokenCmd != ""} {
		if given {
			tokens++
		}
	}
	application := f.clientSecretStdin || f.appCertificate != ""
	switch {
	case f.tokenStdin && f.passwordStdin:
		return errors.New("--password-stdin and --oauth-access-token-stdin cannot both be read from standard input")
	case f.clientSecretStdin && (f.tokenStdin || f.passwordStdin):
		return errors.New("--client-secret-stdin and another secret cannot both be read from standard input")
	case f.clientSecretStdin && f.appCertificate != "":
		return errors.New("--client-secret-stdin and --app-certificate exclude each other")
	case application && (tokens > 0 || f.credential != "" || f.Target.UserName != ""):
		return errors.New("an application signs in as itself: --client-secret-stdin and --app-certificate exclude an account and a token")
	case application && f.Target.ClientID == "":
		return errors.New("an application signs in with its id: name it with --client-id")
	case tokens > 1:
		return errors.New("--oauth-access-token-stdin, -env, -file and -command exclude each other")
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
		f.Target.AccessTokenFrom = auth.FileToken(f.tokenFile)
		secret, err := f.Target.AccessTokenFrom(context.Background())
		if err != nil {
			return "", fmt.Errorf("--oauth-access-token-file: %w", err)
		}
		return secret.Reveal(), nil
	case f.tokenCmd != "":
		f.Target.AccessTokenFrom = auth.CommandToken(f.tokenCmd) // run when it is needed
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
