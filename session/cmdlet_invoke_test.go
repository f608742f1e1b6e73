package session

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// A server with a language gets the block's text; the values of $using: go with
// it as PowerShell 7.6 was seen to send them.
func TestInvokeCommandWithALanguage(t *testing.T) {
	d := newFakeDeck(t)
	requests := make(chan psrp.Pipeline, 10)
	d.answer = func(c *fakeCommand) {
		requests <- c.Request
		c.out("done")
		c.done()
	}
	s := d.session(Target{Env: Dev})
	s.caps.LanguageMode = "FullLanguage"
	d.cmdlets.Adopt(s)
	d.home("$s = Get-PSSession", "$local = 'u1', 'u2'", "Invoke-Command -Session $s -ScriptBlock { $using:local; $using:local.Count }")
	cmd := (<-requests).Commands[0]
	if !cmd.IsScript || cmd.Name != " $using:local; $using:local.Count " || len(cmd.Parameters) != 1 || cmd.Parameters[0].Name != "--%" {
		t.Fatalf("%+v", cmd)
	}
	table := cmd.Parameters[0].Value.Object()
	local, _ := table.Lookup("JAB1AHMAaQBuAGcAOgBsAG8AYwBhAGwA")
	count, _ := table.Lookup("JAB1AHMAaQBuAGcAOgBsAG8AYwBhAGwALgBDAG8AdQBuAHQA")
	if n, _ := count.Int(); len(unroll(local)) != 2 || n != 2 || len(table.Entries) != 2 {
		t.Errorf("%v", table)
	}
	d.home("1, 2 | Invoke-Command $s { param($a, $b) $input } -ArgumentList 'one', 2")
	p := <-requests
	if len(p.Commands[0].Parameters) != 2 || p.Commands[0].Parameters[0].Value.Text() != "one" || p.NoInput {
		t.Errorf("%+v", p)
	}
	run := mustRun(t, s, "Get-Process; $x = Get-PSSession; 1 + 1")
	if _, res := collect(t, run); res.Outcome != Completed {
		t.Errorf("%+v", res)
	}
	if first, last := <-requests, <-requests; first.Commands[0].Name != "Get-Process" || last.Commands[0].Name != "1 + 1" {
		t.Errorf("%+v, %+v", first, last)
	}
	collect(t, mustRun(t, s, "Invoke-Command { Get-Process }; Read-Host"))
	if all := <-requests; all.Commands[0].Name != "Invoke-Command { Get-Process }; Read-Host" {
		t.Errorf("a line for the server alone: %+v", all)
	}
}

// Without a language, the block's commands travel as commands.
func TestInvokeCommandWithoutALanguage(t *testing.T) {
	d, c, f := twoTenants(t, Target{Env: Dev})
	d.home("$n = 5", "$all = Invoke-Command -Session $c,$f { param($who, $size) Get-CsUser -Identity $who -ResultSize $size -Filter $using:name -More $using:p.Identity } -ArgumentList 'anna', $n")
	for i := range []*Session{c, f} {
		if got := d.servers[i].log(); got != "Get-CsUser -Identity anna -ResultSize 5[int] -Filter x -More x" {
			t.Errorf("sent %q", got)
		}
	}
	var from []string
	for _, v := range unroll(d.value("all")) {
		host, _ := v.Object().Get("PSComputerName")
		show, _ := v.Object().Get("PSShowComputerName")
		id, _ := v.Object().Get("RunspaceId")
		if host.Text() != "admin1e.online.lync.com" || !show.True() {
			t.Errorf("%v", v.Object())
		}
		from = append(from, id.Text())
	}
	if slices.Sort(from); len(from) != 2 || from[0] == from[1] {
		t.Errorf("from %q", from)
	}
	run := mustRun(t, d.cmdlets.Home(), "Invoke-Command $c,$f { Get-CsUser } -HideComputerName")
	records, _ := collect(t, run)
	if len(run.Reached()) != 2 {
		t.Errorf("reached %+v", run.Reached())
	}
	for _, r := range records {
		if show, _ := r.Value.Object().Get("PSShowComputerName"); r.Stream == StreamOutput && show.True() {
			t.Error("the computer's name is to be shown")
		}
	}
}

// One session's failure is its own: the others' output is given.
func TestInvokeCommandWhereOneSessionFails(t *testing.T) {
	d, _, f := twoTenants(t, Target{Env: Dev})
	f.fail(errTextOnly)
	records, res := collect(t, mustRun(t, d.cmdlets.Home(), "Invoke-Command $c,$f { Get-CsUser }"))
	if res.Outcome != Failed || res.Objects != 1 || !strings.Contains(strings.Join(texts(records), "\n"), "Get-CsUser") {
		t.Errorf("%q %+v", texts(records), res)
	}
}

