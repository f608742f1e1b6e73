package session

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// fakeServer is a transport with a real PSRP server behind it, in memory: what
// goes through it is the protocol's own bytes.
type fakeServer struct {
	t       *testing.T
	server  *psrp.Server
	handler func(c *fakeCommand) // runs each pipeline
	refuse  *psrp.ErrorRecord    // set: the pool ends broken
	unsent  error                // set: every Send fails with it
	onKey   func(key string)     // takes a client's public key
	// onAnswer takes the answers to host calls; nil: one ends its command's wait.
	onAnswer func(stream string, r psrp.HostResponse)

	mu      sync.Mutex
	pending map[uuid.UUID]*mailbox
	stops   map[uuid.UUID]chan struct{}
	inputs  map[uuid.UUID]chan clixml.Value
	ended   []uuid.UUID
	lines   []string
	closed  bool
	closing chan struct{}
}

type mailbox struct {
	mu     sync.Mutex
	data   [][]byte
	err    error
	signal chan struct{}
}

func (b *mailbox) put(err error, data ...[]byte) {
	b.mu.Lock()
	b.data, b.err = append(b.data, data...), errors.Join(b.err, err)
	b.mu.Unlock()
	signal(b.signal)
}

func newFakeServer(t *testing.T, handler func(*fakeCommand)) *fakeServer {
	return &fakeServer{
		t: t, server: psrp.NewServer(psrp.ServerConfig{}), handler: handler,
		pending: map[uuid.UUID]*mailbox{}, stops: map[uuid.UUID]chan struct{}{}, inputs: map[uuid.UUID]chan clixml.Value{}, closing: make(chan struct{}),
	}
}

func (f *fakeServer) box(id uuid.UUID) *mailbox {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending[id] == nil {
		f.pending[id] = &mailbox{signal: make(chan struct{}, 1)}
	}
	return f.pending[id]
}

func (f *fakeServer) emit(out psrp.Outgoing, err error) {
	if err != nil {
		f.t.Errorf("server: %v", err)
		return
	}
	f.box(out.PipelineID).put(nil, out.Fragments...)
}

func (f *fakeServer) Open(_ context.Context, out psrp.Outgoing) error {
	if _, err := f.server.Feed(uuid.Nil, "stdin", out.Bytes()); err != nil {
		return err
	}
	if f.refuse != nil {
		f.emit(f.server.Capability())
		f.emit(f.server.PoolState(psrp.PoolBroken, f.refuse), nil)
		return nil
	}
	f.emit(f.server.Opened(nil))
	return nil
}

func (f *fakeServer) Opened(string) {}

func (f *fakeServer) Ready(context.Context) error { return nil }

func (f *fakeServer) Start(_ context.Context, out psrp.Outgoing) error {
	events, err := f.server.Feed(out.PipelineID, "stdin", out.Bytes())
	if err != nil {
		return err
	}
	for _, ev := range events {
		if q, ok := ev.(psrp.CommandMetadataRequested); ok {
			f.mu.Lock()
			f.lines = append(f.lines, "metadata "+strings.Join(q.Names, ","))
			f.mu.Unlock()
			go f.handler(&fakeCommand{f: f, ID: q.ID, query: &q.CommandMetadata})
		}
		if req, ok := ev.(psrp.PipelineRequested); ok {
			stop, input := make(chan struct{}), make(chan clixml.Value, 100)
			f.mu.Lock()
			f.stops[req.ID], f.inputs[req.ID] = stop, input
			f.lines = append(f.lines, describe(req.Request))
			f.mu.Unlock()
			go f.handler(&fakeCommand{f: f, ID: req.ID, Request: req.Request, stop: stop, input: input})
		}
	}
	return nil
}

// feed gives a command its input.
func (f *fakeServer) feed(ev psrp.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch ev := ev.(type) {
	case psrp.InputReceived:
		f.inputs[ev.PipelineID] <- ev.Value
	case psrp.InputEnded:
		close(f.inputs[ev.PipelineID])
	}
}

