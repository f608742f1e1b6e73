package headless

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/profile"
)

// notOfProfiles are flags of a target that no profile sets: they are for one
// call, or for the whole program and not for one place.
var notOfProfiles = []string{
	"profile", "password-stdin", "oauth-access-token-stdin", "client-secret-stdin", "attach", "trace", "resolve", "ca-file",
}

// Profiles is the file of profiles and where it lies.
type Profiles struct {
	Path string
	*profile.File
	text string
}

// ReadProfiles reads the file in a folder; one that is not there has none.
func ReadProfiles(dir string) (*Profiles, error) {
	p := &Profiles{Path: filepath.Join(dir, "profiles.toml"), File: &profile.File{}}
	data, err := os.ReadFile(p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		p.text = string(data)
		p.File, err = profile.Parse(p.text)
	}
	if err != nil {
		return nil, &session.Error{
			Doing: "reading the profiles in " + p.Path, Err: err, Class: session.ClassUsage,
			Hints: []string{"mend the file; psdeck help profiles says what it holds"},
		}
	}
	return p, nil
}

// write puts another text in the place of the file, whole or not at all.
func (p *Profiles) write(text string) error {
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
		return fmt.Errorf("writing the profiles: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(p.Path), ".profiles-*")
	if err != nil {
		return fmt.Errorf("writing the profiles: %w", err)
	}
	defer os.Remove(f.Name()) // nothing is there any more once it was renamed
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), p.Path)
	}
	if err != nil {
		return fmt.Errorf("writing the profiles: %w", err)
	}
	return nil
}

// Apply takes the settings of the profile that the flags name, if they do.
func (p *Profiles) Apply(f *TargetFlags, flags *flag.FlagSet) error {
	if f.ProfileName == "" {
		return nil
	}
	found, ok := p.Find(f.ProfileName)
	if !ok {
		return p.unknown(f.ProfileName)
	}
	return f.Profile(flags, found)
}

// Two names of one flag.
const (
	flagEndpoint   = "override-power-shell-uri"
	flagConnection = "connection-uri"
)

// Profile takes the settings of a profile for flags that were not given. A
// production profile reads only, unless it or a flag says otherwise.
func (f *TargetFlags) Profile(flags *flag.FlagSet, p *profile.Profile) error {
	given := map[string]bool{}
	flags.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	if given[flagEndpoint] || given[flagConnection] {
		given[flagEndpoint], given[flagConnection] = true, true
	}
	for _, s := range p.Settings {
		if err := setProfile(flags, p, s, given); err != nil {
			return &session.Error{Doing: "reading the profile " + p.Name, Err: err, Class: session.ClassUsage, Hints: []string{flagHint}}
		}
	}
	if f.env == string(session.Prod) && !given["read-only"] && p.Get("read_only") == "" {
		f.Target.ReadOnly = true
	}
	if f.Target.Name == "" {
		f.Target.Name = p.Name
	}
	return nil
}

func setProfile(flags *flag.FlagSet, p *profile.Profile, s profile.Setting, given map[string]bool) error {
	name := strings.ReplaceAll(s.Key, "_", "-")
	fl := flags.Lookup(name)
	if fl == nil || slices.Contains(notOfProfiles, name) || strings.Contains(s.Key, "-") || !isTargetFlag(name) {
		return fmt.Errorf("%s is not a key of a profile", s.Key)
	}
	_, list := fl.Value.(*List)
	if name == "session-option" {
		return prependOptions(fl, s.Values)
	}
	if given[name] {
		return nil
	}
	if !list && len(s.Values) != 1 {
		return fmt.Errorf("%s takes one value", s.Key)
	}
	for _, v := range s.Values {
		if err := flags.Set(name, v); err != nil {
			return fmt.Errorf("%s: %w", s.Key, err)
		}
	}
	return nil
}

// prependOptions puts a profile's options before the flags', which go last and so
// win, option by option.
func prependOptions(fl *flag.Flag, values []string) error {
	l, ok := fl.Value.(*List)
	if !ok {
		return nil
	}
	*l = append(slices.Clone(values), *l...)
	return nil
}

// isTargetFlag tells whether a flag says something of the target: the output
// of exec, for one, does not.
func isTargetFlag(name string) bool {
	var f TargetFlags
	set := flag.NewFlagSet("", flag.ContinueOnError)
	f.Register(set)
	return set.Lookup(name) != nil
}

// Check tells what is wrong with the settings of a profile. It reads nothing
// that they name, and asks for no secret.
func (p *Profiles) Check(name string) error {
	_, err := p.flags(name)
	return err
}

func (p *Profiles) flags(name string) (*TargetFlags, error) {
	found, ok := p.Find(name)
	if !ok {
		return nil, p.unknown(name)
	}
	var f TargetFlags
	set := flag.NewFlagSet("", flag.ContinueOnError)
	f.Register(set)
	if err := f.Profile(set, found); err != nil {
		return nil, err
	}
	for _, step := range []func() error{f.names, f.sessionOptions, f.exclusive} {
		if err := step(); err != nil {
			return nil, usage(fmt.Errorf("the profile %s: %w", found.Name, err), flagHint)
		}
	}
	return &f, nil
}

// Target is a profile as a target of the deck, which asks for passwords itself.
// Other secrets are read from where the profile says.
func (p *Profiles) Target(name string) (session.Target, error) {
	f, err := p.flags(name)
	if err != nil {
		return session.Target{}, err
	}
	nobody := func(string) (string, error) { return "", errors.New("nobody can be asked here") }
	if err := f.secrets(strings.NewReader(""), nobody); err != nil {
		return session.Target{}, usage(fmt.Errorf("the profile %s: %w", name, err), flagHint)
	}
	if f.credential != "" && f.Target.SignIn == "" {
		f.Target.SignIn = auth.MethodPassword
	}
	f.Target.Password, f.Target.Options.ProxyPassword = nil, nil
	return f.Target, nil
}

// unknown is a name that no profile has; those that come near are named.
func (p *Profiles) unknown(name string) error {
	hint := "psdeck profiles list shows those that are there"
	if len(p.Profiles) == 0 {
		hint = "there are none yet; psdeck profiles add NAME makes one"
	}
	return &session.Error{Doing: "finding the profile", Err: fmt.Errorf("there is no profile %q", name), Class: session.ClassUsage, Hints: []string{hint}}
}
