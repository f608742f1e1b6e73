package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// typedField is a field with a text and the cursor at the bar.
func typedField(s string, secret bool) *field {
	before, after, _ := strings.Cut(s, "|")
	f := newField(before+after, secret)
	f.in.SetCursor(runes(before))
	return &f
}

func shownField(f *field) string { return f.left() + "|" + strings.TrimPrefix(f.text(), f.left()) }

func TestFieldKeys(t *testing.T) {
	tests := []struct{ name, from, keys, want string }{
		{"a letter", "admi|", "n", "admin|"},
		{"left and back", "a|b", "left right delete", "a|"},
		{"an accent made of two runes is one step", "cafe\u0301|", "left", "caf|e\u0301"},
		{"and is deleted at once", "cafe\u0301|", "backspace", "caf|"},
		{"a family is one step", "|👨‍👩‍👧b", "right", "👨‍👩‍👧|b"},
		{"a family is deleted at once", "|👨‍👩‍👧b", "delete", "|b"},
		{"backspace at the beginning", "|ab", "backspace", "|ab"},
		{"delete at the end", "ab|", "delete", "ab|"},
		{"a word left", "one two|", "ctrl+left", "one |two"},
		{"cut a word", "one two|", "ctrl+w", "one |"},
		{"cut the word after", "|one two", "alt+d", "| two"},
		{"cut a word of one letter at the end", "a|b", "alt+d", "a|"},
		{"cut a word at the end", "ab|", "alt+d", "ab|"},
		{"cut all before", "one|two", "ctrl+u", "|two"},
		{"cut all after", "one|two", "ctrl+k", "one|"},
		{"home and end", "one|", "ctrl+a a end z", "aonez|"},
		{"ctrl+v asks no clipboard", "one|", "ctrl+v", "one|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := typedField(tt.from, false)
			for _, name := range strings.Fields(tt.keys) {
				f.key(keyPress(name))
			}
			if got := shownField(f); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFieldPasteCleans(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"escape sequences lose their escape", "a\x1b[31mb", "a[31mb"},
		{"one line stays one", "a\nb", "a b"},
		{"the line end copied with it goes", "contoso.example\r\n", "contoso.example"},
		{"tabs become blanks", "a\tb", "a b"},
		{"what is no UTF-8 goes", "a\xffb", "ab"},
		{"what turns the reading order goes", "a\u202eb\u2066c", "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newField("", false)
			f.paste(tt.in)
			if got := f.text(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFieldDraw(t *testing.T) {
	tests := []struct {
		name, text string
		secret     bool
		w          int
		row        string
		x          int
	}{
		{"all of it", "abc|", false, 20, "abc", 3},
		{"the cursor inside", "a|bc", false, 20, "abc", 1},
		{"scrolled to the end", "0123456789|", false, 5, "6789", 4},
		{"the cursor inside what is scrolled", "0123456|789", false, 5, "34567", 4},
		{"wide characters", "日本語|", false, 20, "日本語", 6},
		{"wide characters scrolled", "日本語|", false, 6, "本語", 4},
		{"a secret is never drawn", "hunter2|", true, 20, "•••••••", 7},
		{"a long secret scrolls", "hunter2|", true, 5, "••••", 4},
		{"empty", "|", false, 5, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row, x := typedField(tt.text, tt.secret).draw(tt.w)
			if row = strings.TrimRight(row, " "); row != tt.row || x != tt.x {
				t.Errorf("got %q at %d, want %q at %d", row, x, tt.row, tt.x)
			}
		})
	}
}

// TestFieldAsksForNothing: a field has no blinking cursor, and so no tick.
func TestFieldAsksForNothing(t *testing.T) {
	f := newField("", false)
	for _, msg := range []tea.Msg{keyPress("a"), keyPress("left"), tea.PasteMsg{Content: "x"}, tea.FocusMsg{}} {
		if _, cmd := f.in.Update(msg); cmd != nil {
			t.Errorf("%T brings a command", msg)
		}
	}
}

// FuzzField: no keys in any order break a field, and what is drawn fits.
func FuzzField(f *testing.F) {
	names := []string{"left", "right", "ctrl+left", "ctrl+right", "home", "end", "backspace", "delete", "ctrl+w", "alt+d", "ctrl+u", "ctrl+k"}
	f.Add("one two", []byte{0, 9, 0, 8, 20, 3, 9, 6})
	f.Add("e\u0301👨‍👩‍👧 日本", []byte{20, 0, 0, 7, 20, 2, 9, 8, 1, 6})
	f.Fuzz(func(t *testing.T, piece string, ops []byte) {
		if len(ops) > 60 || len(piece) > 40 {
			return
		}
		in := newField("", false)
		for _, op := range ops {
			if int(op) < len(names) {
				in.key(keyPress(names[op]))
			} else {
				in.paste(piece)
			}
			row, x := in.draw(10)
			if width(row) > 10 || x < 0 || x > 10 || x > width(row) {
				t.Fatalf("%q is drawn as %q with the cursor at %d", shownField(&in), row, x)
			}
		}
	})
}
