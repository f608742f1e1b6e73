package endpoint

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// remoteShell is a client of the Windows Remote Shell with a shell of its own.
type remoteShell struct {
	*client
	shell string
}

const createShell = `<rsp:Shell><rsp:Environment><rsp:Variable Name="Colour">blue</rsp:Variable></rsp:Environment>` +
	`<rsp:WorkingDirectory>D:\Work</rsp:WorkingDirectory><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`

func everywhere(*url.URL) bool { return true }

func openShell(t *testing.T, at string) *remoteShell {
	t.Helper()
	c := newClient(t, at)
	c.resource = resourceCommand
	r := c.post(actionCreate, "", createShell)
	if r.Status != 200 || r.Shell == "" {
		t.Fatalf("Create: %d %s", r.Status, r.Reason)
	}
	return &remoteShell{c, r.Shell}
}

// begin starts a command line and gives the command's id.
func (s *remoteShell) begin(line string, args ...string) string {
	s.t.Helper()
	body := `<rsp:CommandLine><rsp:Command><![CDATA[` + line + `]]></rsp:Command>`
	for _, a := range args {
		body += `<rsp:Arguments><![CDATA[` + a + `]]></rsp:Arguments>`
	}
	r := s.post(actionCommand, s.shell, body+`</rsp:CommandLine>`)
	if r.Status != 200 || r.Command == "" {
		s.t.Fatalf("Command: %d %s", r.Status, r.Reason)
	}
	return r.Command
}

func (s *remoteShell) receive(id string) *reply {
	s.t.Helper()
	return s.post(actionReceive, s.shell, `<rsp:Receive><rsp:DesiredStream CommandId="`+id+`">stdout stderr</rsp:DesiredStream></rsp:Receive>`)
}

func (s *remoteShell) signal(id, code string) *reply {
	s.t.Helper()
	return s.post(actionSignal, s.shell, `<rsp:Signal CommandId="`+id+`"><rsp:Code>`+nsShell+"/signal/"+code+`</rsp:Code></rsp:Signal>`)
}

// finish receives until the command is done.
func (s *remoteShell) finish(id string) (stdout, stderr string, exit int) {
	s.t.Helper()
	for {
		r := s.receive(id)
		if r.Status != 200 {
			s.t.Fatalf("Receive: %d %s", r.Fault.Code, r.Reason)
		}
		for _, stream := range r.Streams {
			text, err := base64.StdEncoding.DecodeString(stream.Data)
			if err != nil || stream.Command != id {
				s.t.Fatalf("stream %+v: %v", stream, err)
			}
			if stream.Name == "stdout" {
				stdout += string(text)
			} else {
				stderr += string(text)
			}
		}
		if r.done() {
			if r.CommandState.ExitCode == nil {
				s.t.Fatal("no exit code")
			}
			return stdout, stderr, *r.CommandState.ExitCode
		}
		if !strings.HasSuffix(r.CommandState.State, "/Running") {
			s.t.Fatalf("state %q", r.CommandState.State)
		}
	}
}

// encoded is a command line that runs a script, as clients of WinRM write it.
func encoded(script string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return "powershell.exe -NoLogo -NonInteractive -EncodedCommand " + base64.StdEncoding.EncodeToString(raw)
}

