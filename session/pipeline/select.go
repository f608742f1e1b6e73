package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// selection is Select-Object.
type selection struct {
	properties []property
	exclude    []property
	expand     *property

	first, last, skip, skipLast int // -1: not given
	indexes                     map[int]bool
	skipIndexes                 bool
	highest                     int

	unique, foldCase bool
	seen             []clixml.Value
	cmp              pslang.Comparer

	n    int // objects that came in
	out  int // objects that were let through
	held []clixml.Value
}

func newSelect(a *arguments) (Stage, error) {
	s := &selection{unique: a.flag("Unique"), foldCase: a.flag("CaseInsensitive")}
	var errs [7]error
	s.properties, errs[0] = a.properties("Property", "")
	s.exclude, errs[1] = a.properties("ExcludeProperty", "")
	s.first, errs[2] = a.number("First", -1)
	s.last, errs[3] = a.number("Last", -1)
	s.skip, errs[4] = a.number("Skip", 0)
	s.skipLast, errs[5] = a.number("SkipLast", -1)
	errs[6] = s.readIndexes(a)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if a.has("ExpandProperty") {
		name, err := a.text("ExpandProperty")
		if err != nil {
			return nil, err
		}
		p, err := named(name)
		if err != nil {
			return nil, err
		}
		s.expand = &p
	}
	if len(s.exclude) > 0 && len(s.properties) == 0 && s.expand == nil {
		p, _ := named("*")
		s.properties = []property{p}
	}
	return s, nil
}

func (s *selection) readIndexes(a *arguments) error {
	for _, name := range []string{"Index", "SkipIndex"} {
		items, err := a.list(name)
		if err != nil {
			return err
		}
		for _, item := range items {
			v, err := pslang.Convert(item, "int")
			if err != nil {
				return err
			}
			i, _ := v.Int()
			if s.indexes == nil {
				s.indexes = map[int]bool{}
			}
			s.indexes[int(i)] = true
			s.highest = max(s.highest, int(i))
			s.skipIndexes = name == "SkipIndex"
		}
	}
	return nil
}

// Done is true once -First or -Index has all that it wants.
func (s *selection) Done() bool {
	switch {
	case s.last >= 0 || s.skipLast >= 0:
		return false
	case s.first >= 0:
		return s.out >= s.first
	case s.indexes != nil && !s.skipIndexes:
		return s.n > s.highest
	}
	return false
}

func (s *selection) Push(v clixml.Value) ([]clixml.Value, error) {
	if s.Done() {
		return nil, nil
	}
	i := s.n
	s.n++
	switch {
	case s.last >= 0:
		return s.pushLast(v, i)
	case s.indexes != nil:
		if s.indexes[i] == s.skipIndexes {
			return nil, nil
		}
	case i < s.skip:
		return nil, nil
	case s.skipLast >= 0:
		s.held = append(s.held, v)
		if len(s.held) <= s.skipLast {
			return nil, nil
		}
		v, s.held = s.held[0], s.held[1:]
	}
	s.out++
	return s.process(v)
}

// pushLast keeps the last objects; with -Skip those are counted from the end.
func (s *selection) pushLast(v clixml.Value, i int) ([]clixml.Value, error) {
	if s.first >= 0 && i >= s.skip && s.out < s.first {
		s.out++
		return s.process(v)
	}
	s.held = append(s.held, v)
	if len(s.held) > s.last+s.skip {
		s.held = s.held[1:]
	}
	return nil, nil
}

