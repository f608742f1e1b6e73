package syntax

// primary reads a value: a literal, a variable, or what brackets hold, and
// with access what is asked of it.
func (p *parser) primary(access bool) *Node {
	t := p.nextToken()
	var e *Node
	switch t.Kind {
	case SplattedVariable, Variable:
		e = p.usingVariable(t, access)
	case Number:
		e = p.node(ConstantExpressionAst, t.Extent)
		e.Value = t.Number
	case HereStringExpandable:
		e = p.expandable(t, DoubleQuotedHereString)
	case StringExpandable:
		e = p.expandable(t, DoubleQuoted)
	case HereStringLiteral:
		e = p.stringNode(t.Extent, t.Value, SingleQuotedHereString)
	case StringLiteral:
		e = p.stringNode(t.Extent, t.Value, SingleQuoted)
	case LParen:
		e = p.paren(t)
	case AtParen, DollarParen:
		e = p.subExpression(t)
	case AtCurly:
		e = p.hashtable(t)
	case LCurly:
		e = p.scriptBlockExpression(t)
	default:
		p.unget(t)
		return nil
	}
	if !access {
		return e
	}
	return p.postfix(p.nextMemberAccess(true), e)
}

func (p *parser) variable(t *Token) *Node {
	n := p.node(VariableExpressionAst, t.Extent)
	n.Text, n.Splatted = t.Name, t.Kind == SplattedVariable
	return n
}

// usingVariable reads $using:x, whose members belong to what is used.
func (p *parser) usingVariable(t *Token, access bool) *Node {
	path := splitVariable(t.Name)
	if !equalFold(path.drive, "using") || path.name == "" {
		return p.variable(t)
	}
	x := p.variable(t)
	x.Text = path.name
	if access {
		x = p.postfix(p.nextMemberAccess(true), x)
	}
	return p.node(UsingExpressionAst, x.Extent, x)
}

// expandable makes a string of a token, with what is nested in it.
func (p *parser) expandable(t *Token, kind StringType) *Node {
	if t.parts == nil {
		return p.stringNode(t.Extent, t.Value, kind)
	}
	mark := len(p.stack)
	t.Nested = t.Nested[:0]
	for i := range t.parts {
		part := &t.parts[i]
		if part.variable != nil {
			p.push(p.usingVariable(part.variable, false))
			t.Nested = append(t.Nested, part.variable)
			continue
		}
		e, tokens := p.nestedExpression(part)
		p.push(e)
		t.Nested = append(t.Nested, tokens...)
	}
	n := p.nodeFrom(ExpandableStringExpressionAst, t.Extent, mark)
	n.Text, n.StringType, n.token = t.Value, kind, t
	return n
}

// nestedExpression reads the text of a subexpression within a string.
func (p *parser) nestedExpression(part *nested) (*Node, []*Token) {
	p.enter()
	defer p.leave()
	held := p.lexer
	p.src, p.pos, p.start, p.base, p.skips = part.text, 0, 0, part.at, part.skips
	p.tokens = nil
	e := p.primary(true)
	tokens := p.tokens
	p.ungot = nil
	p.src, p.pos, p.start, p.base, p.skips, p.tokens = held.src, held.pos, held.start, held.base, held.skips, held.tokens
	return e, tokens
}

// subExpression reads $(…) or @(…).
func (p *parser) subExpression(open *Token) *Node {
	comma, held := p.noComma, p.mode
	p.noComma = false
	p.setMode(commandMode)
	p.skipNewlines()
	mark := len(p.stack)
	inner := p.statementList()
	body := p.statements(StatementBlockAst, inner, mark)
	p.skipNewlines()
	closing := p.nextToken()
	end := closing.Extent
	if closing.Kind != RParen {
		p.unget(closing)
		p.expected(closing.Extent, "MissingEndParenthesisInSubexpression")
		if end = inner; inner == (Extent{}) {
			end = open.Extent
		}
	}
	p.noComma = comma
	p.setMode(held)
	class := SubExpressionAst
	if open.Kind == AtParen {
		class = ArrayExpressionAst
	}
	return p.node(class, span(open.Extent, end), as(BodyRole, body))
}

// paren reads (…).
func (p *parser) paren(open *Token) *Node {
	comma, held := p.noComma, p.mode
	p.setMode(commandMode)
	p.noComma = false
	p.skipNewlines()
	inner := p.pipelineChain()
	if inner == nil {
		at := after(open.Extent)
		p.expected(at, "ExpectedExpression")
		inner = p.failed(at)
	}
	p.skipNewlines()
	closing := p.nextToken()
	end := closing.Extent
	if closing.Kind != RParen {
		p.unget(closing)
		end = inner.Extent
		p.expected(after(end), "MissingEndParenthesisInExpression")
	}
	p.noComma = comma
	p.setMode(held)
	return p.node(ParenExpressionAst, span(open.Extent, end), as(CommandsRole, inner))
}

func (p *parser) scriptBlockExpression(open *Token) *Node {
	comma, held := p.noComma, p.mode
	p.noComma = false
	p.setMode(commandMode)
	p.skipNewlines()
	block := p.scriptBlock(open, nil)
	p.noComma = comma
	p.setMode(held)
	n := p.node(ScriptBlockExpressionAst, block.Extent, as(BodyRole, block))
	if text := p.textOf(block.Extent); block.Flag&Unclosed == 0 && len(text) >= 2 {
		n.Text = text[1 : len(text)-1]
	}
	n.Flag = block.Flag
	return n
}

// hashtable reads @{…}.
func (p *parser) hashtable(open *Token) *Node {
	p.skipNewlines()
	mark := len(p.stack)
	for p.hashEntry() {
		if k := p.peekToken().Kind; k != NewLine && k != Semi {
			break
		}
		p.skipSeparators()
	}
	closing := p.nextToken()
	end := closing.Extent
	if closing.Kind != RCurly {
		p.unget(closing)
		end = p.before(closing.Extent)
		p.expectedAt(after(open.Extent), closing.Extent, "MissingEndCurlyBrace")
	}
	return p.nodeFrom(HashtableAst, span(open.Extent, end), mark)
}

// hashEntry pushes a key and its value.
func (p *parser) hashEntry() bool {
	held := p.mode
	p.setMode(expressionMode)
	key := as(KeyRole, p.labelOrKey())
	if key == nil {
		p.setMode(held)
		return false
	}
	equals := p.nextToken()
	p.setMode(held)
	p.push(key)
	if equals.Kind != Equals {
		p.unget(equals)
		at := after(key.Extent)
		p.report(at, "MissingEqualsInHashLiteral")
		p.syncOnError(false, RCurly, Semi, NewLine)
		p.push(as(ValueRole, p.failed(at)))
		return true
	}
	p.setMode(commandMode)
	p.skipNewlines()
	value := p.statement()
	if value == nil {
		at := after(equals.Extent)
		p.expected(at, "MissingStatementInHashLiteral")
		value = p.failed(at)
	}
	p.setMode(held)
	p.push(as(ValueRole, value))
	return true
}
