package pslang

import (
	"strings"
	"unicode/utf8"
)

const eof rune = -1

// maxDepth bounds nesting, so that a hostile line cannot exhaust the stack.
const maxDepth = 200

// parser reads a line from left to right. PowerShell's lexer depends on the
// grammar (a word in a command is an operator in an expression), so lexing and
// parsing are one. It stops at the first error by panicking with an *Error.
type parser struct {
	src    string
	pos    int
	end    int // src[:end] is read; a nested block ends before the line does
	depth  int
	tokens []Token
	record bool
}

// fail stops with an error that more input would not heal.
func (p *parser) fail(id string, start, end int, msg string) {
	panic(&Error{Extent: Extent{start, end}, ID: id, Msg: msg})
}

// want stops with an error that is healed by more input where only space and
// comments follow it.
func (p *parser) want(id string, start, end int, msg string) {
	panic(&Error{Extent: Extent{start, end}, ID: id, Msg: msg, Incomplete: p.onlySpaceAfter(end)})
}

// open stops because the line ended within something.
func (p *parser) open(id string, start, end int, msg string) {
	panic(&Error{Extent: Extent{start, end}, ID: id, Msg: msg, Incomplete: true})
}

func (p *parser) onlySpaceAfter(pos int) bool {
	q := parser{src: p.src, pos: min(pos, p.end), end: p.end}
	for {
		q.skipSpace()
		if !isNewline(q.peek()) {
			return q.pos >= q.end
		}
		q.next()
	}
}

func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		p.fail("ScriptTooComplicated", p.pos, p.pos, "The line is nested too deeply.")
	}
}

func (p *parser) leave() { p.depth-- }

// peek returns the next character without taking it, or eof.
func (p *parser) peek() rune { return p.at(p.pos) }

func (p *parser) at(pos int) rune {
	if pos >= p.end {
		return eof
	}
	if c := p.src[pos]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(p.src[pos:p.end])
	return r
}

// after returns the character behind the next one.
func (p *parser) after() rune {
	if p.pos >= p.end {
		return eof
	}
	_, n := utf8.DecodeRuneInString(p.src[p.pos:p.end])
	return p.at(p.pos + n)
}

func (p *parser) next() rune {
	if p.pos >= p.end {
		return eof
	}
	r, n := utf8.DecodeRuneInString(p.src[p.pos:p.end])
	p.pos += n
	return r
}

func (p *parser) has(s string) bool { return strings.HasPrefix(p.src[p.pos:p.end], s) }

// token records src[start:pos]; what is read again replaces what was read.
func (p *parser) token(kind TokenKind, start int) {
	if p.record && p.pos > start {
		for n := len(p.tokens); n > 0 && p.tokens[n-1].End > start; n-- {
			p.tokens = p.tokens[:n-1]
		}
		p.tokens = append(p.tokens, Token{kind, Extent{start, p.pos}})
	}
}

// take reads n bytes as a token.
func (p *parser) take(n int, kind TokenKind) {
	start := p.pos
	p.pos += n
	p.token(kind, start)
}

// skipSpace skips white space, comments and line continuations, not line ends.
func (p *parser) skipSpace() {
	for {
		switch r := p.peek(); {
		case r != eof && isSpace(r):
			p.next()
		case r == '#':
			p.lineComment()
		case r == '<' && p.has("<#"):
			p.blockComment()
		case r == '`' && isNewline(p.after()):
			p.next()
			p.newline()
		case r == '`' && p.pos+1 >= p.end:
			p.open("IncompleteString", p.end, p.end, "Incomplete string token.")
		case r == '`' && isSpace(p.after()):
			p.next() // an escaped space at a token's start is space
		default:
			return
		}
	}
}

// newline takes one line end.
func (p *parser) newline() {
	if p.next() == '\r' && p.peek() == '\n' {
		p.next()
	}
}

// skipLines skips white space and line ends.
func (p *parser) skipLines() {
	for {
		p.skipSpace()
		if !isNewline(p.peek()) {
			return
		}
		start := p.pos
		p.newline()
		p.token(NewlineToken, start)
	}
}

// skipSeparators skips line ends and semicolons between statements.
func (p *parser) skipSeparators() {
	for {
		p.skipLines()
		if p.peek() != ';' {
			return
		}
		p.take(1, NewlineToken)
	}
}

func (p *parser) lineComment() {
	start := p.pos
	for r := p.peek(); r != eof && !isNewline(r); r = p.peek() {
		p.next()
	}
	p.token(CommentToken, start)
}

func (p *parser) blockComment() {
	start := p.pos
	n := strings.Index(p.src[p.pos+2:p.end], "#>")
	if n < 0 {
		p.pos = p.end
		p.open("MissingTerminatorMultiLineComment", start, p.end, "The terminator '#>' is missing from the multiline comment.")
	}
	p.take(n+4, CommentToken)
}

// word reads what could be a keyword or a name, without moving.
func (p *parser) word() string {
	pos := p.pos
	for r := p.at(pos); isIdent(r); r = p.at(pos) {
		pos += utf8.RuneLen(r)
	}
	return p.src[p.pos:pos]
}

// unexpected stops at the token that stands here.
func (p *parser) unexpected() {
	start := p.pos
	text := p.tokenText()
	p.fail("UnexpectedToken", start, start+len(text), "Unexpected token '"+text+"' in expression or statement.")
}

// tokenText guesses the extent of the token that stands here, for messages.
func (p *parser) tokenText() string {
	switch {
	case p.has("&&"), p.has("||"):
		return p.src[p.pos : p.pos+2]
	case p.pos < p.end && startsToken(p.peek()):
		return string(p.peek())
	}
	r := p.peek()
	if isSingleQuote(r) || isDoubleQuote(r) {
		q := parser{src: p.src, pos: p.pos, end: p.end}
		q.quoted(isSingleQuote(r))
		return p.src[p.pos:q.pos]
	}
	q := parser{src: p.src, pos: p.pos, end: p.end}
	for !startsToken(q.peek()) {
		q.next()
	}
	return p.src[p.pos:q.pos]
}
