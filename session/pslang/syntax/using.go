package syntax

// usingStatements pushes the using statements that a script begins with.
func (p *parser) usingStatements() {
	for {
		t := p.peekToken()
		if t.Kind != Using {
			p.resync(t.Start) // the caller may go further back than one token
			return
		}
		p.skipToken()
		s := p.usingStatement(t)
		p.skipSeparators()
		if s.Class == UsingStatementAst {
			p.push(as(UsingRole, s))
		}
	}
}

func (p *parser) usingStatement(t *Token) *Node {
	kind := p.nextToken()
	aliasAllowed := kind.Kind != Assembly
	aliasRequired := kind.Kind == Type || kind.Kind == Command
	switch kind.Kind {
	case Namespace, Type, Module, Command, Assembly:
	default:
		p.unget(kind)
		p.expected(after(t.Extent), "MissingUsingStatementDirective")
		return p.failed(t.Extent)
	}
	first := p.nextToken()
	switch first.Kind {
	case EndOfInput, NewLine, Comma, Semi:
		p.expected(after(kind.Extent), "MissingUsingItemName")
		return p.failed(span(t.Extent, kind.Extent))
	}
	item := p.argument(argumentContext, first)
	if item == nil {
		p.report(first.Extent, "InvalidValueForUsingItemName", first.Text)
		p.syncOnError(true, Semi, NewLine)
		return p.failed(span(t.Extent, first.Extent))
	}
	isTable := item.Class == HashtableAst
	if item.Class != StringConstantExpressionAst && (kind.Kind != Module || !isTable) {
		p.report(item.Extent, "InvalidValueForUsingItemName", p.textOf(item.Extent))
		return p.failed(span(t.Extent, item.Extent))
	}
	if kind.Kind == Assembly {
		p.report(item.Extent, "ErrorLoadingAssembly", item.Text) // files are not looked for here
	}
	if aliasAllowed && !isTable {
		if equals := p.peekToken(); equals.Kind == Equals {
			return p.usingAlias(t, kind, item, equals)
		}
		if aliasRequired {
			p.expected(after(first.Extent), "MissingEqualsInUsingAlias")
			return p.failed(span(t.Extent, item.Extent), item)
		}
	}
	p.requireTerminator()
	return p.using(kind, span(t.Extent, item.Extent), item)
}

func (p *parser) usingAlias(t, kind *Token, item *Node, equals *Token) *Node {
	p.skipToken()
	first := p.nextToken()
	switch first.Kind {
	case EndOfInput, NewLine, Semi:
		p.unget(first)
		p.expected(after(equals.Extent), "MissingNamespaceAlias")
		return p.failed(span(t.Extent, equals.Extent))
	case Comma:
		p.report(first.Extent, "UnexpectedUnaryOperator", first.Text)
		return p.failed(span(t.Extent, first.Extent))
	}
	alias := p.argument(argumentContext, first)
	if alias == nil || alias.Class != StringConstantExpressionAst && (kind.Kind != Module || alias.Class != HashtableAst) {
		at := first.Extent
		if alias != nil {
			at = alias.Extent
		}
		p.report(at, "InvalidValueForUsingItemName", p.textOf(at))
		return p.failed(span(t.Extent, at), item, alias)
	}
	p.requireTerminator()
	return p.using(kind, span(t.Extent, first.Extent), item, alias)
}

func (p *parser) using(kind *Token, ext Extent, children ...*Node) *Node {
	n := p.node(UsingStatementAst, ext, children...)
	n.Op, n.OpExtent = kind.Kind, kind.Extent
	return n
}

func (p *parser) requireTerminator() {
	switch t := p.peekToken(); t.Kind {
	case NewLine, Semi:
		p.skipToken()
	case EndOfInput:
	default:
		p.expected(t.Extent, "MissingStatementTerminator")
	}
}

// textOf gives the text of an extent.
func (p *parser) textOf(e Extent) string {
	end := min(e.End, len(p.input))
	return p.input[min(e.Start, end):end]
}
