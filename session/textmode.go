package session

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
	"psdeck/session/winrs"
	"psdeck/session/wsman"
)

// textRunner runs command lines on a server that gives text only.
type textRunner interface {
	Run(ctx context.Context, line string) (*winrs.Process, error)
	Close(ctx context.Context) error
}

// overWinRS is the Windows Remote Shell, for hosts whose PowerShell endpoint is closed.
type overWinRS struct {
	wsman  *wsman.Client
	client *winrs.Client
}

func (t *overWinRS) Run(ctx context.Context, line string) (*winrs.Process, error) {
	return t.start(ctx, winrs.Command{Line: line, PowerShell: true})
}

// start starts a command. Once the server has read the Create it has a shell
// that only its answer tells of. So starting is not given up when ctx ends: it
// is finished, as long as a cancellation may take, and then the command ended.
func (t *overWinRS) start(ctx context.Context, cmd winrs.Command) (*winrs.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	started := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer end()
		patience := time.NewTimer(orDefault(t.wsman.CancelTimeout(), wsman.DefaultCancelTimeout))
		defer patience.Stop()
		select {
		case <-started:
		case <-patience.C:
		}
	})
	proc, err := t.client.Run(life, cmd)
	close(started)
	if err != nil && release() {
		end()
	}
	return proc, err
}

// check runs nothing, in a shell: who may not, or where there are no shells, is
// told at once and not at the first line.
func (t *overWinRS) check(ctx context.Context) error {
	proc, err := t.start(ctx, winrs.Command{Line: "exit 0"})
	if err == nil {
		_, err = proc.Wait()
	}
	return err
}

// noShell adds what to do where a server offers no Windows Remote Shell.
func noShell(host string, err error) error {
	var f *wsman.Fault
	if !errors.As(err, &f) || !f.IsInvalidResource() {
		return err
	}
	return &Error{
		Doing: "opening a session on " + host, Err: err, Class: ClassConnect,
		Hints: []string{"this server offers no Windows Remote Shell; leave --transport winrs out"},
	}
}

func (t *overWinRS) Close(context.Context) error {
	t.wsman.Close()
	return nil
}

// openText opens a session that runs lines and gives text.
func (cn *connecting) openText(ctx context.Context, s *Session) error {
	client, err := cn.wsmanClient()
	if err != nil {
		return err
	}
	t := &overWinRS{client, winrs.New(client)}
	s.text = t
	ctx, cancel := within(ctx, cn.target.Options.OpenTimeout, wsman.DefaultOpenTimeout)
	defer cancel()
	if err := t.check(ctx); err != nil {
		return noShell(cn.endpoint.uri.Host, err)
	}
	s.mu.Lock()
	s.become(Opened)
	s.caps = Capabilities{TextOnly: true, LanguageMode: "FullLanguage"}
	s.mu.Unlock()
	cn.watch(Noted{Text: "text only: this session runs lines through the Windows Remote Shell and gives no objects", Important: true})
	return nil
}

// runText runs a line and gives its output line by line.
func (s *Session) runText(ctx context.Context, run *Run, line string) (Outcome, error) {
	if err := s.log(run.id, run.line, StepSent, nil, ""); err != nil {
		return Failed, err
	}
	proc, err := s.text.Run(ctx, line)
	if err != nil {
		return s.notStarted(ctx, run, err)
	}
	_ = s.log(run.id, run.line, StepAccepted, nil, "")
	over := make(chan struct{})
	defer close(over)
	s.spawn(func() {
		select {
		case <-run.stopping:
			_ = proc.Stop(ctx)
		case <-over:
		}
	})
	var readers sync.WaitGroup
	readers.Go(func() {
		eachLine(proc.Stdout, func(text string) { run.emitValues(ctx, []clixml.Value{clixml.Str(text)}) })
	})
	readers.Go(func() {
		eachLine(proc.Stderr, func(text string) {
			if strings.TrimSpace(text) == "" {
				return // a blank line is no error
			}
			run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{Message: text, FullyQualifiedErrorID: "NativeCommandError"}})
		})
	})
	readers.Wait()
	code, err := proc.Wait()
	return s.endedText(ctx, run, code, err)
}

// notStarted tells how a run ended whose line did not start.
func (s *Session) notStarted(ctx context.Context, run *Run, err error) (Outcome, error) {
	var t *wsman.TransportError
	switch {
	case s.ctx.Err() != nil:
		return Lost, ErrClosed
	case ctx.Err() != nil:
		return Stopped, nil
	case errors.As(err, &t) && t.MaybeReceived && t.Operation != "Create":
		return Lost, &LostError{Err: err}
	}
	e := Explain("sending the command", err)
	run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{Message: e.Error()}})
	return Failed, e
}

// noExitCode is what stands for the exit code of a process whose end is unknown.
const noExitCode = -1

// endedText tells how a run ended from what the process says of its end.
func (s *Session) endedText(ctx context.Context, run *Run, code int, err error) (Outcome, error) {
	stopped := errors.Is(err, winrs.ErrStopped)
	switch {
	case err == nil, stopped:
	case code != noExitCode:
		run.emit(ctx, Record{Stream: StreamWarning, Text: "the command has ended, but its shell may be left on the server: " + err.Error()})
	case s.ctx.Err() != nil:
		return Lost, ErrClosed
	case ctx.Err() != nil, run.stopped():
		return Stopped, nil
	default:
		return Lost, &LostError{Objects: run.Result().Objects, Err: err}
	}
	switch {
	case stopped:
		return Stopped, nil
	case code != 0:
		e := &ExitError{code}
		run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{Message: e.Error(), FullyQualifiedErrorID: "NativeCommandFailed"}})
		return Failed, e
	}
	return Completed, nil
}

// ExitError is a line of a text-only session that ended with an exit code.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return "the command ended with exit code " + strconv.Itoa(e.Code) }

// eachLine reads r to its end and gives each line; overlong ones in pieces.
func eachLine(r io.Reader, give func(string)) {
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		b, _, err := br.ReadLine()
		if len(b) > 0 || err == nil {
			give(string(b))
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				give("the output ended early: " + err.Error())
			}
			return
		}
	}
}
