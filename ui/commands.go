package ui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// What the actions of the deck do. The reasons why one cannot be done stand
// beside them.

func (a *App) enter() tea.Cmd {
	if t := a.tab(); t != nil {
		if t.editor.text == "" && (t.dead || t.attempt != nil && t.attempt.done) {
			return nil
		}
		a.keyed = a.cfg.Now()
		return a.submit(t)
	}
	return nil
}

func (a *App) newline() tea.Cmd {
	if t := a.tab(); t != nil {
		t.editor.insert("\n")
	}
	return nil
}

// interrupt stops what runs; with nothing running it clears the draft; on an
// empty prompt the second one says how to quit.
func (a *App) interrupt() tea.Cmd {
	t := a.tab()
	switch {
	case t == nil:
	case t.current != nil:
		return a.stop(t)
	case t.connecting():
		t.attempt.cancel()
	case t.search != nil:
		t.giveUpSearch()
	case t.editor.text != "":
		t.editor.set("")
		t.notice = notice{}
	default:
		now := a.cfg.Now()
		if !a.interrupted.IsZero() && now.Sub(a.interrupted) < 2*time.Second {
			a.said = textHowToQuit
		}
		a.interrupted = now
	}
	return nil
}

func (a *App) up() tea.Cmd {
	t := a.tab()
	if t == nil || t.takeLastBack() || t.editor.moveLine(-1) {
		return nil
	}
	if text, ok := t.history.step(-1, t.editor.text); ok {
		t.editor.set(text)
		t.notice = notice{}
	}
	return nil
}

func (a *App) down() tea.Cmd {
	t := a.tab()
	if t == nil || t.editor.moveLine(1) {
		return nil
	}
	if text, ok := t.history.step(1, t.editor.text); ok {
		t.editor.set(text)
		t.notice = notice{}
	}
	return nil
}

func (a *App) escape() tea.Cmd {
	if t := a.tab(); t != nil && !t.takeLastBack() {
		t.notice = notice{}
		t.scroll.toEnd()
	}
	return nil
}

func scrollBy(f func(*scrollback)) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		if t := a.tab(); t != nil {
			f(t.scroll)
		}
		return nil
	}
}

func turn(by int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		n := len(a.tabs)
		return a.activate((a.active + by + n) % n)
	}
}

// showHome goes to the home tab, and opens it when there is none yet.
func (a *App) showHome() tea.Cmd {
	for i, t := range a.tabs {
		if t.home {
			return a.activate(i)
		}
	}
	t := a.newTab(homeTarget())
	t.home, t.runner = true, a.cfg.Home(a.cmdlets)
	t.note(textHomeGreeting)
	return a.activate(len(a.tabs) - 1)
}

func (a *App) copyCode() tea.Cmd { return a.copySignIn(a.shownAttempt()) }

// copySignIn copies what a person needs elsewhere to sign in: the device code, or the
// address that the browser was opened with.
func (a *App) copySignIn(at *attempt) tea.Cmd {
	switch {
	case at == nil:
		return nil
	case at.code != nil:
		a.said = textCopied
		return tea.SetClipboard(oneLine(at.code.UserCode))
	case at.browser != "":
		a.said = textAddressCopied
		return tea.SetClipboard(at.browser)
	}
	return nil
}

// shownAttempt is the connecting that is on screen.
func (a *App) shownAttempt() *attempt {
	if a.page == pageWizard {
		return a.wizard.attempt
	}
	if t := a.tab(); t != nil && t.attempt == nil && t.signing.asksPerson() {
		return t.signing
	} else if t != nil {
		return t.attempt
	}
	return nil
}

func (a *App) askClose() tea.Cmd {
	t := a.tab()
	if t == nil {
		return nil
	}
	if t.current == nil {
		return a.closeTab(t)
	}
	return a.openDialog(nil, &sure{
		title: fmt.Sprintf(textCloseTitle, t.name()),
		rows:  []string{fmt.Sprintf(textStillRuns, oneLine(t.current.line)), textCloseStops},
		yes:   textEnterCloses,
		do:    func(a *App) tea.Cmd { return a.closeTab(t) },
	})
}

func (a *App) askQuit() tea.Cmd {
	var rows []string
	for _, t := range a.tabs {
		if t.current != nil {
			rows = append(rows, fmt.Sprintf(textRunsIn, t.name(), oneLine(t.current.line)))
		}
	}
	if len(rows) == 0 {
		return a.quit()
	}
	return a.openDialog(nil, &sure{title: textQuitTitle, rows: append(rows, textCloseStops), yes: textEnterQuits, do: (*App).quit})
}

// turnMode changes how the tab's lines are sent, and says how.
func (a *App) turnMode() tea.Cmd {
	if a.whyNoMode() != "" {
		return nil
	}
	t := a.tab()
	t.mode = (t.mode + 1) % (session.SendScript + 1)
	a.said = textModeAuto
	if t.mode != session.SendAuto {
		a.said = fmt.Sprintf(textModeNow, t.mode)
	}
	return nil
}

func (a *App) whyNoMode() string {
	t := a.tab()
	if t == nil || t.live == nil || t.dead {
		return textNoSession
	}
	if t.live.Capabilities().TextOnly {
		return textTextOnly
	}
	return ""
}

func (a *App) whyNoHome() string {
	if a.cfg.Home == nil {
		return textNoHome
	}
	return ""
}

func (a *App) whyBusy() string {
	if t := a.tab(); t != nil && t.current != nil {
		return textBusy
	}
	return ""
}

func (a *App) whyOneTab() string {
	if len(a.tabs) < 2 {
		return textOneTab
	}
	return ""
}

func (a *App) whyNoTab(n int) string {
	if n > len(a.tabs) {
		return fmt.Sprintf(textNoTab, n)
	}
	return ""
}

func (a *App) whyNoReconnect() string {
	t := a.tab()
	switch {
	case t == nil || t.home:
		return textNothingToConnect
	case t.connecting():
		return textStillConnecting
	case t.live != nil && !t.dead:
		return textIsConnected
	}
	return ""
}

func (a *App) whyNothingToCopy() string {
	if !a.shownAttempt().asksPerson() {
		return textNoCode
	}
	return ""
}

func (a *App) whyNoCode() string {
	if at := a.shownAttempt(); at == nil || at.code == nil {
		return textNoCode
	}
	return ""
}
