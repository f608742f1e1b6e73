package pslang

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"psdeck/session/clixml"
)

// What is not run here is refused by its name, with what to write instead,
// and never read as something else.
func TestRefused(t *testing.T) {
	for line, want := range map[string]string{
		"& Get-User":                                 "call operator",
		"Get-User | & { 1 }":                         "call operator",
		". ./x.ps1":                                  "dot-sourcing",
		"Get-User > out.txt":                         "redirection",
		"Get-User 2>&1 3> w.txt":                     "redirection",
		"1 2>&1":                                     "redirection",
		"Get-User &":                                 "background job",
		"$x = Get-User && Remove-User":               "pipeline chain",
		"Get-User && Remove-User &":                  "background job",
		"cmd --% /c del":                             "stop-parsing",
		"function f { 1 }":                           "function definition",
		"$x.Name = 1":                                "assignment to a property",
		"$a, $b = 1, 2":                              "assignment to several variables",
		"$x ??= 1":                                   "assignment ??=",
		"$y = $i++":                                  "++ or --",
		"$x.Count++":                                 "++ or --",
		":loop foreach ($u in $x) { $u }":            "a label",
		"foreach ($u in $x) { break loop }":          "a label",
		"switch -File x.txt { a { 1 } }":             "a switch over a file",
		"trap { 1 }; Get-User":                       "a trap statement",
		"filter f { 1 }":                             "a filter definition",
		"data { 'x' }":                               "a data section",
		"exit 1":                                     "an exit statement",
		"if ($x) { & Get-User }":                     "call operator",
		"try { 1 } catch { Get-User > x }":           "redirection",
		"switch (1) { 2 { [IO.File]::Sep } }":        "static member",
		"while ([IO.File]::Sep) { 1 }":               "static member",
		"\"$(if (Get-User) { 1 })\"":                 "subexpression",
		"$(foreach ($i in 1) { return 1 })":          "subexpression",
		"(Get-User && Remove-User)":                  "pipeline chain",
		"$x ?? $(Get-User; 1)":                       "subexpression",
		"Get-User && Set-User ($x -and (Get-Other))": "command within an expression",
		"Get-User && Set-User (Get-Other)":           "command within an expression",
		"Set-User $(Get-User; Get-Other)":            "subexpression",
		"Set-User @(Get-User; Get-Other)":            "command within an expression",
		"Set-User @{a = Remove-User}":                "command within an expression",
		"$x.Delete()":                                "method call",
		"[IO.File]::Delete('x')":                     "method call",
		"[IO.File]::Sep":                             "static member",
		"[xml]'<a/>'":                                "a cast to this type",
		"foo$x 1":                                    "computed command name",
		"Invoke-Command $using:x":                    "$using:",
		":loop Get-User":                             "label",
		"'a' -split { $_ }":                          "-split",
		"($x = 5)":                                   "assignment within an expression",
		"Get-User | Where-Object { $_ } > x":         "redirection",
	} {
		_, err := Parse(line)
		var e *Error
		if !errors.As(err, &e) || !e.Refused() || !strings.Contains(e.Construct, want) || !strings.Contains(e.Msg, "not run here: ") {
			t.Errorf("%s: %v, want %s refused", line, err, want)
		}
	}
}

