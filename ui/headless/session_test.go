package headless

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// lines decodes jsonl.
func (r result) lines(t *testing.T) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range strings.Lines(r.out) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
		list = append(list, o)
	}
	return list
}

func TestFiveUsers(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.exec(b.asUser(contosoAdmin), "Get-CsOnlineUser -ResultSize 5")
		r.want(t, ExitDone)
		users := r.lines(t)
		if len(users) != 5 {
			t.Fatalf("%d users", len(users))
		}
		for _, u := range users {
			if name, _ := u["UserPrincipalName"].(string); !strings.HasSuffix(name, "@contoso.example") || u["TenantId"] != lab.ContosoID {
				t.Errorf("%v of %v", name, u["TenantId"])
			}
		}
		if got, want := b.kinds("discovery", "challenge", "grant", "Create", "Delete"), "discovery discovery challenge grant Create Delete"; strings.Join(got, " ") != want {
			t.Errorf("the lab was asked %v, want %v", got, want)
		}
	})
}

func TestTheOverrideDomainIsTheTenant(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		target.OverrideAdminDomain = "fabrikam.onmicrosoft.com"
		r := b.exec(target, "Get-CsOnlineUser -ResultSize 5", "Get-CsTenant")
		r.want(t, ExitDone)
		rows := r.lines(t)
		if len(rows) != 6 || rows[5]["DisplayName"] != "Fabrikam" {
			t.Fatalf("%v", r.out)
		}
		for _, u := range rows[:5] {
			if u["TenantId"] != lab.FabrikamID {
				t.Errorf("a user of %v", u["TenantId"])
			}
		}
	})
}

func TestAGivenTokenNeedsNoSignIn(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.exec(b.byToken(contosoAdmin, b.Tenants()[0].URI), "Get-CsOnlineUser -ResultSize 5")
		r.want(t, ExitDone)
		if n := len(r.lines(t)); n != 5 {
			t.Errorf("%d users", n)
		}
		if got := b.kinds("metadata", "userrealm", "authorize", "devicecode", "token", "grant"); len(got) > 0 {
			t.Errorf("the authority was asked for %v", got)
		}
	})
}

func TestTheResourceOverrideReachesTheAuthority(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		const resource = "https://other.online.lync.example/powershell"
		target := b.asUser(contosoAdmin)
		target.OverrideAccessTokenResourceURI = resource
		b.exec(target, "Get-CsTenant").want(t, ExitDone)
		var asked []string
		for _, e := range b.Access() {
			if e.Kind == "grant" {
				asked = append(asked, e.Detail["resource"])
			}
		}
		if !slices.Equal(asked, []string{resource}) {
			t.Errorf("granted for %q, want %q", asked, resource)
		}
	})
}

// With no name and no domain the person signs in first, and the account says
// which tenant is meant.
func TestNoNameAndNoDomain(t *testing.T) {
	inLab(t, lab.Options{AutoApprove: true}, func(t *testing.T, b *bench) {
		r := b.run(t.Context(), Config{
			Target: &session.Target{SignIn: auth.MethodDevice}, Lines: []string{"Get-CsTenant"}, Form: "jsonl", Interactive: true,
		})
		r.want(t, ExitDone, "psdeck: to sign in, open https://login.lab.example/device and enter ")
		if rows := r.lines(t); len(rows) != 1 || rows[0]["DisplayName"] != "Partner" {
			t.Errorf("%s", r.out)
		}
		steps := slices.Compact(b.kinds("devicecode", "grant", "discovery", "challenge", "Create"))
		if i, j := slices.Index(steps, "grant"), slices.Index(steps, "discovery"); i < 0 || j < i {
			t.Errorf("sign-in comes before discovery: %v", steps)
		}
		if n := len(b.kinds("devicecode")); n != 1 {
			t.Errorf("%d device codes", n)
		}
	})
}

func TestADeviceCodeNeedsAPersonAtStandardError(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.exec(&session.Target{UserName: contosoAdmin}, "Get-CsTenant")
		r.want(t, ExitSignIn, "https://login.lab.example/device and enter ", "psdeck: signing in: ", "\nhint: ")
		if r.out != "" {
			t.Errorf("standard output has %q", r.out)
		}
		if b.kinds("Create") != nil {
			t.Error("a session was opened")
		}
	})
}

