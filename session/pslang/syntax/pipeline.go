package syntax

// pipelineChain reads an assignment, a pipeline, or pipelines with && and ||
// between them; nil where none stands here.
func (p *parser) pipelineChain() *Node {
	p.enter()
	defer p.leave()
	first, operator := p.expressionFirst()
	if operator != nil {
		return p.assignment(first, operator)
	}
	var chain *Node
	for {
		var start *Token
		if first == nil {
			start = p.peekToken()
		}
		next := p.pipeline(first)
		first = nil
		if next == nil {
			return p.emptyChainElement(chain, operator, start)
		}
		t := p.peekToken()
		background := false
		if t.Kind == Ampersand {
			p.skipToken()
			t = p.peekToken()
			if t.Kind == AndAnd || t.Kind == OrOr {
				p.skipToken()
				p.report(t.Extent, "BackgroundOperatorInPipelineChain")
				from := next
				if chain != nil {
					from = chain
				}
				return p.failed(span(from.Extent, t.Extent))
			}
			background = true
		}
		if chain == nil {
			chain = next
		} else {
			chain = p.chain(chain, next, operator)
		}
		if background || t.Kind != AndAnd && t.Kind != OrOr {
			chain.Background = background
			return chain
		}
		p.skipToken()
		p.skipNewlines()
		operator = t
		if p.peekToken().Kind == EndOfInput {
			p.expected(after(t.Extent), "EmptyPipelineChainElement")
			return chain
		}
	}
}

// expressionFirst reads an expression that a pipeline may begin with, and the
// assignment operator behind it.
func (p *parser) expressionFirst() (e *Node, operator *Token) {
	held := p.mode
	p.setMode(expressionMode)
	defer func() { p.setMode(held) }()
	e = p.expression(false)
	if e == nil {
		return nil, nil
	}
	// The operator is looked for in this mode: "=0" would be a word in a command.
	if t := p.peekToken(); t.Kind.has(AssignmentOperator) {
		p.skipToken()
		return e, t
	}
	return e, nil
}

func (p *parser) chain(left, right *Node, operator *Token) *Node {
	n := p.node(PipelineChainAst, span(left.Extent, right.Extent), left, right)
	n.Op, n.OpExtent = operator.Kind, operator.Extent
	return n
}

// emptyChainElement reports what is no pipeline behind && or ||.
func (p *parser) emptyChainElement(chain *Node, operator, start *Token) *Node {
	if operator == nil {
		return nil
	}
	switch start.Kind {
	case EndOfInput:
		p.expected(after(operator.Extent), "EmptyPipelineChainElement", operator.Text)
	case Dot, Ampersand: // reported by the command
	default:
		p.report(span(operator.Extent, start.Extent), "EmptyPipelineChainElement", operator.Text)
	}
	return p.failed(span(chain.Extent, operator.Extent), chain)
}

// assignment reads the right side; the operator is taken.
func (p *parser) assignment(target *Node, operator *Token) *Node {
	p.skipNewlines()
	value := p.statement()
	if value == nil {
		at := after(operator.Extent)
		p.expected(at, "ExpectedValueExpression", operator.Kind.Text())
		value = p.failed(at)
	}
	ext := span(target.Extent, value.Extent)
	if e := value.PureExpression(); e != nil {
		value = value.Children[0]
	}
	n := p.node(AssignmentStatementAst, ext, as(TargetRole, target), as(ValueRole, value))
	n.Op, n.OpExtent = operator.Kind, operator.Extent
	return n
}

// pipeline reads commands with pipes between them; first is the expression
// that it begins with, where that is read already.
func (p *parser) pipeline(first *Node) *Node {
	mark := len(p.stack)
	var bar *Token
	for {
		if first == nil {
			held := p.mode
			p.setMode(expressionMode)
			first = p.expression(false)
			p.setMode(held)
		}
		var element *Node
		if first != nil {
			if len(p.stack) > mark {
				p.report(first.Extent, "ExpressionsMustBeFirstInPipeline")
			}
			element = p.commandExpression(first)
		} else {
			element = p.command()
		}
		if element != nil {
			p.push(element)
		} else if len(p.stack) > mark || p.peekToken().Kind == Pipe {
			at := p.peekToken().Extent
			if bar != nil {
				at = after(bar.Extent)
			}
			p.expected(at, "EmptyPipeElement")
		}
		first = nil
		if bar = p.nextPipe(); bar == nil {
			break
		}
	}
	if len(p.stack) == mark {
		return nil
	}
	ext := span(p.stack[mark].Extent, p.stack[len(p.stack)-1].Extent)
	return p.nodeFrom(PipelineAst, ext, mark)
}

// nextPipe reads the pipe behind an element; nil where the pipeline ends.
func (p *parser) nextPipe() *Token {
	t := p.peekToken()
	if t.Kind == NewLine && p.pipeContinues(t.Extent) {
		p.skipNewlines()
		t = p.peekToken()
	}
	switch t.Kind {
	case Semi, NewLine, RParen, RCurly, EndOfInput, AndAnd, OrOr, Ampersand:
		return nil
	case Pipe:
		p.skipToken()
		p.skipNewlines()
		if p.peekToken().Kind == EndOfInput {
			p.expected(after(t.Extent), "EmptyPipeElement")
			return nil
		}
		return t
	}
	p.report(t.Extent, "UnexpectedToken", t.Text)
	return nil
}

// commandExpression reads the redirections of an expression.
func (p *parser) commandExpression(e *Node) *Node {
	mark := len(p.stack)
	p.push(e)
	ext := e.Extent
	var seen redirected
	for t := p.peekToken(); t.redirects(); t = p.peekToken() {
		p.skipToken()
		n, _ := p.redirection(t, &seen)
		if n != nil {
			ext = span(e.Extent, n.Extent)
		} else {
			ext = e.Extent
		}
	}
	p.pushRedirections(&seen)
	return p.nodeFrom(CommandExpressionAst, ext, mark)
}

// redirected are the redirections of a command by the stream they take.
type redirected [InformationStream + 1]*Node

func (p *parser) pushRedirections(seen *redirected) {
	for _, n := range seen {
		p.push(as(RedirectionRole, n))
	}
}

var streamWords = [...]string{"* stream", "output stream", "error stream", "warning stream", "verbose stream", "debug stream", "information stream"}

// redirection reads the file behind a redirection. It gives the node, nil for
// a redirection of the input, and the extent read.
func (p *parser) redirection(t *Token, seen *redirected) (*Node, Extent) {
	var n *Node
	if t.To == AllStreams {
		file := p.singleArgument(fileNameContext)
		if file == nil {
			p.report(after(t.Extent), "MissingFileSpecification")
			file = p.node(ErrorExpressionAst, t.Extent)
		}
		ext := span(t.Extent, file.Extent)
		if t.input {
			p.report(t.Extent, "RedirectionNotSupported", t.Text)
			return nil, ext
		}
		n = p.node(FileRedirectionAst, ext, file)
	} else {
		if t.To != OutputStream || t.From == t.To {
			p.report(t.Extent, "RedirectionNotSupported", t.Text)
		}
		n = p.node(MergingRedirectionAst, t.Extent)
	}
	n.Redirection = t
	if seen[t.From] != nil {
		p.report(n.Extent, "StreamAlreadyRedirected", streamWords[t.From])
	} else {
		seen[t.From] = n
	}
	return n, n.Extent
}
