package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"psdeck/session/lab"
	"psdeck/ui/cli"
	"psdeck/ui/headless"
)

// result is what one call of the program gave.
type result struct {
	code     int
	out, err string
}

// program calls the program with pipes for its three streams.
func program(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(args, cli.Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs, Width: 100, Version: version})
	return result{code, out.String(), errs.String()}
}

func (r result) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("it does not say %q", w)
		}
	}
	if t.Failed() {
		t.Logf("standard output:\n%s\nstandard error:\n%s", r.out, r.err)
	}
}

// state gives the program a place of its own for its state and returns it. The
// folder is not there yet.
func state(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	t.Setenv("PSDECK_STATE_DIR", dir)
	t.Setenv("KRB5CCNAME", filepath.Join(dir, "no tickets"))
	return dir
}

// place is a lab on real ports and the flags that lead to it.
type place struct {
	*lab.Lab
	tenant lab.TenantLine // contoso
	access *bytes.Buffer  // complete when the lab is closed
	state  string
}

func startLab(t *testing.T, o lab.Options) *place {
	t.Helper()
	p := &place{access: new(bytes.Buffer), state: state(t)}
	o.AccessLog, o.StateDir = p.access, t.TempDir()
	l, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left := l.Endpoint().Shells(); len(left) > 0 {
			t.Errorf("%d shells are left on the server", len(left))
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Lab, p.tenant = l, l.Tenants()[0]
	return p
}

// args are a command and the flags by which it finds the lab, as psdeck lab
// prints them.
func (p *place) args(command string, more ...string) []string {
	args := []string{command, "--ca-file", p.tenant.CAFile}
	for _, r := range p.tenant.Resolve {
		args = append(args, "--resolve", r)
	}
	return append(args, more...)
}

// asAdmin are flags that sign contoso's administrator in with the password on
// standard input.
func (p *place) asAdmin(more ...string) []string {
	return p.args("exec", append([]string{"--user-name", p.tenant.UserName, "--sign-in", "password", "--password-stdin"}, more...)...)
}

func TestWhatNeedsNothingStartsNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, c := range []struct {
		args  []string
		code  int
		words []string
	}{
		{[]string{"--help"}, 0, []string{"psdeck exec", "psdeck lab", "Exit codes: 0 done"}},
		{[]string{"-h"}, 0, []string{"psdeck check"}},
		{[]string{"help"}, 0, []string{"psdeck demo"}},
		{[]string{"help", "exec"}, 0, []string{"\n  --user-name account\n", "\n  --password-stdin\n", "\n  -c line\n"}},
		{[]string{"exec", "--help"}, 0, []string{"usage: psdeck exec"}},
		{[]string{"lab", "--help"}, 0, []string{"listen"}},
		{[]string{"check", "-h"}, 0, []string{"override-discovery-uri"}},
		{[]string{"--version"}, 0, []string{"psdeck " + version}},
		{[]string{"version"}, 0, []string{"psdeck " + version}},
		{[]string{"help", "nonsense"}, 2, []string{"psdeck: there is no help on \"nonsense\"\nhint: "}},
		{[]string{"nonsense"}, 2, []string{"psdeck: there is no command \"nonsense\"\nhint: "}},
		{[]string{""}, 2, []string{"psdeck: there is no command", "hint: "}},
		{[]string{"--nonsense"}, 2, []string{"psdeck: reading the flags", "hint: "}},
		{[]string{"exec"}, 2, []string{"psdeck: there is nothing to run\nhint: "}},
		{[]string{"exec", "--nonsense"}, 2, []string{"psdeck: reading the flags: ", "\nhint: psdeck help exec"}},
		{[]string{"exec", "Get-CsTenant | fl"}, 2, []string{"is not a flag", "\nhint: "}},
		{[]string{"exec", "contoso.example", "fabrikam.example", "-c", "1"}, 2, []string{"one argument too many", "\nhint: "}},
		{[]string{"exec", "contoso.example", "--override-admin-domain", "fabrikam.example", "-c", "1"}, 2, []string{"contradict", "\nhint: "}},
		{[]string{"lab", "extra"}, 2, []string{"one argument too many", "\nhint: "}},
		{[]string{"demo", "extra"}, 2, []string{"one argument too many", "\nhint: "}},
		{[]string{"exec", "-c", "1", "--output", "yaml"}, 2, []string{"psdeck: output form \"yaml\"", "\nhint: "}},
		{[]string{"exec", "-c", "1", "--timeout", "soon"}, 2, []string{"timeout", "\nhint: "}},
		{[]string{"exec", "-c", "1", "--script", "--commands"}, 2, []string{"exclude each other\nhint: "}},
		{[]string{"exec", "-c", "'open"}, 2, []string{"missing the terminator", "\nhint: "}},
		{[]string{"exec", "-f", missing}, 2, []string{"psdeck: reading the lines to run: ", "\nhint: "}},
		{[]string{"exec", "--credential", "a@b.example", "-c", "1"}, 2, []string{"there is no terminal to ask on", "\nhint: "}},
		{[]string{"help", "sessions"}, 0, []string{"usage: psdeck sessions [flags] list|close [SHELLID...]", "\n  --all\n"}},
		{[]string{"sessions"}, 2, []string{"psdeck: sessions wants list or close\nhint: "}},
		{[]string{"sessions", "open"}, 2, []string{"psdeck: sessions wants list or close\nhint: "}},
		{[]string{"sessions", "list", "1"}, 2, []string{"sessions list takes no ids\nhint: "}},
		{[]string{"sessions", "list", "--output", "yaml"}, 2, []string{"psdeck: output form \"yaml\"", "\nhint: "}},
		{[]string{"sessions", "close"}, 2, []string{"there is nothing to close\nhint: "}},
		{[]string{"sessions", "close", "1", "--all"}, 2, []string{"exclude each other\nhint: "}},
		{[]string{"check"}, 2, []string{"check wants one domain or URI\nhint: "}},
		{[]string{}, 2, []string{"psdeck: the deck needs a terminal\nhint: psdeck exec"}},
		{[]string{"demo"}, 2, []string{"psdeck: the demo needs a terminal\nhint: "}},
		{[]string{"lab", "--listen", "192.0.2.1:0"}, 3, []string{"loopback"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			dir := state(t)
			r := program(t, "", c.args...)
			r.want(t, c.code, c.words...)
			if c.code == 0 && r.err != "" || c.code != 0 && r.out != "" {
				t.Errorf("standard output %q, standard error %q", r.out, r.err)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the state directory: %v", err)
			}
		})
	}
}

