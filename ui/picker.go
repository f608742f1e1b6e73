package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// picker is the list of places, with a search that takes every letter.
type picker struct {
	search field
	places []Place
	shown  []int // indexes of places, best match first
	at     int   // in shown, then the extra rows
	top    int
	extras []pickerExtra
	busy   string // what is being started
	failed []line

	managed managedList
}

// pickerExtra is a row below the places.
type pickerExtra struct {
	text string
	do   func(a *App) tea.Cmd
}

func newPicker(cfg Config) *picker {
	p := &picker{search: newField("", false), places: slices.Clone(cfg.Places)}
	p.extras = append(p.extras, pickerExtra{textNewConnection, (*App).newConnection})
	if cfg.Lab != nil {
		p.extras = append(p.extras, pickerExtra{textLab, (*App).startLab})
	}
	if cfg.Home != nil {
		p.extras = append(p.extras, pickerExtra{textHomeRow, (*App).showHome})
	}
	if cfg.Managed != nil {
		p.extras = append(p.extras, pickerExtra{textManagedRow, (*App).refreshManaged})
		list, err := cfg.Managed.Kept()
		if err != nil {
			p.managed.failed = errorLines(err)
		}
		p.take(list)
	}
	p.filter()
	return p
}

// placeNames is what the search looks at.
type placeNames []Place

func (n placeNames) Len() int { return len(n) }
func (n placeNames) String(i int) string {
	return n[i].Name + " " + n[i].Detail + " " + n[i].Target.OverrideAdminDomain
}

// filter finds the places that match, again.
func (p *picker) filter() {
	p.shown, p.at, p.top = p.shown[:0], 0, 0
	words := strings.TrimSpace(p.search.text())
	if words == "" {
		for i := range p.places {
			p.shown = append(p.shown, i)
		}
		return
	}
	p.shown = append(p.shown, match(p.places, words)...)
}

func (p *picker) rows() int { return len(p.shown) + len(p.extras) }

func pickMove(by int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		p := a.picker
		p.at = min(max(0, p.at+by), p.rows()-1)
		return nil
	}
}

func (a *App) pick() tea.Cmd {
	p := a.picker
	if p.busy != "" {
		return nil
	}
	if p.at < len(p.shown) {
		place := p.places[p.shown[p.at]]
		t := place.Target
		if t.Name == "" {
			t.Name = place.Name
		}
		if t.Env == "" {
			t.Env = place.Env
		}
		if place.managed && a.cfg.Managed.Opened != nil {
			a.cfg.Managed.Opened(place)
			p.used(place, a.cfg.Now())
		}
		p.search.clear()
		p.filter()
		return a.openTab(t)
	}
	return p.extras[p.at-len(p.shown)].do(a)
}

func (a *App) pickBack() tea.Cmd {
	p := a.picker
	switch {
	case a.giveUpManaged():
		return nil
	case p.search.text() != "":
		p.search.clear()
		p.filter()
		return nil
	case len(a.tabs) > 0:
		return a.activate(a.active)
	case a.cfg.Home != nil:
		return a.showHome()
	default:
		return a.askQuit()
	}
}

func (a *App) showPicker() tea.Cmd {
	a.page = pagePicker
	return nil
}

// labMsg brings the tenants of the lab that was started.
type labMsg struct {
	places []Place
	err    error
}

func (a *App) startLab() tea.Cmd {
	p := a.picker
	if p.busy != "" {
		return nil
	}
	p.busy, p.failed = textLabStarting, nil
	start, ctx := a.cfg.Lab, a.ctx
	return func() tea.Msg {
		places, err := start(context.WithoutCancel(ctx))
		return labMsg{places, err}
	}
}

func (a *App) labStarted(msg labMsg) tea.Cmd {
	p := a.picker
	p.busy = ""
	if msg.err != nil {
		p.failed = errorLines(msg.err)
		return nil
	}
	p.places = append(p.places, msg.places...)
	kept := p.extras[:0]
	for _, e := range p.extras {
		if e.text != textLab {
			kept = append(kept, e)
		}
	}
	p.extras = kept
	p.filter()
	return nil
}

