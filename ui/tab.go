package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
	"psdeck/session/wsman"
)

// tab is one session on the deck with all that a person has on screen of it.
type tab struct {
	id     int
	home   bool
	target session.Target
	ctx    context.Context
	cancel context.CancelFunc

	runner   Runner // nil while there is no session
	live     Session
	attempt  *attempt     // connecting, or the last one that failed
	signing  *attempt     // of the live session, for a sign-in that is needed again
	dead     bool         // the session ended by itself
	leaving  bool         // it is being left on the server: its end is no loss
	left     *leftSession // on its server, from where it can be joined again; nil: it was not
	unproved bool         // that it is not known which tenant this is was said

	mode session.SendMode // how lines are sent

	scroll  *scrollback
	editor  editor
	kept    int // version of the editor with a line that was not run; 0: none
	popup   popup
	history history
	search  *search // nil: none goes on
	notice  notice
	current *running
	queue   []queued
	dialogs []*shownDialog
	seq     int // of the newest request; answers to older ones are dropped
	unread  bool
	block   *block   // of the connecting that goes on
	opening *opening // the cmdlet that waits for it; nil: none
}

// notice is what stands under the prompt: what is wrong with the line.
type notice struct {
	text string
	at   int // byte offset that the caret points at; -1: no caret
}

// queued is a line that waits until the session is free.
type queued struct {
	line      string
	confirmed bool
	given     time.Time
}

func (a *App) newTab(t session.Target) *tab {
	a.lastTab++
	tb := &tab{id: a.lastTab, target: t, scroll: newScrollback()}
	tb.ctx, tb.cancel = context.WithCancel(a.ctx)
	a.tabs = append(a.tabs, tb)
	return tb
}

// name is what the tab is called: what the server says it is, or what was asked for.
func (t *tab) name() string {
	switch {
	case t.home:
		return textHome
	case t.live != nil && t.live.Proof().Proved:
		return oneLine(t.live.Proof().Label())
	case t.left != nil:
		return t.left.name
	default:
		return oneLine(t.target.Label())
	}
}

// proved tells whether the server has said which tenant it is.
func (t *tab) proved() bool { return t.home || t.live != nil && t.live.Proof().Proved }

func (t *tab) connecting() bool { return t.attempt != nil && !t.attempt.done }

// stateWords is what the tab strip says after the name: a dot, and a word where
// not all is well; a star where something has come that was not seen.
func (t *tab) stateWords() string {
	words := "●"
	switch {
	case t.asks(), t.connecting() && t.attempt.asksPerson():
		words = "? " + textAsks
	case t.connecting():
		words = "◌ " + textConnecting
	case t.signing.asksPerson():
		words = "? " + textAsks
	case t.attempt != nil:
		words = "✗ " + textNotConnected
	case t.left != nil:
		words = "◌ " + textDisconnected
	case t.dead:
		words = "✗ " + textLost
	case t.live != nil && t.live.State() == session.Interrupted:
		words = "◌ " + textInterrupted
	case t.current != nil:
		words = "▸"
	case t.home:
		words = ""
	}
	if t.unread {
		words = strings.TrimLeft(words+" *", " ")
	}
	return words
}

// asks tells whether the server or the sign-in waits for an answer.
func (t *tab) asks() bool {
	return slices.ContainsFunc(t.dialogs, func(d *shownDialog) bool {
		_, ours := d.dialog.(*confirm)
		return !ours
	})
}

// say appends what the deck itself has to say.
func (t *tab) say(lines ...line) { t.scroll.append(lines...) }

func (t *tab) note(text string) { t.say(line{text: text, kind: kindNote}) }

// begin opens a block for a line: a blank line, the line itself, its state at the right.
func (t *tab) begin(b *block) {
	if t.scroll.end() > t.scroll.dropped {
		t.say(line{kind: kindBlank})
	}
	for i, text := range remoteLines(b.command) {
		t.say(line{text: text, kind: kindCommand, block: b, first: i == 0})
	}
}

// openTab opens a tab that connects to a target. An environment that is not
// known is shown as production, so production's rules have to hold.
func (a *App) openTab(t session.Target) tea.Cmd { return a.openTabFor(t, nil) }

