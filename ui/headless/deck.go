package headless

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"psdeck/session"
	"psdeck/session/safetext"
)

// deck is a call of exec as the session cmdlets act on it: sessions without a
// screen, one of which the next line runs in.
type deck struct{ *call }

var _ interface {
	session.Deck
	session.Lister
	session.Announcer
} = deck{}

// Open implements [session.Deck]. Without a target, the lines that follow run in
// what was opened, also where it is kept in a variable.
func (d deck) Open(ctx context.Context, t session.Target, _ bool, watch func(session.Event)) (*session.Session, error) {
	s, err := d.connect(ctx, t, watch)
	if d.failed = err; err != nil {
		return nil, err
	}
	fmt.Fprintf(d.Stderr, "psdeck: opened %s: the server says it is %s\n", safetext.Clean(s.Name()), s.Proof().Label())
	if d.home != nil {
		d.current = s
	}
	return s, nil
}

// Announces implements [session.Announcer]: standard output holds what lines
// ask for, standard error what happens.
func (deck) Announces() {}

// Show implements [session.Deck].
func (d deck) Show(_ context.Context, s *session.Session) error {
	if s == nil && d.home == nil {
		return errors.New("there is no home session beside a target")
	}
	d.current = s
	return nil
}

// Close implements [session.Deck].
func (d deck) Close(ctx context.Context, s *session.Session) error {
	d.drop(s)
	return s.Close(ctx)
}

// Leave implements [session.Deck].
func (d deck) Leave(ctx context.Context, s *session.Session, o session.LeaveOptions) error {
	if err := s.Leave(ctx, o); err != nil {
		return err
	}
	d.drop(s)
	return nil
}

// drop takes a session off the list; lines go on in the one before it.
func (d deck) drop(s *session.Session) {
	d.open = slices.DeleteFunc(d.open, func(have *session.Session) bool { return have == s })
	if d.current != s {
		return
	}
	d.current = nil
	if n := len(d.open); n > 0 {
		d.current = d.open[n-1]
	}
}

// Shells implements [session.Lister].
func (d deck) Shells(ctx context.Context, t session.Target) (*session.Shells, error) {
	if d.Config.Shells == nil {
		return nil, errors.New("servers cannot be asked for their sessions here")
	}
	return d.Config.Shells(ctx, t)
}
