package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"

	"github.com/google/uuid"

	"psdeck/session/outproc"
	"psdeck/session/psrp"
)

// ServeStdio serves one session on a pair of streams, as pwsh -s does on its
// standard streams, until the client ends its own (nil) or says what no client
// says. complain takes what a server writes to its error output; nil: nobody.
// To end it from outside, end ctx and close r.
func (s *Server) ServeStdio(ctx context.Context, r io.Reader, w io.Writer, id Identity, target *url.URL, complain func(text string)) error {
	if complain == nil {
		complain = func(string) {}
	}
	now := s.cfg.Now()
	sh := &shell{
		server: s, id: strings.ToUpper(uuid.NewString()), owner: id, target: target,
		psrp: psrp.NewServer(psrp.ServerConfig{Protocol: s.cfg.Protocol, FragmentSize: outproc.MaxData}), out: newOutbox(),
		commands: map[string]*command{}, pipelines: map[uuid.UUID]*command{}, created: now, used: now, received: now,
		parked: 1, // its client is always there
	}
	sh.ctx, sh.cancel = context.WithCancel(ctx)
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		sh.cancel()
		return errOver
	}
	defer context.AfterFunc(s.ctx, sh.cancel)()
	s.shells[sh.key()] = sh
	s.mu.Unlock()
	t := &stdio{shell: sh, complain: complain}
	t.out = outproc.NewServer(r, w, t)
	t.pumps.Go(func() { t.pump(uuid.Nil, sh.out) })
	err := t.out.Serve(sh.ctx)
	s.mu.Lock()
	delete(s.shells, sh.key())
	s.mu.Unlock()
	sh.close(faultAborted())
	t.pumps.Wait()
	if err != nil {
		complain(err.Error())
	}
	return err
}

// stdio is a shell whose client is at the other end of two streams.
type stdio struct {
	*shell
	out      *outproc.Server
	complain func(string)
	pumps    sync.WaitGroup
	flushed  sync.Map // by command: a channel that is closed when all was written
}

// pump writes what a command, or the pool, has to say, a fragment in each Data.
func (t *stdio) pump(id uuid.UUID, from *outbox) {
	for {
		if fault, err := from.wait(context.Background()); fault != nil || err != nil {
			return
		}
		fragments, done := from.take(outproc.MaxData)
		for _, f := range fragments {
			if err := t.out.Send(id, f); err != nil {
				from.end(faultAborted()) // whoever writes learns that nobody reads
				return
			}
		}
		if done {
			return
		}
	}
}

// Command implements [outproc.Handler].
func (t *stdio) Command(_ context.Context, id uuid.UUID) {
	c := &command{shell: t.shell, id: id.String(), uid: id, out: newOutbox(), input: newInputQueue(), answers: map[int64]chan psrp.HostResponse{}}
	c.ctx, c.stop = context.WithCancel(t.ctx)
	if fault := t.addCommand(c); fault != nil {
		c.stop()
		t.complain(fault.Reason)
		return
	}
	flushed := make(chan struct{})
	t.flushed.Store(id, flushed)
	t.pumps.Go(func() {
		defer close(flushed)
		t.pump(id, c.out)
	})
}

// Data implements [outproc.Handler]. A fragment that cannot be joined spoils its
// own command, and the session goes on.
func (t *stdio) Data(_ context.Context, id uuid.UUID, stream outproc.Stream, data []byte) {
	name := psrp.StreamStdin
	if stream == outproc.PromptResponse {
		name = psrp.StreamPromptResponse
	}
	if fault := t.feed(id, name, data); fault != nil {
		t.complain(fault.Reason)
	}
}

// Signal implements [outproc.Handler]: what the pipeline still says, its state
// too, is written before the acknowledgement.
func (t *stdio) Signal(ctx context.Context, id uuid.UUID) {
	if c := t.command(id.String()); c != nil {
		t.halt(ctx, c)
	}
}

// halt stops a command and waits until it has said so.
func (t *stdio) halt(ctx context.Context, c *command) {
	c.stop()
	c.mu.Lock()
	begun := c.pipeline != uuid.Nil
	c.mu.Unlock()
	flushed, ok := t.flushed.Load(c.uid)
	if !begun || !ok {
		return
	}
	select {
	case <-flushed.(chan struct{}):
	case <-ctx.Done():
	}
}

// Close implements [outproc.Handler]. The session is closed, and its closing
// acknowledged, only where no command is left.
func (t *stdio) Close(ctx context.Context, id uuid.UUID) bool {
	if id != uuid.Nil {
		if c := t.command(id.String()); c != nil {
			t.halt(ctx, c)
			t.terminate(c, faultNoCommand())
			t.flushed.Delete(id)
		}
		return true
	}
	t.mu.Lock()
	left := len(t.commands)
	t.mu.Unlock()
	if left > 0 {
		t.complain(fmt.Sprintf("the session is closed with %d commands left", left))
		return false
	}
	for _, state := range []psrp.PoolState{psrp.PoolClosing, psrp.PoolClosed} {
		for _, f := range t.psrp.PoolState(state, nil).Fragments {
			if err := t.out.Send(uuid.Nil, f); errors.Is(err, io.ErrClosedPipe) {
				return false
			}
		}
	}
	return true
}
