package format

import (
	"psdeck/session/clixml"
)

// token is a part of a custom view: a text, line ends, a value, or a frame
// around others.
type token struct {
	text     string
	newlines int
	value    *term // nil: none
	self     bool  // a value that is the object itself
	when     *term
	each     bool    // a value that is a collection is gone through
	control  []entry // how the value is shown; nil: as a text
	frame    *frame
}

// frame indents what is in it. The first line of each paragraph stands first
// cells further right, or left where it is negative.
type frame struct {
	left, right, first int
	body               []token
}

// tokens reads the parts of a custom view.
func (r *viewReader) tokens(o *clixml.Object, level int) []token {
	if level > maxNesting {
		r.fail("a custom view nests deeper than %d", maxNesting)
		return nil
	}
	var out []token
	for _, x := range r.items(o, "CustomItems", maxItems) {
		switch {
		case x.Is(controlType + "CustomItemText"):
			out = append(out, token{text: r.text(x, "Text")})
		case x.Is(controlType + "CustomItemNewline"):
			out = append(out, token{newlines: min(r.number(x, "Count"), maxItems)})
		case x.Is(controlType + "CustomItemFrame"):
			f := &frame{left: r.number(x, "LeftIndent"), right: r.number(x, "RightIndent"), body: r.tokens(x, level+1)}
			f.first = r.number(x, "FirstLineIndent")
			if hanging := r.number(x, "FirstLineHanging"); hanging > 0 {
				f.first = -hanging
			}
			out = append(out, token{frame: f})
		case x.Is(controlType + "CustomItemExpression"):
			out = append(out, r.expression(x, level))
		}
	}
	return out
}

func (r *viewReader) expression(x *clixml.Object, level int) token {
	t := token{each: r.flag(x, "EnumerateCollection"), control: r.entries(r.object(x, "CustomControl"), "Entries", "CustomItems", level)}
	if when, ok := r.term(r.object(x, "ItemSelectionCondition")); ok {
		t.when = &when
	}
	value, ok := r.term(r.object(x, "Expression"))
	t.value, t.self = &value, !ok
	return t
}

// page writes a custom view: words gather on a line that is written at its end.
type page struct {
	s                  *state
	left, right, first int
	line               []byte
	out                []string
	steps              int
}

// custom writes v by the entry that is for it.
func (g *given) custom(entries []entry, v clixml.Value) []string {
	p := &page{s: g.s}
	p.entry(entries, v)
	p.end()
	return p.out
}

func (p *page) entry(entries []entry, v clixml.Value) {
	if n := p.s.entryFor(entries, v); n >= 0 {
		p.tokens(entries[n].body, v)
	}
}

func (p *page) tokens(list []token, v clixml.Value) {
	for i := range list {
		t := &list[i]
		if p.steps++; p.steps > maxCustomLines || len(p.out) > maxCustomLines || len(p.line) > maxText {
			return
		}
		switch {
		case t.value != nil:
			p.value(t, v)
		case t.frame != nil:
			p.frame(t.frame, v)
		default:
			p.line = append(p.line, plain(t.text)...)
			for range t.newlines {
				p.end()
			}
		}
	}
}

func (p *page) frame(f *frame, v clixml.Value) {
	left, right, first := p.left, p.right, p.first
	p.left, p.right, p.first = left+f.left, right+f.right, f.first
	p.tokens(f.body, v)
	p.left, p.right, p.first = left, right, first
}

func (p *page) value(t *token, v clixml.Value) {
	if t.when != nil && !p.s.isTrue(t.when, v) {
		return
	}
	x := v
	if !t.self {
		x, _ = p.s.termOf(t.value, v)
	}
	if items, many := collection(x); many && t.each {
		for i := range items.len() {
			if one := items.at(i); !one.IsNull() {
				p.one(t, one)
			}
		}
		return
	}
	p.one(t, x)
}

func (p *page) one(t *token, x clixml.Value) {
	switch {
	case t.control == nil:
		p.line = append(p.line, p.s.cell(x, "", false)...)
	case !x.IsNull():
		p.entry(t.control, x)
	}
}

// end writes the line that has gathered. A screen too narrow for the indent
// has none.
func (p *page) end() {
	left, first := p.left, p.first
	room := p.s.width - p.left - p.right
	if room <= 0 {
		left, room = 0, p.s.width
	}
	if first >= room || -first >= room {
		first = 0
	}
	head, rest := room-max(first, 0), room+min(first, 0)
	pieces := p.s.splitFirst(string(p.line), head, rest)
	for i, piece := range pieces {
		indent := left + max(first, 0)
		if i > 0 {
			indent = left + max(-first, 0)
		}
		p.out = append(p.out, pad(indent)+piece)
	}
	p.line = p.line[:0]
}