// -Verbose says what the connector said.
func TestVerboseMessages(t *testing.T) {
	d := newFakeDeck(t)
	records, _ := collect(t, mustRun(t, d.cmdlets.Home(), "$s = New-CsOnlineSession -Verbose"))
	var said []string
	for _, r := range records {
		if r.Stream == StreamVerbose {
			said = append(said, r.Text)
		}
	}
	want := []string{
		"Determining domain to admin", "AdminDomain = contoso.com", "Discovering PowerShell endpoint URI", "TargetUri = https://admin.example/OcsPowershellOAuth",
		"Requesting authentication token", "Success", "Initializing remote session", "Success",
	}
	if !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
}

func TestCommonParametersOfSessionCmdlets(t *testing.T) {
	d := newFakeDeck(t)
	d.home("New-CsOnlineSession -OutVariable made", "$x = $made")
	if made := unroll(d.value("x")); len(made) != 1 || !slices.ContainsFunc(made, func(v clixml.Value) bool { _, ok := d.cmdlets.sessionOf(v); return ok }) {
		t.Errorf("-OutVariable holds %v", d.value("x"))
	}
	d.home("Get-PSSession -Id 99 -ErrorAction SilentlyContinue -ErrorVariable e")
	if got := d.value("e").String(); got != "The remote session with the session ID 99 is not available." {
		t.Errorf("-ErrorVariable holds %q", got)
	}
}

// What is asked for here travels to a server only sealed for it.
func TestSecretsAskedForHere(t *testing.T) {
	d := newFakeDeck(t)
	run := mustRun(t, d.cmdlets.Home(), "$p = Read-Host 'Password' -AsSecureString; $c = Get-Credential anna@contoso.com; New-CsOnlineSession -Credential $c")
	for _, want := range []struct {
		kind    PromptKind
		answers []string
	}{{PromptSecret, []string{"s3cret"}}, {PromptCredential, []string{"pass"}}} {
		p := nextPrompt(t, run)
		if p.Kind != want.kind {
			t.Fatalf("asked %+v", p)
		}
		if err := p.Fill(t.Context(), want.answers); err != nil {
			t.Fatal(err)
		}
	}
	if _, res := collect(t, run); res.Outcome != Completed {
		t.Fatalf("%+v", res)
	}
	if secret, ok := d.cmdlets.secretOf(d.value("p")); !ok || secret.Reveal() != "s3cret" || d.value("p").String() != typeSecureString {
		t.Errorf("$p is %v", d.value("p"))
	}
	target := d.opened[0]
	if password, err := target.Password(t.Context(), target.UserName); err != nil || target.UserName != "anna@contoso.com" || password.Reveal() != "pass" {
		t.Errorf("opened as %q", target.UserName)
	}
	text, err := clixml.Encode(d.value("c"))
	if err == nil && strings.Contains(string(text), "pass\"") {
		t.Errorf("the credential holds its password: %s", text)
	}
}

func nextPrompt(t *testing.T, run *Run) *Prompt {
	t.Helper()
	for {
		batch, err := run.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			if r.Stream == StreamPrompt {
				return r.Prompt
			}
		}
	}
}

func TestSessionObjectsAreShownAsTheyAre(t *testing.T) {
	d, c, _ := twoTenants(t, Target{Env: Dev})
	if got := d.home("$c.State; $c.Availability; $c.Name"); got[0] != "Opened" || got[2] != "Available" {
		t.Errorf("%q", got)
	}
	c.fail(errTextOnly)
	if got := d.home("$c.State"); got[0] != "Broken" {
		t.Errorf("%q", got)
	}
	d.home("Enter-PSSession $f", "Exit-PSSession", "Remove-PSSession $f -WhatIf", "Get-PSSession | Remove-PSSession")
	if want := []string{"show Fabrikam", "show home", "close Contoso", "close Fabrikam"}; !slices.Equal(d.notes, want) {
		t.Errorf("%q", d.notes)
	}
}

