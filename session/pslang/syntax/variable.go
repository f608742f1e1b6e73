package syntax

import (
	"strings"
	"unicode/utf8"
)

func runeWidth(r rune, text string) int {
	if r < utf8.RuneSelf {
		return min(1, len(text))
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

// scanVariable reads a variable whose first character, $ or @, stands at
// l.start and is taken.
func (l *lexer) scanVariable(splatted, inString bool) *Token {
	r := l.peek()
	if r == '{' && !splatted {
		return l.bracedVariable(inString)
	}
	if !isVariableStart(r) {
		l.buf = append(l.buf[:0], '$')
		return l.generic()
	}
	l.next()
	if r == '$' || r == '?' || r == '^' {
		if l.mode == commandMode && !endsToken(l.peek()) {
			return l.wordFromStart()
		}
	} else if !l.variableName() {
		return l.wordFromStart()
	}
	name := l.src[l.start+1 : l.pos]
	kind := Variable
	if splatted {
		kind = SplattedVariable
	}
	path := splitVariable(name)
	t := l.newToken(kind)
	t.Name = name
	if path.name == "" {
		id := "InvalidVariableReference"
		if path.drive != "" {
			id = "InvalidVariableReferenceWithDrive"
		}
		l.errs.add(l.plain(l.start, l.pos), id, false)
	}
	return t
}

// wordFromStart reads again what is no variable but a word.
func (l *lexer) wordFromStart() *Token {
	l.pos = l.start
	l.buf = l.buf[:0]
	return l.generic()
}

// variableName moves to the end of a name; false where what stands there makes
// it a part of a word.
func (l *lexer) variableName() bool {
	for {
		r := l.peek()
		switch {
		case r == '_', r == '?', isLetterOrDigit(r):
		case r == ':':
			if l.at(l.pos+1) == ':' {
				return true
			}
		case r == '.', r == '[', r == '=':
			return true
		default:
			return l.mode != commandMode || endsToken(r)
		}
		l.next()
	}
}

// bracedVariable reads ${name}; the dollar sign is taken.
func (l *lexer) bracedVariable(inString bool) *Token {
	from := l.pos
	l.pos++
	name, closed := l.bracedName(inString)
	if !closed {
		l.incomplete(from, "IncompleteDollarVariableReference")
	}
	if name == "" {
		if closed {
			l.wrong(l.pos-1, "EmptyVariableReference")
		}
		name = ":Error:"
	}
	if r := l.peek(); l.mode == commandMode && !endsToken(r) && r != '.' && r != '[' {
		return l.wordFromStart()
	}
	if splitVariable(name).name == "" {
		l.errs.add(l.plain(l.start, l.pos), "InvalidBracedVariableReference", false)
	}
	t := l.newToken(Variable)
	t.Name = name
	return t
}

// bracedName reads up to the closing brace. Names with escapes in them are
// rare: only those are gathered.
func (l *lexer) bracedName(inString bool) (name string, closed bool) {
	from := l.pos
	held := l.buf
	l.buf = nil
	defer func() { l.buf = held }()
	gathered := false
	for !l.ended() {
		at := l.pos
		r := l.next()
		switch {
		case r == '}':
			if gathered {
				return string(l.buf), true
			}
			return l.src[from:at], true
		case r == '`':
			if l.ended() {
				return string(l.buf), false
			}
			gathered = true
			l.escape(l.next())
			continue
		case isDoubleQuote(r) && inString:
			if l.ended() {
				return string(l.buf), false
			}
			if isDoubleQuote(l.peek()) {
				gathered = true
				at = l.pos
				r = l.next()
			}
		case r == '{':
			l.wrong(l.pos, "OpenBraceNeedsToBeBackTickedInVariableName")
		}
		l.buf = appendRune(l.buf, r, l.src[at:l.pos])
	}
	return string(l.buf), false
}

// variablePath is a variable's name taken apart.
type variablePath struct {
	scope string // global, local, private, script or variable; "" for none
	drive string // env, using, …; "" for none
	name  string
}

func splitVariable(name string) variablePath {
	i := strings.IndexByte(name, ':')
	if i < 0 {
		return variablePath{name: name}
	}
	for _, scope := range [...]string{"global", "local", "private", "script", "variable"} {
		if strings.EqualFold(name[:i], scope) {
			return variablePath{scope: scope, name: name[i+1:]}
		}
	}
	if i == 0 {
		return variablePath{name: name[1:]}
	}
	return variablePath{drive: name[:i], name: name[i+1:]}
}
