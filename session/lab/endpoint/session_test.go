package endpoint

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

func cmd(name string, args ...any) psrp.Command {
	c := psrp.Command{Name: name}
	for i := 0; i+1 < len(args); i += 2 {
		c.Parameters = append(c.Parameters, psrp.Parameter{Name: args[i].(string), Value: clixml.Of(args[i+1])})
	}
	return c
}

func TestOpenRunClose(t *testing.T) {
	s, j, address := start(t, Config{Open: func(id Identity, u *url.URL, args *clixml.Object) (*runspace.Options, error) {
		version, _ := args.Lookup("X-MS-Client-Version")
		return &runspace.Options{Tenant: u.Query().Get("AdminDomain") + "/" + version.Text(), PrivateData: []clixml.Entry{{Key: clixml.Str("Lab"), Value: clixml.Bool(true)}}}, nil
	}})
	c := newClient(t, address+"?AdminDomain=fabrikam.onmicrosoft.com")
	sess := open(t, c, psrp.ClientConfig{ApplicationArguments: []clixml.Entry{{Key: clixml.Str("X-MS-Client-Version"), Value: clixml.Str("7.0")}}})
	if sess.psrp.State() != psrp.PoolOpened || sess.psrp.Protocol() != "2.3" {
		t.Fatalf("pool is %v, protocol %s", sess.psrp.State(), sess.psrp.Protocol())
	}
	if v, ok := sess.psrp.PrivateData().Lookup("Lab"); !ok || !v.True() {
		t.Error("private data is missing")
	}
	if list := s.Shells(); len(list) != 1 || list[0].Tenant != "fabrikam.onmicrosoft.com/7.0" || list[0].AdminDomain != "fabrikam.onmicrosoft.com" || list[0].State != "Connected" {
		t.Errorf("shells: %+v", list)
	}
	var got []string
	id := sess.begin(psrp.Commands(cmd("Get-LabEcho", "Number", "42", "Text", "ø")))
	state := sess.finish(id, func(e psrp.Event) { got = append(got, e.(psrp.Output).Value.String()) })
	if state.State != psrp.PipelineCompleted || strings.Join(got, "|") != "@{Name=Text; Type=System.String; Value=ø}|@{Name=Number; Type=System.Int32; Value=42}" {
		t.Errorf("%v %v", state.State, got)
	}
	sess.close()
	if list := s.Shells(); len(list) != 0 {
		t.Errorf("shells after Delete: %+v", list)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	want := LedgerCommand{Name: "Get-LabEcho", Parameters: []LedgerParameter{{"Number", "System.String", "42"}, {"Text", "System.String", "ø"}}}
	if len(j.commands) != 1 || fmt.Sprint(j.commands[0].Commands) != fmt.Sprint([]LedgerCommand{want}) || j.commands[0].State != "Completed" || j.commands[0].Objects != 2 {
		t.Errorf("ledger: %+v", j.commands)
	}
	if e := j.requests[0]; e.Action != "Create" || e.User != "admin@contoso.example" || e.AdminDomain != "fabrikam.onmicrosoft.com" || e.ShellID == "" || e.Status != 200 {
		t.Errorf("first request: %+v", e)
	}
}

func TestOpeningRefused(t *testing.T) {
	_, _, address := start(t, Config{Open: func(Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return nil, errors.New("you may not manage this tenant")
	}})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	last := sess.opening[len(sess.opening)-1].(psrp.PoolStateChanged)
	if last.State != psrp.PoolBroken || last.Error == nil || last.Error.Message != "you may not manage this tenant" {
		t.Errorf("got %+v", last)
	}
}

func TestConcurrentPipelines(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{MaxRunspaces: 4})
	var wg sync.WaitGroup
	for range 4 {
		id := sess.begin(psrp.Commands(cmd("New-LabObject", "Count", 3000, "Properties", 10)))
		wg.Go(func() {
			next := int64(1)
			state := sess.finish(id, func(e psrp.Event) {
				v, _ := e.(psrp.Output).Value.Object().Get("Index")
				if n, _ := v.Int(); n != next {
					t.Errorf("object %d came as number %d", n, next)
				}
				next++
			})
			if state.State != psrp.PipelineCompleted || next != 3001 {
				t.Errorf("%v after %d objects", state.State, next-1)
			}
		})
	}
	wg.Wait()
}

func TestPipelineWaitsForARunspace(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	first := sess.begin(psrp.Commands(cmd("Start-Sleep", "Seconds", 600)))
	second := sess.begin(psrp.Commands(cmd("Write-Output", "", "late")))
	_, out, err := sess.psrp.AvailableRunspaces()
	if err != nil {
		t.Fatal(err)
	}
	sess.send(out)
	events := sess.feed(uuid.Nil, sess.receive(uuid.Nil))
	if n, _ := events[0].(psrp.Availability).Value.Int(); n != 0 {
		t.Errorf("%d runspaces are free", n)
	}
	sess.post(actionSignal, sess.shell, signal(first, signalStop))
	if state := sess.finish(first, nil); state.State != psrp.PipelineStopped || state.Error.FullyQualifiedErrorID != "PipelineStopped" {
		t.Errorf("first: %+v", state)
	}
	if state := sess.finish(second, nil); state.State != psrp.PipelineCompleted {
		t.Errorf("second: %+v", state)
	}
}

