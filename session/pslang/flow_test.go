package pslang

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
)

// playing is a machine whose commands are played: Get-N gives 1 to N, Fail
// ends with an error of a type of its own, Warn goes wrong and goes on, Stop is
// stopped, and anything else gives nothing. It notes what ran.
type playing struct {
	*Locals
	ev  evaluator
	ran []string
}

type refusedUser struct{ error }

var errStop = errors.New("stopped")

func newPlaying() *playing {
	m := &playing{Locals: &Locals{}}
	m.ev.scope = m
	return m
}

func (m *playing) Assign(name string, v clixml.Value) { m.set(name, v) }

func (m *playing) Turn(Control) error {
	if len(m.ran) > 20 {
		return errStop
	}
	return nil
}

func (m *playing) Caught(err error) (clixml.Value, []string, bool) {
	if errors.As(err, new(refusedUser)) {
		return recordOf(err), []string{"Contoso.UserException", "System.Exception"}, true
	}
	return recordOf(err), ErrorTypes(err), !errors.Is(err, errStop)
}

func (m *playing) GoesOn(err error) bool {
	m.ran = append(m.ran, "shown: "+err.Error())
	return true
}

func (m *playing) Do(st *Statement, out func([]clixml.Value)) (bool, error) {
	c := st.Pipeline.Elements[0].Command
	clean := true
	var kept []clixml.Value
	switch {
	case c == nil:
		v, err := m.ev.eval(st.Pipeline.Elements[0].Expr)
		if err != nil {
			return false, err
		}
		kept = Enumerate(v)
		if st.Assign != "" {
			if st.Op != "" {
				if v, err = Apply(st.Op, m.ev.variable(st.Assign), v); err != nil {
					return false, err
				}
			}
			m.set(st.Assign, v)
			return true, nil
		}
	default:
		text := c.Name
		for _, a := range c.Args {
			v, err := m.ev.eval(a.Value)
			if err != nil {
				return false, err
			}
			text += " " + v.String()
		}
		m.ran = append(m.ran, text)
		switch {
		case c.Name == "Stop":
			return false, errStop
		case c.Name == "Fail":
			return false, refusedUser{errors.New("no such user")}
		case c.Name == "Warn":
			clean = false
		case strings.HasPrefix(c.Name, "Get-"):
			for i := range c.Name[4] - '0' {
				kept = append(kept, clixml.Int32(int32(i)+1))
			}
		}
	}
	if st.Assign != "" {
		m.set(st.Assign, together(kept))
		return clean, nil
	}
	out(kept)
	return clean, nil
}

