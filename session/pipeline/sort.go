package pipeline

import (
	"errors"
	"sort"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// sorter is Sort-Object.
type sorter struct {
	running
	properties        []property
	descending        bool
	unique, sensitive bool
	top, bottom       int // -1: not given
	rows              []row
	order             ordering
}

// row is an object with the values that it is sorted by.
type row struct {
	value clixml.Value
	keys  []cell
	desc  []bool
	known bool // it has one of the properties
}

func newSort(a *arguments) (Stage, error) {
	s := &sorter{descending: a.flag("Descending"), unique: a.flag("Unique"), sensitive: a.flag("CaseSensitive")}
	var errs [3]error
	s.properties, errs[0] = a.properties("Property", "descending ascending")
	s.top, errs[1] = a.number("Top", -1)
	s.bottom, errs[2] = a.number("Bottom", -1)
	s.order.sensitive = s.sensitive
	return s, errors.Join(errs[:]...)
}

func (s *sorter) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	r := row{value: v}
	if len(s.properties) == 0 {
		r.keys, r.desc, r.known = []cell{{value: v, exists: true}}, []bool{s.descending}, true
	}
	for i := range s.properties {
		p := &s.properties[i]
		cells, _ := p.resolve(v) // a key that cannot be computed is no key
		if len(cells) == 0 {
			cells = []cell{{}}
		}
		for _, c := range cells {
			r.keys = append(r.keys, c)
			r.desc = append(r.desc, s.direction(p))
			r.known = r.known || c.exists
		}
	}
	s.rows = append(s.rows, r)
	return nil, nil
}

func (s *sorter) direction(p *property) bool {
	if v, ok := p.keys["descending"]; ok {
		return pslang.Truthy(v)
	}
	if v, ok := p.keys["ascending"]; ok {
		return !pslang.Truthy(v)
	}
	return s.descending
}

func (s *sorter) End() ([]clixml.Value, error) {
	sort.SliceStable(s.rows, func(i, j int) bool { return s.compare(&s.rows[i], &s.rows[j]) < 0 })
	rows := s.rows
	if s.unique {
		rows = rows[:0:0]
		for i := range s.rows {
			if i == 0 || s.compare(&s.rows[i-1], &s.rows[i]) != 0 {
				rows = append(rows, s.rows[i])
			}
		}
	}
	switch {
	case s.top >= 0 && s.top < len(rows):
		rows = rows[:s.top]
	case s.bottom >= 0 && s.bottom < len(rows):
		rows = rows[len(rows)-s.bottom:]
	}
	out := make([]clixml.Value, len(rows))
	for i, r := range rows {
		out[i] = r.value
	}
	s.rows = nil
	return out, nil
}

// compare orders two rows; what has none of the properties comes last.
func (s *sorter) compare(a, b *row) int {
	if a.known != b.known {
		if a.known {
			return -1
		}
		return 1
	}
	for i := range min(len(a.keys), len(b.keys)) {
		n := s.order.compare(a.keys[i], b.keys[i])
		if n != 0 && a.desc[i] {
			return -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}

// ordering compares values for Sort-Object and Group-Object: by type where
// that goes, else by their texts.
type ordering struct {
	cmp       pslang.Comparer
	sensitive bool
}

func (o *ordering) compare(a, b cell) int {
	switch {
	case !a.exists || !b.exists:
		return boolOrder(a.exists, b.exists)
	case a.value.IsNull() || b.value.IsNull():
		return boolOrder(!a.value.IsNull(), !b.value.IsNull())
	}
	if n, err := o.cmp.Order(a.value, b.value, o.sensitive); err == nil {
		return n
	}
	return o.cmp.OrderText(plainText(a.value), plainText(b.value), o.sensitive)
}

// plainText is what .NET's ToString gives on this side: nothing for a custom
// object, the type's name for a collection.
func plainText(v clixml.Value) string {
	o := v.Object()
	switch {
	case o == nil || !o.Base.IsNull():
		return v.String()
	case o.HasToString:
		return o.ToString
	case o.Kind != clixml.PlainObject && len(o.TypeNames) > 0:
		return o.TypeNames[0]
	}
	return ""
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
