package ui

import (
	"fmt"
	"strings"
)

// stripTab is a tab's place in the strip, for the mouse.
type stripTab struct{ from, to, index int }

// drawStrip is the row of tabs; it also tells where each one is. The active tab
// is always visible.
func (a *App) drawStrip(w int) (string, []stripTab) {
	const plus = "+ "
	labels := make([]string, len(a.tabs))
	sizes := make([]int, len(a.tabs))
	total := len(plus)
	for i, t := range a.tabs {
		labels[i] = a.stripLabel(t, i, stripName(w, len(a.tabs)))
		sizes[i] = width(labels[i])
		total += sizes[i]
	}
	from, to := 0, len(a.tabs)
	for total > w && to-from > 1 { // leave out what is farthest from the active one
		if a.active-from > to-1-a.active {
			total -= sizes[from]
			from++
		} else {
			to--
			total -= sizes[to]
		}
	}
	var b strings.Builder
	var places []stripTab
	x := 0
	put := func(s string, index int) {
		b.WriteString(s)
		n := width(s)
		places = append(places, stripTab{x, x + n, index})
		x += n
	}
	if from > 0 {
		put(a.th.dim.text("‹"), from-1)
	}
	for i := from; i < to; i++ {
		put(labels[i], i)
	}
	if to < len(a.tabs) {
		put(a.th.dim.text("› "), to)
	}
	put(a.th.dim.text(plus), newTabIndex)
	return fit(b.String(), w), places
}

// newTabIndex is the strip's place for a new connection.
const newTabIndex = -1

// stripName is how many cells a name may take with n tabs.
func stripName(w, n int) int { return min(28, max(8, w/max(1, n)-14)) }

// stripLabel is one tab: number, name, environment's word, state.
func (a *App) stripLabel(t *tab, i, name int) string {
	th := a.th
	bar, word := th.env(t.target.Env)
	edge := " "
	on := th.dim
	if i == a.active && a.page == pageDeck {
		on = th.bold
		edge = bar.text("▌")
		if t.home {
			edge = th.accent.text("▌")
		}
	}
	label := edge + on.text(fmt.Sprintf("%d %s", i+1, fit(t.name(), name)))
	if !t.home {
		if !t.proved() && t.live != nil {
			label += " " + th.warn.text(textUnproved)
		}
		label += " " + bar.text(word)
	}
	if state := t.stateWords(); state != "" {
		label += " " + state
	}
	return label + "  "
}
