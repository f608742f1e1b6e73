package ui

import (
	"fmt"
	"strings"

	"psdeck/session/complete"
)

// popupMost is how many rows the popup takes at the most, popupLeast at the
// least: what explains an item needs them.
const popupMost, popupLeast = 7, 3

// height is how many rows the popup would like; 0: it is not shown.
func (p *popup) height(e *editor) int {
	if !p.shown(e) {
		return 0
	}
	p.rows = max(p.rows, popupLeast, min(len(p.Items), popupMost))
	return p.rows
}

// detailFrom is the width from which a popup explains beside its list.
const detailFrom = 64

// popupRows draws the list, and beside it what the chosen item is.
func (a *App) popupRows(p *popup, w, h int) []string {
	if h < 1 {
		return nil
	}
	h = min(h, p.rows)
	if p.chosen >= 0 {
		p.top = min(max(p.top, p.chosen-h+1), p.chosen)
	}
	p.top = max(0, min(p.top, len(p.Items)-h))
	list := p.listWidth(w, h)
	var detail []string
	if w >= detailFrom {
		detail = a.popupDetail(p, w-list-4, h)
	}
	rows := make([]string, 0, h)
	for i := range h {
		row, n := spaces(list), p.top+i
		if n < len(p.Items) {
			name := pad(fit(oneLine(p.Items[n].List), list-3), list-3)
			switch {
			case n == p.chosen:
				row = a.th.accent.text(" ▸ " + name)
			case n >= p.known:
				row = a.th.dim.text("   " + name)
			default:
				row = "   " + name
			}
		}
		if i < len(detail) {
			row += a.th.dim.text("  │ " + detail[i])
		}
		rows = append(rows, row)
	}
	return rows
}

// listWidth is what the names that are seen need.
func (p *popup) listWidth(w, h int) int {
	need := 16
	for i := p.top; i < min(len(p.Items), p.top+h); i++ {
		need = max(need, width(p.Items[i].List)+4)
	}
	most := w
	if w >= detailFrom {
		most = w / 2
	}
	return min(need, most)
}

// popupDetail says what the chosen item, or the first one, is, and how many
// items there are.
func (a *App) popupDetail(p *popup, w, h int) []string {
	if w < 10 {
		return nil
	}
	var rows []string
	for _, text := range explain(&p.Items[max(0, p.chosen)]) {
		for line := range strings.Lines(text) {
			if len(rows) > h {
				break
			}
			if line = oneLine(line); line != "" {
				rows = append(rows, wrapSyntax(line, w)...)
			}
		}
	}
	room := h
	if len(p.Items) > h {
		room = max(0, h-1)
	}
	if len(rows) > room {
		rows = rows[:room]
		if room > 0 {
			rows[room-1] = fit(rows[room-1]+" …", w)
		}
	}
	if len(p.Items) > h {
		for len(rows) < room {
			rows = append(rows, "")
		}
		rows = append(rows, fmt.Sprintf(textOfMany, max(1, p.chosen+1), thousands(len(p.Items))))
	}
	return rows
}

// explain says what an item is: what a command is for and its syntax; a
// parameter's type, what it takes and its other names, and the command's syntax.
func explain(it *complete.Item) []string {
	cmd := it.Command
	switch {
	case cmd == nil:
		return []string{it.Tip}
	case it.Kind == complete.CommandName && it.Tip == cmd.Name: // an alias of it
		return []string{it.Tip, cmd.Synopsis, cmd.Syntax()}
	case it.Kind == complete.CommandName:
		return []string{cmd.Synopsis, it.Tip}
	case it.Kind != complete.ParameterName:
		return []string{cmd.Synopsis, cmd.Syntax()}
	}
	list := []string{it.Tip}
	if p, _ := cmd.Parameter(it.List); p != nil {
		if values := p.Choices(); len(values) > 0 && !p.Switch() {
			list = append(list, textTakes+" "+strings.Join(values, ", "))
		}
		if len(p.Aliases) > 0 {
			list = append(list, textAlso+" -"+strings.Join(p.Aliases, ", -"))
		}
	}
	return append(list, cmd.Syntax())
}

// wrapSyntax breaks a syntax, or a sentence, into lines of at most w cells. A
// parameter stays on one line with its brackets and its value.
func wrapSyntax(s string, w int) []string {
	var rows []string
	row, unit, depth := "", "", 0
	for word := range strings.FieldsSeq(s) {
		switch {
		case depth > 0, strings.HasPrefix(unit, "-") && word[0] == '<':
			unit += " " + word
		default:
			rows, row = addUnit(rows, row, unit, w)
			unit = word
		}
		depth = max(0, depth+strings.Count(word, "[")-strings.Count(word, "]"))
	}
	rows, row = addUnit(rows, row, unit, w)
	return append(rows, row)
}

func addUnit(rows []string, row, unit string, w int) (all []string, last string) {
	switch {
	case row == "":
	case width(row)+1+width(unit) <= w:
		return rows, row + " " + unit
	default:
		rows = append(rows, row)
	}
	pieces := hardRows(unit, w)
	return append(rows, pieces[:len(pieces)-1]...), pieces[len(pieces)-1]
}
