package clixml

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
)

// The bytes that stand for themselves in a text, as bits: printable ASCII
// without markup and the escape character.
const (
	plainLow  = uint64(0xFFFFFFFF_00000000) &^ (1<<'&' | 1<<'<' | 1<<'>' | 1<<'"')
	plainHigh = ^uint64(0) &^ (1<<('_'-64) | 1<<(0x7F-64))
)

func isPlain(c byte) bool {
	if c < 64 {
		return plainLow>>c&1 != 0
	}
	return c < 128 && plainHigh>>(c-64)&1 != 0
}

// appendText writes s as text of an element, or of an attribute. PowerShell
// writes control characters, halves of surrogate pairs and an underscore that
// looks like the start of such an escape as _xHHHH_.
func appendText(b []byte, s string, attribute bool) []byte {
	for i := 0; ; {
		start := i
		for i < len(s) && isPlain(s[i]) {
			i++
		}
		b = append(b, s[start:i]...)
		if i == len(s) {
			return b
		}
		if s[i] >= 0x7F {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				if surrogate := surrogateAt(s[i:]); surrogate >= 0 {
					r, size = surrogate, 3
				}
			}
			b = appendRune(b, r, s[i:i+size])
			i += size
			continue
		}
		switch c := s[i]; c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			if attribute {
				b = append(b, "&quot;"...)
			} else {
				b = append(b, c)
			}
		case '_':
			if i+1 < len(s) && s[i+1]|0x20 == 'x' {
				b = append(b, "_x005F_"...)
			} else {
				b = append(b, c)
			}
		default:
			b = appendEscape(b, rune(c))
		}
		i++
	}
}

// appendRune writes a character from DEL on, whose bytes are raw.
func appendRune(b []byte, r rune, raw string) []byte {
	switch {
	case r <= 0x9F, r >= 0xD800 && r <= 0xDFFF:
		return appendEscape(b, r)
	case r == 0xFFFE:
		return append(b, "&#xFFFE;"...)
	case r == 0xFFFF:
		return append(b, "&#xFFFF;"...)
	case r > 0xFFFF:
		r -= 0x10000
		return appendEscape(appendEscape(b, 0xD800+r>>10), 0xDC00+r&0x3FF)
	case r == utf8.RuneError:
		return append(b, "\uFFFD"...)
	}
	return append(b, raw...)
}

func appendEscape(b []byte, unit rune) []byte {
	const hex = "0123456789ABCDEF"
	return append(b, '_', 'x', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15], '_')
}

// appendFloat writes a Single or Double in .NET's shortest round-trip form.
func (v Value) appendFloat(b []byte, infinity string) []byte {
	if v.kind == KindSingle {
		return appendNumber(b, float64(math.Float32frombits(uint32(v.num))), 32, -1, infinity)
	}
	return appendNumber(b, math.Float64frombits(v.num), 64, -1, infinity)
}

// appendNumber writes f with precision significant digits (-1: as many as it
// takes) in .NET's general format: with an exponent below 0.0001 and from a
// number on that has more digits than the precision before its point (17, or 9
// in a Single, where none is asked for).
func appendNumber(b []byte, f float64, bits, precision int, infinity string) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, infinity...)
	case math.IsInf(f, -1):
		return append(append(b, '-'), infinity...)
	}
	limit := precision
	if precision < 0 {
		limit = 17
		if bits == 32 {
			limit = 9
		}
	}
	var space [40]byte
	digits := precision
	if digits > 0 {
		digits--
	}
	text := strconv.AppendFloat(space[:0], f, 'e', digits, bits)
	if text[0] == '-' {
		b = append(b, '-')
		text = text[1:]
	}
	mark := bytes.IndexByte(text, 'e')
	exponent, _ := strconv.Atoi(string(text[mark+1:]))
	mantissa := append(text[:1], text[min(2, mark):mark]...)
	mantissa = bytes.TrimRight(mantissa, "0")
	if len(mantissa) == 0 {
		return append(b, '0')
	}
	return appendGeneral(b, mantissa, exponent, limit)
}

// appendGeneral lays out the digits of d.ddd × 10^exponent.
func appendGeneral(b, digits []byte, exponent, limit int) []byte {
	switch {
	case exponent >= limit || exponent < -4:
		b = append(b, digits[0])
		if len(digits) > 1 {
			b = append(append(b, '.'), digits[1:]...)
		}
		sign := byte('+')
		if exponent < 0 {
			sign, exponent = '-', -exponent
		}
		b = append(b, 'E', sign)
		if exponent < 10 {
			b = append(b, '0')
		}
		return strconv.AppendInt(b, int64(exponent), 10)
	case exponent < 0:
		b = append(b, '0', '.')
		for range -exponent - 1 {
			b = append(b, '0')
		}
		return append(b, digits...)
	}
	for i := range max(len(digits), exponent+1) {
		if i == exponent+1 {
			b = append(b, '.')
		}
		if i < len(digits) {
			b = append(b, digits[i])
		} else {
			b = append(b, '0')
		}
	}
	return b
}
