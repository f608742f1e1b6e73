package syntax

// attributeList reads attributes and types in brackets. In an expression a
// line's end behind a type ends them.
func (p *parser) attributeList(inExpression bool) []*Node {
	mark := len(p.stack)
	for {
		a := p.attribute()
		if a == nil {
			break
		}
		p.push(a)
		if !inExpression || a.Class == AttributeAst {
			p.skipNewlines()
		}
	}
	list := p.keep(p.stack[mark:])
	p.stack = p.stack[:mark]
	return list
}

// attribute reads [name(…)] or [type]; nil where neither stands here.
func (p *parser) attribute() *Node {
	open := p.nextBracket()
	if open == nil {
		return nil
	}
	p.skipNewlines()
	name, first := p.typeName(true)
	if name == nil {
		p.resync(open.Start)
		p.expected(after(open.Extent), "MissingTypename")
		return nil
	}
	t := p.nextToken()
	if t.Kind == LParen {
		return p.attributeCall(open, t, name, first)
	}
	end := t.Extent
	if t.Kind != RBracket {
		p.unget(t)
		p.report(p.before(t.Extent), "EndSquareBracketExpectedAtEndOfAttribute")
		end = name.Extent
	}
	return p.typeNode(TypeConstraintAst, span(open.Extent, end), name)
}

// attributeCall reads the arguments of an attribute and its end.
func (p *parser) attributeCall(open, paren *Token, name *typeName, first *Token) *Node {
	p.skipNewlines()
	mark := len(p.stack)
	held := p.mode
	p.setMode(expressionMode)
	end := p.attributeArguments(paren.Extent)
	p.setMode(held)
	p.skipNewlines()
	closed := p.nextToken()
	if closed.Kind == RParen {
		end = closed.Extent
	} else {
		p.unget(closed)
		p.expected(after(end), "MissingEndParenthesisInExpression")
	}
	p.skipNewlines()
	if t := p.nextToken(); t.Kind == RBracket {
		end = t.Extent
	} else {
		p.unget(t)
		if closed.Kind == RParen {
			p.expected(after(end), "EndSquareBracketExpectedAtEndOfAttribute")
		}
	}
	first.Flags |= AttributeName
	// Positional arguments are visited before named ones.
	var sorted []*Node
	for _, named := range [...]bool{false, true} {
		for _, n := range p.stack[mark:] {
			if (n.Class == NamedAttributeArgumentAst) == named {
				sorted = append(sorted, n)
			}
		}
	}
	p.stack = p.stack[:mark]
	n := p.typeNode(AttributeAst, span(open.Extent, end), name)
	n.Children = sorted
	return n
}

// attributeArguments pushes arguments and gives the extent of the last thing read.
func (p *parser) attributeArguments(last Extent) Extent {
	comma := p.noComma
	p.noComma = true
	defer func() { p.noComma = comma }()
	var separator *Token
	var seen []string
	for {
		p.skipNewlines()
		if name, _ := p.simpleName(); name != nil {
			last = p.namedArgument(name, last, &seen)
		} else if value := p.expression(false); value != nil {
			p.push(value)
			last = value.Extent
		} else if separator != nil {
			last = after(separator.Extent)
			p.expected(last, "MissingExpressionAfterToken", separator.Kind.Text())
			p.push(p.node(ErrorExpressionAst, last))
		}
		p.skipNewlines()
		if separator = p.peekToken(); separator.Kind != Comma {
			return last
		}
		last = separator.Extent
		p.skipToken()
	}
}

// namedArgument reads "name = value", or a name alone, which means $true.
func (p *parser) namedArgument(name *Node, last Extent, seen *[]string) Extent {
	var value *Node
	omitted := false
	if equals := p.peekToken(); equals.Kind == Equals {
		p.skipToken()
		p.skipNewlines()
		if value = p.expression(false); value == nil {
			at := after(equals.Extent)
			p.expected(at, "MissingExpressionInNamedArgument")
			value = p.node(ErrorExpressionAst, at)
			p.syncOnError(true, Comma, RParen, RBracket, NewLine)
		}
		last = value.Extent
	} else {
		value = p.node(ConstantExpressionAst, name.Extent)
		value.Value = boolValue(true)
		omitted = true
	}
	for _, s := range *seen {
		if s == name.Text {
			p.report(name.Extent, "DuplicateNamedArgument", name.Text)
			return last
		}
	}
	*seen = append(*seen, name.Text)
	n := p.node(NamedAttributeArgumentAst, span(name.Extent, value.Extent), as(ValueRole, value))
	n.Text = name.Text
	if omitted {
		n.Flag |= ExpressionOmitted
	}
	p.push(n)
	return last
}
