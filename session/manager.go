package session

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Manager keeps the live sessions of a process, so that none is left behind:
// a shell that nobody deletes blocks its owner's quota for a quarter of an
// hour. It is safe for concurrent use.
type Manager struct {
	connector *Connector

	mu       sync.Mutex
	sessions []*Session
	closed   bool
}

// NewManager makes a manager of sessions that c opens.
func NewManager(c *Connector) *Manager { return &Manager{connector: c} }

// Connect opens a session and keeps it until it is closed.
func (m *Manager) Connect(ctx context.Context, t Target, watch func(Event)) (*Session, error) {
	s, err := m.connector.Connect(ctx, t, watch)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.sessions = append(m.sessions, s)
	}
	m.mu.Unlock()
	if closed {
		_ = s.Close(context.WithoutCancel(ctx))
		return nil, ErrClosed
	}
	s.learn(m.connector.cfg.Catalogs)
	return s, nil
}

// Sessions are the sessions that were opened and not closed, in order.
func (m *Manager) Sessions() []*Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sessions)
}

// Close closes one session; one that is not there is closed already.
func (m *Manager) Close(ctx context.Context, id string) error {
	m.mu.Lock()
	i := slices.IndexFunc(m.sessions, func(s *Session) bool { return s.ID() == id })
	if i < 0 {
		m.mu.Unlock()
		return nil
	}
	s := m.sessions[i]
	m.sessions = slices.Delete(m.sessions, i, i+1)
	m.mu.Unlock()
	return s.Close(ctx)
}

// CloseAll closes every session at once, those that are still connecting
// included, and takes no new ones.
func (m *Manager) CloseAll(ctx context.Context) error {
	return m.endAll(func(s *Session) error { return s.Close(ctx) })
}

// LeaveAll leaves every session on its server where that can be, and closes the
// others: for when the person's connection to this machine went away. left are
// those that were left.
func (m *Manager) LeaveAll(ctx context.Context) (left []*Session, err error) {
	var mu sync.Mutex
	err = m.endAll(func(s *Session) error {
		if s.Disconnect(ctx, 0) != nil {
			return s.Close(ctx)
		}
		mu.Lock()
		defer mu.Unlock()
		left = append(left, s)
		return nil
	})
	return left, err
}

func (m *Manager) endAll(end func(*Session) error) error {
	m.mu.Lock()
	sessions := m.sessions
	m.sessions, m.closed = nil, true
	m.mu.Unlock()
	errs := make([]error, len(sessions))
	var wg sync.WaitGroup
	for i, s := range sessions {
		wg.Go(func() { errs[i] = end(s) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
