package pslang

import (
	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// expr lowers an expression.
func (l *lowering) expr(n *syntax.Node) Expr {
	ext := n.Extent
	switch n.Class {
	case syntax.ConstantExpressionAst:
		return l.constant(n, n.Value, NoString)
	case syntax.StringConstantExpressionAst:
		return l.constant(n, clixml.Str(n.Text), stringKinds[n.StringType])
	case syntax.ExpandableStringExpressionAst:
		return l.expandable(n)
	case syntax.VariableExpressionAst:
		return &Variable{Name: n.Text, Splat: n.Splatted, Extent: ext}
	case syntax.UsingExpressionAst:
		refuse(usingVariable, n)
	case syntax.ArrayLiteralAst:
		return &Array{Items: l.exprs(n.Children), Extent: ext}
	case syntax.ArrayExpressionAst:
		if v := l.onlyCommand(n); v != nil {
			return &Array{Items: []Expr{v}, Sub: true, Extent: ext}
		}
		return &Array{Items: l.values(n.Children[0].Children), Sub: true, Extent: ext}
	case syntax.HashtableAst:
		return l.hashtable(n)
	case syntax.ScriptBlockExpressionAst:
		return l.scriptBlock(n)
	case syntax.ParenExpressionAst:
		if v := l.nestedCommand(n, n.Children[0]); v != nil {
			return v
		}
		return &Paren{Pipeline: l.pipeline(n.Children[0]), Extent: ext}
	case syntax.SubExpressionAst:
		if v := l.onlyCommand(n); v != nil {
			return v
		}
		return &SubExpression{Body: l.subExpression(n.Children[0]), Extent: ext}
	case syntax.TypeExpressionAst:
		return &TypeLiteral{Name: n.Text, Extent: ext}
	case syntax.ConvertExpressionAst:
		return &Cast{Type: n.Child(syntax.TypeRole).Text, X: l.expr(n.Child(syntax.ValueRole)), Extent: ext}
	case syntax.AttributedExpressionAst:
		refuse(attribute, n)
	case syntax.UnaryExpressionAst:
		if n.Op.Traits()&syntax.PrefixOrPostfixOperator != 0 {
			refuse(increment, n)
		}
		return &Unary{Op: n.Op.Text(), X: l.expr(n.Children[0]), Extent: ext}
	case syntax.BinaryExpressionAst:
		return l.binary(n)
	case syntax.TernaryExpressionAst:
		return l.ternary(n)
	case syntax.MemberExpressionAst:
		return l.member(n, ext)
	case syntax.InvokeMemberExpressionAst:
		return l.call(n, ext)
	case syntax.IndexExpressionAst:
		return &Index{Target: l.expr(n.Children[0]), Key: l.expr(n.Children[1]), Conditional: n.NullConditional, Extent: ext}
	}
	refuse(otherOperator, n)
	return nil
}

// subExpression lowers the statements of $(…); the commands nested in them run
// before the whole statement.
func (l *lowering) subExpression(n *syntax.Node) *Script {
	inBlock, inLoop := l.inBlock, l.inLoop
	l.inBlock, l.inLoop = true, false
	s := &Script{}
	l.statements(s, n)
	l.inBlock, l.inLoop = inBlock, inLoop
	return s
}

func (l *lowering) exprs(nodes []*syntax.Node) []Expr {
	out := make([]Expr, len(nodes))
	for i, n := range nodes {
		out[i] = l.expr(n)
	}
	return out
}

// values lowers statements that must each be one expression.
func (l *lowering) values(nodes []*syntax.Node) []Expr {
	var out []Expr
	for _, n := range nodes {
		out = append(out, l.value(n))
	}
	return out
}

func (l *lowering) value(n *syntax.Node) Expr {
	if e := n.PureExpression(); e != nil {
		return l.expr(e)
	}
	switch n.Class {
	case syntax.AssignmentStatementAst:
		refuse(assignNested, n)
	case syntax.PipelineAst:
		l.pipeline(n)
		if len(n.Children) > 1 && n.Children[0].Class == syntax.CommandExpressionAst {
			refuse(nestedPipeline, n)
		}
		refuse(nestedCommand, n)
	}
	// Control flow: its output is the value.
	return &SubExpression{Body: l.subExpression(&syntax.Node{Children: []*syntax.Node{n}, Extent: n.Extent}), Extent: n.Extent}
}

func (l *lowering) hashtable(n *syntax.Node) Expr {
	h := &Hashtable{Extent: n.Extent}
	for i := 0; i+1 < len(n.Children); i += 2 {
		h.Entries = append(h.Entries, HashEntry{Key: l.expr(n.Children[i]), Value: l.value(n.Children[i+1])})
	}
	return h
}

// scriptBlock keeps the text whatever it holds; what is refused in it only
// matters if it is run here.
func (l *lowering) scriptBlock(n *syntax.Node) Expr {
	sb := &ScriptBlock{Text: n.Text, Extent: n.Extent}
	inner := &lowering{line: l.line, inBlock: true}
	sb.Body, sb.Refused = inner.root(n.Children[0])
	if sb.Refused == nil {
		sb.Refused = check(sb.Body)
	}
	if sb.Refused != nil {
		sb.Body = nil
	}
	sb.Syntax = n
	return sb
}

// expandable lowers a string with variables in it.
func (l *lowering) expandable(n *syntax.Node) Expr {
	e := &Expandable{Kind: stringKinds[n.StringType], Extent: n.Extent}
	for i, text := range n.Literals() {
		if text != "" {
			e.Parts = append(e.Parts, &Constant{Value: clixml.Str(text), Kind: e.Kind, Text: text, Extent: e.Extent})
		}
		if i < len(n.Children) {
			e.Parts = append(e.Parts, l.expr(n.Children[i]))
		}
	}
	return e
}

func (l *lowering) member(n *syntax.Node, ext Extent) *Member {
	target, name := n.Child(syntax.TargetRole), n.Child(syntax.MemberRole)
	return &Member{Target: l.expr(target), Name: l.expr(name), Static: n.Static, Conditional: n.NullConditional, Extent: ext}
}

func (l *lowering) call(n *syntax.Node, ext Extent) Expr {
	name := n.Child(syntax.MemberRole)
	m := l.member(n, Extent{Start: n.Start, End: name.End})
	c := &Call{Member: m, Extent: ext}
	for _, a := range n.Children {
		if a.Role == syntax.ArgumentRole {
			c.Args = append(c.Args, l.expr(a))
		}
	}
	return c
}
