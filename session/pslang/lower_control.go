package pslang

import "psdeck/session/pslang/syntax"

// control lowers control flow, $i++ and $i--; ok is false for other statements.
func (l *lowering) control(n *syntax.Node) (st Statement, ok bool) {
	st.Extent = n.Extent
	switch n.Class {
	case syntax.PipelineAst:
		if e := n.PureExpression(); e != nil && e.Class == syntax.UnaryExpressionAst && e.Op.Traits()&syntax.PrefixOrPostfixOperator != 0 {
			return l.step(e), true
		}
		return st, false
	case syntax.IfStatementAst:
		st.Control = l.ifStatement(n)
	case syntax.ForEachStatementAst:
		items := l.term(n.Child(syntax.ConditionRole))
		st.Control = &ForEach{Variable: n.Child(syntax.VariableRole).Text, Items: items, Body: l.loopBody(n.Child(syntax.BodyRole)), Extent: n.Extent}
	case syntax.ForStatementAst:
		st.Control = &While{
			Init: l.part(n.Child(syntax.InitializerRole)), Condition: l.perhapsTerm(n.Child(syntax.ConditionRole)),
			Body: l.loopBody(n.Child(syntax.BodyRole)), Step: l.part(n.Child(syntax.IteratorRole)), Extent: n.Extent,
		}
	case syntax.WhileStatementAst, syntax.DoWhileStatementAst, syntax.DoUntilStatementAst:
		st.Control = &While{
			Condition: l.perhapsTerm(n.Child(syntax.ConditionRole)), Body: l.loopBody(n.Child(syntax.BodyRole)), Extent: n.Extent,
			After: n.Class != syntax.WhileStatementAst, Until: n.Class == syntax.DoUntilStatementAst,
		}
	case syntax.SwitchStatementAst:
		st.Control = l.switchStatement(n)
	case syntax.TryStatementAst:
		st.Control = l.tryStatement(n)
	case syntax.ReturnStatementAst, syntax.ThrowStatementAst:
		var value *Term
		if len(n.Children) > 0 {
			value = l.perhapsTerm(n.Children[0])
		}
		st.Control = &Throw{Value: value, Extent: n.Extent}
		if n.Class == syntax.ReturnStatementAst {
			st.Control = &Leave{Word: "return", Value: value, Extent: n.Extent}
		}
	case syntax.BreakStatementAst, syntax.ContinueStatementAst:
		if len(n.Children) > 0 {
			refuse(labelled, n)
		}
		if l.inBlock && !l.inLoop {
			return st, false // it would end more than the block
		}
		st.Control = &Leave{Word: map[bool]string{true: "break", false: "continue"}[n.Class == syntax.BreakStatementAst], Extent: n.Extent}
	default:
		return st, false
	}
	if isLabelled(l.line, n) {
		refuse(labelled, n)
	}
	return st, true
}

// step lowers $i++ to $i += 1.
func (l *lowering) step(n *syntax.Node) Statement {
	target := n.Children[0]
	if target.Class != syntax.VariableExpressionAst {
		refuse(increment, n)
	}
	op := "+"
	if n.Op == syntax.MinusMinus || n.Op == syntax.PostfixMinusMinus {
		op = "-"
	}
	return Statement{
		Assign: target.Text, Op: op, Extent: n.Extent,
		Pipeline: &Pipeline{Elements: []Element{{Expr: one(n.Extent)}}, Extent: n.Extent},
	}
}

// term lowers a condition, or another value of control flow: the commands in
// it run each time that it is worked out.
func (l *lowering) term(n *syntax.Node) Term {
	var t Term
	held := l.first
	l.first = &t.First
	defer func() { l.first = held }()
	switch {
	case n.IsExpression():
		t.X = l.expr(n)
	case n.Class == syntax.AssignmentStatementAst:
		st := l.assignment(n)
		t.First = append(t.First, st)
		t.X = &Variable{Name: st.Assign, Extent: n.Child(syntax.TargetRole).Extent}
	default:
		if t.X = l.nestedCommand(n, n); t.X == nil {
			t.X = l.value(n)
		}
	}
	return t
}

// perhapsTerm is term for what may be left out.
func (l *lowering) perhapsTerm(n *syntax.Node) *Term {
	if n == nil {
		return nil
	}
	t := l.term(n)
	return &t
}

func (l *lowering) ifStatement(n *syntax.Node) *If {
	s := &If{Extent: n.Extent}
	var condition Term
	for _, c := range n.Children {
		switch c.Role {
		case syntax.ConditionRole:
			condition = l.term(c)
		case syntax.BodyRole:
			s.Clauses = append(s.Clauses, Clause{condition, l.body(c)})
		default:
			s.Else = l.body(c)
		}
	}
	return s
}

func (l *lowering) switchStatement(n *syntax.Node) *Switch {
	if n.Flag&syntax.FileSwitch != 0 {
		refuse(switchFile, n)
	}
	s := &Switch{
		Wildcard: n.Flag&syntax.Wildcard != 0, Regex: n.Flag&syntax.Regex != 0, CaseSensitive: n.Flag&syntax.CaseSensitive != 0, Extent: n.Extent,
	}
	var condition Term
	for _, c := range n.Children {
		switch c.Role {
		case syntax.ConditionRole:
			s.Value = l.term(c)
		case syntax.KeyRole:
			condition = l.term(c)
		case syntax.BodyRole:
			s.Clauses = append(s.Clauses, Clause{condition, l.loopBody(c)})
		case syntax.DefaultRole:
			s.Default = l.loopBody(c)
		}
	}
	return s
}

func (l *lowering) tryStatement(n *syntax.Node) *Try {
	s := &Try{Extent: n.Extent}
	for _, c := range n.Children {
		switch {
		case c.Class == syntax.CatchClauseAst:
			var one Catch
			for _, part := range c.Children {
				if part.Role == syntax.TypeRole {
					one.Types = append(one.Types, part.Text)
					continue
				}
				one.Body = l.body(part)
			}
			s.Catches = append(s.Catches, one)
		case c.Role == syntax.FinallyRole:
			s.Finally = l.body(c)
		default:
			s.Body = l.body(c)
		}
	}
	return s
}

// body lowers statements of their own: what is nested in one of them runs
// before it, and not before what they stand in.
func (l *lowering) body(n *syntax.Node) *Script {
	held := l.first
	l.first = nil
	defer func() { l.first = held }()
	s := &Script{}
	l.statements(s, n)
	return s
}

func (l *lowering) loopBody(n *syntax.Node) *Script {
	held := l.inLoop
	l.inLoop = true
	defer func() { l.inLoop = held }()
	return l.body(n)
}

// part lowers what a for loop begins with, or steps by.
func (l *lowering) part(n *syntax.Node) *Script {
	if n == nil {
		return nil
	}
	return l.body(&syntax.Node{Children: []*syntax.Node{n}, Extent: n.Extent})
}
