package secureshell

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"psdeck/session/internal/sshserver"
)

// startServer lets in whoever has the key, or the password "secret". Its
// subsystem "echo" gives back what it gets.
func startServer(t *testing.T, client ssh.PublicKey) *sshserver.Server {
	t.Helper()
	return sshserver.Start(t, sshserver.Config{Password: "secret", ClientKey: client, Subsystem: "echo", Serve: echo})
}

func echo(channel ssh.Channel) {
	_, _ = io.WriteString(channel.Stderr(), "a note\n")
	_, _ = io.Copy(channel, channel)
	_, _ = channel.SendRequest("exit-status", false, make([]byte, 4))
}

// knows writes a known_hosts with key for the server.
func knows(t *testing.T, s *sshserver.Server, key ssh.PublicKey) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known_hosts")
	s.KnownHosts(t, file, key)
	return file
}

func config(t *testing.T, s *sshserver.Server) Config {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	return Config{User: "svcadmin", Host: host, Port: port, Subsystem: "echo"}
}
