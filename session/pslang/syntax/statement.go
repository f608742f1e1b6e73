package syntax

import "strings"

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// scriptBlock reads what stands in a script, or in the braces of a script
// block whose opening brace is given. First is a statement that stands before all.
func (p *parser) scriptBlock(open *Token, first *Node) *Node {
	p.skipNewlines()
	mark := len(p.stack)
	if open == nil {
		p.usingStatements()
	}
	restore := p.restorePoint()
	params := p.paramBlock()
	if params == nil {
		p.resync(restore)
	}
	p.skipSeparators()
	if p.peekToken().Flags&ScriptBlockBlockName != 0 {
		return p.namedBlocks(open, params, mark)
	}
	var ext Extent
	if params != nil {
		p.push(as(ParamBlockRole, params))
		ext = params.Extent
	}
	body := len(p.stack)
	p.push(first)
	var full Extent
	for {
		ext = span(ext, p.statementList())
		var done bool
		if ext, full, done = p.closeScriptBlock(open, ext); done {
			break
		}
	}
	end := p.statements(NamedBlockAst, ext, body)
	end.Flag |= IsUnnamed
	p.push(as(EndRole, end))
	return p.scriptBlockNode(full, mark, open)
}

// scriptBlockNode makes the node of a script block that is read up to its end.
func (p *parser) scriptBlockNode(ext Extent, mark int, open *Token) *Node {
	n := p.nodeFrom(ScriptBlockAst, ext, mark)
	if open != nil && p.ungot != nil {
		n.Flag |= Unclosed // a closing brace would not have been given back
	}
	return n
}

// statements makes a block of the statements pushed since mark: those that are
// no traps come first.
func (p *parser) statements(class NodeClass, ext Extent, mark int) *Node {
	list := p.stack[mark:]
	traps := 0
	for _, n := range list {
		if n.Class == TrapStatementAst {
			traps++
		}
	}
	if traps > 0 && traps < len(list) {
		sorted := make([]*Node, 0, len(list))
		for _, want := range []bool{true, false} { // traps are visited first
			for _, n := range list {
				if (n.Class == TrapStatementAst) == want {
					sorted = append(sorted, n)
				}
			}
		}
		copy(list, sorted)
	}
	for _, n := range list {
		if n.Class == TrapStatementAst {
			n.Role = TrapRole
		}
	}
	return p.nodeFrom(class, ext, mark)
}

// closeScriptBlock reads the closing brace or the end of the script. It gives
// the extents of the body and of the whole, and whether that is the end.
func (p *parser) closeScriptBlock(open *Token, body Extent) (inner, full Extent, done bool) {
	t := p.nextToken()
	if open == nil {
		full = p.plain(0, len(p.src))
		if t.Kind == EndOfInput {
			return body, full, true
		}
		p.report(t.Extent, "UnexpectedToken", t.Text)
		return body, full, false
	}
	if t.Kind == RCurly {
		if body == (Extent{}) && open.End != t.Start {
			body = span(after(open.Extent), p.before(t.Extent))
		}
		return body, span(open.Extent, t.Extent), true
	}
	p.unget(t)
	p.expectedAt(open.Extent, t.Extent, "MissingEndCurlyBrace")
	last := body
	if last == (Extent{}) {
		last = open.Extent
	}
	return body, span(open.Extent, last), true
}

var blockRoles = map[Kind]Role{Begin: BeginRole, Process: ProcessRole, End: EndRole, Clean: CleanRole, Dynamicparam: DynamicparamRole}

