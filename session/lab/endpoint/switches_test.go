package endpoint

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/psrp"
)

// run executes a command that writes n objects and gives the Receives it took.
func (s *session) exchange(n int) (objects int, replies []*reply) {
	s.t.Helper()
	id := s.begin(psrp.Commands(cmd("New-LabObject", "Count", n)))
	for over := false; !over; {
		r := s.receive(id)
		replies = append(replies, r)
		for _, e := range s.feed(id, r) {
			switch e.(type) {
			case psrp.Output:
				objects++
			case psrp.PipelineStateChanged:
				over = true
			}
		}
		if len(replies) > 1000 {
			s.t.Fatal("no end")
		}
	}
	return objects, replies
}

func TestReceiveSwitches(t *testing.T) {
	for name, c := range map[string]struct {
		switches Switches
		check    func(*testing.T, []*reply)
	}{
		"none": {Switches{}, func(t *testing.T, all []*reply) {
			if !all[len(all)-1].done() {
				t.Error("no Done with the last data")
			}
		}},
		"timeout faults": {Switches{TimeoutFaults: 2}, func(t *testing.T, all []*reply) {
			for n, r := range all {
				if (r.Fault.Code == codeTimedOut) != (n < 2) {
					t.Errorf("answer %d has code %d", n, r.Fault.Code)
				}
			}
		}},
		"empty answers": {Switches{EmptyReceives: 3}, func(t *testing.T, all []*reply) {
			for n, r := range all {
				if r.Status != 200 || (len(r.Streams) == 0) != (n < 3) {
					t.Errorf("answer %d has %d streams", n, len(r.Streams))
				}
			}
		}},
		"no Done": {Switches{NoDone: true}, func(t *testing.T, all []*reply) {
			if slices.ContainsFunc(all, (*reply).done) {
				t.Error("Done was said")
			}
		}},
		"Done before the state": {Switches{DoneBeforeState: true}, func(t *testing.T, all []*reply) {
			if len(all) < 2 || !all[len(all)-2].done() {
				t.Error("Done was not said before")
			}
		}},
		"a stream for each fragment": {Switches{StreamEach: true}, func(t *testing.T, all []*reply) {
			streams := 0
			for _, r := range all {
				streams += len(r.Streams)
			}
			if streams != 6 { // five objects and the state
				t.Errorf("%d streams", streams)
			}
		}},
		"small fragments": {Switches{FragmentSize: 60, StreamEach: true}, func(t *testing.T, all []*reply) {
			for _, r := range all {
				for _, s := range r.Streams {
					if base64.StdEncoding.DecodedLen(len(s.Data)) > 60+2 {
						t.Errorf("a fragment of %d bytes", base64.StdEncoding.DecodedLen(len(s.Data)))
					}
				}
			}
		}},
		"output held back": {Switches{HoldOutput: true, StreamEach: true}, func(t *testing.T, all []*reply) {
			for n, r := range all {
				if len(r.Streams) > 2 { // one object, and the state behind the last
					t.Errorf("answer %d has %d streams", n, len(r.Streams))
				}
			}
		}},
		"fragments over two answers": {Switches{SplitFragments: true}, func(t *testing.T, all []*reply) {
			if len(all) < 2 {
				t.Error("one answer only")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, address := start(t, Config{Switches: c.switches})
			sess := open(t, newClient(t, address), psrp.ClientConfig{})
			objects, replies := sess.exchange(5)
			if objects != 5 {
				t.Errorf("%d objects", objects)
			}
			c.check(t, replies)
		})
	}
}

func TestMisplacedFragments(t *testing.T) {
	for name, switches := range map[string]Switches{"gap": {FragmentGap: 2}, "twice": {FragmentSize: 100, FragmentTwice: 2}, "wrong object": {FragmentSize: 100, WrongObject: 2}} {
		t.Run(name, func(t *testing.T) { misplaced(t, switches) })
	}
}

func misplaced(t *testing.T, switches Switches) {
	_, _, address := start(t, Config{Switches: switches})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	id := sess.begin(psrp.Commands(cmd("New-LabObject", "Count", 3)))
	for range 5 {
		for _, s := range sess.receive(id).Streams {
			data, _ := base64.StdEncoding.DecodeString(s.Data)
			if _, err := sess.psrp.Feed(id, data); err != nil {
				return
			}
		}
	}
	t.Error("no fragment was out of order")
}

func TestDieAfter(t *testing.T) {
	_, _, address := start(t, Config{Switches: Switches{DieAfter: 10}})
	c := newClient(t, address)
	sess := open(t, c, psrp.ClientConfig{})
	id := sess.begin(psrp.Commands(cmd("New-LabObject", "Count", 20)))
	receive := `<rsp:Receive><rsp:DesiredStream` + attribute(id) + `>stdout</rsp:DesiredStream></rsp:Receive>`
	failed := false
	for range 20 {
		_, err := c.try(c.envelope(uuid.NewString(), actionReceive, sess.shell, receive))
		failed = failed || err != nil
		if failed && err == nil {
			t.Fatal("the server lives again")
		}
	}
	if !failed {
		t.Error("the server lives")
	}
}

func TestRefusingSwitches(t *testing.T) {
	s, _, address := start(t, Config{})
	c := newClient(t, address)
	sess := open(t, c, psrp.ClientConfig{})
	s.SetSwitches(Switches{QuotaFault: true})
	if r := c.post(actionCreate, "", creation(uuid.NewString(), nil)); r.Fault.Code != codeTooManyShells {
		t.Errorf("QuotaFault: %d", r.Fault.Code)
	}
	s.SetSwitches(Switches{CommandQuotaFault: true})
	if r := c.post(actionCommand, sess.shell, `<rsp:CommandLine><rsp:Command/></rsp:CommandLine>`); r.Fault.Code != codeTooManyCommands {
		t.Errorf("CommandQuotaFault: %d", r.Fault.Code)
	}
	s.SetSwitches(Switches{SmallEnvelope: 1000})
	if r := c.post(actionCreate, "", creation(uuid.NewString(), make([]byte, 1000))); r.Fault.Code != codeEnvelopeTooBig {
		t.Errorf("SmallEnvelope: %d", r.Fault.Code)
	}
	s.SetSwitches(Switches{Redirect: "https://elsewhere.example/"})
	if r := c.post(actionGet, sess.shell, ""); r.Status != 302 {
		t.Errorf("Redirect: %d", r.Status)
	}
	s.SetSwitches(Switches{Redirect: "https://elsewhere.example/", RedirectStatus: 308})
	if r := c.post(actionGet, sess.shell, ""); r.Status != 308 {
		t.Errorf("RedirectStatus: %d", r.Status)
	}
	s.SetSwitches(Switches{Unavailable: true})
	if r := c.post(actionGet, sess.shell, ""); r.Status != 503 {
		t.Errorf("Unavailable: %d", r.Status)
	}
	s.SetSwitches(Switches{RequireCookie: true})
	if r := c.post(actionGet, sess.shell, ""); r.Status != 200 {
		t.Errorf("with the cookie: %d", r.Status)
	}
	if r := newClient(t, address).post(actionGet, sess.shell, ""); r.Fault.Code != codeNotFound {
		t.Errorf("without the cookie: %d", r.Fault.Code)
	}
}

// Each way of breaking an answer cuts as many as it says; the same request is
// then answered whole.
func TestBrokenAnswers(t *testing.T) {
	s, _, address := start(t, Config{})
	c := newClient(t, address)
	sess := open(t, c, psrp.ClientConfig{})
	for _, how := range []Break{BreakClose, BreakChunk, BreakReset, BreakSilent} {
		s.SetSwitches(Switches{BrokenAnswers: 1, BreakAction: "Get", BreakBy: how})
		envelope := c.envelope(uuid.NewString(), actionGet, sess.shell, "")
		if r, err := c.try(envelope); err == nil {
			t.Errorf("way %d: answered with %d", how, r.Status)
		}
		if r, err := c.try(envelope); err != nil || r.State != "Connected" {
			t.Errorf("way %d: then %v, %v", how, r, err)
		}
	}
	s.SetSwitches(Switches{SlowBody: time.Millisecond})
	if r := c.post(actionGet, sess.shell, ""); r.State != "Connected" {
		t.Errorf("slow: %+v", r)
	}
}

func TestAutoDisconnect(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	s, _, address := start(t, Config{Now: func() time.Time { return now }, Switches: Switches{AutoDisconnect: time.Minute}})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	s.mu.Lock()
	s.shells[sess.shell].received = now.Add(-2 * time.Minute)
	s.mu.Unlock()
	if r := sess.receive(uuid.Nil); r.Fault.Code != codeDisconnected {
		t.Errorf("got %d", r.Fault.Code)
	}
	sess.post(actionReconnect, sess.shell, "")
	if objects, _ := sess.exchange(1); objects != 1 {
		t.Error("nothing after Reconnect")
	}
}
