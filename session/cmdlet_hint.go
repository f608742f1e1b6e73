package session

import (
	"errors"
	"regexp"
	"strings"
)

// optionFlag is one option as the command line takes it.
var optionFlag = regexp.MustCompile(`--session-option (\w+)=(\w+)`)

// AsTyped is an error of connecting for a person who has typed a cmdlet: its
// hints name parameters, where the cmdlet has them, and not flags.
func AsTyped(err error) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Hints) == 0 {
		return err
	}
	typed := *e
	if err.Error() != e.Error() {
		typed.Doing, typed.Err = "", err // it says more
	}
	typed.Hints = make([]string, len(e.Hints))
	for i, hint := range e.Hints {
		typed.Hints[i] = inParameters(hint)
	}
	return &typed
}

func inParameters(hint string) string {
	hint = optionFlag.ReplaceAllString(hint, "-SessionOption @{ $1 = $2 }")
	for _, c := range openingCmdlets() {
		for _, p := range c.signature().parameters {
			flag := regexp.MustCompile(flagOf(p.name) + `\b([^-]|$)`)
			hint = flag.ReplaceAllString(hint, "-"+p.name+"${1}")
		}
	}
	return hint
}

// flagOf is the flag of a parameter: -UserName is --user-name.
func flagOf(parameter string) string {
	var b strings.Builder
	b.WriteByte('-')
	for _, r := range parameter {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r |= 0x20
		}
		b.WriteRune(r)
	}
	return b.String()
}
