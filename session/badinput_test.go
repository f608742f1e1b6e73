package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// What a hostile or broken server may make a session allocate, over the whole
// life of a message, freed or not: for each byte that it sends so many, and a
// fixed amount beside them. What is alive at once is less.
const (
	allocatedPerByte = 32
	allocatedBeside  = 1 << 20
)

// bad is a message, or pieces of one, that no conforming server sends.
type bad struct {
	name string
	// pieces makes what arrives on the pipeline's stream.
	pieces func(c *fakeCommand) [][]byte
	// ends is what becomes of the line: Failed by a message that cannot be
	// understood, Lost where the stream cannot be read any more, Completed.
	ends Outcome
	says string // the error names the place, or the kind of mistake
}

// body puts CLIXML where an output object belongs.
func body(xml string) func(*fakeCommand) [][]byte {
	return func(c *fakeCommand) [][]byte { return c.message(psrp.PipelineOutput, []byte(xml)) }
}

func (c *fakeCommand) message(kind psrp.MessageType, xml []byte) [][]byte {
	m := psrp.Message{Destination: psrp.ToClient, Type: kind, PoolID: c.f.server.PoolID(), PipelineID: c.ID, Body: xml}
	return cut(m)
}

// cut is a message in fragments; the number of its object is out of the server's way.
func cut(m psrp.Message) [][]byte {
	var f psrp.Fragmenter
	pieces := f.Split(m.Append(nil))
	for _, p := range pieces {
		binary.BigEndian.PutUint64(p, 1<<40)
	}
	return pieces
}

// changed is a message of three fragments with something done to them.
func changed(change func([][]byte) [][]byte) func(*fakeCommand) [][]byte {
	return func(c *fakeCommand) [][]byte {
		return change(c.message(psrp.PipelineOutput, []byte("<S>"+strings.Repeat("x", 80_000)+"</S>")))
	}
}

// header is a message with its header changed.
func header(change func(*psrp.Message)) func(*fakeCommand) [][]byte {
	return func(c *fakeCommand) [][]byte {
		m := psrp.Message{Destination: psrp.ToClient, Type: psrp.PipelineOutput, PoolID: c.f.server.PoolID(), PipelineID: c.ID, Body: []byte("<S>x</S>")}
		change(&m)
		return cut(m)
	}
}

// bomb is a list that holds the one before it ten times, n deep, by reference.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString(`<Obj RefId="0"><LST>` + strings.Repeat("<S>ha</S>", 10) + "</LST></Obj>")
	for i := 1; i <= n; i++ {
		inner := b.String()
		b.Reset()
		fmt.Fprintf(&b, `<Obj RefId="%d"><LST>%s%s</LST></Obj>`, i, inner, strings.Repeat(fmt.Sprintf(`<Ref RefId="%d"/>`, i-1), 9))
	}
	return b.String()
}

func manyProperties(n int) string {
	var b strings.Builder
	b.WriteString(`<Obj RefId="0"><MS>`)
	for i := range n {
		fmt.Fprintf(&b, `<I32 N="p%d">%d</I32>`, i, i)
	}
	b.WriteString("</MS></Obj>")
	return b.String()
}

