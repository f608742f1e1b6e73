package outproc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"psdeck/session/internal/vectors"
)

// known are recordings that cannot pass, with the reason.
var known = map[string]string{}

// TestVectorOutproc replays recorded conversations through the packet layer: a
// Client that is asked for what the recorded one did, and a Server, write the
// recorded lines, and hand over what the other side sent. A case is a recording.
func TestVectorOutproc(t *testing.T) {
	defer goleak.VerifyNone(t)
	score := vectors.Score{Family: "outproc"}
	for _, r := range recordings(t) {
		var errs []error
		for _, c := range r.conversations {
			for role, replay := range map[string]func(testing.TB, []unit) error{"client": replayClient, "server": replayServer} {
				if err := replay(t, c); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", role, err))
				}
			}
		}
		score.Check(t, r.name, errors.Join(errs[:min(5, len(errs))]...), known[r.name])
	}
	score.Report(t, os.Stdout)
}

// patience bounds what a defect could make last for ever.
const patience = 20 * time.Second

// wire is one end of a connection; the test holds the other.
type wire struct {
	io.Reader
	io.Writer
	closers []io.Closer
}

func (w *wire) Close() error {
	for _, c := range w.closers {
		_ = c.Close()
	}
	return nil
}

// peer is the test's end of a wire.
type peer struct {
	to    *io.PipeWriter
	lines chan string
}

func newWire() (*wire, *peer) {
	in, to := io.Pipe()
	from, out := io.Pipe()
	p := &peer{to: to, lines: make(chan string)}
	go func() {
		defer close(p.lines)
		for r := bufio.NewReader(from); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			p.lines <- line[:len(line)-1]
		}
	}()
	return &wire{in, out, []io.Closer{in, out}}, p
}

func (p *peer) write(line string) { _, _ = io.WriteString(p.to, line+"\n") }

// expect reads a line and compares it.
func (p *peer) expect(want string) error {
	select {
	case got := <-p.lines:
		if got != want {
			return fmt.Errorf("wrote %.150q, recorded is %.150q", got, want)
		}
	case <-time.After(patience):
		return fmt.Errorf("did not write %.150q", want)
	}
	return nil
}

// drain throws away what the other side still says.
func (p *peer) drain() {
	for range p.lines {
	}
}

// wanted is whether err is the typed error that line has to become.
func wanted(line string, err error) bool {
	_, want := Parse([]byte(line))
	return want != nil && err != nil && want.Error() == err.Error() && fmt.Sprintf("%T", want) == fmt.Sprintf("%T", err)
}

// clientReplay is a client that is made to do what the recorded one did.
type clientReplay struct {
	*Client
	peer     *peer
	got      sent
	mu       sync.Mutex
	more     *sync.Cond // of got
	work     sync.WaitGroup
	ctx      context.Context
	unacked  map[uuid.UUID]int
	late     map[uuid.UUID][]string // lines that our client holds back
	commands map[uuid.UUID]bool     // true: closed
}

func replayClient(t testing.TB, units []unit) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w, p := newWire()
	r := &clientReplay{
		Client: NewClient(w, ClientConfig{}), peer: p, got: sent{}, ctx: ctx,
		unacked: map[uuid.UUID]int{}, late: map[uuid.UUID][]string{}, commands: map[uuid.UUID]bool{uuid.Nil: false},
	}
	r.more = sync.NewCond(&r.mu)
	r.listen(uuid.Nil)
	want, err := r.run(t, units)
	_ = p.to.Close()
	go p.drain()
	<-r.Done()
	cancel()
	r.work.Wait()
	_ = r.Close(ctx)
	if err != nil {
		return err
	}
	for id, data := range want {
		if !bytes.Equal(r.got[id], data) {
			return fmt.Errorf("%d bytes of %s were received, %d sent", len(r.got[id]), id, len(data))
		}
	}
	return nil
}

