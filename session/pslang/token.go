package pslang

import (
	"slices"

	"psdeck/session/pslang/syntax"
)

// TokenKind tells what a token is, coarsely enough to colour it.
type TokenKind uint8

// The kinds of tokens.
const (
	UnknownToken   TokenKind = iota // what is no token, or stands behind the place where reading stopped
	CommandToken                    // a command's name
	ParameterToken                  // -Name or -Name:
	WordToken                       // a bare word
	StringToken                     // a quoted string or here-string
	NumberToken
	VariableToken
	OperatorToken // -eq, +, |, =, …
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

// Reading is what an editor shows of a line: it is right as far as it goes
// for lines that are wrong or not finished.
type Reading struct {
	// Tokens are in order and do not overlap; a string in double quotes is cut
	// where variables and subexpressions stand in it.
	Tokens []Token
	// Errors are the places to underline; none where the line only lacks its end.
	Errors []Extent
	// Incomplete tells a line that is right but not finished.
	Incomplete bool

	pairs []pair
	// most lines have no more brackets than these; a line is read at each key.
	firstPairs [8]pair
	firstOpen  [8]openBracket
}

// pair is a bracket and the one that closes it.
type pair struct {
	open, close Extent
}

// Read reads a line for showing it.
func Read(line string) *Reading {
	full := syntax.Parse(line)
	r := &Reading{Incomplete: len(full.Errors) > 0 && full.Errors[0].Incomplete}
	r.Tokens = make([]Token, 0, len(full.Tokens)+8)
	r.pairs = r.firstPairs[:0]
	r.add(full.Tokens, r.firstOpen[:0])
	if n := len(full.Errors); n > 0 && full.Errors[n-1].ID == "ScriptTooComplicated" {
		end := 0
		if k := len(r.Tokens); k > 0 {
			end = r.Tokens[k-1].End
		}
		r.Tokens = append(r.Tokens, Token{UnknownToken, Extent{Start: end, End: len(line)}})
	}
	if !r.Incomplete {
		for _, e := range full.Errors {
			if at := shown(e.Extent, len(line)); !slices.Contains(r.Errors, at) {
				r.Errors = append(r.Errors, at)
			}
		}
	}
	return r
}

// shown makes an error's place one that can be seen: within the line, and of
// a character at least.
func shown(e Extent, length int) Extent {
	e.End = min(e.End, length)
	e.Start = min(e.Start, e.End)
	if e.Start == e.End && e.Start > 0 {
		e.Start--
	}
	return e
}

// Tokens lexes a line for highlighting. It takes wrong input too.
func Tokens(line string) []Token { return Read(line).Tokens }

// Matching gives the bracket that stands at an offset, or just before it, and
// its partner.
func Matching(line string, offset int) (at, partner Extent, ok bool) {
	return Read(line).Matching(offset)
}

// Matching gives the bracket that stands at an offset, or just before it, and
// its partner.
func (r *Reading) Matching(offset int) (at, partner Extent, ok bool) {
	for _, before := range [...]bool{false, true} {
		for _, p := range r.pairs {
			for _, x := range [...][2]Extent{{p.open, p.close}, {p.close, p.open}} {
				if !before && x[0].Start <= offset && offset < x[0].End || before && x[0].End == offset {
					return x[0], x[1], true
				}
			}
		}
	}
	return Extent{}, Extent{}, false
}

type openBracket struct {
	closing syntax.Kind
	Extent
}

// add adds tokens behind brackets that are open, and returns those that are then.
func (r *Reading) add(tokens []*syntax.Token, open []openBracket) []openBracket {
	for _, t := range tokens {
		if t.Kind == syntax.EndOfInput || t.End == t.Start {
			continue
		}
		open = r.bracket(t, open)
		kind := colour(t)
		at := t.Start
		for i := range t.Nested {
			inner := t.Nested[i]
			if inner.Kind == syntax.EndOfInput || inner.Start < at {
				continue
			}
			if inner.Start > at {
				r.Tokens = append(r.Tokens, Token{kind, Extent{Start: at, End: inner.Start}})
			}
			open = r.add(t.Nested[i:i+1], open)
			at = inner.End
		}
		if at < t.End {
			r.Tokens = append(r.Tokens, Token{kind, Extent{Start: at, End: t.End}})
		}
	}
	return open
}

var closingOf = map[syntax.Kind]syntax.Kind{
	syntax.LParen: syntax.RParen, syntax.DollarParen: syntax.RParen, syntax.AtParen: syntax.RParen, syntax.LCurly: syntax.RCurly,
	syntax.AtCurly: syntax.RCurly, syntax.LBracket: syntax.RBracket, syntax.QuestionLBracket: syntax.RBracket,
}

// bracket notes an opening bracket, or the pair that a closing one makes.
func (r *Reading) bracket(t *syntax.Token, open []openBracket) []openBracket {
	if c, ok := closingOf[t.Kind]; ok {
		return append(open, openBracket{c, t.Extent})
	}
	if n := len(open); n > 0 && open[n-1].closing == t.Kind {
		r.pairs = append(r.pairs, pair{open[n-1].Extent, t.Extent})
		return open[:n-1]
	}
	return open
}

// colour tells the kind to show a token as.
func colour(t *syntax.Token) TokenKind {
	switch {
	case t.Flags&syntax.CommandName != 0:
		return CommandToken
	case t.Flags&syntax.TypeName != 0:
		return TypeToken
	case t.Flags&syntax.MemberName != 0:
		return MemberToken
	case t.Flags&syntax.Keyword != 0:
		return KeywordToken
	}
	switch t.Kind {
	case syntax.Unknown:
		return UnknownToken
	case syntax.Variable, syntax.SplattedVariable:
		return VariableToken
	case syntax.Parameter:
		return ParameterToken
	case syntax.Number:
		return NumberToken
	case syntax.Label:
		return KeywordToken
	case syntax.Identifier, syntax.Generic:
		return WordToken
	case syntax.NewLine, syntax.LineContinuation, syntax.Semi:
		return NewlineToken
	case syntax.Comment:
		return CommentToken
	case syntax.StringLiteral, syntax.StringExpandable, syntax.HereStringLiteral, syntax.HereStringExpandable:
		return StringToken
	case syntax.LParen, syntax.RParen, syntax.LCurly, syntax.RCurly, syntax.LBracket, syntax.RBracket, syntax.AtParen, syntax.AtCurly,
		syntax.DollarParen, syntax.QuestionLBracket:
		return GroupToken
	}
	return OperatorToken
}
