package psrp_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// pair is a client and a server with nothing between them.
type pair struct {
	t testing.TB
	c *psrp.Client
	s *psrp.Server
}

// toServer delivers what the client made.
func (p *pair) toServer(out psrp.Outgoing, err error) []psrp.Event {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	events, err := p.s.Feed(out.PipelineID, out.Stream, out.Bytes())
	if err != nil {
		p.t.Fatal(err)
	}
	return events
}

// toClient delivers what the server made.
func (p *pair) toClient(out psrp.Outgoing, err error) []psrp.Event {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	events, err := p.c.Feed(out.PipelineID, out.Bytes())
	if err != nil {
		p.t.Fatal(err)
	}
	return events
}

// one takes the only event, which must be of type T.
func one[T psrp.Event](t testing.TB, events []psrp.Event) T {
	t.Helper()
	if len(events) != 1 {
		t.Fatalf("%d events: %#v", len(events), events)
	}
	e, ok := events[0].(T)
	if !ok {
		t.Fatalf("event is %#v", events[0])
	}
	return e
}

func newPair(t testing.TB, cc psrp.ClientConfig, sc psrp.ServerConfig) *pair {
	t.Helper()
	return &pair{t, psrp.NewClient(cc), psrp.NewServer(sc)}
}

// opened is a pair with an open pool.
func opened(t testing.TB, cc psrp.ClientConfig, sc psrp.ServerConfig) *pair {
	t.Helper()
	p := newPair(t, cc, sc)
	if events := p.toServer(p.c.Open()); len(events) != 2 {
		t.Fatalf("opening gave %#v", events)
	}
	p.toClient(p.s.Opened(clixml.PrimitiveDictionary()))
	if p.c.State() != psrp.PoolOpened {
		t.Fatalf("pool is %s", p.c.State())
	}
	return p
}

// run starts a pipeline and gives its id.
func (p *pair) run(pipeline psrp.Pipeline) uuid.UUID {
	p.t.Helper()
	id, out, err := p.c.CreatePipeline(pipeline)
	request := one[psrp.PipelineRequested](p.t, p.toServer(out, err))
	if request.ID != id {
		p.t.Fatalf("pipeline is %s, want %s", request.ID, id)
	}
	return id
}

func TestOpenNegotiatesTheLowerVersion(t *testing.T) {
	for _, test := range []struct{ client, server, want string }{
		{"2.3", "2.3", "2.3"},
		{"2.4", "2.3", "2.3"},
		{"2.3", "2.4", "2.3"},
		{"2.4", "2.4", "2.4"},
		{"2.3", "2.1", "2.1"},
		{"2.10", "2.9", "2.9"},
	} {
		t.Run(test.client+" and "+test.server, func(t *testing.T) {
			p := opened(t, psrp.ClientConfig{Protocol: test.client}, psrp.ServerConfig{Protocol: test.server})
			if p.c.Protocol() != test.want || p.s.Protocol() != test.want {
				t.Errorf("client speaks %s, server %s, want %s", p.c.Protocol(), p.s.Protocol(), test.want)
			}
		})
	}
}

func TestOpenCarriesWhatTheClientAsks(t *testing.T) {
	arguments := []clixml.Entry{{Key: clixml.Str("Tool"), Value: clixml.Str("psdeck")}}
	p := newPair(t, psrp.ClientConfig{
		MinRunspaces: 1, MaxRunspaces: 4, ApplicationArguments: arguments, Host: psrp.Console(120, 50),
	}, psrp.ServerConfig{})
	events := p.toServer(p.c.Open())
	if len(events) != 2 {
		t.Fatalf("%#v", events)
	}
	request := one[psrp.OpenRequested](t, events[1:])
	if request.Min != 1 || request.Max != 4 || request.PoolID != p.c.ID() {
		t.Errorf("asked for %d to %d runspaces in pool %s", request.Min, request.Max, request.PoolID)
	}
	if v, _ := request.ApplicationArguments.Lookup("Tool"); v.Text() != "psdeck" {
		t.Errorf("Tool = %v", v)
	}
	if _, ok := request.ApplicationArguments.Lookup("PSVersionTable"); !ok {
		t.Error("no PSVersionTable, which Get-FormatData needs")
	}
	if request.Host == nil || request.Host.Defaults == nil || request.Host.Defaults.Buffer != (psrp.Size{Width: 120, Height: 50}) {
		t.Errorf("host is %+v", request.Host)
	}
}

