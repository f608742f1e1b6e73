// Package sshserver is an SSH server with one subsystem, for tests of what
// reaches a PowerShell through SSH. It listens on loopback and ends with its
// test.
package sshserver

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Config says who is let in, and to what.
type Config struct {
	User      string        // "": anybody
	Password  string        // "": nobody gets in by password
	ClientKey ssh.PublicKey // nil: nobody gets in by key

	Subsystem string            // its name; other subsystems are refused
	Serve     func(ssh.Channel) // is it; the channel is closed when it returns
}

// Server is a running server.
type Server struct {
	Addr string // host:port
	Key  ssh.PublicKey

	clients sync.WaitGroup
}

// Start starts a server, which ends when the test does and no client is left.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	key, _ := NewKey(t)
	config := cfg.server()
	config.AddHostKey(key)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: l.Addr().String(), Key: key.PublicKey()}
	s.clients.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.clients.Go(func() { s.serve(conn, config, cfg) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.clients.Wait()
	})
	return s
}

// NewKey makes a key, and its file as ssh-keygen would write it.
func NewKey(t testing.TB) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

func (c Config) server() *ssh.ServerConfig {
	known := func(m ssh.ConnMetadata) bool { return c.User == "" || m.User() == c.User }
	return &ssh.ServerConfig{
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.ClientKey == nil || !known(m) || string(key.Marshal()) != string(c.ClientKey.Marshal()) {
				return nil, errors.New("another key")
			}
			return nil, nil
		},
		PasswordCallback: func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.Password == "" || !known(m) || string(password) != c.Password {
				return nil, errors.New("another password")
			}
			return nil, nil
		},
	}
}

func (s *Server) serve(conn net.Conn, config *ssh.ServerConfig, cfg Config) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
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
			ok := r.Type == "subsystem" && string(r.Payload[4:]) == cfg.Subsystem
			_ = r.Reply(ok, nil)
			if ok {
				cfg.Serve(channel)
				_ = channel.Close()
			}
		}
	}
}

// KnownHosts writes a file that says the server has the key.
func (s *Server) KnownHosts(t testing.TB, file string, key ssh.PublicKey) {
	t.Helper()
	if err := os.WriteFile(file, []byte(knownhosts.Line([]string{s.Addr}, key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Home gives whoever runs the test a home of its own without an agent; there
// the server is known, or no host is.
func (s *Server) Home(t testing.TB, known bool) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("SSH_AUTH_SOCK", "")
	if !known {
		return
	}
	folder := filepath.Join(home, ".ssh")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s.KnownHosts(t, filepath.Join(folder, "known_hosts"), s.Key)
}
