package format_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

// FuzzRender prints hostile values in every shape: nothing panics, a table is
// never wider than the screen, and no control character appears that the
// values did not hold.
func FuzzRender(f *testing.F) {
	f.Add("Name", "日本語テスト\x1b[31m", "", uint8(7), uint8(1), 20)
	f.Add("a\nb", "x\r\ny", "N2", uint8(40), uint8(0x82), 3)
	f.Add("*", "\u200b\ufffd", "{0", uint8(5), uint8(3), -7)
	f.Fuzz(func(t *testing.T, name, text, pattern string, width, flags uint8, n int) {
		inner := clixml.Obj(clixml.Custom(clixml.Prop(name, text), clixml.Prop("Inner", n)))
		values := []clixml.Value{
			clixml.Obj(clixml.Custom(clixml.Prop(name, text), clixml.Prop("N", n), clixml.Prop("D", []any{text, nil, inner, n}))),
			inner,
			clixml.Obj(clixml.Hashtable(clixml.Entry{Key: clixml.Str(name), Value: clixml.Str(text)})),
			clixml.Of(clixml.Version(text)), clixml.Of(clixml.URI(text)), clixml.Of(clixml.XML(text)),
			clixml.Of(clixml.SemanticVersion(text)), clixml.Of(clixml.TimeSpan(n)), clixml.Of(clixml.DateTime{Ticks: int64(n)}),
		}
		column := format.Column{Property: name, Format: pattern, Label: pattern, Width: n % 50, Align: []string{"", "left", "right", "center"}[flags>>6]}
		view := format.View{Shape: format.Shape(flags & 7 % 5), Wrap: flags&8 != 0, AutoSize: flags&16 != 0, Columns: n % 9}
		if flags&32 != 0 {
			view.Properties = []format.Column{column, {Property: "N"}}
			view.GroupBy = &column
		}
		out := format.Render(values, view, format.Options{Width: int(width)})
		screen := int(width)
		if screen == 0 {
			screen = 120
		}
		for line := range strings.Lines(out) {
			if line = strings.TrimSuffix(line, "\n"); view.Shape == format.Table && flags&32 != 0 && cellsOf(line) > screen && screen >= 5 {
				t.Errorf("a line of %d cells on a screen of %d: %q", cellsOf(line), screen, line)
			}
		}
		given := name + text + pattern
		for _, r := range out {
			if (r < ' ' || r >= 0x7F && r < 0xA0) && r != '\n' && !strings.ContainsRune(given, r) {
				t.Errorf("control character %U in %q", r, out)
			}
		}
	})
}

// cellsOf is an independent, generous count: one cell a character, and one for
// what is no UTF-8.
func cellsOf(s string) int { return utf8.RuneCountInString(strings.ToValidUTF8(s, "?")) }

// TestCycle prints an object that holds itself.
func TestCycle(t *testing.T) {
	o := clixml.Custom(clixml.Prop("Name", "loop"))
	for i := range 12 {
		o.Set(fmt.Sprintf("Self%d", i), clixml.Obj(o))
	}
	for shape := format.Default; shape <= format.Custom; shape++ {
		if out := format.Render([]clixml.Value{clixml.Obj(o)}, format.View{Shape: shape}, format.Options{}); !strings.Contains(out, "loop") {
			t.Errorf("shape %d: the name is missing in %.80q", shape, out)
		}
	}
}
