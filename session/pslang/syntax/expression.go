package syntax

// expression reads an expression; nil where none stands here. Ternary tells
// that an expression must follow, so that a number ends at ? and :.
func (p *parser) expression(ternary bool) *Node {
	p.enter()
	defer p.leave()
	held := p.mode
	p.setMode(expressionMode)
	defer func() { p.setMode(held) }()
	condition := p.binary(ternary)
	if condition == nil {
		return nil
	}
	t := p.peekToken()
	if t.Kind != QuestionMark {
		return condition
	}
	p.skipToken()
	p.skipNewlines()
	yes := p.operand(t)
	p.skipNewlines()
	colon := p.nextToken()
	if colon.Kind != Colon {
		p.unget(colon)
		ext := span(condition.Extent, p.before(colon.Extent))
		if yes.Class == ErrorExpressionAst {
			return p.node(ErrorExpressionAst, ext, condition)
		}
		p.expected(colon.Extent, "MissingColonInTernaryExpression")
		return p.node(ErrorExpressionAst, ext, condition, yes)
	}
	p.skipNewlines()
	no := p.operand(colon)
	return p.node(TernaryExpressionAst, span(condition.Extent, no.Extent), as(ConditionRole, condition), as(BodyRole, yes), as(ElseRole, no))
}

// operand reads the expression behind ? or :, or stands for it.
func (p *parser) operand(t *Token) *Node {
	if e := p.expression(true); e != nil {
		return e
	}
	at := after(t.Extent)
	p.expected(at, "ExpectedValueExpression", t.Text)
	return p.node(ErrorExpressionAst, at)
}

// binary reads operators and their operands.
func (p *parser) binary(ternary bool) *Node {
	p.enter()
	defer p.leave()
	held := p.mode
	p.setMode(expressionMode)
	defer func() { p.setMode(held) }()
	left := p.arrayLiteral(ternary)
	if left == nil {
		return nil
	}
	t := p.peekToken()
	if t.Kind.has(BinaryOperator) {
		left = p.operators(left, 0)
		t = p.peekToken()
	}
	if t.Kind == Parameter {
		return p.unknownOperator(t, left)
	}
	return left
}

// operators reads the operators that bind at least as tightly as the lowest
// one asked for; those alike bind to the left.
func (p *parser) operators(left *Node, lowest Flags) *Node {
	for {
		t := p.peekToken()
		if !t.Kind.has(BinaryOperator) || t.Kind.precedence() < lowest {
			return left
		}
		p.skipToken()
		p.skipNewlines()
		right := p.arrayLiteral(true)
		if right == nil {
			at := after(t.Extent)
			p.expected(at, "ExpectedValueExpression", t.Text)
			right = p.node(ErrorExpressionAst, at)
		}
		if next := p.peekToken(); next.Kind.has(BinaryOperator) && next.Kind.precedence() > t.Kind.precedence() {
			right = p.operators(right, t.Kind.precedence()+1)
		}
		n := p.node(BinaryExpressionAst, span(left.Extent, right.Extent), left, right)
		n.Op, n.OpExtent = t.Kind, t.Extent
		left = n
	}
}

// unknownOperator takes what looks like a parameter behind an expression: it
// is an operator that is not known or not finished.
func (p *parser) unknownOperator(t *Token, left *Node) *Node {
	p.report(t.Extent, "UnexpectedToken", t.Text)
	p.skipToken()
	parameter := p.node(CommandParameterAst, t.Extent)
	parameter.Text = t.Name
	return p.node(ErrorExpressionAst, span(left.Extent, t.Extent), left, parameter)
}

// arrayLiteral reads operands with commas between.
func (p *parser) arrayLiteral(ternary bool) *Node {
	first := p.unary(ternary)
	if first == nil {
		return nil
	}
	if p.noComma || p.peekToken().Kind != Comma {
		return first
	}
	mark := len(p.stack)
	p.push(first)
	last := first.Extent
	for t := p.peekToken(); t.Kind == Comma; t = p.peekToken() {
		p.skipToken()
		p.skipNewlines()
		item := p.unary(true)
		if item == nil {
			p.expected(after(t.Extent), "MissingExpressionAfterToken", t.Text)
			p.push(p.node(ErrorExpressionAst, t.Extent))
			last = t.Extent
			break
		}
		p.push(item)
		last = item.Extent
	}
	return p.nodeFrom(ArrayLiteralAst, span(first.Extent, last), mark)
}

