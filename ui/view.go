package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// View gives the frame; the same one as before when nothing has changed.
func (a *App) View() tea.View {
	if !a.dirty {
		return a.frame
	}
	a.dirty = false
	a.views++
	rows, x, y := a.compose()
	v := tea.NewView(strings.Join(rows, "\n"))
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = a.title()
	if y >= 0 && x >= 0 && x < a.w && y < a.h {
		v.Cursor = tea.NewCursor(x, y)
		v.Cursor.Shape, v.Cursor.Blink = tea.CursorBar, false
	}
	a.frame = v
	return v
}

// title is the window's: environment first, so that it is seen in a task bar.
func (a *App) title() string {
	t := a.tab()
	if t == nil || a.page != pageDeck {
		return textName
	}
	if t.home {
		return t.name() + " – " + textName
	}
	_, word := a.th.env(t.target.Env)
	return word + " " + t.name() + " – " + textName
}

// compose draws the page and what lies over it.
func (a *App) compose() (rows []string, x, y int) {
	w, h := a.w, a.h
	if w < 1 || h < 1 {
		return nil, 0, -1
	}
	switch a.page {
	case pagePicker:
		rows, x, y = a.drawPicker(w, h)
	case pageWizard:
		rows, x, y = a.drawWizard(w, h)
	default:
		rows, x, y = a.drawDeck(w, h)
	}
	for len(rows) < h {
		rows = append(rows, "")
	}
	rows = rows[:h]
	switch d := a.dialog(); {
	case a.help != nil && len(a.dialogs) == 0:
		return a.drawHelp(w, h), 0, -1
	case d != nil:
		x, y = a.overlay(rows, d, w, h)
	}
	if a.closing != "" {
		rows[h-1], y = fit(" "+a.closing, w), -1
	} else if a.said != "" && a.page != pageDeck {
		rows[h-1] = fit(" "+a.said, w)
	}
	return rows, x, y
}

// drawDeck is the tabs, the output, the prompt and the status line.
func (a *App) drawDeck(w, h int) (rows []string, x, y int) {
	t := a.tab()
	if t == nil {
		return nil, 0, -1
	}
	l := layOut(w, h, a.promptHeight(t, w))
	a.lay = l
	rule := a.th.dim.text(strings.Repeat("─", w))
	if l.tabs.h > 0 {
		var strip string
		strip, a.strip = a.drawStrip(w)
		rows = append(rows, strip)
	}
	if l.tabsRule.h > 0 {
		rows = append(rows, rule)
	}
	live := a.liveRows(t, w)
	live = live[:min(len(live), l.body.h)]
	t.scroll.resize(w, l.body.h, len(live))
	out := t.scroll.draw(a.th, a.cfg.Now(), a.cfg.ReducedMotion || !a.moving())
	rows = append(append(rows, out...), live...)
	for len(rows) < l.body.y+l.body.h {
		rows = append(rows, "")
	}
	if l.promptRule.h > 0 {
		rows = append(rows, rule)
	}
	prompt, cx, cy := a.promptRows(t, w, l.prompt.h)
	for len(prompt) < l.prompt.h {
		prompt = append(prompt, "")
	}
	rows = append(rows, prompt...)
	if l.endRule.h > 0 {
		rows = append(rows, rule)
	}
	if l.status.h > 0 {
		rows = append(rows, a.statusLine(t, w))
	}
	return rows, cx, l.prompt.y + cy
}

// overlay draws a dialog over the rows and gives the cursor's place.
func (a *App) overlay(rows []string, d *shownDialog, w, h int) (x, y int) {
	pw := min(w, max(40, min(w-6, 92)))
	p := d.panel(a, pw-4)
	box, cx, cy := p.draw(a.th, pw, h)
	left := (w - pw) / 2
	top := max(0, min((h-len(box))/2, h-len(box)-4))
	for i, row := range box {
		if top+i >= h {
			break
		}
		under := rows[top+i]
		rows[top+i] = pad(ansi.Truncate(under, left, ""), left) + row + ansi.TruncateLeft(under, left+pw, "")
	}
	if p.cy < 0 {
		return 0, -1
	}
	return left + cx, top + cy
}

// footer says the keys of a page, from the table of actions.
func (a *App) footer(s scope, extra string, w int) string {
	var parts []string
	for i := range a.table {
		if ac := &a.table[i]; ac.scope == s && ac.foot != "" {
			parts = append(parts, ac.brief())
		}
	}
	if extra != "" {
		parts = append(parts, extra)
	}
	return a.footing(w, parts...)
}

// footing is a footer of these words; what does not fit is left out, but for the help.
func (a *App) footing(w int, parts ...string) string {
	parts = append(parts, textHelpKey)
	for len(parts) > 1 && width(strings.Join(parts, " · ")) > w-3 {
		parts = append(parts[:len(parts)-2], parts[len(parts)-1])
	}
	return a.th.dim.text(fit("  "+strings.Join(parts, " · "), w))
}

// wheelRows is how far one step of the wheel goes.
const wheelRows = 3

func (a *App) wheel(m tea.MouseWheelMsg) {
	by := wheelRows
	switch m.Button {
	case tea.MouseWheelUp:
		by = -by
	case tea.MouseWheelDown:
	default:
		return
	}
	switch {
	case a.help != nil:
		a.help.top = max(0, a.help.top+by)
	case a.page == pagePicker:
		pickMove(by)(a)
	case a.page == pageDeck && a.tab() != nil:
		a.tab().scroll.scroll(by)
	}
}

// click goes to a tab, or opens a new connection.
func (a *App) click(m tea.MouseClickMsg) tea.Cmd {
	if m.Button != tea.MouseLeft || a.page != pageDeck || len(a.dialogs) > 0 || a.help != nil || a.closing != "" {
		return nil
	}
	if !a.lay.tabs.contains(m.X, m.Y) {
		return nil
	}
	for _, s := range a.strip {
		if m.X < s.from || m.X >= s.to {
			continue
		}
		if s.index == newTabIndex {
			return a.newConnection()
		}
		return a.activate(s.index)
	}
	return nil
}
