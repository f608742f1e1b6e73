package directory

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// parseFilter reads the small filter language of the service: comparisons such
// as "Enabled -eq $true", joined by -and or -or from left to right.
func parseFilter(text string) (func(*clixml.Object) bool, error) {
	words, err := filterWords(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return func(*clixml.Object) bool { return true }, nil
	}
	keep, rest, err := comparison(text, words)
	for err == nil && len(rest) > 0 {
		join := strings.ToLower(rest[0])
		if join != "-and" && join != "-or" {
			return nil, badFilter(text)
		}
		left := keep
		var right func(*clixml.Object) bool
		right, rest, err = comparison(text, rest[1:])
		keep = func(o *clixml.Object) bool {
			if join == "-and" {
				return left(o) && right(o)
			}
			return left(o) || right(o)
		}
	}
	return keep, err
}

func badFilter(text string) error {
	return invalid(text, "Invalid filter syntax. The filter \"%s\" cannot be understood.", text)
}

// filterWords cuts a filter into words; quoted ones lose their
// quotes.
func filterWords(text string) ([]string, error) {
	var words []string
	for s := strings.TrimSpace(text); s != ""; s = strings.TrimSpace(s) {
		if q := s[0]; q == '\'' || q == '"' {
			end := strings.IndexByte(s[1:], q)
			if end < 0 {
				return nil, badFilter(text)
			}
			words, s = append(words, s[1:1+end]), s[end+2:]
			continue
		}
		end := strings.IndexAny(s, " \t")
		if end < 0 {
			end = len(s)
		}
		words, s = append(words, s[:end]), s[end:]
	}
	return words, nil
}

func comparison(text string, words []string) (keep func(*clixml.Object) bool, rest []string, err error) {
	if len(words) < 3 {
		return nil, nil, badFilter(text)
	}
	name, op, want := words[0], strings.ToLower(words[1]), words[2]
	test, ok := filterOperators[op]
	if !ok {
		return nil, nil, badFilter(text)
	}
	return func(o *clixml.Object) bool {
		v, _ := o.Get(name)
		return test(filterText(v), strings.TrimPrefix(want, "$"))
	}, words[3:], nil
}

// filterText is how a filter sees a value: $null as "null", booleans in lower case.
func filterText(v clixml.Value) string {
	if v.IsNull() {
		return "null"
	}
	return memberText(v)
}

var filterOperators = map[string]func(have, want string) bool{
	"-eq":      strings.EqualFold,
	"-ne":      func(have, want string) bool { return !strings.EqualFold(have, want) },
	"-like":    runspace.Like,
	"-notlike": func(have, want string) bool { return !runspace.Like(have, want) },
}