// What PowerShell gives for control flow: about_If, about_Foreach, about_For,
// about_While, about_Do, about_Switch, about_Try_Catch_Finally, about_Break,
// about_Continue, about_Return, about_Throw, about_Pipeline_Chain_Operators
// and, where these are silent, the language specification's chapter 8.
func TestFlow(t *testing.T) {
	for _, tt := range []struct{ line, gives, ran string }{
		// about_If: the first clause that is true runs, the conditions behind it are not worked out.
		{"if (Get-1) { 'a' } else { 'b' }", "a", "Get-1"},
		{"if (Get-0) { 'a' } else { 'b' }", "b", "Get-0"},
		{"if (Get-0) { 'a' } elseif (Get-2) { 'b' } elseif (Get-3) { 'c' }", "b", "Get-0, Get-2"},
		{"if (Get-1) { 'a' } elseif (Get-2) { 'b' }", "a", "Get-1"},
		{"if ((Get-2).Count -gt 1) { 'many' }", "many", "Get-2"},
		{"if ($u = Get-2) { $u }", "1 2", "Get-2"},
		{"if ($u = Get-0) { 'a' }; $null -eq $u", "True", "Get-0"},
		{"if (@()) { 1 } elseif (@(0)) { 2 } elseif (@(0, 0)) { 3 }", "3", ""},
		// about_Logical_Operators, about_Operators: what need not be known is not asked.
		{"if ((Get-1) -and (Get-2)) { 'both' }", "both", "Get-1, Get-2"},
		{"if ((Get-0) -and (Get-2)) { 'both' } else { 'no' }", "no", "Get-0"},
		{"(Get-1) -or (Get-2); (Get-0) -or (Get-2)", "True True", "Get-1, Get-0, Get-2"},
		{"(Get-0) -or (Get-0) -and (Get-2)", "False", "Get-0, Get-0"},
		{"(Get-1) -and ((Get-0) -or (Get-2)) -and !(Get-3)", "False", "Get-1, Get-0, Get-2, Get-3"},
		{"$x = (Get-0) ?? (Get-2); $x.Count; (Get-1) ?? (Get-2)", "2 1", "Get-0, Get-2, Get-1"},
		{"(Get-1) ? (Get-2) : (Get-3); (Get-0) ? (Get-2) : 'none'", "1 2 none", "Get-1, Get-2, Get-0"},
		{"while ($i -lt 3 -and (Get-1)) { $i++ }; $i", "3", "Get-1, Get-1, Get-1"},
		{"if ($false) { 1 } elseif ($true -and $(Get-1)) { 2 }", "2", "Get-1"},
		// about_Foreach: the items are worked out once, nothing is no turn, the variable stays.
		{"foreach ($i in Get-3) { $i * 2 }", "2 4 6", "Get-3"},
		{"foreach ($i in 1..3) { Set $i }; $i", "3", "Set 1, Set 2, Set 3"},
		{"foreach ($i in $null) { 'a' }; foreach ($i in Get-0) { 'b' }; foreach ($i in @()) { 'c' }", "", "Get-0"},
		{"foreach ($i in $null, 1) { \"[$i]\" }", "[] [1]", ""},
		{"foreach ($c in 'abc') { $c }; foreach ($h in @{ a = 1; b = 2 }) { $h.Count }", "abc 2", ""},
		{"foreach ($i in 1..9) { if ($i -eq 2) { continue }; if ($i -gt 3) { break }; $i }", "1 3", ""},
		{"foreach ($a in 1, 2) { foreach ($b in 1, 2) { if ($b -eq 2) { break }; \"$a$b\" } }", "11 21", ""},
		// about_For: init once, the condition before each turn, the step behind each, also after continue.
		{"for ($i = 0; $i -lt 3; $i++) { $i }", "0 1 2", ""},
		{"for ($i = 0; $i -lt 5; $i++) { if ($i % 2) { continue }; $i }; $i", "0 2 4 5", ""},
		{"for ($i = (Get-2).Count; $i -gt 0; $i--) { Set $i }", "", "Get-2, Set 2, Set 1"},
		{"for (;;) { $n++; if ($n -gt 2) { break } }; $n", "3", ""},
		{"for ($i = 5; $i -lt 5; $i++) { 'never' }; $i", "5", ""},
		// about_While, about_Do: the condition runs again before, or behind, each turn.
		{"while ($n -lt 2) { $n++; Set $n }", "", "Set 1, Set 2"},
		{"$n = 0; while ((Get-2).Count -gt $n) { $n += 1 }; $n", "2", "Get-2, Get-2, Get-2"},
		{"while ($false) { 'never' }; do { 'once' } while ($false)", "once", ""},
		{"do { $n++; if ($n -eq 2) { continue }; $n } until ($n -ge 3)", "1 3", ""},
		{"do { Set x } until (Get-1)", "", "Set x, Get-1"},
		// about_Switch: every item, every clause that matches, default where none does.
		{"switch (2) { 1 { 'a' } 2 { 'b' } 2 { 'c' } default { 'd' } }", "b c", ""},
		{"switch (1, 2, 3) { 1 { 'a' } 3 { 'c' } default { \"[$_]\" } }", "a [2] c", ""},
		{"switch (1, 2, 1) { 1 { 'a'; break } 2 { 'b' } }", "a", ""},
		{"switch (1, 2) { 1 { 'a'; continue } { $_ -ge 1 } { \"ge$_\" } }", "a ge2", ""},
		{"switch (3) { { $_ -gt 2 } { 'big' } { $_ -gt 5 } { 'huge' } }", "big", ""},
		{"switch ('Abc') { abc { 'i' } }; switch -CaseSensitive ('Abc') { abc { 'c' } default { 'no' } }", "i no", ""},
		{"switch -Wildcard ('abc') { a* { 1 } *c { 2 } b* { 3 } }", "1 2", ""},
		{"switch -Regex ('user42') { '^u' { 'u' } '(?<n>\\d+)$' { $Matches.n; $Matches[0] } '^x' { 'x' } }", "u 42 42", ""},
		{"switch -Regex -CaseSensitive ('ABC') { 'b' { 1 } 'B' { 2 } }", "2", ""},
		{"switch -Exact ('a*') { a* { 1 } ab { 2 } }", "1", ""},
		{"switch (5) { '5' { 'text' } 5.0 { 'number' } }", "text number", ""},
		{"switch ($true) { 'true' { 1 } $false { 2 } }", "1", ""},
		{"switch (Get-0) { default { 'never' } }; switch (@()) { default { 'never' } }; switch ($null) { $null { 'null' } }", "null", "Get-0"},
		{"switch (Get-2) { 1 { Set a } 2 { Set b } }", "", "Get-2, Set a, Set b"},
		{"switch (7) { (Get-3)[2] { 'three' } (6 + 1) { 'seven' } }", "seven", "Get-3"},
		{"foreach ($i in 1..3) { switch ($i) { 2 { break } default { $i } }; 'x' }", "1 x x 3 x", ""},
		{"foreach ($o in 'a') { switch (1) { 1 { \"$_\" } } }; $_", "1", ""},
		// about_Try_Catch_Finally.
		{"try { Get-1; Fail; 'never' } catch { \"caught $_\" }; 'on'", "1 caught no such user on", "Get-1, Fail"},
		{"try { Fail } catch { $_.Exception.Message; $_.FullyQualifiedErrorId }", "no such user ", "Fail"},
		{"try { 'a' } catch { 'b' } finally { 'c' }", "a c", ""},
		{"try { Fail } catch { 'b' } finally { Set f; 'c' }", "b c", "Fail, Set f"},
		{"try { Fail } finally { 'f' }; 'never'", "f error: no such user", "Fail"},
		{"try { Fail } catch [Other.Exception] { 'other' } catch [Contoso.UserException] { 'user' } catch { 'all' }", "user", "Fail"},
		{"try { Fail } catch [Other.Exception], [Exception] { 'second' }", "second", "Fail"},
		{"try { Fail } catch [Other.Exception] { 'other' }", "error: no such user", "Fail"},
		{"try { 1 / 0 } catch [DivideByZeroException] { 'zero' }", "zero", ""},
		{"try { [int]'x' } catch [InvalidCastException] { 'cast' } catch { 'any' }", "cast", ""},
		{"try { $null.Trim() } catch [System.Management.Automation.RuntimeException] { 'null' }", "null", ""},
		{"try { try { Fail } catch [Other] { 1 } finally { 'in' } } catch { 'out' }", "in out", "Fail"},
		{"try { try { Fail } catch { throw } } catch { \"again: $_\" }", "again: no such user", "Fail"},
		{"try { try { Fail } catch { throw 'mine' } } catch { \"$_\" }", "mine", "Fail"},
		{"try { Warn; 'goes on' } catch { 'never' }", "goes on", "Warn"},
		{"foreach ($i in 1..3) { try { if ($i -eq 2) { throw 'two' }; $i } catch { \"$_!\" } finally { 'f' } }", "1 f two! f 3 f", ""},
		{"foreach ($i in 1..3) { try { break } finally { 'f' } }; 'end'", "f end", ""},
		{"try { if (Fail) { 1 } } catch { 'in the condition' }", "in the condition", "Fail"},
		{"try { Fail } catch { 1 / 0 }; 'never'", "error: Attempted to divide by zero.", "Fail"},
		{"try { Stop } catch { 'never' } finally { 'nor this' }", "error: stopped", "Stop"},
		// about_Throw.
		{"throw 'no'; 'never'", "error: no", ""},
		{"throw", "error: ScriptHalted", ""},
		{"try { throw 'a', 'b' } catch { $_.TargetObject.Count; \"$_\"; $_.FullyQualifiedErrorId }", "2 a b a b", ""},
		{"try { throw \"$(1 + 1) bad\" } catch [RuntimeException] { 1 } catch [System.Management.Automation.RuntimeException] { \"$_\" }", "2 bad", ""},
		{"try { try { Fail } catch { throw $_ } } catch { \"$_\" }", "no such user", "Fail"},
		// about_Return, about_Break: outside of a loop they end the line.
		{"'a'; return 'b', 'c'; 'd'", "a b c", ""},
		{"foreach ($i in 1..3) { if ($i -eq 2) { return \"r$i\" }; $i }; 'never'", "1 r2", ""},
		{"1; break; 2", "1", ""},
		{"if ($true) { 1; continue; 2 }; 3", "1", ""},
		// about_Assignment_Operators: a statement's output is a value.
		{"$x = if (Get-1) { 'a'; 'b' } else { 'c' }; $x.Count; $x", "2 a b", "Get-1"},
		{"$x = foreach ($i in 1..2) { Get-2 }; $x -join '-'", "1-2-1-2", "Get-2, Get-2"},
		{"$x = switch (9) { 1 { 2 } }; $null -eq $x", "True", ""},
		{"$x = try { Fail } catch { 'none' }; $x", "none", "Fail"},
		{"$x = 'old'; $x = foreach ($i in 1) { $i; return }", "", ""},
		{"$x = @(0); $x += foreach ($i in 1, 2) { $i }; $x", "0 1 2", ""},
		{"$n = 1; if ($true) { $n = 5; $s += 'a'; $s += 'b' }; \"$n$s\"", "5ab", ""},
		{"$h = @{ a = if ($true) { 1 } else { 2 } }; $h.a; @(foreach ($i in 1..2) { $i }).Count", "1 2", ""},
		{"\"n: $(foreach ($i in 1..3) { if ($i -ne 2) { $i } })\"", "n: 1 3", ""},
		// about_Pipeline_Chain_Operators, in a body too; a try takes the error before || does.
		{"if ($true) { Warn && Set a; Warn || Set b; Get-0 && Set c || Set d }", "", "Warn, Warn, Set b, Get-0, Set c"},
		{"if ($true) { Fail || Set a }", "", "Fail, shown: no such user, Set a"},
		{"try { Fail || Set a } catch { 'c' }", "c", "Fail"},
	} {
		s, err := Parse(tt.line)
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		m := newPlaying()
		var gives []string
		_, err = NewFlow(m).Run(s.Statements, func(vs []clixml.Value) {
			for _, v := range vs {
				gives = append(gives, v.String())
			}
		})
		if err != nil {
			gives = append(gives, "error: "+err.Error())
		}
		if got := strings.Join(gives, " "); got != tt.gives {
			t.Errorf("%s\ngives %q\nwant  %q", tt.line, got, tt.gives)
		}
		if got := strings.Join(m.ran, ", "); got != tt.ran {
			t.Errorf("%s\nran  %q\nwant %q", tt.line, got, tt.ran)
		}
	}
}

