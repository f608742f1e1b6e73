package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Limits of a command that gives tokens.
const (
	commandTime   = time.Minute
	commandOutput = 1 << 20
	commandWords  = 400 // of what it writes to its standard error
)

// CommandToken returns a function that runs a command of the system's shell
// and takes an access token from its output, as git does with credential
// helpers: the token alone on a line; or lines name=value of which password
// or access_token is it; or a JSON object with accessToken or access_token. The
// command has a minute. Its standard input is empty.
func CommandToken(command string) func(context.Context) (Secret, error) {
	return func(ctx context.Context) (Secret, error) { return runCommand(ctx, command) }
}

func runCommand(ctx context.Context, command string) (Secret, error) {
	const (
		op   = "running the command of --oauth-access-token-command"
		hint = "run the command by itself: it must print an access token and nothing else"
	)
	out, err := CommandOutput(ctx, op, hint, command)
	if err != nil {
		return Secret{}, err
	}
	token := printedToken(out)
	if err := ParseToken(token).usable(); err != nil {
		return Secret{}, &Error{Kind: KindSource, Op: op, Msg: "what it printed is not an access token", Hint: hint}
	}
	return NewSecret(token), nil
}

// CommandOutput runs a command of the system's shell and returns what it
// printed, up to a mebibyte. It has a minute, and nothing on its standard input.
// The error is an [*Error] with that op and hint.
func CommandOutput(ctx context.Context, op, hint, command string) ([]byte, error) {
	bad := func(msg string) ([]byte, error) {
		return nil, &Error{Kind: KindSource, Op: op, Msg: msg, Hint: hint}
	}
	limited, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := shell(limited, command)
	cmd.WaitDelay = time.Second // for children that hold on to the output
	out, words := &limit{left: commandOutput}, &limit{left: commandWords}
	cmd.Stdout, cmd.Stderr = out, words
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, stopped(op, ctx.Err())
	case limited.Err() != nil:
		return bad(fmt.Sprintf("it was not done within %s and was ended", commandTime))
	case out.over:
		return bad(fmt.Sprintf("it printed more than %d bytes", commandOutput))
	case errors.As(err, &exit):
		msg := "it failed (" + exit.String() + ")"
		if said := hide(clean(string(words.kept), commandWords), nil); said != "" {
			msg += ": " + said
		}
		return bad(msg)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return bad("it could not be run: " + clean(err.Error(), 200))
	}
	return out.kept, nil
}

// printedToken finds the token in what a command printed.
func printedToken(out []byte) string {
	text := strings.TrimSpace(string(out))
	if strings.HasPrefix(text, "{") {
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) != nil {
			return ""
		}
		for _, name := range []string{"accessToken", "access_token", "token"} {
			if s, ok := object[name].(string); ok {
				return s
			}
		}
		return ""
	}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && (name == "password" || name == "access_token") {
			return value
		}
	}
	return text
}

// FileToken returns a function that reads an access token from a file, anew
// each time: whoever writes it renews it.
func FileToken(path string) func(context.Context) (Secret, error) {
	return func(context.Context) (Secret, error) {
		const op = "reading the file of --oauth-access-token-file"
		bad := func(msg string) (Secret, error) {
			return Secret{}, &Error{Kind: KindSource, Op: op, Msg: msg, Hint: "the file holds the access token alone"}
		}
		f, err := os.Open(path)
		if err != nil {
			return bad(clean(err.Error(), 300))
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, commandOutput+1))
		switch token := printedToken(data); {
		case err != nil:
			return bad(clean(err.Error(), 300))
		case len(bytes.TrimSpace(data)) == 0:
			return bad(clean(path, 200) + " is empty")
		case len(data) > commandOutput, ParseToken(token).usable() != nil:
			return bad("what is in " + clean(path, 200) + " is not an access token")
		default:
			return NewSecret(token), nil
		}
	}
}

// limit keeps the first bytes that are written to it. The rest is taken, so
// that the command does not hang, and dropped.
type limit struct {
	kept []byte
	left int
	over bool
}

func (l *limit) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.kept = append(l.kept, p[:n]...)
	l.left -= n
	l.over = l.over || n < len(p)
	return len(p), nil
}
