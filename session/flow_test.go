package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/psrp"
)

// typedOut runs a line and gives what it shows, without the views.
func typedOut(t *testing.T, s Runner, line string) (string, Result) {
	t.Helper()
	records, res := collect(t, mustRun(t, s, line))
	records = slices.DeleteFunc(records, func(r Record) bool { return r.Stream == StreamView })
	return strings.Join(texts(records), ", "), res
}

// Ctrl-C ends a loop that sends nothing.
func TestALoopThatSendsNothingIsStopped(t *testing.T) {
	s, f := openFake(t, Target{}, answering)
	for _, line := range []string{
		"'on'; while ($true) { }", "'on'; for (;;) { try { $x++ } catch { } finally { $y++ } }", "'on'; do { switch (1) { 1 { continue } } } while ($true)",
		"'on' | ForEach-Object { $_; while ($true) { if ($false) { Set-A } } }", "'on'; foreach ($i in 1..9) { while ($true) { } }; Set-B",
	} {
		run := mustRun(t, s, line)
		if _, err := run.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = run.Stop(t.Context())
		if _, res := collect(t, run); res.Outcome != Stopped {
			t.Errorf("%s: %+v", line, res)
		}
	}
	if f.log() != "" {
		t.Errorf("sent %q", f.log())
	}
}

// Ctrl-C while a command runs stops it; nothing is caught and nothing more is sent.
func TestStoppingACommandOfALoop(t *testing.T) {
	for _, line := range []string{
		"foreach ($i in 1..3) { try { Wait-A } catch { Set-B } finally { Set-C } }; Set-D", "while (Wait-A) { Set-B }", "if (Wait-A) { Set-B } else { Set-C }",
		"$x = foreach ($i in 1..3) { Wait-A }; Set-B", "1..3 | % { if ($_) { Wait-A }; Set-B }", "Wait-A || Set-B",
	} {
		begun := make(chan struct{})
		s, f := openFake(t, Target{}, func(c *fakeCommand) {
			close(begun)
			<-c.stop
			c.end(psrp.PipelineStopped, nil)
		})
		run := mustRun(t, s, line)
		<-begun
		_ = run.Stop(context.Background())
		if records, res := collect(t, run); res.Outcome != Stopped || f.log() != "Wait-A" {
			t.Errorf("%s: %+v, %q, sent %q", line, res, texts(records), f.log())
		}
	}
}

// A connection that breaks is no error that a catch block takes: nobody knows
// whether the command ran.
func TestALostCommandIsNotCaught(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) { c.f.box(c.ID).put(errors.New("connection reset")) })
	_, res := typedOut(t, s, "try { Set-A } catch { Set-B } finally { Set-C }; Set-D")
	if res.Outcome != Lost || f.log() != "Set-A" {
		t.Errorf("%+v, sent %q", res, f.log())
	}
}

// An error that a catch block takes is not one of the line.
func TestWhatIsCaughtIsNoErrorOfTheLine(t *testing.T) {
	s, _ := openFake(t, Target{}, answering)
	for line, want := range map[string]struct {
		outcome Outcome
		errors  int
	}{
		"try { Die-A } catch { }":                                {Completed, 0},
		"try { Die-A } catch { throw }":                          {Failed, 1},
		"try { Die-A } catch [Other] { }":                        {Failed, 1},
		"try { Die-A } finally { 1 }":                            {Failed, 1},
		"try { try { Die-A } catch { Die-B } } catch { }":        {Completed, 0},
		"foreach ($i in 1) { Die-A }":                            {Failed, 1},
		"1 | % { if ($_) { Die-A } }":                            {Failed, 1},
		"try { 1 | % { Die-A } } catch { }":                      {Completed, 0},
		"try { Fail-A } catch { }":                               {Completed, 1}, // it goes on
		"try { 'x' | select -ExpandProperty No } catch { }":      {Completed, 1},
		"try { 'x' | select -ExpandProperty No -ea 1 } catch {}": {Completed, 0},
		"throw 'x'":                   {Failed, 1},
		"if ($true) { $null.Trim() }": {Failed, 1},
		"$x = 'a'; $x -= 1":           {Failed, 1},
	} {
		got, res := typedOut(t, s, line)
		if res.Outcome != want.outcome || res.Errors != want.errors {
			t.Errorf("%s: %+v, %s", line, res, got)
		}
	}
}

