package session

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"psdeck/auth"
	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/psrp"
)

// State is where a session is in its life.
type State uint8

// The states.
const (
	Opening State = iota
	Opened
	Closing
	Closed
	Broken       // the connection or the server went away
	Interrupted  // the connection is lost and looked for; lines wait
	Disconnected // left on the server, by Disconnect
)

func (s State) String() string {
	return [...]string{"opening", "opened", "closing", "closed", "broken", "interrupted", "disconnected"}[s]
}

// alive tells whether lines can be given to a session in this state.
func (s State) alive() bool { return s == Opened || s == Interrupted }

// Capabilities is what a session found out about its server after opening.
type Capabilities struct {
	// Runspaces is how many lines may run at once.
	Runspaces int
	// MaxEnvelope is the largest envelope that both sides take, in bytes; 0
	// where there are no envelopes.
	MaxEnvelope int
	// Refused is what the server does not do for this account, each with its
	// words: it keeps no disconnected sessions, does not tell its configuration.
	Refused []string
	// LanguageMode is the server's, such as "FullLanguage"; "NoLanguage" also
	// where the server refuses to say, as PowerShell takes it.
	LanguageMode string
	// Protocol is the PSRP version spoken.
	Protocol string
	// TextOnly tells that the server runs command lines and answers with text
	// (WinRS): no objects, no types.
	TextOnly bool
}

// Session is one live remote session. Its methods are safe for concurrent use.
type Session struct {
	id, name  string
	uri       string
	target    Target
	account   auth.Account
	expires   *atomic.Int64 // Unix seconds of the token in use, 0 for none
	now       func() time.Time
	journal   *Journal
	scope     *scope
	client    *psrp.Client
	transport transport
	text      textRunner // set instead of client and transport for text-only sessions

	ctx     context.Context // ends with the session; owns its goroutines
	cancel  context.CancelFunc
	work    sync.WaitGroup
	ending  sync.WaitGroup // pipelines that are over, until the server has freed them
	turns   turns
	opened  chan struct{}
	ended   chan struct{}
	endOnce sync.Once

	// module is what keeps a module of the server signed in; nil: there is none.
	module *module

	// again asks the server anew which tenant it is; nil: nobody asked before.
	again func(ctx context.Context) error

	mu      sync.Mutex
	state   State
	changed chan struct{} // closed and replaced at each change of the state
	err     error         // why it has ended
	lost    error         // why it is interrupted
	doubted bool          // the server has to prove its tenant again before the next line
	rejoins int           // how often the session was joined anew
	// rejoined are the commands that ran when the session was joined.
	rejoined []*Run
	proof    Proof
	caps     Capabilities
	commands *commandList // that the server offers; nil: not asked yet
	latency  time.Duration
	keying   *keyExchange    // the one on its way
	keyPair  *rsa.PrivateKey // offered in each; only the exchange uses it

	console  atomic.Pointer[console]          // where its lines are typed
	catalog  atomic.Pointer[complete.Catalog] // what the session offers
	learned  chan struct{}                    // closed when that is final
	lessons  lessons
	seen     lastSeen
	instance uuid.UUID // of the host that the server sees
	host     *psrp.HostInfo
	answers  answerQueue
	calls    poolCalls
	resizing lock // held while the number of runspaces changes
	events   *userEvents
}

func newSession(id, name string, t Target, now func() time.Time, j *Journal) *Session {
	s := &Session{
		id: id, name: name, target: t, now: now, journal: j, scope: newScope(),
		turns: newTurns(max(1, t.Runspaces)), opened: make(chan struct{}), ended: make(chan struct{}), learned: make(chan struct{}), changed: make(chan struct{}),
		events: newUserEvents(), instance: uuid.New(),
		proof: Proof{Why: "the server was not asked yet"},
	}
	s.console.Store(newConsole(&Cmdlets{}, s, s.scope))
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// ID identifies the session in this process and in the journal.
func (s *Session) ID() string { return s.id }

// Name is the session's name on the server.
func (s *Session) Name() string { return s.name }

// Target is what the session was opened with.
func (s *Session) Target() Target { return s.target }

// Account is who signed in; the zero Account where the session used none.
func (s *Session) Account() auth.Account { return s.account }

// URI is the endpoint, with the tenant to manage in its query.
func (s *Session) URI() string { return s.uri }

// TokenExpires is when the token in use ends; the zero time where there is none.
func (s *Session) TokenExpires() time.Time {
	if s.expires == nil || s.expires.Load() == 0 {
		return time.Time{}
	}
	return time.Unix(s.expires.Load(), 0)
}

// Proof is which tenant the server says it is.
func (s *Session) Proof() Proof {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proof
}

// Capabilities is what is known of the server.
func (s *Session) Capabilities() Capabilities {
	s.mu.Lock()
	caps := s.caps
	s.mu.Unlock()
	caps.Runspaces = s.turns.limit()
	if t, ok := s.transport.(*overWSMan); ok {
		caps.MaxEnvelope, caps.Refused = t.client.MaxEnvelopeSize(), t.refusals()
	}
	return caps
}

// State is where the session is in its life.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Changed is closed at the next change of State, and when the server has said
// which tenant it is; ask for it before these.
func (s *Session) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// become changes the state; s.mu is held.
func (s *Session) become(st State) {
	if s.state == st {
		return
	}
	s.state = st
	s.tell()
}

// tell tells who waits that something has changed; s.mu is held.
func (s *Session) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Err says why a session is broken, interrupted or disconnected.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Interrupted {
		return s.lost
	}
	return s.err
}

// RoundTrip is how long the server took to answer the last small command.
func (s *Session) RoundTrip() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latency
}

