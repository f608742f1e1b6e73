package syntax

// function reads a function, filter or workflow.
func (p *parser) function(t *Token) *Node {
	p.skipNewlines()
	name := p.nextToken()
	switch name.Kind {
	case Pipe, LParen, LCurly, AtParen, AtCurly, RCurly, RParen, EndOfInput, Semi, Redirection, RedirectInStd, AndAnd, OrOr, Ampersand,
		Variable, SplattedVariable, HereStringExpandable, HereStringLiteral, StringLiteral, StringExpandable:
		p.unget(name)
		p.expected(after(t.Extent), "MissingNameAfterKeyword", t.Text)
		return p.failed(t.Extent)
	}
	name.Flags &^= Keyword
	mark := len(p.stack)
	d := p.declaredParameters()
	open := p.nextToken()
	if open.Kind != LCurly {
		p.unget(open)
		if d.wrong == (Extent{}) {
			d.wrong = name.Extent
			if d.closing != nil {
				d.wrong = d.closing.Extent
			}
			p.expected(after(d.wrong), "MissingFunctionBody")
		}
	}
	if d.wrong != (Extent{}) {
		return p.nodeFrom(ErrorStatementAst, span(t.Extent, d.wrong), mark)
	}
	held := p.inWorkflow
	p.inWorkflow = t.Kind == Workflow
	body := p.scriptBlock(open, nil)
	p.inWorkflow = held
	p.push(as(BodyRole, body))
	n := p.nodeFrom(FunctionDefinitionAst, span(t.Extent, body.Extent), mark)
	n.Text = name.Text
	if name.hasValue {
		n.Text = name.Value
	}
	switch t.Kind {
	case Filter:
		n.Flag |= IsFilter
	case Workflow:
		n.Flag |= IsWorkflow
	}
	if d.declared {
		n.Flag |= DeclaredParameters
	}
	return n
}

// declaration is what was read of parameters behind a function's name.
type declaration struct {
	declared bool
	closing  *Token
	wrong    Extent
}

// declaredParameters pushes the parameters in parentheses behind a name.
func (p *parser) declaredParameters() (d declaration) {
	p.skipNewlines()
	open := p.peekToken()
	if open.Kind != LParen {
		return d
	}
	d.declared = true
	p.skipToken()
	mark := len(p.stack)
	p.parameterList()
	p.skipNewlines()
	t := p.nextToken()
	if t.Kind == RParen {
		d.closing = t
	} else {
		p.unget(t)
		d.wrong = open.Extent
		if len(p.stack) > mark {
			d.wrong = p.stack[len(p.stack)-1].Extent
		}
		p.expected(after(d.wrong), "MissingEndParenthesisInFunctionParameterList")
		d.closing = t
	}
	p.skipNewlines()
	return d
}

// paramBlock reads param(…) with attributes before it; nil where there is none.
func (p *parser) paramBlock() *Node {
	p.skipNewlines()
	attributes := p.attributeList(false)
	p.skipNewlines()
	t := p.peekToken()
	if t.Kind != Param {
		return nil
	}
	p.skipToken()
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LParen {
		p.unget(open)
		return nil
	}
	mark := len(p.stack)
	for _, a := range attributes {
		if a.Class == AttributeAst {
			p.push(as(AttributeRole, a))
		}
	}
	first := len(p.stack)
	p.parameterList()
	p.skipNewlines()
	closing := p.nextToken()
	end := closing.Extent
	if closing.Kind != RParen {
		p.unget(closing)
		end = p.before(closing.Extent)
		last := open.Extent
		if len(p.stack) > first {
			last = p.stack[len(p.stack)-1].Extent
		}
		p.expected(after(last), "MissingEndParenthesisInFunctionParameterList")
	}
	for _, a := range attributes {
		if a.Class != AttributeAst {
			p.report(a.Extent, "TypeNotAllowedBeforeParam", a.Text)
		}
	}
	return p.nodeFrom(ParamBlockAst, span(t.Extent, end), mark)
}

// parameterList pushes parameters.
func (p *parser) parameterList() {
	var comma *Token
	for {
		n := p.parameter()
		if n == nil {
			if comma != nil {
				p.expected(after(comma.Extent), "MissingExpressionAfterToken", comma.Kind.Text())
			}
			return
		}
		p.push(as(ParameterRole, n))
		p.skipNewlines()
		if comma = p.peekToken(); comma.Kind != Comma {
			return
		}
		p.skipToken()
	}
}

func (p *parser) parameter() *Node {
	comma, held := p.noComma, p.mode
	p.noComma = true
	p.setMode(expressionMode)
	defer func() {
		p.noComma = comma
		p.setMode(held)
	}()
	p.skipNewlines()
	attributes := p.attributeList(false)
	p.skipNewlines()
	t := p.nextToken()
	if t.Kind != Variable && t.Kind != SplattedVariable {
		p.unget(t)
		return p.lostParameter(attributes)
	}
	variable := as(VariableRole, p.variable(t))
	start, end := t.Extent, t.Extent
	if len(attributes) > 0 {
		start = attributes[0].Extent
	}
	var value *Node
	p.skipNewlines()
	if equals := p.peekToken(); equals.Kind == Equals {
		p.skipToken()
		p.skipNewlines()
		if value = as(ValueRole, p.expression(false)); value == nil {
			p.expected(after(equals.Extent), "MissingExpressionAfterToken", equals.Kind.Text())
		} else {
			end = value.Extent
		}
	}
	return p.node(ParameterAst, span(start, end), append(withRole(AttributeRole, attributes), variable, value)...)
}

func withRole(role Role, list []*Node) []*Node {
	for _, n := range list {
		n.Role = role
	}
	return list
}

// lostParameter stands for attributes that no variable follows.
func (p *parser) lostParameter(attributes []*Node) *Node {
	if len(attributes) == 0 {
		return nil
	}
	last := attributes[len(attributes)-1]
	p.expected(after(last.Extent), "InvalidFunctionParameter")
	p.syncOnError(true, RParen)
	ext := span(attributes[0].Extent, last.Extent)
	variable := p.node(VariableExpressionAst, ext)
	variable.Text = "__error__"
	return p.node(ParameterAst, ext, append(withRole(AttributeRole, attributes), as(VariableRole, variable))...)
}
