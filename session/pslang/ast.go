package pslang

import (
	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Extent is a range of bytes of the line: [Start, End).
type Extent = syntax.Extent

// Script is a parsed line.
type Script struct {
	Statements []Statement
	// Syntax is the line as PowerShell reads it; nil for a part of a line.
	Syntax *syntax.Script
}

// Statement is a pipeline or control flow, or the assignment of its output to a
// variable.
type Statement struct {
	// Assign is the name of the variable that takes the output; "" for none.
	Assign string
	// Nested tells a command that stands within an expression of the statement
	// behind it: it runs first, and Assign is a name that nobody can type. One
	// that may not have to run stands in an If.
	Nested bool
	// After is "&&" or "||" where the statement runs only if the one before it
	// succeeded, or failed; "" where it runs in any case.
	After string
	// Op is what an assignment does to the old value: "+", "-", …; "" for none.
	Op string
	// Pipeline is nil where Control is there, which decides what else runs.
	Pipeline *Pipeline
	Control  Control
	Extent
}

// Pipeline is a chain of elements; only its first may be an expression.
type Pipeline struct {
	Elements []Element
	Extent
}

// Element is one stage of a pipeline: either a Command or an Expr.
type Element struct {
	Command *Command
	Expr    Expr
}

// Span returns the element's extent.
func (e Element) Span() Extent {
	if e.Command != nil {
		return e.Command.Extent
	}
	return e.Expr.Span()
}

// Command is a command with its arguments.
type Command struct {
	// Name is as typed, quotes taken off and a module qualifier kept.
	Name       string
	NameExtent Extent
	// Invocation is "&", "." or "".
	Invocation   string
	Args         []Arg
	Redirections []Redirection
	Extent
}

// Stream is a stream by PowerShell's number; AllStreams is "*".
type Stream = syntax.Stream

// The streams.
const (
	AllStreams        = syntax.AllStreams
	OutputStream      = syntax.OutputStream
	ErrorStream       = syntax.ErrorStream
	WarningStream     = syntax.WarningStream
	VerboseStream     = syntax.VerboseStream
	DebugStream       = syntax.DebugStream
	InformationStream = syntax.InformationStream
)

// Redirection sends a stream of a command into its output or, with Null, to
// nowhere. A redirection to a file is refused.
type Redirection struct {
	From Stream
	Null bool
	Extent
}

// Arg is one argument. A parameter's value that stands after a space is an
// argument of its own: whether the parameter takes it, only the command knows.
type Arg struct {
	// Name is the parameter's name without its dash; "" for a positional value.
	Name string
	// Colon tells that the value was bound with "-Name:value".
	Colon bool
	// Value is nil where a name stands alone.
	Value Expr
	Extent
}

// Splatted tells an argument that is written @name: the entries of a hashtable
// as parameters, or the items of an array as positional values.
func (a Arg) Splatted() bool {
	v, ok := a.Value.(*Variable)
	return ok && v.Splat && a.Name == ""
}

// Expr is an expression.
type Expr interface {
	Span() Extent
	expr()
}

// StringKind tells how a string was written.
type StringKind uint8

// The ways to write a string.
const (
	NoString StringKind = iota // a constant that is no string
	BareWord
	SingleQuoted
	DoubleQuoted
	SingleQuotedHere
	DoubleQuotedHere
)

// The expressions.
type (
	// Constant is a literal with its typed value.
	Constant struct {
		Value clixml.Value
		Kind  StringKind
		Text  string // as typed
		Extent
	}
	// Variable is $Name; Splat where it is written @Name. Name keeps a scope or drive ("env:PATH").
	Variable struct {
		Name  string
		Splat bool
		Extent
	}
	// Expandable is a string with variables in it; Parts are Constants of
	// strings, Variables and SubExpressions.
	Expandable struct {
		Parts []Expr
		Kind  StringKind
		Extent
	}
	// Array is 1,2 or, with Sub, @(…).
	Array struct {
		Items []Expr
		Sub   bool
		Extent
	}
	// Hashtable is @{…}, entries in the order typed.
	Hashtable struct {
		Entries []HashEntry
		Extent
	}
	// ScriptBlock is {…}: Text is what stands between the braces, Body its
	// parse, and Refused why Body is nil.
	ScriptBlock struct {
		Text    string
		Body    *Script
		Refused *Error
		// Syntax is the block as PowerShell reads it.
		Syntax *syntax.Node
		Extent
	}
	// Paren is (…) around a pipeline.
	Paren struct {
		Pipeline *Pipeline
		Extent
	}
	// SubExpression is $(…).
	SubExpression struct {
		Body *Script
		Extent
	}
	// TypeLiteral is [Name].
	TypeLiteral struct {
		Name string
		Extent
	}
	// Cast is [Type]X.
	Cast struct {
		Type string
		X    Expr
		Extent
	}
	// Unary is an operator before its operand: "-", "+", "!", "-not", "-split", "-join", "-bnot", ",".
	Unary struct {
		Op string
		X  Expr
		Extent
	}
	// Binary is an operator between two operands; Op is lower case: "-eq", "+", "..".
	Binary struct {
		Op          string
		Left, Right Expr
		Extent
	}
	// Ternary is Condition ? Yes : No.
	Ternary struct {
		Condition, Yes, No Expr
		Extent
	}
	// Member is Target.Name, or Target::Name with Static, or Target?.Name with Conditional.
	Member struct {
		Target      Expr
		Name        Expr
		Static      bool
		Conditional bool
		Extent
	}
	// Call is Target.Name(Args) or, with Static, [Type]::Name(Args).
	Call struct {
		Member *Member
		Args   []Expr
		Extent
	}
	// Index is Target[Key], or Target?[Key] with Conditional.
	Index struct {
		Target, Key Expr
		Conditional bool
		Extent
	}
)

// HashEntry is one key = value of a hashtable literal.
type HashEntry struct {
	Key, Value Expr
}

func (*Constant) expr()      {}
func (*Variable) expr()      {}
func (*Expandable) expr()    {}
func (*Array) expr()         {}
func (*Hashtable) expr()     {}
func (*ScriptBlock) expr()   {}
func (*Paren) expr()         {}
func (*SubExpression) expr() {}
func (*TypeLiteral) expr()   {}
func (*Cast) expr()          {}
func (*Unary) expr()         {}
func (*Binary) expr()        {}
func (*Ternary) expr()       {}
func (*Member) expr()        {}
func (*Call) expr()          {}
func (*Index) expr()         {}
