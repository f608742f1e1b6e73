package headless

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"psdeck/session"
	"psdeck/session/profile"
)

// ProfilesConfig is a call of psdeck profiles.
type ProfilesConfig struct {
	Dir            string // where the file lies
	Args           []string
	Flags          *flag.FlagSet // as registered by TargetFlags, for add
	Stdout, Stderr io.Writer
}

// RunProfiles lists, shows, adds, removes or imports profiles and returns the
// exit code.
func RunProfiles(cfg ProfilesConfig) int {
	p, err := ReadProfiles(cfg.Dir)
	if err == nil {
		err = cfg.run(p)
	}
	if err != nil {
		return Report(cfg.Stderr, err)
	}
	return ExitDone
}

func (cfg *ProfilesConfig) run(p *Profiles) error {
	verb, args := "", []string(nil)
	if len(cfg.Args) > 0 {
		verb, args = cfg.Args[0], cfg.Args[1:]
	}
	wants := map[string]int{"list": 0, "show": 1, "add": 1, "remove": 1, "import": 1}
	n, known := wants[verb]
	switch {
	case !known:
		return usage(fmt.Errorf("%q is none of list, show, add, remove, import", verb), "psdeck profiles list shows the profiles")
	case len(args) != n:
		return usage(fmt.Errorf("psdeck profiles %s takes %d more words, not %d", verb, n, len(args)), "psdeck help profiles says how")
	}
	switch verb {
	case "list":
		return cfg.list(p)
	case "show":
		return cfg.show(p, args[0])
	case "add":
		return cfg.add(p, args[0])
	case "remove":
		return cfg.remove(p, args[0])
	}
	return cfg.importFrom(p, args[0])
}

func (cfg *ProfilesConfig) list(p *Profiles) error {
	if len(p.Profiles) == 0 {
		fmt.Fprintf(cfg.Stderr, "psdeck: there are no profiles in %s\nhint: psdeck profiles add NAME --override-admin-domain DOMAIN makes one\n", p.Path)
		return nil
	}
	w := tabwriter.NewWriter(cfg.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tENV\tACCOUNT\tWHERE\tGROUP")
	for _, one := range p.Profiles {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", one.Name, one.Get("env"), cmp.Or(one.Get("user_name"), one.Get("credential")), Where(&one), one.Group)
	}
	return w.Flush()
}

// Where is the place that a profile leads to, in a word.
func Where(p *profile.Profile) string {
	for _, key := range []string{"override_power_shell_uri", "connection_uri", "override_admin_domain", "user_name", "credential", "transport"} {
		if v := p.Get(key); v != "" {
			if _, domain, ok := strings.Cut(v, "@"); ok && (key == "user_name" || key == "credential") {
				v = domain
			}
			return v
		}
	}
	return ""
}

func (cfg *ProfilesConfig) show(p *Profiles, name string) error {
	one, ok := p.Find(name)
	if !ok {
		return p.unknown(name)
	}
	if err := p.Check(name); err != nil {
		fmt.Fprintf(cfg.Stderr, "psdeck: it cannot be used: %v\n", err)
	}
	for _, s := range one.Settings {
		fmt.Fprintf(cfg.Stdout, "%s = %s\n", s.Key, strings.Join(s.Values, ", "))
	}
	return nil
}

// add makes a profile of the flags that were given.
func (cfg *ProfilesConfig) add(p *Profiles, name string) error {
	var settings []profile.Setting
	cfg.Flags.Visit(func(fl *flag.Flag) {
		values := []string{fl.Value.String()}
		if l, ok := fl.Value.(*List); ok {
			values = *l
		}
		settings = append(settings, profile.Setting{Key: strings.ReplaceAll(fl.Name, "-", "_"), Values: values})
	})
	text, err := profile.Add(p.text, name, settings)
	if err != nil {
		return usage(err, "choose another name, or remove the old one first")
	}
	file, err := profile.Parse(text)
	if err != nil {
		return err
	}
	if err := (&Profiles{Path: p.Path, File: file}).Check(name); err != nil {
		return err
	}
	if err := p.write(text); err != nil {
		return err
	}
	fmt.Fprintf(cfg.Stderr, "psdeck: added %s to %s\n", name, p.Path)
	return nil
}

func (cfg *ProfilesConfig) remove(p *Profiles, name string) error {
	if _, ok := p.Find(name); !ok {
		return p.unknown(name)
	}
	text, ok := profile.Remove(p.text, name)
	if !ok {
		return &session.Error{
			Doing: "removing the profile " + name, Err: errors.New("it has no [profile] table of its own in the file"),
			Class: session.ClassUsage, Hints: []string{"take it out of " + p.Path + " with an editor"},
		}
	}
	if err := p.write(text); err != nil {
		return err
	}
	fmt.Fprintf(cfg.Stderr, "psdeck: removed %s from %s\n", name, p.Path)
	return nil
}

// importFrom adds the profiles of another file, all or none.
func (cfg *ProfilesConfig) importFrom(p *Profiles, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return usage(err, "give the path of a file of profiles")
	}
	theirs, err := profile.Parse(string(data))
	if err != nil {
		return usage(fmt.Errorf("%s: %w", path, err), "it has to be a file of profiles; psdeck help profiles says what that holds")
	}
	if len(theirs.Profiles) == 0 {
		return usage(fmt.Errorf("%s holds no profiles", path), "psdeck help profiles says what a file of profiles holds")
	}
	text := p.text
	if text != "" {
		text = strings.TrimRight(text, "\n") + "\n\n"
	}
	text += string(data)
	joined, err := profile.Parse(text)
	if err != nil {
		return usage(fmt.Errorf("the profiles of %s do not go together with those of %s: %w", path, p.Path, err), "rename what is there twice; nothing was imported")
	}
	for _, name := range theirs.Names() {
		if err := (&Profiles{Path: path, File: joined}).Check(name); err != nil {
			return err
		}
	}
	if err := p.write(text); err != nil {
		return err
	}
	fmt.Fprintf(cfg.Stderr, "psdeck: imported %s into %s\n", strings.Join(theirs.Names(), ", "), p.Path)
	return nil
}