// $_ of a catch block has what PowerShell's error records have.
func TestTheRecordInACatchBlock(t *testing.T) {
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		c.end(psrp.PipelineFailed, &psrp.ErrorRecord{
			Message: "look", ExceptionMessage: "not there", DetailsMessage: "look", FullyQualifiedErrorID: "NoUser,Get-User", CategoryCode: 13, Reason: "NoUserException",
			TargetName: "x", TargetType: "String", Activity: "Get-User", ExceptionType: "Contoso.NoUserException",
		})
	})
	for expr, want := range map[string]string{
		"$_": "look", "\"$_\"": "look", "$_.Exception.Message": "not there", "$_.FullyQualifiedErrorId": "NoUser,Get-User", "$_.CategoryInfo.Category": "ObjectNotFound",
		"$_.CategoryInfo.Reason": "NoUserException", "$_.ErrorDetails.Message": "look", "$PSItem.Exception.Message": "not there", "\"$($_.CategoryInfo)\"": "ObjectNotFound: (x:String) [Get-User], NoUserException",
	} {
		if got, _ := typedOut(t, s, "try { Get-User } catch { "+expr+" }"); got != want {
			t.Errorf("%s is %q, want %q", expr, got, want)
		}
	}
	for line, want := range map[string]string{
		"try { Get-User } catch [Contoso.NoUserException] { 'exact' }":               "exact",
		"try { Get-User } catch [Exception] { 'any' }":                               "any",
		"try { throw 'text' } catch { $_.FullyQualifiedErrorId; $_.TargetObject }":   "text, text",
		"try { try { Get-User } catch { throw $_ } } catch { $_.Exception.Message }": "not there",
		"1 | % { try { throw 'x' } catch { \"$_\" }; $_ }":                           "x, 1",
		"try { throw 'x' } catch { 1 | % { $_ }; \"$_\" }":                           "1, x",
	} {
		if got, _ := typedOut(t, s, line); got != want {
			t.Errorf("%s gives %q, want %q", line, got, want)
		}
	}
}

// What a line assigns, the next one finds; control flow has no variables of its own.
func TestVariablesOfControlFlowStay(t *testing.T) {
	s, _ := openFake(t, Target{}, answering)
	for _, tt := range [][2]string{
		{"foreach ($i in 1..3) { $last = $i }; if ($true) { $y = 'y' }", ""},
		{"\"$i $last $y\"", "3 3 y"},
		{"$a = @(1); $a.Count; $a += 2; $a.Count; $b = @(); $b += 'x'; $b += 'y'; \"$b\"", "1, 2, x y"},
		{"$n = 5; $n *= 2; $n--; $n", "9"},
		{"$t = 'a'; $t += 'b'; $t", "ab"},
		{"$u = @(Get-User); $u += Get-User; $u.Count", "4"},
		{"if ('user42' -match '(?<n>\\d+)') { $Matches.n }", "42"},
		{"$Matches[0]", "42"},
		{"if ($false) { 'user1' -match '1' }; $Matches[0]", "42"},
		{"'a' | % { $_ -match 'a' }; $x = if ($false) { 1 }; $null -eq $x", "True, True"},
		{"$global:g = 1; $script:g + 1", "2"},
	} {
		if got, _ := typedOut(t, s, tt[0]); got != tt[1] {
			t.Errorf("%s: %q, want %q", tt[0], got, tt[1])
		}
	}
}

// A Format-* in a loop shows its own output so, and what is kept is as it was.
func TestViewsInALoop(t *testing.T) {
	s, _ := openFake(t, Target{}, answering)
	var views []format.Shape
	records, _ := collect(t, mustRun(t, s, "foreach ($i in 1..2) { Get-User | Format-List Name }; $x = if ($true) { Get-User | Format-Table }"))
	for i := range records {
		if records[i].Stream == StreamView {
			views = append(views, records[i].View.Shape)
		}
	}
	if want := []format.Shape{format.List, format.Default, format.List, format.Default, format.Default}; !slices.Equal(views, want) {
		t.Errorf("%v, want %v", views, want)
	}
}

// A server with a language runs the line itself.
func TestALanguageGetsControlFlowAsAScript(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
	s.caps.LanguageMode = "FullLanguage"
	var want []string
	for _, line := range []string{
		"if ($x) { Get-User | Format-Table }", "foreach ($i in 1..2) { Get-User $i }", "try { Get-User } catch { throw }", "$x += 1", "1; break", "$x = switch (1) { 1 { 2 } }", "function f { 1 }",
	} {
		collect(t, mustRun(t, s, line))
		want = append(want, "{"+line+"}")
	}
	if got := f.log(); got != strings.Join(want, "\n") {
		t.Errorf("sent %q", got)
	}
}

// Nothing is sent, and no value is changed, by asking whether a line may run.
func TestCheckingControlFlowChangesNothing(t *testing.T) {
	s, f := openFake(t, Target{}, answering)
	s.scope.Assign("x", clixml.Str("old"))
	for _, line := range []string{"foreach ($x in 1..3) { Get-User $x }", "if ($x = Get-User) { $x = 1 }", "$x += if ($true) { 'b' }", "if ('a' -match 'a') { Get-User }", "try { throw 'x' } catch { $x = 2 }"} {
		if _, err := s.Check(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if v, _ := s.scope.Variable("x"); v.String() != "old" || f.log() != "" {
		t.Errorf("$x is %s, sent %q", v, f.log())
	}
	if _, ok := s.scope.Variable("Matches"); ok {
		t.Error("$Matches is set")
	}
}
