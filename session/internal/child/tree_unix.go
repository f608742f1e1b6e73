//go:build unix

package child

import (
	"os"
	"os/exec"
	"syscall"
)

// tree is a program and what it started: a process group, in a session without
// a terminal, so that neither its signals nor its questions get at the person's.
type tree struct{}

func (*tree) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

func (*tree) kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func (*tree) release() {}
