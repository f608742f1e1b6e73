package complete

import (
	"slices"
	"strings"
)

// Command is a command that a session offers.
type Command struct {
	Name   string `json:"name"`
	Module string `json:"module,omitempty"`
	// Kind is what sort of command it is, such as Function, where that is
	// known: .NET's CommandTypes.
	Kind string `json:"kind,omitempty"`
	// Target is what an alias stands for.
	Target string `json:"target,omitempty"`
	// Synopsis says in a sentence what the command is for.
	Synopsis string `json:"synopsis,omitempty"`
	// Sets are the parameter sets as Get-Command -Syntax writes them, without
	// the name; where there are several, the default one is first if there is one.
	Sets []string `json:"sets,omitempty"`
	// Default tells that the first set is the default one.
	Default bool `json:"default,omitempty"`
	// Parameters are all but the common ones of CmdletBinding.
	Parameters []Parameter `json:"parameters,omitempty"`
	// Common tells that the command has the common parameters.
	Common bool `json:"common,omitempty"`
	tip    string
}

// Parameter is a parameter of a command.
type Parameter struct {
	Name    string   `json:"name"`
	Type    string   `json:"type,omitempty"` // as in a syntax: "string[]"; "switch"
	Aliases []string `json:"aliases,omitempty"`
	// Values are those that the parameter takes, or a few that it is good to know.
	Values []string `json:"values,omitempty"`
	// Ordered tells that Values are shown in their order, not sorted.
	Ordered bool `json:"ordered,omitempty"`
	// Places are the sets that the parameter is in; empty: it is in all, by name.
	Places []Place `json:"places,omitempty"`
}

// Place is a parameter's place in one parameter set.
type Place struct {
	Set int `json:"set"`
	// Position counts from 0; -1: by name only.
	Position  int  `json:"position"`
	Mandatory bool `json:"mandatory,omitempty"`
}

// As is the command under another name.
func (c *Command) As(name string) *Command {
	renamed := *c
	renamed.Name, renamed.Target, renamed.tip = name, "", ""
	if len(renamed.Sets) > 0 {
		renamed.tip = renamed.syntax()
	}
	return &renamed
}

// Switch tells whether a parameter takes no value.
func (p *Parameter) Switch() bool { return p.Type == "switch" }

// in gives the sets of a parameter as bits.
func (p *Parameter) in() uint64 {
	if len(p.Places) == 0 {
		return ^uint64(0)
	}
	var sets uint64
	for _, at := range p.Places {
		sets |= 1 << (uint(at.Set) & 63)
	}
	return sets
}

// position is the lowest that a parameter has in some sets; -1: none.
func (p *Parameter) position(sets uint64) int {
	best := -1
	for _, at := range p.Places {
		if sets&(1<<(uint(at.Set)&63)) != 0 && at.Position >= 0 && (best < 0 || at.Position < best) {
			best = at.Position
		}
	}
	return best
}

// Parameter finds a parameter by its whole name, an alias, or a piece of
// either that fits no other.
func (c *Command) Parameter(name string) (p *Parameter, ambiguous bool) {
	all := c.all()
	for i := range all {
		if strings.EqualFold(all[i].Name, name) || containsFold(all[i].Aliases, name) {
			return &all[i], false
		}
	}
	for i := range all {
		if !all[i].begins(name) {
			continue
		}
		if p != nil {
			return nil, true
		}
		p = &all[i]
	}
	return p, false
}

// Named gives a parameter of the command's own by its name; nil where there is none.
func (c *Command) Named(name string) *Parameter {
	if c == nil {
		return nil
	}
	for i := range c.Parameters {
		if strings.EqualFold(c.Parameters[i].Name, name) {
			return &c.Parameters[i]
		}
	}
	return nil
}

func (p *Parameter) begins(prefix string) bool {
	return hasPrefixFold(p.Name, prefix) || slices.ContainsFunc(p.Aliases, func(a string) bool { return hasPrefixFold(a, prefix) })
}

// Known are the command's parameters, with the common ones at the end where it
// has them.
func (c *Command) Known() []Parameter { return slices.Clone(c.all()) }

// all are the parameters with the common ones at the end.
func (c *Command) all() []Parameter {
	if !c.Common {
		return c.Parameters
	}
	return append(c.Parameters[:len(c.Parameters):len(c.Parameters)], commonParameters()...)
}

// Syntax is the command's syntax as PowerShell shows it beside a completion.
func (c *Command) Syntax() string {
	switch {
	case c.Target != "":
		return c.Target
	case len(c.Sets) == 0:
		return c.Name
	case c.tip == "":
		return c.syntax()
	}
	return c.tip
}

func (c *Command) syntax() string {
	var b strings.Builder
	for _, s := range c.Sets {
		b.WriteByte('\n')
		b.WriteString(c.Name)
		if s != "" {
			b.WriteByte(' ')
			b.WriteString(s)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return strings.EqualFold(e, s) })
}
