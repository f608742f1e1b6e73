package ui

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// typed makes an editor from a text with the cursor at the bar.
func typed(s string) *editor {
	before, after, _ := strings.Cut(s, "|")
	return &editor{text: before + after, at: len(before), goal: -1}
}

// shownWith is the text with a bar at the cursor.
func shownWith(e *editor) string { return e.text[:e.at] + "|" + e.text[e.at:] }

func TestEditorOps(t *testing.T) {
	ops := map[string]func(*editor){}
	for _, ac := range editActions() {
		for _, key := range ac.key.Keys() {
			ops[key] = ac.edit
		}
	}
	tests := []struct{ name, from, keys, want string }{
		{"a letter left", "Get|", "left", "Ge|t"},
		{"left stops at the beginning", "|x", "left left", "|x"},
		{"an accent made of two runes is one step", "cafe\u0301|", "left", "caf|e\u0301"},
		{"a family is one step", "a👨‍👩‍👧|", "left", "a|👨‍👩‍👧"},
		{"a family is deleted at once", "a👨‍👩‍👧|b", "backspace", "a|b"},
		{"a flag to the right", "|🇩🇪🇫🇷", "right", "🇩🇪|🇫🇷"},
		{"a word left", "Get-CsUser -Filter x|", "ctrl+left", "Get-CsUser -Filter |x"},
		{"two words left", "Get-CsUser -Filter x|", "ctrl+left alt+b", "Get-CsUser -|Filter x"},
		{"a word right", "|Get-CsUser", "ctrl+right", "Get|-CsUser"},
		{"home is of the line", "one\ntwo|", "home", "one\n|two"},
		{"end is of the line", "o|ne\ntwo", "end", "one|\ntwo"},
		{"delete joins lines", "one|\ntwo", "delete", "one|two"},
		{"kill to the end and yank it back", "Get-|CsUser", "ctrl+k ctrl+y", "Get-CsUser|"},
		{"kill at the end joins lines", "one|\ntwo", "ctrl+k", "one|two"},
		{"kills in a row are kept together", "one two three|", "ctrl+w ctrl+w ctrl+a ctrl+y", "two three|one "},
		{"kill to the beginning", "Get-Cs|User", "ctrl+u", "|User"},
		{"undo brings the killed text back", "Get-CsUser|", "ctrl+u ctrl+z", "Get-CsUser|"},
		{"redo", "Get-CsUser|", "ctrl+u ctrl+z alt+z", "|"},
		{"undo with nothing to undo", "x|", "ctrl+z", "x|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := typed(tt.from)
			for _, key := range strings.Fields(tt.keys) {
				ops[key](e)
			}
			if got := shownWith(e); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEditorInsertCleans(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"escape sequences lose their escape", "a\x1b[31mb", "a[31mb"},
		{"line ends become one", "a\r\nb\rc", "a\nb\nc"},
		{"tabs become blanks", "a\tb", "a    b"},
		{"what is no UTF-8 goes", "a\xffb", "ab"},
		{"what turns the reading order goes", "a\u202eb\u2066c", "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &editor{}
			e.insert(tt.in)
			if e.text != tt.want || e.at != len(tt.want) {
				t.Errorf("got %q at %d, want %q", e.text, e.at, tt.want)
			}
		})
	}
}

func TestEditorTypedWordsAreUndoneTogether(t *testing.T) {
	e := &editor{}
	for _, r := range "Get-CsUser -First 5" {
		e.insert(string(r))
	}
	e.undo()
	if e.text != "Get-CsUser -First " {
		t.Errorf("after one undo: %q", e.text)
	}
}

func TestEditorMovesBetweenLines(t *testing.T) {
	e := typed("long line one\nab\nlong line two|")
	e.moveLine(-1)
	if got := shownWith(e); got != "long line one\nab|\nlong line two" {
		t.Errorf("up to a shorter line: %q", got)
	}
	e.moveLine(-1)
	if got := shownWith(e); got != "long line one|\nab\nlong line two" {
		t.Errorf("the column is kept over a shorter line: %q", got)
	}
	if e.moveLine(-1) {
		t.Error("there is no line above the first")
	}
}

