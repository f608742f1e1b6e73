package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// stateMsg says that a session has another state.
type stateMsg struct {
	tab  int
	live Session
	was  session.State
}

// watchState waits for the next change of a session's state.
func (a *App) watchState(t *tab, s Session) tea.Cmd {
	changed, was, ctx := s.Changed(), s.State(), t.ctx
	return func() tea.Msg {
		select {
		case <-changed:
			return stateMsg{t.id, s, was}
		case <-s.Done():
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// stateChanged says when a connection is lost and when it is back.
func (a *App) stateChanged(msg stateMsg) tea.Cmd {
	t := a.byID(msg.tab)
	if t == nil || t.live != msg.live || t.dead {
		return nil
	}
	now := msg.live.State()
	if t.unproved && msg.live.Proof().Proved {
		t.unproved = false
		t.note(fmt.Sprintf(textOpened, t.name()))
	}
	switch {
	case now == session.Interrupted && msg.was != now:
		t.say(line{text: oneLine(fmt.Sprintf(textCutOff, msg.live.Err())), kind: kindWarning})
	case now == session.Opened && msg.was == session.Interrupted:
		t.note(textBackAgain)
	}
	a.marked(t)
	return a.watchState(t, msg.live)
}

// keepLeft keeps the tab of a session that a cmdlet left on its server, with all
// that is on its screen; joined again, it goes on there.
func (a *App) keepLeft(t *tab) {
	t.left = &leftSession{id: t.live.ID(), name: t.name()}
	t.live, t.runner, t.signing, t.leaving = nil, nil, nil, false
	t.takeQueueBack()
	t.say(line{kind: kindBlank})
	t.note(textLeftHere)
	a.marked(t)
}

// leftSession is a session that was left on its server.
type leftSession struct{ id, name string }

// tabLeft is the tab that a session was left from; nil: none.
func (a *App) tabLeft(id string) *tab {
	for _, t := range a.tabs {
		if t.left != nil && strings.EqualFold(t.left.id, id) && !t.connecting() {
			return t
		}
	}
	return nil
}

// rejoin connects a tab to the session that was left from it.
func (a *App) rejoin(t *tab) tea.Cmd {
	t.target.Attach, t.notice = t.left.id, notice{}
	return a.startAttempt(t)
}

// leftMsg says what came of leaving a session on its server.
type leftMsg struct {
	tab  int
	live Session
	err  error
}

// leave leaves the session of this tab on its server, with what runs in it.
func (a *App) leave() tea.Cmd {
	t := a.tab()
	if a.whyNoLeave() != "" {
		return nil
	}
	live, timeout := t.live, a.cfg.CloseTimeout
	a.said = fmt.Sprintf(textLeaving, t.name())
	t.leaving = true
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		return leftMsg{t.id, live, live.Disconnect(ctx, 0)}
	}
}

// left closes the tab of a session that was left; one that could not be stays
// as it is.
func (a *App) left(msg leftMsg) tea.Cmd {
	t := a.byID(msg.tab)
	if t == nil || t.live != msg.live {
		return nil
	}
	t.leaving = false
	if msg.err != nil {
		t.say(errorLines(fmt.Errorf(textLeaveFailed, msg.err))...)
		a.marked(t)
		return nil
	}
	t.live = nil // nothing is closed there
	follow := a.closeTab(t)
	a.said = fmt.Sprintf(textLeft4Later, strings.ToUpper(msg.live.ID()))
	return follow
}

func (a *App) whyNoLeave() string {
	if t := a.tab(); t == nil || t.live == nil || t.dead {
		return textNoSession
	}
	return ""
}
