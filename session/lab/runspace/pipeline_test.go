package runspace

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

func TestBindingOfArguments(t *testing.T) {
	for _, c := range []struct {
		name string
		args []any
		want []string
	}{
		{"names without case and by their beginning", []any{"nUMBER", "7", "Fl", 1}, []string{"out @{Name=Number; Type=System.Int32; Value=7}", "out @{Name=Flag; Type=System.Boolean; Value=True}"}},
		{"positional", []any{"", "x"}, []string{"out @{Name=Value; Type=System.String; Value=x}"}},
		{"a switch with a value", []any{"Switch", false}, []string{"out @{Name=Switch; Type=System.Boolean; Value=False}"}},
		{"a switch without one", []any{"Switch", nil}, []string{"out @{Name=Switch; Type=System.Boolean; Value=True}"}},
		{"as implicit remoting writes names", []any{"-Number:", 3, "-Text", nil, "", "t"}, []string{"out @{Name=Text; Type=System.String; Value=t}", "out @{Name=Number; Type=System.Int32; Value=3}"}},
		{"one value for a list", []any{"List", 5}, []string{"out @{Name=List; Type=System.String[]; Value=System.Object[]}"}},
		{"a date", []any{"When", "2026-11-23"}, []string{"out @{Name=When; Type=System.DateTime; Value=11/23/2026 00:00:00}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recorder{}
			state, e := run(t, Options{}, r, psrp.Commands(cmd("Get-LabEcho", c.args...)))
			if state != psrp.PipelineCompleted {
				t.Fatalf("%v: %v", state, e)
			}
			if c.name == "one value for a list" {
				if len(r.lines) != 1 {
					t.Errorf("got %v", r.lines)
				}
				return
			}
			wantLines(t, r, c.want...)
		})
	}
}

func TestInputBindsByValueAndByName(t *testing.T) {
	user := clixml.Custom(clixml.Prop("UserPrincipalName", "anna"))
	r := &recorder{}
	state, e := run(t, Options{}, r, psrp.Commands(cmd("Set-CsUser", "Confirm", false, "PassThru", true)), user, clixml.Custom(clixml.Prop("Identity", "ben")), 5)
	if state != psrp.PipelineCompleted {
		t.Fatal(e)
	}
	wantLines(t, r, "out anna", "out ben",
		"error InputObjectNotBound,Set-CsUser: The input object cannot be bound to any parameters for the command either because "+
			"the command does not take pipeline input or the input and its properties do not match any of the parameters that take pipeline input.")
}

func TestCommandsFeedEachOther(t *testing.T) {
	r := &recorder{}
	p := psrp.Commands(cmd("Get-CsOnlineUser", "ResultSize", 3), cmd("Set-CsUser", "Confirm", false, "PassThru", true), cmd("Write-Output"))
	if state, e := run(t, Options{}, r, p); state != psrp.PipelineCompleted {
		t.Fatal(e)
	}
	wantLines(t, r, "out user0", "out user1", "out user2")
}

func TestStatementsGoOnAfterOneThatFailed(t *testing.T) {
	first := cmd("No-Such")
	first.EndOfStatement = true
	r := &recorder{}
	state, _ := run(t, Options{}, r, psrp.Commands(first, cmd("Write-Output", "", "after")))
	if state != psrp.PipelineCompleted || len(r.errors) != 1 || r.lines[1] != "out after" {
		t.Errorf("state %v, %v", state, r.lines)
	}
}

func TestStreams(t *testing.T) {
	host := psrp.Console(80, 24)
	r := &recorder{}
	var all []psrp.Command
	for _, c := range []psrp.Command{
		cmd("Write-Warning", "", "w"), cmd("Write-Verbose", "", "hidden"), cmd("Write-Verbose", "", "v", "Verbose", true),
		cmd("Write-Debug", "", "d", "db", true), cmd("Write-Progress", "Activity", "a", "PercentComplete", 5),
		cmd("Write-Information", "", "i", "Tags", "t"), cmd("Write-Host", "", "h"), cmd("Write-Warning", "", "w", "WarningAction", "SilentlyContinue"),
	} {
		c.EndOfStatement = true
		all = append(all, c)
	}
	if state, e := run(t, Options{Host: host}, r, psrp.Commands(all...)); state != psrp.PipelineCompleted {
		t.Fatal(e)
	}
	// With a host each record comes twice: recording 04c.
	wantLines(t, r, "warning w", "host WriteWarningLine w", "verbose v", "host WriteVerboseLine v", "debug d", "host WriteDebugLine d",
		"progress a 5%", "host WriteProgress", "information i [t]", "information h [PSHOST]", "host WriteLine2 h")
}

