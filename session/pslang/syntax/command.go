package syntax

// argumentKind is what a word is read for.
type argumentKind uint8

const (
	nameContext       argumentKind = iota // a command's name
	calledNameContext                     // behind & or .
	fileNameContext
	argumentContext // only here a comma makes a list
	switchContext
)

const stopParsing = "--%"

// singleArgument reads one word or value; nil where none stands here.
func (p *parser) singleArgument(kind argumentKind) *Node {
	if k := p.peekToken().Kind; k == Comma || k == EndOfInput {
		return nil
	}
	held := p.mode
	p.setMode(commandMode)
	defer func() { p.setMode(held) }()
	return p.argument(kind, p.nextToken())
}

// argument reads a word or a value, or several with commas between; t is its first token.
func (p *parser) argument(kind argumentKind, t *Token) *Node {
	mark := len(p.stack)
	var comma *Token
	for {
		n := p.argumentItem(kind, t)
		if n == nil {
			p.unget(t)
			if comma == nil {
				return nil
			}
			p.expected(after(comma.Extent), "MissingExpression", ",")
			return p.nodeFrom(ErrorExpressionAst, span(p.stack[mark].Extent, comma.Extent), mark)
		}
		p.push(n)
		if kind != argumentContext || isStopParsing(n, t) || p.peekToken().Kind != Comma {
			break
		}
		comma = p.nextToken()
		p.skipNewlines()
		t = p.nextToken()
	}
	items := p.stack[mark:]
	if comma == nil {
		n := items[0]
		p.stack = p.stack[:mark]
		return n
	}
	return p.nodeFrom(ArrayLiteralAst, span(items[0].Extent, items[len(items)-1].Extent), mark)
}

func isStopParsing(n *Node, t *Token) bool {
	return t.Kind == Generic && n.Class == StringConstantExpressionAst && t.Value == stopParsing
}

// argumentItem reads one item of an argument; nil where t cannot begin one.
func (p *parser) argumentItem(kind argumentKind, t *Token) *Node {
	switch t.Kind {
	case Pipe, RCurly, RParen, EndOfInput, NewLine, Semi, Redirection, RedirectInStd, AndAnd, OrOr, Ampersand, MinusMinus, Comma:
		return nil
	case SplattedVariable, Variable, Number, HereStringExpandable, StringExpandable, HereStringLiteral, StringLiteral,
		LParen, DollarParen, AtParen, AtCurly, LCurly:
		p.unget(t)
		return p.primary(true)
	case Generic:
		if kind <= calledNameContext {
			t.Flags |= CommandName
		}
		if t.parts != nil && kind != nameContext {
			return p.expandable(t, BareWord)
		}
		if !t.hasValue {
			break
		}
		return p.stringNode(t.Extent, t.Value, BareWord)
	}
	t.Flags &^= Keyword
	if kind <= calledNameContext {
		t.Flags |= CommandName
	} else {
		t.asArgument()
	}
	return p.stringNode(t.Extent, t.Text, BareWord)
}

// commandReader reads one command.
type commandReader struct {
	*parser
	first    *Token
	end      Extent
	dashDash bool
	kind     argumentKind
	seen     redirected
}

// command reads a command; nil where none stands here.
func (p *parser) command() *Node {
	held := p.mode
	p.setMode(commandMode)
	mark := len(p.stack)
	r := commandReader{parser: p}
	r.first = p.nextToken()
	t := r.first
	r.end = t.Extent
	operator := Unknown
	if t.Kind == Dot || t.Kind == Ampersand {
		operator = t.Kind
		r.kind = calledNameContext
		t = p.nextToken()
	}
	for r.element(t) {
		r.kind = argumentContext
		t = p.nextToken()
	}
	p.setMode(held)
	if len(p.stack) == mark {
		if operator != Unknown {
			p.report(r.first.Extent, "MissingExpression", r.first.Text)
		}
		return nil
	}
	for _, n := range p.stack[mark:] {
		n.Role = ElementRole
	}
	p.pushRedirections(&r.seen)
	n := p.nodeFrom(CommandAst, span(r.first.Extent, r.end), mark)
	n.Op = operator
	return n
}

// element pushes what t begins; false where the command ends.
func (r *commandReader) element(t *Token) bool {
	switch t.Kind {
	case Pipe, RCurly, RParen, EndOfInput, NewLine, Semi, AndAnd, OrOr, Ampersand:
		r.unget(t)
		return false
	case MinusMinus:
		r.end = t.Extent
		if r.dashDash {
			r.push(r.stringNode(t.Extent, t.Text, BareWord))
		} else {
			r.push(r.parameterNode(t.Extent, "-", nil))
		}
		r.dashDash = true
		return true
	case Comma:
		r.end = t.Extent
		r.report(t.Extent, "MissingArgument")
		r.skipNewlines()
		return true
	case Parameter:
		if r.kind <= calledNameContext || r.dashDash {
			r.end = t.Extent
			t.Flags |= CommandName
			r.push(r.stringNode(t.Extent, t.Text, BareWord))
			return true
		}
		r.parameter(t)
		return true
	case Redirection, RedirectInStd:
		if r.kind > calledNameContext {
			_, r.end = r.redirection(t, &r.seen)
			return true
		}
		r.end = t.Extent
		r.push(r.stringNode(t.Extent, t.Text, BareWord))
		return true
	case InlineScript:
		if r.kind == nameContext {
			return r.inlineScript(t)
		}
	}
	return r.plain(t)
}

// plain pushes a word or a value. Behind --% the rest of the line is one word.
func (r *commandReader) plain(t *Token) bool {
	n := r.argument(r.kind, t)
	if n == nil {
		return false
	}
	r.end = n.Extent
	r.push(n)
	if !t.hasValue || t.Value != stopParsing {
		return true
	}
	if r.ungot != nil && r.ungot.Kind != Parameter {
		return true
	}
	r.ungot = nil
	rest := r.verbatim()
	r.push(r.stringNode(rest.Extent, rest.Value, BareWord))
	r.end = rest.Extent
	return false
}

func (r *commandReader) parameterNode(ext Extent, name string, argument *Node) *Node {
	n := r.node(CommandParameterAst, ext, as(ArgumentRole, argument))
	n.Text = name
	return n
}

func (r *commandReader) parameter(t *Token) {
	ext := t.Extent
	var value *Node
	if t.Colon && r.peekToken().Kind != Comma {
		if value = r.argument(argumentContext, r.nextToken()); value == nil {
			r.report(after(t.Extent), "ParameterRequiresArgument", t.Text)
		} else {
			ext = span(t.Extent, value.Extent)
		}
	}
	r.end = ext
	n := r.parameterNode(ext, t.Name, value)
	n.OpExtent = t.Extent
	r.push(n)
}

// inlineScript reads the block of a workflow's inlinescript.
func (r *commandReader) inlineScript(t *Token) bool {
	t.Flags |= CommandName
	r.end = t.Extent
	r.push(r.stringNode(t.Extent, t.Text, BareWord))
	r.skipNewlines()
	open := r.nextToken()
	if open.Kind != LCurly {
		r.unget(open)
		r.expected(after(t.Extent), "MissingStatementAfterKeyword", t.Text)
		return false
	}
	block := r.scriptBlockExpression(open)
	r.push(block)
	r.end = block.Extent
	return true
}
