package pslang

import (
	"fmt"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// NestedName begins the names that results of nested commands have.
const NestedName = "("

// perhaps lowers what may not have to run: no command may stand there.
func (l *lowering) perhaps(lower func()) {
	held := l.first
	l.first = nil
	lower()
	l.first = held
}

// nestedCommand makes a statement that runs first of a command within an
// expression, and gives the variable with its result; nil where the pipeline is
// an expression itself, or no command may stand there.
func (l *lowering) nestedCommand(n, pipeline *syntax.Node) Expr {
	if l.first == nil || pipeline.Class != syntax.PipelineAst || pipeline.PureExpression() != nil {
		return nil
	}
	st := Statement{Nested: true, Pipeline: l.pipeline(pipeline), Extent: pipeline.Extent}
	l.nested++
	st.Assign = fmt.Sprintf("%s%d", NestedName, l.nested)
	*l.first = append(*l.first, st)
	return &Variable{Name: st.Assign, Extent: n.Extent}
}

// onlyCommand is nestedCommand for $(…) and @(…) with one pipeline in it.
func (l *lowering) onlyCommand(n *syntax.Node) Expr {
	if list := n.Children[0].Children; len(list) == 1 {
		return l.nestedCommand(n, list[0])
	}
	return nil
}

// later lowers what may not have to be worked out, and gives the commands in it
// apart; where no command may stand, none may stand there either.
func (l *lowering) later(n *syntax.Node) (x Expr, commands []Statement) {
	held := l.first
	if held != nil {
		l.first = &commands
	}
	x = l.expr(n)
	l.first = held
	return x, commands
}

// where makes a statement that runs commands of an expression first, but only
// where the expression will want what they give: where condition, which changes
// nothing, is true, or else the others.
func (l *lowering) where(at Extent, condition Expr, commands, others []Statement) {
	if len(commands)+len(others) == 0 {
		return
	}
	c := &If{Clauses: []Clause{{Term{X: condition}, &Script{Statements: commands}}}, Extent: at}
	if len(others) > 0 {
		c.Else = &Script{Statements: others}
	}
	*l.first = append(*l.first, Statement{Nested: true, Control: c, Extent: at})
}

// binary lowers an operator: the right side of some may not have to be worked out.
func (l *lowering) binary(n *syntax.Node) Expr {
	b := &Binary{Op: n.Op.Text(), Left: l.expr(n.Children[0]), Extent: n.Extent}
	var condition Expr
	switch n.Op {
	case syntax.And:
		condition = b.Left
	case syntax.Or:
		condition = &Unary{Op: "-not", X: b.Left, Extent: b.Left.Span()}
	case syntax.QuestionQuestion:
		null := &Constant{Value: clixml.Null(), Extent: b.Left.Span()}
		condition = &Binary{Op: "-eq", Left: null, Right: b.Left, Extent: b.Left.Span()}
	default:
		b.Right = l.expr(n.Children[1])
		return b
	}
	var commands []Statement
	b.Right, commands = l.later(n.Children[1])
	l.where(n.Extent, condition, commands, nil)
	return b
}

func (l *lowering) ternary(n *syntax.Node) Expr {
	t := &Ternary{Condition: l.expr(n.Children[0]), Extent: n.Extent}
	var yes, no []Statement
	t.Yes, yes = l.later(n.Children[1])
	t.No, no = l.later(n.Children[2])
	l.where(n.Extent, t.Condition, yes, no)
	return t
}
