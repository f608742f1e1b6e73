package outproc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// connect gives a client whose server is the test.
func connect(t *testing.T, cfg ClientConfig) (context.Context, *Client, *peer) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w, p := newWire()
	c := NewClient(w, cfg)
	t.Cleanup(func() {
		done, stop := context.WithCancel(context.Background())
		stop() // nobody answers any more
		go p.drain()
		_ = c.Close(done)
		cancel()
		goleak.VerifyNone(t, before)
	})
	return ctx, c, p
}

func element(k Kind, id uuid.UUID) string { return fmt.Sprintf("<%s PSGuid='%s' />", k, id) }

func (p *peer) must(t *testing.T, line string) {
	t.Helper()
	if err := p.expect(line); err != nil {
		t.Fatal(err)
	}
}

// A lost CommandAck is waited for as long as the context allows, and the command
// can be closed then.
func TestCommandAckLost(t *testing.T) {
	ctx, c, p := connect(t, ClientConfig{})
	id := uuid.MustParse(id1)
	waiting, giveUp := context.WithCancel(ctx)
	got := make(chan error, 1)
	go func() { got <- c.Command(waiting, id) }()
	p.must(t, element(Command, id))
	giveUp()
	var unanswered *AckError
	if err := <-got; !errors.As(err, &unanswered) || unanswered.Kind != Command || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	c.Abandon(id)
	p.must(t, element(Close, id))
	p.write(element(CloseAck, id))
	if err := c.CloseCommand(ctx, id); err != nil {
		t.Error(err)
	}
	if err := c.Send(ctx, id, Default, []byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("sending to a command that is closed: %v", err)
	}
}

// A second Data waits for the acknowledgement of the first, even where whoever
// sent the first has given up; other commands do not wait for it.
func TestOneDataAtATime(t *testing.T) {
	ctx, c, p := connect(t, ClientConfig{})
	id := uuid.MustParse(id1)
	data := bytes.Repeat([]byte{1}, MaxData+1)
	line := func(id uuid.UUID, b []byte) string {
		return string(bytes.TrimSpace(Packet{Data, id, Default, b}.Append(nil)))
	}
	brief, giveUp := context.WithCancel(ctx)
	got := make(chan error, 1)
	go func() { got <- c.Send(brief, uuid.Nil, Default, data) }()
	p.must(t, line(uuid.Nil, data[:MaxData]))
	giveUp()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	go func() { got <- c.Command(ctx, id) }()
	p.must(t, element(Command, id))
	p.write(element(CommandAck, id))
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	go func() { got <- c.Send(ctx, uuid.Nil, Default, []byte("next")) }()
	if err := c.Send(ctx, id, Default, []byte("other")); err != nil {
		t.Fatal(err)
	}
	p.must(t, line(id, []byte("other")))
	select {
	case err := <-got:
		t.Fatalf("the second Data was sent before the first was acknowledged: %v", err)
	default:
	}
	p.write(element(DataAck, uuid.Nil))
	p.must(t, line(uuid.Nil, []byte("next")))
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	go func() { got <- c.Flush(ctx, uuid.Nil) }()
	p.write(element(DataAck, uuid.Nil))
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// A server that writes more than is received is held up, but not where a signal
// waits for its acknowledgement behind the output.
func TestUnreadOutputIsBounded(t *testing.T) {
	ctx, c, p := connect(t, ClientConfig{MaxUnread: 100})
	id := uuid.MustParse(id1)
	got := make(chan error, 1)
	go func() { got <- c.Command(ctx, id) }()
	p.must(t, element(Command, id))
	p.write(element(CommandAck, id))
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	output := Packet{Data, id, Default, make([]byte, 60)}.Append(nil)
	written := make(chan int)
	go func() {
		defer close(written)
		for n := range 2000 { // far more than is buffered on the way
			if _, err := p.to.Write(output); err != nil {
				return
			}
			if n == 1 {
				written <- n
			}
		}
		p.write(element(SignalAck, id))
	}()
	<-written
	for held := false; !held; runtime.Gosched() {
		c.mu.Lock()
		size := c.channels[id].size
		held = size >= 60
		if size > 100 {
			t.Errorf("%d bytes wait", size)
		}
		c.mu.Unlock()
	}
	go func() { got <- c.Signal(ctx, id) }()
	p.must(t, element(Signal, id))
	if err := <-got; err != nil {
		t.Error(err)
	}
	<-written
	data, _, err := c.Receive(ctx, id)
	if err != nil || len(data) != 2000 {
		t.Errorf("%d parts, %v", len(data), err)
	}
}

// What came before the end is received before the error, by everybody.
func TestServerEnds(t *testing.T) {
	for name, c := range map[string]struct {
		last string
		want string
	}{
		"killed":           {"", ErrEnded.Error()},
		"killed in a line": {"<Data Stream='Defa", ErrEnded.Error()},
		"garbage":          {"Segmentation fault\n", (&LineError{"Segmentation fault"}).Error()},
		"unknown element":  {"<Bogus />\n", (&ElementError{"Bogus"}).Error()},
		"report":           {errorPrefix + "out of memory\n", (&ServerError{"out of memory"}).Error()},
		"a client's":       {"<Signal PSGuid='" + id1 + "' />\n", (&PacketError{Signal, "only a client sends it"}).Error()},
		"too long":         {string(bytes.Repeat([]byte("x"), MaxLine+1)), (&SizeError{MaxLine}).Error()},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, client, p := connect(t, ClientConfig{})
			p.write("")
			p.write(string(bytes.TrimSpace(Packet{Data, uuid.Nil, Default, []byte("first")}.Append(nil))))
			sending := make(chan error, 1)
			go func() {
				_ = client.Send(ctx, uuid.Nil, Default, nil)
				sending <- client.Flush(ctx, uuid.Nil)
			}()
			<-p.lines
			_, _ = io.WriteString(p.to, c.last)
			_ = p.to.Close()
			if data, _, err := client.Receive(ctx, uuid.Nil); err != nil || string(bytes.Join(data, nil)) != "first" {
				t.Errorf("%q, %v", data, err)
			}
			if _, _, err := client.Receive(ctx, uuid.Nil); err == nil || err.Error() != c.want {
				t.Errorf("Receive: %v, want %s", err, c.want)
			}
			var unanswered *AckError
			if err := <-sending; !errors.As(err, &unanswered) || unanswered.Err.Error() != c.want {
				t.Errorf("Flush: %v", err)
			}
			if err := client.Command(ctx, uuid.MustParse(id1)); err == nil || err.Error() != c.want {
				t.Errorf("Command: %v", err)
			}
		})
	}
}

