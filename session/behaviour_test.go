package session_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/wsman"
)

// The tests named TestBehaviourNN show how a session bears each way in which
// servers are known to behave. The server is the lab's endpoint behind a real
// HTTP server on loopback, over http and over https.

// stand is an endpoint that serves, and what it was asked.
type stand struct {
	t         *testing.T
	endpoint  *endpoint.Server
	web       *httptest.Server
	connector *session.Connector

	mu       sync.Mutex
	requests []endpoint.Entry
	commands []endpoint.LedgerEntry
	headers  []http.Header
	// tamper, where it is set, answers in place of the endpoint, or returns false.
	tamper func(http.ResponseWriter, *http.Request) bool
}

// overBoth runs a test over http and over https.
func overBoth(t *testing.T, test func(t *testing.T, scheme string)) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) { test(t, scheme) })
	}
}

func newStand(t *testing.T, scheme string, cfg endpoint.Config) *stand {
	t.Helper()
	st := &stand{t: t}
	cfg.OnRequest = func(e endpoint.Entry) {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.requests = append(st.requests, e)
	}
	cfg.OnCommand = func(e endpoint.LedgerEntry) {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.commands = append(st.commands, e)
	}
	st.endpoint = endpoint.New(cfg)
	roots := x509.NewCertPool()
	st.web = httptest.NewUnstartedServer(st)
	st.web.Config.ErrorLog = log.New(io.Discard, "", 0)
	if scheme == "https" {
		st.web.StartTLS()
		roots.AddCert(st.web.Certificate())
	} else {
		st.web.Start()
	}
	t.Cleanup(func() {
		st.endpoint.Close()
		st.web.Close()
	})
	st.connector = session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{RootCAs: roots}})
	return st
}

// ServeHTTP notes what a request says of itself and hands it to the endpoint.
func (st *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	st.headers = append(st.headers, r.Header.Clone())
	tamper := st.tamper
	st.mu.Unlock()
	if tamper == nil || !tamper(w, r) {
		st.endpoint.ServeHTTP(w, r)
	}
}

func (st *stand) target() session.Target {
	return session.Target{
		UserName: "admin@contoso.example", OverridePowerShellURI: st.web.URL + "/wsman", Authentication: "basic",
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("pa55"), nil },
		Env:      session.Dev,
	}
}

func (st *stand) connect() *session.Session { return st.connectTo(st.target()) }

func (st *stand) connectTo(target session.Target) *session.Session {
	st.t.Helper()
	s, err := st.connector.Connect(st.t.Context(), target, nil)
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// asked are the requests for an action, as far as they have been answered.
func (st *stand) asked(action string) []endpoint.Entry {
	st.mu.Lock()
	defer st.mu.Unlock()
	var list []endpoint.Entry
	for _, e := range st.requests {
		if e.Action == action {
			list = append(list, e)
		}
	}
	return list
}

// ran counts the pipelines of a command that the server has run.
func (st *stand) ran(name string) int {
	st.mu.Lock()
	defer st.mu.Unlock()
	n := 0
	for _, e := range st.commands {
		if len(e.Commands) > 0 && strings.EqualFold(e.Commands[0].Name, name) {
			n++
		}
	}
	return n
}

// wsman is a client of the stand below the session.
func (st *stand) wsman() *wsman.Client {
	st.t.Helper()
	u, err := url.Parse(st.web.URL + "/wsman")
	if err != nil {
		st.t.Fatal(err)
	}
	cfg := wsman.Config{URL: u}
	if st.web.TLS != nil {
		roots := x509.NewCertPool()
		roots.AddCert(st.web.Certificate())
		cfg.TLS = &tls.Config{RootCAs: roots}
	}
	c, err := wsman.New(cfg)
	if err != nil {
		st.t.Fatal(err)
	}
	st.t.Cleanup(c.Close)
	return c
}

// ofCommands opens runspaces with the lab's own commands and some more.
func ofCommands(more ...runspace.Cmdlet) func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
	return func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		table := runspace.Builtins()
		table.Add(more...)
		return &runspace.Options{Table: table}, nil
	}
}

// wantObjects runs New-LabObject and wants each object once, in its order and whole.
func wantObjects(t *testing.T, s *session.Session, n int) {
	t.Helper()
	records, res := everything(t, s, "New-LabObject -Count "+strconv.Itoa(n))
	if res.Outcome != session.Completed {
		t.Fatalf("%+v", res)
	}
	var got []int64
	for _, r := range records {
		if r.Stream != session.StreamOutput {
			continue
		}
		index, _ := r.Value.Object().Get("Index")
		i, _ := index.Int()
		if text, _ := r.Value.Object().Get("Property01"); text.Text() != "value 1 of object "+strconv.FormatInt(i, 10) {
			t.Errorf("object %d says %q", i, text.Text())
		}
		got = append(got, i)
	}
	want := make([]int64, n)
	for i := range want {
		want[i] = int64(i + 1)
	}
	if !slices.Equal(got, want) {
		t.Errorf("objects %v, want 1 to %d", got, n)
	}
}

// everything runs a line and reads it to its end.
func everything(t *testing.T, s session.Runner, line string) ([]session.Record, session.Result) {
	t.Helper()
	run, err := s.Run(t.Context(), line, session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return readAll(t, run)
}

// readAll reads a run to its end.
func readAll(t *testing.T, run *session.Run) ([]session.Record, session.Result) {
	t.Helper()
	var all []session.Record
	for {
		records, err := run.Next(t.Context())
		if err != nil {
			break
		}
		all = append(all, records...)
	}
	res, err := run.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all, res
}

// fullLanguage opens runspaces that take scripts.
func fullLanguage(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
	return &runspace.Options{Mode: runspace.FullLanguage}, nil
}