func TestVersionsThatDoNotMeet(t *testing.T) {
	p := newPair(t, psrp.ClientConfig{}, psrp.ServerConfig{Protocol: "3.0"})
	out, err := p.c.Open()
	if err != nil {
		t.Fatal(err)
	}
	var wrong *psrp.VersionError
	if _, err := p.s.Feed(uuid.Nil, out.Stream, out.Bytes()); !errors.As(err, &wrong) || wrong.Theirs != "2.3" {
		t.Errorf("the server says %v", err)
	}
	out, err = p.s.Capability()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.c.Feed(uuid.Nil, out.Bytes()); !errors.As(err, &wrong) || wrong.Theirs != "3.0" {
		t.Errorf("the client says %v", err)
	}
	if p.c.State() != psrp.PoolBroken {
		t.Errorf("pool is %s", p.c.State())
	}
}

func TestEveryStreamArrives(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id := p.run(psrp.Script("anything"))
	if v := one[psrp.Output](t, p.toClient(p.s.Output(id, clixml.Int32(42)))); v.Value != clixml.Int32(42) || v.Pipeline() != id {
		t.Errorf("output is %#v", v)
	}
	if v := one[psrp.Output](t, p.toClient(p.s.Output(id, clixml.Null()))); !v.Value.IsNull() {
		t.Errorf("null arrives as %#v", v)
	}
	sent := &psrp.ErrorRecord{
		Message: "no such user", ExceptionType: "System.Exception", FullyQualifiedErrorID: "UserNotFound,Get-X",
		Category: "ObjectNotFound", Activity: "Get-X", Reason: "ItemNotFoundException", TargetName: "x", TargetType: "String",
	}
	got := one[psrp.ErrorReceived](t, p.toClient(p.s.Error(id, sent))).Record
	if got.Message != "no such user" || got.CategoryCode != 13 || got.FullyQualifiedErrorID != "UserNotFound,Get-X" ||
		got.CategoryInfo() != "ObjectNotFound: (x:String) [Get-X], ItemNotFoundException" {
		t.Errorf("error is %+v", got)
	}
	if v := one[psrp.WarningReceived](t, p.toClient(p.s.Warning(id, "w"))); v.Record.Message != "w" {
		t.Errorf("warning is %#v", v)
	}
	if v := one[psrp.VerboseReceived](t, p.toClient(p.s.Verbose(id, "v"))); v.Record.Message != "v" {
		t.Errorf("verbose is %#v", v)
	}
	if v := one[psrp.DebugReceived](t, p.toClient(p.s.Debug(id, "d"))); v.Record.Message != "d" {
		t.Errorf("debug is %#v", v)
	}
	progress := psrp.ProgressRecord{
		Activity: "Copying", ActivityID: 3, ParentActivityID: -1, StatusDescription: "step", CurrentOperation: "file",
		PercentComplete: 10, SecondsRemaining: 90, Completed: true,
	}
	if v := one[psrp.ProgressReceived](t, p.toClient(p.s.Progress(id, progress))); v.Record != progress {
		t.Errorf("progress is %#v", v.Record)
	}
	info := psrp.InformationRecord{MessageData: clixml.Str("i"), Source: "Write-Host", Tags: []string{"PSHOST"}, ProcessID: 7}
	if v := one[psrp.InformationReceived](t, p.toClient(p.s.Information(id, info))).Record; v.MessageData.Text() != "i" ||
		len(v.Tags) != 1 || v.Tags[0] != "PSHOST" || v.ProcessID != 7 {
		t.Errorf("information is %#v", v)
	}
	done := one[psrp.PipelineStateChanged](t, p.toClient(p.s.PipelineState(id, psrp.PipelineFailed, sent)))
	if done.State != psrp.PipelineFailed || !done.State.Over() || done.Error == nil || done.Error.Error() != "no such user" {
		t.Errorf("state is %#v", done)
	}
	if state, ok := p.c.PipelineState(id); state != psrp.PipelineFailed || !ok {
		t.Errorf("pipeline is %s", state)
	}
}

