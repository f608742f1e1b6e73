package endpoint

import (
	"context"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// pool hands out runspaces, up to a limit.
type pool struct {
	mu      sync.Mutex
	opts    runspace.Options
	max     int
	busy    int
	free    []*runspace.Runspace
	changed chan struct{}
}

func newPool(o runspace.Options, limit int) *pool {
	return &pool{opts: o, max: max(limit, 1), changed: make(chan struct{})}
}

// acquire waits for a runspace.
func (p *pool) acquire(ctx context.Context) (*runspace.Runspace, error) {
	for {
		p.mu.Lock()
		if p.busy < p.max {
			p.busy++
			var r *runspace.Runspace
			if n := len(p.free); n > 0 {
				r, p.free = p.free[n-1], p.free[:n-1]
			} else {
				r = runspace.NewRunspace(p.opts)
			}
			p.mu.Unlock()
			return r, nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *pool) release(r *runspace.Runspace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.free = append(p.free, r)
	p.wake()
}

func (p *pool) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// resize sets how many pipelines may run at once.
func (p *pool) resize(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n < 1 {
		return false
	}
	p.max = n
	p.wake()
	return true
}

// limit is how many pipelines may run at once.
func (p *pool) limit() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.max
}

// reset makes all runspaces forget their variables, if none is busy.
func (p *pool) reset() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy > 0 {
		return false
	}
	for _, r := range p.free {
		r.Reset()
	}
	return true
}

func (p *pool) available() int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int32(p.max - p.busy)
}

// poolRequest answers a pool operation.
func (sh *shell) poolRequest(e psrp.PoolRequest) {
	sh.mu.Lock()
	p := sh.pool
	sh.mu.Unlock()
	if p == nil {
		return
	}
	var v clixml.Value
	switch e.Kind {
	case psrp.SetMaxRunspaces:
		v = clixml.Bool(p.resize(e.Value))
	case psrp.SetMinRunspaces:
		p.mu.Lock()
		v = clixml.Bool(e.Value >= 1 && e.Value <= p.max)
		p.mu.Unlock()
	case psrp.ResetRunspaceState:
		v = clixml.Bool(p.reset())
	default:
		v = clixml.Int32(p.available())
	}
	if out, err := sh.psrp.Availability(e.CallID, v); err == nil {
		sh.tell(out)
	}
}
