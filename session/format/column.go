package format

import (
	"strings"

	"psdeck/session/clixml"
)

// field is one column of a table or one line of a list: where its value comes
// from and how it is shown.
type field struct {
	name   string // the property; "" where value computes it
	label  string
	value  func(clixml.Value) (clixml.Value, error)
	align  alignment // none follows the value
	width  int
	format string
	index  int // where the last object had the property
	// defined tells a field of a view, which is shown also where the object has
	// no such property.
	defined bool
}

type alignment uint8

const (
	none alignment = iota
	left
	centre
	right
)

func alignmentOf(word string) alignment {
	switch strings.ToLower(word) {
	case "left":
		return left
	case "center", "centre":
		return centre
	case "right":
		return right
	}
	return none
}

// of returns the field's value in v; ok is false where v has no such property
// or its computation fails.
func (f *field) of(v clixml.Value) (clixml.Value, bool) {
	if f.value != nil {
		x, err := f.value(v)
		return x, err == nil
	}
	return lookup(v, f.name, &f.index)
}

// fieldsOf makes the fields of columns for v: a wildcard stands for the
// properties of v that it matches.
func fieldsOf(columns []Column, v clixml.Value) []field {
	var fields []field
	for i := range columns {
		c := &columns[i]
		f := field{name: c.Property, label: plain(c.Label), value: c.Value, align: alignmentOf(c.Align), width: c.Width, format: c.Format}
		if c.Value != nil || !hasWildcard(c.Property) {
			if c.Value == nil {
				f.name = declaredName(v, c.Property)
			}
			fields = append(fields, f)
			continue
		}
		matches := matcher(c.Property)
		for _, p := range properties(v) {
			if matches(p.Name) {
				f.name = p.Name
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// declaredName is the property's name as the object writes it: the heading
// follows it where the user's writing differs in case.
func declaredName(v clixml.Value, name string) string {
	for _, p := range properties(v) {
		if strings.EqualFold(p.Name, name) {
			return p.Name
		}
	}
	return name
}

// defaultFields are the properties that are shown of v where nobody names any:
// those of its display set, else all.
func defaultFields(v clixml.Value) []field {
	var fields []field
	if names := displaySet(v); len(names) > 0 {
		for _, name := range names {
			hint := 0
			if _, ok := lookup(v, name, &hint); ok {
				fields = append(fields, field{name: declaredName(v, name)})
			}
		}
		if len(fields) > 0 {
			return fields
		}
	}
	for _, p := range properties(v) {
		fields = append(fields, field{name: p.Name})
	}
	return hideOrigin(v, fields)
}

// hideOrigin takes the notes off that say which computer an object came from,
// where the object says that they are not to be shown.
func hideOrigin(v clixml.Value, fields []field) []field {
	var hint int
	show, ok := lookup(v, "PSShowComputerName", &hint)
	if !ok {
		return fields
	}
	kept := fields[:0]
	for _, f := range fields {
		if strings.EqualFold(f.name, "PSShowComputerName") || !show.True() && strings.EqualFold(f.name, "PSComputerName") {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// displayName is the property that stands for v where one is shown.
func displayName(v clixml.Value) (string, bool) {
	props := properties(v)
	for _, pattern := range [...]string{"name", "id", "key", "*key", "*name", "*id"} {
		suffix, anywhere := strings.CutPrefix(pattern, "*")
		for _, p := range props {
			n := strings.ToLower(p.Name)
			if n == "runspaceid" || n == "pscomputername" || n == "psshowcomputername" {
				continue
			}
			if n == suffix || anywhere && strings.HasSuffix(n, suffix) {
				return p.Name, true
			}
		}
	}
	return "", false
}

func (f *field) heading() string {
	if f.label != "" {
		return f.label
	}
	return plain(f.name)
}
