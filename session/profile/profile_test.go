package profile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"psdeck/session/profile"
)

const file = `# my tenants
[group.partners]
env = "prod"
authentication = "oauth"
session_option = { IdleTimeout = "15m", Culture = "de-DE" }

[profile.contoso] # the big one
group = "partners"
user_name = "admin@partner.example"
override_admin_domain = "contoso.example"
session_option = { Culture = "en-GB", ApplicationArguments = { "X-MS-Client-Version" = "7.0.2374.2" } }

[profile.lin1]
override_power_shell_uri = "ssh://svcadmin@lin1.example"
read_only = false
env = "dev"
cloud_host = ["a.example", ".b.example"]
`

func parse(t *testing.T, text string) *profile.File {
	t.Helper()
	f, err := profile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A profile has its own settings and those of its group; tables inherit name by
// name, and the order is the file's.
func TestParse(t *testing.T) {
	want := &profile.File{Profiles: []profile.Profile{
		{Name: "contoso", Group: "partners", Settings: []profile.Setting{
			{Key: "user_name", Values: []string{"admin@partner.example"}},
			{Key: "override_admin_domain", Values: []string{"contoso.example"}},
			{Key: "session_option", Values: []string{"Culture=en-GB", "ApplicationArguments.X-MS-Client-Version=7.0.2374.2", "IdleTimeout=15m"}},
			{Key: "env", Values: []string{"prod"}},
			{Key: "authentication", Values: []string{"oauth"}},
		}},
		{Name: "lin1", Settings: []profile.Setting{
			{Key: "override_power_shell_uri", Values: []string{"ssh://svcadmin@lin1.example"}},
			{Key: "read_only", Values: []string{"false"}},
			{Key: "env", Values: []string{"dev"}},
			{Key: "cloud_host", Values: []string{"a.example", ".b.example"}},
		}},
	}}
	got := parse(t, file)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p, ok := got.Find("CONTOSO"); !ok || p.Get("user_name") != "admin@partner.example" || p.Get("session_option") != "" {
		t.Errorf("%+v, %v", p, ok)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[profile.a]\nuser_name = \n", "line 2"},
		{"[profile.a]\ngroup = \"none\"\n", "profile.a.group: there is no group none"},
		{"[group.g]\ngroup = \"h\"\n[group.h]\n[profile.a]\ngroup = \"g\"\n", "a group belongs to no other"},
		{"[profile.a]\npassword = \"hunter2\"\n", "profile.a.password: no file of profiles holds a secret"},
		{"[group.g]\nclient_secret = \"x\"\n[profile.a]\ngroup = \"g\"\n", "group.g.client_secret: no file"},
		{"[profile.\"a b\"]\n", "has no spaces"},
		{"[profile.a]\n[profile.A]\n", "another profile of this name"},
		{"[profile.a]\nenv = 1.5\n", "profile.a.env: a value is a text"},
		{"[profile.a]\ncloud_host = [[\"x\", \"y\"]]\n", "a list holds texts"},
		{"[tenant.a]\n", "[profile.NAME] and [group.NAME] only"},
		{"user_name = \"a\"\n", "[profile.NAME] and [group.NAME] only"},
	} {
		_, err := profile.Parse(c.text)
		var wrong *profile.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

// What is added reads as it was meant, and nothing else changes.
func TestAddAndRemove(t *testing.T) {
	settings := []profile.Setting{
		{Key: "user_name", Values: []string{"o\"brien\\x@contoso.example"}},
		{Key: "read_only", Values: []string{"true"}},
		{Key: "cloud_host", Values: []string{"a", "b"}},
		{Key: "session_option", Values: []string{"IdleTimeout=15m", "ApplicationArguments.X-A B=1\x1f"}},
	}
	text, err := profile.Add(file, "new-one", settings)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, file) {
		t.Error("what was there has changed")
	}
	p, ok := parse(t, text).Find("new-one")
	if !ok {
		t.Fatal("it is not there")
	}
	if diff := cmp.Diff(settings, p.Settings); diff != "" {
		t.Error(diff)
	}
	if _, err := profile.Add(text, "NEW-one", nil); err == nil {
		t.Error("a second one of the name was added")
	}
	if _, err := profile.Add("", "x", []profile.Setting{{Key: "password", Values: []string{"p"}}}); err == nil {
		t.Error("a secret was added")
	}
	back, ok := profile.Remove(text, "New-One")
	if !ok || back != file {
		t.Errorf("removing gives %v\n%s", ok, back)
	}
	rest, ok := profile.Remove(file, "contoso")
	if !ok || strings.Contains(rest, "partner.example") || !strings.Contains(rest, "# my tenants") || !strings.Contains(rest, "lin1") {
		t.Errorf("removing contoso gives %v\n%s", ok, rest)
	}
	if _, ok := profile.Remove(file, "nobody"); ok {
		t.Error("one that is not there was removed")
	}
	// Somewhere only a person can take it out, without a table of its own.
	if same, ok := profile.Remove("profile.a.env = \"dev\"\nprofile.b.env = \"dev\"\n", "a"); ok || !strings.Contains(same, "profile.a") {
		t.Errorf("%v %s", ok, same)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file)
	f.Add("[profile.a]\nsession_option.x.y = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := profile.Parse(text)
		if err != nil {
			return
		}
		for _, p := range read.Profiles {
			// Removing any of them leaves the others.
			after, ok := profile.Remove(text, p.Name)
			if !ok && after != text {
				t.Fatalf("removing %q failed and changed the text", p.Name)
			}
		}
	})
}
