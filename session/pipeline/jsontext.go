package pipeline

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// text writes a string of JSON with the escapes that Newtonsoft's library,
// which PowerShell writes with, uses.
func (w *jsonWriter) text(s string) {
	w.buf = append(w.buf, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			r, n = loneSurrogate(s[i:])
		}
		w.character(r, s[i:i+n])
		i += n
	}
	w.buf = append(w.buf, '"')
}

func (w *jsonWriter) character(r rune, raw string) {
	switch r {
	case '\\':
		w.buf = append(w.buf, `\\`...)
	case '\b':
		w.buf = append(w.buf, `\b`...)
	case '\t':
		w.buf = append(w.buf, `\t`...)
	case '\n':
		w.buf = append(w.buf, `\n`...)
	case '\f':
		w.buf = append(w.buf, `\f`...)
	case '\r':
		w.buf = append(w.buf, `\r`...)
	case '"':
		if w.html {
			w.unit(r)
			return
		}
		w.buf = append(w.buf, `\"`...)
	case '<', '>', '&', '\'':
		if w.html {
			w.unit(r)
			return
		}
		w.buf = append(w.buf, raw...)
	default:
		w.plain(r, raw)
	}
}

func (w *jsonWriter) plain(r rune, raw string) {
	switch {
	case r >= ' ' && r < utf8.RuneSelf:
		w.buf = append(w.buf, raw...)
	case r < ' ', r == 0x85, r == 0x2028, r == 0x2029, w.nonASCII && r < 0x10000:
		w.unit(r)
	case w.nonASCII:
		high, low := utf16.EncodeRune(r)
		w.unit(high)
		w.unit(low)
	default:
		w.buf = append(w.buf, raw...)
	}
}

func (w *jsonWriter) unit(r rune) { w.buf = fmt.Appendf(w.buf, `\u%04x`, r) }

// loneSurrogate reads half of a pair, which values hold in the generalized
// form of UTF-8.
func loneSurrogate(s string) (rune, int) {
	if len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return utf8.RuneError, 1
}
