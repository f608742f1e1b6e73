package ui

import (
	"fmt"
	"time"

	"psdeck/session"
)

// page is rows with a cursor; cy -1: none. Keep is a row that must stay visible.
type page struct {
	rows   []string
	cx, cy int
	keep   int
}

func (p *page) add(rows ...string) { p.rows = append(p.rows, rows...) }

// stepMargin is where what belongs to a step stands.
const stepMargin = 20

func margin(w int) int {
	if w < 70 {
		return 4
	}
	return stepMargin
}

// drawWizard gives the page's rows and where the cursor is (y -1: none).
func (a *App) drawWizard(w, h int) (rows []string, x, y int) {
	wz, th := a.wizard, a.th
	p := &page{cy: -1}
	p.add(" " + th.bold.text(textNewTitle))
	p.add(a.demoRows(w)...)
	if h > 20 {
		p.add("")
	}
	gap := func() {
		if h > 24 && !wz.connecting() {
			p.add("")
		}
	}
	a.drawTenant(p, w)
	gap()
	a.drawEndpoint(p, w)
	gap()
	a.drawSignIn(p, w)
	if wz.hint != "" {
		p.add("", "  "+th.err.text(fit(wz.hint, w-3)))
		p.keep = len(p.rows) - 1
	}
	if len(wz.failure) > 0 {
		p.add("")
		for _, l := range wz.failure {
			for _, text := range wrapWords(l.text, w-4) {
				p.add("  " + th.lineStyle(l.kind).text(text))
			}
		}
		p.keep = len(p.rows) - 1
	}
	return a.windowed(p, w, h)
}

// windowed cuts a page to the screen around the row that matters, and puts the footer under it.
func (a *App) windowed(p *page, w, h int) (rows []string, x, y int) {
	room := max(1, h-1)
	keep := max(p.keep, p.cy)
	top := 0
	if len(p.rows) > room {
		top = min(max(0, keep-room+1), len(p.rows)-room)
		if p.cy >= 0 && p.cy < top {
			top = p.cy
		}
	}
	rows = append(rows, p.rows[top:min(len(p.rows), top+room)]...)
	for len(rows) < room {
		rows = append(rows, "")
	}
	y = p.cy - top
	if p.cy < 0 || y < 0 || y >= room {
		y = -1
	}
	foot := a.footer(inWizard, "", w)
	switch f := a.wizard.focus; {
	case a.wizard.connecting():
		foot = a.footing(w, textConnectingFoot)
	case f == fieldMethod, f == fieldSecret, f == fieldClient, f == fieldFile:
		foot = a.footing(w, textMethodFoot)
	}
	return append(rows, foot), p.cx, y
}

// demoRows say that the deck runs on the embedded lab.
func (a *App) demoRows(w int) []string {
	if a.cfg.Demo == nil {
		return nil
	}
	var rows []string
	for _, text := range wrapWords(oneLine(a.cfg.Demo.Text), w-2) {
		rows = append(rows, " "+a.th.dim.text(text))
	}
	return rows
}

// step is the head of a step: number, name, what was answered, a tick.
func (a *App) step(p *page, n int, name, answer string, done bool, w int) {
	th := a.th
	tick := " "
	if done {
		tick = "✓"
	}
	head := fmt.Sprintf("  %d %s", n, pad(name, margin(w)-5))
	if margin(w) < stepMargin {
		head = fmt.Sprintf("  %d %s  ", n, name)
	}
	p.add(split(th.bold.text(head)+" "+answer, tick+" ", w))
}

// field is a text field with its label.
func (a *App) field(p *page, n int, label string, w int) {
	wz, th := a.wizard, a.th
	m := margin(w) - 2
	focus := wz.focus == n && !wz.connecting()
	lead := spaces(m)
	label = pad(label, min(18, w/2-m))
	if focus {
		lead += th.accent.text("› " + label)
	} else {
		lead += "  " + th.dim.text(label)
	}
	lead += "  "
	text, x := wz.inputs[n].draw(max(1, w-width(lead)-1))
	if focus {
		p.cx, p.cy = width(lead)+x, len(p.rows)
	}
	if wz.inputs[n].text() == "" && !focus {
		text = th.dim.text(emptyHint(n))
	}
	p.add(fit(lead+text, w))
}

func emptyHint(n int) string {
	switch n {
	case fieldUser:
		return textAnyAccount
	case fieldDomain:
		return textOwnDomain
	case fieldDiscovery, fieldPowerShell, fieldResource:
		return textByDiscovery
	default:
		return ""
	}
}

// choice is a field that is not typed.
func (a *App) choice(p *page, n int, label, value, how string, w int) {
	wz, th := a.wizard, a.th
	m := margin(w) - 2
	focus := wz.focus == n && !wz.connecting()
	label = pad(label, min(18, w/2-m))
	row := spaces(m)
	if focus {
		row += th.accent.text("› " + label)
		p.keep = len(p.rows)
	} else {
		row += "  " + th.dim.text(label)
		how = ""
	}
	p.add(fit(row+"  "+value+"   "+th.dim.text(how), w))
}

