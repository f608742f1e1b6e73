package syntax

import "psdeck/session/clixml"

// Extent is a range of bytes of the input: [Start, End). The token EndOfInput
// and what is reported at it lie behind the last byte, as in PowerShell.
type Extent struct {
	Start, End int
}

// Span returns the range itself; tokens, nodes and errors have it.
func (e Extent) Span() Extent { return e }

// Stream is where output goes; redirections name two.
type Stream uint8

// The streams, by their numbers.
const (
	AllStreams Stream = iota
	OutputStream
	ErrorStream
	WarningStream
	VerboseStream
	DebugStream
	InformationStream
)

var streamNames = [...]string{"All", "Output", "Error", "Warning", "Verbose", "Debug", "Information"}

func (s Stream) String() string { return streamNames[s] }

// Token is a piece of the input.
type Token struct {
	Kind  Kind
	Flags Flags
	Extent
	// Text is the piece as typed.
	Text string
	// Value is what a string, a here-string or a Generic token stands for.
	Value string
	// Number is the value of a Number; $null where the number is not valid.
	Number clixml.Value
	// Name is a variable's name with its scope or drive, a parameter's or a label's.
	Name string
	// Colon tells a parameter that ends in a colon.
	Colon bool
	// From, To and Append describe a Redirection. To is OutputStream where
	// streams are merged, and AllStreams where the output goes to a file.
	From, To Stream
	Append   bool
	// Nested are the tokens inside an expandable string or Generic token. A
	// subexpression's are there once the parser has read it.
	Nested []*Token

	hasValue bool     // Value is meant
	input    bool     // a redirection of the input
	parts    []nested // the variables and subexpressions in Value
}

// nested is a variable or subexpression within the value of a token.
type nested struct {
	from, to int // where it stands in the token's Value
	variable *Token
	text     string // a subexpression's, to be scanned
	at       int    // where a subexpression stands in the input
	open     bool   // its closing parenthesis is missing
	skips    []skip
}

// skip is a piece of the input that the text of a subexpression leaves out:
// the first of two quotes.
type skip struct {
	pos, width int
}

// IsString tells a token that has a Value.
func (t *Token) IsString() bool { return t.hasValue }

// Failed tells that the token itself is wrong, such as a string without its end.
func (t *Token) Failed() bool { return t.Flags&TokenInError != 0 }

func (t *Token) redirects() bool { return t.Kind == Redirection || t.Kind == RedirectInStd }

// asArgument makes a word of what is an operator or a keyword elsewhere.
func (t *Token) asArgument() {
	if t.Kind != Identifier {
		t.Kind = Generic
	}
}
