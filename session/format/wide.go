package format

import "psdeck/session/clixml"

// startWide finds the property and the columns of a wide view.
func (s *state) startWide(v clixml.Value) {
	if len(s.fields) == 0 && s.given == nil {
		if name, ok := displayName(v); ok {
			s.fields = []field{{name: name}}
		} else if fields := defaultFields(v); len(fields) > 0 {
			s.fields = fields[:1]
		}
	}
	if !s.view.AutoSize {
		n := s.view.Columns
		if n <= 0 {
			n = 2
		}
		s.wideGrid(n)
	}
}

func (s *state) wideGrid(n int) {
	n = max(1, min(n, s.width))
	s.table = newGrid(s.width, make([]int, n), make([]alignment, n), s.culture)
	s.row = make([]string, n)
}

// addWide puts v into the next free place of a wide view.
func (s *state) addWide(v clixml.Value) {
	text := ""
	fields := s.fields
	if s.given != nil {
		fields = s.given.lines(v)
	}
	if len(fields) > 0 {
		text = s.missing(&fields[0])
		if x, ok := s.of(&fields[0], v); ok {
			text = s.cell(x, fields[0].format, false)
		}
	}
	s.wide = append(s.wide, text)
	if s.table != nil && len(s.wide) >= len(s.table.widths) {
		s.wideRows()
	}
}

// flushWide prints what waits, the last row also where it is not full.
func (s *state) flushWide() {
	if len(s.wide) == 0 {
		return
	}
	if s.table == nil {
		longest := 0
		for _, text := range s.wide {
			longest = max(longest, cells(text))
		}
		n := 1
		for longest > 0 && (longest+1)*(n+1)-1 < s.width {
			n++
		}
		s.wideGrid(n)
	}
	s.wideRows()
}

func (s *state) wideRows() {
	n := len(s.table.widths)
	for len(s.wide) > 0 {
		row := s.row[:n]
		clear(row)
		s.wide = s.wide[copy(row, s.wide):]
		if !s.table.off {
			s.line = s.table.row(s.line[:0], row)
			s.emit(string(s.line))
		}
	}
}
