package syntax

// class reads a class. Statements before it, its attributes, are given.
func (p *parser) class(attributes []*Node, t *Token) *Node {
	p.skipNewlines()
	name, nameToken := p.simpleName()
	if name == nil {
		p.expected(after(t.Extent), "MissingNameAfterKeyword", t.Text)
		return p.failed(t.Extent)
	}
	nameToken.Flags = nameToken.Flags&^MemberName | TypeName
	p.skipNewlines()
	held := p.mode
	p.setMode(signatureMode)
	defer func() { p.setMode(held) }()
	mark := len(p.stack)
	p.baseTypes()
	last := name.Extent
	if len(p.stack) > mark {
		last = p.stack[len(p.stack)-1].Extent
	}
	open := p.nextToken()
	if open.Kind != LCurly {
		p.unget(open)
		p.expected(after(last), "MissingTypeBody", t.Kind.Text())
		return p.nodeFrom(ErrorStatementAst, span(t.Extent, last), mark)
	}
	last = open.Extent
	var lost []*Node
	for {
		member, wrong := p.classMember(name.Text)
		if member == nil && wrong == nil {
			break
		}
		if member != nil {
			p.push(member)
			last = member.Extent
		}
		if len(wrong) > 0 {
			lost = append(lost, wrong...)
			last = wrong[len(wrong)-1].Extent
		}
	}
	if closing := p.nextToken(); closing.Kind == RCurly {
		last = closing.Extent
	} else {
		p.unget(closing)
		p.expectedAt(after(open.Extent), closing.Extent, "MissingEndCurlyBrace")
	}
	members := append([]*Node(nil), p.stack[mark:]...)
	p.stack = p.stack[:mark]
	return p.typeDefinition(attributes, t, name.Text, last, members, lost)
}

// typeDefinition makes the definition, or an error statement that holds it
// where something in it was lost.
func (p *parser) typeDefinition(attributes []*Node, t *Token, name string, last Extent, members, lost []*Node) *Node {
	start := t.Extent
	if len(attributes) > 0 {
		start = attributes[0].Extent
	}
	var children, types []*Node
	for _, a := range attributes {
		if a.Class == AttributeAst {
			children = append(children, as(AttributeRole, a))
		} else {
			types = append(types, a)
		}
	}
	n := p.node(TypeDefinitionAst, span(start, last), append(children, members...)...)
	n.Text = name
	if t.Kind == Enum {
		n.Flag |= IsEnum
	}
	if len(types) > 0 {
		lost = append(append(lost, types...), n)
	}
	if len(lost) > 0 {
		return p.failed(n.Extent, lost...)
	}
	return n
}

// baseTypes pushes the types behind a colon.
func (p *parser) baseTypes() {
	last := p.peekToken()
	if last.Kind != Colon {
		return
	}
	p.skipToken()
	p.skipNewlines()
	for {
		name, _ := p.typeName(false)
		if name == nil {
			p.expected(after(last.Extent), "TypeNameExpected")
			return
		}
		p.push(as(TypeRole, p.typeNode(TypeConstraintAst, name.Extent, name)))
		p.skipNewlines()
		if last = p.peekToken(); last.Kind != Comma {
			return
		}
		p.skipToken()
		p.skipNewlines()
	}
}

// memberHead is what stands before a member's name.
type memberHead struct {
	start          Extent
	attributes     []*Node
	typ            *Node
	static, hidden bool
	last           Extent // of the last attribute or modifier
	next           *Token
}

func (p *parser) memberHead() (h memberHead) {
	for {
		p.skipNewlines()
		if a := p.attribute(); a != nil {
			h.last = a.Extent
			if h.start == (Extent{}) {
				h.start = a.Extent
			}
			switch {
			case a.Class == AttributeAst:
				h.attributes = append(h.attributes, as(AttributeRole, a))
			case h.typ == nil:
				h.typ = as(TypeRole, a)
			default:
				p.report(a.Extent, "TooManyTypes")
			}
			continue
		}
		t := p.peekToken()
		if h.start == (Extent{}) {
			h.start = t.Extent
		}
		if t.Kind != Hidden && t.Kind != Static {
			h.next = t
			return h
		}
		seen := &h.hidden
		if t.Kind == Static {
			seen = &h.static
		}
		if *seen {
			p.report(t.Extent, "DuplicateQualifier", t.Text)
		}
		*seen = true
		h.last = t.Extent
		p.skipToken()
	}
}

// children gives the parts of a head in the order visited.
func (h *memberHead) children() []*Node {
	return append(append([]*Node(nil), h.attributes...), h.typ)
}