func (a *App) drawTenant(p *page, w int) {
	wz, th := a.wizard, a.th
	env, word := th.env(wizardEnvs()[wz.env])
	if wz.connecting() {
		t := wz.asked
		who, what := oneLine(t.UserName), oneLine(t.OverrideAdminDomain)
		if who == "" {
			who = textAnyAccount
		}
		answer := who
		if what != "" {
			answer += "  →  " + textManage + "  " + what
		}
		a.step(p, 1, textStepTenant, answer+"  "+env.text(word), true, w)
		return
	}
	a.step(p, 1, textStepTenant, "", false, w)
	a.field(p, fieldUser, textUserName, w)
	a.field(p, fieldDomain, textManageDomain, w)
	a.choice(p, fieldEnv, textEnvironment, env.text("▌"+word), textEnvHow, w)
	locked := textNo
	if wz.locked {
		locked = textYes
	}
	a.choice(p, fieldReadOnly, textReadOnlyLabel, locked, textReadOnlyHow, w)
}

func (a *App) drawEndpoint(p *page, w int) {
	wz, th := a.wizard, a.th
	at := wz.attempt
	if at == nil {
		a.step(p, 2, textStepEndpoint, th.dim.text(wz.endpointWords()), false, w)
		fold := textMoreClosed
		if wz.more {
			fold = textMoreOpen
		}
		a.choice(p, fieldMore, fold, "", textMoreHow, w)
		if wz.more {
			a.field(p, fieldDiscovery, textDiscoveryURI, w)
			a.field(p, fieldPowerShell, textPowerShellURI, w)
			a.field(p, fieldResource, textTokenResource, w)
		}
		return
	}
	answer := textLooking
	if at.endpoint != "" {
		answer = shortURL(at.endpoint)
	}
	a.step(p, 2, textStepEndpoint, answer, at.endpoint != "", w)
	a.attemptRows(p, at, w, func(s session.Stage) bool { return s == "" || s == session.StageDomain || s == session.StageDiscovery })
}

// attemptRows are the lines of an attempt that belong to some stages.
func (a *App) attemptRows(p *page, at *attempt, w int, of func(session.Stage) bool) {
	m := margin(w)
	if w < 100 {
		m = 1 // hops are long
	}
	for _, l := range at.lines {
		if of(l.stage) && l.text != "" {
			p.add(fit(spaces(m)+"  "+a.th.lineStyle(l.kind).text(l.text), w))
			p.keep = len(p.rows) - 1
		}
	}
}

func (w *wizard) endpointWords() string {
	if w.inputs[fieldPowerShell].text() != "" {
		return textGivenURI
	}
	return textByDiscovery
}

func (a *App) drawSignIn(p *page, w int) {
	wz, th := a.wizard, a.th
	at := wz.attempt
	if at != nil {
		answer := wz.methods[wz.method].name
		if at.account.UserName != "" {
			answer = oneLine(at.account.UserName)
		}
		a.step(p, 3, textStepSignIn, answer, at.account.UserName != "", w)
		a.drawConnecting(p, at, w)
		return
	}
	a.step(p, 3, textStepSignIn, "", false, w)
	for i, m := range wz.methods {
		row, focus := spaces(margin(w)-2), wz.focus == fieldMethod
		name := pad(m.name, 18)
		switch {
		case i == wz.method && focus:
			row += th.accent.text("› "+name) + "  "
			p.keep = len(p.rows)
		case i == wz.method:
			row += "› " + th.bold.text(name) + "  "
		default:
			row += "  " + name + "  "
		}
		p.add(fit(row+th.dim.text(m.note), w))
	}
	labels := map[int]string{fieldClient: textClientID, fieldFile: textCertificateFile, fieldSecret: wz.chosen().secret}
	for _, f := range wz.chosen().fields {
		a.field(p, f, labels[f], w)
	}
}

// drawConnecting is what a person has to do now, and what goes on.
func (a *App) drawConnecting(p *page, at *attempt, w int) {
	th, now := a.th, a.cfg.Now()
	later := func(s session.Stage) bool {
		return s != "" && s != session.StageDomain && s != session.StageDiscovery
	}
	a.attemptRows(p, at, w, later)
	code := at.codeLines(now, a.cfg.ReducedMotion, "c")
	p.add("")
	for _, l := range code {
		for _, text := range wrapWords(l.text, w-6) {
			p.add("     " + th.lineStyle(l.kind).text(text))
		}
	}
	if len(code) == 0 {
		text := textConnecting
		if !a.cfg.ReducedMotion {
			text += " " + clock(now.Sub(at.started).Truncate(time.Second))
		}
		p.add("     " + th.dim.text("▸ "+text))
	}
	p.keep = len(p.rows) - 1
}
