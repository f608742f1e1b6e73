package pslang

import (
	"strings"

	"psdeck/session/clixml"
)

// postfix reads member accesses and indexes that follow e without a space.
func (p *parser) postfix(e Expr, inCommand bool) Expr {
	for {
		start := e.Span().Start
		switch r := p.peek(); {
		case r == '.' && p.after() != '.':
			p.take(1, OperatorToken)
			e = p.member(&Member{Target: e}, start)
		case r == ':' && p.after() == ':':
			p.take(2, OperatorToken)
			e = p.member(&Member{Target: e, Static: true}, start)
		case r == '[':
			e = p.index(&Index{Target: e}, start)
		case r == '?' && p.after() == '.':
			p.take(2, OperatorToken)
			e = p.member(&Member{Target: e, Conditional: true}, start)
		case r == '?' && p.after() == '[':
			p.take(1, OperatorToken)
			e = p.index(&Index{Target: e, Conditional: true}, start)
		case !inCommand && (r == '+' && p.after() == '+' || isDash(r) && isDash(p.after())):
			switch e.(type) {
			case *Variable, *Member, *Index:
				p.refuse(increment, p.pos, p.pos+2)
			}
			p.fail("OperatorRequiresVariableOrProperty", start, e.Span().End, "The operator works only on variables or on properties.")
		default:
			return e
		}
	}
}

func (p *parser) member(m *Member, start int) Expr {
	m.Name = p.memberName()
	m.Extent = Extent{start, p.pos}
	if p.peek() != '(' {
		return m
	}
	call := &Call{Member: m, Args: p.callArguments()}
	call.Extent = Extent{start, p.pos}
	return call
}

func (p *parser) memberName() Expr {
	start := p.pos
	r := p.peek()
	if w := p.word(); w != "" && !isDigit(r) {
		p.take(len(w), MemberToken)
		return &Constant{Value: clixml.Str(w), Kind: BareWord, Text: w, Extent: Extent{start, p.pos}}
	}
	if isSingleQuote(r) || isDoubleQuote(r) || r == '(' || r == '$' || isDigit(r) {
		if e := p.primary(); e != nil {
			return e
		}
	}
	p.want("MissingPropertyName", start, start, "Missing property name after reference operator.")
	return nil
}

func (p *parser) callArguments() []Expr {
	p.take(1, GroupToken)
	p.skipLines()
	var args []Expr
	for p.peek() != ')' {
		if !p.startsExpression() {
			p.want("MissingEndParenthesisInMethodCall", p.pos, p.pos, "Missing ')' in method call.")
		}
		args = append(args, p.binary(1, false))
		p.skipLines()
		if p.peek() != ',' {
			break
		}
		p.take(1, OperatorToken)
		comma := p.pos
		p.skipLines()
		if !p.startsExpression() {
			p.want("MissingExpressionAfterToken", comma, comma, "Missing expression after ','.")
		}
	}
	if p.peek() != ')' {
		p.want("MissingEndParenthesisInMethodCall", p.pos, p.pos, "Missing ')' in method call.")
	}
	p.take(1, GroupToken)
	return args
}

func (p *parser) index(x *Index, start int) Expr {
	p.take(1, GroupToken)
	at := p.pos
	p.skipLines()
	if !p.startsExpression() {
		p.want("MissingArrayIndexExpression", at, at, "Array index expression is missing or not valid.")
	}
	x.Key = p.expression()
	p.skipLines()
	if p.peek() != ']' {
		p.want("MissingEndSquareBracket", p.pos, p.pos, "Missing ']' after array index expression.")
	}
	p.take(1, GroupToken)
	x.Extent = Extent{start, p.pos}
	return x
}

// typed reads [Name], and the value behind it where it is a cast.
func (p *parser) typed() Expr {
	start := p.pos
	p.take(1, GroupToken)
	name := p.typeName(start)
	t := &TypeLiteral{Name: name, Extent: Extent{start, p.pos}}
	if r := p.peek(); r == '.' && isIdentStart(p.after()) || p.has("::") {
		return p.postfix(t, false)
	}
	end := p.pos
	p.skipSpace()
	if !p.startsExpression() || p.peek() == ',' || p.peek() == '+' || p.binaryHere() {
		p.pos = end
		return t
	}
	x := p.unary()
	return &Cast{Type: name, X: x, Extent: Extent{start, x.Span().End}}
}

// binaryHere tells that what follows a type is an operator between two values.
func (p *parser) binaryHere() bool {
	_, prec, _ := p.binaryOperator()
	return prec > 0 && !(isDash(p.peek()) && isDigit(p.after()))
}

func (p *parser) typeName(start int) string {
	first := p.pos
	open := 1
	for ; ; p.next() {
		r := p.peek()
		switch {
		case r == '[':
			open++
		case r == ']':
			open--
		case r == '(' || r == '=':
			p.refuse(attribute, start, p.pos)
		case r != ',' && r != '.' && r != '+' && r != '`' && r != '*' && r != '&' && !isSpace(r) && !isIdent(r):
			if p.pos == first {
				p.fail("MissingTypename", p.pos, p.pos, "Missing type name after '['.")
			}
			p.fail("EndSquareBracketExpectedAtEndOfAttribute", p.pos, p.pos, "Missing ] at end of attribute or type literal.")
		}
		if open > 0 {
			continue
		}
		name := strings.TrimSpace(p.src[first:p.pos])
		if name == "" {
			p.fail("MissingTypename", p.pos, p.pos, "Missing type name after '['.")
		}
		p.token(TypeToken, first)
		p.take(1, GroupToken)
		return name
	}
}
