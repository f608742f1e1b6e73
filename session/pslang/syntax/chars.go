package syntax

import "unicode"

// PowerShell's lexer sees UTF-16 code units: a character outside the basic
// plane is two surrogates, which are neither letters, digits nor separators.
const basicPlane = 0xFFFF

// IsSingleQuote tells what PowerShell takes for a single quote.
func IsSingleQuote(r rune) bool {
	return r == '\'' || r >= '‘' && r <= '‛'
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
	return r > 0x100 && r <= basicPlane && unicode.In(r, unicode.Z)
}

func isNewline(r rune) bool { return r == '\n' || r == '\r' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isHexDigit(r rune) bool {
	return isDigit(r) || r|0x20 >= 'a' && r|0x20 <= 'f'
}

func isBinaryDigit(r rune) bool { return r == '0' || r == '1' }

func isASCIILetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

func isLetter(r rune) bool {
	if r < 0x80 {
		return isASCIILetter(r)
	}
	return r <= basicPlane && unicode.IsLetter(r)
}

func isLetterOrDigit(r rune) bool {
	if r < 0x80 {
		return isASCIILetter(r) || isDigit(r)
	}
	return r <= basicPlane && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func isIdentifierStart(r rune) bool { return r == '_' || isLetter(r) }

func isIdentifier(r rune) bool { return r == '_' || isLetterOrDigit(r) }

// isVariableStart tells the first character of a variable's name without braces.
func isVariableStart(r rune) bool {
	switch r {
	case '$', ':', '?', '^', '_':
		return true
	}
	return isLetterOrDigit(r)
}

// endsToken tells a character that is never part of the token before it. The
// character NUL, and so the end of the text, is one.
func endsToken(r rune) bool {
	switch r {
	case 0, '\n', '\r', '&', '(', ')', ',', ';', '{', '|', '}':
		return true
	}
	return isSpace(r)
}

// endsNumber tells an operator's character that ends a number in an expression.
func endsNumber(r rune, ternary bool) bool {
	switch r {
	case '!', '#', '%', '*', '+', '-', '.', '/', '<', '=', '>', ']':
		return true
	case '?', ':':
		return ternary
	}
	return r >= 0x80 && isDash(r)
}

func endsAssemblyName(r rune) bool {
	switch r {
	case 0, '\n', '\r', ',', '=', ']':
		return true
	}
	return isSpace(r)
}

func isTypeSuffix(r rune) bool {
	switch r | 0x20 {
	case 'd', 'l', 'n', 's', 'u', 'y':
		return r < 0x80
	}
	return false
}

// multiplier gives what the first letter of kb, mb, … stands for, or 0.
func multiplier(r rune) int64 {
	switch r {
	case 'k', 'K':
		return 1 << 10
	case 'm', 'M':
		return 1 << 20
	case 'g', 'G':
		return 1 << 30
	case 't', 'T':
		return 1 << 40
	case 'p', 'P':
		return 1 << 50
	}
	return 0
}