// A loop that never ends is left where the machine says so.
func TestFlowIsStoppedBetweenTurns(t *testing.T) {
	for _, line := range []string{
		"while ($true) { Set x }", "for (;;) { try { Set x } catch { } finally { Set y } }", "do { Set x } while ($true)", "foreach ($i in 1..999) { Set x }",
		"while ($true) { switch (1) { 1 { Set x } } }",
	} {
		s, err := Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		m := newPlaying()
		if _, err := NewFlow(m).Run(s.Statements, discard); !errors.Is(err, errStop) || len(m.ran) > 25 {
			t.Errorf("%s: %v after %d", line, err, len(m.ran))
		}
	}
}

// Every statement of a line is found, in conditions and bodies too.
func TestAll(t *testing.T) {
	s, err := Parse("if (A1) { B1 } elseif (B2) { $x = B3 } else { B4 }; foreach ($i in C1) { for ($j = C2; C3; C4) { C5 } }; " +
		"switch (D1) { (D2) { D3 } { D4 } { D5 } default { D6 } }; try { E1; throw (E2) } catch { E3 } finally { E4 }; do { F1 } until (F2); return G1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for st := range All(s.Statements) {
		if st.Pipeline != nil && st.Pipeline.Elements[0].Command != nil {
			got = append(got, st.Pipeline.Elements[0].Command.Name)
		}
	}
	slices.Sort(got)
	if want := "[A1 B1 B2 B3 B4 C1 C2 C3 C4 C5 D1 D2 D3 D4 D5 D6 E1 E2 E3 E4 F1 F2 G1]"; fmt.Sprint(got) != want {
		t.Errorf("%v", got)
	}
}
