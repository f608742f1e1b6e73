package pslang

import (
	"strings"
	"unicode/utf8"

	"psdeck/session/clixml"
)

// text collects the parts of a string that may hold variables.
type text struct {
	parts []Expr
	buf   []byte
	start int // where the literal text in buf began
}

func (t *text) flush(pos int) {
	if len(t.buf) > 0 {
		t.parts = append(t.parts, &Constant{Value: clixml.Str(string(t.buf)), Kind: DoubleQuoted, Extent: Extent{t.start, pos}})
		t.buf = nil
	}
	t.start = pos
}

// expr makes the expression: a Constant where the text is literal throughout.
func (t *text) expr(p *parser, kind StringKind, start int) Expr {
	ext := Extent{start, p.pos}
	if len(t.parts) == 0 {
		return &Constant{Value: clixml.Str(string(t.buf)), Kind: kind, Text: p.src[start:p.pos], Extent: ext}
	}
	t.flush(p.pos)
	return &Expandable{Parts: t.parts, Kind: kind, Extent: ext}
}

// quoted reads a quoted string; its opening quote stands here.
func (p *parser) quoted(single bool) Expr {
	start := p.pos
	p.next()
	t := &text{start: p.pos}
	kind := DoubleQuoted
	if single {
		kind = SingleQuoted
	}
	p.quotedBody(single, start, t)
	e := t.expr(p, kind, start)
	p.token(StringToken, start)
	return e
}

// quotedBody reads up to and with the closing quote.
func (p *parser) quotedBody(single bool, start int, t *text) {
	isQuote := isDoubleQuote
	if single {
		isQuote = isSingleQuote
	}
	for {
		r := p.peek()
		switch {
		case r == eof:
			q := p.src[start : start+utf8.RuneLen(p.at(start))]
			p.open("TerminatorExpectedAtEndOfString", start, p.end, "The string is missing the terminator: "+q+".")
		case isQuote(r):
			p.next()
			if !isQuote(p.peek()) {
				return
			}
			t.buf = utf8.AppendRune(t.buf, p.next())
		case single:
			p.copyRune(t)
		default:
			p.expandableChar(t)
		}
	}
}

// copyRune copies a character with its own bytes: text that is no UTF-8 stays as it is.
func (p *parser) copyRune(t *text) {
	start := p.pos
	p.next()
	t.buf = append(t.buf, p.src[start:p.pos]...)
}

// expandableChar reads a character, an escape or a variable of expandable text.
func (p *parser) expandableChar(t *text) {
	switch p.peek() {
	case '`':
		if p.pos+1 >= p.end {
			p.copyRune(t)
			return
		}
		p.next()
		p.escape(t)
	case '$':
		pos := p.pos
		record := p.record
		p.record = false
		part := p.dollar()
		p.record = record
		if part == nil {
			p.copyRune(t)
			return
		}
		after := p.pos
		t.flush(pos)
		t.parts = append(t.parts, part)
		t.start = after
	default:
		p.copyRune(t)
	}
}

var escapes = map[rune]byte{'0': 0, 'a': 7, 'b': 8, 'e': 27, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11}

// escape reads what stands behind a backtick.
func (p *parser) escape(t *text) {
	r := p.peek()
	if c, ok := escapes[r]; ok {
		p.next()
		t.buf = append(t.buf, c)
		return
	}
	if r == 'u' {
		p.unicodeEscape(t)
		return
	}
	p.copyRune(t)
}

func (p *parser) unicodeEscape(t *text) {
	start := p.pos - 1
	p.next()
	if p.peek() != '{' {
		p.fail("InvalidUnicodeEscapeSequence", start, p.pos, "The Unicode escape sequence is not valid. A valid sequence is `u{ followed by one to six hex digits and a closing '}'.")
	}
	p.next()
	first := p.pos
	n := rune(0)
	for ; isHexDigit(p.peek()); p.next() {
		n = n<<4 | rune(hexValue(p.peek()))
		if p.pos-first >= 6 {
			p.fail("TooManyDigitsInUnicodeEscapeSequence", first, p.pos, "The Unicode escape sequence contains more than the maximum of six hex digits between braces.")
		}
	}
	switch {
	case p.peek() != '}' || p.pos == first:
		p.want("MissingUnicodeEscapeSequenceTerminator", start, p.pos, "The Unicode escape sequence is missing the closing '}'.")
	case n > utf8.MaxRune:
		p.fail("InvalidUnicodeEscapeSequenceValue", first, p.pos, "The Unicode escape sequence value is out of range. The maximum value is 0x10FFFF.")
	}
	p.next()
	t.buf = appendWTF8(t.buf, n)
}

func hexValue(r rune) int {
	switch {
	case r >= 'a':
		return int(r-'a') + 10
	case r >= 'A':
		return int(r-'A') + 10
	}
	return int(r - '0')
}

// appendWTF8 appends a code point; a surrogate keeps its generalized form,
// as package clixml keeps it.
func appendWTF8(b []byte, r rune) []byte {
	if r >= 0xD800 && r <= 0xDFFF {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0xBF, 0x80|byte(r)&0xBF)
	}
	return utf8.AppendRune(b, r)
}

// hereString reads @'…'@ or @"…"@.
func (p *parser) hereString() Expr {
	start := p.pos
	p.next()
	single := isSingleQuote(p.next())
	kind, isQuote := DoubleQuotedHere, isDoubleQuote
	if single {
		kind, isQuote = SingleQuotedHere, isSingleQuote
	}
	for isSpace(p.peek()) {
		p.next()
	}
	if r := p.peek(); r != eof && !isNewline(r) {
		p.fail("UnexpectedCharactersAfterHereStringHeader", p.pos, p.pos+1, "No characters are allowed after a here-string header but before the end of the line.")
	} else if r == eof {
		p.hereOpen(start)
	}
	p.newline()
	bodyStart := p.pos
	bodyEnd, after := p.hereEnd(isQuote)
	if bodyEnd < 0 {
		p.hereOpen(start)
	}
	t := &text{start: bodyStart}
	if single {
		t.buf = []byte(p.src[bodyStart:max(bodyStart, bodyEnd)])
	} else {
		outer := p.end
		p.end = max(bodyStart, bodyEnd)
		for p.pos < p.end {
			p.expandableChar(t)
		}
		p.end = outer
	}
	p.pos = after
	e := t.expr(p, kind, start)
	p.token(StringToken, start)
	return e
}

func (p *parser) hereOpen(start int) {
	p.open("TerminatorExpectedAtEndOfString", start, p.end, "The string is missing the terminator: "+p.src[start+1:start+1+utf8.RuneLen(p.at(start+1))]+"@.")
}

// hereEnd finds the line that begins with the closing quote and @. It returns
// where the body ends (before that line's line end) and what follows the @.
func (p *parser) hereEnd(isQuote func(rune) bool) (bodyEnd, after int) {
	bodyEnd = p.pos // the first line may already close
	for pos := p.pos; pos <= p.end; {
		if r := p.at(pos); isQuote(r) {
			if n := pos + utf8.RuneLen(r); p.at(n) == '@' {
				return bodyEnd, n + 1
			}
		}
		i := strings.IndexAny(p.src[pos:p.end], "\r\n")
		if i < 0 {
			return -1, 0
		}
		bodyEnd = pos + i
		pos = bodyEnd + 1
		if p.src[bodyEnd] == '\r' && p.at(pos) == '\n' {
			pos++
		}
	}
	return -1, 0
}
