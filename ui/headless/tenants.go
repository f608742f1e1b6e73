package headless

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"psdeck/discovery/managed"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/safetext"
)

// fromGraph is the value of --tenants that asks Microsoft Graph.
const fromGraph = "graph"

// TenantSource finds the tenants that somebody manages, where flags and files
// say they are: a file, a command, or Microsoft Graph.
type TenantSource struct {
	// File and Command are the flags.
	File, Command string
	// Dir holds tenants.toml, which is the list where no flag names another, and
	// says more of the tenants of any other list.
	Dir   string
	Store *managed.Store
	// Graph asks Microsoft Graph; [session.Connector.ManagedTenants].
	Graph func(context.Context, session.Target, func(session.Event)) (managed.List, error)
	// Target is how to sign in for it, and what holds for each tenant.
	Target session.Target
	Now    func() time.Time
}

// Register adds the flags to flags.
func (s *TenantSource) Register(flags *flag.FlagSet) {
	flags.StringVar(&s.File, "tenants", "", "the tenants that I manage: a TOML `file`, or graph (default tenants.toml in the folder of profiles, else graph)")
	flags.StringVar(&s.Command, "tenants-command", "", "run this shell `command`, which prints the tenants that I manage as JSON")
}

// Check finds flags that contradict each other.
func (s *TenantSource) Check() error {
	if s.File != "" && s.Command != "" {
		return usage(errors.New("--tenants and --tenants-command exclude each other"), "leave one of them out")
	}
	return nil
}

// Settle finds the folders, and takes how to sign in and who asks Graph.
func (s *TenantSource) Settle(t session.Target, graph func(context.Context, session.Target, func(session.Event)) (managed.List, error)) error {
	config, err := ConfigDir()
	if err != nil {
		return err
	}
	state, err := StateDir()
	if err != nil {
		return err
	}
	s.Dir, s.Store, s.Target, s.Graph = config, managed.NewStore(state), t, graph
	return nil
}

// Used tells when each tenant was last opened, by its key.
func (s *TenantSource) Used() map[string]time.Time { return s.Store.Used() }

// Use notes that a tenant is opened now.
func (s *TenantSource) Use(t managed.Tenant) error { return s.Store.Use(t, s.now()) }

func (s *TenantSource) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// ownFile is tenants.toml, or "" where there is none.
func (s *TenantSource) ownFile() string {
	path := filepath.Join(s.Dir, "tenants.toml")
	if _, err := os.Stat(path); s.Dir == "" || errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return path
}

// file is the list's file; "" where it is from elsewhere.
func (s *TenantSource) file() string {
	switch {
	case s.File == fromGraph || s.Command != "":
		return ""
	case s.File != "":
		return s.File
	}
	return s.ownFile()
}

// key names the source in the store. A command may have anything in it.
func (s *TenantSource) key() string {
	t := &s.Target
	from := []string{fromGraph, t.UserName, t.Cloud, t.Authority, t.ClientID, t.GraphURI}
	if s.Command != "" {
		from = []string{"command", s.Command}
	}
	sum := sha256.Sum256([]byte(strings.Join(from, "\x00")))
	return from[0] + " " + hex.EncodeToString(sum[:8])
}

// Kept is the list that is there already: what the file says now, or what the
// other sources said last; ok is false where they were never asked.
func (s *TenantSource) Kept() (list managed.List, ok bool, err error) {
	if path := s.file(); path != "" {
		list, err = s.readFile(path)
		return list, err == nil, err
	}
	list, ok = s.Store.Load(s.key())
	err = s.overlay(&list)
	return s.finished(list), ok, err
}

func (s *TenantSource) readFile(path string) (managed.List, error) {
	tenants, err := managed.ReadFile(path)
	if err != nil {
		return managed.List{}, session.Explain("", err)
	}
	return s.finished(managed.List{Tenants: tenants, At: s.now(), Source: filepath.Base(path)}), nil
}

// finished is a list in the order in which it is shown.
func (s *TenantSource) finished(list managed.List) managed.List {
	managed.Sort(list.Tenants, s.Store.Used())
	return list
}

// overlay adds to a list from elsewhere what tenants.toml says.
func (s *TenantSource) overlay(list *managed.List) error {
	path := s.ownFile()
	if path == "" {
		return nil
	}
	written, err := managed.ReadFile(path)
	if err != nil {
		return session.Explain("", err)
	}
	copy(list.Tenants, managed.Overlay(list.Tenants, written))
	return nil
}

// Refresh asks the source. Where that fails on the way, what it said before is
// in the list too, and the error says why it may not be all.
func (s *TenantSource) Refresh(ctx context.Context, watch func(session.Event)) (managed.List, error) {
	if path := s.file(); path != "" {
		return s.readFile(path)
	}
	var list managed.List
	var err error
	if s.Command != "" {
		list = managed.List{At: s.now(), Source: "a command"}
		if list.Tenants, err = managed.RunCommand(ctx, s.Command); err != nil {
			return managed.List{}, session.Explain("", err)
		}
	} else if list, err = s.Graph(ctx, s.signedIn(), watch); err != nil && len(list.Tenants) == 0 {
		return list, err
	}
	if err != nil {
		before, _ := s.Store.Load(s.key())
		list.Tenants = managed.Join(list.Tenants, before.Tenants)
	}
	if kept := s.Store.Save(s.key(), list); kept != nil {
		err = errors.Join(err, session.Explain("", kept))
	}
	err = errors.Join(err, s.overlay(&list))
	return s.finished(list), err
}

