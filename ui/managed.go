package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"psdeck/session"
)

// Managed is where the tenants come from that somebody manages.
type Managed struct {
	// Kept is the list that is there already; it asks nobody.
	Kept func() (ManagedList, error)
	// Refresh gets it anew. It may sign in, which watch is told of, and gives
	// what it has found also with an error.
	Refresh func(ctx context.Context, watch func(session.Event)) (ManagedList, error)
	// Opened is told of each place of the list that is opened; nil: nobody.
	Opened func(Place)
}

// ManagedList is a list of tenants, those that were opened last first.
type ManagedList struct {
	Places []Place
	At     time.Time
	Source string // in words
	// Problem says why it may not be all, Hint what to do about that.
	Problem, Hint string
}

// managedList is what the picker knows of it.
type managedList struct {
	ManagedList
	attempt *attempt // of getting it anew
	failed  []line
}

// managedEnd is the last thing that getting the list anew reports.
type managedEnd struct {
	list ManagedList
	err  error
}

// managedMsg brings what was reported since the last one.
type managedMsg attemptMsg

// take puts a list in the place of the one before. What is chosen stays so.
func (p *picker) take(list ManagedList) {
	var chosen Place
	if p.at < len(p.shown) {
		chosen = p.places[p.shown[p.at]]
	}
	p.managed.ManagedList = list
	p.places = slices.DeleteFunc(p.places, func(pl Place) bool { return pl.managed })
	for _, pl := range list.Places {
		pl.managed = true
		p.places = append(p.places, pl)
	}
	if len(list.Places) > 0 { // from now on the heading says how to ask again
		p.extras = slices.DeleteFunc(p.extras, func(e pickerExtra) bool { return e.text == textManagedRow })
	}
	p.filter()
	for i, at := range p.shown {
		if pl := p.places[at]; pl.managed == chosen.managed && pl.Name == chosen.Name && pl.Key == chosen.Key {
			p.at = i
		}
	}
}

// match finds the places that have the letters of words: a person's own first,
// the best match first among each.
func match(places []Place, words string) (shown []int) {
	found := fuzzy.FindFrom(words, placeNames(places))
	for _, managed := range []bool{false, true} {
		for _, m := range found {
			if places[m.Index].managed == managed {
				shown = append(shown, m.Index)
			}
		}
	}
	return shown
}

// refreshManaged gets the list anew.
func (a *App) refreshManaged() tea.Cmd {
	p := a.picker
	if a.cfg.Managed == nil || p.managed.attempt != nil {
		return nil
	}
	a.lastAttempt++
	at := newAttempt(a.ctx, a.lastAttempt, session.Target{}, a.cfg.Now())
	p.managed.attempt, p.managed.failed = at, nil
	refresh := a.cfg.Managed.Refresh
	return tea.Batch(a.tick(),
		func() tea.Msg {
			list, err := refresh(at.ctx, func(ev session.Event) { at.post(ev) })
			at.post(managedEnd{list, err})
			return nil
		},
		func() tea.Msg { return managedMsg(at.wait()) },
	)
}

// managedHeard takes what getting the list reported.
func (a *App) managedHeard(msg managedMsg) tea.Cmd {
	p, at := a.picker, msg.attempt
	for _, ev := range msg.events {
		if end, ok := ev.(managedEnd); ok {
			at.cancel()
			if p.managed.attempt == at {
				p.managed.attempt = nil
				p.ended(end)
			}
			return nil
		}
		at.apply(ev)
	}
	return tea.Batch(a.tick(), func() tea.Msg { return managedMsg(at.wait()) })
}

func (p *picker) ended(end managedEnd) {
	if end.err == nil || len(end.list.Places) > 0 {
		p.take(end.list)
	}
	if end.err != nil && len(end.list.Places) == 0 {
		p.managed.failed = errorLines(end.err)
	}
}

// giveUpManaged ends getting the list anew; false where nobody does.
func (a *App) giveUpManaged() bool {
	m := &a.picker.managed
	if m.attempt == nil {
		return false
	}
	m.attempt.cancel()
	m.attempt = nil
	return true
}

func (a *App) whyNoManaged() string {
	switch {
	case a.cfg.Managed == nil:
		return textNoManaged
	case a.picker.managed.attempt != nil:
		return textManagedBusy
	}
	return ""
}

func (a *App) copyManagedCode() tea.Cmd {
	if at := a.picker.managed.attempt; at.asksPerson() {
		return a.copySignIn(at)
	}
	a.said = textNoCode
	return nil
}

// managedHeading stands above the tenants: how many, how old, from where.
func (a *App) managedHeading(w int) string {
	m := &a.picker.managed
	text := fmt.Sprintf(textManagedHeading, counted(len(m.Places), "tenant", "tenants"), ago(m.At, a.cfg.Now()), oneLine(m.Source))
	return "  " + a.th.dim.text(fit(text, w-4))
}

// managedRows stand below the list: what is being done to get it, or why it is
// not all.
func (a *App) managedRows(w int) (rows []string) {
	m, th := &a.picker.managed, a.th
	var lines []line
	switch at := m.attempt; {
	case at != nil:
		words := textManagedAsking
		if n := len(at.lines); n > 0 {
			words = strings.TrimSpace(at.lines[n-1].text) + " …"
		}
		lines = append(at.codeLines(a.cfg.Now(), a.cfg.ReducedMotion, "alt+c"), line{text: words, kind: kindNote})
	case m.failed != nil:
		lines = m.failed
	case m.Problem != "":
		lines = append(lines, line{text: textError + " " + oneLine(m.Problem), kind: kindError})
		if m.Hint != "" {
			lines = append(lines, line{text: textHint + " " + oneLine(m.Hint), kind: kindDim})
		}
	}
	for _, l := range lines {
		for _, part := range wrapWords(l.text, max(10, w-6)) {
			rows = append(rows, "    "+th.lineStyle(l.kind).text(part))
		}
	}
	if len(rows) > 0 {
		rows = append([]string{""}, rows...)
	}
	return rows
}
