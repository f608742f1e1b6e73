package profile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Setting is one key of a profile, of its own or of its group's.
type Setting struct {
	Key    string   // as in the file: override_admin_domain
	Values []string // one, or those of a list or table; a table's as Name=Value
}

// Profile is one named place.
type Profile struct {
	Name, Group string
	Settings    []Setting // in the order of the file, a group's own ones last
}

// Get is the value of a key that takes one.
func (p *Profile) Get(key string) string {
	for _, s := range p.Settings {
		if s.Key == key && len(s.Values) == 1 {
			return s.Values[0]
		}
	}
	return ""
}

// File is what a file of profiles holds.
type File struct{ Profiles []Profile }

// Find gives the profile of a name, compared without case.
func (f *File) Find(name string) (*Profile, bool) {
	i := slices.IndexFunc(f.Profiles, func(p Profile) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return nil, false
	}
	return &f.Profiles[i], true
}

// Names are those of all profiles, in the order of the file.
func (f *File) Names() []string {
	names := make([]string, len(f.Profiles))
	for i, p := range f.Profiles {
		names[i] = p.Name
	}
	return names
}

// Error is what is wrong with a file of profiles.
type Error struct {
	Line int    // 0 where it is not known
	At   string // such as profile.contoso.env; "" for the file
	Msg  string
}

func (e *Error) Error() string {
	where := ""
	if e.Line > 0 {
		where = fmt.Sprintf("line %d: ", e.Line)
	}
	if e.At != "" {
		where += e.At + ": "
	}
	return where + e.Msg
}

// secrets are keys that people try, and that no file shall hold.
var secrets = []string{"password", "passphrase", "client_secret", "oauth_access_token", "access_token", "token", "secret"}

// Parse reads a file of profiles. Its error is an *Error.
func Parse(text string) (*File, error) {
	var raw struct {
		Group   map[string]map[string]any `toml:"group"`
		Profile map[string]map[string]any `toml:"profile"`
	}
	md, err := toml.Decode(text, &raw)
	var wrong toml.ParseError
	if errors.As(err, &wrong) {
		return nil, &Error{Line: wrong.Position.Line, Msg: wrong.Message}
	}
	if err != nil {
		return nil, &Error{Msg: err.Error()}
	}
	for _, key := range md.Keys() {
		if key[0] != "profile" && key[0] != "group" {
			return nil, &Error{At: key.String(), Msg: "a file of profiles has [profile.NAME] and [group.NAME] only"}
		}
	}
	f := &File{}
	for _, name := range ordered(md, "profile") {
		p, err := profileOf(name, raw.Profile[name], raw.Group, md)
		if err != nil {
			return nil, err
		}
		if _, twice := f.Find(name); twice {
			return nil, &Error{At: "profile." + name, Msg: "there is another profile of this name; names are compared without case"}
		}
		f.Profiles = append(f.Profiles, *p)
	}
	return f, nil
}

// ordered are the names below a table, in the order of the file.
func ordered(md toml.MetaData, table string) []string {
	var names []string
	for _, key := range md.Keys() {
		if len(key) > 1 && key[0] == table && !slices.Contains(names, key[1]) {
			names = append(names, key[1])
		}
	}
	return names
}

func profileOf(name string, own map[string]any, groups map[string]map[string]any, md toml.MetaData) (*Profile, error) {
	p := &Profile{Name: name}
	if strings.TrimSpace(name) == "" || strings.ContainsAny(name, "@/\\: \t\n") {
		return nil, &Error{At: "profile." + strconv.Quote(name), Msg: "a profile's name has no spaces and none of @ / \\ :, or it could not be told from an address"}
	}
	if err := p.take("profile", name, own, md); err != nil {
		return nil, err
	}
	group, named := own["group"]
	if !named {
		return p, nil
	}
	text, ok := group.(string)
	values, there := groups[text]
	if !ok || !there {
		return nil, &Error{At: "profile." + name + ".group", Msg: fmt.Sprintf("there is no group %v", group)}
	}
	p.Group = text
	if _, nested := values["group"]; nested {
		return nil, &Error{At: "group." + text + ".group", Msg: "a group belongs to no other"}
	}
	return p, p.take("group", text, values, md)
}

// take adds the settings of a table that are not there yet.
func (p *Profile) take(table, name string, values map[string]any, md toml.MetaData) error {
	for _, key := range md.Keys() {
		if len(key) != 3 || key[0] != table || key[1] != name || key[2] == "group" {
			continue
		}
		at := strings.Join(key, ".")
		if slices.Contains(secrets, key[2]) {
			return &Error{At: at, Msg: "no file of profiles holds a secret; it is asked for, or given by a flag that reads it from elsewhere"}
		}
		texts, err := textsOf(values[key[2]], at, md, key)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(p.Settings, func(s Setting) bool { return s.Key == key[2] })
		switch _, table := values[key[2]].(map[string]any); {
		case i < 0:
			p.Settings = append(p.Settings, Setting{key[2], texts})
		case table:
			p.Settings[i].Values = complete(p.Settings[i].Values, texts)
		}
	}
	return nil
}

// complete adds those of others whose names are not there: tables inherit name
// by name.
func complete(own, others []string) []string {
	for _, o := range others {
		name, _, _ := strings.Cut(o, "=")
		if !slices.ContainsFunc(own, func(s string) bool {
			n, _, _ := strings.Cut(s, "=")
			return strings.EqualFold(n, name)
		}) {
			own = append(own, o)
		}
	}
	return own
}

// textsOf gives a value as a flag takes it.
func textsOf(v any, at string, md toml.MetaData, key toml.Key) ([]string, error) {
	switch v := v.(type) {
	case []any:
		var texts []string
		for _, item := range v {
			one, err := textsOf(item, at, md, key)
			if err != nil || len(one) != 1 {
				return nil, &Error{At: at, Msg: "a list holds texts, numbers, true and false"}
			}
			texts = append(texts, one[0])
		}
		return texts, nil
	case map[string]any:
		var texts []string
		for _, k := range md.Keys() {
			if len(k) <= len(key) || strings.Join(k[:len(key)], "\x00") != strings.Join(key, "\x00") {
				continue
			}
			value, ok := below(v, k[len(key):])
			if !ok {
				continue
			}
			one, err := textsOf(value, at, md, k)
			if err != nil || len(one) != 1 {
				return nil, &Error{At: strings.Join(k, "."), Msg: "an option holds a text, a number, true or false"}
			}
			texts = append(texts, strings.Join(k[len(key):], ".")+"="+one[0])
		}
		return texts, nil
	case string:
		return []string{v}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case int64:
		return []string{strconv.FormatInt(v, 10)}, nil
	}
	return nil, &Error{At: at, Msg: "a value is a text, a whole number, true, false, a list or a table"}
}

// below finds a value that is no table itself.
func below(v map[string]any, path []string) (any, bool) {
	for i, name := range path {
		next := v[name]
		table, isTable := next.(map[string]any)
		if i == len(path)-1 {
			return next, !isTable
		}
		if !isTable {
			return nil, false
		}
		v = table
	}
	return nil, false
}
