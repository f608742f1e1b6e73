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
	if e := of.element(); e.Value.Object() != o {
		return c.elements(e)
	}
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

// elements are the members of a list: those of its first element, which are
// read of all, and how many there are.
func (c *context) elements(first Variable) []Item {
	list := slices.Clone(c.members(first, false))
	for _, name := range []string{"Count", "Length"} {
		if !slices.ContainsFunc(list, func(it Item) bool { return strings.EqualFold(it.List, name) }) {
			list = append(list, Item{Text: name, List: name, Kind: PropertyName})
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
