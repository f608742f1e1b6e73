package syntax

// hereString gathers the lines of a here-string.
type hereString struct {
	*lexer
	isQuote  func(rune) bool
	from     int  // the header
	quote    rune // of the header
	early    int  // a footer with white space before it; -1 for none
	terminal string
}

func (l *lexer) scanHereString(quote rune) *Token {
	l.buf = l.buf[:0]
	h := hereString{l, IsSingleQuote, l.start, quote, -1, "'@"}
	ok := h.header() && h.body(false)
	t := l.newToken(HereStringLiteral)
	t.setValue(string(l.buf))
	if !ok {
		t.Flags |= TokenInError
	}
	return t
}

func (l *lexer) scanHereExpandable(quote rune) *Token {
	l.buf = l.buf[:0]
	mark := len(l.parts)
	h := hereString{l, isDoubleQuote, l.start, quote, -1, "\"@"}
	ok := h.header() && h.body(true)
	t := l.newToken(HereStringExpandable)
	t.setValue(string(l.buf))
	l.takeParts(t, mark)
	if !ok {
		t.Flags |= TokenInError
	}
	return t
}

// header reads the end of the first line.
func (h *hereString) header() bool {
	h.skipSpace()
	switch r := h.peek(); {
	case h.ended():
		h.incomplete(h.from, "TerminatorExpectedAtEndOfString", h.terminal)
		return false
	case isNewline(r):
		h.next()
		h.newline(r)
		return true
	}
	h.wrong(h.pos, "UnexpectedCharactersAfterHereStringHeader")
	plain := rune(h.terminal[0])
	for !h.ended() && !isNewline(h.peek()) {
		if h.next() == plain && h.peek() == '@' {
			h.pos++
			break
		}
	}
	return false
}

// body reads up to the line that begins with the closing quote and @.
func (h *hereString) body(expandable bool) bool {
	if h.footer() {
		return true
	}
	for !h.ended() {
		at := h.pos
		r := h.next()
		switch {
		case isNewline(r):
			h.newline(r)
			length := len(h.buf)
			h.buf = append(h.buf, h.src[at:h.pos]...)
			if h.footer() {
				h.buf = h.buf[:length]
				return true
			}
			continue
		case expandable && r == '$' && h.scanDollar(true):
			continue
		case expandable && r == '`' && h.peek() != 0:
			h.escape(h.next())
			continue
		}
		h.buf = appendRune(h.buf, r, h.src[at:h.pos])
	}
	if h.early >= 0 {
		h.incomplete(h.early, "WhitespaceBeforeHereStringFooter")
	} else {
		h.incomplete(h.from, "TerminatorExpectedAtEndOfString", h.terminal)
	}
	return false
}

// footer reads the closing quote and @ at a line's begin. White space before
// them makes them a part of the text.
func (h *hereString) footer() bool {
	if h.isQuote(h.peek()) && h.closes() {
		h.next()
		h.pos++
		return true
	}
	from := h.pos
	h.skipSpace()
	h.buf = append(h.buf, h.src[from:h.pos]...)
	if h.isQuote(h.peek()) && h.closes() {
		if h.early < 0 {
			h.early = h.pos
		}
		at := h.pos
		h.next()
		h.pos++
		h.buf = append(h.buf, h.src[at:h.pos]...)
	}
	return false
}

// closes tells that @ stands behind the next character.
func (h *hereString) closes() bool {
	return h.at(h.pos+runeWidth(h.peek(), h.src[h.pos:])) == '@'
}
