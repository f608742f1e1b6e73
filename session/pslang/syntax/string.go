package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringBody appends what stands in single quotes; the first, at from, is taken.
func (l *lexer) stringBody(from int) (closed bool) {
	for !l.ended() {
		at := l.pos
		r := l.next()
		if IsSingleQuote(r) {
			if !IsSingleQuote(l.peek()) {
				return true
			}
			at = l.pos
			r = l.next()
		}
		l.buf = appendRune(l.buf, r, l.src[at:l.pos])
	}
	l.incomplete(from, "TerminatorExpectedAtEndOfString", "'")
	return false
}

func (l *lexer) scanString() *Token {
	// Most strings have no quotes in them: their value is a part of the input.
	from := l.pos
	for !l.ended() && !IsSingleQuote(l.peek()) {
		l.next()
	}
	if !l.ended() {
		end := l.pos
		if l.next(); !IsSingleQuote(l.peek()) {
			t := l.newToken(StringLiteral)
			t.setValue(l.src[from:end])
			return t
		}
	}
	l.pos = from
	l.buf = l.buf[:0]
	closed := l.stringBody(l.start)
	t := l.newToken(StringLiteral)
	t.setValue(l.text(l.src[from:l.pos]))
	if !closed {
		t.Flags |= TokenInError
	}
	return t
}

// expandableBody appends what stands in double quotes; the first, at from, is taken.
func (l *lexer) expandableBody(from int) (closed bool) {
	for !l.ended() {
		at := l.pos
		r := l.next()
		switch {
		case isDoubleQuote(r):
			if !isDoubleQuote(l.peek()) {
				return true
			}
			at = l.pos
			r = l.next()
		case r == '$' && l.scanDollar(false):
			continue
		case r == '`' && l.peek() != 0:
			l.escape(l.next())
			continue
		}
		l.buf = appendRune(l.buf, r, l.src[at:l.pos])
	}
	l.incomplete(from, "TerminatorExpectedAtEndOfString", "\"")
	return false
}

func (l *lexer) scanExpandable() *Token {
	from := l.pos
	l.buf = l.buf[:0]
	mark := len(l.parts)
	closed := l.expandableBody(l.start)
	t := l.newToken(StringExpandable)
	end := l.pos
	if closed {
		end--
	}
	t.setValue(l.text(l.src[from:max(end, from)]))
	l.takeParts(t, mark)
	if !closed {
		t.Flags |= TokenInError
	}
	return t
}

// takeParts gives a token the variables and subexpressions found since mark.
func (l *lexer) takeParts(t *Token, mark int) {
	found := l.parts[mark:]
	if len(found) == 0 {
		return
	}
	t.parts = make([]nested, len(found))
	copy(t.parts, found)
	l.parts = l.parts[:mark]
	t.Nested = make([]*Token, 0, len(found))
	for _, p := range t.parts {
		if p.variable != nil {
			t.Nested = append(t.Nested, p.variable)
		} else if p.open {
			t.Flags |= TokenInError
		}
	}
}

// escape appends what stands behind a backtick; r is taken.
func (l *lexer) escape(r rune) {
	const escapes, meanings = "0abefnrtv", "\x00\a\b\x1b\f\n\r\t\v"
	if r < 0x80 {
		if r == 'u' {
			l.unicodeEscape()
			return
		}
		if i := strings.IndexByte(escapes, byte(r)); i >= 0 {
			l.buf = append(l.buf, meanings[i])
			return
		}
	}
	_, at := l.before()
	l.buf = appendRune(l.buf, r, l.src[at:l.pos])
}

// before gives the character before the present place, and where it stands.
func (l *lexer) before() (rune, int) {
	for at := l.pos - 1; at >= 0; at-- {
		if r := l.at(at); at+runeWidth(r, l.src[at:]) >= l.pos {
			return r, at
		}
	}
	return 0, 0
}

// invalidEscape stands in a string where an escape is not valid.
const invalidEscape = '\uffff'

// unicodeEscape reads {1F600} behind `u.
func (l *lexer) unicodeEscape() {
	from := l.pos - 2 // the backtick
	r, ok := l.unicodeDigits(from)
	if !ok {
		r = invalidEscape
	}
	l.buf = appendWTF8(l.buf, r)
}

// appendWTF8 appends a code point; a surrogate keeps its generalized form,
// which UTF-8 forbids, so that its code unit is not lost.
func appendWTF8(b []byte, r rune) []byte {
	if r >= 0xD800 && r < 0xE000 {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F|0x80, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(b, r)
}

func (l *lexer) unicodeDigits(from int) (rune, bool) {
	const maxDigits = 6
	if l.peek() != '{' {
		l.errs.add(l.plain(from, l.pos), "InvalidUnicodeEscapeSequence", false)
		return 0, false
	}
	l.pos++
	first := l.pos
	for isHexDigit(l.peek()) && l.pos-first < maxDigits {
		l.pos++
	}
	digits := l.src[first:l.pos]
	switch r := l.peek(); {
	case r == '}' && digits == "":
		l.pos++
		l.errs.add(l.plain(from, l.pos), "InvalidUnicodeEscapeSequence", false)
	case r == '}':
		l.pos++
		n, _ := strconv.ParseUint(digits, 16, 32)
		if n <= 0x10FFFF {
			return rune(n), true
		}
		l.errs.add(l.plain(first, l.pos-1), "InvalidUnicodeEscapeSequenceValue", false)
	case len(digits) < maxDigits:
		l.wrong(l.pos, "InvalidUnicodeEscapeSequence")
	case isHexDigit(r):
		l.wrong(l.pos, "TooManyDigitsInUnicodeEscapeSequence")
	default:
		l.wrong(l.pos, "MissingUnicodeEscapeSequenceTerminator")
	}
	return 0, false
}

// scanDollar reads the variable or subexpression behind a dollar sign of a
// string; false, with nothing read, where there is none.
func (l *lexer) scanDollar(here bool) bool {
	dollar, start, oldMode, quiet := l.pos-1, l.start, l.mode, l.quiet
	l.mode, l.quiet, l.start = expressionMode, true, dollar
	defer func() { l.mode, l.quiet, l.start = oldMode, quiet, start }()
	part := nested{from: len(l.buf)}
	switch r := l.peek(); {
	case r == '(':
		l.pos++
		l.subExpression(&part, here)
	case r == '{', isVariableStart(r):
		part.variable = l.scanVariable(false, true)
	default:
		return false
	}
	l.buf = append(l.buf, l.src[dollar:l.pos]...)
	part.to = len(l.buf)
	l.parts = append(l.parts, part)
	return true
}

// subExpression finds the end of $( by counting parentheses. What stands
// between is lexed later, with doubled quotes made single.
func (l *lexer) subExpression(part *nested, here bool) {
	from, depth := l.start, 1
	piece := from
	var text strings.Builder
	part.at, part.skips = l.outside(from), l.skips
	copied := false
	for depth > 0 {
		if l.ended() {
			l.incomplete(from, "IncompleteDollarSubexpressionReference")
			part.open = true
			break
		}
		at := l.pos
		switch r := l.next(); {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case !here && (r == '`' || isDoubleQuote(r)) && isDoubleQuote(l.peek()):
			if !copied {
				copied, part.skips = true, nil
			}
			text.WriteString(l.src[piece:at])
			part.skips = append(part.skips, skip{at + l.base, l.pos - at})
			piece = l.pos
			l.next()
		}
	}
	text.WriteString(l.src[piece:l.pos])
	part.text = text.String()
}
