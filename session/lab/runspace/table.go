package runspace

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Table is a set of cmdlets and aliases. It is built once and then only read;
// many runspaces may share one.
type Table struct {
	cmdlets map[string]*Cmdlet // by lower-case name
	aliases map[string]string  // lower-case alias to lower-case name
}

// NewTable makes a table of these cmdlets. It panics on a name that occurs
// twice or a cmdlet without Run: both are mistakes in the program.
func NewTable(cmdlets ...Cmdlet) *Table {
	t := &Table{cmdlets: map[string]*Cmdlet{}, aliases: map[string]string{}}
	t.Add(cmdlets...)
	return t
}

// Add puts cmdlets into the table.
func (t *Table) Add(cmdlets ...Cmdlet) {
	for i := range cmdlets {
		c := cmdlets[i]
		key := strings.ToLower(c.Name)
		if c.Run == nil && c.End == nil {
			panic(fmt.Sprintf("runspace: cmdlet %s does nothing", c.Name))
		}
		if _, twice := t.cmdlets[key]; twice {
			panic(fmt.Sprintf("runspace: cmdlet %s is there twice", c.Name))
		}
		t.cmdlets[key] = &c
	}
}

// Alias gives a cmdlet of the table a second name.
func (t *Table) Alias(alias, name string) {
	t.aliases[strings.ToLower(alias)] = strings.ToLower(name)
}

// With makes a table that holds the cmdlets and aliases of both; where a name
// is in both, that of other wins.
func (t *Table) With(other *Table) *Table {
	both := NewTable()
	for _, from := range []*Table{t, other} {
		for k, c := range from.cmdlets {
			both.cmdlets[k] = c
		}
		for k, a := range from.aliases {
			both.aliases[k] = a
		}
	}
	return both
}

// Only makes a table of those cmdlets for which keep says true, and of those
// that are ImplicitRemotingOnly: what is left after the roles of an
// administrator were applied.
func (t *Table) Only(keep func(*Cmdlet) bool) *Table {
	some := NewTable()
	for k, c := range t.cmdlets {
		if c.ImplicitRemotingOnly || keep(c) {
			some.cmdlets[k] = c
		}
	}
	for k, a := range t.aliases {
		if some.cmdlets[a] != nil {
			some.aliases[k] = a
		}
	}
	return some
}

// Lookup finds a cmdlet by name or alias, also with a module in front
// (Module\Name); nil where there is none.
func (t *Table) Lookup(name string) *Cmdlet {
	key := strings.ToLower(name)
	if i := strings.LastIndexByte(key, '\\'); i >= 0 {
		key = key[i+1:]
	}
	if c := t.cmdlets[key]; c != nil {
		return c
	}
	return t.cmdlets[t.aliases[key]]
}

// All returns the cmdlets, sorted by name.
func (t *Table) All() []*Cmdlet {
	all := make([]*Cmdlet, 0, len(t.cmdlets))
	for _, c := range t.cmdlets {
		all = append(all, c)
	}
	sort.Slice(all, func(i, j int) bool { return strings.ToLower(all[i].Name) < strings.ToLower(all[j].Name) })
	return all
}

// Match returns the cmdlets whose name matches one of the wildcard patterns,
// sorted by name.
func (t *Table) Match(patterns ...string) []*Cmdlet {
	return slices.DeleteFunc(t.All(), func(c *Cmdlet) bool {
		return !slices.ContainsFunc(patterns, func(p string) bool {
			return Like(c.Name, p)
		})
	})
}
