package format

import (
	"strings"

	"psdeck/session/clixml"
)

// isWord tells whether v is printed as bare text: a primitive that PowerShell
// shows so, a live enum, a record of another stream, or an object without any
// property.
func isWord(v clixml.Value) bool {
	if scalar(v) || v.Kind() == clixml.KindScriptBlock {
		return true
	}
	o := v.Object()
	if _, record := recordText(o); record {
		return true
	}
	return o != nil && o.Kind == clixml.PlainObject && len(o.Props)+len(o.Members) == 0 && (!isEnum(o) || o.Live)
}

// rawLines is v's text as it is: nothing is cut or wrapped.
func rawLines(v clixml.Value) []string {
	s, record := recordText(v.Object())
	if !record {
		s = v.String()
	}
	if !strings.Contains(s, "\n") {
		return []string{s}
	}
	return strings.Split(s, "\n")
}

// begin chooses the document's shape by its first object.
func (s *state) begin(v clixml.Value) {
	s.shape = s.view.Shape
	if len(s.view.Properties) == 0 && s.view.Name == "" && s.shape != Custom && s.shape != Wide {
		s.known = knownFor(v, s.shape)
	}
	if s.known != nil {
		s.shape = s.known.shape
	} else if len(s.view.Properties) == 0 {
		if s.beginGiven(v); s.err != nil {
			s.shape = Default
			return
		}
	}
	if s.shape == Default {
		s.shape = List
		if n := len(defaultFields(v)); n <= 4 {
			s.shape = Table
		}
	}
	s.setFields(v)
	if s.view.GroupBy == nil {
		s.start(v)
	}
}

// setFields fixes a table's columns by the first object.
func (s *state) setFields(v clixml.Value) {
	switch {
	case s.known != nil:
		s.fields = append([]field(nil), s.known.fields...)
	case s.given != nil:
		s.fields = s.given.columns(v)
	case len(s.view.Properties) > 0:
		s.fields = fieldsOf(s.view.Properties, v)
	case s.shape == Table:
		s.fields = defaultFields(v)
		if len(displaySet(v)) == 0 && len(s.fields) > maxColumns {
			s.fields = s.fields[:maxColumns]
		}
	}
}

// start begins a document, or a group of it.
func (s *state) start(v clixml.Value) {
	s.table = nil
	switch s.shape {
	case Table:
		s.labels = s.labels[:0]
		for i := range s.fields {
			f := &s.fields[i]
			f.align = alignFor(f, v)
			s.labels = append(s.labels, f.heading())
		}
		s.emit("")
		if s.sizesFirst() {
			return
		}
		s.layOut(s.declared())
	case Wide:
		s.emit("")
		s.startWide(v)
	default:
		s.emit("")
	}
}

// sizesFirst tells whether the columns are sized by their content: unless the
// first column says its width.
func (s *state) sizesFirst() bool {
	return len(s.fields) > 0 && (s.view.AutoSize || s.fields[0].width == 0)
}

func (s *state) declared() []int {
	widths := make([]int, len(s.fields))
	for i := range s.fields {
		widths[i] = max(s.fields[i].width, 0)
	}
	return widths
}

// layOut fixes the columns' widths and prints the header.
func (s *state) layOut(widths []int) {
	aligns := make([]alignment, len(s.fields))
	for i := range s.fields {
		aligns[i] = s.fields[i].align
	}
	s.table = newGrid(s.width, widths, aligns, s.culture)
	if s.table.off || s.view.HideHeader || len(s.labels) == 0 {
		return
	}
	s.out = append(s.out, s.table.header(s.labels, s.colour)...)
}

// addRow prints v as a row, or keeps it until the columns are sized.
func (s *state) addRow(v clixml.Value) {
	if s.table == nil {
		s.held = append(s.held, s.rowOf(v, make([]string, len(s.fields))))
		return
	}
	if len(s.row) != len(s.fields) {
		s.row = make([]string, len(s.fields))
	}
	s.printRow(s.rowOf(v, s.row))
}

// rowOf writes the cells of v.
func (s *state) rowOf(v clixml.Value, cells []string) heldRow {
	row := heldRow{cells: cells, wrap: s.view.Wrap}
	fields := s.fields
	if s.given != nil {
		fields = s.given.row(v, &row)
	}
	for i := range fields {
		if x, ok := s.of(&fields[i], v); ok {
			cells[i] = s.cell(x, fields[i].format, true)
		} else {
			cells[i] = s.missing(&fields[i])
		}
	}
	return row
}

func (s *state) printRow(row heldRow) {
	columns := s.table.aligns
	if row.aligns != nil {
		s.table.aligns = row.aligns
	}
	switch {
	case s.table.off:
	case row.wrap:
		s.out = append(s.out, s.table.lines(row.cells)...)
	default:
		s.line = s.table.row(s.line[:0], row.cells)
		s.out = append(s.out, string(s.line))
	}
	s.table.aligns = columns
}

// size fixes the columns by the rows that wait and prints them.
func (s *state) size() {
	if len(s.held) == 0 {
		return
	}
	held := s.held
	s.held = nil
	if s.shape == Table && s.table == nil {
		widths := make([]int, len(s.fields))
		for i, label := range s.labels {
			widths[i] = cells(label)
		}
		for _, h := range held {
			for i, text := range h.cells {
				widths[i] = max(widths[i], cells(text))
			}
		}
		s.layOut(widths)
	}
	for _, h := range held {
		if h.cells == nil {
			s.out = append(s.out, h.lines...)
			continue
		}
		s.printRow(h)
	}
}

// addList prints v as a list.
func (s *state) addList(v clixml.Value) {
	fields := s.fields
	switch {
	case s.known != nil:
	case s.given != nil:
		fields = s.given.lines(v)
	case len(s.view.Properties) > 0:
		fields = fieldsOf(s.view.Properties, v)
	default:
		fields = defaultFields(v)
	}
	s.emit(s.list(nil, fields, v)...)
	s.emit("")
}
