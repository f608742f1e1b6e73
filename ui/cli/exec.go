package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"psdeck/session"
	"psdeck/ui/headless"
)

// runExec runs lines in one session, or in the home session.
func runExec(ctx context.Context, args []string, s Streams) int {
	fs := flag.NewFlagSet("exec", flag.ContinueOnError)
	var f headless.TargetFlags
	f.Register(fs)
	cfg := headless.Config{Stdout: s.Out, Stderr: s.Err, Interactive: s.ErrTTY, Version: s.Version}
	var lines, files headless.List
	fs.Var(&lines, "c", "run this `line`; may be repeated")
	fs.Var(&files, "f", "run the lines of this `file`, - for standard input")
	fs.StringVar(&cfg.Form, "output", "auto", "`form` of the data: auto, table, list, json, jsonl, csv, clixml or text")
	fs.IntVar(&cfg.Width, "width", s.Width, "columns of tables")
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
		return headless.Report(s.Err, err)
	}
	if err := f.Resolve(s.In, askPassword(s)); err != nil {
		return headless.Report(s.Err, err)
	}
	var err error
	if cfg.Lines, err = headless.Lines(lines, files, s.In); err != nil {
		return usage(s, err, "-f takes the path of a file that can be read, or - for standard input")
	}
	askAboutKeys(s, &f.Target)
	f.Target.SignInAgain = s.ErrTTY
	if f.Given() {
		cfg.Target = &f.Target
	}
	if err := cfg.Check(); err != nil {
		return headless.Report(s.Err, err)
	}
	return withConnector(s, &f, func(c *session.Connector) int {
		cfg.Connect = func(ctx context.Context, t session.Target, watch func(session.Event)) (*session.Session, error) {
			return c.Connect(ctx, f.CompleteTyped(t, askPassword(s)), watch)
		}
		cfg.Shells = func(ctx context.Context, t session.Target) (*session.Shells, error) {
			return c.Shells(ctx, f.CompleteTyped(t, askPassword(s)), nil)
		}
		return headless.Exec(ctx, cfg)
	})
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

func readProfiles() (*headless.Profiles, error) {
	dir, err := headless.ConfigDir()
	if err != nil {
		return nil, err
	}
	return headless.ReadProfiles(dir)
}