// The conversations are those of recording 08a.
func TestShouldProcess(t *testing.T) {
	const ask = `host PromptForChoice Confirm Are you sure you want to perform this action?` + "\n" + `Performing the operation "Set-CsUser" on target `
	for _, c := range []struct {
		name    string
		args    []any
		answers []clixml.Value
		input   []any
		want    []string
	}{
		{"what if", []any{"Identity", "a", "WhatIf", true}, nil, nil, []string{`host WriteLine2 What if: Performing the operation "Set-CsUser" on target "a".`}},
		{"yes", []any{"Identity", "a", "PassThru", true}, []clixml.Value{clixml.Int32(0)}, nil, []string{ask + `"a".`, "out a"}},
		{"no", []any{"Identity", "a", "PassThru", true}, []clixml.Value{clixml.Int32(2)}, nil, []string{ask + `"a".`}},
		{"yes to all", []any{"PassThru", true}, []clixml.Value{clixml.Int32(1)}, []any{"a", "b"}, []string{ask + `"a".`, "out a", "out b"}},
		{"no to all", []any{"PassThru", true}, []clixml.Value{clixml.Int32(3)}, []any{"a", "b"}, []string{ask + `"a".`}},
		{"confirmed before", []any{"Identity", "a", "Confirm", false, "Verbose", true}, nil, nil, []string{
			`verbose Performing the operation "Set-CsUser" on target "a".`, `host WriteVerboseLine Performing the operation "Set-CsUser" on target "a".`,
			"verbose changed a", "host WriteVerboseLine changed a",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recorder{answers: c.answers}
			var input []any
			for _, name := range c.input {
				input = append(input, clixml.Custom(clixml.Prop("Identity", name)))
			}
			state, e := run(t, Options{Host: psrp.Console(80, 24)}, r, psrp.Commands(cmd("Set-CsUser", c.args...)), input...)
			if state != psrp.PipelineCompleted {
				t.Fatalf("%v: %v", state, e)
			}
			wantLines(t, r, c.want...)
		})
	}
}

func TestPromptWithoutHostFails(t *testing.T) {
	state, e := run(t, Options{}, &recorder{}, psrp.Commands(cmd("Set-CsUser", "Identity", "a")))
	if state != psrp.PipelineFailed || e.ExceptionType != "System.Management.Automation.Host.HostException" {
		t.Errorf("state %v, error %v", state, e)
	}
}

func TestMissingParameterIsAskedFor(t *testing.T) {
	answer := clixml.Hashtable(clixml.Entry{Key: clixml.Str("Identity"), Value: clixml.Str("typed")})
	r := &recorder{answers: []clixml.Value{clixml.Obj(answer)}}
	state, e := run(t, Options{Host: psrp.Console(80, 24), PromptMandatory: true}, r, psrp.Commands(cmd("Set-CsUser", "Confirm", false, "PassThru", true)))
	if state != psrp.PipelineCompleted {
		t.Fatal(e)
	}
	wantLines(t, r, "host Prompt cmdlet Set-CsUser at command pipeline position 1 Supply values for the following parameters:", "out typed")
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		state, e := NewRunspace(Options{}).Execute(ctx, psrp.Commands(cmd("Start-Sleep", "Seconds", 3600)), nil, &recorder{})
		if state != psrp.PipelineStopped || e.FullyQualifiedErrorID != "PipelineStopped" || e.Message != "The pipeline has been stopped." {
			t.Errorf("state %v, error %v", state, e)
		}
	})
}

func TestSinkThatIsGoneStopsThePipeline(t *testing.T) {
	state, _ := run(t, Options{}, &recorder{refuse: errors.New("gone")}, psrp.Commands(cmd("New-LabObject", "Count", 1_000_000)))
	if state != psrp.PipelineStopped {
		t.Errorf("state %v", state)
	}
}

func TestPanicOfACmdletFailsItsPipelineOnly(t *testing.T) {
	table := NewTable(Cmdlet{Name: "Test-Panic", Run: func(*Call) error { panic("mistake") }})
	state, e := run(t, Options{Table: table}, &recorder{}, psrp.Commands(cmd("Test-Panic")))
	if state != psrp.PipelineFailed || e.Message != "the command Test-Panic failed: mistake" {
		t.Errorf("state %v, error %v", state, e)
	}
}

