package ui

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// field is a text of one line that is typed: in the wizard, the search, a dialog.
// It is always ready to be typed into; the page decides which one gets the keys.
type field struct{ in textinput.Model }

const dot = '•'

// newField makes a field with some text. What is typed into a secret one is
// drawn as dots.
func newField(text string, secret bool) field {
	in := textinput.New()
	in.Prompt = ""
	in.KeyMap = fieldKeys()
	in.SetStyles(textinput.Styles{})
	in.SetVirtualCursor(false)
	if secret {
		in.EchoMode, in.EchoCharacter = textinput.EchoPassword, dot
	}
	in.Focus()
	f := field{in}
	f.in.SetValue(readable(text))
	return f
}

// fieldKeys are the keys that change a text, a field or the prompt. There is
// no key that pastes: the terminal's own one does, and where a name has to be
// typed no paste is taken.
func fieldKeys() textinput.KeyMap {
	return textinput.KeyMap{
		CharacterBackward:       bind("a character left", "left", "ctrl+b"),
		CharacterForward:        bind("a character right", "right", "ctrl+f"),
		WordBackward:            bind("a word left", "ctrl+left", "alt+b"),
		WordForward:             bind("a word right", "ctrl+right", "alt+f"),
		LineStart:               bind("the line's beginning", "home", "ctrl+a"),
		LineEnd:                 bind("the line's end", "end", "ctrl+e"),
		DeleteCharacterBackward: bind("delete the character before", "backspace", "ctrl+h", "shift+backspace"),
		DeleteCharacterForward:  bind("delete the character after", "delete", "ctrl+d"),
		DeleteWordBackward:      bind("cut the word before", "ctrl+w", "ctrl+backspace", "alt+backspace"),
		DeleteWordForward:       bind("cut the word after", "alt+d", "ctrl+delete"),
		DeleteBeforeCursor:      bind("cut to the line's beginning", "ctrl+u"),
		DeleteAfterCursor:       bind("cut to the line's end", "ctrl+k"),
	}
}

func (f *field) text() string { return f.in.Value() }

// clear forgets what was typed.
func (f *field) clear() { f.in.Reset() }

// key gives a key to the field; it tells whether the text is another one now.
func (f *field) key(k tea.KeyPressMsg) bool {
	before := f.text()
	k.Text = readable(k.Text)
	keys := f.in.KeyMap
	left := f.left()
	n := 1
	// The input counts runes, a person what is seen: an accent or a family of
	// four is one step.
	switch {
	case key.Matches(k, keys.CharacterBackward, keys.DeleteCharacterBackward):
		n = runes(lastCluster(left))
	case key.Matches(k, keys.CharacterForward, keys.DeleteCharacterForward):
		n = runes(firstCluster(before[len(left):]))
	case key.Matches(k, keys.DeleteWordForward) && runes(before[len(left):]) == 1:
		k = tea.KeyPressMsg{Code: tea.KeyDelete} // the input looks beyond the end for the word's
	}
	for range n {
		f.in, _ = f.in.Update(k) // without a blinking cursor there is no command
	}
	return f.text() != before
}

// paste puts text in. The line end that was copied along with it is left out.
func (f *field) paste(text string) {
	text = strings.TrimRight(readable(text), "\r\n")
	f.in, _ = f.in.Update(tea.PasteMsg{Content: text})
}

// left is the text before the cursor.
func (f *field) left() string { return string([]rune(f.text())[:f.in.Position()]) }

// draw gives one row of at most w cells that scrolls with the cursor, and the
// cursor's column in it: the input's own column counts runes and leaves out how
// far it has scrolled.
func (f *field) draw(w int) (row string, x int) {
	row, x = f.in.View(), width(f.left())
	for x >= w && row != "" {
		c, cells := cluster(row)
		row, x = row[len(c):], x-cells
	}
	return hardRows(row, w)[0], x
}

// readable leaves out what turns the reading order: a name must not read
// otherwise than it is. The input itself leaves out control characters.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

func runes(s string) int { return len([]rune(s)) }

func firstCluster(s string) string {
	if s == "" {
		return ""
	}
	c, _ := cluster(s)
	return c
}

func lastCluster(s string) string {
	for {
		c := firstCluster(s)
		if len(c) == len(s) {
			return c
		}
		s = s[len(c):]
	}
}
