package headless

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
)

// CheckConfig is one call of check.
type CheckConfig struct {
	What           string // a domain, or the URI of an endpoint
	Target         session.Target
	Network        *discovery.Network
	Stdout, Stderr io.Writer
}

// Check explains how a session would come about: each hop of discovery, the
// endpoint, the server's challenge and what would be asked of whom. It opens no
// session and sends no secret. For a failure it says the next step.
func Check(ctx context.Context, cfg CheckConfig) int {
	u, err := cfg.endpoint(ctx)
	if err != nil {
		return Report(cfg.Stderr, session.Explain("", err))
	}
	cfg.say("endpoint", u.String())
	cloud, known := discovery.KnownCloud(u.Hostname())
	if !known {
		cloud = "none that is known: a token would be sent to " + u.Host
	}
	cfg.say("cloud", cloud)
	challenges, err := auth.Probe(ctx, cfg.Network.HTTPClient(), u.String())
	if err != nil {
		return Report(cfg.Stderr, session.Explain("asking "+u.Host+" how to sign in", err))
	}
	for _, c := range challenges {
		cfg.challenge(c)
	}
	cfg.say("resource", discovery.ResourceOf(u, cfg.Target.OverrideAccessTokenResourceURI))
	return ExitDone
}

func (cfg *CheckConfig) endpoint(ctx context.Context) (*url.URL, error) {
	if strings.Contains(cfg.What, "://") || cfg.Target.OverridePowerShellURI != "" {
		text := cfg.Target.OverridePowerShellURI
		if text == "" {
			text = cfg.What
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, &session.Error{Doing: "reading the URI", Err: fmt.Errorf("%q is no URI", text), Hints: []string{"write it as https://host/path"}, Class: session.ClassUsage}
		}
		return u, discovery.CheckEndpoint(u, false, cfg.Target.AllowUnencrypted)
	}
	domain := cfg.What
	if i := strings.LastIndexByte(domain, '@'); i >= 0 {
		domain = domain[i+1:]
	}
	if cfg.Target.OverrideAdminDomain != "" {
		domain = cfg.Target.OverrideAdminDomain
	}
	found, err := discovery.Discover(ctx, discovery.Request{
		Domain: domain, DiscoveryURI: cfg.Target.OverrideDiscoveryURI, Client: cfg.Network.HTTPClient(), OnHop: cfg.hop,
	})
	if err != nil {
		return nil, err
	}
	return discovery.WithAdminDomain(found.PowerShellURI, domain), discovery.CheckEndpoint(found.PowerShellURI, true, false)
}

func (cfg *CheckConfig) hop(h discovery.Hop) {
	fmt.Fprintf(cfg.Stdout, "hop        %s\n           %s (%s)\n", session.Clean(h.URL), session.Clean(h.Outcome), h.Duration.Round(time.Millisecond))
}

func (cfg *CheckConfig) challenge(c auth.Challenge) {
	parts := []string{c.Scheme}
	if c.AuthorizationURI != "" {
		parts = append(parts, "authority "+c.AuthorizationURI)
	}
	if c.ClientID != "" {
		parts = append(parts, "client "+c.ClientID)
	}
	if c.Realm != "" {
		parts = append(parts, "realm "+c.Realm)
	}
	cfg.say("challenge", strings.Join(parts, ", "))
}

func (cfg *CheckConfig) say(what, text string) {
	fmt.Fprintf(cfg.Stdout, "%-10s %s\n", what, session.Clean(text))
}
