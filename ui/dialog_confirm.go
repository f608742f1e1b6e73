package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// confirm asks before a line that changes something, in a frame that names the
// tenant. The draft stays until it was confirmed.
type confirm struct {
	tab     *tab
	line    string
	verdict session.Verdict
	input   field
	wrong   bool
	strays  bool // keys came that were meant for the prompt
	ignored bool // and so the Enter behind them was not taken
}

func newConfirm(t *tab, text string, v session.Verdict) *confirm {
	return &confirm{tab: t, line: text, verdict: v, input: newField("", false)}
}

func (c *confirm) key(a *App, k tea.KeyPressMsg) (bool, tea.Cmd) {
	switch a.keys.inDialog(k) {
	case dialogCancel:
		c.tab.keep()
		return true, nil
	case dialogAccept:
		if c.verdict.Typed != "" && strings.TrimSpace(c.input.text()) != c.verdict.Typed {
			c.wrong = true
			return false, nil
		}
		if c.strays {
			c.strays, c.ignored = false, true
			return false, nil
		}
		return true, a.take(c.tab, c.line, true)
	}
	c.wrong = false
	if c.verdict.Typed != "" {
		c.input.key(k)
	} else if k.Text != "" {
		c.strays, c.ignored = true, false // somebody types the next line
	}
	return false, nil
}

// names are the tenants that the line reaches; the tab's own where nothing is
// known of that.
func (c *confirm) names() []tenantName {
	if len(c.verdict.Reached) == 0 {
		return []tenantName{{c.tab.name(), c.tab.target.Env}}
	}
	var names []tenantName
	for i := range c.verdict.Reached {
		r := &c.verdict.Reached[i]
		name := tenantName{oneLine(r.Name()), r.Env}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// whereRows say where the line runs, if that is not just the tab it was typed in.
func (c *confirm) whereRows(th *theme, w int) []string {
	names := c.names()
	here := tenantName{c.tab.name(), c.tab.target.Env}
	if len(names) == 1 && names[0] == here && !c.tab.home {
		return nil
	}
	parts := make([]string, len(names))
	for i, n := range names {
		style, word := th.env(n.env)
		parts[i] = fit(n.text, w-width(word)-2) + " " + style.text(word)
	}
	rows := []string{}
	typed := textTypedAtHome
	if !c.tab.home {
		_, word := th.env(here.env)
		typed = fmt.Sprintf(textTypedIn, here.text, word)
	}
	for _, part := range wrapWords(typed, w) {
		rows = append(rows, th.dim.text(part))
	}
	row := ""
	for _, part := range parts {
		switch {
		case row == "":
			row = part
		case width(row)+2+width(part) > w:
			rows = append(rows, row)
			row = part
		default:
			row += ", " + part
		}
	}
	return append(rows, row, "")
}

// paste is not taken: the name has to be typed.
func (c *confirm) paste(string) {}

func (c *confirm) panel(a *App, w int) panel {
	p := panel{names: c.names(), cy: -1}
	p.rows = append(p.rows, c.whereRows(a.th, w)...)
	command, reason := oneLine(c.verdict.Command), oneLine(c.verdict.Reason)
	if !strings.HasPrefix(reason, command) {
		p.rows = append(p.rows, a.th.bold.text(fit(command, w)))
	}
	for _, row := range wrapWords(reason, w) {
		p.rows = append(p.rows, a.th.bold.text(row))
	}
	p.rows = append(p.rows, "")
	for _, row := range remoteLines(c.line) {
		for _, part := range hardRows(row, w-2) {
			p.rows = append(p.rows, "  "+part)
		}
	}
	if c.verdict.WayOut != "" {
		p.rows = append(p.rows, "")
		for _, row := range wrapWords(oneLine(c.verdict.WayOut), w) {
			p.rows = append(p.rows, a.th.dim.text(row))
		}
	}
	if c.verdict.Typed == "" {
		if c.ignored {
			p.rows = append(p.rows, "")
			for _, row := range wrapWords(textEnterIgnored, w) {
				p.rows = append(p.rows, a.th.err.text(row))
			}
		}
		p.foot = textConfirmFoot
		return p
	}
	ask := fmt.Sprintf(textTypeName, oneLine(c.verdict.Typed)) + "  "
	if width(ask) > w-8 {
		p.rows = append(p.rows, "")
		p.rows = append(p.rows, wrapWords(strings.TrimSpace(ask), w)...)
		ask = "› "
	} else {
		p.rows = append(p.rows, "")
	}
	text, x := c.input.draw(max(1, w-width(ask)-1))
	p.cx, p.cy = width(ask)+x, len(p.rows)
	p.rows = append(p.rows, ask+text)
	if c.wrong {
		p.rows = append(p.rows, a.th.err.text(textNameWrong))
	}
	p.foot = textTypedFoot
	return p
}
