// Psdeck is a terminal deck of live remote PowerShell sessions.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/ui"
	"psdeck/ui/headless"
)

// version is set when a release is built.
var version = "dev"

func main() {
	// A reader that goes away must not end the program before it has deleted its
	// shells: with this, writing to it is an error and no signal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], standardStreams()))
}

// streams are what the program reads and writes; tests put others in.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// inTTY, outTTY and errTTY tell which of them are terminals.
	inTTY, outTTY, errTTY bool
	width                 int
	keyring               auth.Keyring // nil: none
}

// command is one word after the program's name.
type command struct {
	name, args, short string
	run               func(ctx context.Context, args []string, s streams) int
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

// run finds the face that the arguments ask for. What needs no face answers
// before any of them starts.
func run(args []string, s streams) int {
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
	fmt.Fprintf(s.err, "psdeck: there is no command %q\nhint: psdeck help lists the commands\n", args[0])
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

func runVersion(_ context.Context, _ []string, s streams) int {
	fmt.Fprintln(s.out, "psdeck", version)
	return headless.ExitDone
}

func runHelp(ctx context.Context, args []string, s streams) int {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				s.err = s.out
				c.run(ctx, []string{"--help"}, s)
				return headless.ExitDone
			}
		}
		fmt.Fprintf(s.err, "psdeck: there is no help on %q\nhint: psdeck help lists the commands\n", args[0])
		return headless.ExitUsage
	}
	fmt.Fprint(s.out, "psdeck is a deck of live remote PowerShell sessions.\n\n  psdeck                 the deck\n")
	for _, c := range commands() {
		fmt.Fprintf(s.out, "  psdeck %-15s %s\n", c.name, c.short)
	}
	fmt.Fprint(s.out, "\nExit codes: 0 done, 1 the command reported errors, 2 usage, 3 cannot connect or connection lost,\n"+
		"4 sign-in needed or refused, 5 refused by a safety rule, 130 interrupted.\n")
	return headless.ExitDone
}

// parse reads a command's flags, which may stand before and behind up to most
// other arguments. done is true where the answer is given already: help, or a
// usage error.
func parse(name, args string, most int, fs *flag.FlagSet, given []string, s streams) (rest []string, code int, done bool) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(given)
	for err == nil && fs.NArg() > 0 {
		rest = append(rest, fs.Arg(0))
		err = fs.Parse(fs.Args()[1:])
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(s.out, "usage: psdeck %s [flags] %s\n\n", name, args)
		headless.PrintFlags(s.out, fs)
		return nil, headless.ExitDone, true
	case err != nil:
		fmt.Fprintf(s.err, "psdeck: reading the flags: %v\nhint: psdeck help %s lists them\n", err, name)
		return nil, headless.ExitUsage, true
	case len(rest) > most:
		hint := strings.TrimSpace("usage: psdeck " + name + " [flags] " + args)
		return nil, usage(s, fmt.Errorf("%q is one argument too many", rest[most]), hint), true
	}
	return rest, 0, false
}

