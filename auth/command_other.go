//go:build !unix

package auth

import (
	"context"
	"os/exec"
)

// shell runs a command line.
func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/c", line)
}
