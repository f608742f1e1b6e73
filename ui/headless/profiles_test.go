package headless

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psdeck/session"
)

const someProfiles = `# kept
[group.partners]
env = "prod"
session_option = { IdleTimeout = "15m", Culture = "de-DE" }

[profile.contoso]
group = "partners"
user_name = "admin@partner.example"
override_admin_domain = "contoso.example"
expect_tenant = "contoso.example"

[profile.bench]
override_power_shell_uri = "https://bench.example/wsman"
env = "test"
authentication = "basic"
session_option = { MaximumRedirection = 2, ApplicationArguments = { Site = "north" } }
`

// profilesIn writes a file of profiles and reads it.
func profilesIn(t *testing.T, text string) (*Profiles, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "profiles.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ReadProfiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p, dir
}

// given are flags as typed, with a profile.
func given(t *testing.T, p *Profiles, args ...string) (*TargetFlags, error) {
	t.Helper()
	var f TargetFlags
	set := flag.NewFlagSet("", flag.ContinueOnError)
	f.Register(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(&f, set); err != nil {
		return nil, err
	}
	return &f, f.Resolve(strings.NewReader(""), nil)
}

// A profile stands in for the flags that were not given: production reads only,
// and options yield to those of the flags one by one.
func TestProfileStandsInForFlags(t *testing.T) {
	p, _ := profilesIn(t, someProfiles)
	f, err := given(t, p, "--profile", "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	got := f.Target
	if got.UserName != "admin@partner.example" || got.OverrideAdminDomain != "contoso.example" || got.Env != session.Prod ||
		!got.ReadOnly || got.ExpectTenant != "contoso.example" || got.Options.IdleTimeout != 15*time.Minute || got.Label() != "contoso" || !f.Given() {
		t.Errorf("%+v", got)
	}
	f, err = given(t, p, "--profile", "contoso", "--read-only=false", "--user-name", "me@partner.example", "--session-option", "Culture=fr-FR")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Target; got.ReadOnly || got.UserName != "me@partner.example" || got.Options.Culture != "fr-FR" || got.Options.IdleTimeout != 15*time.Minute {
		t.Errorf("flags do not win: %+v", got)
	}
	f, err = given(t, p, "--profile", "bench")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Target; got.ReadOnly || *got.Options.MaximumConnectionRedirectionCount != 2 || got.Options.ApplicationArguments["Site"].Text() != "north" {
		t.Errorf("%+v", got)
	}
}

// A profile's password is the deck's to ask for; a profile whose token cannot be
// read is named.
func TestProfileAsATargetOfTheDeck(t *testing.T) {
	p, _ := profilesIn(t, "[profile.a]\ncredential = \"admin@contoso.example\"\n[profile.b]\noauth_access_token_env = \"PSDECK_NO_SUCH\"\n")
	got, err := p.Target("a")
	if err != nil || got.UserName != "admin@contoso.example" || got.Password != nil || got.SignIn != "password" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := p.Target("b"); err == nil || !strings.Contains(err.Error(), "the profile b") || p.Check("b") != nil {
		t.Errorf("%v, %v", err, p.Check("b"))
	}
}

func TestProfileRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[profile.a]\nuser_nmae = \"x\"\n", "user_nmae is not a key of a profile"},
		{"[profile.a]\nresolve = [\"a:1=127.0.0.1\"]\n", "resolve is not a key of a profile"},
		{"[profile.a]\nread_only = \"perhaps\"\n", "read_only"},
		{"[profile.a]\nenv = \"live\"\n", "is none of prod, test, dev"},
		{"[profile.a]\nsession_option = { IdleTimeout = \"soon\" }\n", "IdleTimeout"},
		{"[profile.b]\nenv = \"dev\"\n", `there is no profile "a"`},
	} {
		p, _ := profilesIn(t, c.text)
		_, err := given(t, p, "--profile", "a")
		if err == nil || !strings.Contains(err.Error(), c.want) || len(session.HintsOf(err)) == 0 {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "profiles.toml"), []byte("[profile.a]\npassword = \"hunter2\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadProfiles(dir); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret: %v", err)
	}
}

