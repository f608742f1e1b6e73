package session

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// errTextOnly is the answer to what only a runspace pool can do.
var errTextOnly = errors.New("this session carries text only")

// poolCalls are the operations of the pool that wait for the server's answer.
type poolCalls struct {
	mu      sync.Mutex
	waiting map[int64]chan clixml.Value // by call id
}

func (p *poolCalls) expect(id int64) <-chan clixml.Value {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = make(map[int64]chan clixml.Value)
	}
	answer := make(chan clixml.Value, 1)
	p.waiting[id] = answer
	return answer
}

func (p *poolCalls) forget(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, id)
}

// answered hands an answer to the operation that waits for it; one that nobody
// waits for is dropped.
func (p *poolCalls) answered(a psrp.Availability) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer := p.waiting[a.CallID]; answer != nil {
		delete(p.waiting, a.CallID)
		answer <- a.Value
	}
}

// poolCall sends an operation of the pool and waits for its answer.
func (s *Session) poolCall(ctx context.Context, doing string, ask func() (int64, psrp.Outgoing, error)) (clixml.Value, error) {
	if s.client == nil {
		return clixml.Null(), fmt.Errorf("%s: %w", doing, errTextOnly)
	}
	if st := s.State(); !st.alive() {
		return clixml.Null(), s.gone(st)
	}
	if err := s.ready(ctx, nil); err != nil {
		return clixml.Null(), fmt.Errorf("%s: %w", doing, err)
	}
	id, out, err := ask()
	if err != nil {
		return clixml.Null(), fmt.Errorf("%s: %w", doing, err)
	}
	answer := s.calls.expect(id)
	defer s.calls.forget(id)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if err := s.transport.Send(ctx, out); err != nil {
		return clixml.Null(), fmt.Errorf("%s: %w", doing, err)
	}
	select {
	case v := <-answer:
		return v, nil
	case <-s.ended:
		return clixml.Null(), fmt.Errorf("%s: %w", doing, ErrClosed)
	case <-ctx.Done():
		if s.ctx.Err() != nil {
			return clixml.Null(), fmt.Errorf("%s: %w", doing, ErrClosed)
		}
		return clixml.Null(), fmt.Errorf("%s: %w", doing, ctx.Err())
	}
}

// granted is poolCall for what a server grants or does not.
func (s *Session) granted(ctx context.Context, doing string, ask func() (int64, psrp.Outgoing, error)) error {
	v, err := s.poolCall(ctx, doing, ask)
	if err == nil && !v.True() {
		err = fmt.Errorf("%s: the server refuses", doing)
	}
	return err
}

// Reset makes the server's runspaces forget their variables, as
// Runspace.ResetRunspaceState does. Servers before protocol 2.3 cannot, and one
// that is busy refuses. Variables of lines that ran here are kept.
// [MS-PSRP] 2.2.2.30
func (s *Session) Reset(ctx context.Context) error {
	return s.granted(ctx, "resetting the runspace", func() (int64, psrp.Outgoing, error) { return s.client.Reset() })
}

// SetRunspaces changes how many runspaces the server keeps open and how many it
// opens: as many lines run at once, from then on. [MS-PSRP] 2.2.2.6, 2.2.2.7
func (s *Session) SetRunspaces(ctx context.Context, minimum, maximum int) error {
	const doing = "changing the number of runspaces"
	if minimum < 1 || maximum < minimum {
		return fmt.Errorf("%s: from %d to %d there is none", doing, minimum, maximum)
	}
	if err := s.resizing.acquire(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer s.resizing.release()
	most := func() error {
		err := s.granted(ctx, doing, func() (int64, psrp.Outgoing, error) { return s.client.SetMaxRunspaces(maximum) })
		if err == nil {
			s.turns.resize(maximum)
		}
		return err
	}
	least := func() error {
		return s.granted(ctx, doing, func() (int64, psrp.Outgoing, error) { return s.client.SetMinRunspaces(minimum) })
	}
	// Neither limit may pass the other on the way.
	first, second := most, least
	if maximum < s.turns.limit() {
		first, second = least, most
	}
	if err := first(); err != nil {
		return err
	}
	return second()
}

// AvailableRunspaces asks how many pipelines the server could start at once.
// [MS-PSRP] 2.2.2.11
func (s *Session) AvailableRunspaces(ctx context.Context) (int, error) {
	const doing = "asking for free runspaces"
	v, err := s.poolCall(ctx, doing, func() (int64, psrp.Outgoing, error) { return s.client.AvailableRunspaces() })
	if err != nil {
		return 0, err
	}
	n, ok := v.Int()
	if !ok {
		return 0, fmt.Errorf("%s: the answer is no number", doing)
	}
	return int(n), nil
}

// PrivateData is what the server said of itself at opening
// (ApplicationPrivateData, PSVersionTable among it); nil where it said nothing.
func (s *Session) PrivateData() *clixml.Object {
	if s.client == nil {
		return nil
	}
	return s.client.PrivateData()
}

// CommandMetadata asks for the commands that a query matches, with their
// parameters, as Import-PSSession does before it makes proxies.
// [MS-PSRP] 2.2.2.14
func (s *Session) CommandMetadata(ctx context.Context, q psrp.CommandMetadata) ([]clixml.Value, error) {
	const doing = "asking for the server's commands"
	if s.client == nil {
		return nil, fmt.Errorf("%s: %w", doing, errTextOnly)
	}
	if st := s.State(); !st.alive() {
		return nil, s.gone(st)
	}
	if err := s.ready(ctx, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	id, out, err := s.client.QueryCommands(q)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	var found []clixml.Value
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	stop := make(chan struct{})
	defer context.AfterFunc(ctx, func() { close(stop) })()
	end, err := s.exchange(ctx, id, out, nil, &exchange{stop: stop, sink: func(ev psrp.Event) {
		if o, ok := ev.(psrp.Output); ok {
			found = append(found, o.Value)
		}
	}})
	switch {
	case ctx.Err() != nil && s.ctx.Err() == nil:
		return nil, fmt.Errorf("%s: %w", doing, ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("%s: %w", doing, err)
	case end.state != psrp.PipelineCompleted && end.err != nil:
		return nil, fmt.Errorf("%s: %w", doing, end.err)
	case end.state != psrp.PipelineCompleted:
		return nil, fmt.Errorf("%s: the query ended as %s", doing, end.state)
	case len(found) == 0:
		return nil, fmt.Errorf("%s: the server answered nothing", doing)
	}
	return found[1:], nil // the first object is their count
}
