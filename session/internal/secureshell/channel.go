package secureshell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Config says where to connect and as whom.
type Config struct {
	User, Host, Port string
	Subsystem        string
	// Dial connects; nil: the system's way.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// KnownHosts are the files that know host keys.
	KnownHosts []string
	// NewHost is asked whether the key of a host that none of them knows is its
	// own; nil: it is not. A host whose key has changed is never asked about.
	NewHost func(ctx context.Context, shown HostKeyError) (bool, error)
	// Remember is the file that takes a key which NewHost has let in.
	Remember string
	// KeyFiles are private keys to sign in with; those that are not there are
	// passed over.
	KeyFiles []string
	// Passphrase is asked for one that is locked, once the server would take
	// it; nil: locked ones are passed over.
	Passphrase func(ctx context.Context, file string) (string, error)
	// AgentSocket is where an agent listens; empty: there is none.
	AgentSocket string
	// Password is asked for where the server takes one; nil: there is none.
	Password func(ctx context.Context) (string, error)
}

// SubsystemError is a server that takes the sign-in but has no such subsystem.
type SubsystemError struct {
	Name string
	Err  error
}

func (e *SubsystemError) Error() string {
	return fmt.Sprintf("the SSH server does not start its subsystem %q: %v", e.Name, e.Err)
}

func (e *SubsystemError) Unwrap() error { return e.Err }

// AuthError is a server that takes none of what there is to sign in with.
type AuthError struct {
	User  string
	Tried []string // what there was
	Err   error
}

func (e *AuthError) Error() string {
	tried := "there was nothing to sign in with"
	if len(e.Tried) > 0 {
		tried = "tried " + strings.Join(e.Tried, ", ")
	}
	return fmt.Sprintf("the SSH server does not let %s in (%s)", e.User, tried)
}

func (e *AuthError) Unwrap() error { return e.Err }

// Channel is an open subsystem. Close ends it and its connection.
type Channel struct {
	ssh.Channel
	client  *ssh.Client
	stderr  output
	exit    string        // how the subsystem ended
	ended   chan struct{} // closed after exit is set and all errors were read
	closing sync.Once
}

// Open connects, signs in and starts the subsystem. ctx bounds all of that, and
// nothing after.
func Open(ctx context.Context, cfg Config) (*Channel, error) {
	client, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	c := &Channel{client: client, ended: make(chan struct{})}
	err = c.open(cfg.Subsystem)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		_ = client.Close()
		_ = client.Wait()
		return nil, err
	}
	return c, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// connect makes the connection and signs in.
func connect(ctx context.Context, cfg Config) (*ssh.Client, error) {
	keys, err := readHostKeys(cfg.KnownHosts)
	if cfg.NewHost != nil && err == nil {
		keys.ask = func(shown HostKeyError) (bool, error) { return cfg.NewHost(ctx, shown) }
		keys.remember = cfg.Remember
	}
	if err != nil {
		return nil, err
	}
	dial := cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	addr := net.JoinHostPort(cfg.Host, cfg.Port)
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	id := newIdentity(ctx, cfg)
	defer id.close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	shaken, channels, requests, err := ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		User: cfg.User, Auth: id.methods, HostKeyCallback: keys.check, HostKeyAlgorithms: keys.algorithms(addr),
		ClientVersion: "SSH-2.0-psdeck",
	})
	if !stop() && err == nil {
		_ = shaken.Close()
		return nil, ctx.Err()
	}
	var unknown *HostKeyError
	switch {
	case err == nil:
		return ssh.NewClient(shaken, channels, requests), nil
	case errors.As(err, &unknown):
		err = unknown
	case strings.Contains(err.Error(), "unable to authenticate"):
		err = &AuthError{cfg.User, id.tried, err}
	}
	_ = conn.Close()
	return nil, first(ctx.Err(), err)
}

func (c *Channel) open(subsystem string) error {
	channel, requests, err := c.client.OpenChannel("session", nil)
	if err != nil {
		return fmt.Errorf("opening a channel: %w", err)
	}
	c.Channel = channel
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		_, _ = io.Copy(&c.stderr, channel.Stderr())
	}()
	go func() {
		defer close(c.ended)
		c.follow(requests)
		<-heard
	}()
	// RFC 4254, section 6.5
	ok, err := channel.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{subsystem}))
	if err == nil && !ok {
		err = errors.New("the request was refused")
	}
	if err != nil {
		return &SubsystemError{subsystem, err}
	}
	return nil
}

// follow takes what the server says of the subsystem until its end. RFC 4254,
// section 6.10
func (c *Channel) follow(requests <-chan *ssh.Request) {
	for r := range requests {
		var status struct{ Code uint32 }
		var signal struct {
			Name string
			Core bool
			Rest []byte `ssh:"rest"`
		}
		switch {
		case r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &status) == nil:
			c.exit = fmt.Sprintf("exit status %d", status.Code)
		case r.Type == "exit-signal" && ssh.Unmarshal(r.Payload, &signal) == nil:
			c.exit = fmt.Sprintf("signal %.20q", signal.Name)
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

// closePatience is how long the server may take to end the subsystem.
const closePatience = time.Second

// Close ends the input, waits a little for the subsystem to end, and closes the
// connection, which ends it in any case.
func (c *Channel) Close() error {
	c.closing.Do(func() {
		_ = c.CloseWrite()
		patience := time.NewTimer(closePatience)
		defer patience.Stop()
		select {
		case <-c.ended:
		case <-patience.C:
		}
		_ = c.client.Close()
		<-c.ended
		_ = c.client.Wait()
	})
	return nil
}

// Explain adds how the subsystem ended and what it wrote to its error output to
// an error of the stream. It waits a little for both.
func (c *Channel) Explain(err error) error {
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	select {
	case <-c.ended:
		if c.exit != "" {
			err = fmt.Errorf("the subsystem ended (%s): %w", c.exit, err)
		}
	case <-patience.C:
	}
	if said := c.stderr.text(); said != "" {
		return fmt.Errorf("%w; the server says: %s", err, said)
	}
	return err
}

// output keeps the beginning of what is written to it.
type output struct {
	mu   sync.Mutex
	kept []byte
}

// maxStderr is how much of the error output is kept, in bytes.
const maxStderr = 8 << 10

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, b[:min(len(b), maxStderr-len(o.kept))]...)
	return len(b), nil
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.ToValidUTF8(string(bytes.TrimSpace(o.kept)), "\uFFFD")
}
