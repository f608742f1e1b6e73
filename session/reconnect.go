package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// outputMayMiss is said in a command that ran while its session was joined anew.
const outputMayMiss = "The connection was lost, and the session joined anew: output of that time may be missing here. The command was not sent again."

// leavePatience is how long a server may take to let go of a session that could
// be joined but not used.
const leavePatience = 5 * time.Second

// ErrDisconnected is how a line ends whose session was left on the server: it
// runs on there.
var ErrDisconnected = errors.New("the session was disconnected; the command runs on at the server")

// lifeline is what a transport needs to bring a lost connection back; nil where
// it shall not.
func (s *Session) lifeline(patience time.Duration) *lifeline {
	if patience < 0 {
		return nil
	}
	return &lifeline{
		ctx: s.ctx, spawn: s.spawn, patience: patience,
		interrupted: s.interrupted, regained: s.regained, join: s.join,
	}
}

func (s *Session) interrupted(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Opened {
		s.lost = cause
		s.become(Interrupted)
	}
}

func (s *Session) regained() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubted = true
	if s.state == Interrupted {
		s.become(Opened)
	}
}

// joinedAnew is how often the session was joined anew.
func (s *Session) joinedAnew() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rejoins
}

// join joins a pool that is there on the server ([MS-PSRP] 3.1.5.4.14).
func (s *Session) join(send func(connectXML []byte) ([]byte, error)) error {
	out, err := s.client.Connect()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.rejoins++ // what comes from here on may come after a loss
	s.mu.Unlock()
	answer, err := send(out.Bytes())
	if err != nil {
		return err
	}
	events, err := s.client.Feed(uuid.Nil, answer)
	for _, ev := range events {
		s.poolEvent(ev)
	}
	if err != nil {
		return fmt.Errorf("reading the server's answer to Connect: %w", err)
	}
	if st := s.client.State(); st != psrp.PoolOpened {
		return fmt.Errorf("the server's answer to Connect leaves the runspace pool %s", st)
	}
	return nil
}

// Disconnect leaves the session on the server, where it and what runs in it go
// on for idle (zero: as long as the server keeps it), and ends it here. Lines
// under way end with [ErrDisconnected]. [Target.Attach] with the session's ID
// joins it again, from any process. A server that keeps no sessions refuses
// with an error, and nothing has changed then; that is noted in Capabilities.
func (s *Session) Disconnect(ctx context.Context, idle time.Duration) error {
	return s.Leave(ctx, LeaveOptions{Idle: idle})
}

// LeaveOptions say how a session is left on its server.
type LeaveOptions struct {
	// Idle is how long the server keeps it; zero: as long as it does by itself.
	Idle time.Duration
	// OutputBufferingMode is what becomes of output that nobody takes: Drop or
	// Block; empty: as the session's options say.
	OutputBufferingMode string
}

// Leave is [Session.Disconnect] with options.
func (s *Session) Leave(ctx context.Context, o LeaveOptions) error {
	if st := s.State(); !st.alive() {
		return s.gone(st)
	}
	t, ok := s.transport.(*overWSMan)
	if !ok {
		err := errors.New("only sessions over WS-Management can be left on their server")
		return &Error{Doing: "disconnecting", Err: err, Class: ClassUsage}
	}
	ctx, cancel := context.WithTimeout(ctx, s.cancelTimeout())
	defer cancel()
	waitFor(ctx, &s.ending) // or whoever joins finds commands that are over
	s.mu.Lock()
	was := s.state
	s.err = ErrDisconnected // what ends from now on ends for this reason
	s.become(Disconnected)
	s.mu.Unlock()
	if err := t.Leave(ctx, o.Idle, orElse(o.OutputBufferingMode, s.target.Options.OutputBufferingMode)); err != nil {
		s.mu.Lock()
		s.err = nil
		s.become(was)
		s.mu.Unlock()
		var fault *wsman.Fault
		if errors.As(err, &fault) {
			t.refused("Disconnect", fault)
		}
		return Explain("disconnecting", err)
	}
	// Receives end now by the server's word. One that was given up instead could
	// still reach the server, and take from whoever joins next.
	answered, done := context.WithTimeout(ctx, leavePatience)
	waitFor(answered, &s.work)
	done()
	s.leaveAlone()
	return nil
}

// leaveAlone ends the session here and leaves the server's side as it is, but
// for the connection to it.
func (s *Session) leaveAlone() {
	if t, ok := s.transport.(*overWSMan); ok && s.State() != Disconnected {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), leavePatience)
		_ = t.Leave(ctx, 0, "") // or nobody could join it: it would be in use
		cancel()
	}
	s.cancel()
	s.work.Wait()
	if t, ok := s.transport.(*overWSMan); ok {
		t.client.Close()
	}
	s.mu.Lock()
	if s.state != Disconnected {
		s.become(Closed)
	}
	s.mu.Unlock()
	s.endOnce.Do(func() { close(s.ended) })
}
