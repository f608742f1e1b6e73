package complete

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// infer says what an expression gives, where that is plain.
func (c *context) infer(n *syntax.Node) (Variable, bool) {
	switch n.Class {
	case syntax.VariableExpressionAst:
		return c.variableAt(n)
	case syntax.StringConstantExpressionAst, syntax.ExpandableStringExpressionAst:
		return Variable{Type: "System.String"}, true
	case syntax.ConstantExpressionAst:
		return Variable{Value: n.Value}, true
	case syntax.HashtableAst:
		return Variable{Value: clixml.Obj(clixml.Hashtable(entries(n)...))}, true
	case syntax.ConvertExpressionAst:
		return convert(n)
	case syntax.MemberExpressionAst:
		return c.inferMember(n)
	case syntax.IndexExpressionAst:
		return c.inferIndex(n)
	case syntax.CommandAst:
		name, _ := n.CommandName()
		if cmd := c.resolve(name); cmd != nil {
			name = cmd.Name
		}
		return c.output(name)
	case syntax.PipelineAst:
		return c.given(n, len(n.Children))
	case syntax.ParenExpressionAst, syntax.CommandExpressionAst:
		if len(n.Children) == 1 {
			return c.infer(n.Children[0])
		}
	}
	return Variable{}, false
}

// inferMember goes into the value of a property.
func (c *context) inferMember(n *syntax.Node) (Variable, bool) {
	target, member := n.Child(syntax.TargetRole), n.Child(syntax.MemberRole)
	if target == nil || member == nil || n.Static {
		if target != nil && member != nil && strings.EqualFold(target.Text, "datetime") && containsFold([]string{"Now", "Today", "UtcNow"}, member.Text) {
			return Variable{Type: "System.DateTime"}, true
		}
		return Variable{}, false
	}
	of, ok := c.infer(target)
	if !ok {
		return Variable{}, false
	}
	if o := of.Value.Object(); o != nil {
		if e := of.element().Value.Object(); e != nil {
			o = e
		}
		if v, ok := o.Get(member.Text); ok {
			return Variable{Value: v}, true
		}
		if v, ok := o.Lookup(member.Text); ok {
			return Variable{Value: v}, true
		}
	}
	return Variable{}, false
}

// inferIndex is an element of a list, or the value of a key. What a pipeline
// gives is known by one of its objects, so that its elements are known by it, too.
func (c *context) inferIndex(n *syntax.Node) (Variable, bool) {
	target, key := n.Child(syntax.TargetRole), n.Child(syntax.KeyRole)
	if target == nil || key == nil {
		return Variable{}, false
	}
	of, ok := c.infer(target)
	o := of.Value.Object()
	switch {
	case !ok || o == nil:
		return Variable{}, false
	case o.Kind == clixml.Dict:
		v, found := o.Lookup(key.Text)
		return Variable{Value: v}, found
	}
	return of.element(), true
}

// element is what stands for each element of a list; of anything else, itself.
func (v Variable) element() Variable {
	if o := v.Value.Object(); o != nil && o.Kind != clixml.Dict && o.Kind != clixml.PlainObject && len(o.Items) > 0 {
		return Variable{Value: o.Items[0]}
	}
	return v
}

// variableAt is what a variable holds where it is read: what the line gave it
// before, what the pipeline brings, or what the session knows.
func (c *context) variableAt(n *syntax.Node) (Variable, bool) {
	if strings.EqualFold(n.Text, "_") || strings.EqualFold(n.Text, "PSItem") {
		return c.current(n.Extent)
	}
	var value *syntax.Node
	syntax.Walk(c.script.Root, func(at *syntax.Node, _ []*syntax.Node) bool {
		if at.Class == syntax.AssignmentStatementAst && at.End <= n.Start {
			if to := at.Child(syntax.TargetRole); to != nil && to.Class == syntax.VariableExpressionAst && strings.EqualFold(to.Text, n.Text) {
				value = at.Child(syntax.ValueRole)
			}
		}
		return at.Start < n.Start || at.Start == 0
	})
	if value != nil {
		return c.infer(value)
	}
	return c.valueOf(n.Text)
}

// current is $_ in a script block: what comes to its command.
func (c *context) current(at syntax.Extent) (Variable, bool) {
	_, path := c.inside(at, syntax.ScriptBlockExpressionAst)
	for i := len(path) - 1; i > 0; i-- {
		if path[i].Class == syntax.CommandAst {
			return c.source(path[i], path[:i])
		}
	}
	return Variable{}, false
}

// entries are the keys of a hashtable as it is written, with what is plain of
// their values.
func entries(n *syntax.Node) []clixml.Entry {
	var list []clixml.Entry
	for _, child := range n.Children {
		if child.Role == syntax.KeyRole && child.Text != "" {
			list = append(list, clixml.Entry{Key: clixml.Str(child.Text)})
		}
	}
	return list
}

// convert is a value cast to a type; a hashtable becomes the object it describes.
func convert(n *syntax.Node) (Variable, bool) {
	t := n.Child(syntax.TypeRole)
	if t == nil {
		return Variable{}, false
	}
	last := n.Children[len(n.Children)-1]
	if strings.EqualFold(t.Text, "pscustomobject") && last.Class == syntax.HashtableAst {
		o := clixml.Custom()
		for _, e := range entries(last) {
			o.Members = append(o.Members, clixml.Prop(e.Key.String(), nil))
		}
		return Variable{Value: clixml.Obj(o)}, true
	}
	return Variable{Type: t.Text}, true
}

// selected is what Select-Object makes of its input: the properties that are
// named, or all.
func (c *context) selected(pipe *syntax.Node, at int) (Variable, bool) {
	of, ok := c.given(pipe, at)
	names := named(pipe.Children[at])
	if len(names) == 0 {
		return of, ok
	}
	o, from := clixml.Custom(), of.Value.Object()
	for _, name := range names {
		var value any
		if from != nil {
			if v, found := from.Get(name); found {
				value = v
			}
		}
		o.Members = append(o.Members, clixml.Prop(name, value))
	}
	return Variable{Value: clixml.Obj(o)}, true
}

// named are the properties that Select-Object is plainly given; none where it
// opens one, or where the names have wildcards.
func named(node *syntax.Node) []string {
	var names []string
	property := true
	for _, e := range node.Children[1:] {
		switch e.Class {
		case syntax.CommandParameterAst:
			property = hasPrefixFold("Property", e.Text)
			if hasPrefixFold("ExpandProperty", e.Text) && len(e.Text) > 2 {
				return nil
			}
		case syntax.StringConstantExpressionAst, syntax.ArrayLiteralAst:
			if property {
				names = append(names, words(e)...)
			}
			property = true
		default:
			property = true
		}
	}
	if slices.ContainsFunc(names, func(s string) bool { return strings.ContainsAny(s, "*?[") }) {
		return nil
	}
	return names
}

func words(n *syntax.Node) []string {
	if n.Class == syntax.StringConstantExpressionAst {
		return []string{n.Text}
	}
	var list []string
	for _, e := range n.Children {
		if e.Class == syntax.StringConstantExpressionAst {
			list = append(list, e.Text)
		}
	}
	return list
}
