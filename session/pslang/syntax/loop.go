package syntax

// failed makes the statement that stands for one which could not be read.
func (p *parser) failed(ext Extent, children ...*Node) *Node {
	return p.node(ErrorStatementAst, ext, children...)
}

func startOf(label, t *Token) Extent {
	if label != nil {
		return label.Extent
	}
	return t.Extent
}

func labelText(label *Token) string {
	if label == nil {
		return ""
	}
	return label.Name
}

func (p *parser) loop(label, t *Token) *Node {
	var n *Node
	switch t.Kind {
	case Foreach:
		n = p.foreach(label, t)
	case For:
		n = p.forLoop(label, t)
	case While:
		n = p.while(label, t)
	default:
		n = p.doLoop(label, t)
	}
	if n.Class != ErrorStatementAst {
		n.Text = labelText(label)
	}
	return n
}

// ifStatement reads if, elseif and else.
func (p *parser) ifStatement(first *Token) *Node {
	mark := len(p.stack)
	keyword := first
	var end Extent
	for {
		stopAt, ok := p.ifClause(first, keyword)
		if !ok {
			return p.nodeFrom(ErrorStatementAst, stopAt, mark)
		}
		end = stopAt
		restore := 0
		if p.ungot != nil {
			restore = p.ungot.Start
		} else {
			restore = p.restorePoint()
		}
		p.skipNewlines()
		keyword = p.peekToken()
		switch keyword.Kind {
		case ElseIf:
			p.skipToken()
			continue
		case Else:
			p.skipToken()
			p.skipNewlines()
			body := p.statementBlock()
			if body == nil {
				p.expected(after(keyword.Extent), "MissingStatementBlockAfterElse")
				return p.nodeFrom(ErrorStatementAst, span(first.Extent, keyword.Extent), mark)
			}
			p.push(as(ElseRole, body))
			end = body.Extent
		default:
			p.resync(restore)
		}
		return p.nodeFrom(IfStatementAst, span(first.Extent, end), mark)
	}
}

// ifClause pushes a condition and its block and gives the block's extent, or
// with false the extent of a statement that ends here.
func (p *parser) ifClause(first, keyword *Token) (Extent, bool) {
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LParen {
		p.unget(open)
		p.expected(after(keyword.Extent), "MissingOpenParenthesisInIfStatement", keyword.Text)
		return span(first.Extent, keyword.Extent), false
	}
	p.skipNewlines()
	condition := p.pipelineChain()
	if condition == nil {
		p.expected(after(open.Extent), "IfStatementMissingCondition", keyword.Text)
	}
	p.skipNewlines()
	p.push(as(ConditionRole, condition))
	closing := p.nextToken()
	if closing.Kind != RParen {
		p.unget(closing)
		if condition != nil && condition.Class != ErrorStatementAst {
			p.expected(closing.Extent, "MissingEndParenthesisAfterStatement", keyword.Text)
		}
		return span(first.Extent, p.before(closing.Extent)), false
	}
	p.skipNewlines()
	body := p.statementBlock()
	if body != nil && condition == nil {
		p.push(as(ConditionRole, p.failed(after(open.Extent))))
	}
	if body == nil {
		p.expected(closing.Extent, "MissingStatementBlock", keyword.Text)
		return span(first.Extent, closing.Extent), false
	}
	p.push(as(BodyRole, body))
	return body.Extent, true
}

func (p *parser) foreach(label, t *Token) *Node {
	start := startOf(label, t)
	p.skipNewlines()
	flag, limit := p.foreachParameters()
	open := p.nextToken()
	if open.Kind != LParen {
		p.unget(open)
		p.expected(after(t.Extent), "MissingOpenParenthesisAfterKeyword", t.Kind.Text())
		return p.failed(span(start, t.Extent))
	}
	p.skipNewlines()
	v := p.nextToken()
	if v.Kind != Variable && v.Kind != SplattedVariable {
		p.unget(v)
		p.expected(after(open.Extent), "MissingVariableNameAfterForeach")
		return p.failed(span(start, open.Extent))
	}
	variable := as(VariableRole, p.variable(v))
	p.skipNewlines()
	in := p.nextToken()
	if in.Kind != In {
		p.unget(in)
		p.expected(after(variable.Extent), "MissingInInForeach")
		return p.failed(span(start, variable.Extent), variable)
	}
	p.skipNewlines()
	items := as(ConditionRole, p.pipelineChain())
	if items == nil {
		p.expected(after(in.Extent), "MissingForeachExpression")
		return p.failed(span(start, in.Extent), variable)
	}
	p.skipNewlines()
	closing := p.nextToken()
	if closing.Kind != RParen {
		p.unget(closing)
		p.expected(after(items.Extent), "MissingEndParenthesisAfterForeach")
		return p.failed(span(start, items.Extent), variable, items)
	}
	body := as(BodyRole, p.statementBlock())
	if body == nil {
		p.expected(after(closing.Extent), "MissingForeachStatement")
		return p.failed(span(start, closing.Extent), variable, items)
	}
	n := p.node(ForEachStatementAst, span(start, body.Extent), variable, items, as(ThrottleRole, limit), body)
	n.Flag = flag
	return n
}