func TestNewCsOnlineSessionTypedAtHome(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		complete := b.asUser(partnerAdmin)
		b.cfg.Journal = nil
		connector := session.NewConnector(b.cfg)
		var out, errs bytes.Buffer
		code := Exec(t.Context(), Config{
			Lines: []string{
				"1..2",
				"$s = New-CsOnlineSession -UserName " + partnerAdmin + " -OverrideAdminDomain contoso.example -SessionOption @{ IdleTimeout = '00:15:00' }",
				"Get-CsTenant | Select-Object -ExpandProperty DisplayName",
				"New-CsOnlineSession " + partnerAdmin,
				"Get-CsTenant | Select-Object -ExpandProperty DisplayName",
			},
			Form: "text", Stdout: &out, Stderr: &errs,
			Connect: func(ctx context.Context, typed session.Target, watch func(session.Event)) (*session.Session, error) {
				typed.Password = complete.Password
				return connector.Connect(ctx, typed, watch)
			},
		})
		result{code, out.String(), errs.String()}.want(t, ExitDone, "the server says it is Contoso", "the server says it is Partner")
		if got, want := out.String(), "1\n2\nContoso\nPartner\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := b.kinds("Create", "Delete"); len(got) != 4 {
			t.Errorf("%v", got)
		}
	})
}

func TestANewCsOnlineSessionThatFailsIsAConnectError(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		b.exec(nil, "New-CsOnlineSession -UserName "+contosoAdmin, "1").want(t, ExitSignIn, "psdeck: signing in: sign-in needs a person", "\nhint: ")
		b.exec(nil, "New-CsOnlineSession -UserName a@nowhere.example").want(t, ExitConnect, "psdeck: discovering the PowerShell endpoint of nowhere.example", "\nhint: ")
	})
}

// One object a line, as it arrives: the command sends its second object only
// when the first has been written.
func TestObjectsStream(t *testing.T) {
	written := make(chan struct{})
	o := withCmdlets(runspace.Cmdlet{Name: "Get-Slowly", Run: func(c *runspace.Call) error {
		if err := c.WriteObject(clixml.Of(1)); err != nil {
			return err
		}
		select {
		case <-written:
			return c.WriteObject(clixml.Of(2))
		case <-c.Context().Done():
			return c.Context().Err()
		}
	}})
	inLab(t, o, func(t *testing.T, b *bench) {
		first := &firstWrite{then: func() { close(written) }}
		b.run(t.Context(), Config{Target: b.asUser(contosoAdmin), Lines: []string{"Get-Slowly"}, Form: "jsonl", Stdout: first}).want(t, ExitDone)
		if got := first.String(); got != "1\n2\n" {
			t.Errorf("%q", got)
		}
	})
}

// firstWrite calls then after the first write.
type firstWrite struct {
	bytes.Buffer
	then func()
}

func (w *firstWrite) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.then != nil {
		w.then()
		w.then = nil
	}
	return n, err
}

// Everything but objects goes to standard error.
func TestStandardOutputIsDataOnly(t *testing.T) {
	o := withCmdlets(runspace.Cmdlet{Name: "Get-Everything", Run: func(c *runspace.Call) error {
		for _, write := range []func() error{
			func() error { return c.WriteObject(clixml.Of(1)) },
			func() error { return c.Warning("a warning\x1b[2J") },
			func() error { return c.Verbose("in other words") },
			func() error { return c.Debug("a detail") },
			func() error { return c.Information(clixml.Str("for your information")) },
			func() error {
				return c.Progress(psrp.ProgressRecord{Activity: "Counting", StatusDescription: "half", PercentComplete: 50})
			},
			func() error {
				return c.WriteError(&psrp.ErrorRecord{Message: "not that one", FullyQualifiedErrorID: "NotThat", Category: "InvalidArgument", CategoryCode: 5})
			},
			func() error { return c.WriteObject(clixml.Of(2)) },
		} {
			if err := write(); err != nil {
				return err
			}
		}
		return nil
	}})
	for _, interactive := range []bool{false, true} {
		inLab(t, o, func(t *testing.T, b *bench) {
			r := b.run(t.Context(), Config{
				Target: b.asUser(contosoAdmin), Form: "jsonl", Interactive: interactive,
				Lines: []string{"Get-Everything -Verbose -Debug -InformationAction Continue"},
			})
			r.want(t, ExitErrors, "WARNING: a warning␛[2J\n", "VERBOSE: in other words\n", "DEBUG: a detail\n", "for your information\n", "not that one")
			if r.out != "1\n2\n" {
				t.Errorf("standard output %q", r.out)
			}
			if got := strings.Contains(r.err, "Counting: half 50 %"); got != interactive {
				t.Errorf("progress is shown: %v", got)
			}
		})
	}
}

