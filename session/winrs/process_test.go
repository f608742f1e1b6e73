package winrs

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"psdeck/session/wsman"
)

// run runs a command to its end.
func run(t *testing.T, s *server, cmd Command) (stdout, stderr string, exit int, err error) {
	t.Helper()
	p, err := s.client(t).Run(context.Background(), cmd)
	if err != nil {
		return "", "", 0, err
	}
	exit, err = p.Wait()
	out, _ := io.ReadAll(p.Stdout)
	errs, _ := io.ReadAll(p.Stderr)
	return string(out), string(errs), exit, err
}

// TestRun: streams in pieces, a time-out between them, the exit code, and the
// five messages of a process.
func TestRun(t *testing.T) {
	s := newServer(t,
		reply{stdout: "first gr\xc3"},
		reply{fault: wsman.CodeTimeout},
		reply{stdout: "\xbc\xc3\x9fe\r\n", stderr: "careful\r\n"},
		reply{stdout: "last", done: true, exit: 3},
	)
	cmd := Command{Line: `echo "a & b" <c> ]]> %PATH%`, Directory: `C:\R&D "x"`, Env: map[string]string{"B": "2 < 3", "A\"": "1"}}
	stdout, stderr, exit, err := run(t, s, cmd)
	if err != nil || stdout != "first grüße\r\nlast" || stderr != "careful\r\n" || exit != 3 {
		t.Errorf("%q, %q, %d, %v", stdout, stderr, exit, err)
	}
	want := []string{"Create", "Command", "Receive", "Receive", "Receive", "Receive", "Signal", "Delete"}
	if got := s.actions(); !slices.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
	create := s.find("Create")
	if create.Shell.Directory != cmd.Directory || create.Shell.Inputs != "stdin" || create.Shell.Outputs != "stdout stderr" {
		t.Errorf("shell %+v", create.Shell)
	}
	if v := create.Shell.Variables; len(v) != 2 || v[0].Name != "A\"" || v[1].Value != "2 < 3" {
		t.Errorf("variables %+v", v)
	}
	for _, m := range s.log {
		if m.To != s.URL+"/wsman?a=1&b=2" || m.Resource != wsman.ResourceCommand || m.Timeout != "PT20.000S" {
			t.Errorf("%s: to %s, resource %s, time-out %s", m.Action, m.To, m.Resource, m.Timeout)
		}
		if m.Action != wsman.ActionCreate && m.Selector != shellID {
			t.Errorf("%s: shell %s", m.Action, m.Selector)
		}
	}
	if got := s.find("Command").Line; got != cmd.Line {
		t.Errorf("line %q, want %q", got, cmd.Line)
	}
	if m := s.find("Receive"); m.Desired.Command != commandID || m.Desired.Streams != "stdout stderr" {
		t.Errorf("Receive of %+v", m.Desired)
	}
	if m := s.find("Signal"); m.Signal.Command != commandID || m.Signal.Code != terminate {
		t.Errorf("signal %+v", m.Signal)
	}
}

// TestPowerShell: a line of PowerShell goes encoded, and its errors come back
// as text.
func TestPowerShell(t *testing.T) {
	const document = "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" +
		`<Obj S="progress" RefId="0"><MS><S N="x">no text</S></MS></Obj><S S="Error">Gr&#252;n &lt;rot&gt;_x000D__x000A_</S><S S="warning">mind_x000A_</S></Objs>`
	s := newServer(t, reply{stderr: document[:70]}, reply{stderr: document[70:], done: true, exit: 1})
	line := `Get-Item "Ü 😀" | % { $_ ]]> }`
	_, stderr, exit, err := run(t, s, Command{Line: line, PowerShell: true})
	if err != nil || exit != 1 || stderr != "Grün <rot>\r\nWARNING: mind\n" {
		t.Errorf("%q, %d, %v", stderr, exit, err)
	}
	sent := s.find("Command").Line
	encoded, ok := strings.CutPrefix(sent, "powershell.exe -NoLogo -NonInteractive -EncodedCommand ")
	if !ok {
		t.Fatalf("sent %q", sent)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	if got := string(utf16.Decode(units)); !strings.HasSuffix(got, line) {
		t.Errorf("script %q", got)
	}
}

// TestStop terminates a silent command; what it still says arrives.
func TestStop(t *testing.T) {
	s := newServer(t, reply{stdout: "begun "}, reply{})
	p, err := s.client(t).Run(context.Background(), Command{Line: "ping -t x"})
	if err != nil {
		t.Fatal(err)
	}
	<-s.parked
	if err := p.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	exit, err := p.Wait()
	out, _ := io.ReadAll(p.Stdout)
	if !errors.Is(err, ErrStopped) || exit != 1 || string(out) != "begun last words" {
		t.Errorf("%q, %d, %v", out, exit, err)
	}
	if got := s.actions(); !slices.Equal(got[len(got)-2:], []string{"Signal", "Delete"}) {
		t.Errorf("requests %v", got)
	}
}

// TestCancel: a context that is done stops the command and deletes the shell,
// though nobody reads and nobody waits.
func TestCancel(t *testing.T) {
	s := newServer(t, reply{stdout: "unread"}, reply{})
	ctx, cancel := context.WithCancel(context.Background())
	p, err := s.client(t).Run(ctx, Command{Line: "ping -t x"})
	if err != nil {
		t.Fatal(err)
	}
	<-s.parked
	cancel()
	<-p.done
	exit, err := p.Wait()
	if !errors.Is(err, context.Canceled) || exit != -1 {
		t.Errorf("%d, %v", exit, err)
	}
	got := s.actions()
	if !slices.Equal(got[len(got)-2:], []string{"Signal", "Delete"}) {
		t.Errorf("requests %v", got)
	}
}

// TestFloodedAndCancelled: a process held up by a reader that does not read can
// still be ended.
func TestFloodedAndCancelled(t *testing.T) {
	flood := make([]reply, 300)
	for i := range flood {
		flood[i].stdout = strings.Repeat("x", 40<<10)
	}
	s := newServer(t, flood...)
	ctx, cancel := context.WithCancel(context.Background())
	p, err := s.client(t).Run(ctx, Command{Line: "type big"})
	if err != nil {
		t.Fatal(err)
	}
	p.stdout.mu.Lock()
	for len(p.stdout.data) < maxBuffered {
		p.stdout.change.Wait()
	}
	p.stdout.mu.Unlock()
	cancel()
	if _, err := p.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestFailures: each ends the process with an error and deletes the shell.
func TestFailures(t *testing.T) {
	tests := map[string]struct {
		replies []reply
		refuse  map[string]uint32
		check   func(error) bool
		last    string
	}{
		"no shell":        {nil, map[string]uint32{"Create": wsman.CodeQuotaShells}, isFault((*wsman.Fault).IsQuota), "Create"},
		"no command":      {nil, map[string]uint32{"Command": 5}, isFault((*wsman.Fault).IsAccessDenied), "Delete"},
		"server dies":     {[]reply{{fault: 1726}}, nil, isFault((*wsman.Fault).IsServerGone), "Delete"},
		"connection lost": {[]reply{{abort: true}}, nil, func(err error) bool { return errors.As(err, new(*wsman.TransportError)) }, "Delete"},
		"shell not deleted": {
			[]reply{{done: true}},
			map[string]uint32{"Delete": 5},
			func(err error) bool { return strings.Contains(err.Error(), "delete shell") }, "Delete",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, tt.replies...)
			s.refuse = tt.refuse
			_, _, _, err := run(t, s, Command{Line: "dir"})
			if err == nil || !tt.check(err) {
				t.Errorf("got %v", err)
			}
			if got := s.actions(); got[len(got)-1] != tt.last {
				t.Errorf("requests %v", got)
			}
			if n := strings.Count(strings.Join(s.actions(), " "), "Receive"); n > 1 {
				t.Errorf("%d Receives", n)
			}
		})
	}
}

