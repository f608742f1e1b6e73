package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/ui/headless"
)

// newBroker makes the broker of a process.
func newBroker(s streams, f *headless.TargetFlags, kept auth.Cache) *auth.Broker {
	open, _ := auth.Browser(os.Getenv)
	if !s.errTTY && f.Target.SignIn != auth.MethodBrowser {
		open = nil // nobody may be there to use it, and nobody asked for it
	}
	return auth.NewBroker(auth.BrokerConfig{
		HTTP: f.Network.HTTPClient(), OpenBrowser: open, Cache: kept,
	})
}

// runAuth lists, signs in or signs out.
func runAuth(ctx context.Context, args []string, s streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("auth", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.AuthConfig{Verb: verb, Stdout: s.out, Stderr: s.err, Interactive: s.errTTY}
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
			return headless.Report(s.err, err)
		}
	case len(rest) > 0 && verb == "logout":
		cfg.Account = rest[0]
	case len(rest) > 0:
		return usage(s, fmt.Errorf("%q is one argument too many", rest[0]), "psdeck help auth")
	}
	if err := f.Resolve(s.in, askPassword(s)); err != nil {
		return headless.Report(s.err, err)
	}
	dir, err := stateDir()
	if err != nil {
		return headless.Report(s.err, err)
	}
	cfg.Target, cfg.Broker = f.Target, newBroker(s, &f, auth.NewVault(filepath.Join(dir, "tokens"), s.keyring))
	cfg.Connector = session.NewConnector(session.ConnectorConfig{Network: &f.Network, Broker: cfg.Broker})
	return headless.Auth(ctx, cfg)
}
