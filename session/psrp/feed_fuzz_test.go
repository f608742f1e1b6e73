package psrp_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// FuzzFeed gives anything to a client, as the stream of its pool and as that of
// a pipeline. How the bytes are cut changes nothing; behind an error nothing is
// read; and once the pipeline is forgotten, or the pool closed, nothing happens.
func FuzzFeed(f *testing.F) {
	pool, pipeline := uuid.UUID{1}, uuid.UUID{2}
	add := func(size int, messages ...psrp.Message) {
		frag := psrp.Fragmenter{Size: size}
		var data []byte
		for _, m := range messages {
			data = append(data, bytes.Join(frag.Split(m.Append(nil)), nil)...)
		}
		f.Add(data, uint8(7))
	}
	said := func(kind psrp.MessageType, of uuid.UUID, body string) psrp.Message {
		return psrp.Message{Destination: psrp.ToClient, Type: kind, PoolID: pool, PipelineID: of, Body: []byte(body)}
	}
	for _, size := range []int{0, 50} {
		add(size, said(psrp.PipelineOutput, pipeline, "<S>x</S>"), said(psrp.PipelineStateMessage, pipeline, `<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>`))
		add(size, said(psrp.SessionCapability, uuid.Nil, `<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>`),
			said(psrp.RunspacePoolState, uuid.Nil, `<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>`))
		add(size, said(psrp.SessionCapability, uuid.Nil, "<S>x</S>"))
		add(size, said(psrp.PipelineHostCall, pipeline, `<Obj RefId="0"><MS><I64 N="ci">1</I64><Obj N="mi" RefId="1"><I32>11</I32></Obj><Obj N="mp" RefId="2"><LST/></Obj></MS></Obj>`))
	}
	client := func() *psrp.Client {
		c := psrp.NewClient(psrp.ClientConfig{ID: pool, MaxObject: 1 << 16, Limits: clixml.Limits{Objects: 10_000}})
		if _, err := c.Open(); err != nil {
			f.Fatal(err)
		}
		c.Join(pipeline)
		return c
	}
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		for _, id := range []uuid.UUID{uuid.Nil, pipeline} {
			whole, pieces := client(), client()
			want, wantErr := whole.Feed(id, bytes.Clone(data))
			got, gotErr := feedInPieces(pieces, id, data, int(step)+1)
			if written(t, want, wantErr) != written(t, got, gotErr) {
				t.Fatalf("whole %s\nin pieces of %d %s", written(t, want, wantErr), step+1, written(t, got, gotErr))
			}
			if events, err := whole.Feed(id, data); wantErr != nil && len(events) > 0 {
				t.Fatalf("behind %v: %v, %v", wantErr, events, err)
			}
			pieces.Forget(pipeline)
			if events, err := pieces.Feed(pipeline, data); len(events) > 0 || err != nil {
				t.Fatalf("forgotten: %v, %v", events, err)
			}
			pieces = client()
			pieces.Close()
			_, _ = pieces.Feed(id, data)
			if _, _, err := pieces.CreatePipeline(psrp.Script("1")); err == nil || pieces.State() != psrp.PoolClosed {
				t.Fatalf("closed: the pool is %s, %v", pieces.State(), err)
			}
		}
	})
}

func feedInPieces(c *psrp.Client, id uuid.UUID, data []byte, size int) (all []psrp.Event, err error) {
	for len(data) > 0 && err == nil {
		n := min(size, len(data))
		var events []psrp.Event
		chunk := bytes.Clone(data[:n])
		events, err = c.Feed(id, chunk)
		clear(chunk) // events keep nothing of it
		all, data = append(all, events...), data[n:]
	}
	return all, err
}

// written writes events, values as CLIXML.
func written(t *testing.T, events []psrp.Event, err error) string {
	t.Helper()
	text := fmt.Sprint(err)
	for _, e := range events {
		switch e := e.(type) {
		case psrp.Output:
			xml, err := clixml.Encode(e.Value)
			text += fmt.Sprintf("\noutput %s %v", xml, err)
		case psrp.DecodeFailed:
			text += fmt.Sprintf("\n%s: %v", e.Type, e.Err)
		default:
			text += fmt.Sprintf("\n%T of %s", e, e.Pipeline())
		}
	}
	return text
}
