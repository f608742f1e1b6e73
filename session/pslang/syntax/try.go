package syntax

func (p *parser) trap(t *Token) *Node {
	restore := p.restorePoint()
	p.skipNewlines()
	typ := p.attribute()
	if typ != nil && typ.Class != TypeConstraintAst {
		p.resync(restore)
		typ = nil
	}
	body := p.statementBlock()
	if body == nil {
		end := t.Extent
		if typ != nil {
			end = typ.Extent
		}
		p.expected(after(end), "MissingTrapStatement")
		return p.failed(span(t.Extent, end), typ)
	}
	return p.node(TrapStatementAst, span(t.Extent, body.Extent), as(TypeRole, typ), as(BodyRole, body))
}

// try reads try, catch and finally.
func (p *parser) try(t *Token) *Node {
	p.skipNewlines()
	body := as(BodyRole, p.statementBlock())
	if body == nil {
		p.expected(after(t.Extent), "MissingTryStatementBlock")
		return p.failed(t.Extent)
	}
	mark := len(p.stack)
	p.push(body)
	var wrong Extent // what is surely a part of a statement with an error
	var types []*Node
	end := body.Extent
	for {
		clause := p.catchClause(&wrong, &types)
		if clause == nil {
			break
		}
		p.push(clause)
		end = clause.Extent
	}
	p.skipNewlines()
	keyword := p.peekToken()
	var finally *Node
	if keyword.Kind == Finally {
		p.skipToken()
		if finally = p.statementBlock(); finally == nil {
			wrong = keyword.Extent
			p.expected(after(wrong), "MissingFinallyStatementBlock", keyword.Kind.Text())
		} else {
			end = finally.Extent
		}
	}
	if end == body.Extent && finally == nil && wrong == (Extent{}) {
		wrong = body.Extent
		p.expected(after(wrong), "MissingCatchOrFinally")
	}
	if wrong != (Extent{}) {
		for _, n := range types {
			p.push(n)
		}
		return p.nodeFrom(ErrorStatementAst, span(t.Extent, wrong), mark)
	}
	p.push(as(FinallyRole, finally))
	return p.nodeFrom(TryStatementAst, span(t.Extent, end), mark)
}

// catchClause reads one catch; nil where there is none or it has no block.
func (p *parser) catchClause(wrong *Extent, types *[]*Node) *Node {
	p.skipNewlines()
	t := p.nextToken()
	if t.Kind != Catch {
		p.unget(t)
		return nil
	}
	mark := len(p.stack)
	last := t.Extent
	var comma *Token
	for {
		restore := p.restorePoint()
		p.skipNewlines()
		typ := p.attribute()
		if typ == nil {
			if comma != nil {
				*wrong = comma.Extent
				p.expected(after(*wrong), "MissingTypeLiteralToken")
			}
			break
		}
		if typ.Class != TypeConstraintAst {
			p.resync(restore)
			break
		}
		p.push(as(TypeRole, typ))
		last = typ.Extent
		p.skipNewlines()
		if comma = p.peekToken(); comma.Kind != Comma {
			break
		}
		p.skipToken()
	}
	body := as(BodyRole, p.statementBlock())
	if body != nil {
		p.push(body)
		return p.nodeFrom(CatchClauseAst, span(t.Extent, body.Extent), mark)
	}
	if comma == nil || *wrong != comma.Extent {
		*wrong = last
		p.expected(after(last), "MissingCatchHandlerBlock")
	}
	*types = append(*types, p.stack[mark:]...)
	p.stack = p.stack[:mark]
	return nil
}

// data reads a data section.
func (p *parser) data(t *Token) *Node {
	p.skipNewlines()
	name, _ := p.simpleName()
	p.skipNewlines()
	mark := len(p.stack)
	var wrong Extent
	end := t.Extent
	if name != nil {
		end = name.Extent
	}
	if parameter := p.peekToken(); parameter.Kind == Parameter {
		p.skipToken()
		end, wrong = p.supportedCommands(parameter)
	}
	var body *Node
	if wrong == (Extent{}) {
		if body = p.statementBlock(); body == nil {
			wrong = end
			p.expected(after(wrong), "MissingStatementBlockForDataSection")
		}
	}
	if body == nil {
		return p.nodeFrom(ErrorStatementAst, span(t.Extent, wrong), mark)
	}
	p.push(as(BodyRole, body))
	n := p.nodeFrom(DataStatementAst, span(t.Extent, body.Extent), mark)
	if name != nil {
		n.Text = name.Text
	}
	return n
}

// supportedCommands pushes the names behind -SupportedCommand.
func (p *parser) supportedCommands(parameter *Token) (end, wrong Extent) {
	end = parameter.Extent
	if !isParameter(parameter, "SupportedCommand") {
		wrong = parameter.Extent
		p.report(wrong, "InvalidParameterForDataSectionStatement", parameter.Name)
	}
	last := parameter
	for {
		p.skipNewlines()
		command := p.singleArgument(nameContext)
		if command == nil {
			if wrong == (Extent{}) {
				p.expected(after(last.Extent), "MissingValueForSupportedCommandInDataSectionStatement")
			}
			return end, last.Extent
		}
		p.push(as(ArgumentRole, command))
		end = command.Extent
		if last = p.peekToken(); last.Kind != Comma {
			return end, wrong
		}
		p.skipToken()
	}
}
