// Package oneline makes text that came from elsewhere fit for one line of a
// message: what an authority, a discovery document or a file says stands in
// errors and hints, and reaches a terminal there.
package oneline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns s with each run of spaces, control characters and other
// unprintable runes as one space, and none at its ends. What is longer than
// limit bytes is cut, and an ellipsis stands behind it.
func Clean(s string, limit int) string {
	var b strings.Builder
	space := 0
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) || unicode.IsSpace(r) {
			space = min(b.Len(), 1)
			continue
		}
		if b.Len()+space+utf8.RuneLen(r) > limit {
			b.WriteString("…")
			break
		}
		if space > 0 {
			b.WriteByte(' ')
			space = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}
