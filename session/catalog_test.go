package session_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

// catalogStand is an endpoint with a command of its own, and a cache.
func catalogStand(t *testing.T, mode runspace.LanguageMode, commands ...string) (*stand, string) {
	dir := t.TempDir()
	st := newStand(t, "http", endpoint.Config{Open: func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		table := runspace.Builtins()
		for _, name := range commands {
			table.Add(runspace.Cmdlet{
				Name: name, Synopsis: "Changes a thing.", Run: func(*runspace.Call) error { return nil },
				Parameters: []runspace.Parameter{{Name: "Identity", Aliases: []string{"Id"}, Type: "String", Mandatory: true, Position: 1}, {Name: "Force", Type: "SwitchParameter"}},
			})
		}
		return &runspace.Options{Mode: mode, Table: table}, nil
	}})
	st.remember(dir, time.Now)
	return st, dir
}

// remember makes a connector with a cache.
func (st *stand) remember(dir string, now func() time.Time) {
	st.connector = session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{}, Catalogs: session.OpenCatalogs(dir, now), Now: now})
}

// kept is a session of a manager, which asks what it offers.
func (st *stand) kept() *session.Session {
	st.t.Helper()
	s, err := session.NewManager(st.connector).Connect(st.t.Context(), st.target(), nil)
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// offered gives a command once the session knows what the server has.
func offered(t *testing.T, s *session.Session, name string) *complete.Command {
	t.Helper()
	select {
	case <-s.Learned():
	case <-t.Context().Done():
	}
	c := s.Catalog().Find(name)
	if c == nil {
		t.Fatalf("%s is not offered", name)
	}
	return c
}

// A session's commands are known with and without a language, with places,
// types and aliases, and are written to the cache.
func TestCatalogFromServer(t *testing.T) {
	for mode, name := range map[runspace.LanguageMode]string{runspace.NoLanguage: "NoLanguage", runspace.FullLanguage: "FullLanguage"} {
		t.Run(name, func(t *testing.T) {
			st, dir := catalogStand(t, mode, "Set-LabThing")
			c := offered(t, st.kept(), "Set-LabThing")
			if c.Synopsis != "Changes a thing." || !strings.Contains(c.Syntax(), "Set-LabThing [-Identity] <string>") {
				t.Errorf("%+v", c)
			}
			p, _ := c.Parameter("Id")
			if p == nil || p.Type != "string" || mode == runspace.NoLanguage && !slices.Contains(p.Aliases, "Id") {
				t.Errorf("%+v", p)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
			info, err := os.Stat(files[0])
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", info.Mode(), err)
			}
			data, _ := os.ReadFile(files[0])
			if strings.Contains(string(data), "pa55") {
				t.Error("the cache has the password")
			}
		})
	}
}

// A second session knows the commands at once, without asking.
func TestCatalogFromCache(t *testing.T) {
	st, _ := catalogStand(t, runspace.NoLanguage, "Set-LabThing")
	first := st.kept()
	offered(t, first, "Set-LabThing")
	_ = first.Close(t.Context()) // waits for what is written
	before := st.ran("Get-Command")
	if before == 0 {
		t.Fatal("nothing was asked")
	}
	if c := st.kept().Catalog().Find("Set-LabThing"); c == nil || c.Syntax() == "" {
		t.Errorf("not from the cache: %+v", c)
	}
	if n := st.ran("Get-Command"); n != before {
		t.Errorf("asked again, %d times", n-before)
	}
}

// An old catalog serves until the server has answered; one that is too old, or
// broken, does not.
func TestCatalogReplaced(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		age    time.Duration
		serves bool
		spoil  string
	}{"a day old": {24 * time.Hour, true, ""}, "too old": {60 * 24 * time.Hour, false, ""}, "broken": {time.Hour, false, `{"version":1,"commands":[null]}`}} {
		t.Run(name, func(t *testing.T) {
			st, dir := catalogStand(t, runspace.NoLanguage, "Set-LabThing")
			s := st.kept()
			offered(t, s, "Set-LabThing")
			_ = s.Close(t.Context())
			files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(data), "Set-LabThing", "Set-OldThing")
			if tt.spoil != "" {
				text = tt.spoil
			}
			if err := os.WriteFile(files[0], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			st.remember(dir, func() time.Time { return now.Add(tt.age) })
			s = st.kept()
			if known := s.Catalog(); tt.serves && known == nil {
				t.Error("the old one does not serve")
			} else if !tt.serves && known.Find("Set-OldThing") != nil {
				t.Error("it serves")
			}
			if c := offered(t, s, "Set-LabThing"); c == nil || s.Catalog().Find("Set-OldThing") != nil {
				t.Error("not replaced")
			}
		})
	}
}