// openTabFor is openTab for a session cmdlet that waits.
func (a *App) openTabFor(t session.Target, o *opening) tea.Cmd {
	if t.Env == "" {
		t.Env = session.Prod
	}
	tb := a.newTab(t)
	tb.opening = o
	if o != nil {
		return a.startAttempt(tb)
	}
	return tea.Batch(a.startAttempt(tb), a.activate(len(a.tabs)-1))
}

// startAttempt connects a tab.
func (a *App) startAttempt(t *tab) tea.Cmd {
	a.lastAttempt++
	at := newAttempt(t.ctx, a.lastAttempt, t.target, a.cfg.Now())
	if t.opening != nil {
		at.watch = t.opening.watch
	}
	t.attempt, t.dead = at, false
	t.block = &block{command: fmt.Sprintf(textConnectTo, oneLine(t.target.Label())), state: blockRunning, started: at.started, word: textConnecting}
	t.begin(t.block)
	return tea.Batch(a.runAttempt(at), a.tick())
}

func (a *App) runAttempt(at *attempt) tea.Cmd {
	connector := a.cfg.Connector
	return tea.Batch(
		func() tea.Msg { at.connect(connector); return nil },
		func() tea.Msg { return at.wait() },
	)
}

// attempted takes what an attempt reported. One that nobody waits for any more
// gets its session closed.
func (a *App) attempted(msg attemptMsg) tea.Cmd {
	at := msg.attempt
	t := a.tabOf(at)
	inWizard := a.wizard != nil && a.wizard.attempt == at
	var cmds []tea.Cmd
	for _, ev := range msg.events {
		switch ev := ev.(type) {
		case attemptEnd:
			return tea.Batch(append(cmds, a.attemptEnded(at, t, inWizard, ev))...)
		case passwordAsked:
			cmds = append(cmds, a.askPassword(at, t, ev))
			if t != nil {
				cmds = append(cmds, a.askBeside(t))
			}
		default:
			added := at.apply(ev)
			if t != nil {
				t.say(added...)
				a.marked(t)
				cmds = append(cmds, a.askBeside(t))
			}
		}
	}
	if t != nil && t.signing == at {
		ctx := t.ctx
		return tea.Batch(append(cmds, func() tea.Msg { return at.waitLater(ctx) }, a.tick())...)
	}
	return tea.Batch(append(cmds, func() tea.Msg { return at.wait() }, a.tick())...)
}

func (a *App) tabOf(at *attempt) *tab {
	for _, t := range a.tabs {
		if t.attempt == at || t.signing == at {
			return t
		}
	}
	return nil
}

func (a *App) attemptEnded(at *attempt, t *tab, inWizard bool, end attemptEnd) tea.Cmd {
	switch {
	case t == nil && !inWizard:
		return closeStale(end.session)
	case inWizard && end.err != nil:
		a.wizard.failed(at, end.err)
		return nil
	case inWizard:
		t = a.newTab(at.target)
		t.target = a.wizard.asked
		t.attempt = at
		t.block = &block{command: fmt.Sprintf(textConnectTo, oneLine(t.target.Label())), state: blockRunning, started: at.started}
		t.begin(t.block)
		for _, l := range at.lines {
			t.say(l.line)
		}
		a.wizard.attempt = nil
		a.wizard = nil
		a.activate(len(a.tabs) - 1)
	}
	givenUp := at.ctx.Err() != nil
	t.dropPasswordDialogs()
	t.block.took = a.cfg.Now().Sub(at.started)
	if end.err != nil {
		if t.opening != nil {
			end.err = session.AsTyped(end.err)
		}
		t.block.state, t.block.word = blockFailed, textNotConnected
		lines := at.fail(end.err)
		if givenUp {
			lines = nil
		}
		t.say(lines...)
		var fault *wsman.Fault
		if t.left != nil && errors.As(end.err, &fault) && fault.IsShellNotFound() {
			t.left, t.target.Attach = nil, "" // it is gone: F5 connects anew
		}
		t.note(textRetry)
		a.marked(t)
		return a.openedFor(t, end)
	}
	return a.opened(t, at, end.session)
}

