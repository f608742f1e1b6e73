package format

import (
	"strings"

	"psdeck/session/clixml"
)

// Views are views that somebody else defines, as a server gives them for
// Get-FormatData: which types are shown with which columns. They do not change,
// and nil holds none. A view that PowerShell brings for a type goes before
// them.
type Views struct{ list []definition }

// definition is one view of some types.
type definition struct {
	name     string
	types    []string // what it is for
	shape    Shape
	headers  []header // of a table
	entries  []entry  // the rows of a table, else a list's, a wide view's or a custom view's entries
	columns  int      // of a wide view
	autoSize bool
	noHeader bool
	group    *grouping
}

// header is the head of a table's column.
type header struct {
	label string
	align alignment
	width int
}

// entry is how one object is shown, among others by what they are chosen by.
type entry struct {
	types []string // none, and no conditions: the one for all others
	when  []term
	items []item
	wrap  bool
	body  []token // of a custom view
}

// item is one cell or line of an object.
type item struct {
	term
	label  string
	align  alignment
	format string
	when   *term
}

// term is a value that an object is asked for: a property or a script.
type term struct {
	text   string
	script bool
}

// grouping is what objects are grouped by.
type grouping struct {
	term
	label string
	body  []entry // nil: the label and the value
}

// Len is the number of views.
func (s *Views) Len() int {
	if s == nil {
		return 0
	}
	return len(s.list)
}

// Named tells whether there is a view of that name in a shape; Default stands
// for any.
func (s *Views) Named(name string, shape Shape) bool {
	for i := range s.Len() {
		if d := &s.list[i]; strings.EqualFold(d.name, name) && (shape == Default || shape == d.shape) {
			return true
		}
	}
	return false
}

// find is the view for v: the first for v's own type, else that for the type
// nearest to it among those that it derives from. Nil for none.
func (s *Views) find(v clixml.Value, shape Shape, name string) *definition {
	types := typeNames(v)
	var best *definition
	nearest := len(types)
	for i := range s.Len() {
		d := &s.list[i]
		if shape != Default && shape != d.shape || name != "" && !strings.EqualFold(name, d.name) {
			continue
		}
		if n := distance(types, d.types); n < nearest {
			best, nearest = d, n
		}
	}
	return best
}

// shows tells whether the view is for v.
func (d *definition) shows(v clixml.Value) bool {
	types := typeNames(v)
	return distance(types, d.types) < len(types)
}

// distance is how far up the first of wanted stands among types; len(types)
// where none does.
func distance(types, wanted []string) int {
	for i, t := range types {
		for _, w := range wanted {
			if strings.EqualFold(strings.TrimPrefix(t, deserialized), strings.TrimPrefix(w, deserialized)) {
				return i
			}
		}
	}
	return len(types)
}

// deserialized begins the type names of what came over the wire; views are
// written for the types themselves.
const deserialized = "Deserialized."

// typeNames are v's types, its own first.
func typeNames(v clixml.Value) []string {
	if o := v.Object(); o != nil {
		return o.TypeNames
	}
	return []string{"System." + typeName(v), "System.Object"}
}

// entryFor is the index of the entry that shows v: that for v's own or nearest
// type, else the one for all others; -1 for none.
func (s *state) entryFor(entries []entry, v clixml.Value) int {
	types := typeNames(v)
	best, nearest, other := -1, len(types), -1
	for i := range entries {
		e := &entries[i]
		if len(e.types) == 0 && len(e.when) == 0 {
			if other < 0 {
				other = i
			}
			continue
		}
		n := distance(types, e.types)
		if n > 0 && s.anyTrue(e.when, v) {
			n = 0
		}
		if n < nearest {
			best, nearest = i, n
		}
	}
	if best >= 0 {
		return best
	}
	return other
}