func TestExecAgainstTheLab(t *testing.T) {
	p := startLab(t, lab.Options{})
	in := p.tenant.Password + "\n"
	five := []string{"--output", "jsonl", "-c", "Get-CsOnlineUser -ResultSize 5"}
	tenants := func(r result) []string {
		var list []string
		for line := range strings.Lines(r.out) {
			var u struct{ TenantId string }
			if err := json.Unmarshal([]byte(line), &u); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			list = append(list, u.TenantId)
		}
		return list
	}

	r := program(t, in, p.asAdmin(five...)...)
	r.want(t, headless.ExitDone)
	if got := tenants(r); !slices.Equal(got, slices.Repeat([]string{lab.ContosoID}, 5)) {
		t.Errorf("%v", got)
	}

	r = program(t, in, p.asAdmin(append(five, "--override-admin-domain", "fabrikam.onmicrosoft.com")...)...)
	r.want(t, headless.ExitDone)
	if got := tenants(r); !slices.Equal(got, slices.Repeat([]string{lab.FabrikamID}, 5)) {
		t.Errorf("%v", got)
	}

	token, err := p.Authority().Issue(p.tenant.UserName, "organizations", p.tenant.URI, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PSDECK_TEST_TOKEN", token)
	before := len(p.Access())
	r = program(t, "", p.args("exec", append(five, "--oauth-access-token-env", "PSDECK_TEST_TOKEN")...)...)
	r.want(t, headless.ExitDone)
	if got := tenants(r); len(got) != 5 {
		t.Errorf("%v", got)
	}
	for _, e := range p.Access()[before:] {
		if e.Host == lab.LoginHost {
			t.Errorf("a given token, and yet %s %s", e.Kind, e.Path)
		}
	}

	const resource = "https://special.online.lync.example/powershell"
	program(t, in, p.asAdmin(append(five, "--override-access-token-resource-uri", resource)...)...).want(t, headless.ExitDone)
	if !slices.ContainsFunc(p.Access(), func(e lab.AccessEntry) bool { return e.Kind == "grant" && e.Detail["resource"] == resource }) {
		t.Errorf("no grant for %s", resource)
	}
}

// Ids may stand before the flags and behind them.
func TestSessionsAgainstTheLab(t *testing.T) {
	p := startLab(t, lab.Options{})
	in := p.tenant.Password + "\n"
	admin := p.asAdmin()[1:]
	call := func(verb string, more ...string) result {
		return program(t, in, slices.Concat([]string{"sessions", verb}, more[:len(more)/2], admin, more[len(more)/2:])...)
	}
	call("list").want(t, headless.ExitDone, "there are no sessions of this account")
	call("close", "one", "two").want(t, headless.ExitUsage, "there is no session one on ")
	call("close", "--all").want(t, headless.ExitDone, "there are no sessions of this account")
	if r := call("list", "--output=json"); r.out != "[]\n" {
		t.Errorf("%q", r.out)
	}
}

func TestEachOutputFormAgainstTheLab(t *testing.T) {
	p := startLab(t, lab.Options{})
	for form, want := range map[string]string{
		"auto": "\nName    CountryAbbreviation\n", "table": "Contoso", "list": "Name                : Contoso\n", "json": "[\n  {\"Name\":\"Contoso\"",
		"jsonl": "{\"Name\":\"Contoso\",\"CountryAbbreviation\":\"DE\"}\n", "csv": "\"Name\",\"CountryAbbreviation\"\n\"Contoso\",\"DE\"\n",
		"clixml": "<S N=\"Name\">Contoso</S>", "text": "@{Name=Contoso; CountryAbbreviation=DE}\n",
	} {
		r := program(t, p.tenant.Password+"\n", p.asAdmin("--output", form, "-c", "Get-CsTenant | Select-Object Name, CountryAbbreviation")...)
		if r.want(t, headless.ExitDone); !strings.Contains(r.out, want) || strings.Contains(r.out, "psdeck:") {
			t.Errorf("--output %s prints %q", form, r.out)
		}
	}
}

// What is taken and does nothing is said where options are explained.
func TestHelpSaysThatDataGoesUncompressed(t *testing.T) {
	r := program(t, "", "help", "exec")
	r.want(t, headless.ExitDone)
	if !strings.Contains(r.out+r.err, "NoCompression is taken: data always goes uncompressed") {
		t.Errorf("%s", r.out)
	}
}

func TestAScriptFileBehindThePassword(t *testing.T) {
	p := startLab(t, lab.Options{})
	r := program(t, p.tenant.Password+"\nGet-CsTenant |\n  Select-Object -ExpandProperty Name\n1..2\n", p.asAdmin("--output", "text", "-f", "-")...)
	if r.want(t, headless.ExitDone); r.out != "Contoso\n1\n2\n" {
		t.Errorf("%q", r.out)
	}
}

func TestTheFullLanguageEndpoint(t *testing.T) {
	p := startLab(t, lab.Options{})
	basic := []string{
		"exec", "--credential", p.tenant.UserName, "--password-stdin", "--authentication", "basic",
		"--override-power-shell-uri", p.tenant.BasicURI, "--output", "text",
	}
	r := program(t, p.tenant.Password+"\n", append(basic, "--script", "-c", "$x = 1..3; $x", "-c", "$x")...)
	if r.want(t, headless.ExitDone); r.out != "1\n2\n3\n1\n2\n3\n" {
		t.Errorf("%q", r.out)
	}
	// It says that it takes scripts, so that lines go as they are.
	r = program(t, p.tenant.Password+"\n", append(basic, "-c", "$x = 1..3 | Where-Object { $_ -ne 2 }", "-c", "$x")...)
	if r.want(t, headless.ExitDone); r.out != "1\n3\n" {
		t.Errorf("%q", r.out)
	}
	r = program(t, p.tenant.Password+"\n", append(basic, "--transport", "winrs", "-c", "Get-CsTenant")...)
	if r.want(t, headless.ExitDone, "unproved"); !strings.Contains(r.out, "Contoso") {
		t.Errorf("%q", r.out)
	}
}

// The endpoint on loopback is like a Windows host's: it takes NTLM, and then seals.
func TestExecAgainstAServerThatNegotiates(t *testing.T) {
	p := startLab(t, lab.Options{})
	trace := filepath.Join(t.TempDir(), "trace")
	for _, account := range []string{p.tenant.UserName, `CONTOSO\admin`} {
		for _, way := range []string{"Negotiate", "ntlm", "auto"} {
			r := program(t, p.tenant.Password+"\n", "exec", "--connection-uri", p.tenant.NegotiateURI, "--authentication", way,
				"--credential", account, "--password-stdin", "--trace", trace, "--output", "text", "-c", "Get-CsTenant | Select-Object -ExpandProperty Name")
			if r.want(t, headless.ExitDone); r.out != "Contoso\n" {
				t.Errorf("%s as %s: %q\n%s", way, account, r.out, r.err)
			}
		}
	}
	handshakes := 0
	for _, e := range p.Access() {
		if e.Kind == "negotiate" && e.Status == http.StatusOK {
			handshakes++
		}
	}
	if handshakes < 6 {
		t.Errorf("%d handshakes", handshakes)
	}
	r := program(t, "wrong\n", "exec", p.tenant.NegotiateURI, "--authentication", "Negotiate", "--credential", `CONTOSO\admin`, "--password-stdin", "-c", "Get-CsTenant")
	r.want(t, headless.ExitSignIn, `127.0.0.1 does not accept the user name or the password of CONTOSO\admin`, "\nhint: ")
	r = program(t, "", "exec", p.tenant.NegotiateURI, "--authentication", "Negotiate", "-c", "Get-CsTenant")
	r.want(t, headless.ExitUsage, "takes a user name and a password", "on Windows only", "\nhint: ")
}

func TestNewCsOnlineSessionWithTheFlagsOfTheCall(t *testing.T) {
	p := startLab(t, lab.Options{})
	typed := "New-CsOnlineSession -UserName " + p.tenant.UserName
	args := p.args("exec", "--password-stdin", "--sign-in", "password", "--output", "text", "-c", typed, "-c", "Get-CsTenant | Select-Object -ExpandProperty Name")
	r := program(t, p.tenant.Password+"\n", args...)
	if r.want(t, headless.ExitDone, "the server says it is Contoso"); r.out != "Contoso\n" {
		t.Errorf("%q", r.out)
	}
	program(t, p.tenant.Password+"\n", append(args, "--expect-tenant", "fabrikam.example")...).want(t, headless.ExitSafety, "fabrikam.example was asked for", "\nhint: ")
	program(t, p.tenant.Password+"\n", append(args, "--read-only", "-c", "Set-CsUser x -Enabled $true")...).want(t, headless.ExitSafety, "read-only")
}

// Each exit code of the contract, by a call of the program.
func TestExitCodes(t *testing.T) {
	p := startLab(t, lab.Options{})
	in := p.tenant.Password + "\n"
	for _, c := range []struct {
		name  string
		stdin string
		args  []string
		code  int
		says  string
	}{
		{"done", in, p.asAdmin("-c", "Get-CsTenant"), 0, ""},
		{"errors", in, p.asAdmin("-c", "Get-Nothing"), 1, "'Get-Nothing' is not recognized"},
		{"usage", in, p.asAdmin("-c", "Get-CsTenant", "--env", "mars"), 2, "psdeck: --env \"mars\""},
		{"connect", in, p.asAdmin("-c", "Get-CsTenant", "--resolve", "lyncdiscover.contoso.example:443=127.0.0.1:1", "--resolve", "lyncdiscover.contoso.example:80=127.0.0.1:1", "--override-power-shell-uri", "https://lyncdiscover.contoso.example/OcsPowershellOAuth"), 3, "psdeck: "},
		{"sign-in", "wrong\n", p.asAdmin("-c", "Get-CsTenant"), 4, "the user name or the password is wrong"},
		{"device code", "", p.args("exec", "--user-name", "helpdesk@contoso.example", "-c", "Get-CsTenant"), 4, "/device and enter "},
		{"safety", in, p.asAdmin("--read-only", "-c", "Remove-Everything"), 5, "psdeck: running Remove-Everything: refused: read-only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := program(t, c.stdin, c.args...)
			r.want(t, c.code, c.says)
			if c.code != 0 && (r.out != "" || !strings.Contains(r.err, "\nhint: ")) {
				t.Errorf("standard output %q, standard error %q", r.out, r.err)
			}
		})
	}
}

func TestAnInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a program cannot interrupt itself there")
	}
	p := startLab(t, lab.Options{})
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	out := &interrupting{self: self, t: t}
	var errs bytes.Buffer
	args := p.asAdmin("--output", "jsonl", "-c", "New-LabObject 1000000 1 -DelayMilliseconds 1", "--yes")
	code := cli.Run(args, cli.Streams{In: strings.NewReader(p.tenant.Password + "\n"), Out: out, Err: &errs, Width: 100, Version: version})
	result{code, out.String(), errs.String()}.want(t, headless.ExitInterrupted)
	if !slices.ContainsFunc(p.Access(), func(e lab.AccessEntry) bool { return e.Detail["action"] == "Delete" }) {
		t.Error("the shell was not deleted")
	}
}

// interrupting interrupts the program when its first data is written.
type interrupting struct {
	bytes.Buffer
	self *os.Process
	t    *testing.T
}

func (w *interrupting) Write(p []byte) (int, error) {
	if w.Len() == 0 {
		if err := w.self.Signal(os.Interrupt); err != nil {
			w.t.Error(err)
		}
	}
	return w.Buffer.Write(p)
}

func TestCheckAgainstTheLab(t *testing.T) {
	p := startLab(t, lab.Options{})
	program(t, "", p.args("check", "contoso.com")...).want(t, headless.ExitDone, "hop ", "endpoint   https://"+lab.AdminHost, "challenge  Bearer")
	p.SetDiscovery(lab.FaultBroken)
	r := program(t, "", p.args("check", "contoso.com")...)
	r.want(t, headless.ExitConnect, "HTTP 503")
	if !strings.HasPrefix(r.err, "psdeck: ") || !strings.Contains(r.err, "\nhint: ") {
		t.Errorf("%s", r.err)
	}
}

