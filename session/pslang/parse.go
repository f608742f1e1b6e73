package pslang

import "psdeck/session/pslang/syntax"

// Parse parses a line for what is run here and on servers without a language.
// Its error is an *Error: the first thing that is wrong with the line or,
// where nothing is, the first construct that is refused. In either case
// the whole tree is in Syntax.
func Parse(line string) (*Script, error) {
	full := syntax.Parse(line)
	if len(full.Errors) > 0 {
		return nil, wrong(full)
	}
	l := &lowering{line: line}
	s, err := l.root(full.Root)
	if err == nil {
		err = check(s)
	}
	if err != nil {
		err.Syntax = full
		return nil, err
	}
	s.Syntax = full
	return s, nil
}

// wrong makes the error of a line that is no PowerShell.
func wrong(full *syntax.Script) *Error {
	e := full.Errors[0]
	n := len(full.Input)
	return &Error{
		Extent: Extent{Start: min(e.Start, n), End: min(e.End, n)}, ID: e.ID, Msg: e.Message, Incomplete: e.Incomplete, Syntax: full,
	}
}

// BlockOf prepares the script block whose text, without braces, this is.
func BlockOf(text string, outer Scope) (*Block, error) {
	line := "{" + text + "}"
	full := syntax.Parse(line)
	if len(full.Errors) > 0 {
		return nil, wrong(full)
	}
	l := &lowering{line: line}
	s, err := l.root(full.Root)
	if err != nil {
		return nil, err
	}
	if len(s.Statements) == 1 && s.Statements[0].Pipeline != nil && len(s.Statements[0].Pipeline.Elements) == 1 {
		if sb, ok := s.Statements[0].Pipeline.Elements[0].Expr.(*ScriptBlock); ok && sb.End == len(line) {
			return NewBlock(sb, outer)
		}
	}
	// The text closes the block before its end.
	return nil, &Error{Extent: Extent{Start: 0, End: len(line)}, ID: "UnexpectedToken", Msg: "Unexpected token '}' in expression or statement.", Syntax: full}
}