// run goes through the units; want is what the client has to receive.
func (r *clientReplay) run(t testing.TB, units []unit) (want sent, err error) {
	want = sent{}
	for i := range units {
		u := &units[i]
		switch {
		case u.isEOF():
			return want, nil // the recorded client has left
		case u.Raw == nil, u.Dir == "c2s" && u.Packet == nil:
			continue
		case u.Dir == "c2s":
			err = r.do(u.packet(t), *u.Raw)
		case u.Packet == nil && *u.Raw != "":
			r.peer.write(*u.Raw)
			<-r.Done()
			session, _ := r.channel(uuid.Nil)
			if !wanted(*u.Raw, r.Err()) && !(session.closing && errors.Is(r.Err(), ErrClosed)) {
				err = fmt.Errorf("%q became %v", *u.Raw, r.Err())
			}
			return want, err
		default:
			if u.Packet == nil {
				r.peer.write(*u.Raw)
				continue
			}
			p := u.packet(t)
			if p.Kind == CloseAck { // what is not received by then is dropped
				r.settle(p.ID, len(want[p.ID]))
			}
			r.peer.write(*u.Raw)
			if _, known := r.commands[p.ID]; known && p.Kind == Data {
				want[p.ID] = append(want[p.ID], p.Data...)
			}
			if p.Kind == DataAck {
				err = r.acked(p.ID)
			}
		}
		if err != nil {
			return want, fmt.Errorf("seq %d: %w", u.Seq, err)
		}
	}
	return want, nil
}

// settle waits until n bytes of id have been received.
func (r *clientReplay) settle(id uuid.UUID, n int) {
	defer context.AfterFunc(r.ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.more.Broadcast()
	})()
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.got[id]) < n && r.ctx.Err() == nil {
		r.more.Wait()
	}
}

// acked goes on with what waited for an acknowledgement.
func (r *clientReplay) acked(id uuid.UUID) error {
	r.unacked[id]--
	if len(r.late[id]) == 0 {
		return nil
	}
	line := r.late[id][0]
	r.late[id] = r.late[id][1:]
	r.unacked[id]++
	return r.peer.expect(line)
}

// do asks the client for a packet and compares what it writes. What a script
// did against the rules our client holds back, or does not do at all.
func (r *clientReplay) do(p Packet, raw string) error {
	closed, open := r.commands[p.ID]
	if p.Kind != Command && (!open || closed) {
		return nil
	}
	switch p.Kind {
	case Command:
		r.commands[p.ID] = false
		r.work.Go(func() { _ = r.Command(r.ctx, p.ID) })
	case Data:
		r.work.Go(func() { _ = r.Send(r.ctx, p.ID, p.Stream, p.Data) })
		if r.unacked[p.ID] > 0 {
			r.late[p.ID] = append(r.late[p.ID], raw)
			return nil
		}
		r.unacked[p.ID]++
	case Signal:
		r.work.Go(func() { _ = r.Signal(r.ctx, p.ID) })
	case Close:
		r.commands[p.ID] = true
		r.Abandon(p.ID)
	}
	if err := r.peer.expect(raw); err != nil {
		return err
	}
	if p.Kind == Command {
		r.listen(p.ID)
	}
	return nil
}

// listen collects what comes of id.
func (r *clientReplay) listen(id uuid.UUID) {
	r.work.Go(func() {
		for {
			data, ended, err := r.Receive(r.ctx, id)
			r.mu.Lock()
			for _, part := range data {
				r.got[id] = append(r.got[id], part...)
			}
			r.more.Broadcast()
			r.mu.Unlock()
			if ended || err != nil {
				return
			}
		}
	})
}

// event is a packet that a server hands over, and the leave to acknowledge it.
type event struct {
	Packet
	leave chan bool
}

// script is a handler that waits for the test before it is done.
type script struct{ events chan event }

func (s *script) hand(ctx context.Context, p Packet) bool {
	e := event{p, make(chan bool, 1)}
	select {
	case s.events <- e:
	case <-ctx.Done():
		return false
	}
	select {
	case ok := <-e.leave:
		return ok
	case <-ctx.Done():
		return false
	}
}

func (s *script) Command(ctx context.Context, id uuid.UUID) {
	s.hand(ctx, Packet{Kind: Command, ID: id})
}

func (s *script) Data(ctx context.Context, id uuid.UUID, stream Stream, data []byte) {
	s.hand(ctx, Packet{Kind: Data, ID: id, Stream: stream, Data: data})
}

func (s *script) Signal(ctx context.Context, id uuid.UUID) {
	s.hand(ctx, Packet{Kind: Signal, ID: id})
}

