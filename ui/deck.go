package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// deck is the App as the session cmdlets act on it: its tabs. The cmdlets run on
// the goroutines of their lines, and ask Update to do what they want.
type deck struct{ app *App }

var _ interface {
	session.Deck
	session.Lister
	session.Placer
} = deck{}

// request is something to be done by Update; done is closed then.
type request struct {
	do   func(*App) tea.Cmd
	done chan struct{}
}

// requestMsg is a request that has come in.
type requestMsg request

// opening is a tab that a cmdlet waits for. It opens beside the one that the
// cmdlet was typed in, and comes to the screen where nobody types meanwhile.
type opening struct {
	watch func(session.Event)
	ended chan attemptEnd // takes one
	from  *tab            // on screen when the cmdlet ran; nil: none
	typed time.Time       // when its line was given
	stay  bool            // lines go on being typed there
	asked bool            // that a person has to sign in was said
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

// Open implements [session.Deck]: the tab is shown when the session is open, or
// when a person has to sign in.
func (d deck) Open(ctx context.Context, t session.Target, stay bool, watch func(session.Event)) (*session.Session, error) {
	o := &opening{watch: watch, ended: make(chan attemptEnd, 1), stay: stay}
	var at *attempt
	err := d.app.ask(ctx, func(a *App) tea.Cmd {
		o.from, o.typed = a.tab(), a.lineTyped()
		if again := a.tabLeft(t.Attach); again != nil {
			again.opening = o
			cmd := a.rejoin(again)
			at = again.attempt
			return cmd
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
	var shown tea.Cmd
	if end.err == nil {
		shown = a.showOpened(t, o)
	}
	if live := sessionIn(end.session); live == nil && end.err == nil {
		end.err = errors.New(textNoSession)
	}
	o.ended <- end
	return shown
}

// showOpened goes to a tab that a cmdlet has opened, or back to where lines go
// on being typed; while somebody types nothing moves. The cmdlet says where it is.
func (a *App) showOpened(t *tab, o *opening) tea.Cmd {
	to := t
	if o.stay && o.from != nil {
		to = o.from
	}
	i, here := slices.Index(a.tabs, to), a.tab()
	if i >= 0 && here != to && (here == t || here == o.from) && a.untouched(o.typed) {
		return a.activate(i)
	}
	return nil
}

// noteBeside says in a tab what there is in another.
func (a *App) noteBeside(t, in *tab, text string) {
	n := slices.Index(a.tabs, t) + 1
	if in == nil || slices.Index(a.tabs, in) < 0 || n == 0 {
		return
	}
	_, word := a.th.env(t.target.Env)
	in.note(fmt.Sprintf(text, n, t.name()+" "+word, keyTo(n)))
	a.marked(in)
}

// keyTo is the key that goes to the tab with number n.
func keyTo(n int) string {
	if n > 9 {
		return "alt+right"
	}
	return fmt.Sprintf("alt+%d", n)
}

// askBeside shows a tab that a cmdlet opens when a person has to sign in there,
// or says so where that person types.
func (a *App) askBeside(t *tab) tea.Cmd {
	o := t.opening
	if o == nil || o.asked || t == a.tab() || !t.asks() && !t.attempt.asksPerson() {
		return nil
	}
	o.asked = true
	if i := slices.Index(a.tabs, t); a.tab() == o.from && a.untouched(o.typed) {
		return a.activate(i)
	}
	a.noteBeside(t, o.from, textAsksBeside)
	return nil
}

// keyQuiet is how long no key has come before the keyboard may go elsewhere.
const keyQuiet = time.Second

// untouched tells whether the keyboard may be taken elsewhere for a line that
// was given then: no text is being typed, and no key came since, or for a while.
func (a *App) untouched(given time.Time) bool {
	t := a.tab()
	if a.page != pageDeck || t == nil || t.editor.text != "" || a.help != nil || a.dialog() != nil && !t.asks() {
		return false
	}
	return !a.keyed.After(given) || a.cfg.Now().Sub(a.keyed) >= keyQuiet
}

// lineTyped is when the line that runs on screen was given; now, where none does.
func (a *App) lineTyped() time.Time {
	if t := a.tab(); t != nil && t.current != nil {
		return t.current.given
	}
	return a.cfg.Now()
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

// Place implements [session.Placer].
func (d deck) Place(ctx context.Context, s *session.Session) string {
	place := textNewTab
	_ = d.app.ask(ctx, func(a *App) tea.Cmd {
		if i := a.tabWith(s); i >= 0 {
			place = fmt.Sprintf(textTabNumber, i+1, keyTo(i+1))
		}
		return nil
	})
	return place
}

// Show implements [session.Deck].
func (d deck) Show(ctx context.Context, s *session.Session) error {
	var err error
	asked := d.app.ask(ctx, func(a *App) tea.Cmd {
		here := a.tab()
		stays := here != nil && !a.untouched(a.lineTyped())
		if s == nil {
			if a.cfg.Home == nil {
				err = errors.New(textNoHome)
				return nil
			}
			if stays {
				here.note(textTypingStays)
				return nil
			}
			return a.showHome()
		}
		i := a.tabWith(s)
		if i < 0 {
			err = errors.New(textNoSession)
			return nil
		}
		if stays && a.tabs[i] != here {
			a.noteBeside(a.tabs[i], here, textOpenedBeside)
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
func (d deck) Leave(ctx context.Context, s *session.Session, o session.LeaveOptions) error {
	d.parting(ctx, s, true)
	if err := s.Leave(ctx, o); err != nil {
		d.parting(ctx, s, false)
		return err
	}
	return d.app.ask(context.WithoutCancel(ctx), func(a *App) tea.Cmd {
		if i := a.tabWith(s); i >= 0 {
			a.keepLeft(a.tabs[i])
		}
		return nil
	})
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