// classMember reads a property or a method; what is wrong with it comes as
// the nodes that were read of it.
func (p *parser) classMember(class string) (member *Node, wrong []*Node) {
	h := p.memberHead()
	t := h.next
	switch {
	case t.Kind == Variable:
		p.skipToken()
		return p.property(h, t)
	case t.Kind == Identifier || t.Flags&Keyword != 0:
		t.Flags = 0
		p.skipToken()
		return p.method(h, t, class)
	case h.last != (Extent{}):
		p.expected(after(h.last), "IncompleteMemberDefinition")
		return nil, withoutNil(h.children())
	}
	return nil, nil
}

func withoutNil(list []*Node) []*Node {
	out := []*Node{}
	for _, n := range list {
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}

func (p *parser) property(h memberHead, t *Token) (*Node, []*Node) {
	var value *Node
	if p.peekToken().Kind == Equals {
		p.skipToken()
		p.skipNewlines()
		value = as(ValueRole, p.expression(false))
	}
	end := t.Extent
	if value != nil {
		end = value.Extent
	}
	end = p.memberEnd(end, true)
	n := p.node(PropertyMemberAst, span(h.start, end), append([]*Node{h.typ}, append(h.attributes, value)...)...)
	n.Text, n.Static = t.Name, h.static
	return n, nil
}

// memberEnd reads what ends a property: its extent takes a semicolon in.
func (p *parser) memberEnd(end Extent, report bool) Extent {
	t := p.peekToken()
	if t.Kind != NewLine && t.Kind != Semi && t.Kind != RCurly && report {
		p.expected(after(end), "MissingPropertyTerminator")
	}
	p.skipSeparators()
	if t.Kind == Semi {
		return t.Extent
	}
	return end
}

// method reads a method or a constructor; its name is taken.
func (p *parser) method(h memberHead, name *Token, class string) (*Node, []*Node) {
	mark := len(p.stack)
	constructor := equalFold(name.Text, class)
	body, wrong := p.methodBody(name, constructor && !h.static)
	if body == nil {
		p.stack = p.stack[:mark]
		_ = wrong
		p.syncOnError(false, RCurly)
		lost := withoutNil(h.children())
		if len(lost) == 0 {
			return nil, nil
		}
		return nil, lost
	}
	p.push(as(BodyRole, body))
	f := p.nodeFrom(FunctionDefinitionAst, span(name.Extent, body.Extent), mark)
	f.Text, f.OpExtent = name.Text, name.Extent
	f.Flag |= DeclaredParameters
	n := p.node(FunctionMemberAst, span(h.start, f.Extent), append(append(h.attributes, h.typ), as(BodyRole, f))...)
	n.Text, n.Static = name.Text, h.static
	if constructor {
		n.Flag |= IsConstructor
	}
	return n, nil
}

// methodBody pushes the parameters and reads the body; nil where an error was found.
func (p *parser) methodBody(name *Token, constructor bool) (body *Node, wrong Extent) {
	var d declaration
	if p.peekToken().Kind == LParen {
		d = p.declaredParameters()
	} else {
		p.expected(after(name.Extent), "MissingMethodParameterList")
	}
	var first *Node
	if constructor {
		first, wrong = p.baseCall()
		if wrong != (Extent{}) {
			d.wrong = wrong
		}
	}
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
		return nil, d.wrong
	}
	held := p.mode
	p.setMode(commandMode)
	body = p.scriptBlock(open, first)
	p.setMode(held)
	return body, Extent{}
}

// baseCall reads ": base(…)" of a constructor. Without it the call is there,
// but has no extent.
func (p *parser) baseCall() (call *Node, wrong Extent) {
	p.skipNewlines()
	held := p.mode
	p.setMode(signatureMode)
	defer func() { p.setMode(held) }()
	var ext, keyword Extent
	mark := len(p.stack)
	p.stack = append(p.stack, nil, nil) // what is called
	if colon := p.peekToken(); colon.Kind == Colon {
		p.skipToken()
		p.skipNewlines()
		base := p.peekToken()
		if base.Kind != Base {
			p.expected(after(colon.Extent), "MissingBaseCtorCall")
			return nil, colon.Extent
		}
		p.skipToken()
		p.skipNewlines()
		open := p.peekToken()
		if open.Kind != LParen {
			p.expected(after(base.Extent), "MissingMethodParameterList")
			return nil, base.Extent
		}
		p.skipToken()
		keyword = base.Extent
		ext = span(base.Extent, p.invocationArguments(open))
		p.skipNewlines()
	}
	this := p.node(VariableExpressionAst, keyword)
	this.Text = "this"
	p.stack[mark], p.stack[mark+1] = as(TargetRole, this), as(MemberRole, p.stringNode(keyword, ".ctor", BareWord))
	invoke := p.nodeFrom(BaseCtorInvokeMemberExpressionAst, ext, mark)
	return p.node(CommandExpressionAst, ext, invoke), Extent{}
}
