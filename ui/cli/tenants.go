package cli

import (
	"context"
	"flag"
	"strings"

	"psdeck/session"
	"psdeck/ui/headless"
)

func runProfiles(_ context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("profiles", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	rest, code, done := parse("profiles", "list|show NAME|add NAME|remove NAME|import FILE", 3, fs, args, s)
	if done {
		return code
	}
	dir, err := headless.ConfigDir()
	if err != nil {
		return headless.Report(s.Err, err)
	}
	return headless.RunProfiles(headless.ProfilesConfig{Dir: dir, Args: rest, Flags: fs, Stdout: s.Out, Stderr: s.Err})
}

// runTenants lists the tenants that somebody manages.
func runTenants(ctx context.Context, args []string, s Streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("tenants", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.TenantsConfig{Verb: verb, Source: &headless.TenantSource{}, Width: s.Width, Stdout: s.Out, Stderr: s.Err, Interactive: s.ErrTTY}
	cfg.Source.Register(fs)
	fs.StringVar(&cfg.Form, "output", "auto", "`form` of the list: auto, table, list, json, jsonl, csv, clixml or text")
	rest, code, done := parse("tenants", "list|refresh [SEARCH]", 1, fs, args, s)
	if done {
		return code
	}
	cfg.Search = strings.Join(rest, " ")
	err := cfg.Check()
	if err == nil {
		err = f.Resolve(s.In, askPassword(s))
	}
	if err != nil {
		return headless.Report(s.Err, err)
	}
	return withConnector(s, &f, func(c *session.Connector) int {
		if err := cfg.Source.Settle(f.Target, c.ManagedTenants); err != nil {
			return headless.Report(s.Err, err)
		}
		return headless.Tenants(ctx, cfg)
	})
}
