package outproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/google/uuid"
)

// ClientConfig bounds what a client keeps. The zero value is the default.
type ClientConfig struct {
	MaxLine int // bytes of one line; default [MaxLine]
	// MaxUnread is how many bytes of one command may wait to be received before
	// nothing more is read from the server; default 8 MiB.
	MaxUnread int
}

// Client is the client's side of one session. Its methods may be called
// concurrently; a context that ends is honoured at once, and what was sent then
// is still accounted for: no second Data goes out before the first is acknowledged.
type Client struct {
	rw    io.ReadWriteCloser
	in    *Reader
	limit int

	work   sync.WaitGroup
	over   chan struct{} // closed with err set
	wake   chan struct{} // something is to be written, or nothing ever will
	closed sync.Once

	mu       sync.Mutex
	flow     *sync.Cond // the reader waits on it while too much is unread
	queue    [][]byte   // lines to write
	channels map[uuid.UUID]*channel
	awaiting int // calls that wait for an acknowledgement
	err      error
}

// channel is what is known of the session or a command.
type channel struct {
	id      uuid.UUID
	turn    chan struct{} // held by the one call that sends
	changed chan struct{} // closed and replaced at each change

	unread           [][]byte
	size             int
	accepted         bool // the command was acknowledged
	sent, handled    int  // Data sent, acknowledged
	signals, stopped int  // Signal sent, acknowledged
	closing, gone    bool // Close sent, acknowledged
}

// NewClient begins a session on rw and owns it from then on: [Client.Close]
// closes it. Closing rw has to end a Read and a Write that wait.
func NewClient(rw io.ReadWriteCloser, cfg ClientConfig) *Client {
	c := &Client{
		rw: rw, in: NewReader(rw, cfg.MaxLine), limit: cfg.MaxUnread,
		over: make(chan struct{}), wake: make(chan struct{}, 1), channels: make(map[uuid.UUID]*channel),
	}
	if c.limit <= 0 {
		c.limit = 8 << 20
	}
	c.flow = sync.NewCond(&c.mu)
	c.add(uuid.Nil).accepted = true
	c.work.Go(c.read)
	c.work.Go(c.write)
	return c
}

// add makes the channel of id; c.mu is held, or nobody else knows c.
func (c *Client) add(id uuid.UUID) *channel {
	ch := &channel{id: id, turn: make(chan struct{}, 1), changed: make(chan struct{})}
	c.channels[id] = ch
	return ch
}

// change tells everybody who waits for ch; c.mu is held.
func (ch *channel) change() {
	close(ch.changed)
	ch.changed = make(chan struct{})
}

// enqueue puts a packet behind those that wait to be written; c.mu is held.
func (c *Client) enqueue(p Packet) {
	c.queue = append(c.queue, p.Append(nil))
	c.stir()
}

func (c *Client) stir() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Err says why the connection is of no use any more, nil as long as it is.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Done is closed once Err is not nil.
func (c *Client) Done() <-chan struct{} { return c.over }

// fail ends the connection for everybody who waits; the first reason stays.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	close(c.over)
	c.flow.Broadcast()
	c.stir()
}

// write writes the lines in their order.
func (c *Client) write() {
	for range c.wake {
		c.mu.Lock()
		lines, err := c.queue, c.err
		c.queue = nil
		c.mu.Unlock()
		for _, line := range lines {
			if err != nil {
				return
			}
			if _, err = c.rw.Write(line); err != nil {
				c.fail(fmt.Errorf("writing to the server: %w", err))
			}
		}
		if err != nil {
			return
		}
	}
}

// read takes what the server says until the stream ends. What comes after an
// error is thrown away, so that the server is not held up on its way out.
func (c *Client) read() {
	for {
		p, err := c.in.Next()
		if errors.Is(err, ErrEmptyLine) {
			continue
		}
		if err == nil {
			err = c.take(p)
		}
		if err != nil {
			c.fail(c.reason(err))
			_, _ = io.Copy(io.Discard, c.rw)
			return
		}
	}
}

