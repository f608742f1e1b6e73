package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session/complete"
)

// popup is what can be written at the cursor of a draft. It is made from what
// is known here, on the key itself; no server is asked.
type popup struct {
	complete.Result
	known  int // so many items are of the language; lines that ran before follow
	chosen int // -1: none, so that Enter runs the line
	top    int
	rows   int // what it took at the most, so that the prompt does not jump
	text   string
	at     int
}

// shown tells whether there is something to choose for the draft as it is.
func (p *popup) shown(e *editor) bool {
	return len(p.Items) > 0 && p.text == e.text && p.at == e.at
}

func (p *popup) close() { *p = popup{chosen: -1} }

// suggestFrom is how many letters of a word make the popup open by itself.
const suggestFrom = 2

// suggest looks up what can be written; asked tells that a person wants it,
// not only types.
func (t *tab) suggest(asked bool) {
	e := &t.editor
	rows := t.popup.rows
	t.popup.close()
	c, ok := t.runner.(completer)
	if !ok || t.dead || e.text == "" {
		return
	}
	if !asked && !worthwhile(e) {
		return
	}
	var env complete.Env
	if known := c.Completion(); known != nil {
		env = *known
	}
	env.History = func() []string { return t.history.of(t.owner()) }
	r := complete.Complete(e.text, e.at, &env)
	known := len(r.Items)
	t.again(&r)
	word := e.text[r.Start:min(r.End, max(r.Start, e.at))]
	switch {
	case len(r.Items) == 0:
		return
	case !asked && (e.at != r.End || len(r.Items) == 1 && strings.EqualFold(r.Items[0].Text, word)):
		return
	}
	t.popup = popup{Result: r, known: known, chosen: -1, rows: rows, text: e.text, at: e.at}
}

// againMost is how many lines that ran before are offered for a draft.
const againMost = 5

// again adds the lines of the tab that begin as the draft does, where they ran
// in the tenant that the tab is in now.
func (t *tab) again(r *complete.Result) {
	e := &t.editor
	if len(r.Items) == 0 {
		r.Start, r.End = e.at, e.at
	}
	if e.at != len(e.text) || r.End != e.at {
		return
	}
	from := min(r.Start, strings.LastIndexByte(e.text, ' ')+1)
	known := r.Items
	for _, line := range t.history.like(e.text, t.owner(), againMost) {
		if slices.ContainsFunc(known, func(it complete.Item) bool { return strings.EqualFold(it.Text, line[r.Start:]) }) {
			continue
		}
		shown := line[from:]
		if from > 0 {
			shown = "… " + shown
		}
		r.Items = append(r.Items, complete.Item{Text: line[r.Start:], List: shown, Kind: complete.History, Tip: textRanBefore + "\n" + line})
	}
}

// owner is whom the lines of the tab are for: a proved tenant, or this machine.
func (t *tab) owner() string {
	switch {
	case t.home:
		return "home"
	case t.live == nil || !t.live.Proof().Proved:
		return ""
	}
	p := t.live.Proof()
	return p.TenantID + "\x00" + p.Domain + "\x00" + p.Label()
}

// worthwhile tells whether a word has been begun.
func worthwhile(e *editor) bool {
	word := e.text[:e.at]
	if i := strings.LastIndexAny(word, " \t\n|;({,=@"); i >= 0 {
		word = word[i+1:]
	}
	return len(word) >= suggestFrom || strings.HasPrefix(word, "-")
}

// typedOn keeps the popup in step with the draft after a key.
func (t *tab) typedOn(before string) {
	if t.search != nil {
		t.look()
		return
	}
	if t.editor.text == before {
		t.popup.close()
		return
	}
	t.suggest(false)
}

// complete is the key for completing: it writes what is certain, and then
// chooses.
func (a *App) complete() tea.Cmd {
	t := a.tab()
	if t == nil {
		return nil
	}
	p := &t.popup
	if p.shown(&t.editor) && p.chosen >= 0 {
		p.choose(1)
		return nil
	}
	if !p.shown(&t.editor) {
		t.suggest(true)
	}
	switch {
	case p.known == 0:
		return a.expand(t)
	case p.known == 1 && (len(p.Items) == 1 || p.Items[0].Text != t.editor.text[p.Start:p.End]):
		t.write(p.Items[0].Text)
		t.popup.close()
	case !t.extend():
		p.choose(1)
	}
	return nil
}

// expander is a session whose server may complete a line.
type expander interface {
	Expand(ctx context.Context, line string, cursor int) (complete.Result, bool)
}

