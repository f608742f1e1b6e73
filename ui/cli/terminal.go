package cli

import (
	"os"

	"golang.org/x/term"

	"psdeck/auth"
)

// StandardStreams are those of the process.
func StandardStreams(version string) Streams {
	s := Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Width: 120, Version: version, Keyring: auth.SystemKeyring(),
		InTTY: term.IsTerminal(int(os.Stdin.Fd())), OutTTY: term.IsTerminal(int(os.Stdout.Fd())), ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		s.Width = w
	}
	return s
}
