package headless

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/safetext"
	"psdeck/session/wsman"
)

// SessionsConfig is one call of sessions.
type SessionsConfig struct {
	// Shells signs in and lists; [session.Connector.Shells].
	Shells func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Shells, error)
	Target session.Target
	// Close ends the sessions with these IDs, or All that belong to the account,
	// instead of listing them.
	Close bool
	IDs   []string
	All   bool
	// Form is one of Formats; auto is a table here.
	Form  string
	Width int

	Stdout, Stderr io.Writer
	// Interactive tells that a person reads standard error.
	Interactive bool
}

// Check finds what is wrong with the call before anything is started.
func (cfg *SessionsConfig) Check() error {
	switch {
	case !validForm(cfg.Form):
		return usage(fmt.Errorf("output form %q is none of %s", cfg.Form, strings.Join(Formats, ", ")), "psdeck help exec says what each form is")
	case !cfg.Close && (cfg.All || len(cfg.IDs) > 0):
		return usage(errors.New("sessions list takes no ids"), "psdeck sessions close ends sessions by their ids")
	case cfg.Close && cfg.All && len(cfg.IDs) > 0:
		return usage(errors.New("--all and ids exclude each other"), "leave one of them out")
	case cfg.Close && !cfg.All && len(cfg.IDs) == 0:
		return usage(errors.New("there is nothing to close"), "give the ids that psdeck sessions list shows, or --all")
	}
	return nil
}

// Sessions lists the shells that the target's server shows the account, oldest
// first, or ends some of them, and returns the exit code. It opens no session.
func Sessions(ctx context.Context, cfg SessionsConfig) int {
	if err := cfg.Check(); err != nil {
		return Report(cfg.Stderr, err)
	}
	cfg.Stderr = &sharedWriter{w: cfg.Stderr}
	shells, err := signingIn(ctx, narrator{cfg.Stderr, cfg.Interactive}, cfg.Target, cfg.Shells)
	switch {
	case err != nil && ctx.Err() != nil:
		return ExitInterrupted
	case err != nil:
		return Report(cfg.Stderr, err)
	}
	defer shells.Close()
	if cfg.Close {
		return cfg.close(ctx, shells)
	}
	return cfg.list(shells)
}

func (cfg *SessionsConfig) list(shells *session.Shells) int {
	write := cfg.objects
	if cfg.Form == "" || cfg.Form == "auto" || cfg.Form == "table" {
		write = cfg.table
	}
	if err := write(shells); err != nil {
		return Report(cfg.Stderr, &session.Error{Doing: "writing the list", Err: err, Class: session.ClassCommand})
	}
	return ExitDone
}

// table writes whole ids: they are what close takes.
func (cfg *SessionsConfig) table(shells *session.Shells) error {
	if len(shells.List) == 0 {
		say(cfg.Stderr, "psdeck: ", "there are no sessions of this account on "+shells.Host)
		return nil
	}
	w := tabwriter.NewWriter(cfg.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SHELLID\tSTATE\tAGE\tIDLE\tOWNER\tNAME")
	for _, s := range shells.List {
		cells := []string{s.ID, s.State, age(s.RunTime), age(s.Inactivity), s.Owner, s.Name}
		for i, c := range cells {
			cells[i] = safetext.Clean(c)
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	return w.Flush()
}

func age(d time.Duration) string { return d.Truncate(time.Second).String() }

func (cfg *SessionsConfig) objects(shells *session.Shells) error {
	values := make([]clixml.Value, len(shells.List))
	for i, s := range shells.List {
		values[i] = clixml.Obj(clixml.Custom(
			clixml.Prop("ShellId", s.ID), clixml.Prop("Name", s.Name), clixml.Prop("State", s.State),
			clixml.Prop("Owner", s.Owner), clixml.Prop("Mine", shells.Mine(s)), clixml.Prop("ClientIP", s.ClientIP),
			clixml.Prop("ResourceUri", s.ResourceURI), clixml.Prop("IdleTimeOut", span(s.IdleTimeout)),
			clixml.Prop("ShellRunTime", span(s.RunTime)), clixml.Prop("ShellInactivity", span(s.Inactivity)),
		))
	}
	data := newOutput(cfg.Form, cfg.Stdout, cfg.Stderr, cfg.Width)
	lines := data.forLine(format.View{})
	return errors.Join(lines.write(values), lines.close(), data.close())
}

func span(d time.Duration) clixml.TimeSpan { return clixml.TimeSpan(d / 100) } // ticks of 100 ns

// close ends the sessions that were chosen; none where one of them is not there.
func (cfg *SessionsConfig) close(ctx context.Context, shells *session.Shells) int {
	var chosen []wsman.ShellInfo
	if cfg.All {
		chosen = cfg.mine(shells)
	}
	for _, id := range cfg.IDs {
		info, ok := shells.Find(id)
		if !ok {
			return Report(cfg.Stderr, usage(fmt.Errorf("there is no session %s on %s; none was closed", id, shells.Host), "psdeck sessions list shows those that are there"))
		}
		chosen = append(chosen, info)
	}
	return cfg.closeEach(ctx, shells, chosen)
}

// mine is what --all means: the account's own. Others are named.
func (cfg *SessionsConfig) mine(shells *session.Shells) []wsman.ShellInfo {
	var mine []wsman.ShellInfo
	for _, s := range shells.List {
		if shells.Mine(s) {
			mine = append(mine, s)
			continue
		}
		say(cfg.Stderr, "psdeck: ", fmt.Sprintf("left %s alone: it belongs to %s", s.ID, s.Owner))
		say(cfg.Stderr, "hint: ", "if it is yours all the same, close it by its id")
	}
	if len(mine) == 0 {
		say(cfg.Stderr, "psdeck: ", "there are no sessions of this account on "+shells.Host)
	}
	return mine
}

func (cfg *SessionsConfig) closeEach(ctx context.Context, shells *session.Shells, chosen []wsman.ShellInfo) int {
	code := ExitDone
	for _, s := range chosen {
		err := shells.Delete(ctx, s.ID)
		switch {
		case err != nil && ctx.Err() != nil:
			return ExitInterrupted
		case err != nil:
			failed := Report(cfg.Stderr, err)
			if code == ExitDone {
				code = failed
			}
		default:
			say(cfg.Stderr, "psdeck: closed ", s.ID)
		}
	}
	return code
}