// namedBlocks reads begin, process, end, clean and dynamicparam.
func (p *parser) namedBlocks(open *Token, params *Node, mark int) *Node {
	var start, end, ext, full Extent
	if open != nil {
		start = open.Extent
	} else if params != nil {
		start = params.Extent
	}
	var blocks [DynamicparamRole + 1]*Node
	for {
		t := p.nextToken()
		role, ok := blockRoles[t.Kind]
		if !ok {
			p.unget(t)
			if t.Kind == RCurly || t.Kind == EndOfInput {
				ext = span(start, end)
				_, full, _ = p.closeScriptBlock(open, ext)
				break
			}
			full = span(start, end)
			if open == nil {
				p.skipToken()
				full = p.plain(0, len(p.src))
			}
			p.report(t.Extent, "MissingNamedBlocks", t.Text)
			break
		}
		if start == (Extent{}) {
			start = t.Extent
		}
		var block *Node
		block, end = p.namedBlock(t)
		if blocks[role] == nil {
			blocks[role] = as(role, block)
		} else {
			p.report(block.Extent, "DuplicateScriptCommandClause", t.Kind.Text())
		}
		p.skipSeparators()
	}
	p.push(as(ParamBlockRole, params))
	for _, role := range [...]Role{DynamicparamRole, BeginRole, ProcessRole, EndRole, CleanRole} {
		p.push(blocks[role])
	}
	return p.scriptBlockNode(full, mark, open)
}

func (p *parser) namedBlock(name *Token) (block *Node, end Extent) {
	end = name.Extent
	body := p.statementBlock()
	if body == nil {
		p.expected(after(name.Extent), "MissingNamedStatementBlock", name.Kind.Text())
		return p.node(NamedBlockAst, name.Extent), end
	}
	end = body.Extent
	block = p.node(NamedBlockAst, span(name.Extent, end))
	block.Children = body.Children
	return block, end
}

// statementBlock reads {…}; nil where no brace stands here.
func (p *parser) statementBlock() *Node {
	p.skipNewlines()
	open := p.nextToken()
	if open.Kind != LCurly {
		p.unget(open)
		return nil
	}
	mark := len(p.stack)
	ext := p.statementList()
	t := p.nextToken()
	end := t.Extent
	if t.Kind != RCurly {
		p.unget(t)
		if end = ext; ext == (Extent{}) {
			end = open.Extent
		}
		p.expectedAt(open.Extent, t.Extent, "MissingEndCurlyBrace")
	}
	return p.statements(StatementBlockAst, span(open.Extent, end), mark)
}

// statementList pushes statements up to a closing bracket and gives their extent.
func (p *parser) statementList() (ext Extent) {
	p.skipSeparators()
	for {
		s := p.statement()
		if s == nil {
			return ext
		}
		p.push(s)
		ext = span(ext, s.Extent)
		p.skipSeparators()
		if k := p.peekToken().Kind; k == RParen || k == RCurly {
			return ext
		}
	}
}

// statement reads one statement; nil where none stands here.
func (p *parser) statement() *Node {
	p.enter()
	defer p.leave()
	t := p.nextToken()
	var attributes []*Node
	restore := t.Start
	if t.Kind == Generic && strings.HasPrefix(t.Text, "[") {
		t, attributes = p.statementAttributes(t)
	}
	if s, ok := p.keywordStatement(t, attributes); ok {
		return s
	}
	switch t.Kind {
	case EndOfInput:
		if attributes == nil {
			p.unget(t)
			return nil
		}
	case Else, ElseIf, Catch, Until:
		if len(p.errs.list) > 0 {
			p.skipNewlines()
			return p.statement()
		}
	}
	if attributes != nil {
		p.resync(restore)
	} else {
		p.unget(t)
	}
	return p.pipelineChain()
}

// statementAttributes reads attributes before a statement. Where none of its
// kind may stand there, they are given back to be read as an expression.
func (p *parser) statementAttributes(t *Token) (*Token, []*Node) {
	restore := t.Start
	p.resync(restore)
	attributes := p.attributeList(false)
	t = p.nextToken()
	if len(attributes) == 0 {
		return t, attributes
	}
	var constraint *Node
	for _, a := range attributes {
		if a.Class == TypeConstraintAst {
			constraint = a
			break
		}
	}
	switch {
	case t.Flags&StatementDoesntSupportAttributes != 0:
		if constraint == nil {
			p.report(attributes[0].Extent, "UnexpectedAttribute", attributes[0].Text)
			return t, attributes
		}
	case t.Flags&Keyword != 0:
		if constraint != nil {
			p.report(constraint.Extent, "TypeNotAllowedBeforeStatement", constraint.Text)
		}
		return t, attributes
	}
	p.resync(restore)
	return p.nextToken(), attributes
}

