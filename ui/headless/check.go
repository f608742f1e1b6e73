package headless

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/safetext"
)

// CheckConfig is one call of check.
type CheckConfig struct {
	What    string // a domain, or the URI of an endpoint
	Target  session.Target
	Network *discovery.Network
	// Broker tells whether a browser can be opened; nil is one that cannot.
	Broker *auth.Broker
	// Authority is where accounts sign in when nobody says otherwise.
	Authority string
	// JSON prints one object when all is done, for a ticket.
	JSON bool
	Now  func() time.Time // nil: time.Now

	Stdout, Stderr io.Writer
}

// checkStep is one thing that was looked at.
type checkStep struct {
	Name   string   `json:"name"` // hop, dns, endpoint, cloud, tls, challenge, clock, authority, tenant, flow, resource
	Text   string   `json:"text"`
	Detail string   `json:"detail,omitempty"`
	Failed bool     `json:"failed,omitempty"`
	Hints  []string `json:"hints,omitempty"`
}

// check is one Check on its way.
type check struct {
	CheckConfig
	client *clockedClient
	steps  []checkStep
	code   int // of the first failure
}

// Check explains how a session would come about: each hop of discovery, names
// and certificates, the server's challenge, the authority and what would be
// asked of whom there, and the clocks. It opens no session and sends no secret.
// For a failure it says the next step.
func Check(ctx context.Context, cfg CheckConfig) int {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Target.Authentication == "auto" {
		cfg.Target.Authentication = ""
	}
	x := &check{CheckConfig: cfg, client: newClockedClient(cfg.Network, cfg.Now)}
	defer x.client.inner.CloseIdleConnections()
	x.run(ctx)
	if cfg.JSON {
		x.print()
	}
	return x.code
}

func (x *check) run(ctx context.Context) {
	u, err := x.endpoint(ctx)
	if err != nil {
		x.fail("endpoint", "", err)
		return
	}
	x.say("endpoint", u.String())
	x.cloud(u)
	x.names(ctx, u)
	if u.Scheme == "https" && !x.certificates(ctx, u) {
		return
	}
	challenges, err := auth.Probe(ctx, x.client.http(), u.String())
	if err != nil {
		x.fail("challenge", "asking "+u.Host+" how to sign in", err)
		return
	}
	for _, c := range challenges {
		x.challenge(c)
	}
	x.clock(u.Host)
	x.way(ctx, u)
}

func (x *check) endpoint(ctx context.Context) (*url.URL, error) {
	if strings.Contains(x.What, "://") || x.Target.OverridePowerShellURI != "" {
		text := x.Target.OverridePowerShellURI
		if text == "" {
			text = x.What
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, &session.Error{Doing: "reading the URI", Err: fmt.Errorf("%q is no URI", text), Hints: []string{"write it as https://host/path"}, Class: session.ClassUsage}
		}
		return u, discovery.CheckEndpoint(u, false, true) // what may go over http is looked at with the way
	}
	cloud, err := discovery.ParseCloud(x.Target.Cloud, x.Target.Authority, x.Target.CloudHosts)
	if err != nil {
		return nil, err
	}
	found, err := discovery.Discover(ctx, discovery.Request{
		Domain: x.domain(), DiscoveryURI: x.Target.OverrideDiscoveryURI, Cloud: cloud, Client: x.Network.HTTPClient(), OnHop: x.hop,
	})
	if err != nil {
		return nil, err
	}
	return discovery.WithAdminDomain(found.PowerShellURI, x.domain()), discovery.CheckEndpoint(found.PowerShellURI, true, false)
}

// domain is the one to be managed, "" where only a URI was given.
func (x *check) domain() string {
	switch {
	case x.Target.OverrideAdminDomain != "":
		return x.Target.OverrideAdminDomain
	case strings.Contains(x.What, "://"):
		return ""
	}
	return x.What[strings.LastIndexByte(x.What, '@')+1:]
}

func (x *check) hop(h discovery.Hop) {
	x.step(checkStep{Name: "hop", Text: h.URL, Detail: fmt.Sprintf("%s (%s)", h.Outcome, h.Duration.Round(time.Millisecond)), Failed: h.Err != nil})
}

func (x *check) cloud(u *url.URL) {
	cloud, known := discovery.KnownCloud(u.Hostname())
	if !known {
		cloud = "none that is known: a token would be sent to " + u.Host
		if named, err := discovery.ParseCloud(x.Target.Cloud, x.Target.Authority, x.Target.CloudHosts); err == nil && named.Has(u.Hostname()) {
			cloud = named.Name
		}
	}
	x.say("cloud", cloud)
}

