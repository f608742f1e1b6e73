package format

import (
	"strings"
	"unicode"
)

// ErrorRecord holds what is printed of an error.
type ErrorRecord struct {
	Message               string // ErrorDetails or the exception's message
	FullyQualifiedErrorID string
	CategoryInfo          string // "ObjectNotFound: (x:String) [Get-X], ItemNotFoundException"
	Activity              string // the command's name
	ExceptionType         string
	PositionMessage       string
	RecommendedAction     string
	Origin                string // the computer that the error came from; "" for none

	// The rest is for DetailedView.
	Details          string // ErrorDetails' message
	Exception        string // the exception in words, with its stack
	ExceptionMessage string // "": Message
	Invocation       string // InvocationInfo in words
	Target           string // TargetObject in words
	ScriptStackTrace string
}

// ErrorView chooses how much of an error is printed.
type ErrorView uint8

// The views of $ErrorView.
const (
	ConciseView ErrorView = iota
	NormalView
	CategoryView
	DetailedView
)

// Error prints an error record, ending in a line end.
func Error(e ErrorRecord, view ErrorView, o Options) string {
	var text string
	switch view {
	case NormalView:
		text = normalError(e)
	case CategoryView:
		text = e.CategoryInfo
	case DetailedView:
		text = detailedError(e)
	default:
		text = conciseError(e)
	}
	text = strings.ReplaceAll(plain(text), "\r", "")
	if o.Colour {
		text = "\x1b[31;1m" + text + "\x1b[0m"
	}
	return text + "\n"
}

// conciseError is the message after what it is about: the command, else the
// category, else the exception.
func conciseError(e ErrorRecord) string {
	category, rest := categoryOf(e.CategoryInfo)
	about := e.Activity
	if about == "" && category != "NotSpecified" {
		about = category
	}
	if about == "" {
		about = reason(rest)
	}
	if about == "" {
		about = e.ExceptionType[strings.LastIndexByte(e.ExceptionType, '.')+1:]
	}
	if about == "" {
		about = "Error"
	}
	return about + ": " + e.Message + recommendation(e)
}

// categoryOf is the category's name and what follows it. PowerShell puts a colon
// between, other servers a blank.
func categoryOf(info string) (name, rest string) {
	end := strings.IndexFunc(info, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		return info, ""
	}
	return info[:end], info[end:]
}

// reason is the last word of a category's text: the exception's short name.
func reason(category string) string {
	if i := strings.LastIndex(category, "], "); i >= 0 {
		return category[i+3:]
	}
	return ""
}

func recommendation(e ErrorRecord) string {
	if e.RecommendedAction == "" {
		return ""
	}
	return "\n  Recommendation: " + e.RecommendedAction
}

func normalError(e ErrorRecord) string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.PositionMessage != "" {
		b.WriteString("\n" + e.PositionMessage)
	}
	b.WriteString("\n+ CategoryInfo          : " + e.CategoryInfo)
	b.WriteString("\n+ FullyQualifiedErrorId : " + e.FullyQualifiedErrorID)
	if e.Origin != "" {
		b.WriteString("\n+ PSComputerName        : " + e.Origin)
	}
	return b.String()
}