// unary reads an operand with the operators and types before it.
func (p *parser) unary(ternary bool) *Node {
	p.enter()
	defer p.leave()
	t := p.operandToken(ternary)
	var e *Node
	switch {
	case t.Kind.has(UnaryOperator):
		if p.noComma && t.Kind == Comma {
			return nil
		}
		p.skipToken()
		p.skipNewlines()
		x := p.unary(true)
		if x == nil {
			p.expected(after(t.Extent), "MissingExpressionAfterOperator", t.Text)
			return p.node(ErrorExpressionAst, t.Extent)
		}
		if t.Kind == Comma {
			e = p.node(ArrayLiteralAst, span(t.Extent, x.Extent), x)
		} else {
			e = p.unaryNode(t.Kind, span(t.Extent, x.Extent), x)
		}
	case t.Kind == LBracket:
		if e = p.typed(t); e == nil {
			return nil
		}
		if e.Class == ErrorExpressionAst {
			return e
		}
	default:
		if e = p.primary(true); e == nil {
			return nil
		}
	}
	switch t := p.peekToken(); t.Kind {
	case PlusPlus:
		p.skipToken()
		e = p.unaryNode(PostfixPlusPlus, span(e.Extent, t.Extent), e)
	case MinusMinus:
		p.skipToken()
		e = p.unaryNode(PostfixMinusMinus, span(e.Extent, t.Extent), e)
	}
	return e
}

func (p *parser) unaryNode(op Kind, ext Extent, x *Node) *Node {
	n := p.node(UnaryExpressionAst, ext, x)
	n.Op = op
	return n
}

// operandToken looks at the next token as one that begins an operand: a sign
// belongs to the number behind it.
func (p *parser) operandToken(ternary bool) *Token {
	signed, held := p.signedNumbers, p.ternaryNumbers
	p.signedNumbers, p.ternaryNumbers = true, ternary
	if t := p.ungot; t != nil && (t.Kind == Minus || ternary && t.Kind == Generic) {
		p.resync(t.Start)
	}
	t := p.peekToken()
	p.signedNumbers, p.ternaryNumbers = signed, held
	return t
}

// typed reads what begins with a bracket: a type, a cast, or attributes of a variable.
func (p *parser) typed(open *Token) *Node {
	list := p.attributeList(true)
	if len(list) == 0 {
		return nil
	}
	last := list[len(list)-1]
	var e *Node
	if last.Class == AttributeAst {
		p.skipNewlines()
		x := p.unary(true)
		if x == nil {
			p.expected(last.Extent, "UnexpectedAttribute", last.Text)
			return p.node(ErrorExpressionAst, span(open.Extent, last.Extent))
		}
		e = p.attributed(last, x)
	} else {
		e = p.typeOrCast(last)
	}
	for i := len(list) - 2; i >= 0; i-- {
		e = p.attributed(list[i], e)
	}
	return e
}

// attributed puts an attribute or a type before an expression.
func (p *parser) attributed(a, x *Node) *Node {
	class := AttributedExpressionAst
	if a.Class == TypeConstraintAst {
		class = ConvertExpressionAst
	}
	return p.node(class, span(a.Extent, x.Extent), as(TypeRole, a), as(ValueRole, x))
}

func (p *parser) typeOrCast(typ *Node) *Node {
	if t := p.nextMemberAccess(false); t != nil {
		return p.postfix(t, p.typeNode(TypeExpressionAst, typ.Extent, typ.names))
	}
	if k := p.peekToken().Kind; k != NewLine && k != Comma {
		if x := p.unary(true); x != nil {
			return p.attributed(typ, x)
		}
	}
	return p.typeNode(TypeExpressionAst, typ.Extent, typ.names)
}
