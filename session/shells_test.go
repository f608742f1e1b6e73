package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
	"psdeck/session/wsman"
)

// A session of a process that was killed is on the server and uses up the
// quota. It can be listed and ended without a session, and then one opens.
func TestAShellLeftBehindIsListedAndClosed(t *testing.T) {
	w := newWorld(t, lab.Options{MaxShellsPerUser: 1})
	target := session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", SignIn: auth.MethodDevice}

	life := &cutting{through: w.lab.Dial}
	n := &discovery.Network{Dial: life.dial, RootCAs: w.lab.CAPool()}
	client := n.HTTPClient()
	defer client.CloseIdleConnections()
	doomed, err := session.NewConnector(session.ConnectorConfig{
		Network: n, Authority: w.lab.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}),
	}).Connect(t.Context(), target, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = doomed.Close(context.Background()) }()
	life.cut()

	_, err = w.connector.Connect(t.Context(), target, w.watch)
	if hints := strings.Join(session.HintsOf(err), "\n"); !strings.Contains(hints, "psdeck sessions list") || !strings.Contains(hints, "psdeck sessions close") {
		t.Fatalf("%v\n%s", err, hints)
	}
	creates := len(w.kinds("Create"))
	shells, err := w.connector.Shells(t.Context(), target, w.watch)
	if err != nil {
		t.Fatal(err)
	}
	defer shells.Close()
	if len(shells.List) != 1 || shells.Account != partner || shells.Host != lab.AdminHost {
		t.Fatalf("%+v", shells)
	}
	left := shells.List[0]
	if left.Name != doomed.Name() || !strings.EqualFold(left.ID, doomed.ID()) || !shells.Mine(left) || left.ResourceURI != wsman.ResourcePowerShell {
		t.Errorf("%+v", left)
	}
	var e *session.Error
	if err := shells.Delete(t.Context(), "another"); !errors.As(err, &e) || e.Class != session.ClassUsage {
		t.Errorf("a shell that is not there: %v", err)
	}
	for _, again := range []string{strings.ToLower(left.ID), "{" + left.ID + "}"} { // the second time it is gone
		if err := shells.Delete(t.Context(), again); err != nil {
			t.Error(err)
		}
	}
	if got := w.kinds("Create"); len(got) != creates {
		t.Errorf("listing and closing opened %d sessions", len(got)-creates)
	}
	s := w.connect(target)
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := w.lab.Endpoint().Shells(); len(got) != 0 {
		t.Errorf("%d shells are left on the server", len(got))
	}
}

func TestListingShellsFails(t *testing.T) {
	w := newWorld(t, lab.Options{Switches: endpoint.Switches{Unavailable: true}})
	_, err := w.connector.Shells(t.Context(), session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", SignIn: auth.MethodDevice}, nil)
	var e *session.Error
	if !errors.As(err, &e) || len(e.Hints) == 0 {
		t.Errorf("a server out of order: %v", err)
	}
	if _, err = w.connector.Shells(t.Context(), session.Target{OverridePowerShellURI: "nowhere"}, nil); !errors.As(err, &e) || e.Class != session.ClassUsage {
		t.Errorf("no address: %v", err)
	}
}

// Servers write owners in their own way; whoever is another stays another.
func TestWhoseShell(t *testing.T) {
	s := &session.Shells{Account: "Admin@contoso.example"}
	for owner, want := range map[string]bool{
		"": true, "admin@contoso.example": true, `CONTOSO\ADMIN`: true,
		"admin@fabrikam.example": false, `CONTOSO\admin2`: false, `CONTOSO\`: false, "S-1-5-21-7": false,
	} {
		if got := s.Mine(wsman.ShellInfo{Owner: owner}); got != want {
			t.Errorf("a shell of %q is mine: %v", owner, got)
		}
	}
	if (&session.Shells{}).Mine(wsman.ShellInfo{Owner: `CONTOSO\`}) {
		t.Error("nobody has a shell")
	}
}
