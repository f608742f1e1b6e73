package ui

import (
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"psdeck/auth"
	"psdeck/session"
)

// promptDialog is a question of the server: its words inside, our frame around.
type promptDialog struct {
	tab    *tab
	run    *running
	seq    int
	prompt *session.Prompt
	fields []promptField
	focus  int // of the fields, or of the choices
	help   bool
}

type promptField struct {
	label, help string
	secret      bool
	input       field
}

func newPrompt(t *tab, r *running, p *session.Prompt) *promptDialog {
	d := &promptDialog{tab: t, run: r, seq: r.seq, prompt: p}
	add := func(label, help string, secret bool) {
		d.fields = append(d.fields, promptField{oneLine(label), oneLine(help), secret, newField("", secret)})
	}
	switch {
	case p.Kind == session.PromptChoice:
		if len(p.Default) > 0 && p.Default[0] >= 0 && p.Default[0] < len(p.Choices) {
			d.focus = p.Default[0]
		}
	case len(p.Fields) > 0:
		for _, f := range p.Fields {
			label := f.Label
			if label == "" {
				label = f.Name
			}
			add(label, f.Help, f.Secret)
		}
	case p.Kind == session.PromptCredential:
		add(textUserName, "", false)
		add(textPassword, "", true)
	default:
		add("", "", p.Kind == session.PromptSecret)
	}
	return d
}

func (d *promptDialog) choosing() bool { return d.prompt.Kind == session.PromptChoice }

func (d *promptDialog) key(a *App, k tea.KeyPressMsg) (bool, tea.Cmd) {
	n := len(d.fields)
	if d.choosing() {
		n = len(d.prompt.Choices)
	}
	switch a.keys.inDialog(k) {
	case dialogCancel:
		return true, tea.Batch(d.answer(Answer{Refused: true}), a.stop(d.tab))
	case dialogUp:
		d.focus = max(0, d.focus-1)
		return false, nil
	case dialogDown:
		d.focus = min(max(0, n-1), d.focus+1)
		return false, nil
	case dialogAccept:
		if d.choosing() {
			return true, d.answer(Answer{Choice: d.focus})
		}
		if d.focus < n-1 {
			d.focus++
			return false, nil
		}
		return true, d.answer(Answer{Fields: d.values()})
	}
	if d.choosing() {
		return d.hotKey(k.Text)
	}
	d.fields[d.focus].input.key(k)
	return false, nil
}

// hotKey answers with the choice whose label has this key after an ampersand.
func (d *promptDialog) hotKey(text string) (bool, tea.Cmd) {
	if text == "?" {
		d.help = !d.help
		return false, nil
	}
	for i, c := range d.prompt.Choices {
		if _, key := choiceLabel(c.Label); text != "" && strings.EqualFold(key, text) {
			return true, d.answer(Answer{Choice: i})
		}
	}
	return false, nil
}

// choiceLabel is a label without its ampersand, and the key that stood after it.
func choiceLabel(s string) (label, key string) {
	s = oneLine(s)
	before, after, found := strings.Cut(s, "&")
	if !found || after == "" {
		return s, ""
	}
	r := []rune(after)[0]
	if unicode.IsSpace(r) {
		return s, ""
	}
	return before + after, string(r)
}

// values are the answers; what was typed is forgotten here.
func (d *promptDialog) values() []string {
	values := make([]string, len(d.fields))
	for i := range d.fields {
		values[i] = d.fields[i].input.text()
		d.fields[i].input.clear()
	}
	return values
}

func (d *promptDialog) answer(answer Answer) tea.Cmd {
	run, prompt, ctx, id, seq := d.run.run, d.prompt, d.run.ctx, d.tab.id, d.seq
	return func() tea.Msg { return answeredMsg{id, seq, run.Answer(ctx, prompt, answer)} }
}

func (d *promptDialog) paste(text string) {
	if !d.choosing() {
		d.fields[d.focus].input.paste(text)
	}
}

