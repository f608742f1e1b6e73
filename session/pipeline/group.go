package pipeline

import (
	"sort"
	"strings"

	"psdeck/session/clixml"
)

// grouper is Group-Object.
type grouper struct {
	running
	properties []property
	noElement  bool
	rows       []row
	order      ordering
}

func newGroup(a *arguments) (Stage, error) {
	if a.flag("AsHashTable") {
		return nil, a.usage(a.cmd.Extent, "NotSupported", "-AsHashTable is not taken here: leave it out and look at the groups")
	}
	g := &grouper{noElement: a.flag("NoElement")}
	g.order.sensitive = a.flag("CaseSensitive")
	var err error
	g.properties, err = a.properties("Property", "")
	return g, err
}

func (g *grouper) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	r := row{value: v}
	if len(g.properties) == 0 {
		r.keys = []cell{{value: v, exists: true}}
	}
	for i := range g.properties {
		cells, _ := g.properties[i].resolve(v)
		if len(cells) == 0 {
			cells = []cell{{}}
		}
		r.keys = append(r.keys, cells...)
	}
	g.rows = append(g.rows, r)
	return nil, nil
}

// group is the objects that have the same values.
type group struct {
	keys  []cell
	items []clixml.Value
}

func (g *grouper) End() ([]clixml.Value, error) {
	ordered := g.sameTypes()
	if ordered {
		sort.SliceStable(g.rows, func(i, j int) bool { return g.compare(g.rows[i].keys, g.rows[j].keys) < 0 })
	}
	var groups []*group
	for _, r := range g.rows {
		gr := g.groupOf(groups, r.keys, ordered)
		if gr == nil {
			gr = &group{keys: r.keys}
			groups = append(groups, gr)
		}
		gr.items = append(gr.items, r.value)
	}
	g.rows = nil
	out := make([]clixml.Value, len(groups))
	for i, gr := range groups {
		out[i] = clixml.Obj(g.object(gr))
	}
	return out, nil
}

// sameTypes tells whether every object's values are of the same types: then
// groups are sorted, else they come in the order of their first objects.
func (g *grouper) sameTypes() bool {
	for _, r := range g.rows[min(1, len(g.rows)):] {
		for i := range min(len(r.keys), len(g.rows[0].keys)) {
			a, b := g.rows[0].keys[i].value, r.keys[i].value
			if !a.IsNull() && !b.IsNull() && baseTypeName(a) != baseTypeName(b) {
				return false
			}
		}
	}
	return true
}

func (g *grouper) groupOf(groups []*group, keys []cell, ordered bool) *group {
	if ordered {
		groups = groups[max(0, len(groups)-1):]
	}
	for _, gr := range groups {
		if g.compare(gr.keys, keys) == 0 {
			return gr
		}
	}
	return nil
}

func (g *grouper) compare(a, b []cell) int {
	for i := range min(len(a), len(b)) {
		if n := g.order.compare(a[i], b[i]); n != 0 {
			return n
		}
	}
	return len(a) - len(b)
}

const psObjectCollection = "System.Collections.ObjectModel.Collection`1[[System.Management.Automation.PSObject, System.Management.Automation, Version=7.6.5.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]"

func (g *grouper) object(gr *group) *clixml.Object {
	values := &clixml.Object{TypeNames: []string{"System.Collections.ArrayList", "System.Object"}, Kind: clixml.List}
	names := make([]string, len(gr.keys))
	for i, k := range gr.keys {
		values.Items = append(values.Items, k.value)
		names[i] = k.value.String()
	}
	items := &clixml.Object{TypeNames: []string{psObjectCollection, "System.Object"}, Kind: clixml.List}
	types := []string{"Microsoft.PowerShell.Commands.GroupInfo", "System.Object"}
	if g.noElement {
		types = append([]string{"Microsoft.PowerShell.Commands.GroupInfoNoElement"}, types...)
	} else {
		items.Items = gr.items
	}
	return &clixml.Object{
		TypeNames: types, ToString: types[0], HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("Values", values), clixml.Prop("Count", len(gr.items)), clixml.Prop("Group", items), clixml.Prop("Name", strings.Join(names, ", ")),
		},
	}
}
