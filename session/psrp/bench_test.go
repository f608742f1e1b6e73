package psrp_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// row is an object of 20 properties, as a table of users has.
func row(i int) clixml.Value {
	o := clixml.Custom()
	for n := range 10 {
		o.Set("Text"+string(rune('A'+n)), clixml.Str("value of a property"))
		o.Set("Number"+string(rune('A'+n)), clixml.Int32(int32(i*n)))
	}
	return clixml.Obj(o)
}

// stream is the output of a pipeline as one block of bytes.
func stream(tb testing.TB, s *psrp.Server, id uuid.UUID, objects int) []byte {
	tb.Helper()
	var b bytes.Buffer
	for i := range objects {
		out, err := s.Output(id, row(i))
		if err != nil {
			tb.Fatal(err)
		}
		b.Write(out.Bytes())
	}
	return b.Bytes()
}

// BenchmarkFeed is a pipeline's output from bytes to values.
func BenchmarkFeed(b *testing.B) {
	p, id := benchPair(b)
	data := stream(b, p.s, id, 1000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for rest := data; len(rest) > 0; {
			chunk := rest[:min(100_000, len(rest))] // cut anywhere, as Receives are
			rest = rest[len(chunk):]
			events, err := p.c.Feed(id, chunk)
			if err != nil {
				b.Fatal(err)
			}
			n += len(events)
		}
		if n != 1000 {
			b.Fatalf("%d events", n)
		}
	}
}

// BenchmarkReassemble is Feed without the decoding.
func BenchmarkReassemble(b *testing.B) {
	p, id := benchPair(b)
	data := stream(b, p.s, id, 1000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var r psrp.Reassembler
		if messages, err := r.Feed(data); err != nil || len(messages) != 1000 {
			b.Fatal(err)
		}
	}
}

// BenchmarkOutput is a server's side of the same.
func BenchmarkOutput(b *testing.B) {
	p, id := benchPair(b)
	v := row(7)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.s.Output(id, v); err != nil {
			b.Fatal(err)
		}
	}
}

func benchPair(b *testing.B) (*pair, uuid.UUID) {
	p := opened(b, psrp.ClientConfig{}, psrp.ServerConfig{})
	return p, p.run(psrp.Script("bench"))
}