// foreachParameters reads -parallel and -throttlelimit.
func (p *parser) foreachParameters() (flag NodeFlag, limit *Node) {
	for t := p.peekToken(); t.Kind == Parameter; t = p.peekToken() {
		p.skipToken()
		switch {
		case isParameter(t, "parallel"):
			flag |= IsParallel
		case isParameter(t, "throttlelimit"):
			p.skipNewlines()
			if limit = p.singleArgument(argumentContext); limit == nil {
				p.expected(after(t.Extent), "MissingThrottleLimit")
			}
		default:
			p.report(t.Extent, "InvalidForeachFlag", t.Name)
		}
		p.skipNewlines()
	}
	return flag, limit
}

func (p *parser) forLoop(label, t *Token) *Node {
	start := startOf(label, t)
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LParen {
		p.unget(open)
		p.expected(after(t.Extent), "MissingOpenParenthesisAfterKeyword", t.Kind.Text())
		return p.failed(span(start, t.Extent))
	}
	var end Extent
	mark := len(p.stack)
	for _, role := range [...]Role{InitializerRole, ConditionRole, IteratorRole} {
		p.skipNewlines()
		if part := as(role, p.pipelineChain()); part != nil {
			end = part.Extent
			p.push(part)
		}
		if role != IteratorRole && p.peekToken().Kind == Semi {
			end = p.nextToken().Extent
		}
	}
	p.skipNewlines()
	closing := p.nextToken()
	if closing.Kind != RParen {
		p.unget(closing)
		if end == (Extent{}) {
			end = open.Extent
		}
		p.expected(after(end), "MissingEndParenthesisAfterStatement", t.Kind.Text())
		return p.nodeFrom(ErrorStatementAst, span(start, end), mark)
	}
	body := as(BodyRole, p.statementBlock())
	if body == nil {
		p.expected(after(closing.Extent), "MissingLoopStatement", t.Kind.Text())
		return p.nodeFrom(ErrorStatementAst, span(start, closing.Extent), mark)
	}
	p.push(body)
	return p.nodeFrom(ForStatementAst, span(start, body.Extent), mark)
}

func (p *parser) while(label, t *Token) *Node {
	start := startOf(label, t)
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LParen {
		p.unget(open)
		p.expected(after(t.Extent), "MissingOpenParenthesisAfterKeyword", t.Text)
		return p.failed(span(start, t.Extent))
	}
	p.skipNewlines()
	condition := as(ConditionRole, p.pipelineChain())
	conditionExtent := after(open.Extent)
	if condition == nil {
		p.expected(conditionExtent, "MissingExpressionAfterKeyword", t.Kind.Text())
	} else {
		conditionExtent = condition.Extent
	}
	p.skipNewlines()
	closing := p.nextToken()
	if closing.Kind != RParen {
		p.unget(closing)
		if condition != nil && condition.Class != ErrorStatementAst {
			p.expected(after(conditionExtent), "MissingEndParenthesisAfterStatement", t.Kind.Text())
		}
		return p.failed(span(start, conditionExtent), condition)
	}
	p.skipNewlines()
	body := as(BodyRole, p.statementBlock())
	if body == nil {
		p.expected(after(closing.Extent), "MissingLoopStatement", t.Kind.Text())
		return p.failed(span(start, closing.Extent), condition)
	}
	if condition == nil {
		condition = as(ConditionRole, p.failed(conditionExtent))
	}
	return p.node(WhileStatementAst, span(start, body.Extent), condition, body)
}

func (p *parser) doLoop(label, t *Token) *Node {
	start := startOf(label, t)
	body := as(BodyRole, p.statementBlock())
	if body == nil {
		p.expected(after(t.Extent), "MissingLoopStatement", Do.Text())
		return p.failed(span(start, t.Extent))
	}
	p.skipNewlines()
	keyword := p.nextToken()
	if keyword.Kind != While && keyword.Kind != Until {
		p.unget(keyword)
		p.expected(after(body.Extent), "MissingWhileOrUntilInDoWhile")
		return p.failed(span(start, body.Extent), body)
	}
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LParen {
		p.unget(open)
		p.expected(after(keyword.Extent), "MissingOpenParenthesisAfterKeyword", keyword.Kind.Text())
		return p.failed(span(start, keyword.Extent), body)
	}
	p.skipNewlines()
	condition := as(ConditionRole, p.pipelineChain())
	if condition == nil {
		p.expected(after(open.Extent), "MissingExpressionAfterKeyword", keyword.Kind.Text())
	}
	p.skipNewlines()
	closing := p.nextToken()
	if closing.Kind != RParen {
		p.unget(closing)
		end := open.Extent
		if condition != nil {
			end = condition.Extent
			p.expected(after(end), "MissingEndParenthesisAfterStatement", keyword.Kind.Text())
		}
		return p.failed(span(start, end), body, condition)
	}
	if condition == nil {
		return p.failed(span(start, open.Extent), body)
	}
	class := DoWhileStatementAst
	if keyword.Kind == Until {
		class = DoUntilStatementAst
	}
	return p.node(class, span(start, closing.Extent), body, condition)
}
