package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/ui"
	"psdeck/ui/headless"
)

// runOpen starts the deck with the tabs of profiles.
func runOpen(ctx context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("open", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	var tenants headless.TenantSource
	tenants.Register(fs)
	names, code, done := parse("open", "NAME...", 99, fs, args, s)
	if done {
		return code
	}
	if len(names) == 0 {
		return usage(s, errors.New("no profile is named"), "psdeck profiles list shows those that are there")
	}
	return startDeck(ctx, &f, &tenants, fs, names, s)
}

// runDeck starts the deck on the real world.
func runDeck(ctx context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("psdeck", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	var tenants headless.TenantSource
	tenants.Register(fs)
	if _, code, done := parse("", "", 0, fs, args, s); done {
		return code
	}
	return startDeck(ctx, &f, &tenants, fs, nil, s)
}

// startDeck starts it with the tabs of profiles, and of the flags where they name
// a target.
func startDeck(ctx context.Context, f *headless.TargetFlags, tenants *headless.TenantSource, fs *flag.FlagSet, names []string, s Streams) int {
	if !s.InTTY || !s.OutTTY {
		return usage(s, errors.New("the deck needs a terminal"), "psdeck exec works without one")
	}
	profiles, err := readProfiles()
	if err == nil {
		err = errors.Join(profiles.Apply(f, fs), tenants.Check())
	}
	if err != nil {
		return headless.Report(s.Err, err)
	}
	if err := f.Resolve(s.In, askPassword(s)); err != nil {
		return headless.Report(s.Err, err)
	}
	places, targets, err := placesOf(profiles, names, s.Err)
	if err != nil {
		return headless.Report(s.Err, err)
	}
	return withConnector(s, f, func(c *session.Connector) int {
		open, _ := auth.Browser(os.Getenv)
		cfg := ui.Config{Version: s.Version, NoBrowser: open == nil, Places: places, Open: targets}
		if f.Given() {
			cfg.Open = append(cfg.Open, f.Target)
		}
		if err := tenants.Settle(f.Target, c.ManagedTenants); err != nil {
			return headless.Report(s.Err, err)
		}
		cfg.Managed = ui.Tenants(tenants, f.Target)
		m := session.NewManager(c)
		// Flags that name no target are for whatever is opened.
		complete := f.Complete
		if f.Given() {
			complete = func(t session.Target) session.Target { return t }
		}
		cfg.Connector = ui.Sessions(func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error) {
			return m.Connect(ctx, complete(t), watch)
		})
		cfg.Shells = func(ctx context.Context, t session.Target) (*session.Shells, error) {
			return c.Shells(ctx, complete(t), nil)
		}
		return deck(ctx, s, m, cfg)
	})
}

// placesOf are the profiles as the deck lists them, and the targets of those to
// open. One that cannot be used is named and left out.
func placesOf(profiles *headless.Profiles, open []string, say io.Writer) (places []ui.Place, targets []session.Target, err error) {
	for _, p := range profiles.Profiles {
		t, err := profiles.Target(p.Name)
		if err != nil {
			headless.Report(say, err)
			continue
		}
		places = append(places, ui.Place{Name: p.Name, Detail: headless.Where(&p), Env: t.Env, Target: t})
	}
	for _, name := range open {
		t, err := profiles.Target(name)
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, t)
	}
	return places, targets, nil
}

// deck runs the deck on the sessions of m and leaves none behind.
func deck(ctx context.Context, s Streams, m *session.Manager, cfg ui.Config) int {
	if err := ui.RunOn(ctx, m, cfg); err != nil {
		return headless.Report(s.Err, &session.Error{Doing: "running the deck", Err: err, Class: session.ClassCommand})
	}
	return headless.ExitDone
}
