package complete

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// memberWord is the beginning of a member's name, of a key, or of an
// attribute's argument.
func (c *context) memberWord(t *syntax.Token) {
	prev := c.at(c.index - 1)
	if prev != nil && (prev.Kind == syntax.Dot || prev.Kind == syntax.ColonColon || prev.Kind == syntax.QuestionDot) {
		c.member(t.Text, t.Extent)
		return
	}
	if name := c.attribute(); name != "" {
		c.attributeArguments(name, t.Text)
		return
	}
	if table, path := c.inside(t.Extent, syntax.HashtableAst); table != nil {
		c.hashtableKey(table, path, t.Text)
	}
}

// member completes what stands behind a dot or two colons.
func (c *context) member(word string, at syntax.Extent) {
	node, _ := c.inside(at, syntax.MemberExpressionAst, syntax.InvokeMemberExpressionAst)
	if node == nil {
		return
	}
	target := node.Child(syntax.TargetRole)
	if target == nil {
		return
	}
	of, ok := c.owner(node, target)
	if !ok {
		return
	}
	for _, it := range c.members(of, node.Static) {
		if fits(it.List, word) {
			c.add(it)
		}
	}
}

// owner is what a member belongs to: a type, or what an expression gives.
func (c *context) owner(node, target *syntax.Node) (Variable, bool) {
	if node.Static {
		return Variable{Type: target.Text}, target.Class == syntax.TypeExpressionAst
	}
	return c.infer(target)
}

// infer says what an expression gives, where that is plain.
func (c *context) infer(n *syntax.Node) (Variable, bool) {
	switch n.Class {
	case syntax.VariableExpressionAst:
		return c.valueOf(n.Text)
	case syntax.StringConstantExpressionAst, syntax.ExpandableStringExpressionAst:
		return Variable{Type: "System.String"}, true
	case syntax.ConstantExpressionAst:
		return Variable{Value: n.Value}, true
	case syntax.HashtableAst:
		return Variable{Type: "System.Collections.Hashtable"}, true
	case syntax.ConvertExpressionAst:
		if t := n.Child(syntax.TypeRole); t != nil {
			return Variable{Type: t.Text}, true
		}
	case syntax.MemberExpressionAst:
		return c.inferMember(n)
	case syntax.CommandAst:
		name, _ := n.CommandName()
		if cmd := c.resolve(name); cmd != nil {
			name = cmd.Name
		}
		return c.output(name)
	case syntax.ParenExpressionAst, syntax.CommandExpressionAst, syntax.PipelineAst:
		if len(n.Children) == 1 {
			return c.infer(n.Children[0])
		}
		if n.Class == syntax.PipelineAst && len(n.Children) > 1 {
			last := n.Children[len(n.Children)-1]
			if name, _ := last.CommandName(); passesOn(name) {
				return c.infer(n.Children[0])
			}
			return c.infer(last)
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
		if v, ok := o.Get(member.Text); ok {
			return Variable{Value: v}, true
		}
		if v, ok := o.Lookup(member.Text); ok {
			return Variable{Value: v}, true
		}
	}
	return Variable{}, false
}

// members are those of a value or a type: properties and methods as PowerShell
// sorts them, then the keys of a hashtable.
func (c *context) members(of Variable, static bool) []Item {
	if static {
		if k := knownTypes().static[strings.ToLower(of.Type)]; k != nil {
			return k.members
		}
		return nil
	}
	var list []Item
	o := of.Value.Object()
	if o != nil && o.Kind != clixml.Dict {
		list = properties(o)
	}
	if k := of.known(); k != nil {
		list = append(list, k.members...)
	} else if o != nil {
		list = append(list, knownTypes().instance["object"].members...)
	}
	if o != nil && o.Kind == clixml.Dict {
		for _, e := range o.Entries {
			key := e.Key.String()
			text := key
			if needsQuotes(key) {
				text = quoted(key, "'")
			}
			list = append(list, Item{Text: text, List: key, Kind: PropertyName, Tip: key})
		}
	}
	return list
}

// properties are those that an object has brought along.
func properties(o *clixml.Object) []Item {
	list := make([]Item, 0, len(o.Props)+len(o.Members))
	for _, group := range [][]clixml.Property{o.Props, o.Members} {
		for _, p := range group {
			if slices.ContainsFunc(list, func(it Item) bool { return strings.EqualFold(it.List, p.Name) }) {
				continue
			}
			text := p.Name
			if needsQuotes(text) || strings.ContainsAny(text, ".:-+*/[]") {
				text = quoted(text, "'")
			}
			list = append(list, Item{Text: text, List: p.Name, Kind: PropertyName, Tip: ShortType(valueType(p.Value)) + " " + p.Name + "=" + brief(p.Value)})
		}
	}
	slices.SortStableFunc(list, func(a, b Item) int { return compareFold(a.List, b.List) })
	return list
}

// briefMost is how much of a value is shown beside a name.
const briefMost = 60

// brief is the beginning of a value, on one line.
func brief(v clixml.Value) string {
	if v.Kind() == clixml.KindSecureString {
		return ""
	}
	s, _, _ := strings.Cut(v.String(), "\n")
	if len(s) > briefMost {
		s = strings.ToValidUTF8(s[:briefMost], "") + "…"
	}
	return s
}

func (k *knownType) tip(member string) string {
	if k == nil {
		return ""
	}
	for _, it := range k.members {
		if it.List == member {
			return it.Tip
		}
	}
	return ""
}
