package headless

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/safetext"
)

// Exit codes, a contract.
const (
	ExitDone        = 0
	ExitErrors      = 1
	ExitUsage       = 2
	ExitConnect     = 3
	ExitSignIn      = 4
	ExitSafety      = 5
	ExitInterrupted = 130
)

// Config is one call of exec.
type Config struct {
	// Connect opens the session; Target nil means the home session, whose
	// New-CsOnlineSession calls Connect too. The lines that follow it run in the
	// session that it opened.
	Connect func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error)
	// Shells asks a server for the sessions it keeps; nil: that is not offered.
	Shells func(ctx context.Context, t session.Target) (*session.Shells, error)
	Target *session.Target
	// Lines run in order in one session; the first that fails ends the call.
	Lines []string
	// Form is one of Formats, Width the columns of tables.
	Form  string
	Width int
	Mode  session.SendMode
	// Yes confirms what the guard and the server ask to be confirmed.
	Yes bool
	// Timeout bounds each line; zero means none.
	Timeout time.Duration

	// Version is the program's, as $PSVersionTable and $Host give it.
	Version string

	Stdout, Stderr io.Writer
	// Interactive tells that a person reads standard error.
	Interactive bool
}

// errNobody ends a sign-in that needs a person where there is none.
var errNobody = errors.New("sign-in needs a person, and nobody reads standard error")

// Check finds what is wrong with the call before anything is started: a form
// that does not exist, nothing to run, a line that is no PowerShell.
func (cfg *Config) Check() error {
	switch {
	case !validForm(cfg.Form):
		return usage(fmt.Errorf("output form %q is none of %s", cfg.Form, strings.Join(Formats, ", ")), "psdeck help exec says what each form is")
	case cfg.Timeout < 0:
		return usage(fmt.Errorf("--timeout %v is negative", cfg.Timeout), "give a time such as 90s or 5m")
	case cfg.Width < 0:
		return usage(fmt.Errorf("--width %d is negative", cfg.Width), "give a number of columns, such as 120")
	case len(cfg.Lines) == 0 && (cfg.Target == nil || cfg.Target.Attach == ""):
		return usage(errors.New("there is nothing to run"), "give a line with -c, or a file with -f")
	}
	for _, line := range cfg.Lines {
		var wrong *pslang.Error
		if _, err := pslang.Parse(line); errors.As(err, &wrong) && !wrong.Refused() {
			return unreadable(line, wrong)
		}
	}
	return nil
}

// call is one Exec on its way.
type call struct {
	Config
	cmdlets *session.Cmdlets
	home    *session.Home      // nil where a target was given
	open    []*session.Session // all that are open
	current *session.Session   // lines run here; nil is home
	data    output
	// failed is why a typed New-CsOnlineSession opened nothing.
	failed error
	// lost tells that a server is gone, and that this was said.
	lost bool
	// joined are the commands that ran in a session that was joined.
	joined []*session.Run
}

// Exec runs the lines and returns the exit code. When ctx ends, what runs is
// stopped and the session is closed on the server before Exec returns.
func Exec(ctx context.Context, cfg Config) int {
	if err := cfg.Check(); err != nil {
		return Report(cfg.Stderr, err)
	}
	// What a session tells while it opens comes from its own goroutine.
	cfg.Stderr = &sharedWriter{w: cfg.Stderr}
	x := &call{Config: cfg, data: newOutput(cfg.Form, cfg.Stdout, cfg.Stderr, cfg.Width)}
	x.cmdlets = session.NewCmdlets(deck{x})
	x.cmdlets.Version = cfg.Version
	defer x.closeAll(ctx)
	if err := x.start(ctx); err != nil {
		return x.report(ctx, err)
	}
	code := ExitDone
	for _, run := range x.joined {
		code = max(code, x.follow(ctx, run))
	}
	for i := 0; i < len(x.Lines) && code == ExitDone; i++ {
		code = x.line(ctx, x.Lines[i])
	}
	if err := x.data.close(); err != nil && code == ExitDone {
		code = x.unwritten(err)
	}
	return code
}

