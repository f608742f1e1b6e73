package session_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/psrp"
)

func TestResetForgetsTheServersVariables(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		s := newStand(t, scheme, endpoint.Config{Open: fullLanguage}).connect()
		output(t, s, "$x = 'kept'")
		if out, _ := output(t, s, "$x"); !slices.Equal(out, []string{"kept"}) {
			t.Errorf("before: %q", out)
		}
		if err := s.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if out, _ := output(t, s, "$x"); len(out) != 0 {
			t.Errorf("after: %q", out)
		}
	})
}

func TestResetIsRefused(t *testing.T) {
	st := newStand(t, "http", endpoint.Config{Protocol: psrp.Protocol22})
	var state *psrp.StateError
	if err := st.connect().Reset(t.Context()); !errors.As(err, &state) {
		t.Errorf("protocol 2.2: %v", err)
	}
	st = newStand(t, "http", endpoint.Config{})
	s := st.connect()
	run, _ := startAsking(t, s, "Read-Host Name")
	if err := s.Reset(t.Context()); err == nil || !strings.Contains(err.Error(), "the server refuses") {
		t.Errorf("busy: %v", err)
	}
	_ = run.Stop(t.Context())
	readAll(t, run)
}

// As many lines run at once as there are runspaces, more or fewer than before.
func TestRunspacesCanBeChanged(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		s := newStand(t, scheme, endpoint.Config{}).connect()
		for _, most := range []int{3, 1, 2} {
			if err := s.SetRunspaces(t.Context(), 1, most); err != nil {
				t.Fatal(err)
			}
			var asking []*session.Run
			for range most {
				run, _ := startAsking(t, s, "Read-Host Name")
				asking = append(asking, run)
			}
			if n, err := s.AvailableRunspaces(t.Context()); n != 0 || err != nil {
				t.Errorf("%d of %d runspaces are free, %v", n, most, err)
			}
			for _, run := range asking {
				_ = run.Stop(t.Context())
				readAll(t, run)
			}
		}
		for _, limits := range [][2]int{{0, 1}, {2, 1}, {-1, -1}} {
			if err := s.SetRunspaces(t.Context(), limits[0], limits[1]); err == nil {
				t.Errorf("%v was taken", limits)
			}
		}
	})
}

func TestCommandMetadata(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		s := newStand(t, scheme, endpoint.Config{}).connect()
		found, err := s.CommandMetadata(t.Context(), psrp.CommandMetadata{Names: []string{"*-Lab*"}, Types: psrp.CommandRemotable})
		var names []string
		for _, c := range found {
			name, _ := c.Object().Get("Name")
			names = append(names, name.String())
			if parameters, ok := c.Object().Get("Parameters"); !ok || parameters.Object() == nil {
				t.Errorf("%s has no parameters", name)
			}
		}
		slices.Sort(names)
		if err != nil || !slices.Equal(names, []string{"Get-LabEcho", "New-LabObject"}) {
			t.Errorf("%q, %v", names, err)
		}
		if found, err := s.CommandMetadata(t.Context(), psrp.CommandMetadata{Names: []string{"No-Such*"}, Types: psrp.CommandRemotable}); len(found) != 0 || err != nil {
			t.Errorf("%v, %v", found, err)
		}
	})
}

// Events come whole and in order, also those from before anybody listened; of
// those that nobody reads the newest are kept and the others counted.
func TestUserEvents(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{})
		s := st.connect()
		raise := func(n int) {
			e := psrp.EngineEvent{
				Identifier: int32(n), SourceIdentifier: "Lab.Tick", MessageData: clixml.Str("tick"),
				SourceArgs: []clixml.Value{clixml.Int32(int32(n))}, RunspaceID: [16]byte{1},
			}
			if !st.endpoint.Raise(s.ID(), e) {
				t.Fatal("no shell for the event")
			}
		}
		const n = 1500
		for i := range n {
			raise(i)
		}
		seen, dropped := 0, 0
		for next := -1; next < n-1; {
			events, lost, err := s.UserEvents(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen, dropped = seen+len(events), dropped+lost
			for _, e := range events {
				if int(e.Identifier) <= next || e.SourceIdentifier != "Lab.Tick" || e.MessageData.Text() != "tick" || len(e.SourceArgs) != 1 {
					t.Fatalf("after %d: %+v", next, e)
				}
				next = int(e.Identifier)
			}
		}
		if seen+dropped != n {
			t.Errorf("%d events seen, %d dropped, %d raised", seen, dropped, n)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.UserEvents(t.Context()); !errors.Is(err, session.ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
	})
}

// What the server says of itself is there for whoever needs it.
func TestPrivateData(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		table, _ := newStand(t, scheme, endpoint.Config{}).connect().PrivateData().Lookup("PSVersionTable")
		if version, _ := table.Object().Lookup("PSVersion"); version.String() == "" {
			t.Errorf("PSVersionTable is %v", table)
		}
	})
}
