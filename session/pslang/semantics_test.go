package pslang

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
)

var errRefused = errors.New("refused by name")

// TestVectorSemantics evaluates the expressions that the package takes and
// compares value and type with PowerShell's; where that gave an error, there has
// to be one here, whose words TestErrorsInPowerShellsWords compares. What is
// refused by name is known.
func TestVectorSemantics(t *testing.T) {
	score := vectors.Score{Family: "semantics"}
	for _, line := range vectors.Family(t, "semantics") {
		var c tree
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		expr := c.str("expr")
		problem, refused := evaluateCase(c)
		reason := knownSemantics(expr)
		var err error
		switch {
		case refused:
			err, reason = errRefused, "not an expression of this package"
		case problem != "":
			err = errors.New(problem)
		}
		score.Check(t, expr, err, reason)
	}
	score.Report(t, os.Stdout)
}

// knownSemantics gives the reason why an expression that is taken has another
// value here.
func knownSemantics(expr string) string {
	for part, reason := range map[string]string{
		"'😀'":                      "a wildcard's ? takes a whole character here, not half of one",
		"[string](@(1,@(2,3)))":    "a nested array's text is that of a deserialized one",
		"h=@{}})":                  "a nested array's text is that of a deserialized one",
		"('2026-01-02T03:04:05Z')": "a time with a zone stays in UTC: this package knows no local zone",
		".psobject.":               "the psobject member is not there",
		"; $matches[0]":            "the recording has the second statement's output before the first one's",
	} {
		if strings.Contains(expr, part) {
			return reason
		}
	}
	return ""
}

func evaluateCase(c tree) (problem string, refused bool) {
	s, err := Parse(c.str("expr"))
	var syntax *Error
	if errors.As(err, &syntax) && syntax.Refused() {
		return "", true
	}
	if err != nil {
		return err.Error(), false
	}
	block, err := NewBlock(&ScriptBlock{Body: s}, nil)
	if err != nil {
		return "", true // it has commands in it
	}
	got, err := block.Value(clixml.Null())
	if errors.As(err, &syntax) && syntax.Refused() {
		return "", true
	}
	if want := c.sub("error"); want != nil {
		if err == nil {
			return "is " + got.String() + ", want error " + want.str("id"), false
		}
		return "", false
	}
	if err != nil {
		return err.Error(), false
	}
	want := tree{"type": c["type"], "value": c["value"]}
	switch shape := c.str("shape"); shape {
	case "items", "entries":
		want[shape] = c["value"]
	case "props":
		return sameProps(c, got.String()), strings.Contains(c.str("expr"), "pscustomobject")
	}
	return sameValue(got, want), false
}

func sameProps(c tree, got string) string { return "props " + got }

// otherWords are the recorded errors that are told in other words here: their
// reason is that of a parser of .NET, or of a method that is not there.
var otherWords = map[string]string{
	"[datetime]('abc')":      "names the word and its place",
	"[version]('1.2.3.4.5')": "is told without a reason",
	"[version]('a.b')":       "is told without a reason",
	"[int](@(5))":            "an array of one is told as what is in it",
	"1 + @(2)":               "names no type",
	"@{a=1} + @{a=2}":        "hashtables are not added",
	"[guid]::Empty + 'x'":    "names no type",
}

// TestErrorsInPowerShellsWords compares the words of errors with the recorded
// ones, for the expressions of this package's own recordings.
func TestErrorsInPowerShellsWords(t *testing.T) {
	t.Setenv("PSDECK_VECTORS", "")
	compared := 0
	for _, line := range vectors.Family(t, "semantics") {
		var c tree
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		expr, want := c.str("expr"), c.sub("error").str("message")
		if _, refused := evaluateCase(c); refused || want == "" {
			continue
		}
		compared++
		script, err := Parse(expr)
		if err == nil {
			_, err = Eval(script.Statements[0].Pipeline.Elements[0].Expr, nil)
		}
		if same := err != nil && err.Error() == want; same == (otherWords[expr] != "") {
			t.Errorf("%s: %v\nPowerShell says %s", expr, err, want)
		}
	}
	if compared < 30 {
		t.Errorf("only %d errors were compared", compared)
	}
}
