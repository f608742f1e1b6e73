package syntax

import "unicode"

// nextToken reads the next token in the present mode.
func (l *lexer) nextToken() *Token {
	if l.scanned++; l.scanned > l.budget {
		panic(tooComplicated{})
	}
	for {
		l.start = l.pos
		if l.ended() {
			return l.endOfInput()
		}
		r := l.peek()
		switch {
		case isSpace(r):
			l.skipSpace()
		case r == '#':
			l.lineComment()
		case r == '<' && l.at(l.pos+1) == '#':
			l.blockComment()
		case r == '`':
			if t := l.backtickToken(); t != nil {
				return t
			}
		default:
			return l.scan(l.next())
		}
	}
}

// endOfInput makes the token that stands one behind the last character. It is
// read past: a second one stands further on.
func (l *lexer) endOfInput() *Token {
	l.start, l.pos = l.pos+1, l.pos+1
	t := l.newToken(EndOfInput)
	return t
}

// backtickToken reads a word that begins with an escaped character; nil where
// what is escaped is white space or a line's end.
func (l *lexer) backtickToken() *Token {
	l.pos++
	r := l.peek()
	switch {
	case l.ended():
		l.errs.add(l.plain(l.pos+1, l.pos+1), "IncompleteString", true)
		return nil
	case isNewline(r):
		l.next()
		l.newline(r)
		l.newToken(LineContinuation)
		return nil
	case isSpace(r), r <= basicPlane && unicode.IsSpace(r):
		l.next()
		l.skipSpace()
		return nil
	}
	l.next()
	l.buf = l.buf[:0]
	l.escape(r)
	return l.generic()
}

// scan reads the token that begins with r, which is taken.
func (l *lexer) scan(r rune) *Token {
	switch r {
	case '@':
		return l.scanAt()
	case '\n':
		return l.newToken(NewLine)
	case '\r':
		l.newline(r)
		return l.newToken(NewLine)
	case '=':
		return l.operator(Equals)
	case '+':
		return l.scanPlus()
	case '*', '/', '%':
		return l.scanMultiply(r)
	case '$':
		if l.peek() == '(' {
			l.pos++
			return l.newToken(DollarParen)
		}
		return l.scanVariable(false, false)
	case '<':
		t := l.newToken(RedirectInStd)
		t.input = true
		return t
	case '>':
		return l.fileRedirection(OutputStream, false)
	case '[':
		if l.mode == commandMode && !endsToken(l.peek()) {
			return l.word()
		}
		return l.newToken(LBracket)
	case '.':
		return l.scanDot()
	case '&':
		return l.double('&', AndAnd, Ampersand)
	case '|':
		return l.double('|', OrOr, Pipe)
	case '!':
		return l.scanExclaim()
	case ':':
		return l.scanColon()
	case '?':
		if l.mode == expressionMode {
			return l.scanQuestion()
		}
		return l.word()
	}
	if k := punctuators[min(r, 127)]; k != Unknown {
		return l.newToken(k)
	}
	switch {
	case IsSingleQuote(r):
		return l.scanString()
	case isDoubleQuote(r):
		return l.scanExpandable()
	case isDash(r):
		return l.scanDash()
	case r >= '1' && r <= '6' && l.peek() == '>':
		l.pos++
		return l.redirectionFrom(Stream(r-'0'), true)
	case isDigit(r):
		return l.scanNumber()
	case isIdentifierStart(r):
		return l.identifier()
	}
	return l.word()
}

var punctuators = [128]Kind{'(': LParen, ')': RParen, ']': RBracket, '{': LCurly, '}': RCurly, ';': Semi, ',': Comma}

// word rescans the token from its start as a Generic one.
func (l *lexer) word() *Token {
	l.pos = l.start
	first := l.next() // may be a character that would end a token
	l.buf = appendRune(l.buf[:0], first, l.src[l.start:l.pos])
	return l.generic()
}

// operator makes an operator, or goes on with a word that begins like one.
func (l *lexer) operator(kind Kind) *Token {
	if l.mode == commandMode && !endsToken(l.peek()) {
		l.buf = append(l.buf[:0], l.src[l.start:l.pos]...)
		return l.generic()
	}
	return l.newToken(kind)
}

func (l *lexer) double(second rune, two, one Kind) *Token {
	if l.peek() == second {
		l.pos++
		return l.newToken(two)
	}
	return l.newToken(one)
}

