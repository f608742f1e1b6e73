package session_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// keeper is a buffer for the trace and the journal of several goroutines.
type keeper struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *keeper) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(p)
}

func (k *keeper) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.String()
}

// secretCommands ask for secrets in every way there is, and tell what they got.
func secretCommands(lab.Session) (*runspace.Options, error) {
	table := runspace.Builtins()
	ask := func(name string, call any, answer func(*runspace.Call, clixml.Value) (string, error)) {
		table.Add(runspace.Cmdlet{Name: name, Run: func(c *runspace.Call) error {
			made, err := psrp.NewHostCall(call)
			if err != nil {
				return err
			}
			v, err := c.HostCall(made.Method, made.Parameters...)
			if err != nil {
				return err
			}
			text, err := answer(c, v)
			if err != nil {
				return err
			}
			return c.WriteObject(clixml.Str(text))
		}})
	}
	login := func(c *runspace.Call, v clixml.Value) (string, error) {
		user, _ := v.Object().Get("UserName")
		password, _ := v.Object().Get("Password")
		text, err := c.Reveal(password)
		return user.String() + ":" + text, err
	}
	ask("Get-Line", psrp.ReadLineAsSecureString{}, (*runspace.Call).Reveal)
	ask("Get-Login", psrp.PromptForCredential{Caption: "Sign in", UserName: "contoso\\adm"}, login)
	ask("Get-Form", psrp.Prompt{Caption: "Form", Fields: []psrp.FieldDescription{
		{Name: "Site", TypeName: "String", FullType: "System.String"},
		{Name: "Login", TypeName: "PSCredential", FullType: "System.Management.Automation.PSCredential"},
		{Name: "Count", TypeName: "Int32", FullType: "System.Int32"},
	}}, func(c *runspace.Call, v clixml.Value) (string, error) {
		site, _ := v.Object().Lookup("Site")
		credential, _ := v.Object().Lookup("Login")
		count, _ := v.Object().Lookup("Count")
		text, err := login(c, credential)
		return fmt.Sprintf("%s %s %s", site, text, count), err
	})
	table.Add(runspace.Cmdlet{
		Name: "Get-Secret", Parameters: []runspace.Parameter{{Name: "Secret", Type: "SecureString", Mandatory: true, FromPipeline: true}},
		Run: func(c *runspace.Call) error {
			text, err := c.Secret("Secret")
			if err != nil {
				return err
			}
			return c.WriteObject(clixml.Str(text))
		},
	})
	return &runspace.Options{Table: table, PromptMandatory: true}, nil
}

// secretWorld is a lab whose commands ask for secrets, and what a session with
// it leaves in the trace and the journal.
func secretWorld(t *testing.T, protocol string, target session.Target) (*session.Session, *keeper) {
	t.Helper()
	w := newWorld(t, lab.Options{Protocol: protocol, Open: secretCommands})
	n := &discovery.Network{Dial: w.lab.Dial, RootCAs: w.lab.CAPool()}
	client := n.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	left := &keeper{}
	w.connector = session.NewConnector(session.ConnectorConfig{
		Network: n, Authority: w.lab.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}),
		Trace: left, Journal: session.NewJournal(left, nil),
	})
	target.UserName, target.OverrideAdminDomain, target.SignIn = partner, "contoso.example", auth.MethodDevice
	return w.connect(target), left
}