// keywordStatement reads the statement that a keyword begins.
func (p *parser) keywordStatement(t *Token, attributes []*Node) (*Node, bool) {
	switch t.Kind {
	case If:
		return p.ifStatement(t), true
	case Switch:
		return p.switchStatement(nil, t), true
	case Foreach, For, While, Do:
		return p.loop(nil, t), true
	case Function, Filter, Workflow:
		return p.function(t), true
	case Return, Throw, Exit:
		return p.leaving(t), true
	case Break, Continue:
		return p.jump(t), true
	case Trap:
		return p.trap(t), true
	case Try:
		return p.try(t), true
	case Data:
		return p.data(t), true
	case Parallel, Sequence:
		return p.blockStatement(t), true
	case Configuration:
		p.report(t.Extent, "ConfigurationNotSupportedInPowerShellCore")
		return p.node(ErrorStatementAst, t.Extent), true
	case From, Define, Var:
		p.report(t.Extent, "ReservedKeywordNotAllowed", t.Kind.Text())
		return p.node(ErrorStatementAst, t.Extent), true
	case Label:
		p.skipNewlines()
		return p.labelled(t), true
	case Class:
		return p.class(attributes, t), true
	case Enum:
		return p.enum(attributes, t), true
	case Using:
		s := p.usingStatement(t)
		p.report(s.Extent, "UsingMustBeAtStartOfScript")
		return s, true
	}
	return nil, false
}

func (p *parser) labelled(label *Token) *Node {
	t := p.nextToken()
	switch t.Kind {
	case Switch:
		return p.switchStatement(label, t)
	case Foreach, For, While, Do:
		return p.loop(label, t)
	}
	p.resync(label.Start)
	return p.pipelineChain()
}

func (p *parser) blockStatement(kind *Token) *Node {
	body := p.statementBlock()
	if body == nil {
		p.expected(after(kind.Extent), "MissingStatementAfterKeyword", kind.Text)
		return p.node(ErrorStatementAst, kind.Extent)
	}
	n := p.node(BlockStatementAst, span(kind.Extent, body.Extent), as(BodyRole, body))
	n.Text, n.OpExtent = kind.Text, kind.Extent
	return n
}

var leavingClasses = map[Kind]NodeClass{Return: ReturnStatementAst, Throw: ThrowStatementAst, Exit: ExitStatementAst}

// leaving reads return, throw or exit with what they give.
func (p *parser) leaving(t *Token) *Node {
	value := p.pipelineChain()
	ext := t.Extent
	if value != nil {
		ext = span(ext, value.Extent)
	}
	return p.node(leavingClasses[t.Kind], ext, as(ValueRole, value))
}

// jump reads break or continue with a label.
func (p *parser) jump(t *Token) *Node {
	label := p.labelOrKey()
	ext := t.Extent
	if label != nil {
		ext = span(ext, label.Extent)
	}
	class := BreakStatementAst
	if t.Kind == Continue {
		class = ContinueStatementAst
	}
	return p.node(class, ext, as(LabelRole, label))
}

// simpleName reads a name that may be a keyword elsewhere.
func (p *parser) simpleName() (*Node, *Token) {
	p.lexer.simpleName = true
	t := p.peekToken()
	p.lexer.simpleName = false
	if t.Kind != Identifier {
		return nil, t
	}
	t.Flags |= MemberName
	p.skipToken()
	return p.stringNode(t.Extent, t.Text, BareWord), t
}

// labelOrKey reads a label, or the key of a hashtable.
func (p *parser) labelOrKey() *Node {
	if name, _ := p.simpleName(); name != nil {
		return name
	}
	if k := p.peekToken().Kind; k == NewLine || k == Semi {
		return nil
	}
	comma := p.noComma
	p.noComma = true
	defer func() { p.noComma = comma }()
	return p.unary(false)
}

func (p *parser) stringNode(ext Extent, value string, kind StringType) *Node {
	n := p.node(StringConstantExpressionAst, ext)
	n.Text, n.StringType = value, kind
	return n
}