func TestInput(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id := p.run(psrp.Pipeline{Commands: []psrp.Command{{Name: "Sort-Object"}}})
	for i := range 3 {
		if v := one[psrp.InputReceived](t, p.toServer(p.c.Input(id, clixml.Int32(int32(i))))); v.Value != clixml.Int32(int32(i)) {
			t.Errorf("input %d is %#v", i, v)
		}
	}
	one[psrp.InputEnded](t, p.toServer(p.c.EndInput(id)))
	var state *psrp.StateError
	if _, err := p.c.Input(id, clixml.Null()); !errors.As(err, &state) {
		t.Errorf("input after its end: %v", err)
	}
	if _, err := p.c.EndInput(p.run(psrp.Script("1"))); !errors.As(err, &state) {
		t.Errorf("input to a pipeline that takes none: %v", err)
	}
}

func TestHostCallIsAnswered(t *testing.T) {
	p := opened(t, psrp.ClientConfig{Host: psrp.Console(80, 25)}, psrp.ServerConfig{})
	id := p.run(psrp.Script("Remove-Item x"))
	choices := []clixml.Value{
		clixml.Obj(clixml.New(clixml.Prop("label", "&Yes"), clixml.Prop("helpMessage", "do it"))),
		clixml.Obj(clixml.New(clixml.Prop("label", "&No"), clixml.Prop("helpMessage", ""))),
	}
	callID, out, err := p.s.HostCall(id, psrp.HostCall{
		Method:     psrp.MethodPromptForChoice,
		Parameters: []clixml.Value{clixml.Str("Confirm"), clixml.Str("Sure?"), clixml.Obj(clixml.Array(choices...)), clixml.Int32(0)},
	})
	call := one[psrp.HostCallReceived](t, p.toClient(out, err)).Call
	if call.CallID != 1 || callID != 1 || !call.WantsAnswer() || call.PipelineID != id {
		t.Errorf("call is %+v", call)
	}
	asked, err := call.Decode()
	if err != nil {
		t.Fatal(err)
	}
	prompt := asked.(psrp.PromptForChoice)
	if prompt.Caption != "Confirm" || len(prompt.Choices) != 2 || prompt.Choices[0] != (psrp.Choice{Label: "&Yes", Help: "do it"}) {
		t.Errorf("prompt is %+v", prompt)
	}
	out, err = p.c.Respond(psrp.ChoiceAnswer(call, 1))
	if out.Stream != psrp.StreamPromptResponse {
		t.Errorf("the answer goes on %q", out.Stream)
	}
	answer := one[psrp.HostResponded](t, p.toServer(out, err))
	if answer.CallID != 1 || answer.Value != clixml.Int32(1) || answer.Method != psrp.MethodPromptForChoice || answer.PipelineID != id {
		t.Errorf("answer is %+v", answer)
	}

	_, out, err = p.s.HostCall(id, psrp.HostCall{Method: psrp.MethodWriteLine2, Parameters: []clixml.Value{clixml.Str("hi")}})
	call = one[psrp.HostCallReceived](t, p.toClient(out, err)).Call
	if call.WantsAnswer() {
		t.Errorf("WriteLine2 wants answer %d", call.CallID)
	}
	if _, err := p.c.Respond(psrp.StringAnswer(call, "")); err == nil {
		t.Error("a call that takes no answer is answered")
	}
}

func TestHostCallOfThePool(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	_, out, err := p.s.HostCall(uuid.Nil, psrp.HostCall{Method: psrp.MethodReadLine})
	call := one[psrp.HostCallReceived](t, p.toClient(out, err)).Call
	thrown := &psrp.ErrorRecord{Message: "nobody is here", FullyQualifiedErrorID: "NoHost"}
	answer := one[psrp.HostResponded](t, p.toServer(p.c.Respond(psrp.ErrorAnswer(call, thrown))))
	if answer.PipelineID != uuid.Nil || answer.Err == nil || answer.Err.Message != "nobody is here" {
		t.Errorf("answer is %+v", answer)
	}
}

