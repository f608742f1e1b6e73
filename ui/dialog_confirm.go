package ui

import (
	"fmt"
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

// paste is not taken: the name has to be typed.
func (c *confirm) paste(string) {}

func (c *confirm) panel(a *App, w int) panel {
	p := panel{title: c.tab.name(), env: c.tab.target.Env, named: true, cy: -1}
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