// A $using: variable that is not there is an error, before anything is sent: the
// server would take $null, and a command with it means all.
func TestUsingVariablesThatAreNotThere(t *testing.T) {
	for _, tt := range []struct {
		block, said string // the error; "" for none
		sent        string // where the block's commands travel one by one
	}{
		{"Get-CsUser $using:nope", "The value of the using variable '$using:nope' cannot be retrieved because it has not been set in the local session.", ""},
		{"Get-CsUser $using:Nope.Foo", "The value of the using variable '$using:Nope' cannot be retrieved because it has not been set in the local session.", ""},
		{`Get-CsUser "user$($using:nope)"`, "The value of the using variable '$using:nope' cannot be retrieved because it has not been set in the local session.", ""},
		{`Get-CsUser "user$using:nope"`, "The value of the using variable '$using:nope' cannot be retrieved because it has not been set in the local session.", ""},
		{"Get-CsUser | ForEach-Object { Set-CsUser $using:nope }", "The value of the using variable '$using:nope' cannot be retrieved because it has not been set in the local session.", ""},
		{"Get-CsUser @using:nope", "The value of the using variable '$using:nope' cannot be retrieved because it has not been set in the local session.", ""},
		{"Get-CsUser $using:env:PATH", "'$using:env:PATH' reads a drive of this machine, which is not done here: assign its value first: $x = '…'; then write $using:x", ""},
		{"Get-CsUser $using:name", "", "Get-CsUser x"},
		{"Get-CsUser $using:global:name", "", "Get-CsUser x"},
		{"Get-CsUser @using:p", "", "Get-CsUser Identity x"},
		{`Get-CsUser "user$($using:name)"`, "", "Get-CsUser userx"},
		{"Get-CsUser $using:none -Force:$using:true", "", "Get-CsUser -Force: True"},
	} {
		for _, language := range []string{"NoLanguage", "FullLanguage"} {
			t.Run(language+" "+tt.block, func(t *testing.T) {
				d, c, _ := twoTenants(t, Target{Env: Dev})
				c.caps.LanguageMode = language
				d.home("$none = $null")
				before := d.servers[0].log()
				records, res := collect(t, mustRun(t, d.cmdlets.Home(), "Invoke-Command $c { "+tt.block+" }"))
				log := strings.TrimPrefix(d.servers[0].log()[len(before):], "\n")
				if tt.said == "" {
					if res.Outcome != Completed || log == "" || language == "NoLanguage" && log != tt.sent {
						t.Errorf("%+v %q, sent %q", res, texts(records), log)
					}
					return
				}
				if res.Outcome != Failed || log != "" || !slices.Equal(texts(records), []string{"error: " + tt.said}) {
					t.Fatalf("%+v %q, sent %q", res, texts(records), log)
				}
				if id := records[0].Error.FullyQualifiedErrorID; id != "UsingVariableIsUndefined,Microsoft.PowerShell.Commands.InvokeCommandCommand" {
					t.Errorf("id %s", id)
				}
			})
		}
	}
}

// What a script block of ForEach-Object is given is known only when it runs.
func TestSessionCmdletsForEachSession(t *testing.T) {
	for _, line := range []string{
		"Get-PSSession | % { Invoke-Command $_ { Get-CsUser } }", "Get-PSSession | ForEach-Object { Invoke-Command -Session $_ -ScriptBlock { Get-CsUser } }",
		"$c, $f | % { icm $_ { param($who) Get-CsUser } -ArgumentList $_.Name }", "1, 2 | % { Get-PSSession -Id $_ } | % { Invoke-Command -Session $_ { Get-CsUser } }",
	} {
		t.Run(line, func(t *testing.T) {
			d, _, _ := twoTenants(t, Target{Env: Dev})
			if _, err := d.cmdlets.Home().Check(line); err != nil {
				t.Errorf("checked: %v", err)
			}
			if records, res := collect(t, mustRun(t, d.cmdlets.Home(), line)); res.Outcome != Completed || res.Objects != 2 {
				t.Errorf("%+v %q", res, texts(records))
			}
			if d.servers[0].log() != "Get-CsUser" || d.servers[1].log() != "Get-CsUser" {
				t.Errorf("sent %q, %q", d.servers[0].log(), d.servers[1].log())
			}
		})
	}
	d, _, _ := twoTenants(t, Target{Env: Dev, ReadOnly: true})
	const write = "Get-PSSession -Id 1 | % { Invoke-Command $_ { Remove-CsUser x } }"
	if _, err := d.cmdlets.Home().Run(t.Context(), write, RunOptions{}); !errors.As(err, new(*ConfirmationError)) {
		t.Errorf("a write in a session that is not known yet: %v", err)
	}
	if _, res := collect(t, mustRun(t, d.cmdlets.Home(), write)); res.Outcome != Failed || !errors.As(res.Err, new(*RefusedError)) || d.servers[0].log() != "" {
		t.Errorf("%+v, sent %q", res, d.servers[0].log())
	}
}
