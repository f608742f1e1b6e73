package pslang

import (
	"errors"
	"testing"

	"psdeck/session/clixml"
)

// FuzzParse checks that no line makes the parser fail in another way than by
// an *Error, that extents lie in the line, that tokens do not overlap, and
// that what is accepted can be evaluated or refused.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"Get-CsOnlineUser -Filter {Enabled -eq $true} | ? LineUri -like 'tel:*'", `"a $x ${y} $(1) ""b`, "@'\nx\n'@", "@{a=1;b=@(1,2)}",
		"foo -x:1,2 --% a", "$x = [int]'5' + 1kb..3", "“a $x”", "Get–X —y", "$a.b[0]?.c::d(1,)", "<# #> # x", "`u{1F600}`", "1..2 -f 'x'", "a |\n| b",
		"foreach ($i in 1..3) { switch ($i) { 1 { a } { $_ } { throw 'x' } default { break } } }", "try { $x = if (a) { 1 } elseif (($b)) { 2 } } catch [A], [B] { return } finally { $x++ }",
		"for ($i = 0; $i -lt 3; $i++) { \"$(while ($i) { continue })\" }", "do { a && b || c } until (d)", "@{ a = if (1) { 2 } }",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		checkTokens(t, line, Tokens(line))
		s, err := Parse(line)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Msg == "" || e.Start < 0 || e.End < e.Start || e.End > len(line) {
				t.Fatalf("%q: error %#v", line, err)
			}
			return
		}
		for st := range All(s.Statements) {
			if st.Pipeline == nil {
				continue
			}
			for _, el := range st.Pipeline.Elements {
				ext := el.Span()
				if ext.Start < 0 || ext.End > len(line) || ext.Start >= ext.End {
					t.Fatalf("%q: extent %v", line, ext)
				}
				evaluate(t, el)
			}
		}
	})
}

func evaluate(t *testing.T, el Element) {
	scope := &Item{Value: clixml.Str("x")}
	if el.Command == nil {
		_, _ = Eval(el.Expr, scope)
		return
	}
	if el.Command.Name == "" && el.Command.NameExtent.End == el.Command.NameExtent.Start {
		t.Fatalf("command without a name: %+v", el.Command)
	}
	for _, a := range el.Command.Args {
		if a.Value != nil {
			_, _ = Eval(a.Value, scope)
		}
	}
}

func checkTokens(t *testing.T, line string, tokens []Token) {
	last := 0
	for _, tok := range tokens {
		if tok.Start < last || tok.End <= tok.Start || tok.End > len(line) {
			t.Fatalf("%q: tokens %v", line, tokens)
		}
		last = tok.End
	}
}

// FuzzQuote checks that a quoted string reads back as itself.
func FuzzQuote(f *testing.F) {
	f.Add("it's ‘x’ $y `n")
	f.Add("\xff\x00\n")
	f.Fuzz(func(t *testing.T, s string) {
		script, err := Parse(Quote(s))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		v, err := Eval(script.Statements[0].Pipeline.Elements[0].Expr, nil)
		if err != nil || v.Text() != s {
			t.Fatalf("%q: reads back as %q, %v", s, v.Text(), err)
		}
	})
}