// startAsking runs a line up to its prompt.
func startAsking(t *testing.T, s *session.Session, line string) (*session.Run, *session.Prompt) {
	t.Helper()
	run, err := s.Run(t.Context(), line, session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	for {
		records, err := run.Next(t.Context())
		if err != nil {
			t.Fatalf("%s: no prompt: %v, %+v", line, err, run.Result())
		}
		for _, r := range records {
			if r.Stream == session.StreamPrompt {
				return run, r.Prompt
			}
		}
	}
}

// rest is the output of a run from here to its end.
func rest(t *testing.T, run *session.Run) []clixml.Value {
	t.Helper()
	var out []clixml.Value
	for {
		records, err := run.Next(t.Context())
		if err != nil {
			break
		}
		for _, r := range records {
			switch r.Stream {
			case session.StreamOutput:
				out = append(out, r.Value)
			case session.StreamError:
				t.Errorf("%s: %v", run.Line(), r.Error)
			}
		}
	}
	if res, err := run.Wait(t.Context()); err != nil || res.Outcome != session.Completed {
		t.Errorf("%s: %+v, %v", run.Line(), res, err)
	}
	return out
}

// Whatever way a command asks for a secret, the server reads what was typed;
// up to protocol 2.3 by the session's key, from 2.4 on inside TLS.
func TestSecretsReachTheServer(t *testing.T) {
	for _, protocol := range []string{"2.1", "2.3", "2.4"} {
		t.Run(protocol, func(t *testing.T) {
			s, left := secretWorld(t, protocol, session.Target{})
			if got := s.Capabilities().Protocol; got != protocol {
				t.Fatalf("protocol %s", got)
			}
			for _, tt := range []struct {
				line    string
				kind    session.PromptKind
				answers []string
				want    string
			}{
				{"Get-Secret", session.PromptFields, []string{"p@ss W0rd"}, "p@ss W0rd"},
				{"Get-Secret", session.PromptFields, []string{"pässwörd 🔑"}, "pässwörd 🔑"},
				{"Get-Line", session.PromptSecret, []string{"hunter2-line"}, "hunter2-line"},
				{"Get-Line", session.PromptSecret, []string{""}, ""},
				{"Get-Login", session.PromptCredential, []string{"hunter2-pw"}, "contoso\\adm:hunter2-pw"},
				{"Get-Form", session.PromptFields, []string{"here", "eve", "hunter2-form", "7"}, "here eve:hunter2-form 7"},
			} {
				run, prompt := startAsking(t, s, tt.line)
				if prompt.Kind != tt.kind {
					t.Errorf("%s: prompt of kind %d", tt.line, prompt.Kind)
				}
				if err := prompt.Fill(t.Context(), append(tt.answers, "one too many")); err == nil {
					t.Errorf("%s: too many answers are taken", tt.line)
				}
				if err := prompt.Fill(t.Context(), tt.answers); err != nil {
					t.Fatalf("%s: %v", tt.line, err)
				}
				if out := rest(t, run); len(out) != 1 || out[0].String() != tt.want {
					t.Errorf("%s: %q", tt.line, out)
				}
			}
			keepsNothing(t, left, "p@ss W0rd", "pässwörd 🔑", "hunter2-line", "hunter2-pw", "hunter2-form")
		})
	}
}

// keepsNothing looks for secrets as text and as clear SecureStrings.
func keepsNothing(t *testing.T, left *keeper, secrets ...string) {
	t.Helper()
	text := left.String()
	if !strings.Contains(text, "Get-Secret") || !strings.Contains(text, "received=") {
		t.Errorf("the journal and the trace say nothing: %s", text)
	}
	for _, secret := range secrets {
		var data []byte
		for _, u := range utf16.Encode([]rune(secret)) {
			data = binary.LittleEndian.AppendUint16(data, u)
		}
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString(data), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(text, form) {
				t.Errorf("%q is in what is kept:\n%s", form, text)
			}
		}
	}
}

// A SecureString that the server sent stays opaque, can be read on demand, and
// goes back to it as it came: as a parameter and as input.
func TestAReceivedSecretGoesBack(t *testing.T) {
	for _, protocol := range []string{"2.3", "2.4"} {
		s, _ := secretWorld(t, protocol, session.Target{})
		run, prompt := startAsking(t, s, "Read-Host Password -AsSecureString")
		if f := prompt.Fields; len(f) != 1 || !f[0].Secret || f[0].Name != "Password" {
			t.Fatalf("fields %+v", f)
		}
		if err := prompt.Fill(t.Context(), []string{"hunter2"}); err != nil {
			t.Fatal(err)
		}
		out := rest(t, run)
		if len(out) != 1 || out[0].Kind() != clixml.KindSecureString || out[0].String() != "System.Security.SecureString" {
			t.Fatalf("%q", out)
		}
		if text, err := s.Reveal(t.Context(), out[0]); err != nil || text != "hunter2" {
			t.Errorf("%q, %v", text, err)
		}

		run, prompt = startAsking(t, s, "$s = Read-Host Password -AsSecureString")
		if err := prompt.Fill(t.Context(), []string{"again"}); err != nil {
			t.Fatal(err)
		}
		rest(t, run)
		for _, line := range []string{"Get-Secret -Secret $s", "$s | Get-Secret"} {
			if got, _ := output(t, s, line); !slices.Equal(got, []string{"again"}) {
				t.Errorf("%s: %q", line, got)
			}
		}
	}
}

func TestSecretIsReadByItsSessionOnly(t *testing.T) {
	one, _ := secretWorld(t, "2.3", session.Target{})
	two, _ := secretWorld(t, "2.3", session.Target{})
	secret, err := one.Secret(t.Context(), "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := one.Reveal(t.Context(), secret); err != nil || text != "hunter2" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := two.Reveal(t.Context(), secret); text == "hunter2" {
		t.Errorf("another session reads it: %v", err)
	}
	credential, err := one.Credential(t.Context(), "eve", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	password, _ := credential.Object().Get("Password")
	if text, err := one.Reveal(t.Context(), password); err != nil || text != "hunter2" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := one.Reveal(t.Context(), clixml.Str("x")); err == nil {
		t.Error("a text is taken for a secret")
	}
	if err := one.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Secret(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}

// Several commands that ask at once, answered at once, share one exchange of
// the key, and none waits for another's reader.
func TestSeveralSecretsAtOnce(t *testing.T) {
	const n = 4
	s, _ := secretWorld(t, "2.3", session.Target{Runspaces: n})
	var wg sync.WaitGroup
	runs, prompts := make([]*session.Run, n), make([]*session.Prompt, n)
	for i := range n {
		runs[i], prompts[i] = startAsking(t, s, []string{"Get-Secret", "Get-Line"}[i%2])
	}
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = prompts[i].Fill(t.Context(), []string{fmt.Sprintf("secret %d", i)}) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if out := rest(t, runs[i]); len(out) != 1 || out[0].String() != fmt.Sprintf("secret %d", i) {
			t.Errorf("run %d: %q", i, out)
		}
	}
}
