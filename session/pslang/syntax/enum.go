package syntax

// enum reads an enumeration.
func (p *parser) enum(attributes []*Node, t *Token) *Node {
	p.skipNewlines()
	name, _ := p.simpleName()
	if name == nil {
		p.expected(after(t.Extent), "MissingNameAfterKeyword", t.Text)
		return p.failed(t.Extent)
	}
	held := p.mode
	p.setMode(signatureMode)
	defer func() { p.setMode(held) }()
	mark := len(p.stack)
	p.underlyingType()
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LCurly {
		p.stack = p.stack[:mark]
		p.unget(open)
		p.expected(after(name.Extent), "MissingTypeBody", t.Kind.Text())
		return p.failed(span(t.Extent, name.Extent))
	}
	for {
		member := p.enumMember()
		if member == nil {
			break
		}
		p.push(member)
	}
	closing := p.nextToken()
	if closing.Kind != RCurly {
		p.unget(closing)
		p.expectedAt(after(open.Extent), closing.Extent, "MissingEndCurlyBrace")
	}
	members := append([]*Node(nil), p.stack[mark:]...)
	p.stack = p.stack[:mark]
	return p.typeDefinition(attributes, t, name.Text, closing.Extent, members, nil)
}

func (p *parser) underlyingType() {
	colon := p.peekToken()
	if colon.Kind != Colon {
		return
	}
	p.skipToken()
	p.skipNewlines()
	name, _ := p.typeName(false)
	if name == nil {
		p.expected(after(colon.Extent), "TypeNameExpected")
		return
	}
	if !integral(name.full()) {
		p.report(name.Extent, "InvalidUnderlyingType", name.full())
	}
	p.push(as(TypeRole, p.typeNode(TypeConstraintAst, name.Extent, name)))
}

func (p *parser) enumMember() *Node {
	p.skipNewlines()
	name, _ := p.simpleName()
	if name == nil {
		return nil
	}
	end := name.Extent
	held := p.mode
	p.setMode(expressionMode)
	var value *Node
	missing := false
	if equals := p.peekToken(); equals.Kind == Equals {
		p.skipToken()
		if value = as(ValueRole, p.expression(false)); value == nil {
			p.report(after(equals.Extent), "ExpectedValueExpression", equals.Kind.Text())
			end, missing = equals.Extent, true
		} else {
			end = value.Extent
		}
	}
	p.setMode(held)
	end = p.memberEnd(end, !missing)
	n := p.node(PropertyMemberAst, span(name.Extent, end), value)
	n.Text, n.Static = name.Text, true
	return n
}
