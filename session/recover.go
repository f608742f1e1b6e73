package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"psdeck/session/wsman"
)

// DefaultPatience is how long a lost connection is looked for before a session
// counts as broken: as long as PowerShell's own client looks for it.
const DefaultPatience = 4 * time.Minute

// lifeline is what overWSMan has of its session, to come back to a server that
// was lost.
type lifeline struct {
	ctx   context.Context // the session's
	spawn func(func())
	// patience is how long to look for the server.
	patience time.Duration
	// interrupted is told that the connection is lost and looked for, regained
	// that it is there again.
	interrupted func(cause error)
	regained    func()
	// join joins the pool as another client would, where messages on their way
	// may be lost: send takes a connectXml to the server and brings its answer.
	join func(send func(connectXML []byte) ([]byte, error)) error
}

// link is the state of the connection to the server. Its fields are guarded by
// the mutex of the overWSMan that it belongs to.
type link struct {
	epoch   int           // how often the connection was found again
	looking chan struct{} // closed when the look is over; nil while there is none
	since   time.Time     // of the first loss since the server last answered; zero: none
	tries   int           // since then
	left    bool          // given up from this side
	gone    error         // why it is not looked for any longer
	running map[uuid.UUID]bool
}

// GoneError says that a server could not be reached again: how long it was
// looked for, and why at last.
type GoneError struct {
	For time.Duration
	Err error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("the server could not be reached again for %s: %v", e.For.Round(time.Second), e.Err)
}

func (e *GoneError) Unwrap() error { return e.Err }

// mayComeBack tells a failure of the way to the server, which another attempt
// may mend, from one of the session.
func mayComeBack(err error) bool {
	var (
		lost  *wsman.TransportError
		page  *wsman.HTTPError
		fault *wsman.Fault
		dns   *net.DNSError
	)
	switch {
	case errors.As(err, &fault):
		return fault.IsDisconnected()
	case errors.As(err, &lost):
		return !lost.Permanent() || errors.As(err, &dns) // names do not resolve without a network
	case errors.As(err, &page):
		// A proxy's or a portal's page in place of the server's answer.
		return page.Status == http.StatusOK || page.Status >= 500 || page.Status == http.StatusTooManyRequests
	}
	return false
}

// isDisconnected tells that the server has the shell and waits for a Reconnect.
func isDisconnected(err error) bool {
	var fault *wsman.Fault
	return errors.As(err, &fault) && fault.IsDisconnected()
}

// mark is the epoch that an exchange begins in.
func (t *overWSMan) mark() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.link.epoch
}

// answered notes that the server has answered.
func (t *overWSMan) answered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.link.since, t.link.tries = time.Time{}, 0
}

// Ready implements transport.
func (t *overWSMan) Ready(ctx context.Context) error {
	t.mu.Lock()
	looking, gone := t.link.looking, t.link.gone
	t.mu.Unlock()
	if looking == nil {
		return gone
	}
	select {
	case <-looking:
		return t.Ready(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// regain brings the connection back that an exchange has lost which began in
// the epoch seen; nil: it is there, go on. Whoever comes while it is looked for
// waits for the same look.
func (t *overWSMan) regain(ctx context.Context, cause error, seen int) error {
	if t.life == nil || !mayComeBack(cause) {
		return cause
	}
	t.mu.Lock()
	l := &t.link
	switch {
	case l.left:
		t.mu.Unlock()
		return ErrClosed
	case l.gone != nil:
		t.mu.Unlock()
		return l.gone
	case l.epoch != seen:
		t.mu.Unlock()
		return nil
	case l.looking == nil:
		l.looking = make(chan struct{})
		if l.since.IsZero() {
			l.since = time.Now()
		}
		t.life.spawn(func() { t.look(cause) })
	}
	t.mu.Unlock()
	return t.Ready(ctx)
}

// look tries to reach the server until that succeeds, is hopeless, or has
// taken too long.
func (t *overWSMan) look(cause error) {
	t.life.interrupted(cause)
	t.mu.Lock()
	since := t.link.since
	t.mu.Unlock()
	ctx, cancel := context.WithDeadline(t.life.ctx, since.Add(t.life.patience))
	defer cancel()
	err := t.tryUntil(ctx, cause)
	if err != nil && t.life.ctx.Err() == nil && mayComeBack(err) {
		err = &GoneError{For: time.Since(since), Err: err}
	}
	if err == nil {
		t.life.regained()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.link.epoch++
	} else {
		t.link.gone = err
	}
	close(t.link.looking)
	t.link.looking = nil
}

func (t *overWSMan) tryUntil(ctx context.Context, cause error) error {
	for err := cause; ; {
		t.mu.Lock()
		tries := t.link.tries
		t.link.tries++
		t.mu.Unlock()
		if !pausedFor(ctx, pauseBetween(tries)) {
			return err
		}
		err = t.tryOnce(ctx, isDisconnected(cause))
		if err == nil || !mayComeBack(err) || ctx.Err() != nil {
			return err
		}
	}
}

// pauseBetween is how long to wait before another attempt: not before the
// first, and never longer than a person wants to wait once the network is back.
func pauseBetween(tries int) time.Duration {
	if tries == 0 {
		return 0
	}
	return min(250*time.Millisecond<<min(tries-1, 6), 5*time.Second)
}

func pausedFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// tryOnce makes one attempt. Reconnect is sent for a connection that was cut
// too: its answer, whatever it is, tells that the server is there and the shell
// is, and a shell that was Disconnected meanwhile is Connected again.
func (t *overWSMan) tryOnce(ctx context.Context, disconnected bool) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	err = shell.Reconnect(ctx)
	var fault *wsman.Fault
	switch {
	case err == nil:
		return t.reconnectCommands(ctx, shell)
	case !errors.As(err, &fault), fault.IsShellNotFound(), fault.IsServerGone(), fault.IsAccessDenied():
		return err
	case !disconnected && !fault.IsDisconnected():
		return nil // it takes no Reconnect of a shell that is connected
	}
	t.refused("Reconnect", fault)
	return t.joinAnew(ctx, shell)
}

// reconnectCommands brings back the commands that run, after their shell. One
// that the server does not bring back says so at its next Receive.
func (t *overWSMan) reconnectCommands(ctx context.Context, shell *wsman.Shell) error {
	for _, id := range t.runningCommands() {
		err := shell.ReconnectCommand(ctx, id)
		var fault *wsman.Fault
		if err != nil && !errors.As(err, &fault) {
			return err
		}
	}
	return nil
}

func (t *overWSMan) runningCommands() []uuid.UUID {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []uuid.UUID
	for id := range t.link.running {
		list = append(list, id)
	}
	return list
}

// joinAnew joins the shell as another client would ([MS-PSRP] 3.1.5.4.14).
func (t *overWSMan) joinAnew(ctx context.Context, shell *wsman.Shell) error {
	err := t.life.join(func(connectXML []byte) ([]byte, error) { return shell.Connect(ctx, connectXML) })
	if err != nil {
		return err
	}
	for _, id := range t.runningCommands() {
		err := shell.ConnectCommand(ctx, id)
		var fault *wsman.Fault
		if err != nil && !errors.As(err, &fault) {
			return err
		}
	}
	return nil
}