// runExec runs lines in one session, or in the home session.
func runExec(ctx context.Context, args []string, s streams) int {
	fs := flag.NewFlagSet("exec", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.Config{Stdout: s.out, Stderr: s.err, Interactive: s.errTTY}
	var lines, files headless.List
	fs.Var(&lines, "c", "run this `line`; may be repeated")
	fs.Var(&files, "f", "run the lines of this `file`, - for standard input")
	fs.StringVar(&cfg.Form, "output", "auto", "`form` of the data: auto, table, list, json, jsonl, csv, clixml or text")
	fs.IntVar(&cfg.Width, "width", s.width, "columns of tables")
	script := fs.Bool("script", false, "send each line as a script")
	cmds := fs.Bool("commands", false, "send each line as commands with typed parameters")
	fs.DurationVar(&cfg.Timeout, "timeout", 0, "stop a line that takes longer, such as 90s")
	fs.BoolVar(&cfg.Yes, "yes", false, "confirm what has to be confirmed")
	rest, code, done := parse("exec", "[DOMAIN|URI|ACCOUNT] -c LINE", 1, fs, args, s)
	if done {
		return code
	}
	switch {
	case len(rest) > 0 && strings.ContainsAny(rest[0], " |;"):
		return usage(s, fmt.Errorf("%q is not a flag; a line is given with -c", rest[0]), "put the line in quotes: psdeck exec … -c 'Get-CsTenant'")
	case *script && *cmds:
		return usage(s, errors.New("--script and --commands exclude each other"), "leave one of them out; without either, the server's language decides")
	case *script:
		cfg.Mode = session.SendScript
	case *cmds:
		cfg.Mode = session.SendCommands
	}
	if err := named(&f, fs, rest); err != nil {
		return headless.Report(s.err, err)
	}
	if err := f.Resolve(s.in, askPassword(s)); err != nil {
		return headless.Report(s.err, err)
	}
	var err error
	if cfg.Lines, err = headless.Lines(lines, files, s.in); err != nil {
		return usage(s, err, "-f takes the path of a file that can be read, or - for standard input")
	}
	askAboutKeys(s, &f.Target)
	f.Target.SignInAgain = s.errTTY
	if f.Given() {
		cfg.Target = &f.Target
	}
	if err := cfg.Check(); err != nil {
		return headless.Report(s.err, err)
	}
	return withConnector(s, &f, func(c *session.Connector) int {
		cfg.Connect = func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error) {
			return c.Connect(ctx, f.Complete(t), watch)
		}
		cfg.Shells = func(ctx context.Context, t session.Target) (*session.Shells, error) {
			return c.Shells(ctx, f.Complete(t), nil)
		}
		return headless.Exec(ctx, cfg)
	})
}

func usage(s streams, err error, hints ...string) int {
	return headless.Report(s.err, &session.Error{Err: err, Hints: hints, Class: session.ClassUsage})
}

// withConnector makes the connector of a process, with its journal and trace.
func withConnector(s streams, f *headless.TargetFlags, use func(*session.Connector) int) int {
	dir, err := headless.StateDir()
	if err != nil {
		return headless.Report(s.err, err)
	}
	journal, closer, err := session.OpenJournal(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		return headless.Report(s.err, &session.Error{Err: err, Hints: []string{"PSDECK_STATE_DIR says where psdeck keeps its state"}, Class: session.ClassUsage})
	}
	defer closer.Close()
	cfg := session.ConnectorConfig{Network: &f.Network, Journal: journal, Width: s.width, Height: 30}
	if f.Trace != "" {
		trace, err := os.OpenFile(f.Trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return usage(s, fmt.Errorf("--trace: %w", err), "give the path of a file that can be written")
		}
		defer trace.Close()
		cfg.Trace = trace
	}
	cfg.Broker = newBroker(s, f, auth.NewVault(filepath.Join(dir, "tokens"), s.keyring))
	cfg.Catalogs = session.OpenCatalogs(filepath.Join(dir, "catalogs"), nil)
	return use(session.NewConnector(cfg))
}

func readProfiles() (*headless.Profiles, error) {
	dir, err := headless.ConfigDir()
	if err != nil {
		return nil, err
	}
	return headless.ReadProfiles(dir)
}

// named takes the target that a person named: a profile, or else an address, an
// account or a domain; and the profile of --profile.
func named(f *headless.TargetFlags, fs *flag.FlagSet, rest []string) error {
	profiles, err := readProfiles()
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		if _, ok := profiles.Find(rest[0]); !ok {
			if err := f.Name(rest[0]); err != nil {
				return err
			}
		} else if f.ProfileName == "" {
			f.ProfileName = rest[0]
		}
	}
	return profiles.Apply(f, fs)
}

