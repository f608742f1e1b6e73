package pslang

import "unicode"

// Typographic forms count as the plain ones, as in PowerShell: they come from
// documents and mails that commands are copied from.

func isSingleQuote(r rune) bool {
	return r == '\'' || r == '‘' || r == '’' || r == '‚' || r == '‛'
}

func isDoubleQuote(r rune) bool {
	return r == '"' || r == '“' || r == '”' || r == '„'
}

func isDash(r rune) bool {
	return r == '-' || r == '–' || r == '—' || r == '―'
}

// isSpace tells white space within a line.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\v', '\f', 0x85, 0xA0:
		return true
	}
	return r > 0x7F && unicode.In(r, unicode.Z)
}

func isNewline(r rune) bool { return r == '\n' || r == '\r' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isHexDigit(r rune) bool {
	return isDigit(r) || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
}

func isIdentStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isIdent(r rune) bool {
	return isIdentStart(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Nl, unicode.No, unicode.Mn, unicode.Mc, unicode.Pc)
}

// isVariableChar tells a character of a variable's name without braces.
func isVariableChar(r rune) bool {
	return r == '_' || r == '?' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// startsToken tells a character that always ends the token before it.
func startsToken(r rune) bool {
	switch r {
	case eof, '&', '(', ')', ',', ';', '{', '|', '}':
		return true
	}
	return isSpace(r) || isNewline(r)
}

// startsTokenAfterNumber tells a character that ends a number in an expression.
func startsTokenAfterNumber(r rune) bool {
	switch r {
	case '!', '#', '%', '*', '+', '.', '/', '<', '=', '>', '?', ']', ':':
		return true
	}
	return isDash(r)
}
