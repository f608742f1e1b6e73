package clixml

import (
	"math"
	"slices"
)

// Equal tells whether a and b are the same value: of the same kinds and texts,
// with the same type names and members in the same order. Values may be
// cyclic; whether an object is shared or occurs twice makes no difference.
// NaN equals NaN, and 0 does not equal -0.
func Equal(a, b Value) bool {
	var c comparison
	if !c.value(a, b) {
		return false
	}
	for len(c.due) > 0 {
		pair := c.due[len(c.due)-1]
		c.due = c.due[:len(c.due)-1]
		if !c.content(pair[0], pair[1]) {
			return false
		}
	}
	return true
}

// comparison holds the pairs of objects that must be equal: all of them, and
// those whose content is not compared yet. References can make a path through
// a document as long as it likes, so nothing here recurses.
type comparison struct {
	pairs map[[2]*Object]struct{}
	due   [][2]*Object
}

func (c *comparison) value(a, b Value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case KindObject:
		c.object(a.obj, b.obj)
		return true
	case KindDouble:
		return a.num == b.num || math.IsNaN(math.Float64frombits(a.num)) && math.IsNaN(math.Float64frombits(b.num))
	case KindSingle:
		x, y := math.Float32frombits(uint32(a.num)), math.Float32frombits(uint32(b.num))
		return a.num == b.num || x != x && y != y
	}
	return a.num == b.num && a.zone == b.zone && a.offset == b.offset && a.str == b.str
}

func (c *comparison) object(a, b *Object) {
	pair := [2]*Object{a, b}
	if _, seen := c.pairs[pair]; a == b || seen {
		return
	}
	if c.pairs == nil {
		c.pairs = make(map[[2]*Object]struct{})
	}
	c.pairs[pair] = struct{}{}
	c.due = append(c.due, pair)
}

func (c *comparison) content(a, b *Object) bool {
	if a.Kind != b.Kind || a.HasToString != b.HasToString || a.ToString != b.ToString ||
		len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries) || !slices.Equal(a.TypeNames, b.TypeNames) {
		return false
	}
	if !c.value(a.Base, b.Base) || !c.members(a.Props, b.Props) || !c.members(a.Members, b.Members) ||
		!c.members(a.Sets, b.Sets) {
		return false
	}
	for i := range a.Items {
		if !c.value(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Entries {
		if !c.value(a.Entries[i].Key, b.Entries[i].Key) || !c.value(a.Entries[i].Value, b.Entries[i].Value) {
			return false
		}
	}
	return true
}

func (c *comparison) members(a, b []Property) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !c.value(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}