func (d *promptDialog) panel(a *App, w int) panel {
	p := panel{title: fmt.Sprintf(textAsksWhile, d.tab.name(), oneLine(d.run.line)), cy: -1, foot: textPromptFoot}
	for _, text := range []string{d.prompt.Caption, d.prompt.Message} {
		if strings.TrimSpace(text) == "" {
			continue
		}
		for _, l := range remoteLines(text) {
			p.rows = append(p.rows, wrapWords(l, w)...)
		}
	}
	if len(p.rows) > 0 {
		p.rows = append(p.rows, "")
	}
	if d.choosing() {
		d.choiceRows(a, w, &p)
		return p
	}
	for i := range d.fields {
		d.fieldRow(a, w, i, &p)
	}
	return p
}

func (d *promptDialog) choiceRows(a *App, w int, p *panel) {
	for i, c := range d.prompt.Choices {
		label, key := choiceLabel(c.Label)
		row := "  " + label
		if key != "" {
			row += "  " + a.th.dim.text("("+strings.ToLower(key)+")")
		}
		if i == d.focus {
			row = a.th.accent.text("› " + label)
			if key != "" {
				row += "  " + a.th.dim.text("("+strings.ToLower(key)+")")
			}
			p.cx, p.cy = 0, len(p.rows)
		}
		p.rows = append(p.rows, fit(row, w))
		if d.help && c.Help != "" {
			for _, text := range wrapWords(oneLine(c.Help), max(8, w-4)) {
				p.rows = append(p.rows, "    "+a.th.dim.text(text))
			}
		}
	}
	p.foot = textChoiceFoot
}

func (d *promptDialog) fieldRow(a *App, w, i int, p *panel) {
	f := &d.fields[i]
	label := f.label
	if label != "" {
		label = fit(label, w/2) + "  "
	}
	if f.secret {
		label += a.th.dim.text(fit(fmt.Sprintf(textHidden, d.tab.name()), w/2)) + "  "
	}
	mark := "  "
	if i == d.focus {
		mark = a.th.accent.text("› ")
	}
	text, x := f.input.draw(max(1, w-width(label)-3))
	if i == d.focus {
		p.cx, p.cy = 2+width(label)+x, len(p.rows)
	}
	p.rows = append(p.rows, mark+label+text)
	if i == d.focus && f.help != "" {
		p.rows = append(p.rows, "    "+a.th.dim.text(fit(f.help, w-4)))
	}
}

// passwordDialog asks for a password and the like while a tab connects.
type passwordDialog struct {
	attempt *attempt
	ask     passwordAsked
	input   field
}

func (a *App) askPassword(at *attempt, t *tab, ask passwordAsked) tea.Cmd {
	d := &passwordDialog{at, ask, newField("", !ask.shown)}
	if t == nil && (a.wizard == nil || a.wizard.attempt != at) {
		ask.reply <- auth.Secret{}
		return nil
	}
	return a.openDialog(t, d)
}

func (d *passwordDialog) key(a *App, k tea.KeyPressMsg) (bool, tea.Cmd) {
	switch a.keys.inDialog(k) {
	case dialogCancel:
		d.ask.reply <- auth.Secret{}
		return true, nil
	case dialogAccept:
		d.ask.reply <- auth.NewSecret(d.input.text())
		d.input.clear()
		return true, nil
	}
	d.input.key(k)
	return false, nil
}

func (d *passwordDialog) paste(text string) { d.input.paste(text) }

func (d *passwordDialog) panel(a *App, w int) panel {
	label := d.ask.label + "  "
	text, x := d.input.draw(max(1, w-width(label)-1))
	p := panel{title: oneLine(d.attempt.target.Label()), foot: d.ask.foot, cx: width(label) + x}
	for i, row := range d.ask.rows {
		for _, part := range wrapWords(row, w) {
			if i > 0 {
				part = a.th.dim.text(part)
			}
			p.rows = append(p.rows, part)
		}
	}
	p.rows = append(p.rows, "", label+text)
	p.cy = len(p.rows) - 1
	return p
}
