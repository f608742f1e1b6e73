package session_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/session/internal/peers"
)

// The acceptor of these tests is pyspnego's: NTLM and SPNEGO of its own, and
// MIT's Kerberos.

const (
	pyspnego       = "pyspnego==0.12.4"
	sealedBothWays = 1000 // messages
)

// acceptor is a running one.
type acceptor struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// word is a line to it, or from it.
type word struct {
	ID       string `json:"id,omitempty"`
	Op       string `json:"op,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	NTLM     bool   `json:"ntlm,omitempty"`
	Host     string `json:"host,omitempty"`
	Bindings []byte `json:"bindings,omitempty"`
	Token    []byte `json:"token,omitempty"`
	Complete bool   `json:"complete,omitempty"`
	Client   string `json:"client,omitempty"`
	Header   []byte `json:"header,omitempty"`
	Data     []byte `json:"data,omitempty"`
	Plain    []byte `json:"plain,omitempty"`
	Error    string `json:"error,omitempty"`
}

func startAcceptor(t *testing.T, python string, env ...string) *acceptor {
	t.Helper()
	cmd := exec.Command(python, "testdata/negotiate_acceptor.py")
	cmd.Env = append(append(os.Environ(), "PYTHONUTF8=1"), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil || t.Failed() && stderr.Len() > 0 {
			t.Logf("the acceptor: %v\n%s", err, &stderr)
		}
	})
	return &acceptor{t: t, in: in, out: bufio.NewReader(out)}
}

// say sends a line and gives the answer.
func (a *acceptor) say(w word) word {
	a.t.Helper()
	b, err := json.Marshal(w)
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := a.in.Write(append(b, '\n')); err != nil {
		a.t.Fatal(err)
	}
	line, err := a.out.ReadBytes('\n')
	if err != nil {
		a.t.Fatal(err)
	}
	var answer word
	if err := json.Unmarshal(line, &answer); err != nil {
		a.t.Fatal(err)
	}
	return answer
}

// meet runs the handshake of a context as a server's answers would.
func (a *acceptor) meet(x *negotiate.Context, w word) error {
	a.t.Helper()
	ctx := a.t.Context()
	w.Op = "start"
	if answer := a.say(w); answer.Error != "" {
		a.t.Fatal(answer.Error)
	}
	var token []byte
	for {
		out, err := x.Step(ctx, token)
		if err != nil {
			return err
		}
		answer := a.say(word{Op: "step", Token: out})
		if answer.Error != "" {
			return errors.New(answer.Error)
		}
		if answer.Complete {
			return x.Finish(ctx, answer.Token)
		}
		token = answer.Token
	}
}

// echo seals a message, has it sealed again by the acceptor, and unseals that.
func (a *acceptor) echo(x *negotiate.Context, plain []byte) {
	a.t.Helper()
	header, data, err := x.Seal(plain)
	if err != nil {
		a.t.Fatal(err)
	}
	if len(data) != len(plain) {
		a.t.Fatalf("%d bytes are sealed as %d", len(plain), len(data))
	}
	answer := a.say(word{Op: "echo", Header: header, Data: data})
	if answer.Error != "" || !bytes.Equal(answer.Plain, plain) {
		a.t.Fatalf("a message of %d bytes: %s", len(plain), answer.Error)
	}
	if got, err := x.Unseal(answer.Header, answer.Data); err != nil || !bytes.Equal(got, plain) {
		a.t.Fatalf("a message of %d bytes back: %v", len(plain), err)
	}
}

// messages exchanges a thousand messages in each direction.
func (a *acceptor) messages(x *negotiate.Context) {
	a.t.Helper()
	for i := range sealedBothWays {
		plain := make([]byte, 1+i*7%4096)
		_, _ = rand.Read(plain)
		a.echo(x, plain)
	}
}

// altered finds out whether both sides notice what was altered on the way.
func (a *acceptor) altered(begin func() *negotiate.Context) {
	a.t.Helper()
	plain := []byte("Get-User -Identity anna")
	for part := range 4 {
		x := begin()
		header, data, err := x.Seal(plain)
		if err != nil {
			a.t.Fatal(err)
		}
		flip := func(header, data []byte) {
			switch part % 2 {
			case 0:
				data[len(data)/2] ^= 4
			case 1:
				header[len(header)-5] ^= 4
			}
		}
		if part < 2 {
			flip(header, data)
		}
		answer := a.say(word{Op: "echo", Header: header, Data: data})
		if part < 2 {
			if answer.Error == "" {
				a.t.Errorf("part %d: an altered message was accepted there", part)
			}
			continue
		}
		if answer.Error != "" {
			a.t.Fatal(answer.Error)
		}
		flip(answer.Header, answer.Data)
		if _, err := x.Unseal(answer.Header, answer.Data); err == nil {
			a.t.Errorf("part %d: an altered message was accepted here", part)
		}
	}
}

func newNegotiation(t *testing.T, cfg negotiate.Config) *negotiate.Client {
	t.Helper()
	c, err := negotiate.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newContext(t *testing.T, c *negotiate.Client, offered string) *negotiate.Context {
	t.Helper()
	x, err := c.NewContext(t.Context(), nil, []string{offered})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestNTLMPeer: NTLM, by itself and in SPNEGO, against pyspnego's.
func TestNTLMPeer(t *testing.T) {
	python := peers.Python(t, pyspnego)
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("CONTOSO:admin:"+windowsPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := startAcceptor(t, python, "NTLM_USER_FILE="+users)
	for protocol, way := range map[string]negotiate.Way{"ntlm": negotiate.NTLM, "negotiate": negotiate.Negotiate} {
		t.Run(protocol, func(t *testing.T) {
			a := &acceptor{t, a.in, a.out}
			start := word{Protocol: protocol, NTLM: true}
			cfg := negotiate.Config{
				Way: way, Account: windowsAccount, Password: auth.NewSecret(windowsPassword), Host: "server.contoso.example",
				Krb5Config: filepath.Join(t.TempDir(), "none"),
			}
			c := newNegotiation(t, cfg)
			begin := func() *negotiate.Context {
				x := newContext(t, c, "Negotiate")
				if err := a.meet(x, start); err != nil {
					t.Fatal(err)
				}
				return x
			}
			a.messages(begin())
			a.altered(begin)

			cfg.Password = auth.NewSecret("wrong")
			if err := a.meet(newContext(t, newNegotiation(t, cfg), "Negotiate"), start); err == nil {
				t.Error("a wrong password is accepted")
			}
		})
	}
}