func TestTwoPipelinesAtOnce(t *testing.T) {
	p := opened(t, psrp.ClientConfig{MaxRunspaces: 2}, psrp.ServerConfig{})
	ids := []uuid.UUID{p.run(psrp.Script("a")), p.run(psrp.Script("b"))}
	done := make(chan error)
	for n, id := range ids {
		go func() {
			for i := range 200 {
				out, err := p.s.Output(id, clixml.Int32(int32(1000*n+i)))
				if err != nil {
					done <- err
					return
				}
				events, err := p.c.Feed(id, out.Bytes())
				if err != nil || len(events) != 1 || events[0].(psrp.Output).Value != clixml.Int32(int32(1000*n+i)) {
					done <- fmt.Errorf("output %d of pipeline %d: %v, %v", i, n, events, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range ids {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestStop(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id := p.run(psrp.Script("while (1) {}"))
	stopped := &psrp.ErrorRecord{Message: "The pipeline has been stopped.", FullyQualifiedErrorID: "PipelineStopped", Category: "OperationStopped"}
	e := one[psrp.PipelineStateChanged](t, p.toClient(p.s.PipelineState(id, psrp.PipelineStopped, stopped)))
	if e.State != psrp.PipelineStopped || e.Error.FullyQualifiedErrorID != "PipelineStopped" {
		t.Errorf("state is %+v", e)
	}
	// what comes after the end is still given, until the pipeline is forgotten
	one[psrp.Output](t, p.toClient(p.s.Output(id, clixml.Str("finally"))))
	p.c.Forget(id)
	if events := p.toClient(p.s.Output(id, clixml.Str("late"))); len(events) != 0 {
		t.Errorf("a forgotten pipeline gives %#v", events)
	}
}

func TestPoolOperations(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	operations := []struct {
		kind  psrp.MessageType
		value int
		make  func() (int64, psrp.Outgoing, error)
	}{
		{psrp.SetMaxRunspaces, 8, func() (int64, psrp.Outgoing, error) { return p.c.SetMaxRunspaces(8) }},
		{psrp.SetMinRunspaces, 2, func() (int64, psrp.Outgoing, error) { return p.c.SetMinRunspaces(2) }},
		{psrp.GetAvailableRunspaces, 0, p.c.AvailableRunspaces},
		{psrp.ResetRunspaceState, 0, p.c.Reset},
	}
	for i, op := range operations {
		id, out, err := op.make()
		request := one[psrp.PoolRequest](t, p.toServer(out, err))
		if request.Kind != op.kind || request.Value != op.value || request.CallID != id || id != int64(i+1) {
			t.Errorf("request is %+v", request)
		}
		answer := one[psrp.Availability](t, p.toClient(p.s.Availability(id, clixml.Bool(true))))
		if answer.CallID != id || !answer.Value.True() {
			t.Errorf("answer is %+v", answer)
		}
	}
}

func TestNothingIsMadeAfterTheEnd(t *testing.T) {
	ends := map[string]func(p *pair){
		"closed by the client": func(p *pair) { p.c.Close() },
		"closed by the server": func(p *pair) { p.toClient(p.s.PoolState(psrp.PoolClosed, nil), nil) },
		"broken": func(p *pair) {
			p.toClient(p.s.PoolState(psrp.PoolBroken, &psrp.ErrorRecord{Message: "gone"}), nil)
			p.toClient(p.s.PoolState(psrp.PoolOpened, nil), nil) // no way back
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
			end(p)
			var state *psrp.StateError
			if _, _, err := p.c.CreatePipeline(psrp.Script("1")); !errors.As(err, &state) {
				t.Errorf("a pipeline is made: %v", err)
			}
			if _, _, err := p.c.GetCommandMetadata([]string{"*"}, psrp.CommandRemotable, nil); !errors.As(err, &state) {
				t.Errorf("a query is made: %v", err)
			}
			if _, _, err := p.c.Reset(); !errors.As(err, &state) {
				t.Errorf("a pool operation is made: %v", err)
			}
			if _, err := p.c.Open(); !errors.As(err, &state) {
				t.Errorf("the pool is opened again: %v", err)
			}
		})
	}
}