// Done is closed when the session has ended, by Close or by breaking.
func (s *Session) Done() <-chan struct{} { return s.ended }

// open starts the pool and waits until the server says that it is open.
func (s *Session) open(ctx context.Context) error {
	out, err := s.client.Open()
	if err != nil {
		return err
	}
	if err := s.transport.Open(ctx, out); err != nil {
		return err
	}
	s.spawn(s.listen)
	select {
	case <-s.opened:
		return nil
	case <-s.ended:
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spawn runs f as part of the session. A panic in f breaks this session and no
// other: the program lives on to delete the shells and put the terminal right.
func (s *Session) spawn(f func()) {
	s.work.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				s.fail(fmt.Errorf("a defect of this program ended the session: %v\n%s", p, debug.Stack()))
			}
		}()
		f()
	})
}

// listen keeps a Receive of the pool parked for as long as the session lives:
// it brings the pool's own messages and keeps the server from giving it up. What
// a message asks for makes the stack four times as large as waiting does, which
// it then stays; so after one another goroutine waits, whose stack is new.
func (s *Session) listen() {
	for {
		data, ended, err := s.transport.Receive(s.ctx, uuid.Nil)
		for _, chunk := range data {
			events, feedErr := s.client.Feed(uuid.Nil, chunk)
			for _, ev := range events {
				s.poolEvent(ev)
			}
			err = errors.Join(err, feedErr)
		}
		switch {
		case s.ctx.Err() != nil:
			return
		case err != nil:
			s.fail(fmt.Errorf("the connection to the server was lost: %w", err))
			return
		case ended:
			s.fail(errors.New("the server has ended the session"))
			return
		case len(data) > 0:
			s.spawn(s.listen)
			return
		}
	}
}

func (s *Session) poolEvent(ev psrp.Event) {
	switch ev := ev.(type) {
	case psrp.PoolStateChanged:
		s.poolState(ev)
	case psrp.HostCallReceived:
		s.answerUnasked(ev.Call)
	case psrp.KeyRequested:
		s.beginKeyExchange()
	case psrp.SessionKeyReceived:
		s.keyAnswered(ev.Err)
	case psrp.Availability:
		s.calls.answered(ev)
	case psrp.UserEventReceived:
		s.events.push(ev.EngineEvent)
	}
}

func (s *Session) poolState(ev psrp.PoolStateChanged) {
	switch ev.State {
	case psrp.PoolOpened:
		s.transport.Opened(s.client.Protocol())
		s.mu.Lock()
		first := s.state == Opening
		if first {
			s.become(Opened)
		}
		s.caps.Protocol = s.client.Protocol()
		s.mu.Unlock()
		if first {
			close(s.opened)
		}
	case psrp.PoolBroken, psrp.PoolClosed:
		if ev.Error != nil {
			s.fail(ev.Error)
			return
		}
		s.fail(errors.New("the server has closed the session"))
	}
}

// fail ends a session that broke. What was on the screen, drafts and variables
// are the caller's and stay.
func (s *Session) fail(err error) {
	s.mu.Lock()
	if s.state == Opening || s.state.alive() {
		s.err = err
		s.become(Broken)
	}
	left := s.state == Disconnected
	s.mu.Unlock()
	if left {
		return // Disconnect ends it
	}
	s.cancel() // nothing that waits for this server waits any longer
	s.endOnce.Do(func() { close(s.ended) })
}

// Close stops what runs, deletes the shell on the server and ends the session.
// A second Close does nothing. ctx bounds the wait for the server; the session
// is closed here in any case.
func (s *Session) Close(ctx context.Context) error {
	s.mu.Lock()
	was := s.state
	if was == Closing || was == Closed || was == Disconnected {
		s.mu.Unlock()
		return nil
	}
	if was != Broken {
		s.become(Closing)
	}
	s.mu.Unlock()
	if s.text != nil {
		// A process that runs still needs the connection to be ended by.
		s.cancel()
		s.wait(ctx)
	}
	err := s.closeTransport(ctx)
	s.cancel()
	s.work.Wait()
	s.mu.Lock()
	if s.state == Closing {
		s.become(Closed)
	}
	s.mu.Unlock()
	s.endOnce.Do(func() { close(s.ended) })
	if was == Broken {
		return nil // nobody is there to delete anything
	}
	return err
}

// wait waits for the session's work, but not beyond ctx.
func (s *Session) wait(ctx context.Context) { waitFor(ctx, &s.work) }

func waitFor(ctx context.Context, work *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (s *Session) closeTransport(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cancelTimeout())
	defer cancel()
	if s.text != nil {
		return s.text.Close(ctx)
	}
	if err := s.transport.Close(ctx); err != nil {
		return fmt.Errorf("deleting the shell on the server: %w", err)
	}
	return nil
}

// rules are what the guard judges by.
func (s *Session) rules(mode SendMode) rules {
	there := s.asScript(mode) || s.Capabilities().TextOnly
	return rules{env: s.target.Env, readOnly: s.target.ReadOnly, proof: s.Proof(), there: there}
}

// Check says whether the line may run in this session, and what has to happen
// first. Its error is a *pslang.Error of a line that does not parse.
func (s *Session) Check(line string) (Verdict, error) { return s.CheckAs(line, SendAuto) }

// CheckAs is Check for a line that travels in this way. A line that could not
// run is told so now, before anybody is asked to confirm it; what depends on
// values is left to Run, by when a line that still runs may have set them.
func (s *Session) CheckAs(line string, mode SendMode) (Verdict, error) {
	return s.console.Load().check(line, mode)
}

// Variable returns the value of a variable that a line has assigned.
func (s *Session) Variable(name string) (clixml.Value, bool) { return s.scope.Variable(name) }
