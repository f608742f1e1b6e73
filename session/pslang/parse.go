package pslang

import (
	"unicode/utf8"
)

// Parse parses a line. Its error is an *Error: the first thing that is wrong
// with the line or, where nothing is, the first construct that is refused.
func Parse(line string) (*Script, error) {
	p := &parser{src: line, end: len(line)}
	s, err := p.whole()
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Tokens lexes a line for highlighting. It takes wrong input too: what stands
// behind the first error is one UnknownToken.
func Tokens(line string) []Token {
	p := &parser{src: line, end: len(line), record: true}
	p.tokens = make([]Token, 0, len(line)/5+4)
	p.whole()
	last := 0
	if n := len(p.tokens); n > 0 {
		last = p.tokens[n-1].End
	}
	q := parser{src: line, pos: last, end: len(line)}
	for r := q.peek(); r != eof && (isSpace(r) || isNewline(r)); r = q.peek() {
		q.next()
	}
	if q.pos < len(line) {
		p.tokens = append(p.tokens, Token{UnknownToken, Extent{q.pos, len(line)}})
	}
	return p.tokens
}

func (p *parser) whole() (s *Script, err *Error) {
	defer p.stopped(&err)
	s = p.statements(eof)
	return s, check(s)
}

// onlyBlock parses text that is one script block.
func (p *parser) onlyBlock() (sb *ScriptBlock, err error) {
	var e *Error
	defer func() {
		if e != nil {
			err = e
		}
	}()
	defer p.stopped(&e)
	sb, _ = p.scriptBlock().(*ScriptBlock)
	if p.pos < p.end {
		p.unexpected()
	}
	return sb, nil
}

// stopped takes the error that a parser stopped with.
func (p *parser) stopped(err **Error) {
	if r := recover(); r != nil {
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		*err = e
	}
}

// statements reads statements up to the closing character, which stays.
func (p *parser) statements(closing rune) *Script {
	p.enter()
	defer p.leave()
	s := &Script{}
	for {
		p.skipSeparators()
		r := p.peek()
		if r == eof || r == closing {
			return s
		}
		if r == ')' || r == '}' {
			p.unexpected()
		}
		s.Statements = append(s.Statements, p.statement())
		p.skipSpace()
		switch r := p.peek(); {
		case r == eof, r == closing, r == ';', isNewline(r):
		case r == '&':
			if p.after() == '&' {
				p.refuseChain()
			}
			p.refuse(background, p.pos, p.pos+1)
		case p.has("||"):
			p.refuseChain()
		default:
			p.unexpected()
		}
	}
}

func (p *parser) refuseChain() {
	if end := p.pos + 2; p.onlySpaceAfter(end) {
		p.open("EmptyPipelineChainElement", end, end, "Expressions or pipelines are expected behind '"+p.src[p.pos:end]+"'.")
	}
	p.refuse(chain, p.pos, p.pos+2)
}

// statement reads a pipeline, or an assignment of one.
func (p *parser) statement() Statement {
	p.skipSpace()
	start := p.pos
	p.refuseStatement()
	el := p.element()
	name := ""
	if el.Expr != nil {
		p.skipSpace()
		if n := p.assignment(); n > 0 {
			name = p.assignTo(el.Expr, n)
			p.skipLines()
			if r := p.peek(); r == eof || r == ';' || r == ')' || r == '}' {
				p.want("ExpectedValueExpression", p.pos, p.pos, "You must provide a value expression following the '=' operator.")
			}
			p.refuseStatement()
			el = p.element()
			p.skipSpace()
			if el.Expr != nil && p.assignment() > 0 {
				p.assignTo(el.Expr, p.assignment())
				p.refuse(assignNested, start, p.pos)
			}
		}
	}
	pl := p.pipelineFrom(el)
	return Statement{Assign: name, Pipeline: pl, Extent: Extent{start, p.pos}}
}

// refuseStatement refuses what begins a statement that is no pipeline.
func (p *parser) refuseStatement() {
	p.refuseKeyword()
	if p.peek() == ':' && isIdentStart(p.after()) {
		p.refuse(labelled, p.pos, p.pos+1)
	}
}

// assignment tells the length of the assignment operator that stands here.
func (p *parser) assignment() int {
	switch r := p.peek(); {
	case r == '=':
		return 1
	case p.has("??="):
		return 3
	case r == '+' || r == '*' || r == '/' || r == '%' || isDash(r):
		if p.after() == '=' {
			return utf8.RuneLen(r) + 1
		}
	}
	return 0
}

// assignTo takes an assignment operator and returns the name of its target.
func (p *parser) assignTo(target Expr, n int) string {
	ext := target.Span()
	var name string
	switch t := target.(type) {
	case *Variable:
		if t.Splat {
			p.splatInExpression(t)
		}
		name = t.Name
	case *Member, *Index:
		p.refuse(assignMember, ext.Start, ext.End)
	case *Array:
		p.refuse(assignMany, ext.Start, ext.End)
	case *Cast:
		p.refuse(assignTyped, ext.Start, ext.End)
	default:
		p.fail("InvalidLeftHandSide", ext.Start, ext.End, "The assignment expression is not valid. The input to an assignment operator must be an object that is able to accept assignments, such as a variable or a property.")
	}
	if n > 1 {
		p.refuse(compound, p.pos, p.pos+n)
	}
	p.take(n, OperatorToken)
	return name
}

func (p *parser) splatInExpression(v *Variable) {
	p.fail("SplattingNotPermitted", v.Start, v.End, "The splatting operator '@' cannot be used to reference variables in an expression. '@"+v.Name+"' can be used only as an argument to a command. To reference variables in an expression use '$"+v.Name+"'.")
}

// pipelineFrom reads the rest of a pipeline after its first element.
func (p *parser) pipelineFrom(first Element) *Pipeline {
	pl := &Pipeline{Elements: []Element{first}}
	pl.Start = first.Span().Start
	for {
		p.skipSpace()
		if isNewline(p.peek()) && p.pipeOnNextLine() {
			p.skipLines()
		}
		switch r := p.peek(); {
		case r == '|' && p.after() != '|':
		case r == '>' || r == '<':
			p.refuse(redirection, p.pos, p.pos+1)
		default:
			pl.End = pl.Elements[len(pl.Elements)-1].Span().End
			return pl
		}
		bar := p.pos
		p.take(1, OperatorToken)
		p.skipLines()
		switch r := p.peek(); r {
		case eof, ';', ')', '}', '|':
			p.want("EmptyPipeElement", bar+1, bar+1, "An empty pipe element is not allowed.")
		}
		el := p.element()
		if el.Expr != nil {
			ext := el.Expr.Span()
			p.fail("ExpressionsMustBeFirstInPipeline", ext.Start, ext.End, "Expressions are only allowed as the first element of a pipeline.")
		}
		pl.Elements = append(pl.Elements, el)
	}
}

// pipeOnNextLine tells whether the next line goes on with a pipe.
func (p *parser) pipeOnNextLine() bool {
	q := parser{src: p.src, pos: p.pos, end: p.end}
	for q.peek() != eof {
		for isSpace(q.peek()) {
			q.next()
		}
		if !isNewline(q.peek()) {
			break
		}
		q.newline()
	}
	return q.peek() == '|' && q.after() != '|'
}

// Span returns the element's extent.
func (e Element) Span() Extent {
	if e.Command != nil {
		return e.Command.Extent
	}
	return e.Expr.Span()
}

// element reads a command or an expression.
func (p *parser) element() Element {
	r := p.peek()
	switch {
	case r == '&' && p.after() == '&', p.has("||"):
		p.unexpected()
	case r == '&':
		p.refuse(callOperator, p.pos, p.pos+1)
	case r == '|':
		p.fail("EmptyPipeElement", p.pos, p.pos+1, "An empty pipe element is not allowed.")
	case r == '.' && !wordAfterDot(p.after()) && p.after() != eof:
		p.refuse(dotSource, p.pos, p.pos+1)
	}
	if p.startsExpression() {
		e := p.expression()
		if v, ok := e.(*Variable); ok && v.Splat {
			p.splatInExpression(v)
		}
		return Element{Expr: e}
	}
	return Element{Command: p.command()}
}

func wordAfterDot(r rune) bool {
	return isIdent(r) || r == '.' || r == '\\' || r == '/' || r == '~' || r == '-' || r == '*'
}
