package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// deck is the App as the session cmdlets act on it: its tabs. The cmdlets run on
// the goroutines of their lines, and ask Update to do what they want.
type deck struct{ app *App }

var _ interface {
	session.Deck
	session.Lister
} = deck{}

// request is something to be done by Update; done is closed then.
type request struct {
	do   func(*App) tea.Cmd
	done chan struct{}
}

// requestMsg is a request that has come in.
type requestMsg request

// opening is a tab that a cmdlet waits for.
type opening struct {
	watch func(session.Event)
	ended chan attemptEnd // takes one
	stay  *tab            // goes back to the screen when the session is open; nil: none
}

// ask has Update do something and waits until it is done.
func (a *App) ask(ctx context.Context, do func(*App) tea.Cmd) error {
	req := request{do, make(chan struct{})}
	select {
	case a.asked <- req:
	case <-ctx.Done():
		return ctx.Err()
	case <-a.ctx.Done():
		return a.ctx.Err()
	}
	select {
	case <-req.done:
		return nil
	case <-a.ctx.Done():
		return a.ctx.Err()
	}
}

func (a *App) waitAsked() tea.Cmd {
	return func() tea.Msg {
		select {
		case req := <-a.asked:
			return requestMsg(req)
		case <-a.ctx.Done():
			return nil
		}
	}
}

func (a *App) requested(msg requestMsg) tea.Cmd {
	cmd := msg.do(a)
	close(msg.done)
	return tea.Batch(cmd, a.waitAsked())
}

// Open implements [session.Deck]: a tab that connects is shown, so that a
// person can sign in.
func (d deck) Open(ctx context.Context, t session.Target, stay bool, watch func(session.Event)) (*session.Session, error) {
	o := &opening{watch: watch, ended: make(chan attemptEnd, 1)}
	var at *attempt
	err := d.app.ask(ctx, func(a *App) tea.Cmd {
		if stay {
			o.stay = a.tab()
		}
		cmd := a.openTabFor(t, o)
		at = a.tabs[len(a.tabs)-1].attempt
		return cmd
	})
	if err != nil {
		return nil, err
	}
	select {
	case end := <-o.ended:
		return sessionIn(end.session), end.err
	case <-ctx.Done():
		at.cancel() // the line was stopped, and with it what it began
		return nil, ctx.Err()
	case <-d.app.ctx.Done():
		return nil, d.app.ctx.Err()
	}
}

// sessionIn is the session behind what the deck shows; nil for another kind.
func sessionIn(s Session) *session.Session {
	if live, ok := s.(liveSession); ok {
		return live.Session
	}
	return nil
}

// openedFor tells the cmdlet that waits how its tab's connecting ended.
func (a *App) openedFor(t *tab, end attemptEnd) tea.Cmd {
	o := t.opening
	if o == nil {
		return nil
	}
	t.opening = nil
	if live := sessionIn(end.session); live == nil && end.err == nil {
		end.err = errors.New(textNoSession)
	}
	o.ended <- end
	if o.stay == nil || end.err != nil {
		return nil
	}
	for i, other := range a.tabs {
		if other == o.stay {
			return a.activate(i)
		}
	}
	return nil
}

// tabWith is the index of the tab of a session; -1 for none.
func (a *App) tabWith(s *session.Session) int {
	for i, t := range a.tabs {
		if t.live != nil && sessionIn(t.live) == s {
			return i
		}
	}
	return -1
}

// Show implements [session.Deck].
func (d deck) Show(ctx context.Context, s *session.Session) error {
	var err error
	asked := d.app.ask(ctx, func(a *App) tea.Cmd {
		if s == nil {
			if a.cfg.Home == nil {
				err = errors.New(textNoHome)
				return nil
			}
			return a.showHome()
		}
		i := a.tabWith(s)
		if i < 0 {
			err = errors.New(textNoSession)
			return nil
		}
		return a.activate(i)
	})
	return errors.Join(asked, err)
}

// Shells implements [session.Lister].
func (d deck) Shells(ctx context.Context, t session.Target) (*session.Shells, error) {
	if d.app.cfg.Shells == nil {
		return nil, errors.New(textNoShells)
	}
	return d.app.cfg.Shells(ctx, t)
}

// Close implements [session.Deck].
func (d deck) Close(ctx context.Context, s *session.Session) error {
	d.parting(ctx, s, true)
	err := s.Close(ctx)
	return errors.Join(err, d.app.ask(context.WithoutCancel(ctx), func(a *App) tea.Cmd { return a.takeAway(s) }))
}

// Leave implements [session.Deck].
func (d deck) Leave(ctx context.Context, s *session.Session) error {
	d.parting(ctx, s, true)
	if err := s.Disconnect(ctx, 0); err != nil {
		d.parting(ctx, s, false)
		return err
	}
	return d.app.ask(context.WithoutCancel(ctx), func(a *App) tea.Cmd { return a.takeAway(s) })
}

// parting says that a session's end, now, is wanted.
func (d deck) parting(ctx context.Context, s *session.Session, on bool) {
	_ = d.app.ask(context.WithoutCancel(ctx), func(a *App) tea.Cmd {
		if i := a.tabWith(s); i >= 0 {
			a.tabs[i].leaving = on
		}
		return nil
	})
}

// takeAway takes the tab of a session that has ended off the deck.
func (a *App) takeAway(s *session.Session) tea.Cmd {
	i := a.tabWith(s)
	if i < 0 {
		return nil
	}
	a.endImports(a.tabs[i].live)
	a.tabs[i].live = nil // nothing is closed there
	return a.closeTab(a.tabs[i])
}

// reachedWords is what a block says of a session that its line reached.
func reachedWords(r *session.Reached) string {
	_, word := (&theme{}).env(r.Env)
	return oneLine(r.Name()) + " " + word
}