// signedIn is how to sign in: as the account that did it last, where no other
// is named.
func (s *TenantSource) signedIn() session.Target {
	t := s.Target
	if before, ok := s.Store.Load(s.key()); ok && t.UserName == "" {
		t.UserName = before.Account
	}
	return t
}

// TenantsConfig is one call of tenants.
type TenantsConfig struct {
	Verb   string // list or refresh
	Search string // of list
	Source *TenantSource
	// Form is one of Formats; auto is a table here.
	Form  string
	Width int

	Stdout, Stderr io.Writer
	// Interactive tells that a person reads standard error.
	Interactive bool
}

// Check finds what is wrong with the call before anything is started.
func (cfg *TenantsConfig) Check() error {
	switch {
	case cfg.Verb != "list" && cfg.Verb != "refresh":
		return usage(errors.New("tenants wants list or refresh"), "for example: psdeck tenants refresh --user-name admin@contoso.com")
	case !validForm(cfg.Form):
		return usage(fmt.Errorf("output form %q is none of %s", cfg.Form, strings.Join(Formats, ", ")), "psdeck help exec says what each form is")
	}
	return cfg.Source.Check()
}

// Tenants lists the tenants that somebody manages, and returns the exit code. It
// asks the source where that was never asked, or to refresh the list.
func Tenants(ctx context.Context, cfg TenantsConfig) int {
	if err := cfg.Check(); err != nil {
		return Report(cfg.Stderr, err)
	}
	cfg.Stderr = &sharedWriter{w: cfg.Stderr}
	list, ok, err := cfg.Source.Kept()
	if err == nil && (!ok || cfg.Verb == "refresh") {
		list, err = cfg.refresh(ctx)
	}
	if err != nil && len(list.Tenants) == 0 {
		if ctx.Err() != nil {
			return ExitInterrupted
		}
		return Report(cfg.Stderr, err)
	}
	if written := cfg.write(list); written != nil {
		return Report(cfg.Stderr, &session.Error{Doing: "writing the list", Err: written, Class: session.ClassCommand})
	}
	if err != nil {
		return Report(cfg.Stderr, err)
	}
	if list.Problem != "" {
		say(cfg.Stderr, "psdeck: ", "that may not be all: "+list.Problem)
	}
	return ExitDone
}

func (cfg *TenantsConfig) refresh(ctx context.Context) (managed.List, error) {
	refresh := func(ctx context.Context, _ session.Target, watch func(session.Event)) (managed.List, error) {
		return cfg.Source.Refresh(ctx, watch)
	}
	return signingIn(ctx, narrator{cfg.Stderr, cfg.Interactive}, cfg.Source.Target, refresh)
}

func (cfg *TenantsConfig) write(list managed.List) error {
	shown := managed.Search(list.Tenants, cfg.Search)
	used := cfg.Source.Store.Used()
	if cfg.Form != "" && cfg.Form != "auto" && cfg.Form != "table" {
		return cfg.objects(shown, used)
	}
	count := fmt.Sprintf("%d tenants", len(list.Tenants))
	if len(list.Tenants) == 1 {
		count = "one tenant"
	}
	say(cfg.Stderr, "psdeck: ", fmt.Sprintf("%s of %s, as of %s", count, list.Source, aged(list.At, cfg.Source.now())))
	if len(shown) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(cfg.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tDOMAIN\tTENANT\tENV\tOPENED")
	for _, t := range shown {
		opened := "never"
		if at := used[t.Key()]; !at.IsZero() {
			opened = aged(at, cfg.Source.now())
		}
		cells := []string{t.Name, orDash(t.Domain), orDash(t.ID), cmp.Or(t.Env, string(session.Prod)), opened}
		for i, c := range cells {
			cells[i] = safetext.Clean(c)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// aged says how long ago something was.
func aged(at, now time.Time) string {
	switch d := now.Sub(at); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

func (cfg *TenantsConfig) objects(list []managed.Tenant, used map[string]time.Time) error {
	values := make([]clixml.Value, len(list))
	for i, t := range list {
		opened := clixml.Null()
		if at := used[t.Key()]; !at.IsZero() {
			opened = clixml.Of(clixml.FromTime(at))
		}
		values[i] = clixml.Obj(clixml.Custom(
			clixml.Prop("Name", t.Name), clixml.Prop("Domain", t.Domain), clixml.Prop("TenantId", t.ID),
			clixml.Prop("Env", cmp.Or(t.Env, string(session.Prod))), clixml.Prop("Bootstrap", t.Bootstrap),
			clixml.Prop("Opened", opened),
		))
	}
	data := newOutput(cfg.Form, cfg.Stdout, cfg.Stderr, cfg.Width)
	lines := data.forLine(format.View{})
	return errors.Join(lines.write(values), lines.close(), data.close())
}