func (l *lexer) scanAt() *Token {
	r := l.peek()
	switch {
	case r == '{':
		l.pos++
		return l.newToken(AtCurly)
	case r == '(':
		l.pos++
		return l.newToken(AtParen)
	case IsSingleQuote(r):
		l.next()
		return l.scanHereString(r)
	case isDoubleQuote(r):
		l.next()
		return l.scanHereExpandable(r)
	case isVariableStart(r):
		return l.scanVariable(true, false)
	}
	l.wrong(l.start, "UnrecognizedToken")
	return l.newToken(Unknown)
}

func (l *lexer) scanPlus() *Token {
	switch r := l.peek(); {
	case r == '+':
		l.pos++
		return l.operator(PlusPlus)
	case r == '=':
		l.pos++
		return l.operator(PlusEquals)
	case l.signedNumbers && (isDigit(r) || r == '.'):
		return l.scanNumber()
	}
	return l.operator(Plus)
}

func (l *lexer) scanDash() *Token {
	switch r := l.peek(); {
	case isDash(r):
		l.next()
		return l.operator(MinusMinus)
	case r == '=':
		l.pos++
		return l.operator(MinusEquals)
	case isLetter(r), r == '_', r == '?':
		return l.scanParameter()
	case l.signedNumbers && (isDigit(r) || r == '.'):
		return l.scanNumber()
	}
	return l.operator(Minus)
}

func (l *lexer) scanMultiply(r rune) *Token {
	kind, assign := Multiply, MultiplyEquals
	switch r {
	case '/':
		kind, assign = Divide, DivideEquals
	case '%':
		kind, assign = Rem, RemainderEquals
	}
	if l.peek() == '=' {
		l.pos++
		return l.operator(assign)
	}
	if r == '*' && l.peek() == '>' {
		l.pos++
		return l.redirectionFrom(AllStreams, false)
	}
	return l.operator(kind)
}

// redirectionFrom reads what follows "2>" or "*>".
func (l *lexer) redirectionFrom(from Stream, explicit bool) *Token {
	if l.peek() == '&' {
		if to := l.at(l.pos + 1); to == '1' || to == '2' && explicit {
			l.pos += 2
			t := l.newToken(Redirection)
			t.From, t.To = from, Stream(to-'0')
			return t
		}
	}
	return l.fileRedirection(from, explicit)
}

// fileRedirection reads a second ">". In an expression "2>" is the number 2.
func (l *lexer) fileRedirection(from Stream, explicit bool) *Token {
	if explicit && l.mode == expressionMode {
		l.pos = l.start + 1
		return l.numberToken(int32Value(int32(from)))
	}
	twice := l.peek() == '>'
	if twice {
		l.pos++
	}
	t := l.newToken(Redirection)
	t.From, t.Append = from, twice
	return t
}

func (l *lexer) scanDot() *Token {
	r := l.peek()
	switch {
	case r == '.':
		l.pos++
		if l.mode == commandMode && !endsToken(l.peek()) {
			l.pos = l.start + 1
			l.buf = append(l.buf[:0], '.')
			return l.generic()
		}
		return l.newToken(DotDot)
	case isDigit(r):
		return l.scanNumber()
	case l.mode == commandMode && !endsToken(r) && r != '$' && r != '"' && r != '\'':
		return l.word()
	}
	return l.newToken(Dot)
}

func (l *lexer) scanExclaim() *Token {
	r := l.peek()
	if l.mode == commandMode && !endsToken(r) || l.mode == expressionMode && isIdentifierStart(r) {
		return l.word()
	}
	if l.mode == expressionMode && (isDigit(r) || r == '.') {
		_, ok := l.numberText('!')
		l.pos = l.start + 1
		if !ok {
			return l.word()
		}
	}
	return l.newToken(Exclaim)
}

func (l *lexer) scanColon() *Token {
	if l.peek() == ':' {
		l.pos++
		if l.mode == commandMode && !l.simpleName && !endsToken(l.peek()) {
			l.buf = append(l.buf[:0], "::"...)
			return l.generic()
		}
		return l.newToken(ColonColon)
	}
	if l.mode == commandMode {
		return l.scanLabel()
	}
	return l.newToken(Colon)
}

func (l *lexer) scanQuestion() *Token {
	if l.peek() != '?' {
		return l.newToken(QuestionMark)
	}
	l.pos++
	if l.peek() == '=' {
		l.pos++
		return l.newToken(QuestionQuestionEquals)
	}
	return l.newToken(QuestionQuestion)
}
