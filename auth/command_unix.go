//go:build unix

package auth

import (
	"context"
	"os/exec"
	"syscall"
)

// shell runs a command line in a process group of its own, so that ending it
// ends its children too.
func shell(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
