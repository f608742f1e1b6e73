package syntax

import (
	"strings"
	"unicode/utf8"
)

// mode is what the parser expects next: the same characters are other tokens
// in a command than in an expression.
type mode uint8

const (
	commandMode mode = iota
	expressionMode
	typeNameMode
	signatureMode // of a class or a method
)

// lexer cuts the input into tokens as the parser asks for them. The parser may
// go back and have the same characters read in another mode.
type lexer struct {
	input string
	src   string // what is scanned: the input, or the text of a subexpression in a string
	pos   int
	start int    // of the token being scanned, in src
	base  int    // of src in the input
	skips []skip // what src leaves out of the input

	mode            mode
	signedNumbers   bool // a sign belongs to the number behind it
	ternaryNumbers  bool // ? and : end a number
	simpleName      bool // keywords are names
	inWorkflow      bool
	tokens          []*Token
	quiet           bool // tokens are not kept
	scanned, budget int

	buf   []byte // the value of the token being scanned
	slab  []Token
	errs  *errorList
	parts []nested
}

// maxSlab bounds how many tokens or nodes are made at once.
const maxSlab = 512

// peek gives the next character; NUL at the end, which may also be a character.
func (l *lexer) peek() rune { return l.at(l.pos) }

func (l *lexer) at(pos int) rune {
	if pos >= len(l.src) {
		return 0
	}
	if c := l.src[pos]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(l.src[pos:])
	return r
}

func (l *lexer) next() rune {
	if l.pos >= len(l.src) {
		return 0
	}
	if c := l.src[l.pos]; c < utf8.RuneSelf {
		l.pos++
		return rune(c)
	}
	r, n := utf8.DecodeRuneInString(l.src[l.pos:])
	l.pos += n
	return r
}

func (l *lexer) ended() bool { return l.pos >= len(l.src) }

// outside turns an offset of src into one of the input.
func (l *lexer) outside(pos int) int {
	pos += l.base
	for _, s := range l.skips {
		if s.pos >= l.base && s.pos < pos {
			pos += s.width
		}
	}
	return pos
}

func (l *lexer) extent() Extent {
	return Extent{l.outside(l.start), l.outside(l.pos)}
}

// plain is the extent of offsets in src, without regard to what it leaves out.
func (l *lexer) plain(start, end int) Extent { return Extent{start + l.base, end + l.base} }

func (l *lexer) newToken(kind Kind) *Token {
	if len(l.slab) == 0 {
		l.slab = make([]Token, min(16+len(l.input)/6, maxSlab))
	}
	t := &l.slab[0]
	l.slab = l.slab[1:]
	ext := l.extent()
	*t = Token{Kind: kind, Flags: kind.Traits(), Extent: ext}
	if ext.Start < len(l.input) && ext.Start <= ext.End {
		t.Text = l.input[ext.Start:min(ext.End, len(l.input))]
	}
	if !l.quiet {
		l.tokens = append(l.tokens, t)
	}
	return t
}

// resync goes back to an offset of the input and forgets the tokens behind it.
func (l *lexer) resync(start int) {
	pos := start - l.base
	for _, s := range l.skips {
		if s.pos >= l.base && s.pos < start {
			pos -= s.width
		}
	}
	l.pos = max(0, min(pos, len(l.src)+1))
	i := len(l.tokens) - 1
	if i >= 0 && l.tokens[i].Kind == EndOfInput {
		i--
	}
	for i >= 0 && l.tokens[i].End > start {
		i--
	}
	l.tokens = l.tokens[:i+1]
}

func (l *lexer) restorePoint() int {
	l.start = l.pos
	return l.extent().Start
}

func (l *lexer) skipSpace() {
	for isSpace(l.peek()) {
		l.next()
	}
}

// newline takes what follows the first character of a line's end.
func (l *lexer) newline(r rune) {
	if r == '\r' && l.peek() == '\n' {
		l.pos++
	}
}

// skipNewlines skips line ends, comments and white space, and semicolons too where asked.
func (l *lexer) skipNewlines(semicolons bool) {
	for !l.ended() {
		l.start = l.pos
		r := l.peek()
		switch {
		case isSpace(r):
			l.skipSpace()
		case isNewline(r):
			l.next()
			l.newline(r)
			l.newToken(NewLine)
		case r == ';' && semicolons:
			l.pos++
			l.newToken(Semi)
		case r == '#':
			l.lineComment()
		case r == '<' && l.at(l.pos+1) == '#':
			l.blockComment()
		case r == '`' && l.skipBacktick():
		default:
			return
		}
	}
}

// skipBacktick skips a backtick before white space or a line's end.
func (l *lexer) skipBacktick() bool {
	r := l.at(l.pos + 1)
	switch {
	case isNewline(r):
		l.pos += 2
		l.newline(r)
		l.newToken(LineContinuation)
	case isSpace(r):
		l.pos++
		l.skipSpace()
	default:
		return false
	}
	return true
}

func (l *lexer) lineComment() {
	for !l.ended() && !isNewline(l.peek()) {
		l.next()
	}
	l.newToken(Comment)
}

func (l *lexer) blockComment() {
	from := l.pos
	l.pos += 2
	if n := strings.Index(l.src[l.pos:], "#>"); n >= 0 {
		l.pos += n + 2
	} else {
		l.pos = len(l.src)
		l.incomplete(from, "MissingTerminatorMultiLineComment")
	}
	l.newToken(Comment)
}

// incomplete reports what began at an offset of src and has no end.
func (l *lexer) incomplete(from int, id string, args ...string) {
	ext := l.plain(from, l.pos)
	l.errs.add(ext, id, l.endOfScript(ext), args...)
}

// wrong reports the character at an offset of src.
func (l *lexer) wrong(pos int, id string) {
	_, n := utf8.DecodeRuneInString(l.src[min(pos, len(l.src)):])
	l.errs.add(l.plain(pos, pos+max(n, 1)), id, false)
}

// endOfScript tells whether only space and comments follow.
func (l *lexer) endOfScript(ext Extent) bool {
	for i := ext.End; i < len(l.src); {
		switch r, n := utf8.DecodeRuneInString(l.src[i:]); {
		case r == '#':
			i = l.afterLineComment(i + 1)
		case r == '<' && strings.HasPrefix(l.src[i:], "<#"):
			i = l.afterBlockComment(i + 2)
		case isSpace(r):
			i += n
		default:
			return false
		}
	}
	return true
}

func (l *lexer) afterLineComment(i int) int {
	if n := strings.IndexAny(l.src[i:], "\r\n"); n >= 0 {
		return i + n
	}
	return len(l.src)
}

func (l *lexer) afterBlockComment(i int) int {
	if n := strings.Index(l.src[i:], "#>"); n >= 0 {
		return i + n + 2
	}
	return len(l.src)
}

// pipeContinues tells whether the line behind a line's end goes on with a
// pipe. Comments may stand between, blank lines may not.
func (l *lexer) pipeContinues(ext Extent) bool {
	blank := true
	for i := ext.End; i < len(l.src); {
		r, n := utf8.DecodeRuneInString(l.src[i:])
		switch {
		case isSpace(r):
			i += n
			continue
		case isNewline(r):
			if blank {
				return false
			}
			blank = true
			i++
			if r == '\r' && l.at(i) == '\n' {
				i++
			}
			continue
		}
		blank = false
		switch {
		case r == '#':
			i = l.afterLineComment(i + 1)
		case strings.HasPrefix(l.src[i:], "<#"):
			i = l.afterBlockComment(i + 2)
		default:
			return r == '|'
		}
	}
	return false
}
