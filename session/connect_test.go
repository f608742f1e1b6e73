package session_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
)

// world is a lab in memory and a connector that reaches nothing else.
type world struct {
	t         *testing.T
	lab       *lab.Lab
	connector *session.Connector

	mu     sync.Mutex
	events []session.Event
}

func newWorld(t *testing.T, o lab.Options) *world {
	t.Helper()
	o.InMemory, o.AutoApprove = true, true
	l, err := lab.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	n := &discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}
	client := n.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	return &world{t: t, lab: l, connector: session.NewConnector(session.ConnectorConfig{
		Network: n, Authority: l.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}),
	})}
}

func (w *world) watch(ev session.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, ev)
}

func (w *world) connect(target session.Target) *session.Session {
	w.t.Helper()
	s, err := w.connector.Connect(w.t.Context(), target, w.watch)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// kinds are the lab's log entries of these kinds, as kind and what is telling.
func (w *world) kinds(kinds ...string) []string {
	var out []string
	for _, e := range w.lab.Access() {
		what := e.Kind
		switch e.Kind {
		case "wsman":
			what = e.Detail["action"] + " " + e.Detail["admin_domain"]
		case "grant":
			what += " " + e.Detail["grant_type"] + " " + e.Detail["resource"]
		}
		if slices.Contains(kinds, e.Kind) || slices.Contains(kinds, e.Detail["action"]) {
			out = append(out, what)
		}
	}
	return out
}

// ended runs a line to its end and hands over every record that comes.
func ended(t *testing.T, s session.Runner, line string, take func(session.Record)) session.Result {
	t.Helper()
	run, err := s.Run(t.Context(), line, session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	for {
		records, err := run.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			take(r)
		}
	}
	res, err := run.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func output(t *testing.T, s session.Runner, line string) ([]string, session.Result) {
	t.Helper()
	var out []string
	res := ended(t, s, line, func(r session.Record) {
		if r.Stream == session.StreamOutput {
			out = append(out, r.Value.String())
		}
	})
	return out, res
}

const partner = "admin@partner.example"

// One device code serves both tenants; each session proves its own tenant, and
// each has its own shell, which is gone after Close.
func TestOneSignInServesTwoTenants(t *testing.T) {
	w := newWorld(t, lab.Options{})
	contoso := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", SignIn: auth.MethodDevice})
	fabrikam := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "fabrikam.example", SignIn: auth.MethodDevice})
	for s, name := range map[*session.Session]string{contoso: "Contoso", fabrikam: "Fabrikam"} {
		if p := s.Proof(); !p.Proved || p.Label() != name {
			t.Errorf("proof %+v, want %s", p, name)
		}
		if out, _ := output(t, s, "Get-CsTenant | Select-Object -ExpandProperty DisplayName"); !slices.Equal(out, []string{name}) {
			t.Errorf("%s answers as %q", name, out)
		}
		if got := s.Account().UserName; got != partner {
			t.Errorf("account %q", got)
		}
		if s.Capabilities().LanguageMode != "NoLanguage" || !strings.HasPrefix(s.Name(), "SfBPowerShellSession_") {
			t.Errorf("%+v, %s", s.Capabilities(), s.Name())
		}
		if s.TokenExpires().IsZero() {
			t.Error("the token's end is not known")
		}
	}
	for _, s := range []*session.Session{contoso, fabrikam} {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if got := w.kinds("devicecode"); len(got) != 1 {
		t.Errorf("%d device codes, want one", len(got))
	}
	if got, want := w.kinds("Create"), []string{"Create contoso.example", "Create fabrikam.example"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := w.kinds("Delete"), []string{"Delete contoso.example", "Delete fabrikam.example"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.lab.Endpoint().Shells(); len(got) != 0 {
		t.Errorf("%d shells are left on the server", len(got))
	}
}

// The cmdlet without parameters: whoever signs in says by the account which
// tenant is meant.
func TestWithoutNameAndDomainTheAccountDecides(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{SignIn: auth.MethodDevice})
	if s.Account().UserName != partner || s.Proof().Label() != "Partner" {
		t.Errorf("account %+v, proof %+v", s.Account(), s.Proof())
	}
	if first := w.lab.Access()[0].Kind; first == "discovery" {
		t.Error("discovery came before the sign-in that names the domain")
	}
}

func TestTheResourceIsTheEndpointUnlessOverridden(t *testing.T) {
	const other = "https://tokens.lab.example/other"
	w := newWorld(t, lab.Options{})
	target := session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", SignIn: auth.MethodDevice}
	w.connect(target)
	target.OverrideAccessTokenResourceURI = other
	w.connect(target)
	grants := strings.Join(w.kinds("grant"), "\n")
	for _, want := range []string{"https://admin1e.online.lync.example/OcsPowershellOAuth", other} {
		if !strings.Contains(grants, want) {
			t.Errorf("no grant for %s in\n%s", want, grants)
		}
	}
}

func TestEveryStepIsReportedInOrder(t *testing.T) {
	w := newWorld(t, lab.Options{})
	w.connect(session.Target{UserName: partner, OverrideAdminDomain: "fabrikam.example", SignIn: auth.MethodDevice})
	var stages []session.Stage
	var hops []string
	for _, ev := range w.events {
		switch ev := ev.(type) {
		case session.StageStarted:
			stages = append(stages, ev.Stage)
		case session.HopDone:
			hops = append(hops, ev.Hop.URL+" "+ev.Hop.Outcome)
		}
	}
	want := []session.Stage{
		session.StageDomain, session.StageDiscovery, session.StageSignIn,
		session.StageOpen, session.StageProof, session.StageReady,
	}
	if !slices.Equal(stages, want) {
		t.Errorf("stages %q, want %q", stages, want)
	}
	if len(hops) < 3 || !strings.Contains(hops[0], "https://lyncdiscover.fabrikam.example") || !strings.Contains(hops[1], "http://lyncdiscover.fabrikam.example") {
		t.Errorf("hops %q: https first, then http", hops)
	}
}

func withPassword(user, password, domain string) session.Target {
	return session.Target{
		UserName: user, OverrideAdminDomain: domain, SignIn: auth.MethodPassword,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(password), nil },
	}
}

// A Connect that fails leaves nothing on the server, and says what to do.
func TestWhatConnectRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lab    lab.Options
		target session.Target
		class  session.Class
		want   string
	}{
		{
			"another tenant than expected",
			lab.Options{},
			session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", ExpectTenant: lab.FabrikamID},
			session.ClassSafety, "Contoso",
		},
		{
			"a tenant that the account may not manage",
			lab.Options{},
			withPassword("admin@fabrikam.example", "Lab-admin-fabrikam-1!", "contoso.example"),
			session.ClassConnect, "does not have permission to manage this tenant",
		},
		{
			"too many shells",
			lab.Options{Switches: endpoint.Switches{QuotaFault: true}},
			session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"},
			session.ClassConnect, "concurrent shells, which has been exceeded",
		},
		{
			"a wrong password",
			lab.Options{},
			withPassword("admin@contoso.example", "not it", "contoso.example"),
			session.ClassSignIn, "AADSTS50126",
		},
		{
			"a password where a second factor is asked for",
			lab.Options{},
			withPassword("mfa@contoso.example", "Lab-mfa-contoso-1!", "contoso.example"),
			session.ClassSignIn, "AADSTS50076",
		},
		{
			"discovery is broken",
			lab.Options{DiscoveryBroken: true},
			session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"},
			session.ClassConnect, "discovering the PowerShell endpoint of contoso.example",
		},
		{
			"a redirect loop",
			lab.Options{Discovery: lab.FaultLoop},
			session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"},
			session.ClassConnect, "contoso.example",
		},
		{
			"nothing says which tenant",
			lab.Options{},
			session.Target{UserName: "administrator"},
			session.ClassUsage, "nothing given names a domain",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.lab)
			if tt.target.SignIn == "" {
				tt.target.SignIn = auth.MethodDevice
			}
			s, err := w.connector.Connect(t.Context(), tt.target, w.watch)
			if err == nil {
				_ = s.Close(context.Background())
				t.Fatal("connected")
			}
			var e *session.Error
			if !errors.As(err, &e) || e.Class != tt.class || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%#v: %v, want class %v and %q", e, err, tt.class, tt.want)
			}
			if len(session.HintsOf(err)) == 0 {
				t.Errorf("%v: no hint", err)
			}
			if left := w.lab.Endpoint().Shells(); len(left) != 0 {
				t.Errorf("%d shells are left on the server", len(left))
			}
		})
	}
}

