package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"psdeck/session"
	"psdeck/ui/headless"
)

// runSessions lists the account's sessions on a server, or ends some of them.
func runSessions(ctx context.Context, args []string, s Streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("sessions", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.SessionsConfig{Stdout: s.Out, Stderr: s.Err, Interactive: s.ErrTTY, Width: s.Width}
	fs.StringVar(&cfg.Form, "output", "auto", "`form` of the list: auto, table, list, json, jsonl, csv, clixml or text")
	fs.BoolVar(&cfg.All, "all", false, "close every session that belongs to the account")
	ids, code, done := parse("sessions", "list|close [SHELLID...]", 1000, fs, args, s)
	if done {
		return code
	}
	cfg.IDs = ids
	if verb != "list" && verb != "close" {
		return usage(s, errors.New("sessions wants list or close"), "for example: psdeck sessions list --user-name admin@contoso.com")
	}
	cfg.Close = verb == "close"
	if err := cfg.Check(); err != nil {
		return headless.Report(s.Err, err)
	}
	if err := f.Resolve(s.In, askPassword(s)); err != nil {
		return headless.Report(s.Err, err)
	}
	cfg.Target = f.Target
	return withConnector(s, &f, func(c *session.Connector) int {
		cfg.Shells = c.Shells
		return headless.Sessions(ctx, cfg)
	})
}

// runCheck explains discovery and sign-in.
func runCheck(ctx context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("check", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	form := fs.String("output", "text", "`form` of the answer: text, or json for a ticket")
	rest, code, done := parse("check", "DOMAIN|URI", 1, fs, args, s)
	if done {
		return code
	}
	if *form != "text" && *form != "json" {
		return usage(s, fmt.Errorf("output form %q is none of text, json", *form), "psdeck help check lists the flags")
	}
	if len(rest) != 1 {
		return usage(s, errors.New("check wants one domain or URI"), "for example: psdeck check contoso.com")
	}
	if err := f.Resolve(s.In, headless.OrNobody(askPassword(s))); err != nil {
		return headless.Report(s.Err, err)
	}
	return headless.Check(ctx, headless.CheckConfig{
		What: rest[0], Target: f.Target, Network: &f.Network, Broker: newBroker(s, &f, nil), JSON: *form == "json", Stdout: s.Out, Stderr: s.Err,
	})
}
