package format

import "psdeck/session/clixml"

const (
	separator = " : "
	accentOn  = "\x1b[32;1m"
	accentOff = "\x1b[0m"
)

// list writes v's fields, one a line, the values below each other.
func (p *printer) list(out []string, fields []field, v clixml.Value) []string {
	type entry struct {
		label, text string
		cells       int
	}
	entries := make([]entry, 0, len(fields))
	longest := 0
	for i := range fields {
		x, ok := p.of(&fields[i], v)
		if !ok && fields[i].value == nil && !fields[i].defined {
			continue
		}
		e := entry{label: fields[i].heading(), text: p.missing(&fields[i])}
		if ok {
			e.text = p.cell(x, fields[i].format, false)
		}
		e.cells = cells(e.label)
		longest = max(longest, e.cells)
		entries = append(entries, e)
	}
	if p.width < len(separator)+2 {
		return out
	}
	longest = min(longest, p.width-len(separator)-1)
	room := p.width - longest - len(separator)
	indent := pad(longest + len(separator))
	for _, e := range entries {
		label := head(e.label, longest)
		prompt := p.accent(label + pad(longest-cells(label)) + separator)
		for i, piece := range p.split(e.text, room) {
			if i > 0 {
				prompt = indent
			}
			out = append(out, prompt+piece)
		}
	}
	return out
}

// missing is what is written where a field has no value.
func (p *printer) missing(f *field) string {
	if f.value == nil {
		return ""
	}
	return p.failed
}

// accent is the colour of labels and headings.
func (p *printer) accent(s string) string {
	if p.colour {
		return accentOn + s + accentOff
	}
	return s
}
