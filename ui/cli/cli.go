// Package cli is psdeck's command line: which face of the program its arguments
// ask for, and what that is given.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/ui/headless"
)

// Streams are what the program reads and writes; tests put others in.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// InTTY, OutTTY and ErrTTY tell which of them are terminals.
	InTTY, OutTTY, ErrTTY bool
	// Width is the terminal's columns.
	Width   int
	Keyring auth.Keyring // nil: none
	// Version is the program's.
	Version string
}

// command is one word after the program's name.
type command struct {
	name, args, short string
	run               func(ctx context.Context, args []string, s Streams) int
}

func commands() []command {
	return []command{
		{"open", "NAME...", "the deck with the tabs of these profiles", runOpen},
		{"exec", "[NAME|DOMAIN|URI|ACCOUNT] -c LINE", "run a line and end, without a screen", runExec},
		{"profiles", "list|show|add|remove|import", "places under names of your own, in a file", runProfiles},
		{"tenants", "list|refresh [SEARCH]", "the tenants that I manage, from Microsoft Graph, a file or a command", runTenants},
		{"demo", "", "the deck on an embedded lab; nothing leaves this machine", runDemo},
		{"lab", "[--listen ADDR]", "the lab alone, for automation without a tenant", runLab},
		{"sessions", "list|close [SHELLID...]", "list my sessions on a server, or end those left behind", runSessions},
		{"auth", "list|login|logout [ACCOUNT]", "who is signed in; sign in, or drop what is kept of an account", runAuth},
		{"check", "DOMAIN|URI", "explain discovery and sign-in hop by hop; opens no session", runCheck},
		{"version", "", "print the version", runVersion},
		{"help", "[COMMAND]", "print this, or a command's flags", runHelp},
	}
}

// Run finds the face that the arguments ask for, and returns the exit code. What
// needs no face answers before any of them starts.
func Run(args []string, s Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second signal ends the program at once
	if len(args) == 0 {
		return runDeck(ctx, nil, s)
	}
	switch args[0] {
	case "-h", "-help", "--help":
		return runHelp(ctx, nil, s)
	case "-version", "--version":
		return runVersion(ctx, nil, s)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], s)
		}
	}
	if strings.HasPrefix(args[0], "-") {
		return runDeck(ctx, args, s)
	}
	fmt.Fprintf(s.Err, "psdeck: there is no command %q\nhint: psdeck help lists the commands\n", args[0])
	return headless.ExitUsage
}

// endings are the signals that end the program in order. A hangup that whoever
// started it wants ignored stays so.
func endings() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

func runVersion(_ context.Context, _ []string, s Streams) int {
	fmt.Fprintln(s.Out, "psdeck", s.Version)
	return headless.ExitDone
}

func runHelp(ctx context.Context, args []string, s Streams) int {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				s.Err = s.Out
				c.run(ctx, []string{"--help"}, s)
				return headless.ExitDone
			}
		}
		fmt.Fprintf(s.Err, "psdeck: there is no help on %q\nhint: psdeck help lists the commands\n", args[0])
		return headless.ExitUsage
	}
	fmt.Fprint(s.Out, "psdeck is a deck of live remote PowerShell sessions.\n\n  psdeck                 the deck\n")
	for _, c := range commands() {
		fmt.Fprintf(s.Out, "  psdeck %-15s %s\n", c.name, c.short)
	}
	fmt.Fprint(s.Out, "\nExit codes: 0 done, 1 the command reported errors, 2 usage, 3 cannot connect or connection lost,\n"+
		"4 sign-in needed or refused, 5 refused by a safety rule, 130 interrupted.\n")
	return headless.ExitDone
}

// parse reads a command's flags, which may stand before and behind up to most
// other arguments. done is true where the answer is given already: help, or a
// usage error.
func parse(name, args string, most int, fs *flag.FlagSet, given []string, s Streams) (rest []string, code int, done bool) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(given)
	for err == nil && fs.NArg() > 0 {
		rest = append(rest, fs.Arg(0))
		err = fs.Parse(fs.Args()[1:])
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(s.Out, "usage: psdeck %s [flags] %s\n\n", name, args)
		headless.PrintFlags(s.Out, fs)
		return nil, headless.ExitDone, true
	case err != nil:
		fmt.Fprintf(s.Err, "psdeck: reading the flags: %v\nhint: psdeck help %s lists them\n", err, name)
		return nil, headless.ExitUsage, true
	case len(rest) > most:
		hint := strings.TrimSpace("usage: psdeck " + name + " [flags] " + args)
		return nil, usage(s, fmt.Errorf("%q is one argument too many", rest[most]), hint), true
	}
	return rest, 0, false
}

func usage(s Streams, err error, hints ...string) int {
	return headless.Report(s.Err, &session.Error{Err: err, Hints: hints, Class: session.ClassUsage})
}
