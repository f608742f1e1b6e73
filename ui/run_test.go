package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// terminal is one that nobody types at, for a whole Run outside of a bubble.
func terminal(t *testing.T) []tea.ProgramOption {
	t.Helper()
	in, keyboard := io.Pipe()
	t.Cleanup(func() { _ = keyboard.Close() })
	return []tea.ProgramOption{
		tea.WithInput(in), tea.WithOutput(io.Discard), tea.WithWindowSize(80, 24),
		tea.WithEnvironment([]string{"TERM=xterm-256color"}),
	}
}

func TestRunClosesSessions(t *testing.T) {
	tests := []struct {
		name string
		cfg  func(cancel func()) Config
		want error
	}{
		{"when its context ends", func(cancel func()) Config {
			return Config{Now: func() time.Time { cancel(); return time.Now() }}
		}, nil},
		{"when something panics", func(func()) Config {
			return Config{Now: func() time.Time { panic("a mistake") }}
		}, tea.ErrProgramPanic},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			quiet(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			closed := 0
			cfg := tt.cfg(cancel)
			cfg.Places = newFakeServer().places()
			cfg.CloseAll = func(ctx context.Context) error {
				closed++
				return ctx.Err()
			}
			if err := Run(ctx, cfg, terminal(t)...); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if closed != 1 {
				t.Errorf("the sessions were closed %d times", closed)
			}
		})
	}
}

// quiet keeps the trace of a panic that is made on purpose out of the test's output.
func quiet(t *testing.T) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = null
	t.Cleanup(func() { os.Stderr = old; _ = null.Close() })
}

func TestWheelIsThinnedOut(t *testing.T) {
	filter, taken := wheelFilter(), 0
	for range 100 {
		if filter(nil, tea.MouseWheelMsg{}) != nil {
			taken++
		}
	}
	if taken > 50 {
		t.Errorf("%d of 100 steps were taken at once", taken)
	}
	if filter(nil, tea.MouseMotionMsg{}) != nil || filter(nil, tea.KeyPressMsg{}) == nil {
		t.Error("motion is dropped, keys are not")
	}
}
