package psrp_test

import (
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// A second client joins a pool and a pipeline that runs in it.
func TestConnect(t *testing.T) {
	p := newPair(t, psrp.ClientConfig{MinRunspaces: 1, MaxRunspaces: 3}, psrp.ServerConfig{})
	events := p.toServer(p.c.Connect())
	if len(events) != 2 {
		t.Fatalf("%#v", events)
	}
	if e := one[psrp.ConnectRequested](t, events[1:]); e.Min != 1 || e.Max != 3 {
		t.Errorf("request is %+v", e)
	}
	data := clixml.PrimitiveDictionary(clixml.Entry{Key: clixml.Str("Site"), Value: clixml.Str("north")})
	events = p.toClient(p.s.Connected(psrp.PoolLimits{Min: 1, Max: 2}, data))
	if len(events) != 3 {
		t.Fatalf("%#v", events)
	}
	if e := one[psrp.PoolLimitsReceived](t, events[1:2]); e.Max != 2 {
		t.Errorf("limits are %+v", e)
	}
	if p.c.State() != psrp.PoolOpened || p.s.State() != psrp.PoolOpened {
		t.Errorf("pool is %s here and %s there", p.c.State(), p.s.State())
	}
	if v, _ := p.c.PrivateData().Lookup("Site"); v.Text() != "north" {
		t.Errorf("Site = %v", v)
	}

	// the first fragments of an object went to the client before
	id := p.run(psrp.Script("long"))
	p.c.Forget(id)
	p.s.SetFragmentSize(100)
	out, err := p.s.Output(id, clixml.Str("an object that takes more than one fragment, of which the first is lost"))
	if err != nil {
		t.Fatal(err)
	}
	out.Fragments = out.Fragments[1:]
	p.c.Join(id)
	if events := p.toClient(out, nil); len(events) != 0 {
		t.Errorf("half an object gives %#v", events)
	}
	one[psrp.Output](t, p.toClient(p.s.Output(id, clixml.Str("the next one is whole"))))
}

// A connect that names no limits has an empty text for a body.
func TestConnectWithoutLimits(t *testing.T) {
	m, err := psrp.NewMessage(psrp.ToServer, uuid.Nil, uuid.Nil, psrp.PoolJoin{})
	if err != nil {
		t.Fatal(err)
	}
	body, err := m.Decode(clixml.Limits{})
	if err != nil || body != (psrp.PoolJoin{}) {
		t.Errorf("%#v, %v", body, err)
	}
}

func TestFragmentSizeOfWhatGoesOut(t *testing.T) {
	p := opened(t, psrp.ClientConfig{FragmentSize: 1000}, psrp.ServerConfig{FragmentSize: 200})
	p.c.SetFragmentSize(80)
	_, out, err := p.c.CreatePipeline(psrp.Script("'a script'"))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range out.Fragments {
		if len(f) > 80 || i < len(out.Fragments)-1 && len(f) != 80 {
			t.Errorf("fragment %d has %d bytes", i, len(f))
		}
	}
	one[psrp.PipelineRequested](t, p.toServer(out, nil))
}

func TestServerRefuses(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	if _, err := p.s.Opened(nil); err == nil {
		t.Error("the pool opens twice")
	}
	stranger := uuid.UUID{5}
	if _, err := p.s.Output(stranger, clixml.Null()); err == nil {
		t.Error("a pipeline that is not there has output")
	}
	if _, _, err := p.s.HostCall(stranger, psrp.HostCall{Method: psrp.MethodReadLine}); err == nil {
		t.Error("a pipeline that is not there calls")
	}
	id, out, err := p.c.CreatePipeline(psrp.Script("1"))
	one[psrp.PipelineRequested](t, p.toServer(out, err))
	again, err := p.s.Feed(id, out.Stream, out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	one[psrp.DecodeFailed](t, again)
	p.s.Forget(id)
	if _, err := p.s.Output(id, clixml.Null()); err == nil {
		t.Error("a forgotten pipeline has output")
	}
}

// Answers may come on the pool's stream: the message names its pipeline.
func TestAnswerOnThePoolsStream(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id := p.run(psrp.Script("Read-Host"))
	_, out, err := p.s.HostCall(id, psrp.HostCall{Method: psrp.MethodReadLine})
	call := one[psrp.HostCallReceived](t, p.toClient(out, err)).Call
	out, err = p.c.Respond(psrp.StringAnswer(call, "typed"))
	if err != nil {
		t.Fatal(err)
	}
	out.PipelineID = uuid.Nil
	if e := one[psrp.HostResponded](t, p.toServer(out, nil)); e.Pipeline() != id || e.Value.Text() != "typed" {
		t.Errorf("answer is %+v", e)
	}
}

func TestStatesHaveTheirNames(t *testing.T) {
	// [MS-PSRP] 2.2.3.4 and 2.2.3.5
	for state, want := range map[psrp.PoolState]string{0: "BeforeOpen", 2: "Opened", 5: "Broken", 9: "Disconnected", 10: "PoolState(10)", -1: "PoolState(-1)"} {
		if state.String() != want {
			t.Errorf("pool state %d is called %s", int32(state), state)
		}
	}
	for state, want := range map[psrp.PipelineState]string{0: "NotStarted", 3: "Stopped", 4: "Completed", 5: "Failed", 7: "PipelineState(7)"} {
		if state.String() != want {
			t.Errorf("pipeline state %d is called %s", int32(state), state)
		}
	}
}

func TestErrorsSayWhatAndWhy(t *testing.T) {
	for want, err := range map[string]error{
		"cannot create a pipeline: pool is Closed":                                           &psrp.StateError{Op: "create a pipeline", State: "pool is Closed"},
		`the other side speaks version "3.0" of the remoting protocol, this side speaks 2.3`: &psrp.VersionError{Ours: "2.3", Theirs: "3.0"},
		"psrp fragment 2 of object 7: it is torn":                                            &psrp.FragmentError{ObjectID: 7, FragmentID: 2, Msg: "it is torn"},
		"psrp message: it is torn":                                                           &psrp.MessageError{Msg: "it is torn"},
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}

func TestSecretFields(t *testing.T) {
	for typeName, want := range map[string]bool{
		"System.Security.SecureString": true, "System.Management.Automation.PSCredential": true, "System.String": false,
	} {
		if (psrp.FieldDescription{FullType: typeName}).Secret() != want {
			t.Errorf("%s is secret: %v", typeName, !want)
		}
	}
}

// An answer that does not come on the stream of prompt responses is none.
func TestAnswerOnTheWrongStream(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id := p.run(psrp.Script("Read-Host"))
	_, out, err := p.s.HostCall(id, psrp.HostCall{Method: psrp.MethodReadLine})
	call := one[psrp.HostCallReceived](t, p.toClient(out, err)).Call
	out, err = p.c.Respond(psrp.StringAnswer(call, "typed"))
	if err != nil || out.Stream != psrp.StreamPromptResponse {
		t.Fatalf("goes on %s, %v", out.Stream, err)
	}
	out.Stream = psrp.StreamStdin
	if e := one[psrp.DecodeFailed](t, p.toServer(out, nil)); e.Pipeline() != id || e.Type != psrp.PipelineHostResponse {
		t.Errorf("%+v", e)
	}
}
