package syntax

import "strings"

// Error is one thing that is wrong with the input, as PowerShell reports it.
type Error struct {
	Extent
	// ID is PowerShell's id, such as "UnexpectedToken".
	ID string
	// Message is PowerShell's wording.
	Message string
	// Incomplete tells that more input would heal it.
	Incomplete bool
}

func (e *Error) Error() string { return e.Message }

// errorList keeps errors in the order found, each once.
type errorList struct {
	list []*Error
	seen map[errorKey]bool
}

type errorKey struct {
	id string
	at Extent
}

func (l *errorList) add(at Extent, id string, incomplete bool, args ...string) {
	key := errorKey{id, at}
	if l.seen[key] {
		return
	}
	if l.seen == nil {
		l.seen = make(map[errorKey]bool)
	}
	l.seen[key] = true
	l.list = append(l.list, &Error{at, id, message(id, args), incomplete})
}

// message puts arguments into the wording of an error: {0}, {1}, …
func message(id string, args []string) string {
	text := messages[id]
	for i, a := range args {
		text = strings.ReplaceAll(text, "{"+string(rune('0'+i))+"}", a)
	}
	return text
}

// tooComplicated stops the parsing of input that is nested too deeply, or
// that would have to be read over and over.
type tooComplicated struct{}
