package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/wsman"
)

// host is a server behind a line that the test can cut. Its command Get-Steps
// writes a number for each token in steps, and ends at the last.
type host struct {
	t      *testing.T
	server *endpoint.Server
	steps  chan int
	tenant string // what Get-CsTenant says; "" there is no such command

	mu       sync.Mutex
	conns    map[net.Conn]bool
	down     bool
	requests []string                              // actions, as they came in
	before   func(action string) bool              // false: the request is lost on its way
	after    func(action string) bool              // false: its answer is
	ledger   []endpoint.LedgerEntry                // what ran
	answer   func(w http.ResponseWriter, a string) // in place of the server; nil: the server
}

func newHost(t *testing.T, cfg endpoint.Config) *host {
	h := &host{t: t, steps: make(chan int), conns: map[net.Conn]bool{}}
	cfg.Open = func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return &runspace.Options{Mode: runspace.NoLanguage, Table: runspace.Builtins().With(runspace.NewTable(h.commands()...))}, nil
	}
	cfg.OnRequest = func(e endpoint.Entry) {}
	cfg.OnCommand = func(e endpoint.LedgerEntry) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ledger = append(h.ledger, e)
	}
	h.server = endpoint.New(cfg)
	t.Cleanup(func() { h.server.Close() })
	return h
}

func (h *host) commands() []runspace.Cmdlet {
	steps := runspace.Cmdlet{Name: "Get-Steps", Run: func(c *runspace.Call) error {
		for {
			select {
			case n, ok := <-h.steps:
				if !ok {
					return nil
				}
				if err := c.WriteObject(clixml.Int32(int32(n))); err != nil {
					return err
				}
			case <-c.Context().Done():
				return runspace.ErrStopped
			}
		}
	}}
	name := runspace.Cmdlet{Name: "Get-Name", Run: func(c *runspace.Call) error { return c.WriteObject(clixml.Str("host")) }}
	if h.tenant == "" {
		return []runspace.Cmdlet{steps, name}
	}
	return []runspace.Cmdlet{steps, name, {Name: "Get-CsTenant", Run: func(c *runspace.Call) error {
		return c.WriteObject(clixml.Obj(clixml.Custom(clixml.Prop("DisplayName", clixml.Str(h.tenant)), clixml.Prop("TenantId", clixml.Str(h.tenant)))))
	}}}
}

// ServeHTTP loses requests and answers as the test says.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	action := "?"
	for _, name := range []string{"Create", "Command", "Send", "Receive", "Signal", "Delete", "Disconnect", "Reconnect", "Connect", "Enumerate", "Get"} {
		if strings.Contains(string(body), "/"+name+"<") {
			action = name
			break
		}
	}
	h.mu.Lock()
	h.requests = append(h.requests, action)
	before, after, answer := h.before, h.after, h.answer
	h.mu.Unlock()
	if before != nil && !before(action) {
		panic(http.ErrAbortHandler)
	}
	if answer != nil {
		answer(w, action)
		return
	}
	if after != nil && !after(action) {
		h.server.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	h.server.ServeHTTP(w, r)
}

func (h *host) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("network is unreachable")}
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		h.conns[conn] = true
	}
	return conn, err
}

// cut ends every connection and lets no other through until mend.
func (h *host) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = true
	for c := range h.conns {
		_ = c.Close()
	}
	clear(h.conns)
}

func (h *host) mend() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = false
}

func (h *host) set(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
}

func (h *host) count(action string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, a := range h.requests {
		if a == action {
			n++
		}
	}
	return n
}

// ran tells how often a command ran.
func (h *host) ran(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.ledger {
		if len(e.Commands) > 0 && e.Commands[0].Name == name {
			n++
		}
	}
	return n
}

func (h *host) connect(patience time.Duration, change func(*session.Target)) *session.Session {
	h.t.Helper()
	s, err := h.tryConnect(patience, change)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func (h *host) tryConnect(patience time.Duration, change func(*session.Target)) (*session.Session, error) {
	srv := httptest.NewServer(h)
	h.t.Cleanup(srv.Close)
	srv.Config.ErrorLog = nil
	target := session.Target{
		UserName: "admin@contoso.example", Authentication: "basic", OverridePowerShellURI: srv.URL + "/wsman",
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("pw"), nil },
		Env:      session.Dev,
	}
	if change != nil {
		change(&target)
	}
	c := session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{Dial: h.dial}, Patience: patience})
	return c.Connect(h.t.Context(), target, nil)
}

