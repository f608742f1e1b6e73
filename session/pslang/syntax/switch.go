package syntax

// switchReader reads one switch statement. After an error it goes on, to find
// more of them; what it makes then is an error statement.
type switchReader struct {
	*parser
	end        Extent // of what is surely a part of the statement
	failed     bool
	incomplete bool
	flag       NodeFlag
	condition  *Node
	inParens   bool
	closed     Extent
	fallback   *Node // the block of the default clause
	seen       []*Node
	flagged    []*Node // conditions given by -file
}

func (p *parser) switchStatement(label, t *Token) *Node {
	start := startOf(label, t)
	r := &switchReader{parser: p, end: start}
	p.skipNewlines()
	r.parameters()
	r.value()
	p.skipNewlines()
	mark := len(p.stack)
	open := p.nextToken()
	if open.Kind == LCurly {
		r.end = open.Extent
		r.clauses(open)
	} else {
		p.unget(open)
		if !r.incomplete {
			r.failed = true
			p.expected(after(r.end), "MissingCurlyBraceInSwitchStatement")
		}
	}
	if r.failed {
		p.stack = p.stack[:mark]
		var children []*Node
		children = append(children, r.flagged...)
		if r.inParens && r.condition != nil {
			children = append(children, r.condition)
		}
		return p.node(ErrorStatementAst, span(start, r.end), append(children, r.seen...)...)
	}
	children := append([]*Node{as(ConditionRole, r.condition)}, p.stack[mark:]...)
	p.stack = p.stack[:mark]
	n := p.node(SwitchStatementAst, span(start, r.closed), append(children, as(DefaultRole, r.fallback))...)
	n.Flag, n.Text = r.flag, labelText(label)
	return n
}

var switchFlags = []struct {
	name string
	flag NodeFlag
}{
	{"regex", Regex},
	{"wildcard", Wildcard},
	{"exact", Exact},
	{"casesensitive", CaseSensitive},
	{"parallel", IsParallel},
	{"file", FileSwitch},
}

// parameters reads -regex, -file name and the like.
func (r *switchReader) parameters() {
	for t := r.peekToken(); t.Kind == Parameter; t = r.peekToken() {
		r.skipToken()
		r.end = t.Extent
		found := NodeFlag(0)
		for _, f := range switchFlags {
			if isParameter(t, f.name) {
				found = f.flag
				break
			}
		}
		switch found {
		case 0:
			r.failed = true
			r.report(t.Extent, "InvalidSwitchFlag", t.Name)
		case Regex, Wildcard, Exact:
			r.flag = r.flag&^(Regex|Wildcard) | found
		case FileSwitch:
			r.flag |= found
			r.file(t)
		default:
			r.flag |= found
		}
	}
}

func (r *switchReader) file(t *Token) {
	r.skipNewlines()
	name := r.singleArgument(fileNameContext)
	if name == nil {
		r.failed = true
		r.incomplete = r.expected(after(t.Extent), "MissingFilenameOption")
		return
	}
	r.end = name.Extent
	r.condition = r.node(PipelineAst, name.Extent, r.node(CommandExpressionAst, name.Extent, name))
	r.flagged = append(r.flagged, r.condition)
}

// value reads the value in parentheses.
func (r *switchReader) value() {
	open := r.peekToken()
	if open.Kind != LParen {
		if r.condition == nil && r.flag&FileSwitch == 0 {
			r.failed = true
			r.incomplete = r.expected(after(r.end), "PipelineValueRequired")
		}
		return
	}
	r.end = open.Extent
	r.skipToken()
	if r.flag&FileSwitch != 0 {
		r.failed = true
		r.report(open.Extent, "PipelineValueRequired")
	}
	r.inParens = true
	r.skipNewlines()
	r.condition = r.pipelineChain()
	if r.condition == nil {
		r.failed = true
		r.incomplete = r.expected(after(open.Extent), "PipelineValueRequired")
	} else {
		r.end = r.condition.Extent
	}
	r.skipNewlines()
	closing := r.nextToken()
	if closing.Kind == RParen {
		r.end = closing.Extent
		return
	}
	r.unget(closing)
	if !r.incomplete {
		r.failed = true
		r.incomplete = r.expected(after(r.end), "MissingEndParenthesisInSwitchStatement")
	}
}

// clauses pushes conditions and their blocks.
func (r *switchReader) clauses(open *Token) {
	r.skipNewlines()
	for r.clause() {
		r.skipSeparators()
		switch t := r.peekToken(); t.Kind {
		case RCurly:
			r.closed = t.Extent
			r.skipToken()
			return
		case EndOfInput:
			if !r.incomplete {
				r.failed = true
				r.expectedAt(open.Extent, t.Extent, "MissingEndCurlyBrace")
			}
			return
		}
	}
}

func (r *switchReader) clause() bool {
	t := r.peekToken()
	isDefault := t.Kind == Default
	var condition *Node
	if isDefault {
		r.skipToken()
		condition = r.stringNode(t.Extent, t.Text, BareWord)
	} else if condition = r.singleArgument(switchContext); condition == nil {
		r.failed = true
		r.expected(after(r.end), "MissingSwitchConditionExpression")
		if r.peekToken().Kind == RCurly {
			r.skipToken()
		}
		return false
	}
	r.seen = append(r.seen, condition)
	r.end = condition.Extent
	body := as(BodyRole, r.statementBlock())
	if body == nil {
		r.failed = true
		r.incomplete = r.expected(after(r.end), "MissingSwitchStatementClause")
		return true
	}
	r.seen = append(r.seen, body)
	r.end = body.Extent
	if !isDefault {
		r.push(as(KeyRole, condition))
		r.push(body)
		return true
	}
	if r.fallback != nil {
		r.failed = true
		r.report(condition.Extent, "MultipleSwitchDefaultClauses")
	}
	r.fallback = body
	return true
}