// reason makes the client's error of the reader's: after the session's end, the
// end of the stream is what has to come, and so is a server under SSH that
// complains of it.
func (c *Client) reason(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	session := c.channels[uuid.Nil]
	var report *ServerError
	switch {
	case session.gone, session.closing && errors.As(err, &report):
		return ErrClosed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return ErrEnded
	}
	return err
}

// take acts on a packet of the server.
func (c *Client) take(p Packet) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.channels[p.ID]
	switch {
	case p.Kind == Command || p.Kind == Close || p.Kind == Signal || p.Kind == Data && p.Stream != Default:
		return &PacketError{p.Kind, "only a client sends it"}
	case ch == nil || c.err != nil:
		return nil // nobody waits for it any more
	}
	switch p.Kind {
	case Data:
		c.keep(ch, p.Data)
	case DataAck:
		ch.handled = min(ch.handled+1, ch.sent)
	case CommandAck:
		ch.accepted = true
	case SignalAck:
		ch.stopped = min(ch.stopped+1, ch.signals)
	case CloseAck:
		if !ch.closing {
			return nil
		}
		ch.gone = true
		if ch.id != uuid.Nil {
			delete(c.channels, ch.id)
		}
	}
	ch.change()
	return nil
}

// keep holds data until it is received, and the stream where too much waits.
// It goes on all the same while a call waits for an acknowledgement, which may
// be behind the data: a signal has to get through. What a command that is being
// closed still says is dropped rather than waited for. c.mu is held.
func (c *Client) keep(ch *channel, data []byte) {
	full := func() bool { return ch.size > 0 && ch.size+len(data) > c.limit }
	for full() && !ch.closing && c.awaiting == 0 && c.err == nil {
		c.flow.Wait()
	}
	if full() && ch.closing {
		return
	}
	ch.unread = append(ch.unread, data)
	ch.size += len(data)
}

// await waits until ready, asked with c.mu held, says yes. It needs c.mu not held.
func (c *Client) await(ctx context.Context, ch *channel, ready func() bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaiting++
	c.flow.Broadcast()
	defer func() { c.awaiting-- }()
	for !ready() {
		if c.err != nil {
			return c.err
		}
		if err := c.pause(ctx, ch.changed); err != nil {
			return err
		}
	}
	return nil
}