func badInput() []bad {
	const id, size = 8, 17 // where a fragment's number and length stand
	return []bad{
		{"depth bomb, lists", body(strings.Repeat("<Obj><LST>", 100_000)), Failed, "levels"},
		{"depth bomb, closed", body(strings.Repeat("<Obj><LST>", 60) + strings.Repeat("</LST></Obj>", 60)), Failed, "levels"},
		{"depth bomb, elements", body(strings.Repeat("<a>", 100_000)), Failed, "byte"},
		{"reference bomb", body(bomb(40)), Completed, ""},
		{"an object in itself", body(`<Obj RefId="0"><LST><Ref RefId="0"/></LST></Obj>`), Completed, ""},
		{"document type", body(`<!DOCTYPE x [<!ENTITY a "b">]><S>&a;</S>`), Failed, "byte"},
		{"entity", body("<S>&lol;</S>"), Failed, "byte"},
		{"unknown reference", body(`<Obj RefId="0"><MS><Ref N="x" RefId="7"/></MS></Obj>`), Failed, "byte"},
		{"forward reference", body(`<Obj RefId="0"><LST><Ref RefId="1"/><Obj RefId="1"><LST/></Obj></LST></Obj>`), Failed, "byte"},
		{"unknown type names", body(`<Obj RefId="0"><TNRef RefId="7"/></Obj>`), Failed, "byte"},
		{"a million properties", body(manyProperties(1_000_000)), Completed, ""},
		{"an object of 8 MB", body("<S>" + strings.Repeat("x", 8<<20) + "</S>"), Completed, ""},
		{"garbage", body("\x00\xff\xfe<<<>>&&&"), Failed, "byte"},
		{"not UTF-8", body("<S>\xc3\x28</S><"), Failed, "byte"},
		{"cut short", body(`<Obj RefId="0"><MS><S N="a">x`), Failed, "byte"},
		{"a number that is none", body("<I32>eleven</I32>"), Failed, "byte"},
		{"an unknown element", body("<Wat>1</Wat>"), Failed, "byte"},
		{"a state that is none", func(c *fakeCommand) [][]byte {
			return c.message(psrp.PipelineStateMessage, []byte("<S>over</S>"))
		}, Failed, "PIPELINE_STATE"},

		{"a length that lies", changed(func(f [][]byte) [][]byte {
			binary.BigEndian.PutUint32(f[0][size:], 1<<32-1)
			return f
		}), Lost, "4294967295 bytes"},
		{"a gap", changed(func(f [][]byte) [][]byte { return [][]byte{f[0], f[2]} }), Lost, "fragment 2"},
		{"a duplicate", changed(func(f [][]byte) [][]byte { return [][]byte{f[0], f[1], f[1], f[2]} }), Lost, "fragment 1"},
		{"out of order", changed(func(f [][]byte) [][]byte { return [][]byte{f[1], f[0], f[2]} }), Lost, "start"},
		{"another object's id", changed(func(f [][]byte) [][]byte {
			binary.BigEndian.PutUint64(f[1], 9)
			return f
		}), Lost, "object 9"},
		{"object 0", changed(func(f [][]byte) [][]byte {
			binary.BigEndian.PutUint64(f[0], 0)
			return f
		}), Lost, "start at 1"},
		{"a start within", changed(func(f [][]byte) [][]byte { return [][]byte{f[0], f[0]} }), Lost, "starts inside"},
		{"a number that is not 0", changed(func(f [][]byte) [][]byte {
			binary.BigEndian.PutUint64(f[0][id:], 5)
			return f
		}), Lost, "number 0"},
		{"a message without a header", func(*fakeCommand) [][]byte { return new(psrp.Fragmenter).Split([]byte("short")) }, Lost, "message"},

		{"for the other side", header(func(m *psrp.Message) { m.Destination = psrp.ToServer }), Failed, "other side"},
		{"for another pool", header(func(m *psrp.Message) { m.PoolID = uuid.UUID{9} }), Failed, "another pool"},
		{"for another pipeline", header(func(m *psrp.Message) { m.PipelineID = uuid.UUID{9} }), Failed, "another pipeline"},
		{"of a type that nobody knows", header(func(m *psrp.Message) { m.Type = 0x00041FFF }), Completed, ""},
		{"that a client sends", header(func(m *psrp.Message) { m.Type = psrp.EndOfPipelineInput; m.Body = nil }), Failed, "END_OF_PIPELINE_INPUT"},
	}
}

// Whatever a server sends for a command ends that command at the worst, with an
// error that names the place, within bounded memory; the next line runs.
func TestBadInputEndsItsCommandOnly(t *testing.T) {
	for _, tt := range badInput() {
		t.Run(tt.name, func(t *testing.T) {
			release := make(chan [][]byte, 1)
			made := make(chan *fakeCommand, 1)
			s, _ := openFake(t, Target{}, func(c *fakeCommand) {
				if c.Request.Commands[0].Name == "Get-Bad" {
					made <- c
					pieces := <-release
					for _, p := range pieces { // byte for byte as they are
						c.f.box(c.ID).put(nil, p)
					}
				}
				c.done()
			})
			run := mustRun(t, s, "Get-Bad")
			pieces := tt.pieces(<-made)
			sent := 0
			for _, p := range pieces {
				sent += len(p)
			}
			before := allocated()
			release <- pieces
			records, res := collect(t, run)
			used := allocated() - before
			t.Logf("%d sent, %d allocated (%.1f a byte)", sent, used, float64(used)/float64(sent))
			if limit := uint64(allocatedPerByte*sent + allocatedBeside); used > limit {
				t.Errorf("%d bytes sent made it allocate %d, the limit is %d", sent, used, limit)
			}
			if res.Outcome != tt.ends {
				t.Fatalf("%+v, want %v", res, tt.ends)
			}
			wantTyped(t, tt, res)
			for _, text := range texts(records) {
				if len(text) > 16<<20 {
					t.Errorf("a record says %d bytes", len(text))
				}
			}
			if _, res := collect(t, mustRun(t, s, "Get-Good")); res.Outcome != Completed || s.State() != Opened {
				t.Errorf("afterwards: %+v, the session is %v", res, s.State())
			}
		})
	}
}

func wantTyped(t *testing.T, tt bad, res Result) {
	t.Helper()
	if tt.ends == Completed {
		return
	}
	if !strings.Contains(res.Err.Error(), tt.says) || len(res.Err.Error()) > 500 {
		t.Errorf("the error %q does not name %q", res.Err, tt.says)
	}
	if tt.ends == Failed {
		var rec *psrp.ErrorRecord
		if !errors.As(res.Err, &rec) || rec.FullyQualifiedErrorID != "PSRemotingMessageNotUnderstood" {
			t.Errorf("%#v", res.Err)
		}
		return
	}
	var lost *LostError
	var fragment *psrp.FragmentError
	var message *psrp.MessageError
	if !errors.As(res.Err, &lost) || !errors.As(res.Err, &fragment) && !errors.As(res.Err, &message) {
		t.Errorf("%#v", res.Err)
	}
}