func (s *script) Close(ctx context.Context, id uuid.UUID) bool {
	return s.hand(ctx, Packet{Kind: Close, ID: id})
}

// serverReplay is a server that is made to say what the recorded one said.
type serverReplay struct {
	*Server
	peer    *peer
	script  *script
	pending []event
}

func replayServer(t testing.TB, units []unit) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w, p := newWire()
	s := &script{make(chan event)}
	r := &serverReplay{Server: NewServer(w, w, s), peer: p, script: s}
	served := make(chan error, 1)
	go func() {
		served <- r.Serve(ctx)
		_ = w.Close()
	}()
	// Lines wait here while the server handles others, as they do in a pipe.
	lines := make(chan string, len(units))
	go func() {
		for line := range lines {
			p.write(line)
		}
		_ = p.to.Close()
	}()
	broke, err := r.run(t, units, lines)
	close(lines)
	if err != nil || broke == nil {
		cancel()
	}
	go p.drain()
	select {
	case end := <-served:
		switch {
		case err != nil:
			return err
		case broke != nil && !wanted(*broke, end):
			return fmt.Errorf("%q ended the server with %v", *broke, end)
		case broke == nil && end != nil && !errors.Is(end, context.Canceled):
			return end
		}
	case <-time.After(patience):
		return errors.New("the server does not end")
	}
	return nil
}

// run goes through the units; broke is the line that has to end the server.
func (r *serverReplay) run(t testing.TB, units []unit, lines chan<- string) (broke *string, err error) {
	var due []Packet // what the client has sent and the server not handed over yet
	for i := range units {
		u := &units[i]
		switch {
		case u.isEOF():
			return nil, r.catchUp(&due)
		case u.Raw == nil, u.Dir == "s2c" && u.Packet == nil:
			continue
		case u.Dir == "c2s":
			lines <- *u.Raw
			if u.Packet == nil {
				return u.Raw, r.catchUp(&due)
			}
			due = append(due, u.packet(t))
			continue
		}
		p := u.packet(t)
		if p.Kind == Data {
			go func() { _ = r.Send(p.ID, p.Data) }()
		} else if err := r.release(p, &due); err != nil {
			return nil, fmt.Errorf("seq %d: %w", u.Seq, err)
		}
		if err := r.peer.expect(*u.Raw); err != nil {
			return nil, fmt.Errorf("seq %d: %w", u.Seq, err)
		}
	}
	return nil, nil
}

// release finds the packet that ack answers among those handed over.
func (r *serverReplay) release(ack Packet, due *[]Packet) error {
	for {
		for i, e := range r.pending {
			if e.ID == ack.ID && e.Kind+1 == ack.Kind {
				r.pending = append(r.pending[:i:i], r.pending[i+1:]...)
				e.leave <- true
				return nil
			}
		}
		if err := r.next(due); err != nil {
			return fmt.Errorf("%s of %s: %w", ack.Kind, ack.ID, err)
		}
	}
}

// next takes a packet that is handed over; it has to be one that was sent, and
// of its PSGuid the first of its kind.
func (r *serverReplay) next(due *[]Packet) error {
	select {
	case e := <-r.script.events:
		for i, p := range *due {
			if p.ID != e.ID || p.Kind != e.Kind {
				continue
			}
			if p.Stream != e.Stream || !bytes.Equal(p.Data, e.Data) {
				return fmt.Errorf("a %s of %s was handed over changed or out of order", p.Kind, p.ID)
			}
			*due = append((*due)[:i:i], (*due)[i+1:]...)
			r.pending = append(r.pending, e)
			return nil
		}
		return fmt.Errorf("a %s of %s was handed over that nobody sent", e.Kind, e.ID)
	case <-time.After(patience):
		return fmt.Errorf("%d packets were not handed over", len(*due))
	}
}

// catchUp takes what was sent and not acknowledged in the recording.
func (r *serverReplay) catchUp(due *[]Packet) error {
	for _, e := range r.pending {
		e.leave <- false
	}
	r.pending = nil
	for len(*due) > 0 {
		if err := r.next(due); err != nil {
			return err
		}
		for _, e := range r.pending {
			e.leave <- false
		}
		r.pending = nil
	}
	return nil
}
