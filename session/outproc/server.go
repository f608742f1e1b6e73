package outproc

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/google/uuid"
)

// Handler is what a server does with what its client sends. Each packet is
// acknowledged when its function returns. Command is called in order; Data of
// one PSGuid too, one at a time, but beside everything else; the others each on
// their own. ctx ends with the server.
type Handler interface {
	Command(ctx context.Context, id uuid.UUID)
	Data(ctx context.Context, id uuid.UUID, stream Stream, data []byte)
	// Signal stops a command and returns once it has stopped.
	Signal(ctx context.Context, id uuid.UUID)
	// Close ends a command or the session; false leaves the client without an
	// acknowledgement, as PowerShell does for a session with commands left.
	Close(ctx context.Context, id uuid.UUID) bool
}

// Server is the server's side of one session.
type Server struct {
	in *Reader
	h  Handler

	handling sync.WaitGroup
	places   chan struct{} // bounds the packets in handling

	mu   sync.Mutex // of out
	out  io.Writer
	err  error
	last map[uuid.UUID]chan struct{} // closed when the Data before has been handled; Serve's own
}

// maxHandling is how many packets are handled at once; then none is read.
const maxHandling = 256

// NewServer makes the server of a session on r and w.
func NewServer(r io.Reader, w io.Writer, h Handler) *Server {
	return &Server{
		in: NewReader(r, 0), out: w, h: h,
		places: make(chan struct{}, maxHandling), last: make(map[uuid.UUID]chan struct{}),
	}
}

// Serve handles packets until the client ends its stream (nil), or an error of
// [Reader.Next]: a server ends on any line that is no packet of a client, an
// empty one too. It returns when every packet has been handled. To end it from
// outside, end ctx and close what it reads from.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer s.handling.Wait()
	defer cancel()
	for {
		p, err := s.in.Next()
		if err == nil {
			err = s.take(ctx, p)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case s.failure() != nil:
			return s.failure()
		}
	}
}

func (s *Server) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Server) take(ctx context.Context, p Packet) error {
	var ack Kind
	var do func() bool
	switch p.Kind {
	case Command:
		s.h.Command(ctx, p.ID)
		return s.write(Packet{Kind: CommandAck, ID: p.ID})
	case Data:
		before, done := s.last[p.ID], make(chan struct{})
		s.last[p.ID] = done
		ack, do = DataAck, func() bool {
			defer close(done)
			if before != nil {
				<-before
			}
			s.h.Data(ctx, p.ID, p.Stream, p.Data)
			return true
		}
	case Signal:
		ack, do = SignalAck, func() bool { s.h.Signal(ctx, p.ID); return true }
	case Close:
		delete(s.last, p.ID)
		ack, do = CloseAck, func() bool { return s.h.Close(ctx, p.ID) }
	default:
		return &PacketError{p.Kind, "only a server sends it"}
	}
	select {
	case s.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.handling.Go(func() {
		defer func() { <-s.places }()
		if do() {
			_ = s.write(Packet{Kind: ack, ID: p.ID})
		}
	})
	return nil
}

// Send writes data of a command, or of the session, as one Data; PowerShell puts
// one fragment into each. It fails once the client is gone.
func (s *Server) Send(id uuid.UUID, data []byte) error {
	return s.write(Packet{Kind: Data, ID: id, Stream: Default, Data: data})
}

// Report writes an error as a server under SSH does: it breaks the session.
func (s *Server) Report(text string) error {
	return s.put([]byte(errorPrefix + excerpt([]byte(text)) + "\n"))
}

func (s *Server) write(p Packet) error { return s.put(p.Append(nil)) }

func (s *Server) put(line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		_, s.err = s.out.Write(line)
	}
	return s.err
}