func (s *selection) End() ([]clixml.Value, error) {
	if s.last < 0 {
		return nil, nil
	}
	var out []clixml.Value
	var errs []error
	for _, v := range s.held[:max(0, len(s.held)-s.skip)] {
		more, err := s.process(v)
		out = append(out, more...)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

func (s *selection) process(v clixml.Value) ([]clixml.Value, error) {
	var errs []error
	var out []clixml.Value
	switch {
	case s.expand != nil:
		expanded, err := s.expanded(v)
		out = expanded
		errs = append(errs, err)
	case len(s.properties) > 0:
		o, err := s.selected(v)
		out = []clixml.Value{clixml.Obj(o)}
		errs = append(errs, err)
	default:
		out = []clixml.Value{marked(v)}
	}
	if s.unique {
		out = s.onlyNew(out)
	}
	return out, errors.Join(errs...)
}

// cells gives the selected properties of v, without those that are excluded
// and without doubles.
func (s *selection) cells(v clixml.Value) ([]cell, error) {
	var out []cell
	var errs []error
	taken := map[string]bool{}
	for i := range s.properties {
		p := &s.properties[i]
		cells, err := p.resolve(v)
		if err != nil && p.block == nil {
			errs = append(errs, err)
		}
		for _, c := range cells {
			if s.excluded(c.name) {
				continue
			}
			key := strings.ToLower(c.name)
			if taken[key] {
				if p.pattern == nil {
					errs = append(errs, &Error{
						Command: "Select-Object", ID: "AlreadyExistingUserSpecifiedPropertyNoExpand",
						Msg: fmt.Sprintf("The property cannot be processed because the property %q already exists.", c.name), Target: v,
					})
				}
				continue
			}
			taken[key] = true
			out = append(out, c)
		}
	}
	return out, errors.Join(errs...)
}

func (s *selection) excluded(name string) bool {
	for _, p := range s.exclude {
		if p.pattern != nil && p.pattern.MatchString(name) || strings.EqualFold(p.name, name) {
			return true
		}
	}
	return false
}

func (s *selection) selected(v clixml.Value) (*clixml.Object, error) {
	cells, err := s.cells(v)
	o := clixml.Custom()
	o.TypeNames = append([]string{"Selected." + baseTypeName(v)}, o.TypeNames...)
	for _, c := range cells {
		o.Members = append(o.Members, clixml.Property{Name: c.name, Value: c.value})
	}
	return o, err
}

// marked gives a custom object the type name that Select-Object leaves on
// what goes through it; the object that came in stays as it is.
func marked(v clixml.Value) clixml.Value {
	o := v.Object()
	name := "Selected." + customObject
	if o == nil || baseTypeName(v) != customObject || o.Is(name) {
		return v
	}
	c := *o
	c.TypeNames = append([]string{name}, o.TypeNames...)
	return clixml.Obj(&c)
}

const customObject = "System.Management.Automation.PSCustomObject"

// baseTypeName is the .NET type of v as this side has it: a deserialized
// object is a custom object, a container or primitive what it is.
func baseTypeName(v clixml.Value) string {
	o := v.Object()
	if o == nil {
		return v.Kind().TypeName()
	}
	if !o.Base.IsNull() {
		return o.Base.Kind().TypeName()
	}
	if len(o.TypeNames) > 0 && strings.HasPrefix(o.TypeNames[0], "Microsoft.PowerShell.Commands.") {
		return o.TypeNames[0] // made here, by Group-Object or Measure-Object
	}
	if o.Kind != clixml.PlainObject && len(o.TypeNames) > 0 {
		return strings.TrimPrefix(o.TypeNames[0], "Deserialized.")
	}
	return customObject
}

// expanded gives the value of the expanded property, item by item, with the
// selected properties added to each.
func (s *selection) expanded(v clixml.Value) ([]clixml.Value, error) {
	cells, err := s.expand.resolve(v)
	if err != nil {
		return nil, err
	}
	switch {
	case len(cells) == 0 || !cells[0].exists:
		return nil, &Error{Command: "Select-Object", ID: "ExpandPropertyNotFound", Msg: fmt.Sprintf("Property %q cannot be found.", s.expand.name), Target: v}
	case len(cells) > 1:
		return nil, &Error{Command: "Select-Object", ID: "MultipleExpandPropertyFound", Msg: fmt.Sprintf("Multiple properties cannot be expanded: %q.", s.expand.name), Target: v}
	}
	value := cells[0].value
	items, many := pslang.Collection(value)
	if !many {
		items = []clixml.Value{value}
	}
	if len(s.properties) == 0 {
		out := make([]clixml.Value, len(items))
		for i, item := range items {
			out[i] = marked(item)
		}
		return out, nil
	}
	extra, err := s.cells(v)
	out := make([]clixml.Value, len(items))
	for i, item := range items {
		out[i] = withMembers(item, extra)
	}
	return out, err
}

// withMembers gives a copy of v with these members added.
func withMembers(v clixml.Value, extra []cell) clixml.Value {
	o := &clixml.Object{Base: v}
	if old := v.Object(); old != nil {
		c := *old
		c.Members = append([]clixml.Property(nil), old.Members...)
		o = &c
	}
	if baseTypeName(v) == customObject {
		o.TypeNames = append([]string{"Selected." + customObject}, o.TypeNames...)
	}
	for _, c := range extra {
		if _, exists := o.Get(c.name); !exists {
			o.Members = append(o.Members, clixml.Property{Name: c.name, Value: c.value})
		}
	}
	return clixml.Obj(o)
}

// onlyNew drops what came before.
func (s *selection) onlyNew(values []clixml.Value) []clixml.Value {
	var out []clixml.Value
next:
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		for _, old := range s.seen {
			if s.same(v, old) {
				continue next
			}
		}
		s.seen = append(s.seen, v)
		out = append(out, v)
	}
	return out
}

func (s *selection) same(a, b clixml.Value) bool {
	x, y := a.Object(), b.Object()
	if x == nil || y == nil || !x.Base.IsNull() || !y.Base.IsNull() || len(x.Members) != len(y.Members) || len(x.Members) == 0 {
		return s.cmp.Equal(a, b, !s.foldCase)
	}
	for i := range x.Members {
		if !strings.EqualFold(x.Members[i].Name, y.Members[i].Name) || !s.cmp.Equal(x.Members[i].Value, y.Members[i].Value, !s.foldCase) {
			return false
		}
	}
	return true
}
