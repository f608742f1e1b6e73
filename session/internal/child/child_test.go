//go:build unix

package child

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// shell starts a script whose own first line of output is read.
func shell(t *testing.T, script string) (*Process, *bufio.Reader) {
	t.Helper()
	p, err := Start("/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	p.grace = 100 * time.Millisecond
	t.Cleanup(func() { _ = p.Close() })
	return p, bufio.NewReader(p)
}

func firstPID(t *testing.T, r *bufio.Reader) int {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// isGone waits until a process that was killed is gone: whoever inherits it has
// to take note of its end first.
func isGone(pid int) bool {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return true
		}
		if state := stateOf(pid); state == "Z" {
			return true // dead; its new parent does not wait for it
		}
	}
	return false
}

func TestStreams(t *testing.T) {
	defer goleak.VerifyNone(t)
	p, r := shell(t, "cat")
	if _, err := io.WriteString(p, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := r.ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if !isGone(p.PID()) {
		t.Error("the program is left")
	}
}

// Neither a program that does not end by itself nor what it started is left.
func TestNothingIsLeft(t *testing.T) {
	for name, script := range map[string]string{
		"a program that does not listen":              "trap '' TERM HUP; echo $$; while :; do sleep 1; done",
		"its child":                                   "sleep 1000 & echo $!; while :; do sleep 1; done",
		"its child, in a program that ends by itself": "sleep 1000 & echo $!; cat >/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			p, r := shell(t, script)
			pid := firstPID(t, r)
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if !isGone(pid) || !isGone(p.PID()) {
				t.Error("a process is left")
			}
		})
	}
}

// A program that dies takes its children along before anybody closes it, and
// its error says how it ended and what it said.
func TestExplain(t *testing.T) {
	defer goleak.VerifyNone(t)
	p, r := shell(t, "sleep 1000 & echo $!; echo 'no such option' >&2; exit 64")
	pid := firstPID(t, r)
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	err := p.Explain(io.EOF)
	if want := "/bin/sh ended (exit status 64): EOF; it says: no such option"; err.Error() != want || !errors.Is(err, io.EOF) {
		t.Errorf("%v\nwant %s", err, want)
	}
	if !isGone(pid) {
		t.Error("its child is left")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	defer goleak.VerifyNone(t)
	if _, err := Start("/nonexistent/pwsh"); err == nil || !strings.HasPrefix(err.Error(), "starting /nonexistent/pwsh: ") {
		t.Errorf("%v", err)
	}
}

func TestErrorOutputIsBounded(t *testing.T) {
	var out tail
	_, _ = out.Write([]byte("begin "))
	for range 10_000 {
		_, _ = out.Write([]byte("middle \xFF"))
	}
	_, _ = out.Write([]byte(" end"))
	text := out.text()
	if !strings.HasPrefix(text, "begin ") || !strings.HasSuffix(text, " end") || !strings.Contains(text, "\n…\n") || len(text) > 3*maxStderr {
		t.Errorf("%d bytes: %.20q … %q", len(text), text, text[len(text)-20:])
	}
}
