package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/format"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// fakeServer is every server there is: it opens sessions as a script says.
type fakeServer struct {
	mu       sync.Mutex
	connect  func(ctx context.Context, t session.Target, watch func(session.Event)) error
	lines    map[string]func(r *fakeRun)
	expand   func(ctx context.Context, line string, cursor int) (complete.Result, bool)
	env      *complete.Env // what its sessions know for completing
	sessions []*fakeSession
	targets  []session.Target
}

func newFakeServer() *fakeServer { return &fakeServer{lines: map[string]func(*fakeRun){}} }

func (s *fakeServer) Connect(ctx context.Context, t session.Target, watch func(session.Event)) (Session, error) {
	s.mu.Lock()
	s.targets = append(s.targets, t)
	connect := s.connect
	s.mu.Unlock()
	if connect != nil {
		if err := connect(ctx, t, watch); err != nil {
			return nil, err
		}
	}
	name := strings.TrimSuffix(t.OverrideAdminDomain, ".example")
	live := &fakeSession{
		server: s, env: s.env, target: t, done: make(chan struct{}),
		proof: session.Proof{Proved: true, Name: name, Domain: name + ".example", At: time.Now()},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = append(s.sessions, live)
	return live, nil
}

func (s *fakeServer) on(line string, play func(r *fakeRun)) { s.lines[line] = play }

// places are two tenants of different environments.
func (s *fakeServer) places() []Place {
	return []Place{
		{Name: "contoso", Detail: "contoso.example", Env: session.Prod, Target: session.Target{OverrideAdminDomain: "contoso.example"}},
		{Name: "fabrikam", Detail: "fabrikam.example", Env: session.Test, Target: session.Target{OverrideAdminDomain: "fabrikam.example"}},
	}
}

// open is a deck with tabs in these tenants.
func (s *fakeServer) open(names ...string) Config {
	cfg := Config{Connector: s, Places: s.places()}
	for _, p := range s.places() {
		if slices.Contains(names, p.Name) {
			t := p.Target
			t.Env = p.Env
			cfg.Open = append(cfg.Open, t)
		}
	}
	return cfg
}

type fakeSession struct {
	server    *fakeServer
	target    session.Target
	proof     session.Proof
	done      chan struct{}
	closed    int
	err       error
	verdict   session.Verdict
	runs      []*fakeRun
	ran       []string
	confirmed []bool
	modes     []session.SendMode
	refuse    error // what Run answers
	state     session.State
	changed   chan struct{}
	caps      session.Capabilities
	keeps     error // what Disconnect answers
	env       *complete.Env
}

// Expand is what a test says that the server answers.
func (s *fakeSession) Expand(ctx context.Context, line string, cursor int) (complete.Result, bool) {
	if s.server.expand == nil {
		return complete.Result{}, false
	}
	return s.server.expand(ctx, line, cursor)
}

// Completion is what a test says that is known.
func (s *fakeSession) Completion() *complete.Env { return s.env }

func (s *fakeSession) ID() string             { return "1" }
func (s *fakeSession) Name() string           { return "SfBPowerShellSession_1" }
func (s *fakeSession) Target() session.Target { return s.target }
func (s *fakeSession) Account() auth.Account  { return auth.Account{UserName: "admin@partner.example"} }
func (s *fakeSession) Proof() session.Proof   { return s.proof }
func (s *fakeSession) State() session.State {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.closed > 0 {
		return session.Closed
	}
	return max(s.state, session.Opened)
}

func (s *fakeSession) Changed() <-chan struct{} {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// become changes the state.
func (s *fakeSession) become(st session.State, err error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.state, s.err = st, err
	if s.changed != nil {
		close(s.changed)
	}
	s.changed = make(chan struct{})
}

func (s *fakeSession) Capabilities() session.Capabilities { return s.caps }
func (s *fakeSession) URI() string                        { return "https://admin.example/OcsPowershellOAuth" }

func (s *fakeSession) Disconnect(context.Context, time.Duration) error {
	if s.keeps != nil {
		return s.keeps
	}
	close(s.done)
	return nil
}

func (s *fakeSession) Err() error               { return s.err }
func (s *fakeSession) Done() <-chan struct{}    { return s.done }
func (s *fakeSession) TokenExpires() time.Time  { return s.proof.At.Add(41 * time.Minute) }
func (s *fakeSession) RoundTrip() time.Duration { return 12 * time.Millisecond }

func (s *fakeSession) Close(context.Context) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.closed++; s.closed > 1 {
		return nil
	}
	for _, r := range s.runs {
		_ = r.Stop(context.Background())
		close(r.gone)
		r.answered <- Answer{Refused: true}
	}
	return nil
}

// die ends the session by itself.
func (s *fakeSession) die(err error) { s.err = err; close(s.done) }

func (s *fakeSession) Check(line string) (session.Verdict, error) {
	switch i := strings.IndexByte(line, '&'); {
	case strings.HasSuffix(strings.TrimSpace(line), "|"):
		return session.Verdict{}, &pslang.Error{Msg: "An empty pipe element is not allowed.", Incomplete: true}
	case i >= 0:
		return session.Verdict{}, &pslang.Error{Extent: pslang.Extent{Start: i, End: i + 1}, Msg: "The ampersand (&) character is not allowed."}
	case strings.HasPrefix(line, "Set-") || strings.HasPrefix(line, "Remove-"):
		return s.verdict, nil
	}
	return session.Verdict{}, nil
}

func (s *fakeSession) Run(ctx context.Context, line string, o session.RunOptions) (Command, error) {
	if s.refuse != nil {
		return nil, s.refuse
	}
	r := &fakeRun{line: line, records: make(chan []session.Record), stopped: make(chan struct{}), gone: make(chan struct{}), answered: make(chan Answer, 10)}
	s.modes = append(s.modes, o.Mode)
	s.runs, s.ran, s.confirmed = append(s.runs, r), append(s.ran, line), append(s.confirmed, o.Confirmed)
	play := s.server.lines[line]
	go func() {
		start := time.Now()
		if play != nil {
			play(r)
		} else {
			r.fail("The term '" + line + "' is not recognized as a name of a cmdlet.")
		}
		r.mu.Lock()
		if r.result.Outcome == session.Running {
			r.result.Outcome = session.Completed
		}
		r.result.Duration = time.Since(start)
		r.mu.Unlock()
		close(r.records)
	}()
	return r, nil
}

// fakeRun is a line that runs as its script says.
type fakeRun struct {
	line     string
	mu       sync.Mutex
	records  chan []session.Record
	result   session.Result
	stopped  chan struct{}
	gone     chan struct{} // the session was closed
	stops    int
	answered chan Answer
	view     format.View
}

func (r *fakeRun) Next(ctx context.Context) ([]session.Record, error) {
	select {
	case recs, ok := <-r.records:
		if !ok {
			return nil, io.EOF
		}
		return recs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *fakeRun) Wait(context.Context) (session.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result, nil
}

func (r *fakeRun) Stop(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stops++
	if r.stops == 1 {
		close(r.stopped)
	}
	return nil
}

func (r *fakeRun) View() format.View { return r.view }

func (r *fakeRun) Answer(_ context.Context, _ *session.Prompt, a Answer) error {
	r.answered <- a
	return nil
}

func (r *fakeRun) send(recs ...session.Record) {
	select {
	case r.records <- recs:
	case <-r.gone:
	}
}

// untilStopped waits for Ctrl-C and ends the run as stopped.
func (r *fakeRun) untilStopped() {
	<-r.stopped
	r.end(session.Stopped, nil)
}

func (r *fakeRun) end(o session.Outcome, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Outcome, r.result.Err = o, err
}

func (r *fakeRun) fail(msg string) {
	r.send(session.Record{Stream: session.StreamError, Error: &psrp.ErrorRecord{Message: msg, Category: "ObjectNotFound"}})
	r.end(session.Failed, errors.New(msg))
}

// users are objects as the lab gives them, from number a to b.
func users(a, b int) []session.Record {
	var recs []session.Record
	for i := a; i <= b; i++ {
		recs = append(recs, session.Record{Stream: session.StreamOutput, Value: clixml.Obj(clixml.Custom(
			clixml.Prop("DisplayName", clixml.Str(fmt.Sprintf("User %04d", i))),
			clixml.Prop("LineUri", clixml.Str(fmt.Sprintf("tel:+49301%05d", i))),
			clixml.Prop("Enabled", clixml.Bool(i%2 == 1)),
		))})
	}
	return recs
}

func text(stream session.Stream, s string) session.Record {
	return session.Record{Stream: stream, Text: s}
}

// hops are what discovery of a domain reports.
func hops(domain string) []session.Event {
	hop := func(u, outcome string) session.Event {
		return session.HopDone{Hop: discovery.Hop{URL: u, Outcome: outcome}}
	}
	return []session.Event{
		session.StageStarted{Stage: session.StageDiscovery, Text: "looking for the endpoint of " + domain},
		hop("https://lyncdiscover."+domain+"/", "no answer (1.2 s), trying http"),
		hop("http://lyncdiscover."+domain+"/", "redirect"),
		hop("https://webdir1e.online.lync.example/Autodiscover/AutodiscoverService.svc/root", "domain link"),
		hop("https://webdir1e.online.lync.example/Autodiscover/AutodiscoverService.svc/root/domain", "External/RemotePowerShell"),
		session.EndpointFound{URI: "https://admin1e.online.lync.example/OcsPowershellOAuth?AdminDomain=" + domain, Known: true},
	}
}