// runOpen starts the deck with the tabs of profiles.
func runOpen(ctx context.Context, args []string, s streams) int {
	fs := flag.NewFlagSet("open", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	var tenants headless.TenantSource
	tenants.Register(fs)
	names, code, done := parse("open", "NAME...", 99, fs, args, s)
	if done {
		return code
	}
	if len(names) == 0 {
		return usage(s, errors.New("no profile is named"), "psdeck profiles list shows those that are there")
	}
	return startDeck(ctx, &f, &tenants, fs, names, s)
}

func runProfiles(_ context.Context, args []string, s streams) int {
	fs := flag.NewFlagSet("profiles", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	rest, code, done := parse("profiles", "list|show NAME|add NAME|remove NAME|import FILE", 3, fs, args, s)
	if done {
		return code
	}
	dir, err := headless.ConfigDir()
	if err != nil {
		return headless.Report(s.err, err)
	}
	return headless.RunProfiles(headless.ProfilesConfig{Dir: dir, Args: rest, Flags: fs, Stdout: s.out, Stderr: s.err})
}

// runTenants lists the tenants that somebody manages.
func runTenants(ctx context.Context, args []string, s streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("tenants", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.TenantsConfig{Verb: verb, Source: &headless.TenantSource{}, Width: s.width, Stdout: s.out, Stderr: s.err, Interactive: s.errTTY}
	cfg.Source.Register(fs)
	fs.StringVar(&cfg.Form, "output", "auto", "`form` of the list: auto, table, list, json, jsonl, csv, clixml or text")
	rest, code, done := parse("tenants", "list|refresh [SEARCH]", 1, fs, args, s)
	if done {
		return code
	}
	cfg.Search = strings.Join(rest, " ")
	err := cfg.Check()
	if err == nil {
		err = f.Resolve(s.in, askPassword(s))
	}
	if err != nil {
		return headless.Report(s.err, err)
	}
	return withConnector(s, &f, func(c *session.Connector) int {
		if err := cfg.Source.Settle(f.Target, c.ManagedTenants); err != nil {
			return headless.Report(s.err, err)
		}
		return headless.Tenants(ctx, cfg)
	})
}

// runDeck starts the deck on the real world.
func runDeck(ctx context.Context, args []string, s streams) int {
	fs := flag.NewFlagSet("psdeck", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	var tenants headless.TenantSource
	tenants.Register(fs)
	if _, code, done := parse("", "", 0, fs, args, s); done {
		return code
	}
	return startDeck(ctx, &f, &tenants, fs, nil, s)
}

// startDeck starts it with the tabs of profiles, and of the flags where they name
// a target.
func startDeck(ctx context.Context, f *headless.TargetFlags, tenants *headless.TenantSource, fs *flag.FlagSet, names []string, s streams) int {
	if !s.inTTY || !s.outTTY {
		return usage(s, errors.New("the deck needs a terminal"), "psdeck exec works without one")
	}
	profiles, err := readProfiles()
	if err == nil {
		err = errors.Join(profiles.Apply(f, fs), tenants.Check())
	}
	if err != nil {
		return headless.Report(s.err, err)
	}
	if err := f.Resolve(s.in, askPassword(s)); err != nil {
		return headless.Report(s.err, err)
	}
	places, targets, err := placesOf(profiles, names, s.err)
	if err != nil {
		return headless.Report(s.err, err)
	}
	return withConnector(s, f, func(c *session.Connector) int {
		open, _ := auth.Browser(os.Getenv)
		cfg := ui.Config{Version: version, NoBrowser: open == nil, Places: places, Open: targets}
		if f.Given() {
			cfg.Open = append(cfg.Open, f.Target)
		}
		if err := tenants.Settle(f.Target, c.ManagedTenants); err != nil {
			return headless.Report(s.err, err)
		}
		cfg.Managed = ui.Tenants(tenants, f.Target)
		m := session.NewManager(c)
		// Flags that name no target are for whatever is opened.
		complete := f.Complete
		if f.Given() {
			complete = func(t session.Target) session.Target { return t }
		}
		cfg.Connector = ui.Sessions(func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error) {
			return m.Connect(ctx, complete(t), watch)
		})
		cfg.Shells = func(ctx context.Context, t session.Target) (*session.Shells, error) {
			return c.Shells(ctx, complete(t), nil)
		}
		return deck(ctx, s, m, cfg)
	})
}

// placesOf are the profiles as the deck lists them, and the targets of those to
// open. One that cannot be used is named and left out.
func placesOf(profiles *headless.Profiles, open []string, say io.Writer) (places []ui.Place, targets []session.Target, err error) {
	for _, p := range profiles.Profiles {
		t, err := profiles.Target(p.Name)
		if err != nil {
			headless.Report(say, err)
			continue
		}
		places = append(places, ui.Place{Name: p.Name, Detail: headless.Where(&p), Env: t.Env, Target: t})
	}
	for _, name := range open {
		t, err := profiles.Target(name)
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, t)
	}
	return places, targets, nil
}

// deck runs the deck on the sessions of m and leaves none behind.
func deck(ctx context.Context, s streams, m *session.Manager, cfg ui.Config) int {
	if err := ui.RunOn(ctx, m, cfg); err != nil {
		return headless.Report(s.err, &session.Error{Doing: "running the deck", Err: err, Class: session.ClassCommand})
	}
	return headless.ExitDone
}

// runDemo starts the deck on an embedded lab.
func runDemo(ctx context.Context, args []string, s streams) int {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	accessLog := fs.String("access-log", "", "write each request that reaches the lab to this `file`")
	broken := fs.Bool("broken-discovery", false, "let the lab's discovery service fail, to see what that looks like")
	if _, code, done := parse("demo", "", 0, fs, args, s); done {
		return code
	}
	if !s.inTTY || !s.outTTY {
		return usage(s, errors.New("the demo needs a terminal"), "psdeck lab and psdeck exec work without one")
	}
	o := lab.Options{AutoApprove: true, AutoApproveAfter: 1500 * time.Millisecond, DiscoveryBroken: *broken}
	if *accessLog != "" {
		file, err := os.OpenFile(*accessLog, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return usage(s, fmt.Errorf("--access-log: %w", err), "give the path of a file that can be written")
		}
		defer file.Close()
		o.AccessLog = file
	}
	l, err := lab.Start(context.WithoutCancel(ctx), o)
	if err != nil {
		return headless.Report(s.err, &session.Error{Err: err, Class: session.ClassConnect})
	}
	defer l.Close()
	network := &discovery.Network{Resolve: l.Resolve(), RootCAs: l.CAPool(), LoopbackOnly: true}
	c := session.NewConnector(session.ConnectorConfig{
		Network: network, Width: s.width, Height: 30, Authority: l.Tenants()[0].Authority,
		Broker: auth.NewBroker(auth.BrokerConfig{HTTP: network.HTTPClient()}), Catalogs: session.OpenCatalogs("", nil),
	})
	return deck(ctx, s, session.NewManager(c), ui.Config{
		Version: version, Places: demoPlaces(l.Tenants()),
		Demo: &ui.DemoInfo{Text: "This is the demo: an embedded lab of three tenants. Nothing leaves this machine, and device codes approve themselves."},
	})
}

// demoPlaces lists the lab's tenants as one partner would manage them.
func demoPlaces(tenants []lab.TenantLine) []ui.Place {
	env := map[string]session.Environment{"contoso": session.Prod, "fabrikam": session.Test, "partner": session.Dev}
	places := make([]ui.Place, len(tenants))
	for i, t := range tenants {
		places[i] = ui.Place{
			Name: t.Name, Detail: t.Domain, Env: env[t.Name],
			Target: session.Target{
				Name: t.Name, UserName: "admin@partner.example", OverrideAdminDomain: t.Domain,
				SignIn: auth.MethodDevice, Env: env[t.Name],
			},
		}
	}
	return places
}

// runLab runs the lab until it is interrupted.
func runLab(ctx context.Context, args []string, s streams) int {
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
		return code
	}
	if *stdio {
		return labStdio(ctx, s, *domain)
	}
	switch *logFile {
	case "":
	case "-":
		o.AccessLog = s.err
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
		return headless.Report(s.err, &session.Error{Err: err, Class: session.ClassConnect})
	}
	enc := json.NewEncoder(s.out)
	for _, t := range l.Tenants() {
		if err := enc.Encode(t); err != nil {
			break
		}
	}
	<-ctx.Done()
	if err := l.Close(); err != nil {
		return headless.Report(s.err, &session.Error{Doing: "closing the lab", Err: err, Class: session.ClassCommand})
	}
	return headless.ExitDone
}

// runSessions lists the account's sessions on a server, or ends some of them.
func runSessions(ctx context.Context, args []string, s streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("sessions", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.SessionsConfig{Stdout: s.out, Stderr: s.err, Interactive: s.errTTY, Width: s.width}
	fs.StringVar(&cfg.Form, "output", "auto", "`form` of the list: auto, table, list, json, jsonl, csv, clixml or text")
	fs.BoolVar(&cfg.All, "all", false, "close every session that belongs to the account")
	ids, code, done := parse("sessions", "list|close [SHELLID...]", 1000, fs, args, s)
	if done {
		return code
	}
	cfg.IDs = ids
	if verb != "list" && verb != "close" {
		return usage(s, errors.New("sessions wants list or close"), "for example: psdeck sessions list --user-name admin@contoso.com")
	}
	cfg.Close = verb == "close"
	if err := cfg.Check(); err != nil {
		return headless.Report(s.err, err)
	}
	if err := f.Resolve(s.in, askPassword(s)); err != nil {
		return headless.Report(s.err, err)
	}
	cfg.Target = f.Target
	return withConnector(s, &f, func(c *session.Connector) int {
		cfg.Shells = c.Shells
		return headless.Sessions(ctx, cfg)
	})
}

// labStdio serves one session of the lab on the standard streams. What a client
// passes to PowerShell, such as -NoLogo, may follow -- and means nothing here.
func labStdio(ctx context.Context, s streams, domain string) int {
	l, err := lab.Start(ctx, lab.Options{InMemory: true})
	if err != nil {
		return headless.Report(s.err, &session.Error{Err: err, Class: session.ClassConnect})
	}
	defer l.Close()
	in := s.in
	if c, ok := in.(io.Closer); ok {
		defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	}
	if err := l.ServeStdio(ctx, in, s.out, s.err, domain); err != nil && ctx.Err() == nil {
		return headless.Report(s.err, &session.Error{Doing: "serving a session on the standard streams", Err: err, Class: session.ClassConnect})
	}
	return headless.ExitDone
}

// runCheck explains discovery and sign-in.
func runCheck(ctx context.Context, args []string, s streams) int {
	fs := flag.NewFlagSet("check", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	form := fs.String("output", "text", "`form` of the answer: text, or json for a ticket")
	rest, code, done := parse("check", "DOMAIN|URI", 1, fs, args, s)
	if done {
		return code
	}
	if *form != "text" && *form != "json" {
		return usage(s, fmt.Errorf("output form %q is none of text, json", *form), "psdeck help check lists the flags")
	}
	if len(rest) != 1 {
		return usage(s, errors.New("check wants one domain or URI"), "for example: psdeck check contoso.com")
	}
	if err := f.Resolve(s.in, askPassword(s)); err != nil {
		return headless.Report(s.err, err)
	}
	return headless.Check(ctx, headless.CheckConfig{
		What: rest[0], Target: f.Target, Network: &f.Network, Broker: newBroker(s, &f, nil), JSON: *form == "json", Stdout: s.out, Stderr: s.err,
	})
}

func standardStreams() streams {
	s := streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, width: 120, keyring: auth.SystemKeyring(),
		inTTY: term.IsTerminal(int(os.Stdin.Fd())), outTTY: term.IsTerminal(int(os.Stdout.Fd())), errTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		s.width = w
	}
	return s
}

// askPassword reads a password from the terminal without showing it; nil
// where there is no terminal.
func askPassword(s streams) func(string) (string, error) {
	if !s.inTTY || !s.errTTY {
		return nil
	}
	return func(prompt string) (string, error) {
		fmt.Fprint(s.err, prompt)
		b, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(s.err)
		return string(b), err
	}
}

// askAboutKeys lets a person at the terminal answer what an SSH server and the
// keys for it ask; without one, unknown hosts are refused, locked keys passed over.
func askAboutKeys(s streams, t *session.Target) {
	hidden := askPassword(s)
	if hidden == nil {
		return
	}
	t.HostKey = func(_ context.Context, k session.HostKey) (bool, error) {
		fmt.Fprintf(s.err, "The host %s is not known. It shows the %s key\n  %s\nLet it in (yes, no, or the fingerprint)? ",
			session.Clean(k.Host), session.Clean(k.Type), session.Clean(k.Fingerprint))
		answer, err := bufio.NewReader(s.in).ReadString('\n')
		answer = strings.TrimSpace(answer)
		return strings.EqualFold(answer, "yes") || answer != "" && answer == k.Fingerprint, err
	}
	t.Passphrase = func(_ context.Context, file string) (auth.Secret, error) {
		text, err := hidden("passphrase of " + session.Clean(file) + ": ")
		return auth.NewSecret(text), err
	}
}

// newBroker makes the broker of a process.
func newBroker(s streams, f *headless.TargetFlags, kept auth.Cache) *auth.Broker {
	open, _ := auth.Browser(os.Getenv)
	if !s.errTTY && f.Target.SignIn != auth.MethodBrowser {
		open = nil // nobody may be there to use it, and nobody asked for it
	}
	return auth.NewBroker(auth.BrokerConfig{
		HTTP: f.Network.HTTPClient(), OpenBrowser: open, Cache: kept,
	})
}

// runAuth lists, signs in or signs out.
func runAuth(ctx context.Context, args []string, s streams) int {
	verb := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("auth", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.AuthConfig{Verb: verb, Stdout: s.out, Stderr: s.err, Interactive: s.errTTY}
	form := fs.String("output", "table", "`form` of the list: table or json")
	fs.BoolVar(&cfg.All, "all", false, "sign every account out")
	rest, code, done := parse("auth", "list|login|logout [ACCOUNT]", 1, fs, args, s)
	if done {
		return code
	}
	if *form != "table" && *form != "json" {
		return usage(s, fmt.Errorf("output form %q is none of table, json", *form), "psdeck help auth lists the flags")
	}
	cfg.JSON = *form == "json"
	switch {
	case len(rest) > 0 && verb == "login":
		if err := f.Name(rest[0]); err != nil {
			return headless.Report(s.err, err)
		}
	case len(rest) > 0 && verb == "logout":
		cfg.Account = rest[0]
	case len(rest) > 0:
		return usage(s, fmt.Errorf("%q is one argument too many", rest[0]), "psdeck help auth")
	}
	if err := f.Resolve(s.in, askPassword(s)); err != nil {
		return headless.Report(s.err, err)
	}
	dir, err := headless.StateDir()
	if err != nil {
		return headless.Report(s.err, err)
	}
	cfg.Target, cfg.Broker = f.Target, newBroker(s, &f, auth.NewVault(filepath.Join(dir, "tokens"), s.keyring))
	cfg.Connector = session.NewConnector(session.ConnectorConfig{Network: &f.Network, Broker: cfg.Broker})
	return headless.Auth(ctx, cfg)
}