func TestEditorDraw(t *testing.T) {
	tests := []struct {
		name, text       string
		first, indent, w int
		rows             string
		x, y             int
	}{
		{"one row", "abc|", 5, 5, 20, "abc", 8, 0},
		{"wraps before the edge", "abcdefgh|", 2, 2, 8, "abcde/fgh", 5, 1},
		{"a cursor at the wrap stands in the next row", "abcde|fgh", 2, 2, 8, "abcde/fgh", 2, 1},
		{"wide characters are not cut in two", "日本語|", 1, 1, 7, "日本/語", 3, 1},
		{"newlines", "a\n|\nb", 3, 3, 20, "a//b", 3, 1},
		{"empty", "|", 4, 4, 20, "", 4, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := typed(tt.text).draw(tt.first, tt.indent, tt.w)
			if got := strings.Join(d.rows, "/"); got != tt.rows || d.x != tt.x || d.y != tt.y {
				t.Errorf("got %q at %d,%d, want %q at %d,%d", got, d.x, d.y, tt.rows, tt.x, tt.y)
			}
		})
	}
}

func TestHistoryKeepsTheDraft(t *testing.T) {
	var h history
	h.add("one", "me")
	h.add("two", "me")
	h.add("two", "me")
	now := "dra"
	for i, step := range []struct {
		by   int
		want string
	}{{-1, "two"}, {-1, "one"}, {1, "two"}, {1, "dra"}} {
		got, ok := h.step(step.by, now)
		if !ok || got != step.want {
			t.Fatalf("step %d: got %q, %v, want %q", i, got, ok, step.want)
		}
		now = got
	}
	if _, ok := h.step(1, now); ok {
		t.Error("there is nothing newer than the draft")
	}
}

// model is the editor as simple as can be: a list of grapheme clusters.
type model struct {
	before, after []string
}

func clusters(s string) []string {
	var list []string
	for g := uniseg.NewGraphemes(s); g.Next(); {
		list = append(list, g.Str())
	}
	return list
}

func (m *model) set(before, after string) {
	m.before, m.after = clusters(before), clusters(after)
	whole := clusters(before + after)
	// What stands on both sides of the cursor may be one cluster: the cursor
	// goes behind it.
	n := 0
	for i, c := range whole {
		if n >= len(before) {
			m.before, m.after = whole[:i:i], whole[i:]
			return
		}
		n += len(c)
	}
	m.before, m.after = whole, nil
}

func (m *model) text() (before, after string) {
	return strings.Join(m.before, ""), strings.Join(m.after, "")
}

// FuzzEditorOps plays random keys on the editor and on the model.
func FuzzEditorOps(f *testing.F) {
	f.Add("Get-CsUser", []byte{0, 1, 2, 3, 4, 5, 6})
	f.Add("e\u0301👨‍👩‍👧🇩🇪\nab", []byte{1, 1, 3, 2, 0, 0, 4, 5, 5, 3})
	f.Add("\u200d", []byte{0, 1, 0, 3, 0})
	f.Fuzz(func(t *testing.T, piece string, ops []byte) {
		if len(ops) > 60 || len(piece) > 40 {
			return
		}
		e, m := &editor{}, &model{}
		piece = e.filter(piece)
		for i, op := range ops {
			before, after := m.text()
			switch op % 7 {
			case 0:
				e.insert(piece)
				m.set(before+piece, after)
			case 1:
				e.moveLeft()
				if n := len(m.before); n > 0 {
					m.after = append([]string{m.before[n-1]}, m.after...)
					m.before = m.before[:n-1]
				}
			case 2:
				e.moveRight()
				if len(m.after) > 0 {
					m.before = append(m.before[:len(m.before):len(m.before)], m.after[0])
					m.after = m.after[1:]
				}
			case 3:
				e.backspace()
				if n := len(m.before); n > 0 {
					m.set(strings.Join(m.before[:n-1], ""), after)
				}
			case 4:
				e.delete()
				if len(m.after) > 0 {
					m.set(before, strings.Join(m.after[1:], ""))
				}
			case 5:
				e.moveHome()
				cut := strings.LastIndexByte(before, '\n') + 1
				m.set(before[:cut], before[cut:]+after)
			case 6:
				if len(m.after) > 0 {
					e.killEnd()
					e.undo()
				}
			}
			before, after = m.text()
			if e.text != before+after || e.at != len(before) {
				t.Fatalf("after op %d (%d): editor %q, model %q", i, op%7, shownWith(e), before+"|"+after)
			}
		}
	})
}
