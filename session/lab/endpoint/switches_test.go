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

func TestFragmentGap(t *testing.T) {
	_, _, address := start(t, Config{Switches: Switches{FragmentGap: 2}})
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
	s.SetSwitches(Switches{SmallEnvelope: 1000})
	if r := c.post(actionCreate, "", creation(uuid.NewString(), make([]byte, 1000))); r.Fault.Code != codeEnvelopeTooBig {
		t.Errorf("SmallEnvelope: %d", r.Fault.Code)
	}
	s.SetSwitches(Switches{Redirect: "https://elsewhere.example/"})
	if r := c.post(actionGet, sess.shell, ""); r.Status != 302 {
		t.Errorf("Redirect: %d", r.Status)
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
