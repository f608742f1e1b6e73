package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Grace is how long a program may take to end by itself after its input has.
const Grace = 3 * time.Second

// maxStderr is how much of the error output is kept, in bytes: its beginning and
// its end say most, and this is enough for both.
const maxStderr = 8 << 10

// Process is a running program. Read and Write are its standard output and
// input; Close ends it.
type Process struct {
	name   string
	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	errors tail
	tree   tree

	exited  chan struct{} // closed after err is set
	err     error         // of Wait
	heard   chan struct{} // closed when the error output has ended
	errOut  *os.File
	closing sync.Once
	grace   time.Duration
}

// Start starts a program in this process's environment.
func Start(name string, args ...string) (*Process, error) {
	p := &Process{name: name, cmd: exec.Command(name, args...), exited: make(chan struct{}), heard: make(chan struct{}), grace: Grace}
	if p.cmd.Err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, p.cmd.Err)
	}
	theirs, err := p.pipes()
	if err == nil {
		err = p.tree.start(p.cmd)
	}
	for _, f := range theirs {
		_ = f.Close()
	}
	if err != nil {
		for _, f := range []*os.File{p.in, p.out, p.errOut} {
			if f != nil {
				_ = f.Close()
			}
		}
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.heard)
		_, _ = io.Copy(&p.errors, p.errOut)
	}()
	go func() {
		defer close(p.exited)
		p.err = p.cmd.Wait()
		p.tree.kill(p.cmd.Process) // what it left behind
	}()
	return p, nil
}

// pipes makes the three streams; theirs are the ends of the program.
func (p *Process) pipes() (theirs []*os.File, err error) {
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	stdin, in := pipe()
	out, stdout := pipe()
	errOut, stderr := pipe()
	p.in, p.out, p.errOut = in, out, errOut
	for _, f := range []*os.File{stdin, stdout, stderr} {
		if f != nil {
			theirs = append(theirs, f)
		}
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, stdout, stderr
	return theirs, err
}

// Read reads the program's output.
func (p *Process) Read(b []byte) (int, error) { return p.out.Read(b) }

// Write writes to the program's input.
func (p *Process) Write(b []byte) (int, error) { return p.in.Write(b) }

// PID is the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Close ends the program's input, waits a little for it to end by itself, and
// then kills it and everything that it started. Nothing of it is left after.
func (p *Process) Close() error {
	p.closing.Do(func() {
		_ = p.in.Close()
		patience := time.NewTimer(p.grace)
		defer patience.Stop()
		select {
		case <-p.exited:
		case <-patience.C:
			p.tree.kill(p.cmd.Process)
			<-p.exited
		}
		_ = p.out.Close()
		_ = p.errOut.Close()
		<-p.heard
		p.tree.release()
	})
	return nil
}

// Explain adds the program's end and error output to an error of its streams.
// It waits a little for both: a program that has closed its output is ending.
func (p *Process) Explain(err error) error {
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	select {
	case <-p.exited:
		select {
		case <-p.heard:
		case <-patience.C:
		}
	case <-patience.C:
	}
	return &Error{Name: p.name, Exit: p.exit(), Stderr: p.errors.text(), Err: err}
}

// exit says how the program ended, "" where it runs.
func (p *Process) exit() string {
	select {
	case <-p.exited:
	default:
		return ""
	}
	var failed *exec.ExitError
	if errors.As(p.err, &failed) {
		return failed.ProcessState.String()
	}
	return "exit status 0"
}

// Error is a program whose streams are of no use any more.
type Error struct {
	Name   string // as it was started
	Exit   string // how it ended; "" where it runs
	Stderr string // what it said, as far as it is kept; remote text
	Err    error
}

func (e *Error) Error() string {
	text := e.Name
	if e.Exit != "" {
		text += " ended (" + e.Exit + ")"
	}
	text += ": " + e.Err.Error()
	if e.Stderr != "" {
		text += "; it says: " + e.Stderr
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// tail keeps the beginning and the end of what is written to it.
type tail struct {
	mu          sync.Mutex
	first, last []byte
	cut         bool
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	room := min(maxStderr/2-len(t.first), n)
	t.first = append(t.first, b[:room]...)
	t.last = append(t.last, b[room:]...)
	if over := len(t.last) - maxStderr/2; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
		t.cut = true
	}
	return n, nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := string(t.first)
	if t.cut {
		all += "\n…\n"
	}
	all += string(t.last)
	if !utf8.ValidString(all) {
		all = strings.ToValidUTF8(all, "\uFFFD")
	}
	return strings.TrimSpace(all)
}