// What is wrong has PowerShell's id and the place; what only ends too early
// is incomplete.
func TestErrors(t *testing.T) {
	for line, want := range map[string]string{
		"foo )":            "UnexpectedToken 4-5",
		"| foo":            "EmptyPipeElement 0-1",
		"foo |":            "EmptyPipeElement 5-5 incomplete",
		"foo | # more":     "EmptyPipeElement 5-5 incomplete",
		"foo 'a":           "TerminatorExpectedAtEndOfString 4-6 incomplete",
		"foo {":            "MissingEndCurlyBrace 4-5 incomplete",
		"foo @{a=1":        "MissingEndCurlyBrace 6-6 incomplete",
		"foo 1,":           "MissingExpression 6-6 incomplete",
		"$x =":             "ExpectedValueExpression 4-4 incomplete",
		"1 | 2":            "ExpressionsMustBeFirstInPipeline 4-5",
		"foo -x:":          "ParameterRequiresArgument 7-7",
		"300uy":            "BadNumericConstant 0-5",
		"foo `":            "IncompleteString 5-5 incomplete",
		"Get-X {$_.a -eq}": "ExpectedValueExpression 15-15",
	} {
		_, err := Parse(line)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got := fmt.Sprintf("%s %d-%d", e.ID, e.Start, e.End)
		if e.Incomplete {
			got += " incomplete"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

type variables map[string]clixml.Value

func (v variables) Variable(name string) (clixml.Value, bool) { x, ok := v[name]; return x, ok }

// Arguments keep their types; a script block keeps its text.
func TestArguments(t *testing.T) {
	scope := variables{"who": clixml.Str("Ann"), "env:X": clixml.Str("e"), "list": clixml.Of([]any{1, "two"})}
	for arg, want := range map[string]string{
		"abc": "string abc", "5": "int32 5", "1kb": "int32 1024", "5L": "int64 5", "1.5": "float64 1.5", "1.50d": "clixml.Decimal 1.50",
		"-5": "string -5", "1.2.3": "string 1.2.3", "$true": "bool True", "$null": "<nil> ", "'it''s'": "string it's", "‘a’": "string a",
		`"hi $who!"`: "string hi Ann!", `"$list"`: "string 1 two", "a$who.b": "string aAnn.b", "${who}": "string Ann", "$env:X": "string e",
		"a`,b": "string a,b", "{ $_.A -eq 'x' }": "clixml.ScriptBlock  $_.A -eq 'x' ", "(1+2)": "int32 3", "$who.Length": "int32 3",
		"[int]5": "string [int]5", "$global:who": "string Ann", "a=b": "string a=b", "tel:+1425": "string tel:+1425",
	} {
		s, err := Parse("foo " + arg)
		if err != nil || len(s.Statements[0].Pipeline.Elements[0].Command.Args) != 1 {
			t.Errorf("%s: %v", arg, err)
			continue
		}
		v, err := Eval(s.Statements[0].Pipeline.Elements[0].Command.Args[0].Value, scope)
		if got := fmt.Sprintf("%T %s", v.Any(), v); got != want || err != nil {
			t.Errorf("%s: %s, want %s (%v)", arg, got, want, err)
		}
	}
}

// A block that cannot run here is still a block: a server may take its text.
func TestScriptBlockKept(t *testing.T) {
	s, err := Parse("Get-CsUser -Filter { trap { '}' } }")
	if err != nil {
		t.Fatal(err)
	}
	sb := s.Statements[0].Pipeline.Elements[0].Command.Args[1].Value.(*ScriptBlock)
	if sb.Text != " trap { '}' } " || sb.Body != nil || !sb.Refused.Refused() {
		t.Errorf("%+v", sb)
	}
	if _, err := NewBlock(sb, nil); err == nil {
		t.Error("a refused block runs")
	}
}

func TestTokens(t *testing.T) {
	line := "$x = Get-User -Name 'a b' 5 | select * # c"
	var got []string
	for _, tok := range Tokens(line) {
		got = append(got, fmt.Sprintf("%d:%s", tok.Kind, line[tok.Start:tok.End]))
	}
	want := fmt.Sprintf("%d:$x %d:= %d:Get-User %d:-Name %d:'a b' %d:5 %d:| %d:select %d:* %d:# c",
		VariableToken, OperatorToken, CommandToken, ParameterToken, StringToken, NumberToken, OperatorToken, CommandToken, WordToken, CommentToken)
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{"": "''", "a b": "'a b'", "it's": "'it''s'", "‘x’": "'‘‘x’’'", "$x `n": "'$x `n'"} {
		if got := Quote(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestResolveAlias(t *testing.T) {
	for name, want := range map[string]string{"?": "Where-Object", "FT": "Format-Table", "iex": "Invoke-Expression", "Get-CsUser": "Get-CsUser", `m\ft`: `m\ft`} {
		if got := ResolveAlias(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	Aliases()["ft"] = "x"
	if ResolveAlias("ft") != "Format-Table" {
		t.Error("a caller can change the aliases")
	}
}

const benchLine = "Get-CsOnlineUser -Filter {(Enabled -eq $true) -and (LineURI -like \"tel:+1425*\")} -ResultSize 500 | Where-Object UsageLocation -in 'US','CA' | " +
	"Sort-Object DisplayName -Descending | Format-Table DisplayName,LineURI"

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(benchLine); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Tokens(benchLine)
	}
}
