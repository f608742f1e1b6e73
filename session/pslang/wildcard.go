package pslang

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// Wildcard compiles a wildcard pattern: *, ?, [a-z], and the backtick before
// a character that stands for itself.
func Wildcard(pattern string, sensitive bool) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString("(?s")
	if !sensitive {
		b.WriteByte('i')
	}
	b.WriteString(")^")
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; r {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			n, err := wildcardSet(&b, runes[i:], pattern)
			if err != nil {
				return nil, err
			}
			i += n
		case '`':
			if i+1 < len(runes) {
				i++
				r = runes[i]
			}
			b.WriteString(regexp.QuoteMeta(string(r)))
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString("$")
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, badWildcard(pattern)
	}
	return re, nil
}

func badWildcard(pattern string) error {
	return &conversionError{id: "RuntimeException", msg: fmt.Sprintf("The specified wildcard character pattern is not valid: %s", pattern)}
}

// wildcardSet writes a bracket expression and returns the index of its end.
func wildcardSet(b *strings.Builder, runes []rune, pattern string) (int, error) {
	b.WriteByte('[')
	if len(runes) > 1 && (runes[1] == '!' || runes[1] == '^') && pattern == "" {
		return 0, badWildcard(pattern)
	}
	for i := 1; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == ']' && i == 1:
			return 0, badWildcard(pattern)
		case r == ']':
			b.WriteByte(']')
			return i, nil
		case r == '`' && i+1 < len(runes):
			i++
			b.WriteString(`\` + string(runes[i]))
		case r == '-' && i > 1 && i+1 < len(runes) && runes[i+1] != ']':
			b.WriteByte('-')
		case strings.ContainsRune(`\^[]-!&~`, r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return 0, badWildcard(pattern)
}

// HasWildcard tells whether s holds wildcard characters.
func HasWildcard(s string) bool { return strings.ContainsAny(s, "*?[") }

// Length is a .NET string's length: UTF-16 code units.
func Length(s string) int { return len(utf16.Encode([]rune(s))) }
