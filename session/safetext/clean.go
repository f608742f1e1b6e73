package safetext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes remote text safe to write to a terminal. Control characters,
// escape sequences, bidirectional controls and other invisible format
// characters are shown as visible stand-ins, so that no remote string can move
// the cursor, recolour, reorder or hide what is on the screen. Newlines and
// tabs stay; a carriage return before a newline goes.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			b.WriteRune(utf8.RuneError)
		case r == '\r' && strings.HasPrefix(s[i+n:], "\n"):
			// the newline that follows says it all
		default:
			b.WriteString(visible(r, s[i:i+n]))
		}
		i += n
	}
	return b.String()
}

// isPlain tells whether s is printable ASCII, newlines and tabs only: the
// common case, which costs no allocation.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 0x20 && c != '\n' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

func visible(r rune, raw string) string {
	switch {
	case r == '\n' || r == '\t':
		return raw
	case r < 0x20:
		return string(rune(0x2400 + r)) // ␛ for ESC, and so on
	case r == 0x7f:
		return "␡"
	case r >= 0x80 && r < 0xa0: // C1: one of these alone can begin a sequence
		return "�"
	case r == 0x2028 || r == 0x2029:
		return "\n"
	case r == 0x200d || (r >= 0xfe00 && r <= 0xfe0f): // joiner and variation selectors: emoji need them
		return raw
	case unicode.Is(unicode.Cf, r):
		return "�"
	}
	return raw
}