// allocated is how much memory was ever allocated, in bytes.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A pool's stream that cannot be read ends the session, which says why; a
// message of the pool that cannot be understood is passed over.
func TestBadInputOfThePool(t *testing.T) {
	pool := func(f *fakeServer, kind psrp.MessageType, body string) [][]byte {
		return cut(psrp.Message{Destination: psrp.ToClient, Type: kind, PoolID: f.server.PoolID(), Body: []byte(body)})
	}
	for name, tt := range map[string]struct {
		pieces func(*fakeServer) [][]byte
		says   string // "" leaves the session open
	}{
		"garbage": {func(*fakeServer) [][]byte { return [][]byte{[]byte(strings.Repeat("\xff", 100))} }, "fragment"},
		"a length that lies": {func(f *fakeServer) [][]byte {
			p := pool(f, psrp.UserEvent, "")
			binary.BigEndian.PutUint32(p[0][17:], 1<<32-1)
			return p
		}, "4294967295 bytes"},
		"an event that is none": {func(f *fakeServer) [][]byte { return pool(f, psrp.UserEvent, "<S>x</S>") }, ""},
		"an answer to no call": {func(f *fakeServer) [][]byte {
			return pool(f, psrp.RunspaceAvailability, `<Obj RefId="0"><MS><I64 N="ci">77</I64><I32 N="SetMinMaxRunspacesResponse">1</I32></MS></Obj>`)
		}, ""},
		"a key that is none": {func(f *fakeServer) [][]byte {
			return pool(f, psrp.EncryptedSessionKey, `<Obj RefId="0"><MS><S N="EncryptedSessionKey">!</S></MS></Obj>`)
		}, ""},
		"a call of no method":    {func(f *fakeServer) [][]byte { return pool(f, psrp.RunspacePoolHostCall, hostCall(99, 1)) }, ""},
		"a pipeline's message":   {func(f *fakeServer) [][]byte { return pool(f, psrp.PipelineOutput, "<S>x</S>") }, ""},
		"another major version":  {func(f *fakeServer) [][]byte { return pool(f, psrp.SessionCapability, capability("9.9")) }, `version "9.9"`},
		"a version that is none": {func(f *fakeServer) [][]byte { return pool(f, psrp.SessionCapability, "<S>x</S>") }, "version"},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := openFake(t, Target{}, func(c *fakeCommand) { c.done() })
			f.onAnswer = func(string, psrp.HostResponse) {}
			before := allocated()
			f.box(uuid.Nil).put(nil, tt.pieces(f)...)
			if tt.says != "" {
				<-s.Done()
				if s.State() != Broken || !strings.Contains(s.Err().Error(), tt.says) {
					t.Errorf("%v: %v", s.State(), s.Err())
				}
				if _, err := s.Run(t.Context(), "Get-Good", RunOptions{}); err == nil {
					t.Error("a line runs in it")
				}
			} else {
				// What comes behind it is read: an event, in the same stream.
				out, err := f.server.Event(psrp.EngineEvent{SourceIdentifier: "after", RunspaceID: uuid.UUID{1}})
				f.emit(out, err)
				if events, _, err := s.UserEvents(t.Context()); err != nil || len(events) != 1 || events[0].SourceIdentifier != "after" {
					t.Errorf("%+v, %v", events, err)
				}
				if _, res := collect(t, mustRun(t, s, "Get-Good")); res.Outcome != Completed {
					t.Errorf("%+v", res)
				}
			}
			if used := allocated() - before; used > allocatedBeside {
				t.Errorf("%d bytes were allocated", used)
			}
		})
	}
}

func capability(version string) string {
	return `<Obj RefId="0"><MS><Version N="protocolversion">` + version + `</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>`
}

func hostCall(method, id int) string {
	return fmt.Sprintf(`<Obj RefId="0"><MS><I64 N="ci">%d</I64><Obj N="mi" RefId="1"><TN RefId="0"><T>x</T></TN><ToString>x</ToString><I32>%d</I32></Obj><Obj N="mp" RefId="2"><LST/></Obj></MS></Obj>`, id, method)
}

// A call of the host that makes no sense is answered with an error: its
// pipeline would wait for ever.
func TestBadHostCallsAreAnswered(t *testing.T) {
	for name, method := range map[string]int{"no such method": 99, "without its parameters": int(psrp.MethodPromptForChoice)} {
		t.Run(name, func(t *testing.T) {
			answers := make(chan psrp.HostResponse, 1)
			s, f := openFake(t, Target{}, func(c *fakeCommand) {
				c.f.box(c.ID).put(nil, c.message(psrp.PipelineHostCall, []byte(hostCall(method, 1)))...)
				<-answers
				c.done()
			})
			got := make(chan psrp.HostResponse, 1)
			f.onAnswer = func(_ string, r psrp.HostResponse) { got <- r; answers <- r }
			if _, res := collect(t, mustRun(t, s, "Get-Bad")); res.Outcome != Completed {
				t.Errorf("%+v", res)
			}
			if r := <-got; r.Err == nil || r.CallID != 1 || r.Value.Kind() != clixml.KindNull {
				t.Errorf("%+v", r)
			}
		})
	}
}
