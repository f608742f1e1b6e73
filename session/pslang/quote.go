package pslang

import (
	"strings"
	"unicode/utf8"

	"psdeck/session/pslang/syntax"
)

// Quote writes s as a literal of PowerShell: in single quotes, with every
// character that PowerShell takes for one doubled.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s) // bytes that are no UTF-8 stay as they are
		b.WriteString(s[:n])
		if syntax.IsSingleQuote(r) {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	b.WriteByte('\'')
	return b.String()
}
