package secureshell

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"psdeck/session/internal/sshserver"
)

func leaks(t *testing.T) context.Context {
	t.Helper()
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(func() {
		cancel()
		goleak.VerifyNone(t, before)
	})
	return ctx
}

func password(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

func TestSubsystem(t *testing.T) {
	ctx := leaks(t)
	signer, private := sshserver.NewKey(t)
	file := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(file, private, 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, signer.PublicKey())
	for name, change := range map[string]func(*Config){
		"key":      func(c *Config) { c.KeyFiles = []string{filepath.Join(t.TempDir(), "none"), file} },
		"password": func(c *Config) { c.Password = password("secret") },
	} {
		cfg := config(t, s)
		cfg.KnownHosts = []string{"/nonexistent", knows(t, s, s.Key)}
		change(&cfg)
		c, err := Open(ctx, cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Error(err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Explain(io.EOF); err.Error() != "the subsystem ended (exit status 0): EOF; the server says: a note" {
			t.Error(err)
		}
	}
}

// A host that nobody knows is asked about, and remembered once it was let in; one
// whose key has changed is refused without a question.
func TestNewHost(t *testing.T) {
	ctx := leaks(t)
	s := startServer(t, nil)
	remember := filepath.Join(t.TempDir(), ".ssh", "known_hosts")
	asked, answer := 0, false
	try := func(known string) error {
		cfg := config(t, s)
		cfg.Password = password("secret")
		cfg.KnownHosts, cfg.Remember = []string{known}, remember
		cfg.NewHost = func(_ context.Context, k HostKeyError) (bool, error) {
			if asked++; k.Fingerprint != ssh.FingerprintSHA256(s.Key) {
				t.Errorf("asked about %+v", k)
			}
			return answer, nil
		}
		c, err := Open(ctx, cfg)
		if err == nil {
			err = c.Close()
		}
		return err
	}
	if err := try(remember); !errors.As(err, new(*HostKeyError)) || asked != 1 {
		t.Errorf("no: %v, asked %d times", err, asked)
	}
	answer = true
	for range 2 {
		if err := try(remember); err != nil || asked != 2 {
			t.Errorf("yes: %v, asked %d times", err, asked)
		}
	}
	other, _ := sshserver.NewKey(t)
	if err := try(knows(t, s, other.PublicKey())); !errors.As(err, new(*HostKeyError)) || asked != 2 {
		t.Errorf("changed: %v, asked %d times", err, asked)
	}
	if info, err := os.Stat(remember); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A locked key's passphrase is asked for when the server would take the key,
// and only then.
func TestLockedKey(t *testing.T) {
	ctx := leaks(t)
	signer, _ := sshserver.NewKey(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		taken  ssh.PublicKey
		phrase string
		asked  int
		ok     bool
	}{
		{"the server takes it", public, "open sesame", 1, true},
		{"a wrong passphrase", public, "sesame", 1, false},
		{"the server takes another", signer.PublicKey(), "open sesame", 0, false},
	} {
		s := startServer(t, c.taken)
		asked := 0
		cfg := config(t, s)
		cfg.KnownHosts, cfg.KeyFiles = []string{knows(t, s, s.Key)}, []string{file}
		cfg.Passphrase = func(_ context.Context, name string) (string, error) {
			if asked++; name != file {
				t.Errorf("asked for %s", name)
			}
			return c.phrase, nil
		}
		ch, err := Open(ctx, cfg)
		if err == nil {
			err = ch.Close()
		}
		if (err == nil) != c.ok || asked != c.asked {
			t.Errorf("%s: %v, asked %d times", c.name, err, asked)
		}
	}
}

func TestRefused(t *testing.T) {
	ctx := leaks(t)
	s := startServer(t, nil)
	other, _ := sshserver.NewKey(t)
	known := knows(t, s, s.Key)
	asked := false
	for _, c := range []struct {
		name string
		cfg  Config
		want string
		as   any
	}{
		{"unknown host", Config{}, "is not known: it shows ssh-ed25519 " + ssh.FingerprintSHA256(s.Key), new(*HostKeyError)},
		{"changed key", Config{KnownHosts: []string{knows(t, s, other.PublicKey())}}, "is not the one that is known: it shows ssh-ed25519 SHA256:", new(*HostKeyError)},
		{"nothing to sign in with", Config{KnownHosts: []string{known}}, "does not let svcadmin in (there was nothing to sign in with)", new(*AuthError)},
		{"wrong password", Config{KnownHosts: []string{known}, Password: password("wrong")}, "(tried the password)", new(*AuthError)},
		{"no subsystem", Config{KnownHosts: []string{known}, Password: password("secret"), Subsystem: "powershell"}, `does not start its subsystem "powershell"`, new(*SubsystemError)},
	} {
		cfg := config(t, s)
		cfg.KnownHosts, cfg.Subsystem = c.cfg.KnownHosts, first2(c.cfg.Subsystem, cfg.Subsystem)
		if ask := c.cfg.Password; ask != nil {
			cfg.Password = ask
		} else if len(cfg.KnownHosts) == 0 || c.name == "changed key" {
			cfg.Password = func(context.Context) (string, error) { asked = true; return "secret", nil }
		}
		_, err := Open(ctx, cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, c.as) {
			t.Errorf("%s: %T %v", c.name, err, err)
		}
	}
	if asked {
		t.Error("a password was asked for before the host was known")
	}
}

func first2(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// A server that says nothing is waited for only as long as the context allows.
func TestContextEnds(t *testing.T) {
	ctx := leaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			defer conn.Close()
			_, _ = io.ReadFull(conn, make([]byte, 1)) // the client has begun
			cancel()
			_, _ = io.Copy(io.Discard, conn)
		}
	}()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if _, err := Open(ctx, Config{User: "u", Host: host, Port: port}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
