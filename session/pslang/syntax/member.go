package syntax

// postfix reads members, calls and indexes behind a value; t is the operator
// that stands there, nil for none.
func (p *parser) postfix(t *Token, e *Node) *Node {
	for ; t != nil; t = p.nextMemberAccess(true) {
		if p.depth++; p.depth > maxDepth { // each makes the tree deeper
			panic(tooComplicated{})
		}
		defer p.leave()
		p.skipNewlines()
		switch t.Kind {
		case Dot, ColonColon, QuestionDot:
			e = p.member(e, t)
		default:
			e = p.index(e, t)
		}
	}
	return e
}

// memberName reads the name behind the operator.
func (p *parser) memberName() *Node {
	if name, _ := p.simpleName(); name != nil {
		return name
	}
	if k := p.peekToken().Kind; k.has(UnaryOperator) || k == LBracket {
		return p.unary(false)
	}
	return p.primary(false)
}

func (p *parser) member(target *Node, t *Token) *Node {
	name := p.memberName()
	if name == nil {
		p.expected(after(t.Extent), "MissingPropertyName")
		if name = p.singleArgument(argumentContext); name == nil {
			name = p.node(ErrorExpressionAst, span(target.Extent, t.Extent))
		}
	} else if p.ungot == nil {
		if call := p.call(target, name, t); call != nil {
			return call
		}
	}
	n := p.node(MemberExpressionAst, span(target.Extent, name.Extent), as(TargetRole, target), as(MemberRole, name))
	n.Static, n.NullConditional, n.OpExtent = t.Kind == ColonColon, t.Kind == QuestionDot, t.Extent
	return n
}

// call reads the arguments of a method; nil where it is a property.
func (p *parser) call(target, name *Node, t *Token) *Node {
	restore := p.restorePoint()
	generic := p.methodTypes(restore)
	open := p.nextInvocation()
	if open == nil {
		if generic {
			p.resync(restore)
		}
		return nil
	}
	mark := len(p.stack)
	p.push(as(TargetRole, target))
	p.push(as(MemberRole, name))
	var end Extent
	if open.Kind == LParen {
		end = p.invocationArguments(open)
	} else {
		p.skipNewlines()
		block := as(ArgumentRole, p.scriptBlockExpression(open))
		p.push(block)
		end = block.Extent
	}
	n := p.nodeFrom(InvokeMemberExpressionAst, span(target.Extent, end), mark)
	n.Static, n.NullConditional, n.OpExtent = t.Kind == ColonColon, t.Kind == QuestionDot, t.Extent
	return n
}

// methodTypes reads [type, …] between a method's name and its arguments. It
// tells whether there were any; what else stands in brackets is left.
func (p *parser) methodTypes(restore int) bool {
	if p.nextToken().Kind != LBracket {
		p.resync(restore)
		return false
	}
	held := p.mode
	p.setMode(typeNameMode)
	p.skipNewlines()
	found := false
	if first := p.nextToken(); first.Kind == Identifier {
		found = true
		_, closing := p.genericArguments(first)
		if closing.Kind != RBracket {
			p.unget(closing)
			p.expected(p.before(closing.Extent), "EndSquareBracketExpectedAtEndOfType")
			found = false
		}
		p.setMode(held)
		return found
	}
	p.setMode(held)
	p.resync(restore)
	return false
}

// invocationArguments pushes the arguments of a call and gives the extent of
// what ends it.
func (p *parser) invocationArguments(open *Token) Extent {
	held := p.noComma
	p.noComma = true
	defer func() { p.noComma = held }()
	last := open.Extent
	reported := false
	var comma *Token
	for {
		p.skipNewlines()
		argument := as(ArgumentRole, p.expression(false))
		if argument == nil {
			if comma != nil {
				p.expected(after(comma.Extent), "MissingExpressionAfterToken", Comma.Text())
				reported = true
			}
			break
		}
		p.push(argument)
		last = argument.Extent
		p.skipNewlines()
		if comma = p.nextToken(); comma.Kind != Comma {
			p.unget(comma)
			comma = nil
			break
		}
	}
	p.skipNewlines()
	closing := p.nextToken()
	if closing.Kind == RParen {
		return closing.Extent
	}
	p.unget(closing)
	if !reported {
		p.expected(after(last), "MissingEndParenthesisInMethodCall")
	}
	if comma != nil {
		return comma.Extent
	}
	return last
}

// index reads [expression].
func (p *parser) index(target *Node, open *Token) *Node {
	p.skipNewlines()
	held := p.noComma
	p.noComma = false
	key := p.expression(false)
	p.noComma = held
	if key == nil {
		p.expected(after(open.Extent), "MissingArrayIndexExpression")
		key = p.node(ErrorExpressionAst, open.Extent)
	}
	p.skipNewlines()
	end := key.Extent
	if closing := p.nextToken(); closing.Kind == RBracket {
		end = closing.Extent
	} else {
		p.unget(closing)
		if key.Class != ErrorExpressionAst {
			p.expected(after(key.Extent), "MissingEndSquareBracket")
		}
	}
	n := p.node(IndexExpressionAst, span(target.Extent, end), as(TargetRole, target), as(KeyRole, key))
	n.NullConditional, n.OpExtent = open.Kind == QuestionLBracket, open.Extent
	return n
}
