package session

import (
	"errors"
	"strings"
	"testing"

	"psdeck/session/psrp"
)

// failing answers as answering does; Throw-* ends with a terminating error, as
// does Fail-* under -ErrorAction Stop.
func failing(c *fakeCommand) {
	last := c.Request.Commands[len(c.Request.Commands)-1]
	strict := false
	for _, p := range last.Parameters {
		strict = strict || strings.EqualFold(p.Value.String(), "Stop")
	}
	if strings.HasPrefix(last.Name, "Throw-") || strings.HasPrefix(last.Name, "Fail-") && strict {
		c.end(psrp.PipelineFailed, &psrp.ErrorRecord{Message: "ended", FullyQualifiedErrorID: "Ended"})
		return
	}
	answering(c)
}

// As in PowerShell, an error ends its statement, and the line goes on with the
// next one; only an error that was asked to stop ends the line.
func TestALineGoesOnBehindAStatementThatFailed(t *testing.T) {
	for _, tt := range []struct{ line, sent, shown string }{
		{`Get-User | select -ExpandProperty Name; 10/0; "b"`, "Get-User", "user1, user2, error: Attempted to divide by zero., b"},
		{`10/0; "b"`, "", "error: Attempted to divide by zero., b"},
		{`$n[0]; Get-User > $null`, "Get-User", "error: Cannot index into a null array."},
		{`[int]"x" | Set-User; "b"`, "", `error: Cannot convert value "x" to type "System.Int32". Error: "The input string 'x' was not in a correct format.", b`},
		{`Set-User (1/0); Set-User 2`, "Set-User 2[int]", "error: Attempted to divide by zero."},
		{`$x = 1; $x = 1/0; $x`, "", "error: Attempted to divide by zero., 1"},
		{`Throw-User; "b"; $?`, "Throw-User", "error: ended, b, True"},
		{`Throw-User; $?`, "Throw-User", "error: ended, False"},
		{`$u = 5; $u = Throw-User; Set-User $u`, "Throw-User\nSet-User 5[int]", "error: ended"},
		{`Set-User (Throw-User).Name; "b"`, "Throw-User", "error: ended, b"},
		{`Set-A (Get-B (Throw-User).Name).Count (Get-C); "b"`, "Throw-User", "error: ended, b"},
		{`(Fail-User).Name.Trim(); "b"`, "Fail-User", "error: no, error: You cannot call a method on a null-valued expression., b"},
		{`Throw-User && Get-User; "b"`, "Throw-User", "error: ended, b"},
		{`Throw-User || Get-User > $null; "b"`, "Throw-User\nGet-User", "error: ended, b"},
		{`10/0 || "else"; "b"`, "", "error: Attempted to divide by zero., else, b"},
		{`Throw-User -ErrorAction Stop; "b"`, "Throw-User -ErrorAction Stop", "error: ended"},
		{`Fail-User -ea:Stop; "b"`, "Fail-User -ea: Stop", "error: ended"},
		{`$h = @{ ErrorAction = 'Stop' }; Fail-User @h; "b"`, "Fail-User ErrorAction Stop", "error: ended"},
		{`Get-User | select -ExpandProperty Nope -First 1 -ErrorAction Stop; "b"`, "Get-User", "error: Select-Object: Property \"Nope\" cannot be found."},
		{`$ErrorActionPreference = 'Stop'; Throw-User; "b"`, "Throw-User", "error: ended"},
		{`$ErrorActionPreference = 'Stop'; Fail-User; "b"`, "Fail-User", "error: no"},
	} {
		s, f := openFake(t, Target{}, failing)
		if got := shownBy(t, s, tt.line); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.line, got, tt.shown)
		}
		if sent := f.log(); sent != tt.sent {
			t.Errorf("%s sends %q, want %q", tt.line, sent, tt.sent)
		}
	}
}

// The mark stands under what went wrong, whichever statement it is in.
func TestWhereInALineAnErrorIs(t *testing.T) {
	for _, tt := range []struct{ line, at, id, category string }{
		{`10/0; "b"`, "10/0", "RuntimeException", "NotSpecified: (:) [], RuntimeException"},
		{`"a"; $n[0]`, "$n[0]", "NullArray", "InvalidOperation: (:) [], RuntimeException"},
		{`$x = [int]"x"`, `[int]"x"`, "InvalidCastFromStringToInteger", "InvalidArgument: (:) [], RuntimeException"},
	} {
		s, _ := openFake(t, Target{}, failing)
		records, res := collect(t, mustRun(t, s, tt.line))
		found := false
		for _, r := range records {
			if r.Stream != StreamError {
				continue
			}
			found = true
			_, mark, _ := strings.Cut(r.Error.PositionMessage, "\n+ "+tt.line+"\n+ ")
			if mark != strings.Repeat(" ", strings.Index(tt.line, tt.at))+strings.Repeat("~", len(tt.at)) {
				t.Errorf("%s is placed %q", tt.line, r.Error.PositionMessage)
			}
			if r.At == nil || tt.line[r.At.Start:r.At.End] != tt.at || r.Error.FullyQualifiedErrorID != tt.id || r.Error.CategoryInfo() != tt.category {
				t.Errorf("%s: %+v at %v", tt.line, r.Error, r.At)
			}
		}
		if !found || res.Errors != 1 {
			t.Errorf("%s: %+v", tt.line, res)
		}
	}
}

// What follows a session that did not open must not go to another one.
func TestALineEndsWithASessionThatDidNotOpen(t *testing.T) {
	deck := newFakeDeck(t)
	deck.refuse = errors.New("no")
	if got := shownBy(t, deck.cmdlets.Home(), `$s = New-PSSession contoso.com; "b"`); strings.Contains(got, "b") {
		t.Errorf("it shows %q", got)
	}
	if got := shownBy(t, deck.cmdlets.Home(), `Get-PSSession -Id 77; "still here"`); got != "error: The remote session with the session ID 77 is not available., still here" {
		t.Errorf("it shows %q", got)
	}
}