// start opens the target, or the home session.
func (x *call) start(ctx context.Context) error {
	if x.Target == nil {
		x.home = x.cmdlets.Home()
		return nil
	}
	s, err := x.connect(ctx, *x.Target, func(session.Event) {})
	if err != nil {
		return err
	}
	x.current = s
	for i, run := range s.Rejoined() {
		fmt.Fprintf(x.Stderr, "psdeck: command %d of %d that runs in the session: its output comes first\n", i+1, len(s.Rejoined()))
		x.joined = append(x.joined, run)
	}
	if p := s.Proof(); !p.Proved {
		fmt.Fprintf(x.Stderr, "psdeck: the tenant is unproved: %s\n", safetext.Clean(p.Why))
	}
	return nil
}

func (x *call) connect(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error) {
	s, err := signingIn(ctx, narrator{x.Stderr, x.Interactive}, t, func(ctx context.Context, t session.Target, told func(session.Event)) (*session.Session, error) {
		return x.Connect(ctx, t, func(ev session.Event) { told(ev); watch(ev) })
	})
	if err != nil {
		return nil, err
	}
	x.open = append(x.open, s)
	x.cmdlets.Adopt(s)
	go narrateState(x.Stderr, s)
	return s, nil
}

// narrateState says when the connection is lost and when it is back, until the
// session ends.
func narrateState(w io.Writer, s *session.Session) {
	for was := session.Opened; ; {
		changed, now := s.Changed(), s.State()
		switch {
		case now == session.Interrupted && was != now:
			say(w, "psdeck: ", fmt.Sprintf("the connection is lost (%v); the server is looked for, nothing is sent twice", s.Err()))
		case now == session.Opened && was == session.Interrupted:
			say(w, "psdeck: ", "the connection is back")
		}
		was = now
		select {
		case <-changed:
		case <-s.Done():
			return
		}
	}
}

// signingIn calls connect, says what a person has to know meanwhile, and ends
// it where it needs a person and there is none.
func signingIn[T any](
	ctx context.Context, n narrator, t session.Target, connect func(context.Context, session.Target, func(session.Event)) (T, error),
) (T, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	got, err := connect(ctx, t, func(ev session.Event) { n.narrate(ev, cancel) })
	if err != nil && errors.Is(context.Cause(ctx), errNobody) {
		err = &session.Error{Doing: "signing in", Err: errNobody, Class: session.ClassSignIn, Hints: []string{
			"run it in a terminal, or give a password (--credential, --password-stdin) or a token (--oauth-access-token-env)",
		}}
	}
	return got, err
}

// closeAll leaves no shell behind on a server.
func (x *call) closeAll(ctx context.Context) {
	for _, s := range x.open {
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		if err := s.Close(closeCtx); err != nil && !x.lost {
			Report(x.Stderr, session.Explain("closing the session", err))
		}
		cancel()
	}
}

// runner is where a line runs: in the session that was opened or entered last,
// but at home what opens sessions and what was imported there.
func (x *call) runner(line string) session.Runner {
	if x.current != nil && (x.home == nil || !x.home.Claims(line)) {
		return x.current
	}
	return x.home
}

// gather is how long the first objects are collected to size a table on them,
// as PowerShell does; the other forms are written as they come.
func (x *call) gather() time.Duration {
	switch x.Form {
	case "", "auto", "table", "list":
		return 300 * time.Millisecond
	}
	return 0
}

func (x *call) line(ctx context.Context, line string) int {
	run, err := x.runner(line).Run(ctx, line, session.RunOptions{Mode: x.Mode, Confirmed: x.Yes, Gather: x.gather()})
	if err != nil {
		return x.refused(ctx, line, err)
	}
	return x.follow(ctx, run)
}

