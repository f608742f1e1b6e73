package headless

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/runspace"
)

// Accounts of the lab. Their passwords follow a rule that it prints.
const (
	contosoAdmin = "admin@contoso.example"
	partnerAdmin = "admin@partner.example"
	loopbackURI  = "http://127.0.0.1:80/wsman" // of a lab in memory; takes scripts
)

// bench is a lab in memory and what connects to it, in a bubble of its own
// time.
type bench struct {
	*lab.Lab
	t       *testing.T
	journal bytes.Buffer
	network discovery.Network
	cfg     session.ConnectorConfig
	dies    bool // the server, in this test: what is open then stays
}

// inLab runs f in a bubble with a lab. Nothing of the lab or of its sessions
// outlives f.
func inLab(t *testing.T, o lab.Options, f func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		o.InMemory = true
		l, err := lab.Start(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{Lab: l, t: t, network: discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}}
		defer func() {
			if left := l.Endpoint().Shells(); len(left) > 0 && !b.dies {
				t.Errorf("%d shells are left on the server", len(left))
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}()
		b.cfg = session.ConnectorConfig{
			Network: &b.network, Journal: session.NewJournal(&b.journal, nil), Authority: l.Tenants()[0].Authority,
		}
		f(t, b)
	})
}

func (b *bench) password(user string) string {
	u, ok := b.Authority().User(user)
	if !ok {
		b.t.Fatalf("the lab knows no %s", user)
	}
	return u.Password
}

// asUser is a target with a name and its password.
func (b *bench) asUser(name string) *session.Target {
	secret := auth.NewSecret(b.password(name))
	return &session.Target{
		UserName: name,
		Password: func(context.Context, string) (auth.Secret, error) { return secret, nil },
	}
}

// byToken is a target with a token that the authority made behind its back.
func (b *bench) byToken(user, resource string) *session.Target {
	b.t.Helper()
	token, err := b.Authority().Issue(user, "organizations", resource, lab.ClientID)
	if err != nil {
		b.t.Fatal(err)
	}
	return &session.Target{AccessToken: auth.NewSecret(token)}
}

// result is what one exec gave.
type result struct {
	code     int
	out, err string
}

// exec runs lines as the program does.
func (b *bench) exec(target *session.Target, lines ...string) result {
	return b.run(b.t.Context(), Config{Target: target, Lines: lines, Form: "jsonl"})
}

func (b *bench) run(ctx context.Context, cfg Config) result {
	b.t.Helper()
	var out, err bytes.Buffer
	if cfg.Stdout == nil {
		cfg.Stdout = &out
	}
	cfg.Stderr, cfg.Width = &err, 100
	cfg.Connect = session.NewConnector(b.cfg).Connect
	code := Exec(ctx, cfg)
	return result{code, out.String(), err.String()}
}

// want fails the test unless the code is right and standard error says all of
// these.
func (r result) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("standard error does not say %q", w)
		}
	}
	if t.Failed() {
		t.Logf("standard output:\n%s\nstandard error:\n%s", r.out, r.err)
	}
}

// kinds is what the lab was asked, in order: the kind of each request, and the
// action of those to an endpoint.
func (b *bench) kinds(of ...string) []string {
	var list []string
	for _, e := range b.Access() {
		kind := e.Kind
		if a := e.Detail["action"]; a != "" {
			kind = a
		}
		if slices.Contains(of, kind) {
			list = append(list, kind)
		}
	}
	return list
}

// commands are the names of all commands that any session ran.
func (b *bench) commands() []string {
	var names []string
	for _, e := range b.Ledger() {
		for _, c := range e.Commands {
			names = append(names, c.Name)
		}
	}
	return names
}

// withCmdlets is a lab whose sessions offer just these.
func withCmdlets(list ...runspace.Cmdlet) lab.Options {
	return lab.Options{Open: func(lab.Session) (*runspace.Options, error) {
		return &runspace.Options{Table: runspace.NewTable(list...)}, nil
	}}
}
