package session

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"psdeck/auth"
	"psdeck/session/internal/secureshell"
	"psdeck/session/lab"
)

// sshServer has the lab as its subsystem powershell and takes one password.
type sshServer struct {
	addr    string
	key     ssh.PublicKey
	lab     *lab.Lab
	clients sync.WaitGroup
}

func startSSH(t *testing.T) *sshServer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() != "svcadmin" || string(password) != "secret" {
			return nil, errors.New("no")
		}
		return nil, nil
	}}
	cfg.AddHostKey(signer)
	l, err := lab.Start(context.Background(), lab.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{addr: listener.Addr().String(), key: signer.PublicKey(), lab: l}
	s.clients.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.clients.Go(func() { s.serve(conn, cfg) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.clients.Wait()
		_ = l.Close()
	})
	return s
}

func (s *sshServer) serve(conn net.Conn, cfg *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	s.clients.Go(func() { ssh.DiscardRequests(requests) })
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for r := range requests {
			ok := r.Type == "subsystem" && string(r.Payload[4:]) == "powershell"
			_ = r.Reply(ok, nil)
			if ok {
				_ = s.lab.ServeStdio(context.Background(), channel, channel, channel.Stderr(), "fabrikam.example")
				_ = channel.Close()
			}
		}
	}
}

// home gives this user a home with the keys of hosts in it, and no agent.
func (s *sshServer) home(t *testing.T, known bool) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("USERPROFILE", dir)
	t.Setenv("SSH_AUTH_SOCK", "")
	if !known {
		return
	}
	if err := os.Mkdir(filepath.Join(dir, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	line := knownhosts.Line([]string{s.addr}, s.key) + "\n"
	if err := os.WriteFile(filepath.Join(dir, ".ssh", "known_hosts"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *sshServer) target(password string) Target {
	return Target{
		OverridePowerShellURI: "ssh://svcadmin@" + s.addr,
		Password:              func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(password), nil },
	}
}

func TestSSHSession(t *testing.T) {
	server := startSSH(t)
	server.home(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := NewConnector(ConnectorConfig{}).Connect(ctx, server.target("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Proof(); p.TenantID != lab.FabrikamID || s.Account().UserName != "svcadmin@"+server.addr {
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
		server.home(t, c.known)
		_, err := NewConnector(ConnectorConfig{}).Connect(t.Context(), server.target("wrong"), nil)
		var e *Error
		if !errors.As(err, &e) || e.Class != c.class || !errors.As(err, c.as) || !strings.Contains(strings.Join(e.Hints, " "), c.hint) {
			t.Errorf("%s: %v %q", c.name, err, HintsOf(err))
		}
		if !c.known && !strings.Contains(err.Error(), ssh.FingerprintSHA256(server.key)) {
			t.Errorf("no fingerprint: %v", err)
		}
	}
}
