package cli

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/safetext"
	"psdeck/ui/headless"
)

// runAuth lists, signs in or signs out.
func runAuth(ctx context.Context, args []string, s Streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("auth", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.AuthConfig{Verb: verb, Stdout: s.Out, Stderr: s.Err, Interactive: s.ErrTTY}
	form := fs.String("output", "table", "`form` of the list: table or json")
	fs.BoolVar(&cfg.All, "all", false, "sign every account out")
	rest, code, done := parse("auth", "list|login|logout [ACCOUNT]", 1, fs, args, s)
	if done {
		return code
	}
	if *form != "table" && *form != "json" {
		return usage(s, fmt.Errorf("output form %q is none of table, json", *form), "psdeck help auth lists the flags")
	}
	cfg.JSON = *form == "json"
	switch {
	case len(rest) > 0 && verb == "login":
		if err := f.Name(rest[0]); err != nil {
			return headless.Report(s.Err, err)
		}
	case len(rest) > 0 && verb == "logout":
		cfg.Account = rest[0]
	case len(rest) > 0:
		return usage(s, fmt.Errorf("%q is one argument too many", rest[0]), "psdeck help auth")
	}
	if err := f.Resolve(s.In, askPassword(s)); err != nil {
		return headless.Report(s.Err, err)
	}
	dir, err := headless.StateDir()
	if err != nil {
		return headless.Report(s.Err, err)
	}
	cfg.Target, cfg.Broker = f.Target, newBroker(s, &f, auth.NewVault(filepath.Join(dir, "tokens"), s.Keyring))
	cfg.Connector = session.NewConnector(session.ConnectorConfig{Network: &f.Network, Broker: cfg.Broker})
	return headless.Auth(ctx, cfg)
}

// newBroker makes the broker of a process.
func newBroker(s Streams, f *headless.TargetFlags, kept auth.Cache) *auth.Broker {
	open, _ := auth.Browser(os.Getenv)
	if !s.ErrTTY && f.Target.SignIn != auth.MethodBrowser {
		open = nil // nobody may be there to use it, and nobody asked for it
	}
	return auth.NewBroker(auth.BrokerConfig{
		HTTP: f.Network.HTTPClient(), OpenBrowser: open, Cache: kept,
	})
}

// askPassword reads a password from the terminal without showing it; nil
// where there is no terminal.
func askPassword(s Streams) func(string) (string, error) {
	if !s.InTTY || !s.ErrTTY {
		return nil
	}
	return func(prompt string) (string, error) {
		fmt.Fprint(s.Err, prompt)
		b, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(s.Err)
		return string(b), err
	}
}

// askAboutKeys lets a person at the terminal answer what an SSH server and the
// keys for it ask; without one, unknown hosts are refused, locked keys passed over.
func askAboutKeys(s Streams, t *session.Target) {
	hidden := askPassword(s)
	if hidden == nil {
		return
	}
	t.HostKey = func(_ context.Context, k session.HostKey) (bool, error) {
		fmt.Fprintf(s.Err, "The host %s is not known. It shows the %s key\n  %s\nLet it in (yes, no, or the fingerprint)? ",
			safetext.Clean(k.Host), safetext.Clean(k.Type), safetext.Clean(k.Fingerprint))
		answer, err := bufio.NewReader(s.In).ReadString('\n')
		answer = strings.TrimSpace(answer)
		return strings.EqualFold(answer, "yes") || answer != "" && answer == k.Fingerprint, err
	}
	t.Passphrase = func(_ context.Context, file string) (auth.Secret, error) {
		text, err := hidden("passphrase of " + safetext.Clean(file) + ": ")
		return auth.NewSecret(text), err
	}
}
