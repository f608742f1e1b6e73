package ui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func paint(text string, at int) (row string, th *theme) {
	th = newTheme(true)
	e := &editor{text: text, at: at}
	d := e.draw(0, 0, 200)
	return e.painter(th).row(d.rows[0], d.from[0]), th
}

// Colours change no character, whatever is typed.
func TestPaintKeepsTheText(t *testing.T) {
	for _, text := range []string{"", "Get-CsUser -Identity 'a b' | ? { $_.X -eq 5 } # c", `foo "a $(b c) d" (`, ") | |", "a\u2013😀 $x", "@{a=1;b=\"$c\""} {
		if row, _ := paint(text, 0); ansi.Strip(row) != text {
			t.Errorf("%q: %q", text, ansi.Strip(row))
		}
	}
}

func TestPaintMarks(t *testing.T) {
	row, th := paint("foo (a)", 4)
	if !strings.Contains(row, th.accent.text("(")+"") || !strings.Contains(row, th.accent.text(")")) {
		t.Errorf("the brackets are not marked: %q", row)
	}
	if row, th := paint("foo (a)", 1); strings.Contains(row, string(th.accent)) {
		t.Errorf("brackets far from the cursor are marked: %q", row)
	}
	if row, th := paint("foo )", 0); !strings.Contains(row, string(th.underline)) {
		t.Errorf("the error is not underlined: %q", row)
	}
	if row, th := paint("foo (", 0); strings.Contains(row, string(th.underline)) {
		t.Errorf("a line that only lacks its end is underlined: %q", row)
	}
	if row, th := paint("Get-CsUser x", 0); !strings.Contains(row, string(th.tokens[1])) {
		t.Errorf("the command has no colour: %q", row)
	}
}

// A line of several rows keeps its colours across them.
func TestPaintRows(t *testing.T) {
	e := &editor{text: "foo 'a long string that wraps' b"}
	d := e.draw(0, 0, 12)
	p := e.painter(newTheme(true))
	var out strings.Builder
	for i, r := range d.rows {
		out.WriteString(ansi.Strip(p.row(r, d.from[i])))
	}
	if out.String() != e.text {
		t.Errorf("%q", out.String())
	}
}
