package format

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
)

// given is a view of the server's as the objects of one stream are shown in it.
type given struct {
	*definition
	s    *state
	rows [][]field     // the fields of the entries that were wanted, by their index
	cols []alignment   // of a table's columns
	own  [][]alignment // of the rows' cells, where they differ
}

// beginGiven finds the server's view for v and takes over what it says and the
// line itself does not.
func (s *state) beginGiven(v clixml.Value) {
	d := fileView(v, s.shape, s.view.Name)
	if d == nil {
		d = s.view.Views.find(v, s.shape, s.view.Name)
	}
	if d == nil {
		if s.view.Name != "" {
			s.err = &NoViewError{s.view.Name, plain(typeName(v))}
		}
		return
	}
	s.given = &given{definition: d, s: s, rows: make([][]field, len(d.entries)), own: make([][]alignment, len(d.entries))}
	s.shape = d.shape
	s.view.AutoSize = s.view.AutoSize || d.autoSize
	s.view.HideHeader = s.view.HideHeader || d.noHeader
	if s.view.Columns == 0 {
		s.view.Columns = d.columns
	}
	if g := d.group; g != nil && s.view.GroupBy == nil {
		by := Column{Property: g.text, Label: g.label}
		if g.script {
			by.Value = func(v clixml.Value) (clixml.Value, error) { return s.run(g.text, v) }
			if by.Label == "" {
				by.Label = g.text
			}
		}
		s.view.GroupBy, s.groupBody = &by, g.body
	}
}

// columns are a table's columns, for which the row of the first object speaks.
func (g *given) columns(v clixml.Value) []field {
	fields := slices.Clone(g.fields(max(g.s.entryFor(g.entries, v), 0)))
	for i := range fields {
		f := &fields[i]
		if i < len(g.headers) {
			h := g.headers[i]
			f.width = h.width
			if h.label != "" {
				f.label = plain(h.label)
			}
			if h.align != none {
				f.align = h.align
			}
		}
		if f.align == none {
			f.align = left
		}
		g.cols = append(g.cols, f.align)
	}
	return fields
}

// fields are the fields of an entry; a cell that says nothing is that of the
// row for all others.
func (g *given) fields(n int) []field {
	if g.rows[n] != nil {
		return g.rows[n]
	}
	other := slices.IndexFunc(g.entries, func(e entry) bool { return len(e.types)+len(e.when) == 0 })
	fields := make([]field, 0, len(g.entries[n].items))
	for i := range g.entries[n].items {
		it := &g.entries[n].items[i]
		if it.text == "" && other >= 0 && i < len(g.entries[other].items) {
			it = &g.entries[other].items[i]
		}
		fields = append(fields, g.s.field(it))
	}
	g.rows[n] = fields
	return fields
}

// row are the fields of v's row, no more than the table has columns.
func (g *given) row(v clixml.Value, row *heldRow) []field {
	n := g.s.entryFor(g.entries, v)
	if n < 0 {
		clear(row.cells)
		return nil
	}
	row.wrap = row.wrap || g.entries[n].wrap
	fields := g.fields(n)
	row.aligns = g.aligns(n, fields)
	clear(row.cells[min(len(fields), len(row.cells)):])
	return fields[:min(len(fields), len(row.cells))]
}

// aligns are how the cells of a row are aligned; nil: as their columns.
func (g *given) aligns(n int, fields []field) []alignment {
	if g.own[n] != nil {
		return g.own[n]
	}
	own := slices.Clone(g.cols)
	for i := range own {
		if i < len(fields) && fields[i].align != none {
			own[i] = fields[i].align
		}
	}
	g.own[n] = own
	return own
}

// lines are the lines of a list, or the one value of a wide view, for v.
func (g *given) lines(v clixml.Value) []field {
	n := g.s.entryFor(g.entries, v)
	if n < 0 {
		return nil
	}
	fields := g.fields(n)
	items := g.entries[n].items
	if !slices.ContainsFunc(items, func(it item) bool { return it.when != nil }) {
		return fields
	}
	var out []field
	for i := range items {
		if items[i].when == nil || g.s.isTrue(items[i].when, v) {
			out = append(out, fields[i])
		}
	}
	return out
}

// groupHead is what stands above a group: what the view says, else its label
// and value.
func (s *state) groupHead(v clixml.Value, line string) []string {
	if s.groupBody == nil {
		return s.split(line, s.width)
	}
	lines := s.given.custom(s.groupBody, v)
	if n := len(lines); n > 0 && strings.TrimSpace(lines[n-1]) == "" {
		lines = lines[:n-1] // what follows begins with one
	}
	return lines
}