// echo answers each Data with the same, and counts what is open.
type echo struct {
	out  *Server
	mu   sync.Mutex
	open map[uuid.UUID]bool
}

func (e *echo) Command(_ context.Context, id uuid.UUID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open[id] = true
}

func (e *echo) Data(_ context.Context, id uuid.UUID, _ Stream, data []byte) { _ = e.out.Send(id, data) }
func (e *echo) Signal(context.Context, uuid.UUID)                           {}

func (e *echo) Close(_ context.Context, id uuid.UUID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.open, id)
	return id != uuid.Nil || len(e.open) == 0
}

// Commands side by side keep their bytes apart and in order, and closing leaves
// nothing, on a connection that buffers nothing.
func TestClientAgainstServer(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ours, theirs := net.Pipe()
	h := &echo{open: map[uuid.UUID]bool{}}
	h.out = NewServer(theirs, theirs, h)
	served := make(chan error, 1)
	go func() { served <- h.out.Serve(ctx) }()
	c := NewClient(ours, ClientConfig{MaxUnread: 64 << 10})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			id, want := uuid.New(), bytes.Repeat([]byte{byte(n), 7, byte(n)}, 60_000)
			if err := c.Command(ctx, id); err != nil {
				t.Error(err)
				return
			}
			var send sync.WaitGroup
			send.Go(func() {
				if err := c.Send(ctx, id, Default, want); err != nil {
					t.Error(err)
				}
			})
			var got []byte
			for len(got) < len(want) {
				data, ended, err := c.Receive(ctx, id)
				if ended || err != nil {
					t.Errorf("ended %v, %v", ended, err)
					return
				}
				got = append(got, bytes.Join(data, nil)...)
			}
			send.Wait()
			if !bytes.Equal(got, want) {
				t.Error("what came back differs")
			}
			if n%2 == 0 { // the others are left for the session's end
				if err := c.CloseCommand(ctx, id); err != nil {
					t.Error(err)
				}
				if _, ended, _ := c.Receive(ctx, id); !ended {
					t.Error("a command goes on after its end")
				}
			}
		})
	}
	all.Wait()
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := c.Close(ctx); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if len(h.open) > 0 {
		t.Errorf("%d commands are left", len(h.open))
	}
}