func TestAScriptToAnEndpointThatTakesOne(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		target.OverridePowerShellURI, target.Authentication = loopbackURI, "basic"
		r := b.run(t.Context(), Config{Target: target, Lines: []string{"$x = 1..3; $x", "$x"}, Form: "jsonl", Mode: session.SendScript})
		r.want(t, ExitDone)
		if r.out != "1\n2\n3\n1\n2\n3\n" {
			t.Errorf("%q", r.out)
		}
		for _, e := range b.Ledger() {
			if c := e.Commands[0]; strings.Contains(c.Name, "$x") && !c.IsScript {
				t.Errorf("%q went as a command", c.Name)
			}
		}
	})
}

func TestAScriptToAnEndpointThatTakesNone(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.run(t.Context(), Config{Target: b.asUser(contosoAdmin), Lines: []string{"Get-CsTenant"}, Form: "jsonl", Mode: session.SendScript})
		r.want(t, ExitErrors, "no-language mode", "hint: this server takes no scripts; leave --script out")
	})
}

// Where a line that is not run here could go as a script, and only there, the
// way to send it so is named.
func TestAScriptIsOfferedWhereItRuns(t *testing.T) {
	const line, hint = "function f { 1 }", "hint: this server takes scripts: --script runs it there"
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		for _, mode := range []session.SendMode{session.SendAuto, session.SendCommands} {
			r := b.run(t.Context(), Config{Target: target, Lines: []string{line}, Mode: mode})
			r.want(t, ExitUsage, "a function definition is not run here")
			if strings.Contains(r.err, "--script") {
				t.Errorf("%v: a server without a language: %s", mode, r.err)
			}
		}
		target.OverridePowerShellURI, target.Authentication = loopbackURI, "basic"
		b.run(t.Context(), Config{Target: target, Lines: []string{line}, Mode: session.SendCommands}).want(t, ExitUsage, "a function definition is not run here", hint)
		b.run(t.Context(), Config{Lines: []string{line}}).want(t, ExitUsage, "a function definition is not run here")
	})
}

// The fallback gives text, proves nothing, and is refused with a reason where
// a server has no such endpoint.
func TestWinRS(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		target.OverridePowerShellURI, target.Authentication, target.Transport = loopbackURI, "basic", "winrs"
		r := b.run(t.Context(), Config{Target: target, Lines: []string{"Get-CsTenant"}, Form: "text"})
		r.want(t, ExitDone, "the tenant is unproved: the server answers with text only")
		if !strings.Contains(r.out, "DisplayName               : Contoso\n") {
			t.Errorf("%q", r.out)
		}
		b.exec(target, "Get-Nothing").want(t, ExitErrors, "Get-Nothing")
		target = b.asUser(contosoAdmin)
		target.Transport = "winrs"
		b.exec(target, "Get-CsTenant").want(t, ExitConnect, "Cannot find the resource URI", "\nhint: ")
	})
}

