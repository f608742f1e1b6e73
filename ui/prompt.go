package ui

import (
	"fmt"
	"strings"
	"time"

	"psdeck/session"
)

// promptLabel is what stands before the draft: where a line would run, the
// environment's bar and word first. On a narrow screen the name gives way.
func (a *App) promptLabel(t *tab, w int) (label string, cells int) {
	th := a.th
	searching := ""
	if t.search != nil {
		searching = th.accent.text(textSearching) + " "
	}
	if t.home {
		label = th.accent.text("▌") + th.bold.text(textHomePrompt) + " " + searching
		return label, width(label)
	}
	bar, word := th.env(t.target.Env)
	tail := ""
	if t.target.ReadOnly && w >= 60 {
		tail = ", " + textReadOnly
	}
	switch {
	case t.connecting():
		tail = ", " + textConnecting
	case t.left != nil && t.attempt == nil:
		tail = ", " + textDisconnected
	case t.live == nil:
		tail = ", " + textNotConnected
	case t.dead:
		tail = ", " + textLost
	case !t.proved():
		tail = ", " + textUnproved + tail
	}
	across, room := a.acrossWords(t, w)
	name := fit(t.name(), max(6, w/2-width(word)-width(tail)-room-6))
	label = bar.text("▌") + th.bold.text(name) + " " + bar.text(word) + across + th.dim.text(tail) + th.bold.text(" › ") + " " + searching
	return label, width(label)
}

// promptRows draws the draft and what is wrong with it. The rows fit h; cy is
// the cursor's row.
func (a *App) promptRows(t *tab, w, h int) (rows []string, cx, cy int) {
	label, cells := a.promptLabel(t, w)
	indent := cells
	if cells > w/2 {
		indent = 2
	}
	d := t.editor.draw(cells, indent, w)
	noticeRows := a.noticeRows(t, d, cells, indent, w)
	below := t.popup.height(&t.editor)
	room := max(1, h-len(noticeRows)-below)
	d2 := d.window(room)
	first := d.y - d2.y // how many rows are above the window
	paint := t.editor.painter(a.th)
	for i, text := range d2.rows {
		lead := spaces(indent)
		if i+first == 0 {
			lead = label
		}
		rows = append(rows, fit(lead+paint.row(text, d2.from[i]), w))
	}
	rows = append(rows, noticeRows...)
	if below > 0 {
		rows = append(rows, a.popupRows(&t.popup, w, h-len(rows))...)
	}
	return rows[:min(len(rows), max(1, h))], min(d2.x, w-1), d2.y
}

// noticeRows is what is wrong with the line: a caret under the place, and the sentence.
func (a *App) noticeRows(t *tab, d drawn, first, indent, w int) []string {
	n := t.notice
	if n.text == "" {
		return nil
	}
	at := -1
	if n.at >= 0 && len(d.rows) == 1 {
		e := editor{text: t.editor.text, at: n.at}
		at = e.draw(first, indent, w).x
	}
	var rows []string
	switch {
	case at >= 0 && at+2+width(n.text) < w:
		return []string{a.th.err.text(spaces(at) + "^ " + n.text)}
	case at >= 0:
		rows = append(rows, a.th.err.text(fit(spaces(at)+"^", w)))
	}
	margin := spaces(min(noticeMargin, w/2))
	for _, part := range wrapWords(strings.TrimRight(n.text, " "), w-len(margin)) {
		rows = append(rows, a.th.err.text(margin+part))
	}
	return rows
}

// noticeMargin is what stands before each row of a notice.
const noticeMargin = 3

// promptHeight is how many rows the draft and its notice would like.
func (a *App) promptHeight(t *tab, w int) int {
	_, cells := a.promptLabel(t, w)
	indent := cells
	if cells > w/2 {
		indent = 2
	}
	d := t.editor.draw(cells, indent, w)
	return len(d.rows) + len(a.noticeRows(t, d, cells, indent, w)) + t.popup.height(&t.editor)
}

// liveRows are the rows under the output that move: progress, what to do to
// sign in, lines that wait.
func (a *App) liveRows(t *tab, w int) []string {
	var rows []string
	m := spaces(min(outputMargin, w/20))
	at := t.attempt
	if at == nil {
		at = t.signing
	}
	if t.connecting() || at.asksPerson() {
		for _, l := range at.codeLines(a.cfg.Now(), a.cfg.ReducedMotion, "alt+c") {
			for _, text := range wrapWords(l.text, w-len(m)-1) {
				rows = append(rows, m+a.th.lineStyle(l.kind).text(text))
			}
		}
	}
	if r := t.current; r != nil && r.progress != nil && !r.progress.done {
		rows = append(rows, m+r.progress.draw(a.th, w-len(m)-1))
	}
	for _, q := range t.queue {
		rows = append(rows, fit(m+a.th.dim.text(textQueued+"  "+strings.ReplaceAll(oneLine(q.line), "\n", " ")), w))
	}
	if missed := t.scroll.missedWords(); missed != "" {
		rows = append(rows, fit(m+a.th.accent.text(missed), w))
	}
	return rows
}

// statusLine says who and where for certain, and how to find everything else.
func (a *App) statusLine(t *tab, w int) string {
	right := textHelpKey + " "
	if a.said != "" {
		return split(" "+a.said, a.th.dim.text(right), w)
	}
	return a.th.dim.text(split(" "+a.statusWords(t, w-width(right)-2), right, w))
}

func (a *App) statusWords(t *tab, w int) string {
	parts := a.importedWords(t)
	if t.home {
		return strings.Join(append(parts, textHomeStatus), " · ")
	}
	if t.live == nil {
		return oneLine(t.target.Label())
	}
	if p := t.live.Proof(); p.Proved {
		where := p.Domain
		if where == "" {
			where = p.Label()
		}
		parts = append(parts, fmt.Sprintf(textProved, oneLine(where), p.At.Format("15:04")))
	} else {
		parts = append(parts, textUnproved)
	}
	if t.mode != session.SendAuto {
		parts = append(parts, fmt.Sprintf(textAsMode, t.mode))
	}
	if who := oneLine(t.live.Account().UserName); who != "" {
		parts = append(parts, who)
	}
	if until := t.live.TokenExpires(); !until.IsZero() {
		parts = append(parts, tokenWords(until, a.cfg.Now()))
	}
	if rt := t.live.RoundTrip(); rt > 0 {
		parts = append(parts, fmt.Sprintf("%d ms", max(1, rt.Milliseconds())))
	}
	for len(parts) > 1 && width(strings.Join(parts, " · ")) > w {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, " · ")
}

// tokenWords is how long the token lasts. The hour is said too: the line is
// not redrawn while nothing happens, and an hour does not go stale.
func tokenWords(until, now time.Time) string {
	left := until.Sub(now)
	if left <= 0 {
		return textTokenOver
	}
	return fmt.Sprintf(textTokenLeft, roughly(left), until.Format("15:04"))
}
