package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/ui"
	"psdeck/ui/headless"
)

// runDemo starts the deck on an embedded lab.
func runDemo(ctx context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	accessLog := fs.String("access-log", "", "write each request that reaches the lab to this `file`")
	broken := fs.Bool("broken-discovery", false, "let the lab's discovery service fail, to see what that looks like")
	if _, code, done := parse("demo", "", 0, fs, args, s); done {
		return code
	}
	if !s.InTTY || !s.OutTTY {
		return usage(s, errors.New("the demo needs a terminal"), "psdeck lab and psdeck exec work without one")
	}
	o := lab.Options{AutoApprove: true, AutoApproveAfter: 1500 * time.Millisecond, DiscoveryBroken: *broken}
	if *accessLog != "" {
		file, err := os.OpenFile(*accessLog, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return usage(s, fmt.Errorf("--access-log: %w", err), "give the path of a file that can be written")
		}
		defer file.Close()
		o.AccessLog = file
	}
	l, err := lab.Start(context.WithoutCancel(ctx), o)
	if err != nil {
		return headless.Report(s.Err, &session.Error{Err: err, Class: session.ClassConnect})
	}
	defer l.Close()
	network := &discovery.Network{Resolve: l.Resolve(), RootCAs: l.CAPool(), LoopbackOnly: true}
	c := session.NewConnector(session.ConnectorConfig{
		Network: network, Width: s.Width, Height: 30, Authority: l.Tenants()[0].Authority,
		Broker: auth.NewBroker(auth.BrokerConfig{HTTP: network.HTTPClient()}), Catalogs: session.OpenCatalogs("", nil),
	})
	m := session.NewManager(c)
	return deck(ctx, s, m, ui.Config{
		Version: s.Version, Places: demoPlaces(l.Tenants()), Connector: ui.Sessions(approving(l, m)),
		Shells: func(ctx context.Context, t session.Target) (*session.Shells, error) { return c.Shells(ctx, t, nil) },
		Demo:   &ui.DemoInfo{Text: "This is the demo: an embedded lab of three tenants. Nothing leaves this machine, and device codes approve themselves."},
	})
}

type connect = func(context.Context, session.Target, func(session.Event)) (*session.Session, error)

// approving connects as whoever is asked for: a code approves itself as that
// account, where the lab knows it.
func approving(l *lab.Lab, m *session.Manager) connect {
	return func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error) {
		return m.Connect(ctx, t, func(ev session.Event) {
			if shown, ok := ev.(session.DeviceCodeShown); ok && t.UserName != "" {
				_ = l.Authority().Expect(shown.Code.UserCode, t.UserName) // one that it does not know is nobody
			}
			watch(ev)
		})
	}
}

// demoPlaces lists the lab's tenants as one partner would manage them.
func demoPlaces(tenants []lab.TenantLine) []ui.Place {
	env := map[string]session.Environment{"contoso": session.Prod, "fabrikam": session.Test, "partner": session.Dev}
	places := make([]ui.Place, len(tenants))
	for i, t := range tenants {
		places[i] = ui.Place{
			Name: t.Name, Detail: t.Domain, Env: env[t.Name],
			Target: session.Target{
				Name: t.Name, UserName: "admin@partner.example", OverrideAdminDomain: t.Domain,
				SignIn: auth.MethodDevice, Env: env[t.Name],
			},
		}
	}
	return places
}