func TestCommandLines(t *testing.T) {
	const unknown = "'nosuch' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"
	_, _, at := start(t, Config{CommandShells: everywhere, Machine: "lab7.example"})
	s := openShell(t, at)
	for _, tt := range []struct {
		line           string
		stdout, stderr string
		exit           int
	}{
		{line: "echo Hello, world", stdout: "Hello, world\r\n"},
		{line: "echo", stdout: "ECHO is on.\r\n"},
		{line: "@ECHO äöü €", stdout: "äöü €\r\n"},
		{line: "hostname", stdout: "lab7\r\n"},
		{line: "whoami.exe", stdout: "contoso\\admin\r\n"},
		{line: `"hostname"`, stdout: "lab7\r\n"},
		{line: "cd", stdout: "D:\\Work\r\n"},
		{line: "echo %COLOUR% %nosuch% 100% %computername%", stdout: "blue %nosuch% 100% LAB7\r\n"},
		{line: "type nul"},
		{line: "type x.txt", stderr: "The system cannot find the file specified.\r\n", exit: 1},
		{line: "exit 3", exit: 3},
		{line: "exit /b -1", exit: -1},
		{line: "exit"},
		{line: "cmd /c exit 4", exit: 4},
		{line: "nosuch -x", stderr: unknown, exit: 1},
		{line: "echo a& nosuch &echo b", stdout: "a\r\nb\r\n", stderr: unknown},
		{line: "nosuch && echo b", stderr: unknown, exit: 1},
		{line: "nosuch || echo b", stdout: "b\r\n", stderr: unknown},
		{line: "exit 5 & echo b", exit: 5},
		{line: `echo "a & b"`, stdout: "\"a & b\"\r\n"},
		{line: "echo a | sort", stderr: "The syntax of the command is incorrect.\r\n", exit: 1},
		{line: "ping", stdout: "IP address must be specified.\r\n", exit: 1},
		{line: "ping -n 2 h", stdout: "\r\nPinging h with 32 bytes of data:\r\nReply from h: bytes=32 time<1ms TTL=128\r\nReply from h: bytes=32 time<1ms TTL=128\r\n" +
			"\r\nPing statistics for h:\r\n    Packets: Sent = 2, Received = 2, Lost = 0 (0% loss),\r\n"},
		{line: "powershell"},
		{line: "powershell -NoProfile -enc !!", stderr: badEncoding + "\r\n", exit: exitBadCommandLine},
		{line: "powershell -ExecutionPolicy Bypass -c 1..2", stdout: "1\r\n2\r\n"},
	} {
		stdout, stderr, exit := s.finish(s.begin(tt.line))
		if stdout != tt.stdout || stderr != tt.stderr || exit != tt.exit {
			t.Errorf("%s: %q, %q, %d\nwant %q, %q, %d", tt.line, stdout, stderr, exit, tt.stdout, tt.stderr, tt.exit)
		}
	}
	if out, _, _ := s.finish(s.begin("echo", "one", "two")); out != "one two\r\n" {
		t.Errorf("arguments apart: %q", out)
	}
}

