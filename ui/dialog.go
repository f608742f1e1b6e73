package ui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// A dialog that opens by itself takes no keys until the keyboard was quiet for
// graceQuiet, at most for graceMost: an Enter meant for the prompt must not
// confirm anything.
const (
	graceQuiet = 425 * time.Millisecond
	graceMost  = 1500 * time.Millisecond
)

// dialog is a question in a frame of ours.
type dialog interface {
	// key takes a key; done closes the dialog.
	key(a *App, k tea.KeyPressMsg) (done bool, cmd tea.Cmd)
	paste(text string)
	panel(a *App, w int) panel
}

// panel is what a dialog draws: styled rows inside a frame whose words only
// the deck writes.
type panel struct {
	title  string       // plain
	names  []tenantName // stand in the title's place, each with its environment's word
	rows   []string
	foot   string
	cx, cy int // of the cursor in rows; cy -1: none
}

// shownDialog is a dialog with its time of grace.
type shownDialog struct {
	dialog
	shown, quiet time.Time
	ready        bool
}

func (d *shownDialog) show(now time.Time) { d.shown, d.quiet, d.ready = now, now, false }

// swallows tells whether a key comes too early to be meant for the dialog.
func (d *shownDialog) swallows(now time.Time) bool {
	if d.ready {
		return false
	}
	d.ready = now.Sub(d.quiet) >= graceQuiet || now.Sub(d.shown) >= graceMost
	d.quiet = now
	return !d.ready
}

// openDialog shows a dialog on a tab, or on the whole deck when t is nil.
func (a *App) openDialog(t *tab, d dialog) tea.Cmd {
	s := &shownDialog{dialog: d}
	s.show(a.cfg.Now())
	if t == nil {
		a.dialogs = append(a.dialogs, s)
		return nil
	}
	t.dialogs = append(t.dialogs, s)
	a.marked(t)
	return nil
}

// dialog is the one that has the keyboard now.
func (a *App) dialog() *shownDialog {
	if n := len(a.dialogs); n > 0 {
		return a.dialogs[n-1]
	}
	if t := a.tab(); t != nil && a.page == pageDeck && len(t.dialogs) > 0 {
		return t.dialogs[0]
	}
	return nil
}

func (a *App) closeDialog(d *shownDialog) {
	a.dialogs = without(a.dialogs, d)
	for _, t := range a.tabs {
		t.dialogs = without(t.dialogs, d)
	}
	if next := a.dialog(); next != nil {
		next.show(a.cfg.Now())
	}
}

func without(list []*shownDialog, d *shownDialog) []*shownDialog {
	kept := list[:0:0]
	for _, other := range list {
		if other != d {
			kept = append(kept, other)
		}
	}
	return kept
}

func (a *App) dialogKey(d *shownDialog, k tea.KeyPressMsg) tea.Cmd {
	if d.swallows(a.cfg.Now()) {
		return nil
	}
	done, cmd := d.key(a, k)
	if done {
		a.closeDialog(d)
	}
	return cmd
}

// drop closes the dialogs of a tab that match.
func (t *tab) drop(match func(dialog) bool) {
	kept := t.dialogs[:0:0]
	for _, d := range t.dialogs {
		if !match(d.dialog) {
			kept = append(kept, d)
		}
	}
	t.dialogs = kept
}

func (t *tab) dropPromptDialogs(seq int) {
	t.drop(func(d dialog) bool { p, ok := d.(*promptDialog); return ok && p.seq == seq })
}

func (t *tab) dropPasswordDialogs() {
	t.drop(func(d dialog) bool { _, ok := d.(*passwordDialog); return ok })
}

// sure asks before something that cannot be taken back.
type sure struct {
	title string
	rows  []string
	yes   string
	do    func(a *App) tea.Cmd
}

func (s *sure) key(a *App, k tea.KeyPressMsg) (bool, tea.Cmd) {
	switch does := a.keys.inDialog(k); {
	case does == dialogAccept, strings.EqualFold(k.Text, "y"):
		return true, s.do(a)
	case does == dialogCancel, strings.EqualFold(k.Text, "n"):
		return true, nil
	}
	return false, nil
}

func (s *sure) paste(string) {}

func (s *sure) panel(_ *App, w int) panel {
	p := panel{title: s.title, foot: s.yes + " · " + textEscKeeps, cy: -1}
	for _, row := range s.rows {
		p.rows = append(p.rows, wrapWords(row, w)...)
	}
	return p
}

// tenantName is a tenant with its environment.
type tenantName struct {
	text string
	env  session.Environment
}

// headOf is a frame's heading that names tenants, each in the colour of its
// environment, and the colour of the frame: that of the most dangerous one.
func headOf(th *theme, names []tenantName, w int) (edge style, head string) {
	edge = th.dev
	for _, n := range names {
		if style, _ := th.env(n.env); edge != th.prod && style != th.dev {
			edge = style
		}
	}
	for i, n := range names {
		style, word := th.env(n.env)
		part := style.text(" " + fit(n.text, max(4, w-14)) + "  " + word + " ")
		if i > 0 {
			part = "·" + part
		}
		more := fmt.Sprintf("· "+textMoreNames+" ", len(names)-i)
		if i > 0 && width(head)+width(part)+width(more) > w {
			return edge, head + more
		}
		head += part
	}
	return edge, head
}

// draw puts the panel's frame around its rows.
func (p panel) draw(th *theme, w, h int) (rows []string, x, y int) {
	inner := w - 4
	edge, title := th.accent, " "+fit(p.title, max(4, inner-14))+" "
	if len(p.names) > 0 {
		edge, title = headOf(th, p.names, inner)
	}
	rows = append(rows, edge.text("┌")+title+edge.text(strings.Repeat("─", max(0, w-2-width(title)))+"┐"))
	body, cy := p.rows, p.cy
	if most := max(1, h-3); len(body) > most {
		from := min(max(0, cy-most+1), len(body)-most)
		body, cy = body[from:from+most], cy-from
	}
	for _, row := range body {
		rows = append(rows, edge.text("│")+" "+pad(row, inner)+" "+edge.text("│"))
	}
	foot := ""
	if p.foot != "" {
		foot = " " + fit(p.foot, inner-2) + " "
	}
	rows = append(rows, edge.text("└"+strings.Repeat("─", max(0, w-3-width(foot))))+th.dim.text(foot)+edge.text("─┘"))
	return rows, p.cx + 2, cy + 1
}
