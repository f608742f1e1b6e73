package syntax

import (
	"strings"
	"testing"
)

var seeds = []string{
	"Get-CsOnlineUser -Filter {Enabled -eq $true} | ? LineUri -like 'tel:*'", `"a $x ${y} $(1) ""b`, "@'\nx\n'@", "@{a=1;b=@(1,2)}", `"$(""a $(1)"")"`,
	"foo -x:1,2 --% a", "$x = [int]'5' + 1kb..3", "“a $x”", "Get–X —y", "$a.b[0]?.c::d(1,)", "<# #> # x", "`u{1F600}`", "1..2 -f 'x'", "a |\n| b",
	"class C : B { [int]$x = 1; static [void] M([int]$a) { } C() : base(1) { } }", "enum E : int { A = 1 }", "switch -regex ($x) { 1 { } default { } }",
	"try { } catch [a], [b] { } finally { }", "using namespace a.b\nparam([Parameter()]$x) begin { } end { }", "[a[b,[c,d]],e]::f[g](1)", "$x ? 1 : 2 && y &",
	"data d -SupportedCommand a { 1 }", ":l foreach ($x in 1) { break l }", "trap [x] { }", "@\"\n$(", "${`}}", "foo 2>&1 >>x <y", "0x1L 1e3 .5d 0b1uy",
}

// FuzzParse checks that no input makes the parser fail, that tokens are in
// order and within the input, that nodes lie within the ones that hold them,
// and that the same input is read the same again.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, input string) {
		s := Parse(input)
		checkTokens(t, input, s.Tokens, 0, len(input))
		checkNodes(t, s.Root, input)
		for _, e := range s.Errors {
			if e.Message == "" || e.Start < 0 || e.End < e.Start || e.End > len(input)+8 {
				t.Fatalf("%q: error %+v", input, e)
			}
		}
		again := Parse(input)
		if len(again.Tokens) != len(s.Tokens) || len(again.Errors) != len(s.Errors) {
			t.Fatalf("%q: read differently again", input)
		}
		o := NewOffsets(input)
		for _, tok := range s.Tokens {
			if o.UTF16(tok.Start) > tok.Start || o.UTF16(tok.Start) < 0 {
				t.Fatalf("%q: offset %d is %d", input, tok.Start, o.UTF16(tok.Start))
			}
		}
	})
}

func checkTokens(t *testing.T, input string, tokens []*Token, from, to int) {
	last := from
	for i, tok := range tokens {
		if tok.Kind == EndOfInput {
			for _, tok := range tokens[i:] {
				if tok.Kind != EndOfInput {
					t.Fatalf("%q: the end is token %d of %d", input, i, len(tokens))
				}
			}
			return
		}
		if tok.Start < last || tok.End < tok.Start || tok.End > to || tok.Text != input[tok.Start:tok.End] {
			t.Fatalf("%q: token %d %v %d-%d %q behind %d", input, i, tok.Kind, tok.Start, tok.End, tok.Text, last)
		}
		last = tok.End
		checkTokens(t, input, tok.Nested, tok.Start, tok.End)
	}
}

func checkNodes(t *testing.T, n *Node, input string) {
	if n.Start < 0 || n.End < n.Start && n.Class != ErrorExpressionAst && n.Class != ErrorStatementAst || n.End > len(input)+8 {
		t.Fatalf("%q: %v %d-%d", input, n.Class, n.Start, n.End)
	}
	for _, c := range n.Children {
		if c == nil {
			t.Fatalf("%q: %v has no child", input, n.Class)
		}
		checkNodes(t, c, input)
	}
}

// The cost is bounded by the length, though the parser goes back and reads again.
func TestParseCost(t *testing.T) {
	for _, unit := range []string{"(", "{", "[a({", "@{a=", "$(", "\"$(", "$x.a[", "if(1){", ")", "$a+", "!", "[a]", "a|", "-a ", "[a[", "switch(1){1{", "f{param([a({", ".a", "@(1,"} {
		input := strings.Repeat(unit, 20000/len(unit))
		p := &parser{lexer: lexer{input: input, src: input, errs: &errorList{}, budget: 1<<15 + 32*len(input)}}
		p.script()
		if p.scanned > p.budget+1 {
			t.Errorf("%s…: %d tokens scanned", unit, p.scanned)
		}
	}
}

// What is nested too deeply is refused in PowerShell's words.
func TestTooComplicated(t *testing.T) {
	s := Parse(strings.Repeat("(", 5000))
	if len(s.Errors) != 1 || s.Errors[0].ID != "ScriptTooComplicated" || s.Root == nil {
		t.Errorf("%v", s.Errors)
	}
	if s := Parse(strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100)); len(s.Errors) != 0 {
		t.Errorf("%v", s.Errors)
	}
}

const benchLine = "Get-CsOnlineUser -Filter {(Enabled -eq $true) -and (LineURI -like \"tel:+1425*\")} -ResultSize 500 | Where-Object UsageLocation -in 'US','CA' | " +
	"Sort-Object DisplayName -Descending | Format-Table DisplayName,LineURI"

// A line is read again at each key.
func TestParseAllocations(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Parse(benchLine) }); n > 20 {
		t.Errorf("%v allocations for a line of %d characters", n, len(benchLine))
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Parse(benchLine)
	}
}