// follow writes what a run gives, to its end.
func (x *call) follow(ctx context.Context, run *session.Run) int {
	l := &lineRun{call: x, run: run, data: x.data.forLine(run.View())}
	lineCtx, done := ctx, context.CancelFunc(func() {})
	if x.Timeout > 0 {
		lineCtx, done = context.WithTimeout(ctx, x.Timeout)
	}
	defer done()
	defer context.AfterFunc(lineCtx, func() { _ = run.Stop(context.WithoutCancel(ctx)) })()
	if err := l.drain(ctx); err != nil {
		_ = run.Stop(ctx)
		return x.unwritten(err)
	}
	return l.outcome(ctx, lineCtx)
}

// unwritten is data that could not be written. A reader that has seen enough
// and went away is no failure to speak of, but the line was not done.
func (x *call) unwritten(err error) int {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return ExitErrors
	}
	return Report(x.Stderr, &session.Error{
		Doing: "writing the output", Err: err, Class: session.ClassCommand,
		Hints: []string{"the command may have run; look before running it again"},
	})
}

// lineRun is one line that runs.
type lineRun struct {
	*call
	run  *session.Run
	data sink
	// held is the text of an error that this side made and that is not said
	// yet: the result may know more of it.
	held string
	hint string // what to do about the server's last error
}

// drain writes records as they arrive, until the run has ended.
func (l *lineRun) drain(ctx context.Context) error {
	// The end of a stopped run is still to be read, so ctx does not end this.
	ctx = context.WithoutCancel(ctx)
	for {
		records, err := l.run.Next(ctx)
		if errors.Is(err, io.EOF) {
			return l.data.close()
		}
		if err != nil {
			return err
		}
		if err := l.records(ctx, records); err != nil {
			return err
		}
	}
}

func (l *lineRun) records(ctx context.Context, records []session.Record) error {
	var values []clixml.Value
	for i := range records {
		if r := &records[i]; r.Stream == session.StreamOutput {
			values = append(values, r.Value)
			continue
		}
		if len(values) > 0 {
			if err := l.data.write(values); err != nil {
				return err
			}
			values = nil
		}
		if r := &records[i]; r.Stream == session.StreamView {
			if err := l.data.close(); err != nil {
				return err
			}
			l.data = l.call.data.forLine(r.View)
			continue
		}
		l.record(ctx, &records[i])
	}
	if len(values) == 0 {
		return nil
	}
	return l.data.write(values)
}

func (l *lineRun) outcome(ctx, lineCtx context.Context) int {
	res, _ := l.run.Wait(context.WithoutCancel(ctx))
	doing := "running " + l.run.Line()
	if ctx.Err() != nil {
		return ExitInterrupted
	}
	if res.Outcome == session.Failed && l.failed != nil {
		l.held = ""
		return Report(l.Stderr, session.AsTyped(l.failed))
	}
	var e *session.Error
	known := errors.As(res.Err, &e)
	if known && l.held == e.Error() {
		l.held = ""
	}
	l.release()
	switch {
	case lineCtx.Err() != nil:
		return Report(l.Stderr, &session.Error{
			Doing: doing, Class: session.ClassCommand,
			Err: fmt.Errorf("not done after %v, so it was stopped", l.Timeout), Hints: []string{"raise --timeout"},
		})
	case res.Outcome == session.Lost:
		l.lost = true
		return Report(l.Stderr, &session.Error{Doing: doing, Err: res.Err, Hints: []string{
			"look whether it took effect before running it again",
		}})
	case res.Outcome == session.Failed && known:
		return Report(l.Stderr, e)
	case res.Outcome == session.Failed, res.Errors > 0, res.Outcome == session.Stopped:
		if l.hint != "" {
			say(l.Stderr, "hint: ", l.hint)
		}
		return ExitErrors
	}
	return ExitDone
}
