package syntax

import (
	"fmt"
	"strings"
	"testing"
)

func describe(s *Survey) string {
	var out []string
	for _, c := range s.Commands {
		text := c.Name
		if c.Name == "" {
			text = "?"
		}
		if c.Module != "" {
			text = c.Module + "/" + text
		}
		if c.Operator != Unknown {
			text = c.Operator.Text() + text
		}
		if c.Splatted {
			text += "@"
		}
		if c.StopParsing {
			text += "%"
		}
		out = append(out, text)
	}
	for _, c := range s.Calls {
		out = append(out, fmt.Sprintf("call %s.%s", c.Type, c.Name))
	}
	for _, a := range s.Assignments {
		for _, t := range a.Targets {
			out = append(out, fmt.Sprintf("set %v %s", t.Class, t.Text))
		}
	}
	for range s.Redirections {
		out = append(out, "redirect")
	}
	for _, b := range s.ScriptBlocks {
		out = append(out, "{"+b.Text+"}")
	}
	for _, c := range s.Casts {
		out = append(out, "["+c.Type+"]")
	}
	for _, o := range s.Others {
		out = append(out, o.Class.String())
	}
	return strings.Join(out, ", ")
}

// A survey finds what runs, wherever it stands.
func TestSurvey(t *testing.T) {
	for line, want := range map[string]string{
		`m\Get-X | & foo; . bar; & $x`:           "m/Get-X, &foo, .bar, &?",
		"a @p; b --% c":                          "a@, b%",
		`x "a $(b) c" d$(e)`:                     "x, b, e",
		"x @{a = b; c = {d}} (e)":                "x, b, d, e, {d}",
		"function f($x = (a)) { b }":             "a, b, FunctionDefinition",
		"class C { [int] M() { a; return 1 } }":  "a, TypeDefinition, FunctionDefinition",
		"$x.M($(a)); [T]::N(1)":                  "a, call .M, call T.N",
		"$a, $b.c, ($d) = 1; $e++; [int]$f += 2": "set VariableExpression a, set MemberExpression , set VariableExpression d, set VariableExpression e, set VariableExpression f, [int]",
		"foreach ($u in a) { b > c }":            "a, b, set VariableExpression u, redirect",
		"if (a) { b } elseif (c) { d } else { e }; switch (f) { {g} {h} default {i} }": "a, b, c, d, e, f, g, h, i, {g}",
		"try { a } catch [T] { b } finally { c }; trap { d }":                          "d, a, b, c, TrapStatement",
		"a && b || c; d &":                         "a, b, c, d, Pipeline",
		"$x ? (a) : (b)":                           "a, b",
		"begin { a } process { b } clean {c}":      "a, b, c",
		"$x -as [T] -as $y; { param([Z()][U]$v) }": "{ param([Z()][U]$v) }, [], [T], [U], Attribute",
		"using module m":                           "UsingStatement",
	} {
		if got := describe(NewSurvey(Parse(line).Root)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestWalk(t *testing.T) {
	var deepest []string
	Walk(Parse("a (b)").Root, func(n *Node, path []*Node) bool {
		if len(path) > len(deepest) {
			deepest = nil
			for _, p := range path {
				deepest = append(deepest, p.Class.String())
			}
		}
		return true
	})
	if got := strings.Join(deepest, " "); got != "ScriptBlock NamedBlock Pipeline Command ParenExpression Pipeline Command" {
		t.Error(got)
	}
}
