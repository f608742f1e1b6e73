package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// fps is the most frames in a second: at 120 a key is on screen a tick earlier
// than at the usual 60.
const fps = 120

// wheelPause is the least time between two steps of the wheel that are taken.
const wheelPause = 16 * time.Millisecond

// RunOn shows the deck on the sessions of m and leaves none behind.
func RunOn(ctx context.Context, m *session.Manager, cfg Config) error {
	if cfg.Connector == nil {
		cfg.Connector = Sessions(m.Connect)
	}
	cfg.CloseAll = m.CloseAll
	cfg.LeaveAll = func(ctx context.Context) error {
		_, err := m.LeaveAll(ctx)
		return err
	}
	cfg.Home = func(c *session.Cmdlets) Runner { return Local(c.Home()) }
	return Run(ctx, cfg)
}

// Run shows the deck until it is quit. However it ends (quit, a signal, a
// panic, the end of ctx), the terminal is put back and every session is closed.
func Run(ctx context.Context, cfg Config, opts ...tea.ProgramOption) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	a := New(cfg)
	all := append([]tea.ProgramOption{tea.WithFPS(fps), tea.WithFilter(wheelFilter()), tea.WithoutSignalHandler()}, opts...)
	p := tea.NewProgram(a, all...)
	quit := context.AfterFunc(ctx, p.Quit)
	defer quit()
	_, err := p.Run()
	if len(hangup) > 0 && cfg.LeaveAll != nil {
		a.cfg.CloseAll = cfg.LeaveAll // the person is gone, not the work
	}
	if closeErr := a.closeEverything(); err == nil {
		err = closeErr
	}
	a.cancel()
	if errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("showing the deck: %w", err)
	}
	return nil
}

// wheelFilter lets one step of the wheel through in a while: a fast wheel sends hundreds.
func wheelFilter() func(tea.Model, tea.Msg) tea.Msg {
	var last time.Time
	return func(_ tea.Model, msg tea.Msg) tea.Msg {
		switch msg.(type) {
		case tea.MouseMotionMsg:
			return nil
		case tea.MouseWheelMsg:
			now := time.Now()
			if now.Sub(last) < wheelPause {
				return nil
			}
			last = now
		}
		return msg
	}
}

// closedMsg says that all sessions are closed, or that there was no more time.
type closedMsg struct{ err error }

// quit closes all sessions, with a line that says so, and then the program.
func (a *App) quit() tea.Cmd {
	n := 0
	for _, t := range a.tabs {
		if t.attempt != nil {
			t.attempt.cancel()
		}
		if t.live != nil && !t.dead {
			n++
		}
	}
	if a.wizard != nil && a.wizard.attempt != nil {
		a.wizard.attempt.cancel()
	}
	a.closing = textGoodbye
	if n > 0 {
		a.closing = fmt.Sprintf(textClosing, counted(n, "session", "sessions"))
	}
	sessions := a.sessions()
	return func() tea.Msg { return closedMsg{a.closeSessions(sessions)} }
}

// sessions are those of all tabs.
func (a *App) sessions() []Session {
	var list []Session
	for _, t := range a.tabs {
		if t.live != nil {
			list = append(list, t.live)
		}
	}
	return list
}

// closeEverything is for after the program's end, when nothing else touches the model.
func (a *App) closeEverything() error { return a.closeSessions(a.sessions()) }

// closeSessions closes all of them at once, within the time there is.
func (a *App) closeSessions(list []Session) error {
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.CloseTimeout)
	defer cancel()
	if a.cfg.CloseAll != nil {
		return a.cfg.CloseAll(ctx)
	}
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, s := range list {
		all.Go(func() {
			if s.State() != session.Closed {
				errs[i] = s.Close(ctx)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func homeTarget() session.Target { return session.Target{Name: textHome} }
