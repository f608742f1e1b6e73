package auth

import (
	"fmt"
	"time"
)

// leeway is how far two clocks may be apart without a word: what servers allow.
const leeway = 5 * time.Minute

// likelySkew is how far from now a token's times may be for the clock of this
// machine to be a likely reason.
const likelySkew = 15 * time.Minute

// ExpiredError is a token past its end.
type ExpiredError struct {
	At  time.Time // when it ended
	Now time.Time
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("the token expired at %s, %s ago", e.At.UTC().Format(time.RFC3339), ago(e.Now.Sub(e.At)))
}

func (e *ExpiredError) hint() string {
	const next = "get a new token, or sign in with --user-name"
	if e.Now.Sub(e.At) <= likelySkew {
		return next + "; if the token is new, the clock of this machine is ahead (psdeck check measures it)"
	}
	return next
}

// NotYetError is a token that is good only later (nbf, RFC 7519 4.1.5).
type NotYetError struct {
	From time.Time // when it becomes good
	Now  time.Time
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("the token is good only from %s, in %s", e.From.UTC().Format(time.RFC3339), ago(e.From.Sub(e.Now)))
}

func (e *NotYetError) hint() string {
	if e.From.Sub(e.Now) <= likelySkew {
		return "the clock of this machine is probably behind by about " + ago(e.From.Sub(e.Now)) + ": set it (psdeck check measures it), or get a token that is good now"
	}
	return "get a token that is good now; if this one is new, set the clock of this machine (psdeck check measures it)"
}

// ago is a duration as a person says it.
func ago(d time.Duration) string {
	if days := int(d.Hours() / 24); days >= 2 {
		return fmt.Sprintf("%d days", days)
	}
	return d.Round(time.Second).String()
}

// CheckTimes tells whether the token is good at the time now. The error is an
// [*ExpiredError] or a [*NotYetError]. A token passes that does not say when
// it begins and ends, and one that begins within the five minutes that clocks
// are allowed to be apart.
func (t Token) CheckTimes(now time.Time) error {
	if !t.NotBefore.IsZero() && now.Add(leeway).Before(t.NotBefore) {
		return &NotYetError{From: t.NotBefore, Now: now}
	}
	return t.CheckExpiry(now)
}

// CheckExpiry tells whether the token is still good at the time now. The error
// is an [*ExpiredError]. A token that does not say when it ends passes.
func (t Token) CheckExpiry(now time.Time) error {
	if t.Expires.IsZero() || now.Before(t.Expires) {
		return nil
	}
	return &ExpiredError{At: t.Expires, Now: now}
}

// skewed tells whether a token that the authority issued this moment cannot be
// good by this machine's clock: the clock is wrong then, not the token.
func (b *Broker) skewed(op string, t Token) error {
	if t.CheckTimes(b.cfg.Now()) == nil {
		return nil
	}
	ahead := time.Duration(b.http.ahead.Load())
	if ahead.Abs() < leeway {
		return nil // the authority's own clock agrees: the token is the strange one
	}
	return &Error{
		Kind: KindClock, Op: op, Msg: SkewText(ahead),
		Hint: "set the clock of this machine, then try again",
	}
}

// SkewText says how far this machine's clock is from another's.
func SkewText(ahead time.Duration) string {
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	d := ahead.Abs()
	if d >= 2*time.Minute {
		d = d.Round(time.Minute) // a Date has whole seconds, and the answer took its time
	}
	return fmt.Sprintf("the clock of this machine is %s %s the authority's", ago(d), way)
}
