package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
)

// textTarget is contoso's administrator at the lab's plain WSMan endpoint, by
// the Windows Remote Shell.
func (w *world) textTarget() session.Target {
	tenant := w.lab.Tenants()[0]
	return session.Target{
		UserName: tenant.UserName, OverridePowerShellURI: tenant.BasicURI, Authentication: "basic", Transport: "winrs",
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(tenant.Password), nil },
	}
}

// journaled is a connector of the same lab that keeps a journal.
func (w *world) journaled(to io.Writer) *session.Connector {
	n := &discovery.Network{Dial: w.lab.Dial, RootCAs: w.lab.CAPool()}
	client := n.HTTPClient()
	w.t.Cleanup(client.CloseIdleConnections)
	return session.NewConnector(session.ConnectorConfig{
		Network: n, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}), Journal: session.NewJournal(to, nil),
	})
}

// actions are the last actions that the server was asked for.
func (w *world) actions(n int) []string {
	var all []string
	for _, e := range w.lab.Access() {
		all = append(all, e.Detail["action"])
	}
	return all[max(0, len(all)-n):]
}

func (w *world) noShells() {
	w.t.Helper()
	if left := w.lab.Endpoint().Shells(); len(left) != 0 {
		w.t.Errorf("%d shells are left on the server", len(left))
	}
}

// texts runs a line and gives its output, its errors and its result.
func texts(t *testing.T, s *session.Session, line string) (out, errs []string, res session.Result) {
	t.Helper()
	res = ended(t, s, line, func(r session.Record) {
		switch r.Stream {
		case session.StreamOutput:
			out = append(out, r.Value.Text())
		case session.StreamError:
			errs = append(errs, r.Error.Message)
		}
	})
	return out, errs, res
}

func TestALineGivesTextLineByLine(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(w.textTarget())
	if caps := s.Capabilities(); !caps.TextOnly {
		t.Errorf("%+v", caps)
	}
	w.noShells() // each line has a shell of its own
	for line, want := range map[string][]string{
		"whoami":                     {`contoso\admin`},
		"'one'; 2; \"thr\u00e9e €\"": {"one", "2", "thr\u00e9e €"},
		"Write-Output a '' b":        {"a", "", "b"},
		"Write-Warning careful":      {"WARNING: careful"},
		"exit 0":                     nil,
	} {
		out, errs, res := texts(t, s, line)
		if !slices.Equal(out, want) || len(errs) != 0 || res.Outcome != session.Completed || res.Err != nil || res.Objects != len(want) {
			t.Errorf("%s: %q, errors %q, %+v", line, out, errs, res)
		}
	}
	out, _, _ := texts(t, s, "Get-CsTenant")
	if !slices.ContainsFunc(out, func(line string) bool {
		name, value, found := strings.Cut(line, ":")
		return found && strings.TrimSpace(name) == "DisplayName" && strings.TrimSpace(value) == "Contoso"
	}) {
		t.Errorf("the tenant says %q", out)
	}
	w.noShells()
	if got, want := w.actions(2), []string{"Signal", "Delete"}; !slices.Equal(got, want) {
		t.Errorf("a line ends with %q, want %q", got, want)
	}
}

// The error output is made of errors, also where PowerShell writes it as CLIXML.
func TestTheErrorOutputIsErrors(t *testing.T) {
	for _, asCLIXML := range []bool{false, true} {
		w := newWorld(t, lab.Options{Switches: endpoint.Switches{ErrorCLIXML: asCLIXML}})
		s := w.connect(w.textTarget())
		out, errs, res := texts(t, s, "'before'; Write-Error 'not that' -ErrorId Bad; 'after'")
		want := []string{
			"Write-Error : not that",
			"    + CategoryInfo          : NotSpecified: (:) [Write-Error], WriteErrorException",
			"    + FullyQualifiedErrorId : Bad",
		}
		if !slices.Equal(out, []string{"before", "after"}) || !slices.Equal(errs, want) {
			t.Errorf("CLIXML %v: %q, errors %q", asCLIXML, out, errs)
		}
		if res.Outcome != session.Completed || res.Errors != len(want) {
			t.Errorf("%+v", res)
		}
	}
}

func TestAnExitCodeFailsTheRun(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(w.textTarget())
	for line, want := range map[string]int{"'x'; exit 3": 3, "exit -2": -2, "exit -1": -1, "Get-Nothing": 1, "throw 'no'": 1} {
		_, errs, res := texts(t, s, line)
		var exit *session.ExitError
		if res.Outcome != session.Failed || !errors.As(res.Err, &exit) || exit.Code != want {
			t.Errorf("%s: %+v, want exit code %d", line, res, want)
		}
		if len(errs) == 0 || errs[len(errs)-1] != exit.Error() || res.Errors != len(errs) {
			t.Errorf("%s: errors %q, %+v", line, errs, res)
		}
	}
	// The session is as good as before.
	if out, _, _ := texts(t, s, "hostname"); !slices.Equal(out, []string{"admin1e"}) {
		t.Errorf("%q", out)
	}
	w.noShells()
}