// A server that offers nothing to prove a tenant with is unproved, not
// refused; but who expects a tenant gets no other, nor an unproved one.
func TestUnprovedIsNotRefused(t *testing.T) {
	o := withCmdlets(runspace.Cmdlet{Name: "Get-Thing", Run: func(c *runspace.Call) error { return c.WriteObject(clixml.Of(7)) }},
		runspace.Cmdlet{Name: "Set-Thing", Run: func(c *runspace.Call) error { return c.WriteObject(clixml.Of(8)) }})
	inLab(t, o, func(t *testing.T, b *bench) {
		r := b.exec(b.asUser(contosoAdmin), "Get-Thing")
		r.want(t, ExitDone, "psdeck: the tenant is unproved: ")
		if r.out != "7\n" {
			t.Errorf("%q", r.out)
		}
		b.exec(b.asUser(contosoAdmin), "Set-Thing").want(t, ExitSafety, "needs confirmation", "hint: add --yes")
		b.run(t.Context(), Config{Target: b.asUser(contosoAdmin), Lines: []string{"Set-Thing"}, Yes: true}).want(t, ExitDone)
		expecting := b.asUser(contosoAdmin)
		expecting.ExpectTenant = "contoso.example"
		b.exec(expecting, "Get-Thing").want(t, ExitSafety, "contoso.example was asked for")
		if got := b.commands(); slices.Contains(got[len(got)-1:], "Get-Thing") {
			t.Errorf("ran %v", got)
		}
	})
}

func TestAnotherTenantThanExpectedIsClosedBeforeAnyLine(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		target.ExpectTenant = lab.FabrikamID
		r := b.exec(target, "Get-CsOnlineUser")
		r.want(t, ExitSafety, "psdeck: the server says it is contoso.example (Contoso), but "+lab.FabrikamID+" was asked for\n", "\nhint: ")
		if r.out != "" {
			t.Errorf("standard output %q", r.out)
		}
		if got := b.kinds("Create", "Delete"); !slices.Equal(got, []string{"Create", "Delete"}) {
			t.Errorf("%v", got)
		}
		if slices.Contains(b.commands(), "Get-CsOnlineUser") {
			t.Error("the line ran")
		}
		target.ExpectTenant = lab.ContosoID
		b.exec(target, "Get-CsTenant").want(t, ExitDone)
	})
}

func TestReadOnlyRefusesBeforeSending(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		target.ReadOnly = true
		cfg := Config{Target: target, Lines: []string{"Set-CsUser user0001@contoso.example -Enabled $false"}, Yes: true}
		b.run(t.Context(), cfg).want(t, ExitSafety, "refused: read-only: Set-CsUser is not known to only read", "\nhint: open this tenant without read-only")
		if slices.Contains(b.commands(), "Set-CsUser") {
			t.Error("the line ran")
		}
		if !strings.Contains(b.journal.String(), `"step":"refused"`) {
			t.Errorf("the journal does not tell: %s", b.journal.String())
		}
	})
}

func TestTheFirstFailureEndsTheCall(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		b.exec(b.asUser(contosoAdmin), "Get-CsTenant", "Get-Nothing", "Get-CsOnlineUser").want(t, ExitErrors)
		if slices.Contains(b.commands(), "Get-CsOnlineUser") {
			t.Error("the line after the failure ran")
		}
	})
}

func TestAConfirmationOfTheServer(t *testing.T) {
	o := withCmdlets(runspace.Cmdlet{
		Name: "Remove-Thing", SupportsShouldProcess: true, ConfirmImpact: "High",
		Run: func(c *runspace.Call) error {
			if ok, err := c.ShouldProcess("the thing", "Remove"); !ok || err != nil {
				return err
			}
			return c.WriteObject(clixml.Str("gone"))
		},
	}, runspace.Cmdlet{Name: "Get-Answer", Run: func(c *runspace.Call) error { _, err := c.ReadLine("Who are you?"); return err }})
	inLab(t, o, func(t *testing.T, b *bench) {
		target := b.asUser(contosoAdmin)
		target.Env = session.Dev // the guard asks nothing there
		for _, c := range []struct {
			line string
			yes  bool
			code int
			out  string
		}{
			{"Remove-Thing", true, ExitDone, "\"gone\"\n"},
			{"Remove-Thing", false, ExitErrors, ""},
			{"Get-Answer", true, ExitErrors, ""},
		} {
			r := b.run(t.Context(), Config{Target: target, Lines: []string{c.line}, Form: "jsonl", Yes: c.yes})
			if r.want(t, c.code); r.out != c.out {
				t.Errorf("%s with --yes %v: %q", c.line, c.yes, r.out)
			}
			if asked := strings.Contains(r.err, "nobody is here to answer\nhint: "); asked != (c.code != ExitDone) {
				t.Errorf("%s: %s", c.line, r.err)
			}
		}
	})
}

