package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"psdeck/auth"
)

// authorityPatience is how long an authority may take to answer when a request
// of an open session needs a token.
const authorityPatience = 2 * time.Minute

// withoutPerson runs what needs nobody within the time that an authority has.
func (e *endpoint) withoutPerson(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, authorityPatience)
	defer cancel()
	return do(ctx)
}

// letSignInAgain has an open session ask its person to sign in again where its
// tokens cannot be renewed any more: however many requests find that out, the
// person is asked once, and they wait.
func (cn *connecting) letSignInAgain(s *Session) {
	if !cn.target.SignInAgain || cn.given != nil || cn.signedIn.ClientID == "" {
		return
	}
	var mu sync.Mutex
	var under *signingIn
	again := func(ctx context.Context, why error) error {
		var needed *auth.SignInNeededError
		if !errors.As(why, &needed) {
			return why
		}
		mu.Lock()
		if under == nil {
			one := &signingIn{done: make(chan struct{})}
			under = one
			s.spawn(func() {
				one.err = cn.signInOnce(s.ctx, needed)
				mu.Lock()
				under = nil
				mu.Unlock()
				close(one.done)
			})
		}
		one := under
		mu.Unlock()
		select {
		case <-one.done:
			return one.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	cn.endpoint.again.Store(&again)
}

// signingIn is a sign-in under way; err is set before done is closed.
type signingIn struct {
	done chan struct{}
	err  error
}

// signInOnce has the same person sign in, in the same way.
func (cn *connecting) signInOnce(ctx context.Context, needed *auth.SignInNeededError) error {
	cn.watch(StageStarted{StageSignIn, "The sign-in is over; the session waits for a new one"})
	req := cn.signedIn
	req.Claims, req.Fresh, req.UserName = needed.Claims, true, cn.account.UserName
	return cn.signInAs(ctx, req)
}
