package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// LostError says that the connection went away while a command ran: whether
// and how far it ran is unknown, and it is never sent again by itself.
type LostError struct {
	Objects int // complete objects that had arrived
	Err     error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("the connection was lost after object %d; the command may have run: %v", e.Objects, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// NotArrivedError says that a command was lost on its way, and the server has
// told that it does not have it: it did not run.
type NotArrivedError struct{ Err error }

func (e *NotArrivedError) Error() string {
	return fmt.Sprintf("the command did not reach the server, and did not run: %v", e.Err)
}

func (e *NotArrivedError) Unwrap() error { return e.Err }

// pipelineEnd is how a pipeline ended on the server.
type pipelineEnd struct {
	state psrp.PipelineState
	err   *psrp.ErrorRecord
}

// exchange is one pipeline on its way through the transport.
type exchange struct {
	s        *Session
	id       uuid.UUID
	sink     func(psrp.Event)
	accepted func()
	stop     <-chan struct{} // closed: stop the pipeline on the server
	starved  chan struct{}   // closed: the rest of the input cannot be sent
	unfed    error           // why
	objects  int
	limit    int // bytes that the pipeline may send; 0: as many as it likes
	received int
	rejoins  int // of the session, when what came last came
	end      *pipelineEnd
}

// invoke runs a pipeline to its end, feeding every event to sink. It returns an
// error only where the server did not say how the pipeline ended.
func (s *Session) invoke(ctx context.Context, p psrp.Pipeline, input source, x *exchange) (pipelineEnd, error) {
	var id uuid.UUID
	var out psrp.Outgoing
	if err := s.ready(ctx, x.stop); err != nil {
		return pipelineEnd{}, err
	}
	err := s.withKey(ctx, x.stop, func() (err error) {
		id, out, err = s.client.CreatePipeline(p)
		return err
	})
	if err != nil {
		return pipelineEnd{}, err
	}
	if p.NoInput {
		input = nil
	}
	return s.exchange(ctx, id, out, input, x)
}

// ready waits while a lost connection is looked for, but not beyond stop.
func (s *Session) ready(ctx context.Context, stop <-chan struct{}) error {
	if s.State() != Interrupted {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.spawn(func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	})
	return s.transport.Ready(ctx)
}

// exchange is invoke for a request that is made; a nil input says that the
// request wants none.
func (s *Session) exchange(ctx context.Context, id uuid.UUID, out psrp.Outgoing, input source, x *exchange) (pipelineEnd, error) {
	defer s.client.Forget(id)
	if err := s.transport.Start(ctx, out); err != nil {
		return pipelineEnd{}, err
	}
	if x.accepted != nil {
		x.accepted()
	}
	return s.follow(ctx, id, input, x)
}

// follow reads what a pipeline says until it ends.
func (s *Session) follow(ctx context.Context, id uuid.UUID, input source, x *exchange) (pipelineEnd, error) {
	x.s, x.id, x.starved, x.rejoins = s, id, make(chan struct{}), s.joinedAnew()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := make(chan struct{})
	s.spawn(func() { defer close(watch); x.watchStop(ctx, cancel) })
	var feed chan struct{}
	if input != nil {
		feed = make(chan struct{})
		s.spawn(func() { defer close(feed); x.feed(ctx, input) })
	}
	err := x.receive(ctx)
	cancel()
	<-watch
	if feed != nil {
		<-feed
	}
	s.endPipeline(id)
	switch {
	case x.unfed != nil && (x.end != nil || err == nil):
		return pipelineEnd{psrp.PipelineFailed, &psrp.ErrorRecord{Message: x.unfed.Error(), FullyQualifiedErrorID: "PipelineInputNotSent"}}, nil
	case x.end != nil:
		s.heed(x.end.err)
		return *x.end, nil
	case err == nil && x.stopAsked() && s.ctx.Err() == nil:
		return pipelineEnd{state: psrp.PipelineStopped}, nil
	case err == nil:
		err = errors.New("the server ended the command without saying how")
	}
	return pipelineEnd{}, &LostError{Objects: x.objects, Err: err}
}

func (x *exchange) stopAsked() bool {
	select {
	case <-x.stop:
		return true
	default:
		return false
	}
}

// receive reads until the pipeline has said how it ended.
func (x *exchange) receive(ctx context.Context) error {
	for {
		data, ended, err := x.s.transport.Receive(ctx, x.id)
		if err != nil {
			return err
		}
		x.noteJoined()
		for _, chunk := range data {
			chunk, over := x.within(chunk)
			if err := x.take(chunk); err != nil {
				return err
			}
			if over && x.end == nil {
				x.end = tooMuch(x.limit)
			}
			if over {
				return nil
			}
		}
		if x.end != nil || ended {
			x.noteJoined()
			return nil
		}
	}
}

// noteJoined warns where the session was joined anew since the last answer.
func (x *exchange) noteJoined() {
	if n := x.s.joinedAnew(); n != x.rejoins {
		x.rejoins = n
		x.sink(psrp.WarningReceived{From: psrp.From{PipelineID: x.id}, Record: psrp.InformationalRecord{Message: outputMayMiss}})
	}
}

// portion is how many bytes are decoded before what they hold is handed on: the
// first objects of a large answer do not wait for its last ones.
const portion = 16 << 10

func (x *exchange) take(data []byte) error {
	for part := range slices.Chunk(data, portion) {
		events, err := x.s.client.Feed(x.id, part)
		for _, ev := range events {
			x.event(ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// within is as much of the chunk as the pipeline may still send: the objects
// that are whole by then are kept. over tells that there was more.
func (x *exchange) within(chunk []byte) (part []byte, over bool) {
	left := x.limit - x.received
	x.received += len(chunk)
	if x.limit <= 0 || len(chunk) <= left {
		return chunk, false
	}
	return chunk[:left], true
}

// tooMuch ends a pipeline that has sent more than
// MaximumReceivedDataSizePerCommand allows, in PowerShell's words.
func tooMuch(limit int) *pipelineEnd {
	return &pipelineEnd{psrp.PipelineFailed, &psrp.ErrorRecord{
		Message:               fmt.Sprintf("The total data received from the remote server exceeded the allowed maximum. The allowed maximum is %d.", limit),
		FullyQualifiedErrorID: "PSSessionStateBroken", ExceptionType: "System.Management.Automation.Remoting.PSRemotingTransportException",
		RecommendedAction: "what came before is kept; raise MaximumReceivedDataSizePerCommand or ask for less",
	}}
}

func (x *exchange) event(ev psrp.Event) {
	switch ev := ev.(type) {
	case psrp.Output:
		x.objects++
	case psrp.PipelineStateChanged:
		// The first end counts: behind a message that could not be understood a
		// server may well say that all went well.
		if ev.State.Over() && x.end == nil {
			x.end = &pipelineEnd{ev.State, ev.Error}
		}
	case psrp.DecodeFailed:
		x.end = &pipelineEnd{psrp.PipelineFailed, &psrp.ErrorRecord{
			Message:               fmt.Sprintf("a message of the server (%s) could not be understood: %v", ev.Type, ev.Err),
			FullyQualifiedErrorID: "PSRemotingMessageNotUnderstood",
		}}
	}
	x.sink(ev)
}

// source gives the next object of a pipeline's input; false after the last, and
// when ctx ends.
type source func(ctx context.Context) (clixml.Value, bool)

// none is the input of a pipeline that takes some and gets none.
func none(context.Context) (clixml.Value, bool) { return clixml.Null(), false }

// feed sends the input. Where that fails the server would wait for the rest for
// ever, so the pipeline is stopped.
func (x *exchange) feed(ctx context.Context, input source) {
	if err := x.input(ctx, input); err != nil && ctx.Err() == nil {
		x.unfed = err
		close(x.starved)
	}
}

// input sends the values and the end of the input.
func (x *exchange) input(ctx context.Context, next source) error {
	for {
		v, ok := next(ctx)
		if !ok {
			break
		}
		var out psrp.Outgoing
		err := x.s.withKey(ctx, x.stop, func() (err error) {
			out, err = x.s.client.Input(x.id, v)
			return err
		})
		if err == nil {
			err = x.s.transport.Send(ctx, out)
		}
		if err != nil {
			return fmt.Errorf("sending pipeline input: %w", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	out, err := x.s.client.EndInput(x.id)
	if err != nil {
		return err
	}
	return x.s.transport.Send(ctx, out)
}

// watchStop waits for Stop and asks the server to stop. A server that has not
// ended the pipeline after the cancel timeout is not waited for any longer.
func (x *exchange) watchStop(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-ctx.Done():
		return
	case <-x.stop:
	case <-x.starved:
	}
	stopCtx, done := context.WithTimeout(ctx, x.s.cancelTimeout())
	defer done()
	err := x.s.transport.Stop(stopCtx, x.id)
	if err != nil && !errors.Is(err, context.Canceled) {
		cancel()
		return
	}
	<-stopCtx.Done()
	if ctx.Err() == nil {
		cancel()
	}
}

// endPipeline frees the command on the server. It is not part of the caller's
// work: a lost End costs the server a little, the caller nothing.
func (s *Session) endPipeline(id uuid.UUID) {
	s.ending.Add(1)
	s.spawn(func() {
		defer s.ending.Done()
		ctx, cancel := context.WithTimeout(s.ctx, s.cancelTimeout())
		defer cancel()
		_ = s.transport.End(ctx, id)
	})
}

func (s *Session) cancelTimeout() time.Duration {
	return orDefault(s.target.Options.CancelTimeout, wsman.DefaultCancelTimeout)
}
