package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"psdeck/session/internal/child"
	"psdeck/session/lab"
	"psdeck/session/outproc"
)

// standInVariable makes the test program a stand-in for pwsh -s, and says which.
const standInVariable = "PSDECK_TEST_STDIO"

func TestMain(m *testing.M) {
	if how := os.Getenv(standInVariable); how != "" {
		os.Exit(standIn(how)) // this process was started as if it were pwsh
	}
	os.Setenv("KRB5CCNAME", "/no/tickets") // whoever runs the tests may have some
	goleak.VerifyTestMain(m)
}

// standIn serves a session of the lab on the standard streams, and misbehaves.
func standIn(how string) int {
	l, err := lab.Start(context.Background(), lab.Options{InMemory: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 70
	}
	defer l.Close()
	switch how {
	case "silent":
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	case "stubborn": // does not end when its input does
		fmt.Fprintln(os.Stderr, os.Getpid())
		_ = l.ServeStdio(context.Background(), os.Stdin, os.Stdout, os.Stderr, "")
		select {}
	case "broken":
		fmt.Fprintln(os.Stderr, "The session configuration file contains an unknown option.")
		return 1
	}
	if err := l.ServeStdio(context.Background(), os.Stdin, &saboteur{how: how}, os.Stderr, ""); err != nil {
		return 1
	}
	return 160
}

// saboteur spoils what a server writes, line by line.
type saboteur struct {
	how     string
	command bool // one has begun
	data    int  // of it
}

func (s *saboteur) Write(line []byte) (int, error) {
	s.command = s.command || bytes.HasPrefix(line, []byte("<CommandAck"))
	if s.command && bytes.HasPrefix(line, []byte("<Data ")) {
		s.data++
	}
	switch {
	case s.how == "no CommandAck" && bytes.HasPrefix(line, []byte("<CommandAck")):
		return len(line), nil
	case s.how == "no DataAck" && s.command && bytes.HasPrefix(line, []byte("<DataAck")):
		return len(line), nil
	case s.how == "no CloseAck" && bytes.HasPrefix(line, []byte("<CloseAck")):
		return len(line), nil
	case s.how == "killed" && s.data > 10:
		fmt.Fprintln(os.Stderr, "Killed: out of memory")
		os.Exit(137)
	case s.how == "garbage" && s.data > 10:
		_, _ = os.Stdout.WriteString("Last login: today\n")
	case s.how == "report" && s.data > 10:
		_, _ = os.Stdout.WriteString("__NamedPipeError__:out of handles\n")
	case s.how == "empty lines":
		_, _ = os.Stdout.WriteString("\n")
	}
	return os.Stdout.Write(line)
}

// local connects to a stand-in.
func local(t *testing.T, how string, target Target) (*Session, error) {
	t.Helper()
	t.Setenv(LocalProgram, os.Args[0])
	t.Setenv(standInVariable, how)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if target.Transport == "" {
		target.OverridePowerShellURI = "local:"
	}
	s, err := NewConnector(ConnectorConfig{}).Connect(ctx, target, nil)
	if err == nil {
		t.Cleanup(func() { _ = s.Close(context.Background()) })
	}
	return s, err
}

func mustLocal(t *testing.T, how string) *Session {
	t.Helper()
	s, err := local(t, how, Target{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mustScript runs a line as the server's script.
func mustScript(t *testing.T, s *Session, line string) *Run {
	t.Helper()
	r, err := s.Run(t.Context(), line, RunOptions{Mode: SendScript, Confirmed: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return r
}

func TestLocalSession(t *testing.T) {
	for _, how := range []string{"lab", "empty lines"} {
		s := mustLocal(t, how)
		if p := s.Proof(); p.TenantID != lab.ContosoID || s.URI() != "local:" || s.Capabilities().Protocol != "2.3" {
			t.Errorf("%+v, %s, %+v", p, s.URI(), s.Capabilities())
		}
		records, res := collect(t, mustScript(t, s, "$x = 1..3; $x; Write-Warning careful; Write-Error no"))
		if got := texts(records); res.Outcome != Completed || res.Objects != 3 || res.Errors != 1 || !slices.Contains(got, "warning: careful") {
			t.Errorf("%v, %+v", got, res)
		}
		records, res = collect(t, mustScript(t, s, "$x; New-LabObject 2000 20"))
		if res.Objects != 2003 || res.Outcome != Completed {
			t.Errorf("%d records, %+v", len(records), res)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if st := s.State(); st != Closed {
			t.Error(st)
		}
	}
}

func TestLocalStop(t *testing.T) {
	s := mustLocal(t, "lab")
	for _, line := range []string{"Start-Sleep 1000", "New-LabObject 10000000"} {
		r := mustScript(t, s, line)
		if line != "Start-Sleep 1000" {
			if _, err := r.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if _, res := collect(t, r); res.Outcome != Stopped {
			t.Errorf("%s: %+v", line, res)
		}
	}
	if _, res := collect(t, mustScript(t, s, "'on'")); res.Outcome != Completed {
		t.Errorf("after a stop: %+v", res)
	}
}

func TestLocalPrompt(t *testing.T) {
	s := mustLocal(t, "lab")
	r := mustScript(t, s, "Read-Host name")
	var got []string
	for {
		records, err := r.Next(t.Context())
		for _, rec := range records {
			if rec.Prompt == nil {
				continue
			}
			got = append(got, "asked")
			if err := rec.Prompt.Fill(t.Context(), []string{"me"}); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	if res := r.Result(); len(got) != 1 || res.Outcome != Completed || res.Objects != 1 {
		t.Errorf("%v, %+v", got, res)
	}
}

// A server that goes away, or says what PowerShell does not say, ends the
// session; what had come is kept, and the error has the reason.
func TestLocalServerBreaks(t *testing.T) {
	for how, want := range map[string]struct {
		text string
		as   any
	}{
		"killed":  {"Killed: out of memory", new(*child.Error)},
		"garbage": {`"Last login: today"`, new(*outproc.LineError)},
		"report":  {"the server reports: out of handles", new(*outproc.ServerError)},
	} {
		t.Run(how, func(t *testing.T) {
			s := mustLocal(t, how)
			_, res := collect(t, mustScript(t, s, "1..1000"))
			if res.Outcome != Lost || res.Objects == 0 {
				t.Errorf("%+v", res)
			}
			select {
			case <-s.Done():
			case <-time.After(time.Minute):
				t.Fatal("the session lives on")
			}
			if err := s.Err(); s.State() != Broken || err == nil || !strings.Contains(err.Error(), want.text) || !errors.As(err, want.as) {
				t.Errorf("%s: %v", s.State(), err)
			}
		})
	}
}

// A lost acknowledgement does not hang: it is waited for as long as an operation
// may take. What was not acknowledged as received was not run.
func TestLocalAcknowledgementLost(t *testing.T) {
	for how, want := range map[string]string{
		"no CommandAck": "the server did not acknowledge a Command packet: there was no answer in time",
		"no DataAck":    "the server did not acknowledge a Data packet: there was no answer in time",
	} {
		t.Run(how, func(t *testing.T) {
			began := time.Now()
			_, err := local(t, how, Target{Options: Options{OperationTimeout: 200 * time.Millisecond}, OverridePowerShellURI: "local:"})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v", err)
			}
			if d := time.Since(began); d > 50*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
}

func TestLocalDoesNotOpen(t *testing.T) {
	for how, want := range map[string]string{
		"broken": "ended (exit status 1): the other side has closed the connection; it says: The session configuration file contains an unknown option.",
		"silent": "there was no answer in time",
	} {
		_, err := local(t, how, Target{Options: Options{OpenTimeout: 300 * time.Millisecond}})
		if how == "broken" {
			_, err = local(t, how, Target{})
		}
		if err == nil || !strings.Contains(err.Error(), want) || len(HintsOf(err)) == 0 {
			t.Errorf("%s: %v", how, err)
		}
	}
	t.Setenv(LocalProgram, filepath.Join(t.TempDir(), "pwsh"))
	_, err := NewConnector(ConnectorConfig{}).Connect(t.Context(), Target{Transport: "local"}, nil)
	if err == nil || !strings.Contains(strings.Join(HintsOf(err), " "), "install PowerShell 7") {
		t.Errorf("%v %q", err, HintsOf(err))
	}
}

// A server that does not close in order, or does not end, is ended.
func TestLocalServerDoesNotEnd(t *testing.T) {
	for _, how := range []string{"stubborn", "no CloseAck"} {
		s := mustLocal(t, how)
		p := s.transport.(*overStdio).server.(*child.Process)
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		if left, err := os.FindProcess(p.PID()); err == nil && left.Signal(syscall.Signal(0)) == nil {
			t.Errorf("%s: the process is left", how)
		}
	}
}

func TestTransportsAndURIs(t *testing.T) {
	for _, c := range []struct{ transport, uri, want string }{
		{"local", "", "local local:"},
		{"local", "local:", "local local:"},
		{"", "local:", "local local:"},
		{"", "LOCAL:", "local LOCAL:"},
		{"", "ssh://u@h:2222", "ssh ssh://u@h:2222"},
		{"ssh", "ssh://h", "ssh ssh://h"},
		{"", "https://h/p", " https://h/p"},
		{"winrs", "", "winrs "},
		{"ssh", "", "error: the transport ssh does not lead to the PowerShell URI \"\""},
		{"local", "https://h", "error: the transport local does not lead to the PowerShell URI \"https://h\""},
		{"wsman", "ssh://h", "error: the transport wsman does not lead to ssh:"},
		{"ssh", "local:", "error: the transport ssh does not lead to the PowerShell URI \"local:\""},
	} {
		target := Target{Transport: c.transport, OverridePowerShellURI: c.uri}
		got := ""
		if err := target.settleTransport(); err != nil {
			got = "error: " + errors.Unwrap(err).Error()
		} else {
			got = target.Transport + " " + target.OverridePowerShellURI
		}
		if got != c.want {
			t.Errorf("%q %q: %s, want %s", c.transport, c.uri, got, c.want)
		}
	}
	for uri, want := range map[string]string{
		"local:/bin/sh":       "local: takes nothing behind it",
		"local://h":           "local: takes nothing behind it",
		"ssh://":              "it names no host to connect to by SSH",
		"ssh://-oProxy@h":     "it names no host to connect to by SSH",
		"ssh://u:secret@h":    "it has a password in it",
		"ssh://h/path":        "ssh://user@host takes no path",
		"ssh://-oProxyCmd=id": "it names no host to connect to by SSH",
	} {
		_, err := NewConnector(ConnectorConfig{}).Connect(t.Context(), Target{OverridePowerShellURI: uri}, nil)
		var e *Error
		if !errors.As(err, &e) || e.Class != ClassUsage || !strings.Contains(e.Err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// The system's ssh is called so that it asks nothing and takes no host for a flag.
func TestSSHProgram(t *testing.T) {
	dir := t.TempDir()
	program, said := filepath.Join(dir, "ssh"), filepath.Join(dir, "said")
	script := "#!/bin/sh\nprintf '%s\\n' \"$*\" >" + said + "\nexec " + os.Args[0] + "\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := local(t, "lab", Target{Transport: "ssh", SSHProgram: program, OverridePowerShellURI: "ssh://svcadmin@srv01.contoso.example:2222"})
	if err != nil {
		t.Fatal(err)
	}
	if _, res := collect(t, mustScript(t, s, "1..2")); res.Objects != 2 {
		t.Errorf("%+v", res)
	}
	got, err := os.ReadFile(said)
	if want := "-o BatchMode=yes -T -p 2222 -l svcadmin -s -- srv01.contoso.example powershell\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}
