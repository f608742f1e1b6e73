package clixml

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// textClass says which bytes end the fast path over a text: markup, the
// escape character, carriage returns (XML reads them as line feeds).
var textClass = [256]bool{'<': true, '&': true, '\r': true, '_': true}

// appendUnit appends the UTF-16 code unit or code point r to b in WTF-8. A low
// surrogate that follows a high one becomes one character with it.
func appendUnit(b []byte, r rune) []byte {
	if r < 0xD800 || r > 0xDFFF {
		return utf8.AppendRune(b, r)
	}
	if n := len(b); r >= 0xDC00 && n >= 3 {
		if high := surrogateAt(string(b[n-3:])); high >= 0xD800 && high < 0xDC00 {
			return utf8.AppendRune(b[:n-3], utf16.DecodeRune(high, r))
		}
	}
	return append(b, 0xED, 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
}

// surrogateAt returns the surrogate whose generalized UTF-8 form s begins
// with, or -1.
func surrogateAt(s string) rune {
	if len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2]&0xC0 == 0x80 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F)
	}
	return -1
}

// validText returns s with every byte that is no UTF-8 replaced by U+FFFD, as
// .NET's decoder reads it.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// fromUTF16 reads a document that begins with a UTF-16 byte order mark, the
// form in which Windows PowerShell exports.
func fromUTF16(data []byte, bigEndian bool) string {
	data = data[2:]
	b := make([]byte, 0, len(data)/2+16)
	for ; len(data) >= 2; data = data[2:] {
		u := rune(data[0]) | rune(data[1])<<8
		if bigEndian {
			u = rune(data[1]) | rune(data[0])<<8
		}
		b = appendUnit(b, u)
	}
	return string(b)
}

// unescapeName appends s to b with PowerShell's _xHHHH_ escapes undone. Four
// or eight hexadecimal digits of either case are an escape, all else is text.
func unescapeName(b []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '_')
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		s = s[i:]
		if r, n := escapeAt(s); n > 0 {
			b = appendUnit(b, r)
			s = s[n:]
			continue
		}
		b = append(b, '_')
		s = s[1:]
	}
}

// escapeAt reads the escape that s begins with and returns its code and
// length, or a length of 0.
func escapeAt(s string) (rune, int) {
	if len(s) < 7 || s[0] != '_' || s[1]|0x20 != 'x' {
		return 0, 0
	}
	digits := 4
	if s[6] != '_' {
		if len(s) < 11 || s[10] != '_' {
			return 0, 0
		}
		digits = 8
	}
	var n uint32
	for i := 2; i < 2+digits; i++ {
		d := hexDigit(s[i])
		if d < 0 {
			return 0, 0
		}
		n = n<<4 | uint32(d)
	}
	if n > utf8.MaxRune {
		return 0, 0
	}
	return rune(n), digits + 3
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// reference reads the character or entity reference that s begins with (at its
// ampersand) and returns its character and length, or a length of 0. Only
// XML's five entities exist: a document type that could name more is refused.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), 32)], ';')
	if end < 2 {
		return 0, 0
	}
	switch body := s[1:end]; body {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	default:
		if r, ok := characterNumber(body); ok {
			return r, end + 1
		}
		return 0, 0
	}
}

func characterNumber(body string) (rune, bool) {
	if len(body) < 2 || body[0] != '#' {
		return 0, false
	}
	digits, base := body[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	if digits == "" {
		return 0, false
	}
	n := 0
	for i := range len(digits) {
		d := hexDigit(digits[i])
		if d < 0 || d >= base {
			return 0, false
		}
		if n = n*base + d; n > utf8.MaxRune {
			return 0, false
		}
	}
	return rune(n), true
}