// opened gives a tab its session.
func (a *App) opened(t *tab, at *attempt, s Session) tea.Cmd {
	at.done = true
	t.attempt, t.live, t.runner, t.dead = nil, s, s, false
	if t.left != nil {
		t.left, t.target.Attach = nil, ""
	}
	t.unproved = !s.Proof().Proved
	t.signing = at
	ctx := t.ctx
	t.block.state, t.block.word = blockDone, ""
	if !s.Proof().Proved {
		t.say(line{text: fmt.Sprintf(textUnprovedWhy, oneLine(s.Proof().Why)), kind: kindWarning})
	} else {
		t.note(fmt.Sprintf(textOpened, t.name()))
	}
	t.scroll.touch()
	a.marked(t)
	if live := sessionIn(s); live != nil {
		a.cmdlets.Adopt(live)
	}
	again := func() tea.Msg { return at.waitLater(ctx) }
	return tea.Batch(a.watchEnd(t, s), a.watchState(t, s), again, a.openedFor(t, attemptEnd{session: s}))
}

func (a *App) watchEnd(t *tab, s Session) tea.Cmd {
	ctx := t.ctx
	return func() tea.Msg {
		select {
		case <-s.Done():
			return endedMsg{t.id, s}
		case <-ctx.Done():
			return nil
		}
	}
}

// closeStale closes a session that came after it was given up.
func closeStale(s Session) tea.Cmd {
	if s == nil {
		return nil
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Close(ctx) // nobody is left to tell
		return nil
	}
}

// endedMsg says that a session has ended.
type endedMsg struct {
	tab  int
	live Session
}

// ended keeps a tab whose session is gone: output and draft stay, and the next
// step is said.
func (a *App) ended(msg endedMsg) tea.Cmd {
	t := a.byID(msg.tab)
	if t == nil || t.live != msg.live || t.dead || t.leaving {
		return nil
	}
	t.dead, t.signing = true, nil
	t.takeQueueBack()
	err := t.live.Err()
	if err == nil {
		err = errors.New(textEndedByServer)
	}
	t.say(line{kind: kindBlank})
	t.say(errorLines(fmt.Errorf(textSessionLost, err))...)
	for _, hint := range session.HintsOf(err) {
		t.say(line{text: textHint + " " + oneLine(hint), kind: kindDim})
	}
	t.note(textReconnectHint)
	a.marked(t)
	return nil
}

// reconnect connects a tab anew with the same target; its variables are lost.
func (a *App) reconnect() tea.Cmd {
	t := a.tab()
	if why := a.whyNoReconnect(); why != "" {
		return nil
	}
	if t.left != nil {
		return a.rejoin(t)
	}
	old := t.live
	a.endImports(old)
	t.runner, t.live, t.signing = nil, nil, nil
	t.notice = notice{}
	return tea.Batch(closeStale(old), a.startAttempt(t))
}

// marked notes that a tab has news: unread where it is not seen.
func (a *App) marked(t *tab) {
	t.scroll.touch()
	if t != a.tab() || a.page != pageDeck {
		t.unread = true
	}
}

func (a *App) byID(id int) *tab {
	for _, t := range a.tabs {
		if t.id == id {
			return t
		}
	}
	return nil
}

// closeTab takes a tab off the deck and closes its session.
func (a *App) closeTab(t *tab) tea.Cmd {
	for i, other := range a.tabs {
		if other != t {
			continue
		}
		a.tabs = append(a.tabs[:i], a.tabs[i+1:]...)
		if a.active > i || a.active == len(a.tabs) {
			a.active = max(0, a.active-1)
		}
	}
	if t.attempt != nil {
		t.attempt.cancel()
	}
	_ = a.openedFor(t, attemptEnd{err: context.Canceled})
	live := t.live
	a.endImports(live)
	cancel := t.cancel
	var follow tea.Cmd
	if len(a.tabs) == 0 {
		follow = a.showPicker()
	} else {
		follow = a.activate(a.active)
	}
	return tea.Batch(follow, func() tea.Msg {
		msg := closeStale(live)
		if msg != nil {
			msg()
		}
		cancel()
		return nil
	})
}