func (h *host) run(s *session.Session, line string) *session.Run {
	h.t.Helper()
	r, err := s.Run(h.t.Context(), line, session.RunOptions{Confirmed: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// next is the text of the next record.
func (h *host) next(r *session.Run) string {
	h.t.Helper()
	records, err := r.Next(h.t.Context())
	if err != nil {
		h.t.Fatalf("no record: %v (%+v)", err, r.Result())
	}
	var out []string
	for _, rec := range records {
		switch rec.Stream {
		case session.StreamOutput:
			out = append(out, rec.Value.String())
		case session.StreamError:
			out = append(out, "error: "+rec.Error.Message)
		default:
			out = append(out, rec.Text)
		}
	}
	return strings.Join(out, " ")
}

func (h *host) end(r *session.Run) session.Result {
	h.t.Helper()
	for {
		if _, err := r.Next(h.t.Context()); err != nil {
			break
		}
	}
	res, err := r.Wait(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return res
}

// await waits for a state of the session.
func (h *host) await(s *session.Session, want session.State) {
	h.t.Helper()
	for {
		changed := s.Changed()
		if s.State() == want {
			return
		}
		select {
		case <-changed:
		case <-h.t.Context().Done():
			h.t.Fatalf("the session is %s, not %s", s.State(), want)
		}
	}
}

// A cut network interrupts a session; when it is back the command goes on where
// it was, every object once, and it was sent once.
func TestReconnectAfterTheNetworkWasGone(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	r := h.run(s, "Get-Steps")
	h.steps <- 1
	if got := h.next(r); got != "1" {
		t.Fatalf("first object %q", got)
	}
	h.cut()
	h.await(s, session.Interrupted)
	h.steps <- 2
	h.steps <- 3
	h.mend()
	h.await(s, session.Opened)
	var got []string
	for len(strings.Fields(strings.Join(got, " "))) < 2 {
		got = append(got, h.next(r))
	}
	h.steps <- 4
	got = append(got, h.next(r))
	close(h.steps)
	if res := h.end(r); res.Outcome != session.Completed || res.Objects != 4 {
		t.Errorf("%+v", res)
	}
	if all := strings.Join(got, " "); all != "2 3 4" {
		t.Errorf("after the cut %q", all)
	}
	if n := h.ran("Get-Steps"); n != 1 {
		t.Errorf("it ran %d times", n)
	}
}

// A shell that the server has disconnected, since another client did or nobody
// asked for long, is reconnected, the commands in it too.
func TestReconnectAfterTheServerDisconnected(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	r := h.run(s, "Get-Steps")
	h.steps <- 1
	h.next(r)
	h.other(s).disconnect()
	h.steps <- 2
	if got := h.next(r); got != "2" {
		t.Errorf("after the disconnect %q", got)
	}
	close(h.steps)
	if res := h.end(r); res.Outcome != session.Completed || res.Objects != 2 {
		t.Errorf("%+v", res)
	}
	h.await(s, session.Opened)
	if n := h.count("Reconnect"); n < 2 {
		t.Errorf("%d Reconnects: want the shell's and the command's", n)
	}
	if n := h.ran("Get-Steps"); n != 1 {
		t.Errorf("it ran %d times", n)
	}
}

// otherClient is somebody else at the same shell.
type otherClient struct {
	h     *host
	shell *wsman.Shell
}

func (h *host) other(s *session.Session) otherClient {
	h.t.Helper()
	u, err := url.Parse(s.URI())
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := wsman.New(wsman.Config{URL: u})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(c.Close)
	return otherClient{h, c.Attach(wsman.ShellInfo{ID: strings.ToUpper(s.ID())})}
}

func (o otherClient) disconnect() {
	o.h.t.Helper()
	if err := o.shell.Disconnect(o.h.t.Context(), 0, ""); err != nil {
		o.h.t.Fatal(err)
	}
}

// A server that takes no Reconnect is joined as another client would join it:
// the command goes on, and says that output may be missing.
func TestReconnectByConnect(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	r := h.run(s, "Get-Steps")
	h.steps <- 1
	h.next(r)
	h.server.SetSwitches(endpoint.Switches{NoReconnect: true})
	h.other(s).disconnect()
	go func() { h.steps <- 2; close(h.steps) }()
	var text []string
	for {
		records, err := r.Next(t.Context())
		if err != nil {
			break
		}
		for _, rec := range records {
			if rec.Stream == session.StreamWarning {
				text = append(text, "warned")
			}
			if rec.Stream == session.StreamOutput {
				text = append(text, rec.Value.String())
			}
		}
	}
	slices.Sort(text) // the warning may come behind what was on its way
	if got := strings.Join(text, " "); got != "2 warned" {
		t.Errorf("after joining anew %q", got)
	}
	if res := r.Result(); res.Outcome != session.Completed {
		t.Errorf("%+v", res)
	}
	if refused := s.Capabilities().Refused; !strings.Contains(strings.Join(refused, "\n"), "Reconnect") {
		t.Errorf("what the server refuses: %q", refused)
	}
	if n := h.ran("Get-Steps"); n != 1 {
		t.Errorf("it ran %d times", n)
	}
}

// A server that does not come back ends the session after the time that it is
// looked for, and the command that ran is said to be lost after what had come.
func TestReconnectGivesUp(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(300*time.Millisecond, nil)
	r := h.run(s, "Get-Steps")
	h.steps <- 1
	h.next(r)
	h.cut()
	res := h.end(r)
	var gone *session.GoneError
	var lost *session.LostError
	if res.Outcome != session.Lost || !errors.As(res.Err, &lost) || lost.Objects != 1 || !errors.As(res.Err, &gone) {
		t.Errorf("%+v", res)
	}
	h.await(s, session.Broken)
	if _, err := s.Run(t.Context(), "Get-Steps", session.RunOptions{}); err == nil || len(session.HintsOf(err)) == 0 {
		t.Errorf("a line after that: %v", err)
	}
	close(h.steps)
}

// Lines that are typed while the connection is looked for wait, and are sent
// once it is back; one can be stopped before.
func TestReconnectHoldsLines(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	h.cut()
	h.await(s, session.Interrupted)
	stopped, sent := h.run(s, "Get-Steps"), h.run(s, "Get-Name")
	if err := stopped.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res := h.end(stopped); res.Outcome != session.Stopped {
		t.Errorf("stopped: %+v", res)
	}
	h.mend()
	if res := h.end(sent); res.Outcome != session.Completed || res.Objects != 1 {
		t.Errorf("sent: %+v", res)
	}
	if n := h.ran("Get-Steps"); n != 0 {
		t.Errorf("the stopped one ran %d times", n)
	}
}

// A command whose request or answer is lost is never sent twice: the server is
// asked whether it has it.
func TestReconnectNeverSendsTwice(t *testing.T) {
	once := func(action string) func(string) bool {
		var done atomic.Bool
		return func(a string) bool { return a != action || done.Swap(true) }
	}
	t.Run("the answer is lost", func(t *testing.T) {
		h := newHost(t, endpoint.Config{})
		s := h.connect(time.Minute, nil)
		h.set(func() { h.after = once("Command") })
		res := h.end(h.run(s, "Get-Name"))
		if res.Outcome != session.Completed || res.Objects != 1 || h.ran("Get-Name") != 1 {
			t.Errorf("%+v, ran %d times", res, h.ran("Get-Name"))
		}
	})
	t.Run("the request is lost", func(t *testing.T) {
		h := newHost(t, endpoint.Config{})
		s := h.connect(time.Minute, nil)
		h.set(func() { h.before = once("Command") })
		res := h.end(h.run(s, "Get-Name"))
		var not *session.NotArrivedError
		if res.Outcome != session.Failed || !errors.As(res.Err, &not) || h.ran("Get-Name") != 0 {
			t.Errorf("%+v, ran %d times", res, h.ran("Get-Name"))
		}
		if res := h.end(h.run(s, "Get-Name")); res.Outcome != session.Completed {
			t.Errorf("the session goes on: %+v", res)
		}
	})
}

// A page of a proxy in place of an answer is a loss like any other.
func TestReconnectAfterAPageOfAProxy(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	left := 6
	h.set(func() {
		h.answer = func(w http.ResponseWriter, action string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if left--; left == 0 {
				h.answer = nil
			}
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader([]int{http.StatusServiceUnavailable, http.StatusOK, http.StatusInternalServerError}[left%3])
			fmt.Fprint(w, "<html>please sign in to the network</html>")
		}
	})
	if res := h.end(h.run(s, "Get-Name")); res.Outcome != session.Completed && res.Outcome != session.Failed {
		t.Errorf("%+v", res)
	}
	if res := h.end(h.run(s, "Get-Name")); res.Outcome != session.Completed {
		t.Errorf("the session goes on: %+v", res)
	}
}

// After a loss the server has to say again which tenant it is before a line is
// sent; one that is another ends the session.
func TestReconnectProvesTheTenantAgain(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	h.tenant = "contoso"
	s := h.connect(time.Minute, nil)
	if p := s.Proof(); !p.Proved || p.Label() != "contoso" {
		t.Fatalf("%+v", p)
	}
	h.cut()
	h.await(s, session.Interrupted)
	h.tenant = "fabrikam"
	h.mend()
	h.await(s, session.Opened)
	res := h.end(h.run(s, "Get-Name"))
	var other *session.MismatchError
	if res.Outcome != session.Failed || !errors.As(res.Err, &other) || h.ran("Get-Name") != 0 {
		t.Errorf("%+v, ran %d times", res, h.ran("Get-Name"))
	}
	if s.State() != session.Broken {
		t.Errorf("the session is %s", s.State())
	}
}

// A session that is disconnected goes on at the server; another process joins
// it and the command in it, and reads the rest of its output.
func TestDisconnectAndAttach(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	r := h.run(s, "Get-Steps")
	h.steps <- 1
	h.next(r)
	if err := s.Disconnect(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if res := h.end(r); res.Outcome != session.Lost || !errors.Is(res.Err, session.ErrDisconnected) {
		t.Errorf("%+v", res)
	}
	if s.State() != session.Disconnected || h.count("Delete") != 0 {
		t.Errorf("%s, %d Deletes", s.State(), h.count("Delete"))
	}
	h.steps <- 2

	again := h.connect(time.Minute, func(t *session.Target) { t.Attach = s.ID() })
	runs := again.Rejoined()
	if len(runs) != 1 {
		t.Fatalf("%d commands were joined", len(runs))
	}
	line := h.run(again, "Get-Name") // waits for the one that runs
	if got := h.next(runs[0]); got != "2" {
		t.Errorf("joined: %q", got)
	}
	h.steps <- 3
	close(h.steps)
	if res := h.end(runs[0]); res.Outcome != session.Completed || res.Objects != 2 {
		t.Errorf("joined: %+v", res)
	}
	if res := h.end(line); res.Outcome != session.Completed {
		t.Errorf("the line after it: %+v", res)
	}
	if again.Capabilities().LanguageMode != "NoLanguage" {
		t.Errorf("%+v", again.Capabilities())
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(h.server.Shells()); n != 0 {
		t.Errorf("%d shells are left", n)
	}
}

// A session that is joined while a command runs in it is asked which tenant it
// is when that has ended, also where no line comes.
func TestAJoinedSessionProvesItsTenantWhenItIsIdle(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	h.tenant = "Contoso"
	s := h.connect(time.Minute, nil)
	r := h.run(s, "Get-Steps")
	h.steps <- 1
	h.next(r)
	if err := s.Disconnect(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	again := h.connect(time.Minute, func(t *session.Target) { t.Attach = s.ID() })
	changed := again.Changed()
	if again.Proof().Proved || len(again.Rejoined()) != 1 {
		t.Fatalf("%+v while it runs", again.Proof())
	}
	close(h.steps)
	h.end(again.Rejoined()[0])
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatal("nobody was asked")
	}
	if p := again.Proof(); !p.Proved || again.State() != session.Opened {
		t.Errorf("%+v", p)
	}
}

// A session that somebody is connected to cannot be joined; it stays as it is.
func TestAttachToOneInUse(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	_, err := h.tryConnect(time.Minute, func(t *session.Target) { t.Attach = s.ID() })
	var fault *wsman.Fault
	if !errors.As(err, &fault) || !fault.IsInUse() {
		t.Errorf("%v", err)
	}
	if res := h.end(h.run(s, "Get-Name")); res.Outcome != session.Completed {
		t.Errorf("the one who is in it: %+v", res)
	}
	if _, err := h.tryConnect(time.Minute, func(t *session.Target) { t.Attach = "elsewhere" }); err == nil {
		t.Error("an id that is none was taken")
	}
}

// A server that keeps no sessions says so: nothing has changed then.
func TestDisconnectRefused(t *testing.T) {
	h := newHost(t, endpoint.Config{})
	s := h.connect(time.Minute, nil)
	h.server.SetSwitches(endpoint.Switches{NoDisconnect: true})
	if err := s.Disconnect(t.Context(), 0); err == nil {
		t.Fatal("it was taken")
	}
	if refused := strings.Join(s.Capabilities().Refused, "\n"); !strings.Contains(refused, "Disconnect") {
		t.Errorf("what the server refuses: %q", refused)
	}
	if res := h.end(h.run(s, "Get-Name")); res.Outcome != session.Completed {
		t.Errorf("%+v", res)
	}
}
