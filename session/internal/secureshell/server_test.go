package secureshell

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// server is an SSH server whose subsystem "echo" gives back what it gets.
type server struct {
	addr    string
	key     ssh.Signer
	clients sync.WaitGroup
}

func newKey(t *testing.T) (ssh.Signer, []byte) {
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

// startServer lets in whoever has the key, or the password "secret".
func startServer(t *testing.T, client ssh.PublicKey) *server {
	t.Helper()
	s := &server{}
	s.key, _ = newKey(t)
	cfg := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if client != nil && string(key.Marshal()) == string(client.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("another key")
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) == "secret" {
				return nil, nil
			}
			return nil, errors.New("another password")
		},
	}
	cfg.AddHostKey(s.key)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.clients.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.clients.Go(func() { s.serve(conn, cfg) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.clients.Wait()
	})
	return s
}

func (s *server) serve(conn net.Conn, cfg *ssh.ServerConfig) {
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
			ok := r.Type == "subsystem" && string(r.Payload[4:]) == "echo"
			_ = r.Reply(ok, nil)
			if ok {
				_, _ = io.WriteString(channel.Stderr(), "a note\n")
				_, _ = io.Copy(channel, channel)
				_, _ = channel.SendRequest("exit-status", false, make([]byte, 4))
				_ = channel.Close()
			}
		}
	}
}

// knows writes a known_hosts with key for the server.
func (s *server) knows(t *testing.T, key ssh.PublicKey) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(knownhosts.Line([]string{s.addr}, key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (s *server) config(t *testing.T) Config {
	t.Helper()
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	return Config{User: "svcadmin", Host: host, Port: port, Subsystem: "echo"}
}