// pause waits for a change, or for the connection's end; c.mu is held before
// and after, but not meanwhile.
func (c *Client) pause(ctx context.Context, changed <-chan struct{}) error {
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-changed:
	case <-c.over:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (c *Client) channel(id uuid.UUID) (*channel, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch := c.channels[id]; ch != nil {
		return ch, nil
	}
	return nil, ErrClosed
}

// Command announces a command and waits until the server has acknowledged it.
// Where it does not, the command is to be closed all the same.
func (c *Client) Command(ctx context.Context, id uuid.UUID) error {
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	if c.channels[id] != nil {
		defer c.mu.Unlock()
		return fmt.Errorf("there is a command %s already", id)
	}
	ch := c.add(id)
	c.enqueue(Packet{Kind: Command, ID: id})
	c.mu.Unlock()
	return acked(Command, c.await(ctx, ch, func() bool { return ch.accepted }))
}

func acked(k Kind, err error) error {
	if err == nil {
		return nil
	}
	return &AckError{k, err}
}

// Send hands over data, in as many Data packets as it takes, each after the one
// before was acknowledged. It returns when the last has been handed over:
// [Client.Flush] waits for its acknowledgement.
func (c *Client) Send(ctx context.Context, id uuid.UUID, stream Stream, data []byte) error {
	ch, err := c.channel(id)
	if err != nil {
		return err
	}
	select {
	case ch.turn <- struct{}{}:
		defer func() { <-ch.turn }()
	case <-c.over:
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		part := data[:min(len(data), MaxData)]
		data = data[len(part):]
		over := false
		err := c.await(ctx, ch, func() bool {
			over = ch.closing
			if over || !ch.accepted || ch.sent > ch.handled || c.err != nil {
				return over
			}
			ch.sent++
			c.enqueue(Packet{Kind: Data, ID: id, Stream: stream, Data: part})
			return true
		})
		switch {
		case err != nil:
			return err
		case over:
			return ErrClosed
		case len(data) == 0:
			return nil
		}
	}
}

// Flush waits until the server has acknowledged what was sent before. Its error
// is an *[AckError].
func (c *Client) Flush(ctx context.Context, id uuid.UUID) error {
	ch, err := c.channel(id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	sent := ch.sent
	c.mu.Unlock()
	return acked(Data, c.await(ctx, ch, func() bool { return ch.handled >= sent || ch.gone }))
}

// Receive waits for bytes of a command, or of the session. ended tells that
// nothing more will come. What came before the connection was lost is given
// before its error.
func (c *Client) Receive(ctx context.Context, id uuid.UUID) (data [][]byte, ended bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.channels[id]
	for {
		switch {
		case ch == nil:
			return nil, true, c.err
		case len(ch.unread) > 0:
			data, ch.unread, ch.size = ch.unread, nil, 0
			c.flow.Broadcast()
			return data, false, nil
		case ch.gone:
			return nil, true, nil
		case c.err != nil:
			return nil, false, c.err
		}
		if err := c.pause(ctx, ch.changed); err != nil {
			return nil, false, err
		}
	}
}

// Signal asks the server to stop a command and waits until it has: that may
// take as long as what the command is doing. For one that is gone it does nothing.
func (c *Client) Signal(ctx context.Context, id uuid.UUID) error {
	ch, err := c.channel(id)
	if err != nil {
		return nil
	}
	c.mu.Lock()
	if ch.closing || c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	ch.signals++
	number := ch.signals
	c.enqueue(Packet{Kind: Signal, ID: id})
	c.mu.Unlock()
	return acked(Signal, c.await(ctx, ch, func() bool { return ch.stopped >= number || ch.gone }))
}

// CloseCommand ends a command, stops it where it runs, and waits until it is
// gone; what it sent and nobody received is dropped then. For one that is gone it
// does nothing.
func (c *Client) CloseCommand(ctx context.Context, id uuid.UUID) error {
	ch, err := c.channel(id)
	if err != nil {
		return nil
	}
	c.abandon(ch)
	return acked(Close, c.await(ctx, ch, func() bool { return ch.gone }))
}

// Abandon is CloseCommand for who does not want to wait.
func (c *Client) Abandon(id uuid.UUID) {
	if ch, err := c.channel(id); err == nil {
		c.abandon(ch)
	}
}

func (c *Client) abandon(ch *channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch.closing {
		return
	}
	ch.closing = true
	c.enqueue(Packet{Kind: Close, ID: ch.id})
	c.flow.Broadcast()
	ch.change()
}

// Close closes every command and then the session, which a server acknowledges
// in that order only, as long as ctx allows; then it closes the stream and waits
// for its own goroutines. The error is that of the orderly part: after a Close
// nothing is left on this side in any case.
func (c *Client) Close(ctx context.Context) error {
	err := c.Err()
	if err == nil {
		err = c.closeSession(ctx)
	}
	c.closed.Do(func() {
		c.fail(ErrClosed)
		if e := c.rw.Close(); err == nil {
			err = e
		}
	})
	c.work.Wait()
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

func (c *Client) closeSession(ctx context.Context) error {
	c.mu.Lock()
	session := c.channels[uuid.Nil]
	commands := make([]*channel, 0, len(c.channels))
	for id, ch := range c.channels {
		if id != uuid.Nil {
			commands = append(commands, ch)
		}
	}
	c.mu.Unlock()
	for _, ch := range commands {
		c.abandon(ch)
	}
	for _, ch := range commands {
		if err := acked(Close, c.await(ctx, ch, func() bool { return ch.gone })); err != nil {
			return err
		}
	}
	c.abandon(session)
	return acked(Close, c.await(ctx, session, func() bool { return session.gone }))
}
