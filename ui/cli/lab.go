package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/ui/headless"
)

// runLab runs the lab until it is interrupted.
func runLab(ctx context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("lab", flag.ContinueOnError)
	var o lab.Options
	fs.StringVar(&o.Listen, "listen", "", "loopback `address` of the TLS listener (default 127.0.0.1 with a free port)")
	fs.BoolVar(&o.AutoApprove, "auto-approve", false, "let device codes approve themselves")
	fs.BoolVar(&o.DiscoveryBroken, "broken-discovery", false, "let the discovery service fail")
	logFile := fs.String("access-log", "", "write each request to this `file`, - for standard error")
	stdio := fs.Bool("stdio", false, "serve one session on standard input and output, as pwsh -s does; what follows -- is passed over")
	domain := fs.String("admin-domain", "", "the `domain` of the tenant whose cmdlets such a session has (default contoso.example)")
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i] // what a client passes to PowerShell means nothing here
	}
	if _, code, done := parse("lab", "", 0, fs, args, s); done {
		if code == headless.ExitDone {
			fmt.Fprint(s.Out, lab.Help)
		}
		return code
	}
	if *stdio {
		return labStdio(ctx, s, *domain)
	}
	switch *logFile {
	case "":
	case "-":
		o.AccessLog = s.Err
	default:
		file, err := os.OpenFile(*logFile, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return usage(s, fmt.Errorf("--access-log: %w", err), "give the path of a file that can be written")
		}
		defer file.Close()
		o.AccessLog = file
	}
	l, err := lab.Start(ctx, o)
	if err != nil {
		return headless.Report(s.Err, &session.Error{Err: err, Class: session.ClassConnect})
	}
	enc := json.NewEncoder(s.Out)
	for _, t := range l.Tenants() {
		if err := enc.Encode(t); err != nil {
			break
		}
	}
	<-ctx.Done()
	if err := l.Close(); err != nil {
		return headless.Report(s.Err, &session.Error{Doing: "closing the lab", Err: err, Class: session.ClassCommand})
	}
	return headless.ExitDone
}

// labStdio serves one session of the lab on the standard streams. What a client
// passes to PowerShell, such as -NoLogo, may follow -- and means nothing here.
func labStdio(ctx context.Context, s Streams, domain string) int {
	l, err := lab.Start(ctx, lab.Options{InMemory: true})
	if err != nil {
		return headless.Report(s.Err, &session.Error{Err: err, Class: session.ClassConnect})
	}
	defer l.Close()
	in := s.In
	if c, ok := in.(io.Closer); ok {
		defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	}
	if err := l.ServeStdio(ctx, in, s.Out, s.Err, domain); err != nil && ctx.Err() == nil {
		return headless.Report(s.Err, &session.Error{Doing: "serving a session on the standard Streams", Err: err, Class: session.ClassConnect})
	}
	return headless.ExitDone
}
