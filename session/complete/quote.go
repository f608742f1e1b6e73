package complete

import (
	"strings"
	"unicode/utf8"

	"psdeck/session/pslang/syntax"
)

// unquote takes a word as it is being typed: without its quotes, closed or not.
func unquote(t *syntax.Token) (word, quote string) {
	if t == nil {
		return "", ""
	}
	word = t.Text
	first, n := utf8.DecodeRuneInString(word)
	switch {
	case first == '"' || first == '“' || first == '”' || first == '„':
		quote = `"`
	case syntax.IsSingleQuote(first):
		quote = "'"
	default:
		return word, ""
	}
	word = word[n:]
	if last, n := utf8.DecodeLastRuneInString(word); len(word) > 0 && (last == '"' && quote == `"` || syntax.IsSingleQuote(last) && quote == "'") {
		word = word[:len(word)-n]
	}
	return word, quote
}

// needsQuotes tells whether a value cannot stand in a command as it is.
func needsQuotes(s string) bool {
	if s == "" || strings.ContainsAny(s, " \t\r\n'\"`$;&|(){}<>,‘’‚‛“”„") {
		return true
	}
	return s[0] == '@' || s[0] == '#' || s[0] == '-' && len(s) > 1 && s[1] != '-' && (s[1] < '0' || s[1] > '9')
}

// quoted writes a value in the quotes that the word began with.
func quoted(s, quote string) string {
	switch {
	case quote == "'":
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case quote == `"`:
		return `"` + strings.NewReplacer("`", "``", `"`, "`\"", "$", "`$").Replace(s) + `"`
	case needsQuotes(s):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return s
}

// compareFold orders names as PowerShell lists them.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := lower(a[i]), lower(b[i])
		if x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b | 0x20
	}
	return b
}
