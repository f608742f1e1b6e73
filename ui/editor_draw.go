package ui

import (
	"strings"

	"psdeck/session/pslang"
)

// drawn is an editor laid out in a width: rows of plain text and where the
// cursor is in them.
type drawn struct {
	rows []string
	from []int // where each row begins in the text
	x, y int
}

// draw wraps the text into rows of w cells; the first row begins after first
// cells, the others after indent cells.
func (e *editor) draw(first, indent, w int) drawn {
	d := drawn{}
	room := max(1, w-first-1)
	start, used := 0, 0
	text, at := e.text, e.at
	end := func(i int) {
		d.rows, d.from = append(d.rows, text[start:i]), append(d.from, start)
		start, used = i, 0
		room = max(1, w-indent-1)
	}
	for i := 0; i <= len(text); {
		if i < len(text) && text[i] != '\n' {
			c, cw := cluster(text[i:])
			if used+cw > room && used > 0 {
				end(i)
			}
			if i == at {
				d.x, d.y = used, len(d.rows)
			}
			i, used = i+len(c), used+cw
			continue
		}
		if i == at {
			d.x, d.y = used, len(d.rows)
		}
		end(i)
		i++
		start = min(i, len(text))
	}
	if d.y == 0 {
		d.x += first
	} else {
		d.x += indent
	}
	return d
}

// window keeps the rows around the cursor when there is room for only h.
func (d drawn) window(h int) drawn {
	if len(d.rows) <= h {
		return d
	}
	top := min(max(0, d.y-h+1), len(d.rows)-h)
	return drawn{d.rows[top : top+h], d.from[top : top+h], d.x, d.y - top}
}

// reading is the text as PowerShell reads it; it is read once for each change.
func (e *editor) reading() *pslang.Reading {
	if e.read == nil || e.readText != e.text {
		e.read, e.readText = pslang.Read(e.text), e.text
	}
	return e.read
}

// painter colours rows of a text that is being typed.
type painter struct {
	*pslang.Reading
	th      *theme
	bracket [2]pslang.Extent // the bracket at the cursor and its partner
	out     strings.Builder
}

func (e *editor) painter(th *theme) *painter {
	p := &painter{Reading: e.reading(), th: th}
	if at, partner, ok := p.Matching(e.at); ok {
		p.bracket = [2]pslang.Extent{at, partner}
	}
	return p
}

// row colours one row, which begins at an offset of the text.
func (p *painter) row(text string, from int) string {
	p.out.Reset()
	at, end := from, from+len(text)
	for _, t := range p.Tokens {
		if t.End <= at {
			continue
		}
		if t.Start >= end {
			break
		}
		start, stop := max(t.Start, at), min(t.End, end)
		p.piece(text[at-from:start-from], at, p.th.plain)
		p.piece(text[start-from:stop-from], start, p.style(t))
		at = stop
	}
	p.piece(text[at-from:], at, p.th.plain)
	return p.out.String()
}

func (p *painter) style(t pslang.Token) style {
	for _, b := range p.bracket {
		if b.End > b.Start && t.Start == b.Start && t.End == b.End {
			return p.th.accent
		}
	}
	return p.th.tokens[t.Kind]
}

// piece writes text of one style; what is wrong in it is underlined.
func (p *painter) piece(text string, at int, look style) {
	for len(text) > 0 {
		n, wrong := len(text), false
		for _, e := range p.Errors {
			switch {
			case e.End <= at || e.Start >= at+n:
			case e.Start > at:
				n = e.Start - at
			default:
				n, wrong = min(n, e.End-at), true
			}
		}
		if wrong {
			p.out.WriteString((look + p.th.underline).text(text[:n]))
		} else {
			p.out.WriteString(look.text(text[:n]))
		}
		text, at = text[n:], at+n
	}
}
