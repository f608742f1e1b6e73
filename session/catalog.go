package session

import (
	"context"
	"time"

	"psdeck/session/complete"
	"psdeck/session/psrp"
)

// Catalog is what the session offers: its commands, with their parameters as
// far as the server says them. It is what was known the last time until the
// server was asked anew; nil while nothing is known.
func (s *Session) Catalog() *complete.Catalog { return s.catalog.Load() }

// Learned is closed when the server has answered what it offers, or is not
// asked. Later Catalog changes only by values of parameters that it names in errors.
func (s *Session) Learned() <-chan struct{} { return s.learned }

// learn finds out in the background what the session offers: from the cache at
// once, from the server while no line runs. A line that is typed meanwhile
// goes out at once, and the question is stopped and asked again later.
func (s *Session) learn(store *Catalogs) {
	if store == nil || s.text != nil {
		close(s.learned)
		return
	}
	k := &s.lessons
	k.store, k.key = store, s.catalogKey()
	if cached, age, ok := store.load(k.key); ok {
		k.asked = cached.Asked
		k.remember(cached.Learned, s.now())
		s.catalog.Store(complete.NewCatalog(cached.Commands))
		if age < freshFor {
			close(s.learned)
			return
		}
	}
	s.spawn(func() {
		defer close(s.learned)
		commands, ok := s.askCommands()
		if !ok || len(commands) == 0 {
			return
		}
		s.offer(commands)
		s.keepCatalog()
	})
}

// freshFor is how long a catalog is not asked for again.
const freshFor = 12 * time.Hour

// catalogKey names what decides which commands a session offers: server,
// configuration, its version, tenant and account.
func (s *Session) catalogKey() string {
	p, caps := s.Proof(), s.Capabilities()
	return joinKey(s.uri, s.target.ConfigurationName, s.serverVersion(), caps.Protocol, caps.LanguageMode, p.TenantID, p.Domain, s.account.UserName)
}

// serverVersion is the PowerShell that the server says it is; "" where it says nothing.
func (s *Session) serverVersion() string {
	said := s.PrivateData()
	if said == nil {
		return ""
	}
	table, _ := said.Lookup("PSVersionTable")
	if table.Object() == nil {
		return ""
	}
	version, _ := table.Object().Lookup("PSVersion")
	return version.String()
}

// askCommands asks until the server has answered or refused; false where the
// session has ended first.
func (s *Session) askCommands() ([]*complete.Command, bool) {
	var described, offered []*complete.Command
	steps := []struct {
		into *[]*complete.Command
		ask  func(x *exchange) (pipelineEnd, error)
	}{
		{&described, func(x *exchange) (pipelineEnd, error) { return s.invoke(s.ctx, describeCommands(), none, x) }},
		{&offered, s.askMetadata},
	}
	for i, step := range steps {
		if i > 0 && s.asScript(SendAuto) {
			break // it would send all that PowerShell itself has; that is known
		}
		var ok bool
		if *step.into, ok = s.whileIdle(step.ask); !ok {
			return nil, false
		}
	}
	return mergeCommands(described, offered), true
}

// describeCommands is the question that a restricted endpoint answers, too.
func describeCommands() psrp.Pipeline {
	return psrp.Commands(psrp.Command{Name: "Get-Command"})
}

func (s *Session) askMetadata(x *exchange) (pipelineEnd, error) {
	id, out, err := s.client.GetCommandMetadata([]string{"*"}, psrp.CommandAlias|psrp.CommandFunction|psrp.CommandCmdlet, nil)
	if err != nil {
		return pipelineEnd{}, err
	}
	return s.exchange(s.ctx, id, out, nil, x)
}

// catalogMost bounds what a server may say of its commands.
const catalogMost = 32 << 20

// whileIdle asks a question while no line runs or waits, as often as lines
// come between. What is refused gives nothing.
func (s *Session) whileIdle(ask func(*exchange) (pipelineEnd, error)) ([]*complete.Command, bool) {
	for {
		busy, ok := s.turns.quiet(s.ctx)
		if !ok {
			return nil, false
		}
		var found []*complete.Command
		end, err := ask(&exchange{stop: busy, limit: catalogMost, sink: func(ev psrp.Event) {
			switch ev := ev.(type) {
			case psrp.Output:
				if c := commandOf(ev.Value); c != nil {
					found = append(found, c)
				}
			case psrp.HostCallReceived:
				s.answerUnasked(ev.Call)
			}
		}})
		switch {
		case err != nil:
			return nil, s.ctx.Err() == nil
		case end.state == psrp.PipelineStopped:
			continue
		case end.state != psrp.PipelineCompleted:
			return nil, true
		}
		return found, true
	}
}

// quiet waits until no line runs or waits; busy is closed when one comes.
func (q *turns) quiet(ctx context.Context) (busy <-chan struct{}, ok bool) {
	for {
		q.mu.Lock()
		if q.taken == 0 && len(q.waiting) == 0 {
			if q.entered == nil {
				q.entered = make(chan struct{})
			}
			busy = q.entered
			q.mu.Unlock()
			return busy, ctx.Err() == nil
		}
		if q.free == nil {
			q.free = make(chan struct{})
		}
		free := q.free
		q.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return nil, false
		}
	}
}
