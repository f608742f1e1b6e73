package session_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/internal/peers"
)

const standInScript = "testdata/psrpcore_stdio.py"

// standInProgram makes a program that takes the place of pwsh.
func standInProgram(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for pwsh is a shell script")
	}
	script, err := filepath.Abs(standInScript)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pwsh")
	text := "#!/bin/sh\nexec '" + peers.Python(t, psrpcore) + "' -X utf8 '" + script + "' \"$@\"\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestInteropLocal(t *testing.T) {
	ctx := interop(t)
	t.Setenv(session.LocalProgram, standInProgram(t))
	s := open(ctx, t, nil, session.Target{OverridePowerShellURI: "local:", Runspaces: 4})
	if c := s.Capabilities(); c.LanguageMode != "FullLanguage" {
		t.Errorf("capabilities %+v", c)
	}
	converse(ctx, t, s)
}

// Closing does not wait for what runs, and the process is gone after it.
func TestInteropLocalCloseWhileRunning(t *testing.T) {
	ctx := interop(t)
	t.Setenv(session.LocalProgram, standInProgram(t))
	s := open(ctx, t, nil, session.Target{OverridePowerShellURI: "local:", Runspaces: 2})
	runs := []*session.Run{start(ctx, t, s, "sleep 1000"), start(ctx, t, s, "emit 1000000")}
	for _, r := range runs {
		if _, err := r.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	for _, r := range runs {
		if _, res, err := finish(ctx, r); err != nil || res.Outcome == session.Running || res.Outcome == session.Completed {
			t.Errorf("%s: %+v, %v", r.Line(), res, err)
		}
	}
}

// sshPeer is an SSH server whose subsystem powershell is the stand-in.
type sshPeer struct {
	addr    string
	key     ssh.PublicKey
	python  string
	clients sync.WaitGroup
}

func startSSHPeer(t *testing.T) *sshPeer {
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
		if c.User() != "admin" || string(password) != peerPassword {
			return nil, errors.New("another password")
		}
		return nil, nil
	}}
	cfg.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshPeer{addr: listener.Addr().String(), key: signer.PublicKey(), python: peers.Python(t, psrpcore)}
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
	})
	return s
}

func (s *sshPeer) serve(conn net.Conn, cfg *ssh.ServerConfig) {
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
				cmd := exec.Command(s.python, "-X", "utf8", standInScript)
				cmd.Stdin, cmd.Stdout, cmd.Stderr = channel, channel, channel.Stderr()
				_ = cmd.Run()
				_ = channel.Close()
			}
		}
	}
}

func TestInteropSSH(t *testing.T) {
	ctx := interop(t)
	server := startSSHPeer(t)
	home := t.TempDir()
	for name, value := range map[string]string{"HOME": home, "USERPROFILE": home, "SSH_AUTH_SOCK": ""} {
		t.Setenv(name, value)
	}
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	line := knownhosts.Line([]string{server.addr}, server.key) + "\n"
	if err := os.WriteFile(filepath.Join(home, ".ssh", "known_hosts"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(ctx, t, &discovery.Network{}, session.Target{
		OverridePowerShellURI: "ssh://admin@" + server.addr, Runspaces: 4,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(peerPassword), nil },
	})
	if !strings.HasPrefix(s.Account().UserName, "admin@") {
		t.Errorf("account %+v", s.Account())
	}
	converse(ctx, t, s)
}
