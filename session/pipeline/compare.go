package pipeline

import (
	"slices"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// comparison is Compare-Object. Objects of both sides are taken in turn; what
// has no partner yet waits for one, as many as the window holds.
type comparison struct {
	running
	properties                        []property
	reference                         []entry
	differences                       []clixml.Value // of -DifferenceObject
	next                              int            // of reference
	window                            int
	onlyEqual, withEqual, passThrough bool
	order                             ordering
	left, right                       []entry // that wait for a partner
	out                               []clixml.Value
}

// entry is an object with what it is compared by.
type entry struct {
	value clixml.Value
	keys  []cell
}

func newCompare(a *arguments) (Stage, error) {
	c := &comparison{onlyEqual: a.flag("ExcludeDifferent"), passThrough: a.flag("PassThru")}
	c.withEqual = a.flag("IncludeEqual") || c.onlyEqual && !a.flags["IncludeEqual"]
	c.order.sensitive = a.flag("CaseSensitive")
	if !a.has("ReferenceObject") {
		return nil, a.usage(a.cmd.Extent, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: ReferenceObject.")
	}
	var err error
	if c.window, err = a.number("SyncWindow", 1<<31-1); err != nil {
		return nil, err
	}
	if c.properties, err = a.properties("Property", "ascending descending"); err != nil {
		return nil, err
	}
	if c.differences, err = a.compared("DifferenceObject"); err != nil {
		return nil, err
	}
	reference, err := a.compared("ReferenceObject")
	for _, v := range reference {
		c.reference = append(c.reference, c.entry(v))
	}
	return c, err
}

// compared are the objects of one side; $null is none of them.
func (a *arguments) compared(name string) ([]clixml.Value, error) {
	v, err := a.value(name)
	if err != nil || !a.has(name) {
		return nil, err
	}
	if v.IsNull() {
		return nil, a.usage(a.exprs[name].Span(), "ParameterArgumentValidationErrorNullNotAllowed", "Cannot bind argument to parameter '%s' because it is null.", name)
	}
	return pslang.Enumerate(v), nil
}

func (c *comparison) entry(v clixml.Value) entry {
	e := entry{value: v}
	for i := range c.properties {
		cells, _ := c.properties[i].resolve(v)
		e.keys = append(e.keys, cells...)
	}
	if len(c.properties) == 0 {
		e.keys = []cell{{value: v, exists: true}}
	}
	return e
}

func (c *comparison) equal(a, b entry) bool {
	if len(a.keys) != len(b.keys) {
		return false
	}
	for i := range a.keys {
		if c.order.compare(a.keys[i], b.keys[i]) != 0 {
			return false
		}
	}
	return true
}

func (c *comparison) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	e := c.entry(v)
	c.step(&e)
	return c.taken(), nil
}

func (c *comparison) taken() []clixml.Value {
	out := c.out
	c.out = nil
	return out
}

// step compares the next object of each side; difference is nil where that
// side has no more.
func (c *comparison) step(difference *entry) {
	var reference *entry
	if c.next < len(c.reference) {
		reference = &c.reference[c.next]
		c.next++
	}
	if reference != nil && difference != nil && c.equal(*reference, *difference) {
		c.emit(*reference, "==")
		return
	}
	if difference != nil {
		if partner, ok := c.partner(&c.left, *difference); ok {
			c.emit(partner, "==")
			difference = nil
		}
	}
	if reference != nil {
		if _, ok := c.partner(&c.right, *reference); ok {
			c.emit(*reference, "==")
			reference = nil
		}
	}
	if difference != nil {
		c.wait(&c.right, *difference, "=>")
	}
	if reference != nil {
		c.wait(&c.left, *reference, "<=")
	}
}

// partner takes the first one that equals e from those that wait.
func (c *comparison) partner(waiting *[]entry, e entry) (entry, bool) {
	i := slices.IndexFunc(*waiting, func(w entry) bool { return c.equal(w, e) })
	if i < 0 {
		return entry{}, false
	}
	found := (*waiting)[i]
	*waiting = slices.Delete(*waiting, i, i+1)
	return found, true
}

func (c *comparison) wait(waiting *[]entry, e entry, side string) {
	for len(*waiting) >= max(c.window, 1) {
		c.emit((*waiting)[0], side)
		*waiting = (*waiting)[1:]
	}
	if c.window == 0 {
		c.emit(e, side)
		return
	}
	*waiting = append(*waiting, e)
}

func (c *comparison) End() ([]clixml.Value, error) {
	for _, v := range c.differences {
		e := c.entry(v)
		c.step(&e)
	}
	c.differences = nil
	for c.next < len(c.reference) {
		c.step(nil)
	}
	for _, e := range c.right {
		c.emit(e, "=>")
	}
	for _, e := range c.left {
		c.emit(e, "<=")
	}
	c.left, c.right = nil, nil
	return c.taken(), nil
}

func (c *comparison) emit(e entry, side string) {
	if side == "==" && !c.withEqual || side != "==" && c.onlyEqual {
		return
	}
	mark := clixml.Prop("SideIndicator", side)
	if c.passThrough {
		c.out = append(c.out, noted(e.value, mark))
		return
	}
	o := clixml.Custom()
	if len(c.properties) == 0 {
		o.Members = append(o.Members, clixml.Property{Name: "InputObject", Value: e.value})
	}
	for i, k := range e.keys {
		if len(c.properties) > 0 {
			name := k.name
			if i < len(c.properties) && c.properties[i].name != "" && c.properties[i].pattern == nil && c.properties[i].label == "" {
				name = c.properties[i].name
			}
			o.Members = append(o.Members, clixml.Property{Name: name, Value: k.value})
		}
	}
	o.Members = append(o.Members, mark)
	c.out = append(c.out, clixml.Obj(o))
}

// noted is a copy of v with a member more, or with another value of it.
func noted(v clixml.Value, members ...clixml.Property) clixml.Value {
	o := &clixml.Object{Base: v}
	if old := v.Object(); old != nil {
		c := *old
		o = &c
	}
	o.Members = slices.Clone(o.Members)
	for _, m := range members {
		o.Set(m.Name, m.Value)
	}
	return clixml.Obj(o)
}