// endless gives an object and then waits until it is stopped.
func endless() runspace.Cmdlet {
	return runspace.Cmdlet{Name: "Get-Forever", Run: func(c *runspace.Call) error {
		if err := c.WriteObject(clixml.Of(1)); err != nil {
			return err
		}
		<-c.Context().Done()
		return c.Context().Err()
	}}
}

func TestAnInterruptStopsTheLineAndClosesTheSession(t *testing.T) {
	inLab(t, withCmdlets(endless()), func(t *testing.T, b *bench) {
		ctx, interrupt := context.WithCancel(t.Context())
		out := &firstWrite{then: interrupt}
		r := b.run(ctx, Config{Target: b.asUser(contosoAdmin), Lines: []string{"Get-Forever", "Get-Forever"}, Form: "json", Stdout: out})
		r.want(t, ExitInterrupted)
		if got := out.String(); got != "[\n  1\n]\n" {
			t.Errorf("%q: what has arrived is whole", got)
		}
		if got := b.kinds("Create", "Delete"); !slices.Equal(got, []string{"Create", "Delete"}) {
			t.Errorf("%v", got)
		}
		for _, e := range b.Ledger() {
			if e.Commands[0].Name == "Get-Forever" && e.State != "Stopped" {
				t.Errorf("the command is %s", e.State)
			}
		}
	})
}

func TestAnInterruptWhileConnecting(t *testing.T) {
	inLab(t, lab.Options{Discovery: lab.FaultSilent}, func(t *testing.T, b *bench) {
		ctx, interrupt := context.WithTimeout(t.Context(), time.Second) // of the bubble's time
		defer interrupt()
		r := b.run(ctx, Config{Target: b.asUser(contosoAdmin), Lines: []string{"Get-CsTenant"}})
		r.want(t, ExitInterrupted)
		if r.out != "" {
			t.Errorf("standard output %q", r.out)
		}
	})
}

func TestALineThatTakesTooLong(t *testing.T) {
	inLab(t, withCmdlets(endless()), func(t *testing.T, b *bench) {
		r := b.run(t.Context(), Config{Target: b.asUser(contosoAdmin), Lines: []string{"Get-Forever"}, Form: "jsonl", Timeout: 90 * time.Second})
		r.want(t, ExitErrors, "psdeck: running Get-Forever: not done after 1m30s, so it was stopped\nhint: raise --timeout")
		if r.out != "1\n" {
			t.Errorf("%q", r.out)
		}
	})
}

// A reader that has seen enough, as head(1) does, ends the call; the session
// is closed all the same.
func TestAReaderThatGoesAway(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.run(t.Context(), Config{Target: b.asUser(contosoAdmin), Lines: []string{"New-LabObject 100"}, Form: "jsonl", Stdout: brokenPipe{errPipe}})
		r.want(t, ExitErrors)
		if strings.Contains(r.err, "writing the output") {
			t.Errorf("%s", r.err)
		}
		full := b.run(t.Context(), Config{Target: b.asUser(contosoAdmin), Lines: []string{"New-LabObject 100"}, Form: "jsonl", Stdout: brokenPipe{errFull}})
		full.want(t, ExitErrors, "psdeck: writing the output: no space left on device\nhint: ")
		if got := b.kinds("Create", "Delete"); len(got) != 4 {
			t.Errorf("%v", got)
		}
	})
}

func TestEverySwitchOfTheServerThatClientsMustBear(t *testing.T) {
	for name, sw := range map[string]endpoint.Switches{
		"timeout faults":     {TimeoutFaults: 2},
		"empty answers":      {EmptyReceives: 2},
		"never done":         {NoDone: true},
		"done too early":     {DoneBeforeState: true},
		"split fragments":    {SplitFragments: true},
		"an affinity cookie": {RequireCookie: true},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, lab.Options{Switches: sw}, func(t *testing.T, b *bench) {
				r := b.exec(b.asUser(contosoAdmin), "Get-CsOnlineUser -ResultSize 5")
				if r.want(t, ExitDone); len(r.lines(t)) != 5 {
					t.Errorf("%s", r.out)
				}
			})
		})
	}
}

