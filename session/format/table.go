package format

import (
	"bytes"
	"strings"

	"psdeck/session/clixml"
)

// maxColumns is how many properties a table shows of what nobody named.
const maxColumns = 10

// grid is a table's columns with their widths; a width below 1 hides one.
type grid struct {
	widths []int
	aligns []alignment
	off    bool
	accent bool // headings are coloured
	*culture
}

// newGrid fits widths into the screen: columns with no width share what is
// left, and from the right they are narrowed and then hidden.
func newGrid(screen int, widths []int, aligns []alignment, c *culture) *grid {
	g := &grid{widths: widths, aligns: aligns, culture: c}
	if screen < 5 || len(widths) == 0 {
		g.off = true
		return g
	}
	if spread(widths, screen) {
		trim(widths, screen)
	}
	g.off = true
	for _, w := range widths {
		if w > 0 {
			g.off = false
		}
	}
	return g
}

// spread gives columns without a width their share and tells whether the
// table is too wide.
func spread(widths []int, screen int) bool {
	var free []int
	for k, w := range widths {
		if w <= 0 {
			widths[k] = 1
			free = append(free, k)
		}
	}
	room := screen - tableWidth(widths)
	if room < 0 {
		return true
	}
	for i, k := range free {
		widths[k] += room / len(free)
		if i < room%len(free) {
			widths[k]++
		}
	}
	return false
}

// trim narrows the last column that is shown, or hides it, until the table fits.
func trim(widths []int, screen int) {
	total := tableWidth(widths)
	for k := len(widths) - 1; k >= 0 && total > screen; k-- {
		if w := widths[k] - (total - screen); w >= 1 {
			widths[k] = w
			return
		}
		total -= widths[k] + 1
		widths[k] = -1
	}
}

// tableWidth is the width of the columns that are shown with a blank between.
func tableWidth(widths []int) int {
	n, shown := 0, 0
	for _, w := range widths {
		if w > 0 {
			n += w
			shown++
		}
	}
	return n + max(shown-1, 0)
}

// row writes one line of cells to b.
func (g *grid) row(b []byte, values []string) []byte {
	for k, w := range g.widths {
		if w <= 0 {
			continue
		}
		if k > 0 {
			b = append(b, ' ')
		}
		if g.accent {
			b = append(b, accentOn...)
		}
		b = appendCell(b, values[k], w, g.aligns[k], k < len(g.widths)-1)
		if g.accent {
			b = append(b, accentOff...)
		}
	}
	return b
}

// appendCell writes s in width cells. filled pads on the right.
func appendCell(b []byte, s string, width int, align alignment, filled bool) []byte {
	s = firstLine(s)
	n := cells(s)
	if n > width {
		s = shorten(s, width, align)
		n = cells(s)
	}
	switch align {
	case right:
		return append(append(b, pad(width-n)...), s...)
	case centre:
		before := (width - n) / 2
		b = append(append(b, pad(before)...), s...)
		n += before
	default:
		b = append(b, s...)
	}
	if filled {
		b = append(b, pad(width-n)...)
	}
	return b
}

// shorten cuts s to width: on the side that its alignment leaves ragged.
func shorten(s string, width int, align alignment) string {
	if width == 1 {
		if align == right {
			return tail(s, 1)
		}
		return head(s, 1)
	}
	if align == right {
		return ellipsis + tail(s, width-1)
	}
	return head(s, width-1) + ellipsis
}

// lines writes one row with its long cells wrapped.
func (g *grid) lines(values []string) []string {
	var shown []int
	for k, w := range g.widths {
		if w > 0 {
			shown = append(shown, k)
		}
	}
	pieces := make([][]string, len(shown))
	height := 0
	for i, k := range shown {
		pieces[i] = g.split(values[k], g.widths[k])
		height = max(height, len(pieces[i]))
	}
	out := make([]string, height)
	for row := range out {
		out[row] = g.line(shown, pieces, row)
	}
	return out
}

// line writes one line of a wrapped row. Where the row has several, a line
// ends with its last content.
func (g *grid) line(shown []int, pieces [][]string, row int) string {
	end := 0
	for i := range pieces {
		if row < len(pieces[i]) {
			end = i
		}
	}
	var b []byte
	for i, k := range shown[:end+1] {
		if g.accent {
			b = append(b, accentOn...)
		}
		if i > 0 {
			b = append(b, ' ')
		}
		s := ""
		if row < len(pieces[i]) {
			s = pieces[i][row]
		}
		b = appendCell(b, s, g.widths[k], g.aligns[k], i < len(shown)-1)
		if i == end && multi(pieces) {
			b = bytes.TrimRight(b, " ")
		}
		if g.accent {
			b = append(b, accentOff...)
		}
	}
	return string(b)
}

func multi(pieces [][]string) bool {
	for i := range pieces {
		if len(pieces[i]) > 1 {
			return true
		}
	}
	return false
}

// header writes the labels and the dashes below them.
func (g *grid) header(labels []string, accent bool) []string {
	g.accent = accent
	defer func() { g.accent = false }()
	dashes := make([]string, len(labels))
	for k, w := range g.widths {
		if w > 0 {
			n := w
			if labels[k] != "" {
				n = min(w, cells(labels[k]))
			}
			dashes[k] = strings.Repeat("-", n)
		}
	}
	return append(g.lines(labels), string(g.row(nil, dashes)))
}

// alignFor is the alignment of a column by the first object's value.
func alignFor(f *field, v clixml.Value) alignment {
	if f.align != none {
		return f.align
	}
	if x, ok := f.of(v); ok && !x.IsNull() && !isString(x) && scalar(x) {
		return right
	}
	return left
}
