package format

import "psdeck/session/clixml"

// enterGroup begins a new group where the value that the view groups by
// changes.
func (s *state) enterGroup(v clixml.Value) {
	if s.view.GroupBy == nil {
		return
	}
	fields := fieldsOf([]Column{*s.view.GroupBy}, v)
	if len(fields) == 0 {
		return
	}
	f := &fields[0]
	text := ""
	if x, ok := f.of(v); ok {
		text = s.cell(x, f.format, false)
	}
	if s.grouped && text == s.groupOf {
		return
	}
	s.size()
	s.emit("")
	if s.shape == Wide {
		s.flushWide()
	}
	s.grouped, s.groupOf = true, text
	s.emit(s.groupHead(v, "   "+f.heading()+": "+text)...)
	s.start(v)
}
