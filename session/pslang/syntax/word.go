package syntax

import (
	"unicode/utf8"
)

// appendRune appends a character as it stands in the text: what is no UTF-8 is kept.
func appendRune(buf []byte, r rune, raw string) []byte {
	if r == utf8.RuneError {
		return append(buf, raw...)
	}
	return utf8.AppendRune(buf, r)
}

// text gives what was gathered; where it is what stands in src, nothing is copied.
func (l *lexer) text(raw string) string {
	if string(l.buf) == raw {
		return raw
	}
	return string(l.buf)
}

// generic reads the rest of a word; what was read of it is in l.buf. Quoted
// parts lose their quotes, variables and subexpressions are noted.
func (l *lexer) generic() *Token {
	mark := len(l.parts)
	for !l.ended() && !endsToken(l.peek()) {
		from := l.pos
		r := l.next()
		switch {
		case r == '`':
			if l.peek() != 0 {
				l.escape(l.next())
				continue
			}
		case IsSingleQuote(r):
			l.stringBody(from)
			continue
		case isDoubleQuote(r):
			l.expandableBody(from)
			continue
		case r == '$' && l.scanDollar(false):
			continue
		}
		l.buf = appendRune(l.buf, r, l.src[from:l.pos])
	}
	t := l.newToken(Generic)
	t.setValue(l.text(l.src[l.start:l.pos]))
	l.takeParts(t, mark)
	return t
}

func (t *Token) setValue(s string) {
	t.Value, t.hasValue = s, true
}

// identifier reads a keyword or a name; what is taken is its first character.
func (l *lexer) identifier() *Token {
	for isIdentifier(l.peek()) {
		l.next()
	}
	if l.mode == typeNameMode {
		return l.typeName()
	}
	if l.simpleName || l.mode == expressionMode {
		return l.newToken(Identifier)
	}
	if l.mode == commandMode && !endsToken(l.peek()) {
		l.buf = append(l.buf[:0], l.src[l.start:l.pos]...)
		return l.generic()
	}
	if k, ok := lookup(keywords, l.src[l.start:l.pos]); ok && (k != InlineScript || l.inWorkflow) {
		return l.newToken(k)
	}
	return l.newToken(Identifier)
}