func TestScripts(t *testing.T) {
	for _, c := range []struct {
		script string
		state  psrp.PipelineState
		want   []string
	}{
		{"1..3", 4, []string{"out 1", "out 2", "out 3"}},
		{"'a'; \"b`t$x\" # comment\n$true", 4, []string{"out a", "out b\t", "out True"}},
		{"$x = 5; $x; \"is $x\"", 4, []string{"out 5", "out is 5"}},
		{"$u = Get-CsOnlineUser -ResultSize 2; $u | Set-CsUser -Confirm:$false -PassThru", 4, []string{"out user0", "out user1"}},
		{"Write-Output 1, 'two', 3.5", 4, []string{"out 1", "out two", "out 3.5"}},
		{"@('a','b') | Measure-Object | Select-Object -Property Count", 4, []string{"out @{Count=2}"}},
		{"Get-LabEcho -Table @{ a = 1; b = 'x' } | Measure-Object | Select-Object Count", 4, []string{"out @{Count=1}"}},
		{"No-Such; 'after'", 4, []string{"error CommandNotFoundException: The term 'No-Such' is not recognized as a name of a cmdlet, function, script file, or executable program.\n" +
			"Check the spelling of the name, or if a path was included, verify that the path is correct and try again.", "out after"}},
		{"'before'; throw 'boom'; 'never'", 5, []string{"out before"}},
		{"if (", 5, nil},
		{"\"unterminated", 5, nil},
		{"bad ) syntax", 5, nil},
		{"$x.Length", 5, nil},
		{"$ExecutionContext.SessionState.LanguageMode", 4, []string{"out FullLanguage"}},
		{"$ExecutionContext.SessionState.LanguageMode.ToString()", 5, nil},
		{"1..5 | Where-Object { $_ -gt 3 }; 'after'", 4, []string{"out 4", "out 5", "out after"}},
		{"$x = 3, 1, 2 | Sort-Object -Descending; $x | select -First 2", 4, []string{"out 3", "out 2"}},
		{"1..10000000 | Select-Object -First 1", 4, []string{"out 1"}},
		{"New-LabObject 5 | Where-Object Index -gt 3 | Measure-Object | Select-Object -ExpandProperty Count", 4, []string{"out 2"}},
		{"Get-CsOnlineUser | ? { $_ } | Set-CsUser", 5, nil},
		{"1 | Sort-Object -NoSuch; 'after'", 4, []string{"error NamedParameterNotFound: Sort-Object: A parameter cannot be found that matches parameter name 'NoSuch'.", "out after"}},
	} {
		t.Run(c.script, func(t *testing.T) {
			r := &recorder{}
			state, e := run(t, Options{Mode: FullLanguage}, r, psrp.Script(c.script))
			if state != c.state {
				t.Fatalf("state %v (%v), want %v", state, e, c.state)
			}
			wantLines(t, r, c.want...)
		})
	}
}

// The ids and texts are those of recording 04a.
func TestScriptErrors(t *testing.T) {
	for script, want := range map[string][2]string{
		"throw 'thrown string'": {"thrown string", "thrown string"},
		"throw":                 {"ScriptHalted", "ScriptHalted"},
		"\"unterminated":        {"TerminatorExpectedAtEndOfString", "The string is missing the terminator: \"."},
		"bad ) syntax":          {"UnexpectedToken", "Unexpected token ')' in expression or statement."},
	} {
		_, e := run(t, Options{Mode: FullLanguage}, &recorder{}, psrp.Script(script))
		if e == nil || e.FullyQualifiedErrorID != want[0] || e.Message != want[1] {
			t.Errorf("%s: got %v, want %v", script, e, want)
		}
	}
}

func TestVariablesLiveBetweenPipelines(t *testing.T) {
	r, rs := &recorder{}, NewRunspace(Options{Mode: FullLanguage})
	for _, s := range []string{"$n = 'kept'", "$n"} {
		if state, e := rs.Execute(t.Context(), psrp.Script(s), nil, r); state != psrp.PipelineCompleted {
			t.Fatal(e)
		}
	}
	rs.Reset()
	_, _ = rs.Execute(t.Context(), psrp.Script("$n"), nil, r)
	wantLines(t, r, "out kept")
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"Get-CsUser", "get-cs*", true},
		{"Get-CsUser", "*-Cs*", true},
		{"abc", "a?c", true},
		{"abc", "[a-c]bc", true},
		{"abc", "[x]bc", false},
		{"a*c", "a`*c", true},
		{"abc", "a`*c", false},
		{"", "*", true},
		{"", "?", false},
		{"Tag:Kiosk", "tag:*k", true},
		{"a[", "a[", true},
	} {
		if got := Like(c.text, c.pattern); got != c.want {
			t.Errorf("Like(%q, %q) = %v", c.text, c.pattern, got)
		}
	}
}
