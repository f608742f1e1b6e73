package format_test

import (
	"testing"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

// A culture writes dates and fractions its own way and breaks lines between
// words; the invariant one cuts them where they are full.
func TestCulture(t *testing.T) {
	date := clixml.FromTime(time.Date(2026, 1, 2, 13, 4, 5, 0, time.UTC))
	text := "a few plain words that-are cut incomprehensibilities"
	for _, tt := range []struct {
		value     any
		format    string
		invariant string
		american  string
	}{
		{date, "", "01/02/2026 13:04:05", "1/2/2026 1:04:05\u202fPM"},
		{date, "D", "Friday, 02 January 2026", "Friday, January 2, 2026"},
		{date, "{0:g}!", "01/02/2026 13:04!", "1/2/2026 1:04\u202fPM!"},
		{[]any{date}, "", "{01/02/2026 13:04:05}", "{1/2/2026 1:04:05\u202fPM}"},
		{clixml.Custom(clixml.Prop("A", date)), "", "@{A=01/02/2026 13:04:05}", "@{A=1/2/2026 1:04:05\u202fPM}"},
		{0.125, "P", "12.50 %", "12.500%"},
		{-1234.5, "C2", "(¤1,234.50)", "-$1,234.50"},
		{2.5, "N", "2.50", "2.500"},
	} {
		o := clixml.Obj(clixml.Custom(clixml.Prop("V", tt.value)))
		view := format.View{Shape: format.List, Properties: []format.Column{{Property: "V", Format: tt.format}}}
		for culture, want := range map[string]string{"": tt.invariant, "en-US": tt.american, "xx-XX": tt.invariant} {
			if got := format.Render([]clixml.Value{o}, view, format.Options{Culture: culture}); got != "\nV : "+want+"\n\n" {
				t.Errorf("%v with %q in %q: got %q, want %q", tt.value, tt.format, culture, got, want)
			}
		}
	}
	o := clixml.Obj(clixml.Custom(clixml.Prop("V", text)))
	for culture, want := range map[string]string{
		"":      "\nV : a few plain words\n     that-are cut inc\n    omprehensibilitie\n    s\n\n",
		"en-US": "\nV : a few plain \n    words that-are \n    cut incomprehensi\n    bilities\n\n",
	} {
		if got := format.Render([]clixml.Value{o}, format.View{Shape: format.List}, format.Options{Width: 21, Culture: culture}); got != want {
			t.Errorf("in %q: got %q, want %q", culture, got, want)
		}
	}
}
