package session

import "regexp"

// What a line may hold that nobody should read later.
var secretParts = []*regexp.Regexp{
	// -Password x, -ClientSecret:"x", and parameters of such names
	regexp.MustCompile(`(?i)(-\w*(?:password|passwd|pwd|secret|token|apikey|accesskey|privatekey|securestring|pin|passphrase)\w*(?:\s+|:\s*))("(?:[^"` + "`" + `]|` + "`" + `.)*"|'(?:[^']|'')*'|[^-\s|;,)}][^\s|;,)}]*)`),
	// ConvertTo-SecureString x
	regexp.MustCompile(`(?i)(ConvertTo-SecureString\s+(?:-String\s+|-s\w*\s+)?)("(?:[^"]|"")*"|'(?:[^']|'')*'|[^-\s|;)][^\s|;)]*)`),
	// $password = 'x'
	regexp.MustCompile(`(?i)(\$\w*(?:password|passwd|pwd|secret|token)\w*\s*=\s*)("(?:[^"]|"")*"|'(?:[^']|'')*')`),
}

// A JSON Web Token, wherever it stands.
var jwtPart = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?`)

// Redact takes secrets out of a line before it is written anywhere: values of
// parameters and variables whose names speak of secrets, the text given to
// ConvertTo-SecureString, and tokens.
func Redact(line string) string {
	for _, re := range secretParts {
		line = re.ReplaceAllString(line, "${1}***")
	}
	return jwtPart.ReplaceAllString(line, "***")
}
