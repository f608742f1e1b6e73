package pslang

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Control is a statement of a script block that is no pipeline. A line itself
// holds none: there each statement is planned before any runs.
type Control interface {
	Span() Extent
	control()
}

// The statements of a script block.
type (
	// If runs the body of the first clause whose condition is true, or Else.
	If struct {
		Clauses []Clause
		Else    *Script
		Extent
	}
	// ForEach runs Body for each of Items.
	ForEach struct {
		Variable string
		Items    Expr
		Body     *Script
		Extent
	}
	// While runs Body while Condition is true: at least once where After, and
	// until it is true where Until.
	While struct {
		Condition    Expr // nil for always
		Body         *Script
		Step         *Script // of a for loop
		After, Until bool
		Extent
	}
	// Leave is return, break or continue.
	Leave struct {
		Word  string
		Value Expr // of return; nil for none
		Extent
	}
)

// Clause is a condition and what runs where it is true.
type Clause struct {
	Condition Expr
	Body      *Script
}

func (*If) control()      {}
func (*ForEach) control() {}
func (*While) control()   {}
func (*Leave) control()   {}

// blockStatement lowers what a script block may hold beyond a line; ok is
// false for the others.
func (l *lowering) blockStatement(n *syntax.Node) (st Statement, ok bool) {
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
		st.Control = &ForEach{
			Variable: n.Child(syntax.VariableRole).Text, Items: l.value(n.Child(syntax.ConditionRole)), Body: l.loopBody(n), Extent: n.Extent,
		}
	case syntax.WhileStatementAst, syntax.DoWhileStatementAst, syntax.DoUntilStatementAst:
		st.Control = &While{
			Condition: l.value(n.Child(syntax.ConditionRole)), Body: l.loopBody(n), Extent: n.Extent,
			After: n.Class != syntax.WhileStatementAst, Until: n.Class == syntax.DoUntilStatementAst,
		}
	case syntax.ReturnStatementAst:
		leave := &Leave{Word: "return", Extent: n.Extent}
		if len(n.Children) > 0 {
			leave.Value = l.value(n.Children[0])
		}
		st.Control = leave
	case syntax.BreakStatementAst, syntax.ContinueStatementAst:
		if !l.inLoop || len(n.Children) > 0 {
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
	one := &Constant{Value: clixml.Int32(1), Text: "1", Extent: n.Extent}
	return Statement{
		Assign: target.Text, Op: op, Extent: n.Extent,
		Pipeline: &Pipeline{Elements: []Element{{Expr: one}}, Extent: n.Extent},
	}
}

func (l *lowering) ifStatement(n *syntax.Node) *If {
	s := &If{Extent: n.Extent}
	var condition Expr
	for _, c := range n.Children {
		switch c.Role {
		case syntax.ConditionRole:
			condition = l.value(c)
		case syntax.BodyRole:
			s.Clauses = append(s.Clauses, Clause{condition, l.body(c)})
		default:
			s.Else = l.body(c)
		}
	}
	return s
}

func (l *lowering) body(n *syntax.Node) *Script {
	s := &Script{}
	l.statements(s, n)
	return s
}

func (l *lowering) loopBody(n *syntax.Node) *Script {
	held := l.inLoop
	l.inLoop = true
	defer func() { l.inLoop = held }()
	return l.body(n.Child(syntax.BodyRole))
}

// checkControl finds what is refused in a statement of a block.
func checkControl(c Control) *Error {
	switch c := c.(type) {
	case *If:
		for _, x := range c.Clauses {
			if err := checkExpr(x.Condition); err != nil {
				return err
			}
			if err := check(x.Body); err != nil {
				return err
			}
		}
		return check(c.Else)
	case *ForEach:
		if err := checkExpr(c.Items); err != nil {
			return err
		}
		return check(c.Body)
	case *While:
		if err := checkExpr(c.Condition); err != nil {
			return err
		}
		return check(c.Body)
	case *Leave:
		return checkExpr(c.Value)
	}
	return nil
}

// Locals is a Scope whose variables script blocks assign.
type Locals struct {
	Outer  Scope
	values map[string]clixml.Value
}

// Variable gives what was assigned, or what Outer has.
func (s *Locals) Variable(name string) (clixml.Value, bool) {
	if v, ok := s.values[strings.ToLower(name)]; ok {
		return v, true
	}
	if s.Outer == nil {
		return clixml.Value{}, false
	}
	return s.Outer.Variable(name)
}

func (s *Locals) set(name string, v clixml.Value) {
	if s.values == nil {
		s.values = make(map[string]clixml.Value)
	}
	_, _, name = syntax.SplitVariable(name)
	s.values[strings.ToLower(name)] = v
}
