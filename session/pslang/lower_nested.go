package pslang

import (
	"fmt"

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

// binary lowers an operator: the right side of some may not have to be worked out.
func (l *lowering) binary(n *syntax.Node) Expr {
	b := &Binary{Op: n.Op.Text(), Left: l.expr(n.Children[0]), Extent: n.Extent}
	right := func() { b.Right = l.expr(n.Children[1]) }
	switch n.Op {
	case syntax.And, syntax.Or, syntax.QuestionQuestion:
		l.perhaps(right)
	default:
		right()
	}
	return b
}

func (l *lowering) ternary(n *syntax.Node) Expr {
	t := &Ternary{Condition: l.expr(n.Children[0]), Extent: n.Extent}
	l.perhaps(func() { t.Yes, t.No = l.expr(n.Children[1]), l.expr(n.Children[2]) })
	return t
}