func TestOtherSignalsCloseTheCommand(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	id := sess.begin(psrp.Commands(cmd("Start-Sleep", "Seconds", 600)))
	if r := sess.post(actionSignal, sess.shell, signal(id, "powershell/signal/ctrl_c")); r.Status != 200 {
		t.Errorf("Signal: %d", r.Status)
	}
	if r := sess.receive(id); r.Fault.Code != codeNotFound {
		t.Errorf("Receive after it: %d", r.Fault.Code)
	}
}

func TestHostCallIsAnswered(t *testing.T) {
	table := runspace.NewTable(runspace.Cmdlet{
		Name: "Set-CsUser", SupportsShouldProcess: true, ConfirmImpact: "High", Parameters: []runspace.Parameter{{Name: "Identity", Type: "String"}},
		Run: func(c *runspace.Call) error {
			ok, err := c.ShouldProcess(c.String("Identity"), "Set-CsUser")
			if err == nil {
				err = c.WriteObject(clixml.Bool(ok))
			}
			return err
		},
	})
	_, _, address := start(t, Config{Open: func(Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return &runspace.Options{Table: table}, nil
	}})
	sess := open(t, newClient(t, address), psrp.ClientConfig{Host: psrp.Console(80, 24)})
	for choice, want := range map[int]bool{0: true, 2: false} {
		id := sess.begin(psrp.Commands(cmd("Set-CsUser", "Identity", "anna")))
		asked := 0
		var got clixml.Value
		sess.finish(id, func(e psrp.Event) {
			switch e := e.(type) {
			case psrp.HostCallReceived:
				asked++
				decoded, err := e.Call.Decode()
				prompt, ok := decoded.(psrp.PromptForChoice)
				if err != nil || !ok || prompt.Caption != "Confirm" || len(prompt.Choices) != 4 || prompt.Choices[1].Label != "Yes to &All" {
					t.Fatalf("asked %+v (%v)", decoded, err)
				}
				out, err := sess.psrp.Respond(psrp.ChoiceAnswer(e.Call, choice))
				if err != nil {
					t.Fatal(err)
				}
				sess.send(out)
			case psrp.Output:
				got = e.Value
			}
		})
		if asked != 1 || got.True() != want {
			t.Errorf("choice %d: asked %d times, got %v", choice, asked, got)
		}
	}
}

func TestInput(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	p := psrp.Commands(cmd("Write-Output"))
	p.NoInput = false
	id := sess.begin(p)
	for _, v := range []string{"a", "b", "c"} {
		out, err := sess.psrp.Input(id, clixml.Str(v))
		if err != nil {
			t.Fatal(err)
		}
		sess.send(out)
	}
	out, err := sess.psrp.EndInput(id)
	if err != nil {
		t.Fatal(err)
	}
	sess.send(out)
	var got []string
	sess.finish(id, func(e psrp.Event) { got = append(got, e.(psrp.Output).Value.Text()) })
	if strings.Join(got, "") != "abc" {
		t.Errorf("got %v", got)
	}
}

func TestLargeObjectsBothWays(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	long := strings.Repeat("0123456789", 12_000)
	// The first fragment goes with Command, the others by Send.
	id, out, err := sess.psrp.CreatePipeline(psrp.Commands(cmd("Write-Output", "", long)))
	if err != nil {
		t.Fatal(err)
	}
	first, rest := out, out
	first.Fragments, rest.Fragments = out.Fragments[:1], out.Fragments[1:]
	if len(rest.Fragments) == 0 {
		t.Fatal("one fragment only")
	}
	sess.command(id, first)
	sess.send(rest)
	sess.finish(id, func(e psrp.Event) {
		if e.(psrp.Output).Value.Text() != long {
			t.Error("another text came back")
		}
	})
}

func TestCommandMetadata(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	id, out, err := sess.psrp.GetCommandMetadata([]string{"Write-*"}, psrp.CommandRemotable, nil)
	if err != nil {
		t.Fatal(err)
	}
	sess.command(id, out)
	var names []string
	sess.finish(id, func(e psrp.Event) {
		v, _ := e.(psrp.Output).Value.Object().Get("Name")
		names = append(names, v.String())
	})
	if len(names) != 9 || names[1] != "Write-Debug" {
		t.Errorf("got %q", names)
	}
}

func TestPoolOperations(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{MaxRunspaces: 2})
	ask := func(_ int64, out psrp.Outgoing, err error) clixml.Value {
		if err != nil {
			t.Fatal(err)
		}
		sess.send(out)
		return sess.feed(uuid.Nil, sess.receive(uuid.Nil))[0].(psrp.Availability).Value
	}
	if v := ask(sess.psrp.SetMaxRunspaces(5)); !v.True() {
		t.Errorf("SetMaxRunspaces: %v", v)
	}
	if n, _ := ask(sess.psrp.AvailableRunspaces()).Int(); n != 5 {
		t.Errorf("AvailableRunspaces: %d", n)
	}
	if v := ask(sess.psrp.Reset()); !v.True() {
		t.Errorf("Reset: %v", v)
	}
}
