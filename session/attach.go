package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"psdeck/session/psrp"
	"psdeck/session/safetext"
	"psdeck/session/wsman"
)

// attachable is the id of the shell to join.
func (cn *connecting) attachable() (uuid.UUID, error) {
	if isStdio(cn.endpoint.uri) || cn.target.Transport == "winrs" {
		return uuid.Nil, usageError("joining a session", "only sessions over WS-Management can be joined")
	}
	id, err := uuid.Parse(cn.target.Attach)
	if err != nil {
		return uuid.Nil, usageError("joining a session", fmt.Sprintf("%q is no id of a session", safetext.Clean(cn.target.Attach)),
			"psdeck sessions list shows those that are there")
	}
	return id, nil
}

// attach joins the shell on the server, and the commands that run in it.
func (s *Session) attach(ctx context.Context) error {
	t := s.transport.(*overWSMan)
	shell := t.client.Attach(wsman.ShellInfo{ID: strings.ToUpper(s.id)})
	t.hold(shell)
	err := s.join(func(connectXML []byte) ([]byte, error) { return shell.Connect(ctx, connectXML) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.caps.Protocol, s.doubted = s.client.Protocol(), true
	if s.state == Opening {
		s.become(Opened)
		close(s.opened)
	}
	s.mu.Unlock()
	t.Opened(s.client.Protocol())
	commands, err := shell.Commands(ctx)
	var fault *wsman.Fault
	if errors.As(err, &fault) {
		t.refused("Enumerate", fault)
	} else if err != nil {
		return err
	}
	for _, c := range commands {
		if err := s.adopt(ctx, t, shell, c.ID); err != nil {
			return err
		}
	}
	s.spawn(s.listen)
	if len(commands) == 0 {
		return s.askLanguageMode(ctx)
	}
	return nil
}

// adopt joins a command that runs in the shell, and makes a run of it.
func (s *Session) adopt(ctx context.Context, t *overWSMan, shell *wsman.Shell, id uuid.UUID) error {
	s.client.Join(id)
	err := shell.ConnectCommand(ctx, id)
	var fault *wsman.Fault
	if errors.As(err, &fault) {
		s.client.Forget(id)
		return nil // it has ended meanwhile
	}
	if err != nil {
		return err
	}
	t.runs(id)
	run := newRun(id.String(), "", s.now)
	s.mu.Lock()
	s.rejoined = append(s.rejoined, run)
	s.mu.Unlock()
	s.begin(func(turn *turn) { s.followAdopted(run, id, turn) })
	return nil
}

// Rejoined are the commands that ran in the session when [Target.Attach] joined
// it, with their output from then on. What they were called, the server does
// not tell. Lines wait until they have ended.
func (s *Session) Rejoined() []*Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Run(nil), s.rejoined...)
}

func (s *Session) followAdopted(run *Run, id uuid.UUID, t *turn) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	if !s.acquire(ctx, run, t) {
		run.finish(Stopped, nil)
		return
	}
	defer s.client.Forget(id)
	out := &stepOutput{ctx: ctx, run: run, st: &step{}, stop: make(chan struct{})}
	s.spawn(func() {
		select {
		case <-run.stopping:
			out.halt()
		case <-ctx.Done():
		}
	})
	x := &exchange{stop: out.stop, sink: func(ev psrp.Event) { s.event(ctx, run, out, ev) }}
	end, err := s.follow(s.ctx, id, nil, x)
	run.flushHost(ctx)
	if err != nil {
		outcome, err := s.broke(run, out, true, err)
		s.conclude(run, outcome, err)
		return
	}
	outcome, err := outcomeOf(ctx, run, out, end)
	s.conclude(run, outcome, err)
}
