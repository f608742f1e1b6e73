package pslang

// TokenKind tells what a token is, coarsely enough to colour it.
type TokenKind uint8

// The kinds of tokens.
const (
	UnknownToken   TokenKind = iota // text after the place where lexing stopped
	CommandToken                    // a command's name
	ParameterToken                  // -Name or -Name:
	WordToken                       // a bare word
	StringToken                     // a quoted string or here-string
	NumberToken
	VariableToken
	OperatorToken // -eq, +, |, ;, =, …
	KeywordToken
	MemberToken // a property's or method's name, a key of a hashtable
	TypeToken   // the name inside [ ]
	GroupToken  // ( ) { } [ ] @( @{ $(
	CommentToken
	NewlineToken // a line break or ;
)

// Token is a piece of the line.
type Token struct {
	Kind TokenKind
	Extent
}
