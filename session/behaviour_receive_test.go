package session_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// Nothing within the operation time-out is a fault, and asked for again.
func TestBehaviour01TimeoutFaults(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Switches: endpoint.Switches{TimeoutFaults: 3}})
		wantObjects(t, st.connect(), 20)
		faults := 0
		for _, e := range st.asked("Receive") {
			if e.FaultCode == wsman.CodeTimeout {
				faults++
			}
		}
		if faults < 3 {
			t.Errorf("%d faults were sent", faults)
		}
	})
}

// An answer without data, or without any body, is no end.
func TestBehaviour02EmptyAnswers(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Switches: endpoint.Switches{EmptyReceives: 2, EmptyBodies: 2}})
		wantObjects(t, st.connect(), 20)
	})
}

// A pipeline has ended when its state says so, whatever the command's does.
func TestBehaviour03DoneAndState(t *testing.T) {
	for name, switches := range map[string]endpoint.Switches{
		"Done with the last data": {},
		"Done before the state":   {DoneBeforeState: true},
		"no Done":                 {NoDone: true},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{Switches: switches})
				s := st.connect()
				wantObjects(t, s, 20)
				wantObjects(t, s, 0)
			})
		})
	}
}

// How fragments are dealt out to streams and answers changes nothing.
func TestBehaviour04StreamsAndFragments(t *testing.T) {
	for name, switches := range map[string]endpoint.Switches{
		"several fragments in a stream":    {FragmentSize: 100},
		"a stream for each fragment":       {FragmentSize: 100, StreamEach: true},
		"a fragment over two answers":      {SplitFragments: true},
		"small fragments over two answers": {FragmentSize: 60, SplitFragments: true, StreamEach: true},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{Switches: switches, MaxReceive: 4000})
				wantObjects(t, st.connect(), 50)
			})
		})
	}
}

// A fragment that does not follow the one before it ends its command with the
// number of objects that are certain, and nothing but its command.
func TestBehaviour05MisplacedFragments(t *testing.T) {
	for name, switches := range map[string]endpoint.Switches{
		"gap":          {FragmentSize: 200, FragmentGap: 20},
		"twice":        {FragmentSize: 200, FragmentTwice: 20},
		"wrong object": {FragmentSize: 200, WrongObject: 20},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{Switches: endpoint.Switches{FragmentSize: 200}})
				s := st.connect()
				st.endpoint.SetSwitches(switches)
				records, res := everything(t, s, "New-LabObject -Count 50")
				var lost *session.LostError
				var place *psrp.FragmentError
				if res.Outcome != session.Lost || !errors.As(res.Err, &lost) || !errors.As(res.Err, &place) {
					t.Fatalf("%+v", res)
				}
				if lost.Objects != len(records) || lost.Objects == 0 || lost.Objects > 20 {
					t.Errorf("lost after object %d, %d records", lost.Objects, len(records))
				}
				st.endpoint.SetSwitches(endpoint.Switches{})
				wantObjects(t, s, 5)
			})
		})
	}
}

// Who joins a command in the middle of an object begins with the next one.
func TestBehaviour05OffSyncAfterConnect(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Switches: endpoint.Switches{FragmentSize: 300}, MaxReceive: 1})
		first := openByHand(t, st.wsman())
		id := first.start(psrp.Commands(psrp.Command{Name: "New-LabObject", Parameters: []psrp.Parameter{{Name: "Count", Value: clixml.Int32(3)}}}))
		for len(first.receive(id)) == 0 {
		}
		first.receive(id) // the first fragment of the second object
		if err := first.shell.Disconnect(t.Context(), 0, ""); err != nil {
			t.Fatal(err)
		}

		second := &byHand{t: t, psrp: psrp.NewClient(psrp.ClientConfig{ID: first.psrp.ID()})}
		client := st.wsman()
		shells, err := client.Enumerate(t.Context())
		if err != nil || len(shells) != 1 {
			t.Fatalf("%v, %v", shells, err)
		}
		second.shell = client.Attach(shells[0])
		out, err := second.psrp.Connect()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := second.shell.Connect(t.Context(), out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		second.feed(uuid.Nil, answer)
		if err := second.shell.ConnectCommand(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		second.psrp.Join(id)
		objects, end := second.finish(id)
		if len(objects) != 1 || end.State != psrp.PipelineCompleted {
			t.Fatalf("%d objects, %v", len(objects), end)
		}
		if last, _ := objects[len(objects)-1].Object().Get("Index"); last.String() != "3" {
			t.Errorf("the last object is %v", last)
		}
	})
}