func (x *check) challenge(c auth.Challenge) {
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
	x.say("challenge", strings.Join(parts, ", "))
}

// way explains who would be asked for what.
func (x *check) way(ctx context.Context, u *url.URL) {
	t := x.Target
	t.OverridePowerShellURI = u.String()
	c := session.NewConnector(session.ConnectorConfig{Network: x.Network, Broker: x.Broker, Authority: x.Authority, Now: x.Now})
	way, err := c.Way(ctx, t)
	if err != nil {
		x.fail("flow", "", err)
		return
	}
	if way.Authority != "" {
		x.authority(ctx, way)
	}
	if way.Negotiation != nil {
		x.negotiation(ctx, way.Negotiation)
	}
	x.say("flow", flowText(way))
	if way.Resource != "" {
		x.say("resource", way.Resource)
	}
}

// flowText says what would happen to sign in.
func flowText(w session.Way) string {
	if w.Method == "" {
		return w.Shape
	}
	how := map[auth.Method]string{
		auth.MethodBrowser:     "a sign-in in the browser",
		auth.MethodDevice:      "a device code, entered in any browser",
		auth.MethodPassword:    "the user name and the password (refused where MFA is on)",
		auth.MethodSecret:      "the application's secret",
		auth.MethodCertificate: "the application's certificate",
		auth.MethodToken:       "the token that was given",
	}[w.Method]
	text := fmt.Sprintf("%s (--sign-in %s)", how, w.Method)
	if w.Method != auth.MethodToken {
		text += ", as client " + w.ClientID
	}
	return text + "; then " + w.Shape
}

// authority looks at where tokens come from, and what it knows of the domain.
func (x *check) authority(ctx context.Context, w session.Way) {
	text := w.Authority
	if w.Cloud != "" {
		text += ", cloud " + w.Cloud
	} else {
		text += ", not of a known cloud: a sign-in would go there"
	}
	u, err := url.Parse(w.Authority)
	if err != nil {
		x.fail("authority", "", err)
		return
	}
	x.names(ctx, u)
	if !x.certificates(ctx, u) {
		return
	}
	tenant := x.Target.Tenant
	if tenant == "" {
		tenant = x.domain()
	}
	if tenant == "" {
		tenant = "organizations"
	}
	info, err := auth.LookUpTenant(ctx, x.client.http(), w.Authority, tenant)
	if err != nil {
		x.fail("authority", "", err)
		return
	}
	x.say("authority", text)
	x.clock(u.Host)
	if info.ID == "" {
		return
	}
	said := tenant + " is " + info.ID
	home, known := discovery.CloudOfTenant(info.Scope, info.SubScope, info.Instance)
	if known {
		said += ", in the cloud " + home.Name
	}
	x.say("tenant", said)
	if known && hostOf(home.Authority) != u.Host {
		x.fail("tenant", "", &session.Error{
			Doing: "looking where " + tenant + " lives", Err: fmt.Errorf("its cloud is %s, whose accounts do not sign in at %s", home.Name, u.Host),
			Hints: []string{"use --cloud " + home.Flag}, Class: session.ClassSignIn,
		})
	}
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Host
}

func (x *check) say(name, text string) { x.step(checkStep{Name: name, Text: text}) }

// step keeps a step and shows it.
func (x *check) step(s checkStep) {
	s.Text, s.Detail = safetext.Clean(s.Text), safetext.Clean(s.Detail)
	x.steps = append(x.steps, s)
	if x.JSON {
		return
	}
	fmt.Fprintf(x.Stdout, "%-10s %s\n", s.Name, s.Text)
	if s.Detail != "" {
		fmt.Fprintf(x.Stdout, "%-10s %s\n", "", s.Detail)
	}
}

// fail keeps what went wrong and the next step, and tells it.
func (x *check) fail(name, doing string, err error) {
	err = session.Explain(doing, err)
	code := Report(x.Stderr, err)
	if x.code == ExitDone {
		x.code = code
	}
	x.steps = append(x.steps, checkStep{Name: name, Text: safetext.Clean(safetext.Redact(err.Error())), Failed: true, Hints: session.HintsOf(err)})
}

// print writes everything as one object.
func (x *check) print() {
	enc := json.NewEncoder(x.Stdout)
	enc.SetIndent("", "  ")
	_ = enc.Encode(struct {
		What     string      `json:"what"`
		At       time.Time   `json:"at"`
		ExitCode int         `json:"exit_code"`
		Steps    []checkStep `json:"steps"`
	}{safetext.Clean(x.What), x.Now().UTC(), x.code, x.steps}) // a reader that is gone needs no answer
}
