package psrp_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

var allTypes = []psrp.MessageType{
	psrp.SessionCapability, psrp.InitRunspacePool, psrp.PublicKey, psrp.EncryptedSessionKey, psrp.PublicKeyRequest,
	psrp.ConnectRunspacePool, psrp.RunspacePoolInitData, psrp.ResetRunspaceState, psrp.SetMaxRunspaces,
	psrp.SetMinRunspaces, psrp.RunspaceAvailability, psrp.RunspacePoolState, psrp.CreatePipeline,
	psrp.GetAvailableRunspaces, psrp.UserEvent, psrp.ApplicationPrivateData, psrp.GetCommandMetadata,
	psrp.RunspacePoolHostCall, psrp.RunspacePoolHostResponse, psrp.PipelineInput, psrp.EndOfPipelineInput,
	psrp.PipelineOutput, psrp.ErrorRecordMessage, psrp.PipelineStateMessage, psrp.DebugRecord, psrp.VerboseRecord,
	psrp.WarningRecord, psrp.ProgressRecordMessage, psrp.InformationRecordMessage, psrp.PipelineHostCall,
	psrp.PipelineHostResponse,
}

// oddBodies are bodies that are well formed and wrong.
var oddBodies = []string{
	"", "<Nil />", "<S>text</S>", "<I32>7</I32>", `<Obj RefId="0" />`, `<Obj RefId="0"><MS /></Obj>`,
	`<Obj RefId="0"><LST /></Obj>`,
	`<Obj RefId="0"><MS><I32 N="ci">1</I32><I32 N="mi">23</I32><S N="mp">x</S></MS></Obj>`,
	`<Obj RefId="0"><MS><S N="RunspaceState">2</S><S N="PipelineState">4</S></MS></Obj>`,
	`<Obj RefId="0"><MS><I64 N="PipelineState">99999999999</I64></MS></Obj>`,
	`<Obj RefId="0"><MS><I32 N="PipelineState">5</I32><S N="ExceptionAsErrorRecord">x</S></MS></Obj>`,
	`<Obj RefId="0"><MS><Ref N="PowerShell" RefId="0" /><Ref N="Cmds" RefId="0" /><Ref N="HostInfo" RefId="0" /></MS></Obj>`,
}

func TestThereAre31MessageTypes(t *testing.T) {
	names := map[string]bool{}
	for _, m := range allTypes {
		if !m.Known() {
			t.Errorf("0x%08X is not known", uint32(m))
		}
		names[m.String()] = true
	}
	if len(names) != 31 {
		t.Errorf("%d names", len(names))
	}
	if odd := psrp.MessageType(0x00041077); odd.Known() || odd.String() != "message type 0x00041077" {
		t.Errorf("%s is known", odd)
	}
}

// Whatever a body holds, a side reports it or drops it; the pool and the other
// pipelines live on.
func TestOddBodiesHurtOnePipelineOnly(t *testing.T) {
	for _, kind := range allTypes {
		for i, body := range oddBodies {
			t.Run(fmt.Sprintf("%s %d", kind, i), func(t *testing.T) {
				p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
				hurt, other := p.run(psrp.Script("a")), p.run(psrp.Script("b"))
				m := psrp.Message{Destination: psrp.ToClient, Type: kind, PoolID: p.c.ID(), Body: []byte(body)}
				if kind.OfPipeline() {
					m.PipelineID = hurt
				}
				_, err := p.c.Feed(m.PipelineID, whole(900, 0, start|end, m.Append(nil)))
				var version *psrp.VersionError
				if err != nil && !errors.As(err, &version) {
					t.Fatal(err)
				}
				one[psrp.Output](t, p.toClient(p.s.Output(other, clixml.Int32(1))))

				m.Destination, m.PipelineID = psrp.ToServer, hurt
				if !kind.OfPipeline() {
					m.PipelineID = uuid.Nil
				}
				_, _ = p.s.Feed(m.PipelineID, psrp.StreamPromptResponse, whole(900, 0, start|end, m.Append(nil)))
			})
		}
	}
}

func TestBadXMLIsAnEventOfItsPipeline(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id := p.run(psrp.Script("a"))
	m := psrp.Message{Destination: psrp.ToClient, Type: psrp.PipelineOutput, PoolID: p.c.ID(), PipelineID: id, Body: []byte("<I32>2<I32>>")}
	events, err := p.c.Feed(id, whole(900, 0, start|end, m.Append(nil)))
	if err != nil {
		t.Fatal(err)
	}
	failed := one[psrp.DecodeFailed](t, events)
	var syntax *clixml.SyntaxError
	if failed.Pipeline() != id || failed.Type != psrp.PipelineOutput || !errors.As(failed.Err, &syntax) {
		t.Errorf("event is %+v", failed)
	}
	if state, _ := p.c.PipelineState(id); state != psrp.PipelineFailed {
		t.Errorf("pipeline is %s", state)
	}
	if p.c.State() != psrp.PoolOpened {
		t.Errorf("pool is %s", p.c.State())
	}
}

