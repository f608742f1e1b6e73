package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"psdeck/auth"
	"psdeck/session/internal/secureshell"
	"psdeck/session/internal/sshserver"
	"psdeck/session/lab"
)

// startSSH starts a server with the lab as its subsystem powershell, which takes
// one password.
func startSSH(t *testing.T) *sshserver.Server {
	t.Helper()
	l, err := lab.Start(context.Background(), lab.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return sshserver.Start(t, sshserver.Config{
		User: "svcadmin", Password: "secret", Subsystem: "powershell",
		Serve: func(channel ssh.Channel) {
			_ = l.ServeStdio(context.Background(), channel, channel, channel.Stderr(), "fabrikam.example")
		},
	})
}

func sshTarget(server *sshserver.Server, password string) Target {
	return Target{
		OverridePowerShellURI: "ssh://svcadmin@" + server.Addr,
		Password:              func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(password), nil },
	}
}

func TestSSHSession(t *testing.T) {
	server := startSSH(t)
	server.Home(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := NewConnector(ConnectorConfig{}).Connect(ctx, sshTarget(server, "secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Proof(); p.TenantID != lab.FabrikamID || s.Account().UserName != "svcadmin@"+server.Addr {
		t.Errorf("%+v, %+v", p, s.Account())
	}
	records, res := collect(t, mustScript(t, s, "1..3"))
	if res.Objects != 3 || !slices.Equal(texts(records), []string{"1", "2", "3"}) {
		t.Errorf("%v, %+v", texts(records), res)
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestSSHRefused(t *testing.T) {
	server := startSSH(t)
	for _, c := range []struct {
		name  string
		known bool
		as    any
		class Class
		hint  string
	}{
		{"a host that nobody knows", false, new(*secureshell.HostKeyError), ClassConnect, "known_hosts"},
		{"a wrong password", true, new(*secureshell.AuthError), ClassSignIn, "ssh-add"},
	} {
		server.Home(t, c.known)
		_, err := NewConnector(ConnectorConfig{}).Connect(t.Context(), sshTarget(server, "wrong"), nil)
		var e *Error
		if !errors.As(err, &e) || e.Class != c.class || !errors.As(err, c.as) || !strings.Contains(strings.Join(e.Hints, " "), c.hint) {
			t.Errorf("%s: %v %q", c.name, err, HintsOf(err))
		}
		if !c.known && !strings.Contains(err.Error(), ssh.FingerprintSHA256(server.Key)) {
			t.Errorf("no fingerprint: %v", err)
		}
	}
}