func TestAKilledShellBreaksTheSessionAndNoOther(t *testing.T) {
	w := newWorld(t, lab.Options{})
	one := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", SignIn: auth.MethodDevice})
	two := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "fabrikam.example", SignIn: auth.MethodDevice})
	run, err := one.Run(t.Context(), "Get-CsUserReport", session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, shell := range w.lab.Endpoint().Shells() {
		if strings.EqualFold(shell.ID, strings.TrimPrefix(one.Name(), "SfBPowerShellSession_")) {
			w.lab.Endpoint().Kill(shell.ID)
		}
	}
	<-one.Done()
	for {
		if _, err := run.Next(t.Context()); err != nil {
			break
		}
	}
	if res, err := run.Wait(t.Context()); err != nil || res.Outcome != session.Lost {
		t.Errorf("%+v, %v: want lost", res, err)
	}
	if out, _ := output(t, two, "Get-CsTenant | Select-Object -ExpandProperty Name"); !slices.Equal(out, []string{"Fabrikam"}) {
		t.Errorf("the other session answers %q", out)
	}
}

func TestManagerLeavesNothingBehind(t *testing.T) {
	w := newWorld(t, lab.Options{})
	m := session.NewManager(w.connector)
	for _, domain := range []string{"contoso.example", "fabrikam.example"} {
		if _, err := m.Connect(t.Context(), session.Target{UserName: partner, OverrideAdminDomain: domain, SignIn: auth.MethodDevice}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.Sessions()); n != 2 {
		t.Fatalf("%d sessions", n)
	}
	if err := m.Close(t.Context(), m.Sessions()[0].ID()); err != nil {
		t.Error(err)
	}
	if err := m.CloseAll(t.Context()); err != nil {
		t.Error(err)
	}
	if left := w.lab.Endpoint().Shells(); len(left) != 0 {
		t.Errorf("%d shells are left", len(left))
	}
	if _, err := m.Connect(t.Context(), session.Target{UserName: partner, SignIn: auth.MethodDevice}, nil); err == nil {
		t.Error("a closed manager took a session")
	}
	if left := w.lab.Endpoint().Shells(); len(left) != 0 {
		t.Errorf("%d shells are left", len(left))
	}
}

// SkipCACheck excuses the endpoint's certificate, in the question how to
// authenticate too, and nobody else's.
func TestSkipCACheckIsForTheEndpointAlone(t *testing.T) {
	w := newWorld(t, lab.Options{})
	tenant := w.lab.Tenants()[0]
	untrusting := session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{Dial: w.lab.Dial}})
	target := withPassword(tenant.UserName, tenant.Password, "")
	for _, tt := range []struct {
		uri  string
		skip bool
		want string // of the error; "" connects
	}{
		{tenant.LiveIDURI, false, "certificate"},
		{tenant.LiveIDURI, true, ""},
		{tenant.URI, false, "admin1e.online.lync.example"},
		{tenant.URI, true, "login.lab.example"}, // the authority's own is still checked
	} {
		target.OverridePowerShellURI, target.Options.SkipCACheck = tt.uri, tt.skip
		s, err := untrusting.Connect(t.Context(), target, nil)
		if err == nil {
			_ = s.Close(t.Context())
		}
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, skipped %v: %v, want %q", tt.uri, tt.skip, err, tt.want)
		}
	}
}
