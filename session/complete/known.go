package complete

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// What PowerShell 7.6 on Linux says of itself.
//
//go:embed data
var data embed.FS

func lines(name string) func(func(string) bool) {
	text, err := data.ReadFile("data/" + name)
	if err != nil {
		text = nil // the tests read every file
	}
	return strings.Lines(string(text))
}

// PowerShell is the catalog of PowerShell's own commands and aliases.
var PowerShell = sync.OnceValue(func() *Catalog {
	var list []*Command
	sets := []string(nil)
	finish := func() {
		if len(list) > 0 {
			list[len(list)-1].described(sets)
		}
		sets = nil
	}
	for line := range lines("commands.txt") {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, "\t") {
			finish()
			name, module, _ := strings.Cut(line, " ")
			list = append(list, &Command{Name: name, Module: module})
			continue
		}
		sets = append(sets, line[1:])
	}
	finish()
	parameters(list)
	for line := range lines("aliases.txt") {
		name, target, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		list = append(list, &Command{Name: name, Target: target})
	}
	return NewCatalog(list)
})

// parameters gives commands of which no syntax is known here what parameters
// they have: "Name@position:type=value,value"; without a type a switch.
func parameters(list []*Command) {
	for line := range lines("parameters.txt") {
		words := strings.Fields(line)
		i := slices.IndexFunc(list, func(c *Command) bool { return len(words) > 0 && c.Name == words[0] })
		if i < 0 || len(list[i].Parameters) > 0 {
			continue
		}
		list[i].Common = true
		for _, word := range words[1:] {
			name, kind, typed := strings.Cut(word, ":")
			p, at := Parameter{Name: name, Type: "switch"}, Place{Position: -1}
			if before, place, ok := strings.Cut(name, "@"); ok {
				p.Name = before
				at.Position, _ = strconv.Atoi(place)
			}
			if typed {
				var values string
				p.Type, values, _ = strings.Cut(kind, "=")
				p.Values = strings.FieldsFunc(values, func(r rune) bool { return r == ',' })
			}
			list[i].add(p, at)
		}
	}
}

// described takes the lines below a command's name: syntaxes, and what they
// leave out.
func (c *Command) described(lines []string) {
	for _, l := range lines {
		kind, rest, _ := strings.Cut(l, " ")
		words := strings.Fields(rest)
		switch {
		case kind == "order":
			c.arrange(words)
		case kind == "alias" && len(words) > 0:
			c.change(words[0], func(p *Parameter) { p.Aliases = words[1:] })
		case kind == "rest" && len(words) > 0:
			c.change(words[0], (*Parameter).last)
		case (kind == "values" || kind == "offers") && len(words) > 0:
			c.change(words[0], func(p *Parameter) { p.Values, p.Ordered = words[1:], kind == "offers" })
		default:
			c.Default = c.Default || strings.HasPrefix(l, "*")
			c.Describe(strings.TrimPrefix(l, "*"))
		}
	}
}

func (c *Command) change(name string, f func(*Parameter)) {
	if p := c.Named(name); p != nil {
		f(p)
	}
}

// last makes a parameter one that takes what is left over.
func (p *Parameter) last() {
	for i := range p.Places {
		if p.Places[i].Position >= 0 {
			p.Places[i].Position += 1 << 8
		}
	}
}

// arrange puts parameters into the order of their declarations.
func (c *Command) arrange(order []string) {
	rank := func(p Parameter) int {
		if i := slices.Index(order, p.Name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(c.Parameters, func(a, b Parameter) int { return rank(a) - rank(b) })
}

// commonParameters are those of CmdletBinding.
var commonParameters = sync.OnceValue(func() []Parameter {
	list := []Parameter{
		{Name: "Verbose", Type: "switch", Aliases: []string{"vb"}},
		{Name: "Debug", Type: "switch", Aliases: []string{"db"}},
		{Name: "ErrorAction", Type: "ActionPreference", Aliases: []string{"ea"}},
		{Name: "WarningAction", Type: "ActionPreference", Aliases: []string{"wa"}},
		{Name: "InformationAction", Type: "ActionPreference", Aliases: []string{"infa"}},
		{Name: "ProgressAction", Type: "ActionPreference", Aliases: []string{"proga"}},
		{Name: "ErrorVariable", Type: "string", Aliases: []string{"ev"}},
		{Name: "WarningVariable", Type: "string", Aliases: []string{"wv"}},
		{Name: "InformationVariable", Type: "string", Aliases: []string{"iv"}},
		{Name: "OutVariable", Type: "string", Aliases: []string{"ov"}},
		{Name: "OutBuffer", Type: "int", Aliases: []string{"ob"}},
		{Name: "PipelineVariable", Type: "string", Aliases: []string{"pv"}},
	}
	return list
})

// enums are the names of enumerations by their short type names, sorted.
var enums = sync.OnceValue(func() map[string][]string {
	m := map[string][]string{}
	for line := range lines("enums.txt") {
		words := strings.Fields(line)
		if len(words) > 0 {
			slices.Sort(words[1:])
			m[words[0]] = words[1:]
		}
	}
	return m
})

// enumOf gives the names of an enumeration: "Encoding", "Outer+QuoteKind[]".
func enumOf(typeName string) []string {
	name := strings.TrimSuffix(typeName, "[]")
	if i := strings.LastIndexAny(name, "+."); i >= 0 {
		name = name[i+1:]
	}
	if inner, ok := strings.CutPrefix(name, "FlagsExpression["); ok {
		name = strings.TrimSuffix(inner, "]")
	}
	return enums()[name]
}

// operators are those that begin with a dash, sorted, with what they do.
var operators = sync.OnceValue(func() []Item {
	var list []Item
	for line := range lines("operators.txt") {
		name, tip, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		list = append(list, Item{Text: "-" + name, List: name, Kind: ParameterName, Tip: unescape(tip)})
	}
	return list
})

// knownType is a .NET type with its members.
type knownType struct {
	name, short string
	members     []Item
}

type typeTable struct{ instance, static map[string]*knownType }

// knownTypes are the types by their lower-case names, long and short.
var knownTypes = sync.OnceValue(func() typeTable {
	t := typeTable{map[string]*knownType{}, map[string]*knownType{}}
	var current *knownType
	for line := range lines("types.txt") {
		line = strings.TrimRight(line, "\n")
		if member, ok := strings.CutPrefix(line, "\t"); ok {
			current.members = append(current.members, memberItem(member))
			continue
		}
		words := strings.Fields(line)
		table := t.instance
		if words[0] == "static" {
			table, words = t.static, words[1:]
		}
		current = &knownType{name: words[0], short: words[1]}
		for _, n := range words {
			table[strings.ToLower(n)] = current
		}
	}
	return t
})

func memberItem(line string) Item {
	kind, rest, _ := strings.Cut(line, " ")
	name, tip, _ := strings.Cut(rest, " ")
	if kind == "method" {
		return Item{Text: name + "(", List: name, Kind: MethodName, Tip: unescape(tip)}
	}
	return Item{Text: name, List: name, Kind: PropertyName, Tip: unescape(tip)}
}

func unescape(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(s)
}
