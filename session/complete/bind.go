package complete

import (
	"slices"
	"strings"

	"psdeck/session/pslang/syntax"
)

// binding is what the words of a command are to its parameters, as far as that
// is seen without running anything.
type binding struct {
	params []Parameter
	used   []bool
	sets   uint64 // the parameter sets that still fit, as bits
	normal uint64 // the default set's bit
	target int    // the parameter that the cursor's value goes to; -1: none
	// unclear, repeated and unknown tell what the name at the cursor is.
	unclear, repeated, unknown bool
	command                    *Command
	named                      int                  // the parameter of the name at the cursor; -1: none
	pending                    int                  // the parameter that wants the next value
	loose                      []*syntax.Node       // values without a name; nil is the cursor's
	given                      map[int]*syntax.Node // values by their parameters
	positional                 bool                 // target has it by its place
	waiting                    bool                 // the cursor's value has not come yet
}

// bind reads the words of a command around the cursor's piece of it.
func (c *context) bind(node *syntax.Node, cmd *Command, at syntax.Extent) *binding {
	b := &binding{given: make(map[int]*syntax.Node), command: cmd, sets: ^uint64(0), target: -1, named: -1, pending: -1, waiting: true}
	if cmd != nil {
		b.params = cmd.all()
		if n := len(cmd.Sets); n > 0 && n < 64 {
			b.sets = 1<<uint(n) - 1
		}
		if cmd.Default {
			b.normal = 1
		}
	}
	b.used = make([]bool, len(b.params))
	for i, e := range node.Children {
		if i == 0 || e.Role != syntax.ElementRole {
			continue
		}
		here := e.Start <= at.Start && at.End <= e.End && at.End > at.Start
		if b.waiting && e.Start >= at.End && !here {
			b.value(nil)
		}
		switch {
		case e.Class == syntax.CommandParameterAst:
			b.name(cmd, e, here, at)
		case here && strings.HasPrefix(c.line[at.Start:at.End], "-") && at.End == at.Start+1:
			b.waiting = false // a dash that will be a name
		default:
			if here {
				e = nil
			}
			b.value(e)
		}
	}
	if b.waiting {
		b.value(nil)
	}
	b.positions()
	return b
}

// name takes a parameter's name.
func (b *binding) name(cmd *Command, e *syntax.Node, here bool, at syntax.Extent) {
	b.pending = -1
	value := e.Child(syntax.ArgumentRole)
	inValue := value != nil && here && value.Start <= at.Start
	i, unclear := -1, false
	if cmd != nil {
		var p *Parameter
		p, unclear = cmd.Parameter(e.Text)
		if p != nil {
			i = slices.IndexFunc(b.params, func(q Parameter) bool { return q.Name == p.Name })
		}
	}
	colonAt := here || at.Start == at.End && e.End == at.Start
	if here && !inValue {
		b.waiting = false
		b.named, b.unclear, b.unknown = i, unclear, i < 0 && !unclear
		b.repeated = i >= 0 && b.used[i]
	}
	if i < 0 {
		return
	}
	b.use(i)
	switch {
	case inValue:
		b.target, b.waiting = i, false
	case value != nil:
		b.given[i] = value
	case colonAt && !here:
		b.target, b.waiting = i, false // -Name:
	case !b.params[i].Switch():
		b.pending = i
	}
}

// value takes a value that stands alone; nil is the cursor's.
func (b *binding) value(e *syntax.Node) {
	if e == nil {
		b.waiting = false
	}
	if b.pending >= 0 {
		b.give(b.pending, e)
		b.pending = -1
		return
	}
	b.loose = append(b.loose, e)
}

func (b *binding) give(i int, e *syntax.Node) {
	if e == nil {
		b.target = i
		return
	}
	b.given[i] = e
}

func (b *binding) use(i int) {
	b.used[i] = true
	if left := b.sets & b.params[i].in(); left != 0 {
		b.sets = left
	}
}

// positions gives the values that stand alone to parameters by their places.
func (b *binding) positions() {
	for _, e := range b.loose {
		i := b.next(e == nil)
		if i < 0 {
			return
		}
		b.give(i, e)
		b.positional = b.positional || e == nil
		b.use(i)
	}
}

// next is the free parameter with the lowest position, of the default set
// where there is a choice. A word at the cursor goes to one that takes words.
func (b *binding) next(word bool) int {
	best, least := -1, 0
	for i := range b.params {
		p := &b.params[i]
		if b.used[i] || word && strings.HasPrefix(p.Type, "scriptblock") {
			continue
		}
		rank := -1
		if pos := p.position(b.sets & b.normal); pos >= 0 {
			rank = 2 * pos
		} else if pos := p.position(b.sets); pos >= 0 {
			rank = 2*pos + 1
		}
		if rank >= 0 && (best < 0 || rank < least) {
			best, least = i, rank
		}
	}
	return best
}

// parameter completes the name of a parameter.
func (c *context) parameter(node *syntax.Node, t *syntax.Token) {
	name, _ := node.CommandName()
	cmd := c.resolve(name)
	if cmd == nil {
		return
	}
	word, colon := strings.CutSuffix(strings.TrimPrefix(t.Text, t.Text[:dashLen(t.Text)]), ":")
	b := c.bind(node, cmd, t.Extent)
	suffix := ""
	if colon {
		suffix = ":"
	}
	switch {
	case word != "" && b.unknown:
	case word != "" && !b.unclear && b.named >= 0 && !b.repeated:
		c.name(b, &b.params[b.named], word, suffix)
	default:
		c.names(b, word, suffix)
	}
}

// dashLen is the length of the dash that a name begins with.
func dashLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// names adds the parameters that could be meant, the common ones last.
func (c *context) names(b *binding, word, suffix string) {
	for _, common := range []bool{false, true} {
		for i := range b.params {
			p := &b.params[i]
			if b.used[i] != b.repeated || p.in()&b.sets == 0 || IsCommon(p.Name) != common {
				continue
			}
			c.name(b, p, word, suffix)
		}
	}
}

// name adds a parameter by its name, or else by its aliases.
func (c *context) name(b *binding, p *Parameter, word, suffix string) {
	tip := "[" + p.Type + "] "
	if hasPrefixFold(p.Name, word) {
		c.add(Item{Text: "-" + p.Name + suffix, List: p.Name, Kind: ParameterName, Tip: tip + p.Name, Command: b.command})
		return
	}
	for _, a := range p.Aliases {
		if hasPrefixFold(a, word) {
			c.add(Item{Text: "-" + a + suffix, List: a, Kind: ParameterName, Tip: tip + a, Command: b.command})
		}
	}
}

// IsCommon tells the name of a parameter that CmdletBinding adds to a command.
func IsCommon(name string) bool {
	return slices.ContainsFunc(commonParameters(), func(p Parameter) bool { return strings.EqualFold(p.Name, name) })
}
