package winrs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/masterzen/winrm"

	"psdeck/session/wsman"
)

// Process is a command under way, or one that has ended. Both streams should be
// read: the process is held up when 8 MiB of one are waiting, unless Wait has
// been called.
type Process struct {
	Stdout, Stderr io.Reader

	stdout, stderr *buffer
	shell          *winrm.Shell
	command        *winrm.Command
	cancel         context.CancelFunc // ends the process's context

	stop     sync.Once
	stopping chan struct{}
	done     chan struct{} // closed once the shell is gone; then exit and err are set
	exit     int
	err      error
}

func newProcess(shell *winrm.Shell, command *winrm.Command) *Process {
	p := &Process{
		stdout: newBuffer(), stderr: newBuffer(), shell: shell, command: command,
		stopping: make(chan struct{}), done: make(chan struct{}),
	}
	p.Stdout, p.Stderr = p.stdout, p.stderr
	return p
}

// supervise follows the process to its end and deletes its shell.
func (p *Process) supervise(ctx context.Context) {
	defer close(p.done)
	defer p.cancel()
	// Nobody need read what a process says whose context is done.
	defer context.AfterFunc(ctx, func() {
		p.stdout.discard()
		p.stderr.discard()
	})()
	ended := make(chan struct{})
	var copying sync.WaitGroup
	copying.Go(func() { p.stdout.fill(p.command.Stdout, p.stdout) })
	copying.Go(func() { p.stderr.fill(p.command.Stderr, &errorText{to: p.stderr}) })
	copying.Go(func() { p.command.Wait(); close(ended) })

	var cut error // why the command was terminated
	select {
	case <-ended:
	case <-ctx.Done():
		cut = fmt.Errorf("winrs: %w", ctx.Err())
	case <-p.stopping:
		cut = ErrStopped
	}
	if cut == nil {
		copying.Wait()
	}
	signal := p.command.Close() // after the end it frees the command on the server
	copying.Wait()
	p.finish(cut, signal, p.shell.Close())
}

// finish sets what Wait returns.
func (p *Process) finish(cut, signal, deletion error) {
	p.exit, p.err = p.command.ExitCode(), p.command.Error()
	switch {
	case errors.Is(cut, ErrStopped) && signal != nil && !isGone(signal):
		p.exit, p.err = -1, fmt.Errorf("winrs: stop command: %w", signal)
	case errors.Is(cut, ErrStopped):
		p.err = cut
	case cut != nil:
		p.exit, p.err = -1, cut
	case p.err != nil:
		p.exit, p.err = -1, fmt.Errorf("winrs: %w", p.err)
	}
	if deletion != nil && !isGone(deletion) {
		p.err = errors.Join(p.err, fmt.Errorf("winrs: delete shell: %w", deletion))
	}
}

// isGone tells a fault that says: what you want to end has ended.
func isGone(err error) bool {
	fault, ok := errors.AsType[*wsman.Fault](err)
	return ok && fault.IsEnd()
}

// Wait waits until the process has ended and its shell is deleted. The exit code
// is -1 where there is none: the connection was lost, or the context done. A
// failed Delete is an error beside a good exit code. Output that is not read
// before Wait is kept in memory, and can be read after it.
func (p *Process) Wait() (exitCode int, err error) {
	p.stdout.unbound()
	p.stderr.unbound()
	<-p.done
	return p.exit, p.err
}

// Stop terminates the command and waits until it has ended; what it has written
// can still be read. When ctx is done first, the process is left to its fate:
// the shell is deleted without waiting for the command.
func (p *Process) Stop(ctx context.Context) error {
	p.stdout.unbound()
	p.stderr.unbound()
	p.stop.Do(func() { close(p.stopping) })
	select {
	case <-p.done:
	case <-ctx.Done():
		p.cancel()
		<-p.done
		return fmt.Errorf("winrs: stop command: %w", ctx.Err())
	}
	if p.err != nil && !errors.Is(p.err, ErrStopped) {
		return p.err
	}
	return nil
}
