package pslang

import (
	"fmt"
	"strings"
	"testing"
)

// What is wrong or not finished has its tokens too.
func TestTokensBehindErrors(t *testing.T) {
	for line, want := range map[string][]TokenKind{
		"foo ) bar":          {CommandToken, GroupToken, CommandToken},
		"foo 'a":             {CommandToken, StringToken},
		`foo "a $b c"`:       {CommandToken, StringToken, VariableToken, StringToken},
		`foo "$(bar)"`:       {CommandToken, StringToken, GroupToken, CommandToken, GroupToken, StringToken},
		"if ($x) { 1 }":      {KeywordToken, GroupToken, VariableToken, GroupToken, GroupToken, NumberToken, GroupToken},
		"[int]$x.Name":       {GroupToken, TypeToken, GroupToken, VariableToken, OperatorToken, MemberToken},
		"a @ b":              {CommandToken, WordToken, WordToken},
		"$x -eq 5 -nosuch 1": {VariableToken, OperatorToken, NumberToken, ParameterToken, NumberToken},
	} {
		var got []TokenKind
		for _, tok := range Tokens(line) {
			got = append(got, tok.Kind)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for line, want := range map[string]string{
		"foo bar":   "[] false",
		"foo (":     "[] true",
		"foo )":     "[{4 5}] false",
		"$a -no $b": "[{3 6} {7 9}] false",
		"foo -x:":   "[{6 7}] false",
		"foo ) (":   "[{4 5} {6 7}] false",
	} {
		r := Read(line)
		if got := fmt.Sprintf("%v %v", r.Errors, r.Incomplete); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestMatching(t *testing.T) {
	const line = `a (b { "$(c)" } [1]) @{d=1`
	for offset, want := range map[int]string{
		2: "( )", 19: ") (", 5: "{ }", 8: "$( )", 11: ") $(", 15: "} {", 0: "", 21: "",
	} {
		at, partner, ok := Matching(line, offset)
		got := ""
		if ok {
			got = line[at.Start:at.End] + " " + line[partner.Start:partner.End]
		}
		if got != want {
			t.Errorf("%d: %q, want %q", offset, got, want)
		}
	}
}

// A line that is nested too deeply is shown as far as it was read.
func TestReadTooComplicated(t *testing.T) {
	line := strings.Repeat("(", 5000)
	tokens := Tokens(line)
	if last := tokens[len(tokens)-1]; last.Kind != UnknownToken || last.End != len(line) {
		t.Errorf("%+v", last)
	}
}

// An editor reads its line at each key.
func TestReadAllocations(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Read(benchLine) }); n > 20 {
		t.Errorf("%v allocations for a line of %d characters", n, len(benchLine))
	}
}