func TestPowerShellInACommandShell(t *testing.T) {
	var asked []string
	_, j, at := start(t, Config{CommandShells: everywhere, Open: func(id Identity, u *url.URL, args *clixml.Object) (*runspace.Options, error) {
		asked = append(asked, id.User+" "+u.RawQuery)
		return &runspace.Options{Tenant: "contoso"}, nil
	}})
	s := openShell(t, at+"?AdminDomain=contoso.example")
	for _, tt := range []struct {
		script         string
		stdout, stderr string
		exit           int
	}{
		{script: "$ProgressPreference = 'SilentlyContinue';'text'; 42", stdout: "text\r\n42\r\n"},
		{script: "whoami; hostname", stdout: "contoso\\admin\r\nlab\r\n"},
		{script: "echo a b", stdout: "a\r\nb\r\n"},
		{script: "New-LabObject -Properties 3", stdout: "Index      : 1\r\nProperty01 : value 1 of object 1\r\nProperty02 : 1000000007\r\n\r\n"},
		{script: "@{Name = 'x'}", stdout: "Name : x\r\n\r\n"},
		{script: "Write-Warning careful; Write-Host hello; Write-Information hidden", stdout: "WARNING: careful\r\nhello\r\n"},
		{script: "ping -n 1 h", stdout: "\r\nPinging h with 32 bytes of data:\r\nReply from h: bytes=32 time<1ms TTL=128\r\n" +
			"\r\nPing statistics for h:\r\n    Packets: Sent = 1, Received = 1, Lost = 0 (0% loss),\r\n"},
		{script: "'before'; exit 7; 'after'", stdout: "before\r\n", exit: 7},
		{script: "exit"},
		{
			script: "Write-Error no -ErrorId Nope -TargetObject t; 'goes on'", stdout: "goes on\r\n",
			stderr: "Write-Error : no\r\n    + CategoryInfo          : NotSpecified: (t:String) [Write-Error], WriteErrorException\r\n    + FullyQualifiedErrorId : Nope\r\n",
		},
		{script: "throw 'over'; 'never'", stderr: "over\r\n    + CategoryInfo          : OperationStopped: (over:String) [], RuntimeException\r\n    + FullyQualifiedErrorId : over\r\n", exit: 1},
	} {
		stdout, stderr, exit := s.finish(s.begin(encoded(tt.script)))
		if stdout != tt.stdout || stderr != tt.stderr || exit != tt.exit {
			t.Errorf("%s: %q, %q, %d\nwant %q, %q, %d", tt.script, stdout, stderr, exit, tt.stdout, tt.stderr, tt.exit)
		}
	}
	_, stderr, exit := s.finish(s.begin(encoded("Get-Nothing")))
	if !strings.HasPrefix(stderr, "The term 'Get-Nothing' is not recognized") || exit != 1 {
		t.Errorf("%q, %d", stderr, exit)
	}
	if asked[0] != "admin@contoso.example AdminDomain=contoso.example" {
		t.Errorf("opened for %q", asked[0])
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	last := j.commands[len(j.commands)-1]
	if last.Tenant != "contoso" || last.State != "Failed" || last.Error != "CommandNotFoundException" || last.Errors != 1 ||
		len(last.Commands) != 1 || last.Commands[0].Name != "Get-Nothing" || !last.Commands[0].IsScript {
		t.Errorf("ledger %+v", last)
	}
	if first := j.commands[0]; first.State != "Completed" || first.Objects != 2 {
		t.Errorf("ledger %+v", first)
	}
}

// Without a console PowerShell writes errors as CLIXML; [MS-PSRP] 2.2.5.3.2
// escapes the line ends in it.
func TestErrorOutputAsCLIXML(t *testing.T) {
	_, _, at := start(t, Config{CommandShells: everywhere, Switches: Switches{ErrorCLIXML: true}})
	s := openShell(t, at)
	_, stderr, exit := s.finish(s.begin(encoded("throw 'a<b'")))
	want := "#< CLIXML\r\n" + `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S S="Error">a&lt;b_x000D__x000A_</S>` +
		`<S S="Error">    + CategoryInfo          : OperationStopped: (a&lt;b:String) [], RuntimeException_x000D__x000A_</S>` +
		`<S S="Error">    + FullyQualifiedErrorId : a&lt;b_x000D__x000A_</S></Objs>`
	if stderr != want || exit != 1 {
		t.Errorf("%q, %d\nwant %q", stderr, exit, want)
	}
}

// A user who may not manage a tenant has a command shell, but no PowerShell
// that works on it.
func TestPowerShellThatMayNotOpen(t *testing.T) {
	_, _, at := start(t, Config{CommandShells: everywhere, Open: func(Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return nil, errors.New("not this tenant")
	}})
	s := openShell(t, at)
	if _, stderr, exit := s.finish(s.begin(encoded("1"))); stderr != "not this tenant\r\n" || exit != 1 {
		t.Errorf("%q, %d", stderr, exit)
	}
	if stdout, _, exit := s.finish(s.begin("echo yes")); stdout != "yes\r\n" || exit != 0 {
		t.Errorf("%q, %d", stdout, exit)
	}
}

func TestSignalsOfACommandShell(t *testing.T) {
	srv, j, at := start(t, Config{CommandShells: everywhere})
	s := openShell(t, at)
	for _, line := range []string{"ping -t h", encoded("ping -t h"), encoded("1..1000000000"), "ping -t h & echo never"} {
		id := s.begin(line)
		if r := s.receive(id); len(r.Streams) == 0 || r.done() {
			t.Fatalf("%s: %s", line, r.Raw)
		}
		if r := s.signal(id, "ctrl_c"); r.Status != 200 {
			t.Errorf("ctrl_c: %s", r.Reason)
		}
		if _, _, exit := s.finish(id); exit != -1073741510 { // STATUS_CONTROL_C_EXIT
			t.Errorf("%.20s: exit code %d", line, exit)
		}
		s.signal(id, "terminate")
	}
	id := s.begin(encoded("Start-Sleep 3600"))
	answer := make(chan *reply, 1)
	go func() {
		r, _ := s.try(s.envelope(uuid.NewString(), actionReceive, s.shell, `<rsp:Receive><rsp:DesiredStream CommandId="`+id+`">stdout</rsp:DesiredStream></rsp:Receive>`))
		answer <- r
	}()
	for waiting := 0; waiting == 0; runtime.Gosched() {
		srv.mu.Lock()
		sh := srv.shells[strings.ToUpper(s.shell)]
		srv.mu.Unlock()
		sh.mu.Lock()
		waiting = sh.parked
		sh.mu.Unlock()
	}
	s.signal(id, "terminate")
	if r := <-answer; r == nil || r.Fault.Code != codeAborted {
		t.Errorf("a Receive whose command was terminated: %+v", r)
	}
	if r := s.receive(id); r.Fault.Code != codeNotFound {
		t.Errorf("after terminate: %d %s", r.Fault.Code, r.Reason)
	}
	s.begin("ping -t h")
	if r := s.post(actionDelete, s.shell, ""); r.Status != 200 {
		t.Errorf("Delete: %s", r.Reason)
	}
	if left := srv.Shells(); len(left) != 0 {
		t.Errorf("%d shells are left", len(left))
	}
	srv.Close() // waits for what ran
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.commands {
		if e.State != "Stopped" {
			t.Errorf("%+v", e)
		}
	}
	if len(j.commands) != 6 {
		t.Errorf("%d entries in the ledger", len(j.commands))
	}
}

func TestCommandShellRules(t *testing.T) {
	srv, j, at := start(t, Config{MaxShellsPerUser: 1, MaxCommandsPerShell: 2, CommandShells: func(u *url.URL) bool { return u.Path == "/wsman" }})
	elsewhere := newClient(t, strings.TrimSuffix(at, "/wsman")+"/OcsPowershellOAuth")
	elsewhere.resource = resourceCommand
	if r := elsewhere.post(actionCreate, "", createShell); r.Fault.Code != codeInvalidResource {
		t.Errorf("where it is not offered: %d %s", r.Fault.Code, r.Reason)
	}
	s := openShell(t, at)
	if r := s.post(actionCreate, "", createShell); r.Fault.Code != codeTooManyShells {
		t.Errorf("one shell too many: %d %s", r.Fault.Code, r.Reason)
	}
	other := &remoteShell{newClient(t, at), s.shell}
	other.user, other.resource = "user@contoso.example", resourceCommand
	if r := other.receive("11111111-1111-1111-1111-111111111111"); r.Fault.Code != codeAccessDenied {
		t.Errorf("another's shell: %d %s", r.Fault.Code, r.Reason)
	}
	id := s.begin("ping -t h")
	s.begin("ping -t h")
	if r := s.post(actionCommand, s.shell, `<rsp:CommandLine><rsp:Command>echo</rsp:Command></rsp:CommandLine>`); r.Fault.Code != codeTooManyCommands {
		t.Errorf("one command too many: %d %s", r.Fault.Code, r.Reason)
	}
	typed := base64.StdEncoding.EncodeToString([]byte("y\r\n"))
	if r := s.post(actionSend, s.shell, `<rsp:Send><rsp:Stream Name="stdin" CommandId="`+id+`" End="true">`+typed+`</rsp:Stream></rsp:Send>`); r.Status != 200 {
		t.Errorf("Send: %s", r.Reason)
	}
	s.timeout = "PT0.05S"
	srv.SetSwitches(Switches{TimeoutFaults: 1})
	if r := s.receive(id); r.Fault.Code != codeTimedOut {
		t.Errorf("%d %s", r.Fault.Code, r.Reason)
	}
	if r := s.receive(""); r.Fault.Code != codeNotFound {
		t.Errorf("a Receive for the shell itself: %d %s", r.Fault.Code, r.Reason)
	}
	if !srv.Kill(s.shell) {
		t.Error("no shell to kill")
	}
	if r := s.receive(id); r.Fault.Code != codeNotFound {
		t.Errorf("%d %s", r.Fault.Code, r.Reason)
	}
	var actions []string
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.requests {
		actions = append(actions, e.Action)
	}
	want := []string{"Create", "Create", "Create", "Receive", "Command", "Command", "Command", "Send", "Receive", "Receive", "Receive"}
	if !slices.Equal(actions, want) {
		t.Errorf("access log %q, want %q", actions, want)
	}
}

// A quiet command lets a Receive wait until its time is over.
func TestReceiveOfAQuietCommandTimesOut(t *testing.T) {
	_, _, at := start(t, Config{CommandShells: everywhere})
	s := openShell(t, at)
	id := s.begin(encoded("Start-Sleep 3600"))
	s.timeout = "PT0.02S"
	if r := s.receive(id); r.Fault.Code != codeTimedOut {
		t.Errorf("%d %s", r.Fault.Code, r.Reason)
	}
}

// What a Receive carries fits the envelope that the client takes, and nothing is lost.
func TestLongTextArrivesWhole(t *testing.T) {
	_, _, at := start(t, Config{CommandShells: everywhere, MaxEnvelopeSize: 60000})
	s := openShell(t, at)
	stdout, _, exit := s.finish(s.begin(encoded("1..100000")))
	lines := strings.Split(stdout, "\r\n")
	if len(lines) != 100001 || lines[0] != "1" || lines[99999] != "100000" || exit != 0 {
		t.Errorf("%d lines, exit code %d", len(lines), exit)
	}
}
