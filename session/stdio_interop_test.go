package session_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/internal/peers"
	"psdeck/session/internal/sshserver"
)

const standInScript = "testdata/psrpcore_stdio.py"

// standInProgram makes a program that takes the place of pwsh.
func standInProgram(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for pwsh is a shell script")
	}
	script, err := filepath.Abs(standInScript)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pwsh")
	text := "#!/bin/sh\nexec '" + peers.Python(t, psrpcore) + "' -X utf8 '" + script + "' \"$@\"\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestInteropLocal(t *testing.T) {
	ctx := interop(t)
	t.Setenv(session.LocalProgram, standInProgram(t))
	s := open(ctx, t, nil, session.Target{OverridePowerShellURI: "local:", Runspaces: 4})
	if c := s.Capabilities(); c.LanguageMode != "FullLanguage" {
		t.Errorf("capabilities %+v", c)
	}
	converse(ctx, t, s)
}

// Closing does not wait for what runs, and the process is gone after it.
func TestInteropLocalCloseWhileRunning(t *testing.T) {
	ctx := interop(t)
	t.Setenv(session.LocalProgram, standInProgram(t))
	s := open(ctx, t, nil, session.Target{OverridePowerShellURI: "local:", Runspaces: 2})
	runs := []*session.Run{start(ctx, t, s, "sleep 1000"), start(ctx, t, s, "emit 1000000")}
	for _, r := range runs {
		if _, err := r.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	for _, r := range runs {
		if _, res, err := finish(ctx, r); err != nil || res.Outcome == session.Running || res.Outcome == session.Completed {
			t.Errorf("%s: %+v, %v", r.Line(), res, err)
		}
	}
}

// The SSH server's subsystem powershell is the stand-in.
func TestInteropSSH(t *testing.T) {
	ctx := interop(t)
	python := peers.Python(t, psrpcore)
	server := sshserver.Start(t, sshserver.Config{
		User: "admin", Password: peerPassword, Subsystem: "powershell",
		Serve: func(channel ssh.Channel) {
			cmd := exec.Command(python, "-X", "utf8", standInScript)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = channel, channel, channel.Stderr()
			_ = cmd.Run()
		},
	})
	server.Home(t, true)
	s := open(ctx, t, &discovery.Network{}, session.Target{
		OverridePowerShellURI: "ssh://admin@" + server.Addr, Runspaces: 4,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(peerPassword), nil },
	})
	if !strings.HasPrefix(s.Account().UserName, "admin@") {
		t.Errorf("account %+v", s.Account())
	}
	converse(ctx, t, s)
}