func (f *fakeServer) Send(_ context.Context, out psrp.Outgoing) error {
	if f.unsent != nil {
		return f.unsent
	}
	events, err := f.server.Feed(out.PipelineID, out.Stream, out.Bytes())
	if err != nil {
		return err
	}
	for _, ev := range events {
		if key, ok := ev.(psrp.PublicKeyReceived); ok && f.onKey != nil {
			f.onKey(key.Key)
		}
		f.feed(ev)
		if r, ok := ev.(psrp.HostResponded); ok && f.onAnswer != nil {
			f.onAnswer(out.Stream, r.HostResponse)
		} else if ok {
			f.mu.Lock()
			f.lines = append(f.lines, "answer "+r.Value.String())
			f.mu.Unlock()
			f.box(r.PipelineID) // the command waits on its own channel
			close(f.stops[r.PipelineID])
		}
	}
	return nil
}

func (f *fakeServer) Receive(ctx context.Context, id uuid.UUID) ([][]byte, bool, error) {
	b := f.box(id)
	for {
		b.mu.Lock()
		data, err := b.data, b.err
		b.data = nil
		b.mu.Unlock()
		if len(data) > 0 {
			return data, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		select {
		case <-b.signal:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-f.closing:
			return nil, false, errors.New("shell is gone")
		}
	}
}

func (f *fakeServer) Stop(_ context.Context, id uuid.UUID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if stop := f.stops[id]; stop != nil {
		close(stop)
		delete(f.stops, id)
	}
	return nil
}

func (f *fakeServer) End(_ context.Context, id uuid.UUID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, id)
	return nil
}

func (f *fakeServer) Close(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.closing)
	}
	return nil
}

// log is what was sent, each pipeline as text.
func (f *fakeServer) log() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.lines, "\n")
}

// fakeCommand is a pipeline that the test plays.
type fakeCommand struct {
	f       *fakeServer
	ID      uuid.UUID
	Request psrp.Pipeline
	stop    chan struct{}
	input   chan clixml.Value
	query   *psrp.CommandMetadata // set in place of Request
}

func (c *fakeCommand) out(values ...any) {
	for _, v := range values {
		c.f.emit(c.f.server.Output(c.ID, clixml.Of(v)))
	}
}

func (c *fakeCommand) end(state psrp.PipelineState, e *psrp.ErrorRecord) {
	c.f.emit(c.f.server.PipelineState(c.ID, state, e))
}

func (c *fakeCommand) done() { c.end(psrp.PipelineCompleted, nil) }

// describe writes a pipeline as a line, parameter values with their kinds.
func describe(p psrp.Pipeline) string {
	var parts []string
	for _, cmd := range p.Commands {
		s := cmd.Name
		if cmd.IsScript {
			s = "{" + s + "}"
		}
		for _, a := range cmd.Parameters {
			if a.Name != "" {
				s += " " + a.Name
			}
			if !a.Value.IsNull() {
				s += " " + a.Value.String()
				if _, isInt := a.Value.Any().(int32); isInt {
					s += "[int]"
				}
			}
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " | ")
}

// openFake opens a session on a fake server, past every question of the opening.
func openFake(t *testing.T, target Target, handler func(*fakeCommand)) (*Session, *fakeServer) {
	t.Helper()
	f := newFakeServer(t, handler)
	s := newSession("s1", "test", target, time.Now, nil)
	s.transport, s.client = f, psrp.NewClient(psrp.ClientConfig{ID: uuid.New(), MinRunspaces: 1, MaxRunspaces: 1})
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.caps.LanguageMode = "NoLanguage"
	s.proof = Proof{Proved: true, Name: "Contoso", Domain: "contoso.example", TenantID: "t-1"}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s, f
}

// collect reads a run to its end.
func collect(t *testing.T, r *Run) ([]Record, Result) {
	t.Helper()
	var all []Record
	for {
		batch, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, batch...)
	}
	res, err := r.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all, res
}

func mustRun(t *testing.T, s Runner, line string) *Run {
	t.Helper()
	r, err := s.Run(t.Context(), line, RunOptions{Confirmed: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return r
}

// texts is what the records say, one text each.
func texts(records []Record) []string {
	var out []string
	for _, r := range records {
		switch r.Stream {
		case StreamOutput:
			out = append(out, r.Value.String())
		case StreamError:
			out = append(out, "error: "+r.Error.Message)
		case StreamWarning:
			out = append(out, "warning: "+r.Text)
		case StreamHost:
			out = append(out, "host: "+r.Text)
		case StreamPrompt:
			out = append(out, "prompt: "+r.Prompt.Message)
		default:
			out = append(out, r.Text)
		}
	}
	return out
}