// A server that makes output only while a Receive waits is never waited for in
// vain, and what it writes keeps its order across the streams.
func TestBehaviour12HeldOutput(t *testing.T) {
	var want []session.Stream
	mixed := runspace.Cmdlet{Name: "Get-Mixed", Run: func(c *runspace.Call) error {
		for range 10 {
			err := errors.Join(
				c.WriteObject(clixml.Str("x")), c.Warning("x"), c.WriteError(&psrp.ErrorRecord{Message: "x"}), c.Verbose("x"),
				c.WriteObject(clixml.Str("y")), c.Debug("x"), c.Information(clixml.Str("x")), c.Progress(psrp.ProgressRecord{Activity: "x"}),
			)
			if err != nil {
				return err
			}
		}
		return nil
	}}
	for range 10 {
		want = append(want, session.StreamOutput, session.StreamWarning, session.StreamError, session.StreamVerbose,
			session.StreamOutput, session.StreamDebug, session.StreamInformation, session.StreamProgress)
	}
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Open: ofCommands(mixed)})
		s := st.connect()
		for _, held := range []bool{false, true} {
			st.endpoint.SetSwitches(endpoint.Switches{HoldOutput: held})
			before := len(st.asked("Receive"))
			records, res := everything(t, s, "Get-Mixed -Verbose -Debug")
			var got []session.Stream
			for _, r := range records {
				if r.Stream != session.StreamHost {
					got = append(got, r.Stream)
				}
			}
			if res.Outcome != session.Completed || !slices.Equal(got, want) {
				t.Errorf("held %v: %v in the order %v", held, res, got)
			}
			if n := len(st.asked("Receive")) - before; held && n < 60 {
				t.Errorf("%d Receives for %d records", n, len(want))
			}
		}
	})
}

// byHand is a conversation below the session: PSRP over WSMan.
type byHand struct {
	t     *testing.T
	shell *wsman.Shell
	psrp  *psrp.Client
}

func openByHand(t *testing.T, client *wsman.Client) *byHand {
	t.Helper()
	b := &byHand{t: t, psrp: psrp.NewClient(psrp.ClientConfig{Host: psrp.Console(80, 24)})}
	out, err := b.psrp.Open()
	if err != nil {
		t.Fatal(err)
	}
	if b.shell, err = client.Create(t.Context(), wsman.ShellRequest{ShellID: b.psrp.ID(), CreationXML: out.Bytes()}); err != nil {
		t.Fatal(err)
	}
	for b.psrp.State() != psrp.PoolOpened {
		b.receive(uuid.Nil)
	}
	return b
}

func (b *byHand) start(p psrp.Pipeline) uuid.UUID {
	b.t.Helper()
	id, out, err := b.psrp.CreatePipeline(p)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.shell.Command(b.t.Context(), id, "", out.Bytes()); err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *byHand) receive(id uuid.UUID) []psrp.Event {
	b.t.Helper()
	got, err := b.shell.Receive(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	var data bytes.Buffer
	for _, s := range got.Streams {
		data.Write(s.Data)
	}
	return b.feed(id, data.Bytes())
}

func (b *byHand) feed(id uuid.UUID, data []byte) []psrp.Event {
	b.t.Helper()
	events, err := b.psrp.Feed(id, data)
	if err != nil {
		b.t.Fatal(err)
	}
	return events
}

// finish reads a pipeline to its end.
func (b *byHand) finish(id uuid.UUID) (objects []clixml.Value, end psrp.PipelineStateChanged) {
	b.t.Helper()
	for {
		for _, ev := range b.receive(id) {
			switch ev := ev.(type) {
			case psrp.Output:
				objects = append(objects, ev.Value)
			case psrp.PipelineStateChanged:
				if ev.State.Over() {
					return objects, ev
				}
			}
		}
	}
}
