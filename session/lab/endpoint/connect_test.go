package endpoint

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// other is another client of the user whose shells newClient makes.
func other(t *testing.T, address string) *wsman.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := wsman.New(wsman.Config{URL: u, Authorize: func(_ context.Context, r *http.Request, _ []string) error {
		r.SetBasicAuth("admin@contoso.example", "pa55")
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func faultOf(err error) uint32 {
	var f *wsman.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return 0
}

// A client leaves in the middle of a pipeline's output; another one finds the
// shell and the command, joins both, and gets the rest.
func TestConnectFromAnotherClient(t *testing.T) {
	_, _, address := start(t, Config{MaxReceive: 1})
	first := open(t, newClient(t, address), psrp.ClientConfig{MaxRunspaces: 3})
	id := first.begin(psrp.Commands(cmd("New-LabObject", "Count", 20, "Properties", 1)))
	seen := len(first.feed(id, first.receive(id)))

	c := other(t, address)
	shells, err := c.Enumerate(t.Context())
	if err != nil || len(shells) != 1 || shells[0].ID != first.shell || shells[0].State != wsman.ShellConnected {
		t.Fatalf("%+v, %v", shells, err)
	}
	shell := c.Attach(shells[0])
	second := psrp.NewClient(psrp.ClientConfig{ID: first.psrp.ID(), MaxRunspaces: 2})
	out, err := second.Connect()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shell.Connect(t.Context(), out.Bytes()); faultOf(err) != codeInUse {
		t.Errorf("a shell that is connected: %v", err)
	}
	first.post(actionDisconnect, first.shell, "<rsp:Disconnect/>")
	if r := first.receive(id); r.Fault.Code != codeDisconnected {
		t.Errorf("the one that left still gets %s", r.Raw)
	}
	if err := shell.ConnectCommand(t.Context(), id); faultOf(err) != codeDisconnected {
		t.Errorf("a command before its shell: %v", err)
	}
	answer, err := shell.Connect(t.Context(), out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	events, err := second.Feed(uuid.Nil, answer)
	if err != nil || second.State() != psrp.PoolOpened || second.PrivateData() == nil {
		t.Fatalf("pool is %s after %d events: %v", second.State(), len(events), err)
	}
	commands, err := shell.Commands(t.Context())
	if err != nil || len(commands) != 1 || commands[0].ID != id {
		t.Fatalf("%+v, %v", commands, err)
	}
	if err := shell.ConnectCommand(t.Context(), uuid.New()); faultOf(err) != codeNotFound {
		t.Errorf("a command that is not there: %v", err)
	}
	if err := shell.ConnectCommand(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	second.Join(id)
	for done := false; !done; {
		got, err := shell.Receive(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got.Streams {
			events, err := second.Feed(id, s.Data)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				switch e := e.(type) {
				case psrp.Output:
					seen++
				case psrp.PipelineStateChanged:
					done = e.State == psrp.PipelineCompleted
				}
			}
		}
	}
	if seen != 20 {
		t.Errorf("%d objects arrived at the two clients", seen)
	}
}

// A Receive that waits ends when its client leaves, and takes nothing from the
// one that comes back.
func TestDisconnectEndsReceives(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	c := other(t, address)
	shell := c.Attach(wsman.ShellInfo{ID: sess.shell})
	parked := make(chan error, 1)
	go func() {
		_, err := shell.Receive(context.Background(), uuid.Nil)
		parked <- err
	}()
	if err := shell.Disconnect(t.Context(), 5*time.Minute, wsman.BufferDrop); err != nil {
		t.Fatal(err)
	}
	if err := <-parked; faultOf(err) != codeDisconnected {
		t.Errorf("the Receive that waited: %v", err)
	}
	info, err := shell.Describe(t.Context())
	if err != nil || info.State != wsman.ShellDisconnected || info.IdleTimeout != 5*time.Minute || info.BufferMode != wsman.BufferDrop {
		t.Errorf("%+v, %v", info, err)
	}
	if err := shell.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, out, err := sess.psrp.AvailableRunspaces(); err != nil || sess.send(out).Status != 200 {
		t.Fatal("the shell takes nothing")
	}
	if got, err := shell.Receive(t.Context(), uuid.Nil); err != nil || len(got.Streams) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConnectRefused(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	shell := other(t, address).Attach(wsman.ShellInfo{ID: sess.shell})
	if err := shell.Disconnect(t.Context(), 0, "Perhaps"); faultOf(err) != codeInvalidXML {
		t.Errorf("an unknown buffer mode: %v", err)
	}
	if err := shell.Disconnect(t.Context(), 0, ""); err != nil {
		t.Fatal(err)
	}
	stranger, err := psrp.NewClient(psrp.ClientConfig{}).Connect()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"nothing": nil, "half a fragment": {0, 0, 0}, "no fragment": []byte(strings.Repeat("x", 99)), "another pool": stranger.Bytes()} {
		if _, err := shell.Connect(t.Context(), data); faultOf(err) != codeInvalidXML {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := shell.Describe(t.Context()); err != nil || info.State != wsman.ShellDisconnected {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

// Whoever reads nothing holds the writer up, or loses what does not fit.
func TestBufferModes(t *testing.T) {
	o := newOutbox()
	message := [][]byte{make([]byte, outboxLimit)}
	if err := o.put(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	written := make(chan error)
	go func() { written <- o.put(context.Background(), message) }()
	o.setLossy(true)
	if err := <-written; err != nil || o.size != outboxLimit {
		t.Errorf("%d bytes wait, %v", o.size, err)
	}
	o.setLossy(false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.put(ctx, message); !errors.Is(err, context.Canceled) {
		t.Errorf("the writer does not wait: %v", err)
	}
}

// A shell that nobody asks anything disconnects by itself, and says so.
func TestAutoDisconnectIsListed(t *testing.T) {
	var later atomic.Int64
	s, _, address := start(t, Config{Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	open(t, newClient(t, address), psrp.ClientConfig{})
	s.SetSwitches(Switches{AutoDisconnect: time.Minute})
	later.Store(int64(2 * time.Minute))
	shells, err := other(t, address).Enumerate(t.Context())
	if err != nil || len(shells) != 1 || shells[0].State != wsman.ShellDisconnected {
		t.Errorf("%+v, %v", shells, err)
	}
}