// Where the server offers neither Get-Command nor Get-Help, what it says to
// GET_COMMAND_METADATA answers for it, and nothing is sent.
func TestLookupWhereTheServerRefuses(t *testing.T) {
	st := newStand(t, "http", endpoint.Config{Open: func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return &runspace.Options{Table: runspace.NewTable(runspace.Cmdlet{
			Name: "Set-LabThing", Run: func(*runspace.Call) error { return nil },
			Parameters: []runspace.Parameter{{Name: "Identity", Aliases: []string{"Id"}, Type: "String"}},
		})}, nil
	}})
	st.remember("", nil)
	s := st.kept()
	c := offered(t, s, "Set-LabThing")
	if p, _ := c.Parameter("id"); p == nil || p.Name != "Identity" || p.Type != "string" || !c.Common {
		t.Errorf("%+v", c)
	}
	before := st.ran("Get-Help")
	run, err := s.Run(t.Context(), "Get-Help Set-LabThing", session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	records, res := readAll(t, run)
	if len(records) != 1 || res.Outcome != session.Completed || st.ran("Get-Help") != before {
		t.Fatalf("%v %v", records, res)
	}
	if v, _ := records[0].Value.Object().Get("Aliases"); v.String() != "Identity: Id" {
		t.Errorf("%v", records[0].Value)
	}
}

// A line that is typed while the server is asked what it offers goes out at
// once, and the question is asked again.
func TestCatalogDoesNotHoldLines(t *testing.T) {
	asked, gone := make(chan struct{}, 9), make(chan struct{})
	table := runspace.Builtins()
	command := table.Lookup("Get-Command")
	answer := command.Run
	command.Run = func(c *runspace.Call) error {
		asked <- struct{}{}
		select {
		case <-gone:
			return answer(c)
		case <-c.Context().Done():
			return c.Context().Err()
		}
	}
	st := newStand(t, "http", endpoint.Config{Open: func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return &runspace.Options{Table: table}, nil
	}})
	st.remember("", nil)
	s := st.kept()
	<-asked
	run, err := s.Run(t.Context(), "Write-Output 1", session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if records, res := readAll(t, run); len(records) != 1 || res.Outcome != session.Completed {
		t.Errorf("%v %v", records, res)
	}
	close(gone)
	offered(t, s, "Write-Output")
	if len(asked) == 0 {
		t.Error("the question was not asked again")
	}
}

// The values that a server names when it refuses one are offered from then on.
func TestValuesFromARefusal(t *testing.T) {
	st := newStand(t, "http", endpoint.Config{Open: func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		table := runspace.Builtins()
		table.Add(runspace.Cmdlet{
			Name: "Set-LabThing", Run: func(*runspace.Call) error { return nil },
			Parameters: []runspace.Parameter{{Name: "Colour", Type: "String", ValidateSet: []string{"Red", "Dark Green"}}},
		})
		return &runspace.Options{Table: table}, nil
	}})
	st.remember(t.TempDir(), nil)
	s := st.kept()
	offered(t, s, "Set-LabThing")
	const line = "Set-LabThing -Colour "
	if r := complete.Complete(line, len(line), s.Completion()); len(r.Items) != 0 {
		t.Errorf("known before: %v", r.Items)
	}
	run, err := s.Run(t.Context(), line+"Blue", session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, res := readAll(t, run); res.Outcome != session.Failed {
		t.Fatalf("%v", res)
	}
	before := st.ran("Get-Command")
	r := complete.Complete(line, len(line), s.Completion())
	if len(r.Items) != 2 || r.Items[0].Text != "'Dark Green'" || r.Items[1].Text != "Red" {
		t.Errorf("offered %v", r.Items)
	}
	_ = s.Close(t.Context())
	r = complete.Complete(line, len(line), st.kept().Completion())
	if len(r.Items) != 2 || st.ran("Get-Command") != before {
		t.Errorf("offered by the next session %v, asked %d times", r.Items, st.ran("Get-Command")-before)
	}
}

// Completion and the list of commands ask one question between them.
func TestCommandsAreAskedOnce(t *testing.T) {
	st, _ := catalogStand(t, runspace.NoLanguage, "Set-LabThing")
	s := st.kept()
	offered(t, s, "Set-LabThing")
	before := st.ran("Get-Command")
	names, err := s.Commands(t.Context())
	if err != nil || !slices.Contains(names, "Set-LabThing") || st.ran("Get-Command") != before {
		t.Errorf("%v %v, asked %d times more", names, err, st.ran("Get-Command")-before)
	}
	alone := st.connect() // nothing is asked in the background
	if _, err := alone.Commands(t.Context()); err != nil || alone.Catalog().Find("Set-LabThing") == nil {
		t.Errorf("completion does not know: %v", err)
	}
}

// Completing at every key of a line sends nothing.
func TestKeysSendNothing(t *testing.T) {
	st, _ := catalogStand(t, runspace.NoLanguage, "Set-LabThing", "Get-LabThing")
	s := st.kept()
	offered(t, s, "Set-LabThing")
	count := func() (n int) { // without what ends the question before
		st.mu.Lock()
		defer st.mu.Unlock()
		for _, e := range st.requests {
			if e.Action == "Command" || e.Action == "Send" || e.Action == "Create" {
				n++
			}
		}
		return n
	}
	before, found := count(), 0
	for _, line := range []string{"Get-LabThing -Identity x | Where-Object { $_.Name -like 'a*' } | Set-LabThing -Force -Id", "$x = Get-Lab", "$x.", "Set-LabThing > ./o"} {
		for i := range len(line) + 1 {
			found += len(complete.Complete(line[:i], i, s.Completion()).Items)
		}
	}
	if n := count(); n != before || found == 0 {
		t.Errorf("%d requests, %d items", n-before, found)
	}
}
