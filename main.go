// Psdeck is a terminal deck of live remote PowerShell sessions.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"psdeck/ui/cli"
)

// version is set when a release is built.
var version = "dev"

func main() {
	// A reader that goes away must not end the program before it has deleted its
	// shells: with this, writing to it is an error and no signal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(cli.Run(os.Args[1:], cli.StandardStreams(version)))
}