// lookup finds a word whatever its case.
func lookup(table map[string]Kind, word string) (Kind, bool) {
	var lower [16]byte
	if len(word) > len(lower) {
		return Unknown, false
	}
	for i := range len(word) {
		c := word[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	k, ok := table[string(lower[:len(word)])]
	return k, ok
}

func (l *lexer) typeName() *Token {
	for {
		switch r := l.peek(); {
		case r == '.' || r == '`' || r == '_' || r == '+' || r == '#' || r == '\\', isLetterOrDigit(r):
			l.next()
			continue
		}
		t := l.newToken(Identifier)
		t.Flags |= TypeName
		return t
	}
}

// assemblyName reads the name of an assembly with its properties.
func (l *lexer) assemblyName() string {
	name := l.assemblyPart()
	for l.peek() == ',' {
		l.start = l.pos
		l.pos++
		l.newToken(Comma)
		name += ", " + l.assemblyPart()
		if l.peek() == '=' {
			l.start = l.pos
			l.pos++
			l.newToken(Equals)
			name += "=" + l.assemblyPart()
		}
	}
	return name
}

func (l *lexer) assemblyPart() string {
	l.skipSpace()
	l.start = l.pos
	for !endsAssemblyName(l.peek()) {
		l.next()
	}
	part := l.src[l.start:l.pos]
	t := l.newToken(Identifier)
	t.Flags |= TypeName
	l.skipSpace()
	return part
}

// scanLabel reads ":name"; the colon is taken.
func (l *lexer) scanLabel() *Token {
	if r := l.peek(); !isIdentifierStart(r) {
		l.buf = append(l.buf[:0], ':')
		return l.generic()
	}
	for isIdentifier(l.peek()) {
		l.next()
	}
	if l.mode == commandMode && !endsToken(l.peek()) {
		l.buf = append(l.buf[:0], l.src[l.start:l.pos]...)
		return l.generic()
	}
	t := l.newToken(Label)
	t.Name = l.src[l.start+1 : l.pos]
	return t
}

// scanParameter reads a parameter of a command or an operator of an
// expression; the dash is taken.
func (l *lexer) scanParameter() *Token {
	from := l.pos
	end, colon := l.parameterEnd(), false
	if end == ':' {
		colon = true
	} else if l.mode == commandMode && (IsSingleQuote(end) || isDoubleQuote(end)) {
		l.buf = append(l.buf[:0], l.src[l.start:l.pos]...) // quotes are never part of a parameter
		return l.generic()
	}
	name := l.src[from:l.pos]
	if colon && l.mode == commandMode {
		l.pos++
	}
	if l.mode == expressionMode {
		if k, ok := lookup(operators, name); ok {
			return l.newToken(k)
		}
	}
	if name == "" {
		return l.newToken(Minus)
	}
	t := l.newToken(Parameter)
	t.Name, t.Colon = name, colon
	return t
}

// parameterEnd moves to the character that ends a parameter's name.
func (l *lexer) parameterEnd() rune {
	for {
		r := l.peek()
		switch {
		case endsToken(r), r == '.', r == '[', r == ':', IsSingleQuote(r), isDoubleQuote(r):
			return r
		case l.mode != commandMode && !isASCIILetter(r):
			return r
		}
		l.next()
	}
}

// verbatim reads the rest of the line behind --%, up to a pipe or && outside quotes.
func (l *lexer) verbatim() *Token {
	l.skipSpace()
	l.start = l.pos
	quoted := false
	for !l.ended() {
		r := l.peek()
		if isNewline(r) || !quoted && (r == '|' || r == '&' && l.at(l.pos+1) == '&') {
			break
		}
		if isDoubleQuote(r) {
			quoted = !quoted
		}
		l.next()
	}
	t := l.newToken(Generic)
	t.setValue(t.Text)
	return t
}

// memberAccess reads ".", "::", "?." or, where brackets may follow, "[" and
// "?[" that stand right here; else nil.
func (l *lexer) memberAccess(brackets bool) *Token {
	for l.peek() == '<' {
		l.start = l.pos
		if l.at(l.pos+1) != '#' {
			return nil
		}
		l.blockComment()
	}
	l.start = l.pos
	second := l.at(l.pos + 1)
	switch l.peek() {
	case '.':
		if second == '.' || l.accessEnds(second) {
			return nil
		}
		return l.take(1, Dot)
	case ':':
		if second != ':' || l.accessEnds(l.at(l.pos+2)) {
			return nil
		}
		return l.take(2, ColonColon)
	case '[':
		if brackets {
			return l.take(1, LBracket)
		}
	case '?':
		if second == '.' {
			return l.take(2, QuestionDot)
		}
		if second == '[' && brackets {
			return l.take(2, QuestionLBracket)
		}
	}
	return nil
}

// accessEnds tells that in a command the dot before r is only a character.
func (l *lexer) accessEnds(r rune) bool {
	return l.mode == commandMode && (isSpace(r) || r == 0 || isNewline(r))
}

func (l *lexer) take(n int, kind Kind) *Token {
	l.pos += n
	return l.newToken(kind)
}

// openInvocation reads "(" or "{" that stands right behind a member's name.
func (l *lexer) openInvocation() *Token {
	l.start = l.pos
	switch l.peek() {
	case '(':
		return l.take(1, LParen)
	case '{':
		return l.take(1, LCurly)
	}
	return nil
}

// openBracket reads "[" of an attribute or a type, with space and comments
// before it; else nil.
func (l *lexer) openBracket() *Token {
	from, back := l.pos, false
	for {
		l.start = l.pos
		r := l.peek()
		switch {
		case isSpace(r):
			back = true
			l.skipSpace()
		case r == '#':
			back = true
			l.lineComment()
		case r == '<' && l.at(l.pos+1) == '#':
			back = false
			l.blockComment()
		case r == '[':
			return l.take(1, LBracket)
		default:
			if back && (r == '.' || r == ':') {
				l.resync(l.outside(from))
			}
			return nil
		}
	}
}