// profilesCall runs psdeck profiles.
func profilesCall(t *testing.T, dir string, args ...string) (code int, out, errText string) {
	t.Helper()
	var f TargetFlags
	set := flag.NewFlagSet("", flag.ContinueOnError)
	f.Register(set)
	words := args
	for i, a := range args {
		if strings.HasPrefix(a, "--") {
			words = args[:i]
			if err := set.Parse(args[i:]); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	var stdout, stderr bytes.Buffer
	code = RunProfiles(ProfilesConfig{Dir: dir, Args: words, Flags: set, Stdout: &stdout, Stderr: &stderr})
	return code, stdout.String(), stderr.String()
}

// The story of a file of profiles: empty, one added by flags, shown, more
// imported, one removed; what a person wrote stays.
func TestProfilesCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	if code, out, say := profilesCall(t, dir, "list"); code != ExitDone || out != "" || !strings.Contains(say, "profiles add NAME") {
		t.Errorf("an empty list: %d %q %q", code, out, say)
	}
	code, _, say := profilesCall(t, dir, "add", "home", "--override-admin-domain", "partner.example", "--env", "test", "--session-option", "IdleTimeout=20m")
	if code != ExitDone || !strings.Contains(say, "added home") {
		t.Fatalf("add: %d %q", code, say)
	}
	if code, out, _ := profilesCall(t, dir, "show", "home"); code != ExitDone || !strings.Contains(out, "override_admin_domain = partner.example") || !strings.Contains(out, "IdleTimeout=20m") {
		t.Errorf("show: %d %q", code, out)
	}
	more := filepath.Join(t.TempDir(), "more.toml")
	if err := os.WriteFile(more, []byte(someProfiles), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, say := profilesCall(t, dir, "import", more); code != ExitDone || !strings.Contains(say, "contoso, bench") {
		t.Errorf("import: %d %q", code, say)
	}
	if code, _, _ := profilesCall(t, dir, "import", more); code != ExitUsage {
		t.Errorf("importing twice: %d", code)
	}
	if code, out, _ := profilesCall(t, dir, "list"); code != ExitDone || !strings.Contains(out, "contoso  prod  admin@partner.example") || strings.Count(out, "\n") != 4 {
		t.Errorf("list: %d\n%s", code, out)
	}
	if code, _, _ := profilesCall(t, dir, "remove", "home"); code != ExitDone {
		t.Errorf("remove: %d", code)
	}
	text, err := os.ReadFile(filepath.Join(dir, "profiles.toml"))
	if err != nil || !strings.Contains(string(text), "# kept") || strings.Contains(string(text), "profile.home") {
		t.Errorf("%v\n%s", err, text)
	}
	if info, err := os.Stat(filepath.Join(dir, "profiles.toml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, args := range [][]string{{"remove", "home"}, {"show", "home"}, {"add", "bench"}, {"add", "a@b"}, {"rename", "a"}, {"show"}, {"import", "/nowhere"}} {
		if code, _, say := profilesCall(t, dir, args...); code != ExitUsage || !strings.Contains(say, "hint: ") {
			t.Errorf("%v: %d %q", args, code, say)
		}
	}
}

// A server of one's own: its two names of an endpoint are one, and the list says
// where it is and who goes there.
func TestProfileOfAServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	const server, other = "http://server.example:5985/wsman", "http://other.example:5985/wsman"
	code, _, say := profilesCall(t, dir, "add", "pool", "--connection-uri", server, "--authentication", "Negotiate", "--user-name", `CONTOSO\admin`, "--env", "dev")
	if code != ExitDone {
		t.Fatalf("add: %d %q", code, say)
	}
	if _, out, _ := profilesCall(t, dir, "list"); !strings.Contains(out, `CONTOSO\admin`) || !strings.Contains(out, server) {
		t.Errorf("list:\n%s", out)
	}
	p, err := ReadProfiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := given(t, p, "--profile", "pool")
	if err != nil {
		t.Fatal(err)
	}
	if f.Target.OverridePowerShellURI != server || f.Target.Authentication != "negotiate" || f.Target.UserName != `CONTOSO\admin` {
		t.Errorf("%+v", f.Target)
	}
	for _, name := range []string{"--connection-uri", "--override-power-shell-uri"} {
		if f, err := given(t, p, "--profile", "pool", name, other); err != nil || f.Target.OverridePowerShellURI != other {
			t.Errorf("%s: %q, %v", name, f.Target.OverridePowerShellURI, err)
		}
	}
}
