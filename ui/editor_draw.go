package ui

// drawn is an editor laid out in a width: rows of plain text and where the
// cursor is in them.
type drawn struct {
	rows []string
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
		d.rows = append(d.rows, text[start:i])
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
	return drawn{d.rows[top : top+h], d.x, d.y - top}
}