// The examples of the cmdlet's documentation as lines of one call, and what is
// said of where a line goes.
func TestTheDocumentationsExamplesInOneCall(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		password := func(_ context.Context, name string) (auth.Secret, error) {
			return auth.NewSecret(b.password(name)), nil
		}
		connector := session.NewConnector(b.cfg)
		form := "text"
		run := func(yes bool, lines ...string) result {
			var out, errs bytes.Buffer
			code := Exec(t.Context(), Config{
				Lines: lines, Form: form, Stdout: &out, Stderr: &errs, Yes: yes,
				Connect: func(ctx context.Context, typed session.Target, watch func(session.Event)) (*session.Session, error) {
					typed.UserName = cmp.Or(typed.UserName, partnerAdmin)
					typed.Password = password
					return connector.Connect(ctx, typed, watch)
				},
			})
			return result{code, out.String(), errs.String()}
		}
		r := run(false,
			"New-CsOnlineSession -UserName admin@contoso.com",
			"New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com",
			"$sfbSession = New-CsOnlineSession",
			"$module = Import-PSSession $sfbSession -DisableNameChecking",
			"Get-CsTenant | Select-Object -ExpandProperty DisplayName",
			"Get-PSSession | Select-Object -ExpandProperty Id",
			"Invoke-Command (Get-Nothing) { 1 }",
		)
		r.want(t, ExitUsage, "this line reaches Partner", "psdeck: opened SfBPowerShellSession_")
		if r.out != "Partner\n1\n2\n3\n" {
			t.Errorf("%q", r.out)
		}
		both := []string{
			"$c = New-CsOnlineSession -UserName admin@contoso.com", "$m = Import-PSSession $c",
			"$f = New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com",
		}
		run(false, append(both, "Import-PSSession $f")...).want(t, ExitSafety, "would have the same names here", "--yes")
		r = run(false, append(both, "$m = Import-PSSession $f -Prefix Fab", "(1, 2).Count", "Get-FabCsTenant | Select-Object -ExpandProperty DisplayName", "Get-CsTenant | Select-Object -ExpandProperty DisplayName")...)
		if r.want(t, ExitDone, "this line reaches Fabrikam", "this line reaches Contoso"); r.out != "2\nFabrikam\nContoso\n" {
			t.Errorf("%q", r.out)
		}
		run(false, append(both, "Invoke-Command $f { Remove-CsUser x }")...).want(t, ExitSafety, "needs confirmation")
		form = "auto"
		r = run(false, "$c = New-CsOnlineSession -UserName admin@contoso.com", "$m = Import-PSSession $c", "Get-CsOnlineVoiceRoute LocalRoute")
		if r.want(t, ExitDone); !strings.HasPrefix(r.out, "\nPriority Name             NumberPattern            Gateways\n") {
			t.Errorf("an imported command is shown as %q", r.out)
		}
	})
}

// Our own words are no line: nothing of them is hidden, and the mark stands
// where it belongs, also in a line with a secret.
func TestErrorsOfLinesWithSecrets(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		r := b.exec(nil, "New-CsOnlineSession -OAuthAccessToken (ConvertTo-SecureString abc)")
		r.want(t, ExitUsage, "ConvertTo-SecureString reads no encrypted text here", "let Read-Host -AsSecureString ask for the secret", "(ConvertTo-SecureString ***)")
		r = b.exec(nil, "New-CsOnlineSession -OAuthAccessToken abc")
		r.want(t, ExitUsage, "Read-Host -AsSecureString.\n  New-CsOnlineSession -OAuthAccessToken ***\n                      ^")
		if strings.Contains(r.err, "abc") {
			t.Errorf("the secret is shown: %s", r.err)
		}
		b.exec(nil, "New-CsOnlineSession -UserName nobody").want(t, ExitUsage, "-OverrideAdminDomain")
	})
}