// drawPicker gives the page's rows and where the cursor is.
func (a *App) drawPicker(w, h int) (rows []string, x, y int) {
	p, th := a.picker, a.th
	title := th.bold.text(" "+textName) + th.dim.text(a.versionWords())
	rows = append(rows, split(title, th.dim.text(a.placesWords())+" ", w))
	rows = append(rows, a.demoRows(w)...)
	if h > 10 {
		rows = append(rows, "")
	}
	ask := "  " + textWhereTo + "  "
	text, cx := p.search.draw(max(1, w-width(ask)-2))
	x, y = width(ask)+cx, len(rows)
	rows = append(rows, ask+text, "  "+th.dim.text(strings.Repeat("─", max(0, w-4))))
	rows = a.pickerList(rows, w, h)
	for len(rows) < h-1 {
		rows = append(rows, "")
	}
	return append(rows[:h-1], a.footer(inPicker, textLettersSearch, w)), x, y
}

func (a *App) pickerList(rows []string, w, h int) []string {
	p, th := a.picker, a.th
	below := a.managedRows(w)
	tail := len(p.extras) + 3 + len(p.failed) + len(below)
	if len(p.managed.Places) > 0 {
		tail += 2
	}
	room := max(1, h-len(rows)-tail)
	if p.at < len(p.shown) {
		p.top = min(max(p.top, p.at-room+1), p.at)
	}
	p.top = max(0, min(p.top, len(p.shown)-room))
	headed := false
	for i := p.top; i < min(len(p.shown), p.top+room); i++ {
		if p.places[p.shown[i]].managed && !headed {
			if headed = true; i > p.top {
				rows = append(rows, "")
			}
			rows = append(rows, a.managedHeading(w))
		}
		rows = append(rows, a.pickerRow(p.places[p.shown[i]], i == p.at, w))
	}
	if len(p.shown) == 0 && len(p.places) > 0 {
		rows = append(rows, "    "+th.dim.text(textNoMatch))
	}
	if len(p.places) > 0 {
		rows = append(rows, "")
	}
	for i, e := range p.extras {
		rows = append(rows, marked(th, e.text, p.at == len(p.shown)+i))
	}
	if p.busy != "" {
		rows = append(rows, "", "    "+th.dim.text(p.busy))
	}
	for _, l := range p.failed {
		rows = append(rows, "    "+th.lineStyle(l.kind).text(fit(l.text, w-5)))
	}
	return append(rows, below...)
}

// marked is a row of a list: with the mark of focus, or without.
func marked(th *theme, text string, focus bool) string {
	if focus {
		return "  " + th.accent.text("› "+text)
	}
	return "    " + text
}

// pickerRow is a place: name, detail, environment, when it was last open.
func (a *App) pickerRow(pl Place, focus bool, w int) string {
	th := a.th
	env, word := th.env(pl.Env)
	last := ago(pl.Last, a.cfg.Now())
	room := w - 4 - 2 - 6 - 14
	name, detail := oneLine(pl.Name), oneLine(pl.Detail)
	if room < 24 {
		return fit(marked(th, pad(name, max(6, w-12)), focus)+"  "+env.text(word), w)
	}
	nw := max(10, room*2/5)
	text := marked(th, pad(name, nw), focus) + " " + th.dim.text(pad(detail, room-nw))
	return text + " " + env.text(pad(word, 6)) + th.dim.text(fit(last, 14))
}

func (a *App) placesWords() string {
	m := len(a.picker.managed.Places)
	words := counted(len(a.picker.places)-m, "place", "places")
	if m > 0 {
		words += " · " + counted(m, "tenant", "tenants")
	}
	return words
}

// used moves a tenant that was opened to the front of its list.
func (p *picker) used(place Place, now time.Time) {
	list := p.managed.ManagedList
	i := slices.IndexFunc(list.Places, func(pl Place) bool { return pl.Key == place.Key })
	if i < 0 {
		return
	}
	place.Last = now
	list.Places = append([]Place{place}, slices.Delete(slices.Clone(list.Places), i, i+1)...)
	p.take(list)
}

func (a *App) versionWords() string {
	if a.cfg.Version == "" {
		return ""
	}
	return " " + a.cfg.Version
}
