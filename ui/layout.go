package ui

// rect is a part of the screen in cells.
type rect struct{ x, y, w, h int }

func (r rect) contains(x, y int) bool {
	return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h
}

// layout is where the parts of the deck are. It is computed once for each size
// of the screen and height of the prompt. A part without height is not drawn.
type layout struct {
	size                          rect
	tabs, body, prompt, status    rect
	tabsRule, promptRule, endRule rect
}

// The sizes below which the deck leaves out what it can do without.
const (
	rulesFrom  = 14 // rows: rules between the parts
	statusFrom = 8  // rows: the status line
	tabsFrom   = 5  // rows: the tab strip
)

// layOut divides a screen of w by h cells; prompt is the number of rows that
// the editor and what is under it would like.
func layOut(w, h, prompt int) layout {
	l := layout{size: rect{0, 0, w, h}}
	top, bottom := 0, h
	row := func() rect { r := rect{0, top, w, 1}; top++; return r }
	last := func(n int) rect { bottom -= n; return rect{0, bottom, w, n} }
	if h >= tabsFrom {
		l.tabs = row()
	}
	if h >= rulesFrom {
		l.tabsRule = row()
	}
	if h >= statusFrom {
		l.status = last(1)
	}
	if h >= rulesFrom {
		l.endRule = last(1)
	}
	room := bottom - top
	most := max(1, min(room-1, max(h/3, 3)))
	l.prompt = last(max(0, min(max(prompt, 1), most, room)))
	if h >= rulesFrom {
		l.promptRule = last(1)
	}
	l.body = rect{0, top, w, max(0, bottom-top)}
	return l
}
