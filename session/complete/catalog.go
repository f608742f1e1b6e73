package complete

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"psdeck/session/pslang"
)

// Catalog is a set of commands, found by the beginning of their names. It does
// not change, so that sessions and goroutines can share it.
type Catalog struct {
	commands []*Command // by lower-case name
	keys     []string
}

// NewCatalog makes a catalog; of several commands of one name the first counts.
func NewCatalog(commands []*Command) *Catalog {
	list := slices.Clone(commands)
	slices.SortStableFunc(list, func(a, b *Command) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	list = slices.CompactFunc(list, func(a, b *Command) bool { return strings.EqualFold(a.Name, b.Name) })
	c := &Catalog{commands: list, keys: make([]string, len(list))}
	for i, cmd := range list {
		c.keys[i] = strings.ToLower(cmd.Name)
		if cmd.tip == "" && len(cmd.Sets) > 0 {
			cmd.tip = cmd.syntax()
		}
	}
	return c
}

// All are the commands, by name.
func (c *Catalog) All() []*Command {
	if c == nil {
		return nil
	}
	return c.commands
}

// Find gives a command by its name, in any case.
func (c *Catalog) Find(name string) *Command {
	if c == nil {
		return nil
	}
	if i, ok := slices.BinarySearch(c.keys, strings.ToLower(name)); ok {
		return c.commands[i]
	}
	return nil
}

// Learn gives a catalog in which a parameter takes some values. Where they are
// those of an enumeration, all parameters of its type take them.
func (c *Catalog) Learn(command, parameter, enumeration string, values []string) *Catalog {
	out := c
	for i, cmd := range c.All() {
		teach := func(p *Parameter) bool {
			named := strings.EqualFold(cmd.Name, command) && strings.EqualFold(p.Name, parameter)
			return named || enumeration != "" && len(p.Values) == 0 && strings.TrimSuffix(p.Type, "[]") == enumeration
		}
		if !slices.ContainsFunc(cmd.Parameters, func(p Parameter) bool { return teach(&p) }) {
			continue
		}
		if out == c {
			out = &Catalog{slices.Clone(c.commands), c.keys}
		}
		changed := *cmd
		changed.Parameters = slices.Clone(cmd.Parameters)
		for j := range changed.Parameters {
			if p := &changed.Parameters[j]; teach(p) {
				p.Values, p.Ordered = values, false
			}
		}
		out.commands[i] = &changed
	}
	return out
}

// Match gives the commands whose names fit a word: by a wildcard, by how they
// begin, or by their capitals ("g-ci" for Get-ChildItem).
func (c *Catalog) Match(word string) []*Command {
	if c == nil {
		return nil
	}
	if pslang.HasWildcard(word) {
		re, err := pslang.Wildcard(word+"*", false)
		if err != nil {
			return nil
		}
		return c.matching(re)
	}
	key := strings.ToLower(word)
	from, _ := slices.BinarySearch(c.keys, key)
	to := from
	for to < len(c.keys) && strings.HasPrefix(c.keys[to], key) {
		to++
	}
	if to > from || !strings.Contains(key, "-") {
		return c.commands[from:to:to]
	}
	var out []*Command
	for _, cmd := range c.commands {
		if abbreviates(key, cmd.Name) {
			out = append(out, cmd)
		}
	}
	return out
}

func (c *Catalog) matching(re *regexp.Regexp) []*Command {
	var out []*Command
	for _, cmd := range c.commands {
		if re.MatchString(cmd.Name) {
			out = append(out, cmd)
		}
	}
	return out
}

// abbreviates tells whether word is the capitals and dashes of a name.
func abbreviates(word, name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] != '-' && (name[i] < 'A' || name[i] > 'Z') {
			continue
		}
		if word == "" || word[0] != name[i]|0x20 && word[0] != name[i] {
			return false
		}
		word = word[1:]
	}
	return word == ""
}
