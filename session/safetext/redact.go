package safetext

import (
	"regexp"
	"strings"
)

// A quoted text, and a value as it stands behind a parameter: in brackets, a
// command's name is not one.
const (
	quoted = `"(?:[^"` + "`" + `]|` + "`" + `.)*"|'(?:[^']|'')*'`
	value  = `(\(\s*(?:` + quoted + `)|` + quoted + `|\(\s*\w+\s*\)|\([^\sA-Za-z][^\s|;,)}]*|[^-\s|;,()}][^\s|;,)}]*)`
)

// What a line may hold that nobody should read later.
var secretParts = []*regexp.Regexp{
	// ConvertTo-SecureString x
	regexp.MustCompile(`(?i)(ConvertTo-SecureString\s+(?:-(?:String|s\w*|AsPlainText|a\w*|Force|f\w*)\s+)*)` + value),
	// -Password x, -ClientSecret:"x", and parameters of such names
	regexp.MustCompile(`(?i)(-\w*(?:password|passwd|pwd|secret|token|apikey|accesskey|privatekey|securestring|pin|passphrase)\w*(?:\s+|:\s*))` + value),
	// $password = 'x'
	regexp.MustCompile(`(?i)(\$\w*(?:password|passwd|pwd|secret|token)\w*\s*=\s*)(` + quoted + `)`),
}

// A JSON Web Token, wherever it stands.
var jwtPart = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?`)

// Redact takes secrets out of a line before it is written anywhere: values of
// parameters and variables whose names speak of secrets, the text given to
// ConvertTo-SecureString, and tokens.
func Redact(line string) string {
	line, _ = RedactAt(line, 0)
	return line
}

// RedactAt is Redact, and tells where a place of the line stands then.
func RedactAt(line string, at int) (string, int) {
	for _, re := range secretParts {
		line, at = hide(re, line, at)
	}
	return hide(jwtPart, line, at)
}

// RedactTokens takes tokens out of a text that is no line: in our own words a
// parameter's name is followed by words, not by its value.
func RedactTokens(text string) string { return jwtPart.ReplaceAllString(text, hidden) }

const hidden = "***"

// hide hides what an expression finds, but for its first group.
func hide(re *regexp.Regexp, line string, at int) (string, int) {
	var b strings.Builder
	last, place := 0, at
	for _, m := range re.FindAllStringSubmatchIndex(line, -1) {
		from, to := m[0], m[1]
		if len(m) > 2 {
			from = m[3]
		}
		switch {
		case at >= to:
			place += len(hidden) - (to - from)
		case at > from:
			place -= at - from
		}
		b.WriteString(line[last:from] + hidden)
		last = to
	}
	b.WriteString(line[last:])
	return b.String(), place
}
