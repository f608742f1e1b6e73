package ui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keep marks the draft as a line that was not run: it stays to be changed, but
// what is typed next is not written to its last word.
func (t *tab) keep() { t.kept = t.editor.version }

// typedBehind makes room for the next line where one that was not run is still
// in the prompt and s would run into its last word. A blank, a parameter or a
// pipe goes on with it.
func (t *tab) typedBehind(s string) {
	e := &t.editor
	first, _ := utf8.DecodeRuneInString(s)
	if t.kept == 0 || t.kept != e.version || e.at != len(e.text) || e.text == "" || strings.ContainsRune(" \t\n-|;&,.:)]}'\"", first) {
		return
	}
	last, _ := utf8.DecodeLastRuneInString(e.text)
	if unicode.IsSpace(last) || strings.ContainsRune("-|;&,.:([{'\"$@", last) {
		return
	}
	t.note(fmt.Sprintf(textKeptLine, oneLine(e.text)))
	e.set("")
}
