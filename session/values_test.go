package session

import (
	"slices"
	"strings"
	"testing"

	"psdeck/session/psrp"
)

// shownBy is what lines show one after another, but for views.
func shownBy(t *testing.T, s Runner, lines ...string) string {
	t.Helper()
	var all []string
	for _, line := range lines {
		records, _ := collect(t, mustRun(t, s, line))
		records = slices.DeleteFunc(records, func(r Record) bool { return r.Stream == StreamView })
		all = append(all, texts(records)...)
	}
	return strings.Join(all, ", ")
}

// An expression is assigned as it is: an array of one stays an array. What
// commands give is taken out of its array.
func TestAnExpressionIsAssignedAsItIs(t *testing.T) {
	for _, tt := range []struct{ line, shown string }{
		{`$h = @("abc"); $h[0]`, "abc"},
		{`$h = , "abc"; $h[0]; $h.Count`, "abc, 1"},
		{`$h = @("abc"); $h -is [array]; $h -is [object[]]`, "True, True"},
		{`@("x") -is [array]; "x" -is [array]`, "True, False"},
		{`$h = @(); $null -eq $h; $h.Count; $h -is [array]`, "False, 0, True"},
		{`$h = "abc"; $h[0]`, "a"},
		{`$h = @(1, 2) | where { $_ -gt 1 }; $h -is [array]; $h`, "False, 2"},
		{`$h = @(@("abc") | where { $_ }); $h[0]`, "abc"},
		{`$h = (, "abc"); $h.Count; $g = $h; $g[0]`, "1, abc"},
		{`$h = @("abc"), 2; $h[0][0]`, "abc"},
		{`$h = @("abc") + "def"; $h[1]`, "def"},
	} {
		s, _ := openFake(t, Target{}, answering)
		if got := shownBy(t, s, tt.line); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.line, got, tt.shown)
		}
		s, _ = openFake(t, Target{}, answering)
		if got := shownBy(t, s, strings.Split(tt.line, "; ")...); got != tt.shown {
			t.Errorf("%s, line by line, shows %q, want %q", tt.line, got, tt.shown)
		}
	}
}

// An array that a variable holds travels as the array itself does.
func TestAnArrayInAVariableTravelsAsAnArray(t *testing.T) {
	var got []psrp.Parameter
	s, _ := openFake(t, Target{}, func(c *fakeCommand) { got = c.Request.Commands[0].Parameters; c.done() })
	for _, line := range []string{`Set-User @("abc")`, `$a = @("abc"); Set-User $a`, `$a = , "abc"; Set-User -Identity:$a`} {
		got = nil
		collect(t, mustRun(t, s, line))
		if len(got) != 1 || len(got[0].Value.Object().Items) != 1 || !got[0].Value.Object().Is("System.Object[]") {
			t.Errorf("%s sends %v", line, got)
		}
	}
}