func TestMessagesForOthersAreRefused(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id, other := p.run(psrp.Script("a")), p.run(psrp.Script("b"))
	good := psrp.Message{Destination: psrp.ToClient, Type: psrp.PipelineOutput, PoolID: p.c.ID(), PipelineID: id}
	for name, spoil := range map[string]func(*psrp.Message){
		"another pipeline": func(m *psrp.Message) { m.PipelineID = other },
		"another pool":     func(m *psrp.Message) { m.PoolID = uuid.UUID{9} },
		"the other side":   func(m *psrp.Message) { m.Destination = psrp.ToServer },
		"a server's type":  func(m *psrp.Message) { m.Type = psrp.EndOfPipelineInput },
	} {
		m := good
		spoil(&m)
		events, err := p.c.Feed(id, whole(900, 0, start|end, m.Append(nil)))
		if err != nil {
			t.Fatal(err)
		}
		var wrong *psrp.MessageError
		if failed := one[psrp.DecodeFailed](t, events); !errors.As(failed.Err, &wrong) {
			t.Errorf("%s: %v", name, failed.Err)
		}
	}
	good.Type = 0x00041077
	if events, err := p.c.Feed(id, whole(901, 0, start|end, good.Append(nil))); len(events) != 0 || err != nil {
		t.Errorf("an unknown type gives %v, %v", events, err)
	}
}

// A list that is repeated in a list in a list by reference is refused before
// it is unfolded.
func TestPipelineBomb(t *testing.T) {
	refs := func(id string) string { return strings.Repeat(`<Ref RefId="`+id+`" />`, 2000) }
	enum := `<Obj N="%s" RefId="%d"><ToString>None</ToString><I32>0</I32></Obj>`
	body := `<Obj RefId="0"><MS><Obj N="PowerShell" RefId="1"><MS><Obj N="ExtraCmds" RefId="2"><LST>` +
		`<Obj RefId="3"><MS><Obj N="Cmds" RefId="4"><LST>` +
		`<Obj RefId="5"><MS><S N="Cmd">x</S><B N="IsScript">true</B>` +
		`<Obj N="Args" RefId="6"><LST><Obj RefId="7"><MS><S N="N">p</S><S N="V">v</S></MS></Obj>` + refs("7") + `</LST></Obj></MS></Obj>` +
		refs("5") + `</LST></Obj></MS></Obj>` + refs("3") + `</LST></Obj></MS></Obj>` +
		`<B N="NoInput">true</B><B N="AddToHistory">true</B>` +
		fmt.Sprintf(enum, "ApartmentState", 8) + fmt.Sprintf(enum, "RemoteStreamOptions", 9) + `</MS></Obj>`
	m := psrp.Message{Type: psrp.CreatePipeline, Body: []byte(body)}
	if _, err := m.Decode(clixml.Limits{}); err == nil || !strings.Contains(err.Error(), "more commands") {
		t.Errorf("error is %v", err)
	}
}

// FuzzMessage gives any body to both sides.
func FuzzMessage(f *testing.F) {
	for i := range allTypes {
		for _, body := range oddBodies {
			f.Add(uint8(i), []byte(body))
		}
	}
	for _, r := range recordings(f) {
		n := 0
		for _, l := range r.lines {
			if l.Message != nil && l.Message.XML != nil && len(*l.Message.XML) < 3000 && n < 10 {
				for i, kind := range allTypes {
					if kind.String() == l.Message.Name {
						f.Add(uint8(i), []byte(*l.Message.XML))
						n++
					}
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		m := psrp.Message{Type: allTypes[int(kind)%len(allTypes)], PoolID: uuid.UUID{1}, PipelineID: uuid.UUID{2}, Body: body}
		limits := clixml.Limits{Size: 1 << 16, Objects: 10000}
		decoded, err := m.Decode(limits)
		if err != nil {
			return
		}
		// what was understood can be said again, and is then the same
		made, err := psrp.NewMessage(psrp.ToClient, m.PoolID, m.PipelineID, decoded)
		if err != nil {
			return // too deep or cyclic for the encoder
		}
		again, err := made.Decode(clixml.Limits{})
		if err != nil {
			t.Fatalf("%s: %q gives %q: %v", m.Type, body, made.Body, err)
		}
		second, err := psrp.NewMessage(psrp.ToClient, m.PoolID, m.PipelineID, again)
		if err != nil || !bytes.Equal(made.Body, second.Body) {
			t.Errorf("%s: %q, then %q, %v", m.Type, made.Body, second.Body, err)
		}
	})
}