func TestStopEndsALineAndItsShell(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(w.textTarget())
	for _, how := range []string{"stop", "context"} {
		ctx, cancel := context.WithCancel(t.Context())
		run, err := s.Run(ctx, "ping -t server1", session.RunOptions{Confirmed: true})
		if err != nil {
			t.Fatal(err)
		}
		if records, err := run.Next(t.Context()); err != nil || len(records) == 0 {
			t.Fatalf("%v, %v: output comes while the line runs", records, err)
		}
		if n := len(w.lab.Endpoint().Shells()); n != 1 {
			t.Errorf("%d shells while a line runs", n)
		}
		if how == "stop" {
			if err := run.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else {
			cancel()
		}
		res, err := run.Wait(t.Context())
		if err != nil || res.Outcome != session.Stopped || res.Err != nil {
			t.Errorf("%s: %+v, %v", how, res, err)
		}
		w.noShells()
		cancel()
	}
	if out, _, _ := texts(t, s, "whoami"); !slices.Equal(out, []string{`contoso\admin`}) {
		t.Errorf("afterwards %q", out)
	}
	ledger := w.lab.Ledger()
	if got := ledger[len(ledger)-2]; got.State != "Stopped" {
		t.Errorf("the server says %+v", got)
	}
}

func TestTextProvesNoTenant(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(w.textTarget())
	if p := s.Proof(); p.Proved || p.Why != "the server answers with text only" {
		t.Errorf("%+v", p)
	}
	if _, err := s.Run(t.Context(), "Set-CsUser a", session.RunOptions{}); !errors.As(err, new(*session.ConfirmationError)) {
		t.Errorf("%v: what is unproved is treated as production", err)
	}
	target := w.textTarget()
	target.ExpectTenant = "contoso.example"
	if _, err := w.connector.Connect(t.Context(), target, nil); !errors.As(err, new(*session.MismatchError)) {
		t.Errorf("%v: a tenant that is expected has to be proved", err)
	}
	w.noShells()
}

func TestClosingWhileALineRunsLeavesNoShell(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(w.textTarget())
	run, err := s.Run(t.Context(), "ping -t server1", session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	queued, err := s.Run(t.Context(), "whoami", session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	w.noShells()
	if res, err := run.Wait(t.Context()); err != nil || res.Outcome != session.Lost || !errors.Is(res.Err, session.ErrClosed) {
		t.Errorf("%+v, %v", res, err)
	}
	if res, err := queued.Wait(t.Context()); err != nil || res.Outcome != session.Stopped {
		t.Errorf("a line that waited: %+v, %v", res, err)
	}
}

// The server has a shell before the client can know of it.
func TestClosingWhileALineStartsLeavesNoShell(t *testing.T) {
	w := newWorld(t, lab.Options{})
	for range 20 {
		s := w.connect(w.textTarget())
		if _, err := s.Run(t.Context(), "ping -t server1", session.RunOptions{Confirmed: true}); err != nil {
			t.Fatal(err)
		}
		for len(w.lab.Endpoint().Shells()) == 0 {
			runtime.Gosched()
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		w.noShells()
	}
}

// A shell that dies with its line is told as lost, never as done.
func TestAShellThatDiesLosesTheLine(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(w.textTarget())
	run, err := s.Run(t.Context(), "ping -t server1", session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.lab.Endpoint().Kill(w.lab.Endpoint().Shells()[0].ID)
	res, err := run.Wait(t.Context())
	if err != nil || res.Outcome != session.Lost || !errors.As(res.Err, new(*session.LostError)) {
		t.Errorf("%+v, %v", res, err)
	}
	if s.State() != session.Opened {
		t.Errorf("the session is %v: its next line has a shell of its own", s.State())
	}
}

// What is wrong is found by Connect, not by the first line.
func TestWhatConnectingForTextRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lab    lab.Options
		change func(*lab.Lab, *session.Target)
		class  session.Class
		want   string
	}{
		{
			"a wrong password",
			lab.Options{},
			func(_ *lab.Lab, t *session.Target) {
				t.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("not it"), nil }
			},
			session.ClassSignIn, "the password was refused",
		},
		{
			"a service without a Windows Remote Shell",
			lab.Options{},
			func(l *lab.Lab, t *session.Target) { t.OverridePowerShellURI = l.Tenants()[0].LiveIDURI },
			session.ClassConnect, "Cannot find the resource URI",
		},
		{
			"too many shells",
			lab.Options{Switches: endpoint.Switches{QuotaFault: true}},
			func(*lab.Lab, *session.Target) {},
			session.ClassConnect, "concurrent shells, which has been exceeded",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.lab)
			target := w.textTarget()
			tt.change(w.lab, &target)
			s, err := w.connector.Connect(t.Context(), target, w.watch)
			if err == nil {
				_ = s.Close(context.Background())
				t.Fatal("connected")
			}
			var e *session.Error
			if !errors.As(err, &e) || e.Class != tt.class || !strings.Contains(err.Error(), tt.want) || len(session.HintsOf(err)) == 0 {
				t.Errorf("%#v: %v, hints %q; want class %v and %q", e, err, session.HintsOf(err), tt.class, tt.want)
			}
			w.noShells()
		})
	}
}

func TestTheJournalOfTextLines(t *testing.T) {
	w := newWorld(t, lab.Options{})
	var journal bytes.Buffer
	s, err := w.journaled(&journal).Connect(t.Context(), w.textTarget(), nil)
	if err != nil {
		t.Fatal(err)
	}
	texts(t, s, "whoami")
	texts(t, s, "'x'; exit 3")
	texts(t, s, strings.Repeat("x", 9000)) // longer than cmd.exe takes
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(journal.String()) {
		var e session.JournalEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Tenant != "unproved" || e.User != "admin@contoso.example" {
			t.Errorf("%+v", e)
		}
		got = append(got, strings.TrimSpace(string(e.Step)+" "+e.Outcome))
	}
	want := []string{
		"queued", "sent", "accepted", "ended completed",
		"queued", "sent", "accepted", "ended failed",
		"queued", "sent", "ended failed",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