// Whatever a run is given as a secret, and whatever it gets, is found nowhere
// that it or the lab writes to.
func TestNoSecretIsWrittenAnywhere(t *testing.T) {
	p := startLab(t, lab.Options{AutoApprove: true})
	token, err := p.Authority().Issue(p.tenant.UserName, "organizations", p.tenant.URI, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PSDECK_TEST_TOKEN", token)
	const typed = "Typed-Into-A-Line-1!"
	line := "Set-CsUser user0001@contoso.example -Password '" + typed + "'"
	trace := filepath.Join(t.TempDir(), "trace")
	var all strings.Builder
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{p.tenant.Password + "\n", p.asAdmin("--output", "json", "-c", "Get-CsTenant", "-c", line)},
		{"", p.args("exec", "--oauth-access-token-env", "PSDECK_TEST_TOKEN", "--read-only", "-c", line)},
		{token + "\n", p.args("exec", "--oauth-access-token-stdin", "--tenant", lab.FabrikamID, "-c", "Get-CsTenant")},
		{token + "\n", p.args("exec", "--oauth-access-token-stdin", "--override-access-token-resource-uri", "https://other.example", "-c", "Get-CsTenant")},
		{"Wrong-Password-1!\n", p.asAdmin("-c", "Get-CsTenant")},
		{p.tenant.Password + "\n", []string{
			"exec", "--credential", p.tenant.UserName, "--password-stdin", "--authentication", "basic", "--override-power-shell-uri", p.tenant.BasicURI,
			"--script", "-c", "Get-CsTenant", "-c", line + " '",
		}},
		{p.tenant.Password + "\n", p.asAdmin("--override-power-shell-uri", p.tenant.LiveIDURI, "-c", line)},
		{p.tenant.Password + "\n", []string{
			"exec", "--credential", p.tenant.UserName, "--password-stdin", "--authentication", "negotiate", "--connection-uri", p.tenant.NegotiateURI, "-c", line,
		}},
		{"Wrong-Password-1!\n", []string{
			"exec", "--credential", `CONTOSO\admin`, "--password-stdin", "--authentication", "ntlm", "--connection-uri", p.tenant.NegotiateURI, "-c", line,
		}},
	} {
		r := program(t, c.stdin, append(c.args, "--trace", trace)...)
		all.WriteString(r.out + r.err)
	}
	written := map[string]string{"standard output and error": all.String()}
	for name, path := range map[string]string{"the trace": trace, "the journal": filepath.Join(p.state, "journal.jsonl")} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		written[name] = string(b)
	}
	if err := p.Close(); err != nil { // then the log is complete
		t.Fatal(err)
	}
	written["the access log"] = p.access.String()
	signature := token[strings.LastIndexByte(token, '.')+1:]
	for where, text := range written {
		if text == "" {
			t.Errorf("%s is empty", where)
		}
		for _, secret := range []string{p.tenant.Password, "Wrong-Password-1!", typed, token, signature, "eyJ", "refresh_token\":", "Authorization"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %.12s…:\n%s", where, secret, text)
			}
		}
	}
	for _, dir := range []string{p.state} {
		if runtime.GOOS == "windows" {
			continue
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}

// buildStandIn builds this program and a script that runs it as if it were pwsh.
func buildStandIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, script := filepath.Join(dir, "psdeck"), filepath.Join(dir, "pwsh")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := "#!/bin/sh\nexec " + program + " lab --stdio --admin-domain fabrikam.example -- \"$@\"\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}

func TestExecOnThisMachine(t *testing.T) {
	state(t)
	t.Setenv("PSDECK_PWSH", buildStandIn(t))
	r := program(t, "", "exec", "--transport", "local", "--output", "jsonl", "-c", "Get-CsTenant", "-c", "1..3")
	r.want(t, headless.ExitDone, `"TenantId":"00000000-0000-0000-0000-000000000002"`, "\n1\n2\n3\n")
	r = program(t, "", "exec", "--override-power-shell-uri", "local:", "--script", "-c", "throw 'over'")
	r.want(t, headless.ExitErrors, "over")
	r = program(t, "", "exec", "--transport", "local", "--timeout", "300ms", "-c", "Start-Sleep 1000")
	r.want(t, headless.ExitErrors, "not done after 300ms, so it was stopped")
	r = program(t, "", "exec", "--transport", "local", "--expect-tenant", "contoso.example", "-c", "1")
	r.want(t, headless.ExitSafety, "contoso.example was asked for")
	t.Setenv("PSDECK_PWSH", filepath.Join(t.TempDir(), "none"))
	r = program(t, "", "exec", "--transport", "local", "-c", "1")
	r.want(t, headless.ExitConnect, "hint: install PowerShell 7")
	r = program(t, "", "exec", "--transport", "ssh", "-c", "1")
	r.want(t, headless.ExitUsage, "ssh://user@host")
}

// The lab on the standard streams says what pwsh -s says, and ends with them.
func TestLabOnStandardStreams(t *testing.T) {
	r := program(t, "", "lab", "--stdio", "--", "-s", "-NoLogo")
	r.want(t, headless.ExitDone)
	r = program(t, "hello server\n", "lab", "--stdio")
	r.want(t, headless.ExitConnect, `"hello server"`)
	r = program(t, "", "lab", "--stdio", "--admin-domain", "nowhere.example")
	r.want(t, headless.ExitConnect)
	const close = "<Close PSGuid='00000000-0000-0000-0000-000000000000' />"
	in, out := io.Pipe()
	go func() { _, _ = io.WriteString(out, close+"\n"); _ = out.Close() }()
	var got strings.Builder
	if code := cli.Run([]string{"lab", "--stdio"}, cli.Streams{In: in, Out: &got, Err: io.Discard}); code != headless.ExitDone ||
		!strings.HasSuffix(got.String(), "<CloseAck PSGuid='00000000-0000-0000-0000-000000000000' />\n") {
		t.Errorf("%d %q", code, got.String())
	}
}

// A sign-in serves the next run: it is kept encrypted, listed without its
// tokens, and dropped by tenant or altogether.
func TestAuth(t *testing.T) {
	p := startLab(t, lab.Options{})
	authArgs := func(args ...string) []string { return append(p.args("auth"), args...) }
	login := slices.Insert(authArgs("--credential", p.tenant.UserName, "--password-stdin"), 1, "login")
	list := slices.Insert(authArgs("--output", "json"), 1, "list")
	logout := slices.Insert(authArgs(), 1, "logout")
	program(t, "", slices.Insert(authArgs(), 1, "list")...).want(t, headless.ExitDone, "nobody is signed in")
	program(t, "", logout...).want(t, headless.ExitUsage, "nobody is signed in", "\nhint: ")
	program(t, p.tenant.Password+"\n", login...).want(t, headless.ExitDone, "signed in as "+p.tenant.UserName, "there is no keyring here")

	r := program(t, "", p.args("exec", "--user-name", p.tenant.UserName, "--sign-in", "device", "-c", "Get-CsTenant | Select-Object -ExpandProperty DisplayName")...)
	if r.want(t, headless.ExitDone); r.out != "Contoso\n" {
		t.Errorf("the next run prints %q", r.out)
	}
	var kept []struct {
		Account   string
		Renewable bool
		Tokens    []struct {
			Tenant      string
			Scopes      []string
			SecondsLeft int `json:"seconds_left"`
		}
	}
	r = program(t, "", list...)
	r.want(t, headless.ExitDone)
	if err := json.Unmarshal([]byte(r.out), &kept); err != nil || len(kept) != 1 || kept[0].Account != p.tenant.UserName || !kept[0].Renewable {
		t.Fatalf("%s, %v", r.out, err)
	}
	if tok := kept[0].Tokens; len(tok) == 0 || tok[0].Tenant != p.tenant.ID || len(tok[0].Scopes) == 0 || tok[0].SecondsLeft < 3000 {
		t.Errorf("tokens %+v", tok)
	}
	program(t, "", slices.Insert(authArgs(), 1, "list")...).want(t, headless.ExitDone, "ACCOUNT", p.tenant.UserName, p.tenant.ID, "renews")

	program(t, "", append(logout, "nobody@contoso.example")...).want(t, headless.ExitUsage, "is not signed in")
	program(t, "", append(logout, "--tenant", "contoso.example")...).want(t, headless.ExitDone, "of tenant "+p.tenant.ID, "the sign-in itself stays")
	if r = program(t, "", list...); !strings.Contains(r.out, `"tokens": []`) || !strings.Contains(r.out, p.tenant.UserName) {
		t.Errorf("after the tenant's logout: %s", r.out)
	}
	program(t, "", append(logout, p.tenant.UserName)...).want(t, headless.ExitDone, "signed out "+p.tenant.UserName)
	if r = program(t, "", list...); r.out != "[]\n" {
		t.Errorf("after logout: %s", r.out)
	}
	program(t, "", p.args("auth", "--output", "json")...).want(t, headless.ExitUsage, "auth wants list, login or logout")
}

// No secret that a run used is in any file that it leaves, nor in what it says.
func TestNoSecretIsLeft(t *testing.T) {
	p := startLab(t, lab.Options{})
	trace := filepath.Join(t.TempDir(), "trace")
	app := "Lab-daemon-secret-1!"
	token, err := p.Authority().Issue(p.tenant.UserName, "organizations", p.tenant.URI, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{p.tenant.Password, "Wrong-Password-1!", app, token}
	t.Setenv("LAB_TOKEN", token)
	t.Setenv("LAB_TOKEN_COMMAND", token)
	var said strings.Builder
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{p.tenant.Password + "\n", p.asAdmin("--trace", trace, "-c", "Get-CsTenant")},
		{p.tenant.Password + "\n", p.asAdmin("--trace", trace, "-c", "Get-Nothing -Password "+p.tenant.Password)},
		{"Wrong-Password-1!\n", p.asAdmin("--trace", trace, "-c", "Get-CsTenant")},
		{"", p.args("exec", "--oauth-access-token-env", "LAB_TOKEN", "--trace", trace, "-c", "Get-CsTenant")},
		{"", p.args("exec", "--oauth-access-token-env", "LAB_TOKEN", "--override-access-token-resource-uri", "https://other.example", "--trace", trace, "-c", "Get-CsTenant")},
		{"", p.args("exec", "--oauth-access-token-command", "echo $LAB_TOKEN_COMMAND", "--trace", trace, "-c", "Get-CsTenant")},
		{app + "\n", p.args("exec", "--client-secret-stdin", "--client-id", "00000000-0000-0000-0002-000000000001", "--tenant", "contoso.example", "--trace", trace, "-c", "Get-CsTenant")},
		{app + "\n", p.args("exec", "--client-secret-stdin", "--client-id", "00000000-0000-0000-0002-000000000001", "--tenant", "partner.example", "--trace", trace, "-c", "Get-CsTenant")},
		{p.tenant.Password + "\n", []string{
			"exec", "--credential", p.tenant.UserName, "--password-stdin", "--connection-uri", p.tenant.NegotiateURI, "--trace", trace, "-c", "Get-CsTenant",
		}},
		{"Wrong-Password-1!\n", []string{
			"exec", "--credential", p.tenant.UserName, "--password-stdin", "--connection-uri", p.tenant.NegotiateURI, "--trace", trace, "-c", "Get-CsTenant",
		}},
		{p.tenant.Password + "\n", []string{
			"check", p.tenant.NegotiateURI, "--credential", p.tenant.UserName, "--password-stdin", "--output", "json",
		}},
		{"", p.args("auth", "list")},
	} {
		r := program(t, c.stdin, c.args...)
		said.WriteString(strings.Join(c.args[:1], "") + ": " + r.out + r.err + "\n")
	}
	seen := map[string]string{"what it says": said.String(), "the access log": ""}
	for _, root := range []string{p.state, filepath.Dir(trace)} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			seen[path] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	seen["the access log"] = p.access.String()
	if len(seen) < 5 {
		t.Errorf("only %d places were looked at", len(seen))
	}
	for place, text := range seen {
		for _, secret := range secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
				if strings.Contains(text, form) {
					t.Errorf("a secret is in %s", place)
				}
			}
		}
		for _, word := range []string{"refresh_token", "client_secret=", "eyJ"} {
			if strings.Contains(text, word) && place != "the access log" {
				t.Errorf("%q is in %s", word, place)
			}
		}
	}
}

// A profile leads where its flags would: exec takes its name as the target.
func TestExecByProfile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PSDECK_CONFIG_DIR", dir)
	p := startLab(t, lab.Options{})
	program(t, "", "profiles", "add", "one", "--user-name", p.tenant.UserName, "--sign-in", "password", "--env", "test").want(t, headless.ExitDone, "added one")
	program(t, "", "profiles", "list").want(t, headless.ExitDone, "one", p.tenant.UserName)
	args := p.args("exec", "one", "--password-stdin", "-c", "Get-CsTenant | Select-Object DisplayName")
	program(t, p.tenant.Password+"\n", args...).want(t, headless.ExitDone, "Contoso")
	program(t, "", "exec", "--profile", "two", "-c", "Get-CsTenant").want(t, headless.ExitUsage, `there is no profile "two"`, "hint: ")
	program(t, "", "open").want(t, headless.ExitUsage, "no profile is named")
}