// expandedMsg is what a server said can be written in a draft.
type expandedMsg struct {
	tab, version int
	result       complete.Result
	ok           bool
}

// expand asks the server where nothing is known here. Keys do not wait for it:
// an answer to a draft that is no more is dropped.
func (a *App) expand(t *tab) tea.Cmd {
	x, ok := t.runner.(expander)
	if !ok || t.dead || t.current != nil || t.editor.text == "" {
		a.nothingMore(t)
		return nil
	}
	ctx, id, version, text, at := t.ctx, t.id, t.editor.version, t.editor.text, t.editor.at
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, expandPatience)
		defer cancel()
		r, ok := x.Expand(ctx, text, at)
		return expandedMsg{id, version, r, ok}
	}
}

// expandPatience is how long an answer is of use.
const expandPatience = 5 * time.Second

func (a *App) expanded(msg expandedMsg) {
	t := a.byID(msg.tab)
	if t == nil || t.editor.version != msg.version {
		return
	}
	if !msg.ok {
		a.nothingMore(t)
		return
	}
	t.popup = popup{Result: msg.result, known: len(msg.result.Items), chosen: -1, text: t.editor.text, at: t.editor.at}
	if len(msg.result.Items) == 1 {
		t.write(msg.result.Items[0].Text)
		t.popup.close()
	}
}

// nothingMore is for a draft that only lines that ran before can complete, if
// anything.
func (a *App) nothingMore(t *tab) {
	if p := &t.popup; !p.shown(&t.editor) {
		a.said = textNothingToComplete
	} else if p.chosen < 0 {
		p.choose(1)
	}
}

// extend writes as much as all items of the language begin with; it tells
// whether that was more.
func (t *tab) extend() bool {
	p := &t.popup
	common := p.Items[0].Text
	for _, it := range p.Items[1:p.known] {
		n := 0
		for n < len(common) && n < len(it.Text) && common[n]|0x20 == it.Text[n]|0x20 {
			n++
		}
		common = common[:n]
	}
	common = strings.ToValidUTF8(common, "")
	if len(common) <= p.End-p.Start {
		return false
	}
	t.write(common)
	t.suggest(true)
	return true
}

// write puts a text in the place of the word.
func (t *tab) write(text string) {
	t.editor.replace(t.popup.Start, t.popup.End, text)
	t.notice = notice{}
}

// choose moves the choice, round and round.
func (p *popup) choose(by int) {
	n := len(p.Items)
	switch {
	case p.chosen < 0 && by < 0:
		p.chosen = n - 1
	case p.chosen < 0:
		p.chosen = 0
	default:
		p.chosen = (p.chosen + by + n) % n
	}
}

// choosing is the popup that has the keyboard's arrows, or nil.
func (a *App) choosing() *popup {
	if t := a.tab(); a.page == pageDeck && t != nil && t.popup.shown(&t.editor) {
		return &t.popup
	}
	return nil
}

func popupMove(by int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		a.choosing().choose(by)
		return nil
	}
}

// popupAccept writes what is chosen.
func (a *App) popupAccept() tea.Cmd {
	t := a.tab()
	t.write(t.popup.Items[t.popup.chosen].Text)
	t.popup.close()
	return nil
}

func (a *App) popupClose() tea.Cmd {
	a.tab().popup.close()
	return nil
}

// popupAction is the popup's own action for a key. Until something is chosen
// only Down and Esc are its: Enter runs the line and Up goes to older lines.
func (a *App) popupAction(k tea.KeyPressMsg) *action {
	p := a.choosing()
	if p == nil {
		return nil
	}
	ac := a.keys.find(inPopup, k)
	if ac == nil || p.chosen < 0 && (ac.id == "popupup" || ac.id == "popupaccept") {
		return nil
	}
	return ac
}

func popupActions() []action {
	return []action{
		{id: "popupdown", key: bind("the next completion", "down"), scope: inPopup, do: popupMove(1)},
		{id: "popupup", key: bind("the completion before, once one is chosen", "up"), scope: inPopup, do: popupMove(-1)},
		{id: "popupback", key: bind("the completion before, or the last one", "shift+tab"), scope: inPopup, do: popupMove(-1)},
		{id: "popupaccept", key: bind("write the completion that is chosen; with none chosen the line runs", "enter"), scope: inPopup, do: (*App).popupAccept},
		{id: "popupclose", key: bind("close the completions", "esc"), scope: inPopup, do: (*App).popupClose},
	}
}