func isFault(is func(*wsman.Fault) bool) func(error) bool {
	return func(err error) bool {
		f, ok := errors.AsType[*wsman.Fault](err)
		return ok && is(f)
	}
}

func TestLineErrors(t *testing.T) {
	s := newServer(t)
	for name, cmd := range map[string]Command{
		"empty":    {Line: "  "},
		"control":  {Line: "echo \x1b[31m"},
		"not text": {Line: "echo \xff"},
		"long":     {Line: strings.Repeat("x", MaxLine+1)},
		"grown":    {Line: strings.Repeat("x", 4000), PowerShell: true},
	} {
		_, err := s.client(t).Run(context.Background(), cmd)
		if !errors.As(err, new(*LineError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.actions()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TestErrorText: however the output is cut, its text is the same.
func TestErrorText(t *testing.T) {
	const open = `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">`
	tests := map[string]struct{ in, want string }{
		"plain":           {"error: x\r\ny", "error: x\r\ny"},
		"empty":           {"", ""},
		"nearly the mark": {"#< CLIX", "#< CLIX"},
		"mark alone":      {"#< CLIXML\r\n", ""},
		"document":        {"#< CLIXML\r\n" + open + `<S S="Error">a_x000D__x000A_</S><S S="verbose">v</S><S S="debug">d</S></Objs>`, "a\r\nVERBOSE: vDEBUG: d"},
		"two documents":   {"#< CLIXML\r\n" + open + `<S S="Error">a</S></Objs>` + open + `<S S="Error">b</S></Objs>`, "ab"},
		"text around":     {"before\n#< CLIXML\r\n" + open + `<S S="Error">a_x000A_</S></Objs>after`, "before\na\nafter"},
		"mark in a line":  {"see #< CLIXML\n<Objs>", "see #< CLIXML\n<Objs>"},
		"cut short":       {"#< CLIXML\r\n" + open + `<S S="Error">a</S><S S="Err`, "a"},
		"not XML":         {"#< CLIXML\r\nhello", "hello"},
		"control":         {"#< CLIXML\r\n" + open + `<S S="Error">_x001B_[31m</S></Objs>`, "\x1b[31m"},
	}
	for name, tt := range tests {
		for size := 1; size <= len(tt.in)+1; size++ {
			var out bytes.Buffer
			e := &errorText{to: &out}
			for piece := range slices.Chunk([]byte(tt.in), size) {
				_, _ = e.Write(piece)
			}
			_ = e.Close()
			if out.String() != tt.want {
				t.Errorf("%s, in pieces of %d: %q, want %q", name, size, out.String(), tt.want)
				break
			}
		}
	}
}

func FuzzErrorText(f *testing.F) {
	f.Add([]byte("#< CLIXML\r\n<Objs><S S=\"Error\">a</S></Objs>b"), 3)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		var out bytes.Buffer
		e := &errorText{to: &out}
		for piece := range slices.Chunk(in, max(1, size)) {
			_, _ = e.Write(piece)
		}
		_ = e.Close()
		if len(e.pending) != 0 || out.Len() > 2*len(in) {
			t.Errorf("%d bytes in, %d out, %d left", len(in), out.Len(), len(e.pending))
		}
	})
}
