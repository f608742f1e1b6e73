package psrp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/psrp"
)

// fragment writes one fragment as [MS-PSRP] 2.2.4 lays it out.
func fragment(object, id uint64, flags byte, size uint32, blob []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, object)
	b = binary.BigEndian.AppendUint64(b, id)
	b = append(b, flags)
	b = binary.BigEndian.AppendUint32(b, size)
	return append(b, blob...)
}

func whole(object, id uint64, flags byte, blob []byte) []byte {
	return fragment(object, id, flags, uint32(len(blob)), blob)
}

const (
	start = 1
	end   = 2
)

func message(body string) []byte {
	m := psrp.Message{
		Destination: psrp.ToClient, Type: psrp.PipelineOutput,
		PoolID: uuid.UUID{1}, PipelineID: uuid.UUID{2}, Body: []byte(body),
	}
	return m.Append(nil)
}

func TestSplitMakesWholeFragments(t *testing.T) {
	f := psrp.Fragmenter{Size: 60}
	text := message(strings.Repeat("x", 100)) // 143 bytes with header and BOM
	parts := f.Split(text)
	if len(parts) != 4 {
		t.Fatalf("%d fragments, want 4 of at most 39 bytes", len(parts))
	}
	want := [][]byte{
		whole(1, 0, start, text[:39]), whole(1, 1, 0, text[39:78]),
		whole(1, 2, 0, text[78:117]), whole(1, 3, end, text[117:]),
	}
	for i := range parts {
		if !bytes.Equal(parts[i], want[i]) {
			t.Errorf("fragment %d is %x, want %x", i, parts[i], want[i])
		}
	}
	if next := f.Split([]byte("small")); !bytes.Equal(next[0], whole(2, 0, start|end, []byte("small"))) {
		t.Errorf("the next object is %x", next[0])
	}
}

func TestSplitAtTheEdge(t *testing.T) {
	for size, want := range map[int]int{0: 1, 1: 1, 9: 1, 10: 1, 11: 2, 20: 2, 21: 3} {
		f := psrp.Fragmenter{Size: psrp.FragmentHeader + 10}
		if got := len(f.Split(make([]byte, size))); got != want {
			t.Errorf("%d bytes make %d fragments of 10, want %d", size, got, want)
		}
	}
}

func TestReassemblerRefuses(t *testing.T) {
	m := message("<S>hello</S>")
	tests := []struct {
		name   string
		stream [][]byte
		want   string
	}{
		{"object 0", [][]byte{whole(0, 0, start|end, m)}, "object ids start at 1"},
		{"no start", [][]byte{whole(1, 0, end, m)}, "without a start fragment"},
		{"a start that is not the first", [][]byte{whole(1, 1, start|end, m)}, "has number 0"},
		{"a gap", [][]byte{whole(1, 0, start, m[:20]), whole(1, 2, end, m[20:])}, "fragment 1 should come now"},
		{"twice the same", [][]byte{whole(1, 0, start, m[:20]), whole(1, 1, 0, m[20:30]), whole(1, 1, end, m[30:])}, "fragment 2 should come now"},
		{"another object inside", [][]byte{whole(1, 0, start, m[:20]), whole(2, 1, end, m[20:])}, "inside object 1"},
		{"a start inside", [][]byte{whole(1, 0, start, m[:20]), whole(2, 0, start|end, m)}, "a new object starts"},
		{"a length that lies", [][]byte{fragment(1, 0, start|end, 0xFFFFFFFF, m)}, "larger than the limit"},
		{"an object that grows too large", [][]byte{whole(1, 0, start, make([]byte, 600)), whole(1, 1, end, make([]byte, 600))}, "larger than the limit"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := psrp.Reassembler{MaxObject: 1000}
			good, err := r.Feed(whole(7, 0, start|end, m))
			if len(good) != 1 || err != nil {
				t.Fatalf("a good message gives %v, %v", good, err)
			}
			_, err = r.Feed(bytes.Join(test.stream, nil))
			var wrong *psrp.FragmentError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error is %v, want one that says %q", err, test.want)
			}
			if _, again := r.Feed(whole(9, 0, start|end, m)); !errors.Is(again, err) {
				t.Errorf("afterwards the stream is read on: %v", again)
			}
		})
	}
}

func TestReassemblerGivesWhatCameBeforeAnError(t *testing.T) {
	var r psrp.Reassembler
	m := message("<I32>1</I32>")
	got, err := r.Feed(append(whole(1, 0, start|end, m), whole(2, 5, end, m)...))
	if len(got) != 1 || err == nil {
		t.Errorf("%d messages, %v", len(got), err)
	}
}

func TestReassemblerTakesObjectIDsInAnyOrder(t *testing.T) {
	var r psrp.Reassembler
	for _, id := range []uint64{5, 3, 1 << 60, 3} {
		if got, err := r.Feed(whole(id, 0, start|end, message("<Nil />"))); len(got) != 1 || err != nil {
			t.Errorf("object %d: %v, %v", id, got, err)
		}
	}
}

// After Connect a client may hear the end of an object that it has not heard
// the start of.
func TestReassemblerJoinsInTheMiddle(t *testing.T) {
	m := message("<S>hello</S>")
	r := psrp.Reassembler{Joined: true}
	got, err := r.Feed(bytes.Join([][]byte{
		whole(4, 7, 0, []byte("lost")), whole(4, 8, end, []byte("lost")), whole(5, 0, start|end, m),
	}, nil))
	if err != nil || len(got) != 1 || string(got[0].Body) != "<S>hello</S>" {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := r.Feed(whole(6, 3, end, m)); err == nil {
		t.Error("once in step, a stray fragment is taken")
	}
}

func TestReassemblerDoesNotCopyAWholeMessage(t *testing.T) {
	var r psrp.Reassembler
	data := whole(1, 0, start|end, message("<S>hello</S>"))
	got, err := r.Feed(data)
	if err != nil {
		t.Fatal(err)
	}
	if &got[0].Body[0] != &data[len(data)-len(got[0].Body)] {
		t.Error("the body is a copy")
	}
	if !r.Idle() {
		t.Error("something is left over")
	}
}

func TestMessageHeader(t *testing.T) {
	// The layout of [MS-PSRP] 2.2.1, with GUIDs as .NET writes them.
	m := psrp.Message{
		Destination: psrp.ToServer, Type: psrp.CreatePipeline,
		PoolID:     uuid.MustParse("00112233-4455-6677-8899-aabbccddeeff"),
		PipelineID: uuid.MustParse("01020304-0506-0708-090a-0b0c0d0e0f10"),
		Body:       []byte("<Nil />"),
	}
	want := "\x02\x00\x00\x00\x06\x10\x02\x00" +
		"\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff" +
		"\x04\x03\x02\x01\x06\x05\x08\x07\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" +
		"\xEF\xBB\xBF<Nil />"
	if got := string(m.Append(nil)); got != want {
		t.Errorf("message is %x, want %x", got, want)
	}
	back, err := psrp.ParseMessage([]byte(want))
	if err != nil || back.Type != m.Type || back.PoolID != m.PoolID || back.PipelineID != m.PipelineID || string(back.Body) != "<Nil />" {
		t.Errorf("read back it is %+v, %v", back, err)
	}
	m.Body = nil
	if n := len(m.Append(nil)); n != 40 {
		t.Errorf("an empty body takes %d bytes, want the header's 40 alone", n)
	}
}

func TestParseMessageRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"too short":      make([]byte, 39),
		"destination 0":  make([]byte, 40),
		"nothing at all": nil,
	} {
		var wrong *psrp.MessageError
		if _, err := psrp.ParseMessage(b); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReassemblerChunks cuts a valid stream anywhere: the messages are the same.
func FuzzReassemblerChunks(f *testing.F) {
	f.Add([]byte("hello"), uint16(30), uint8(3))
	f.Add(bytes.Repeat([]byte{0xE2, 0x82, 0xAC}, 100), uint16(22), uint8(1))
	f.Add([]byte{}, uint16(1000), uint8(200))
	f.Fuzz(func(t *testing.T, body []byte, size uint16, step uint8) {
		frag := psrp.Fragmenter{Size: int(size)}
		want := [][]byte{message(string(body)), message("<S>second</S>"), message(string(body) + "x")}
		var stream []byte
		for _, m := range want {
			stream = append(stream, bytes.Join(frag.Split(m), nil)...)
		}
		var r psrp.Reassembler
		var got [][]byte
		for len(stream) > 0 {
			n := min(int(step)%97+1, len(stream))
			chunk := bytes.Clone(stream[:n])
			stream = stream[n:]
			messages, err := r.Feed(chunk)
			if err != nil {
				t.Fatal(err)
			}
			for i := range messages {
				got = append(got, bytes.Clone(messages[i].Body))
			}
			clear(chunk)
		}
		if len(got) != len(want) || !r.Idle() {
			t.Fatalf("%d messages, want %d", len(got), len(want))
		}
		for i := range want {
			m, err := psrp.ParseMessage(want[i])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got[i], m.Body) {
				t.Errorf("message %d is %q, want %q", i, got[i], m.Body)
			}
		}
	})
}

// FuzzReassembler feeds anything: no panic, no more memory than the bytes that
// came, and errors stay.
func FuzzReassembler(f *testing.F) {
	m := message("<S>hello</S>")
	f.Add(whole(1, 0, start|end, m))
	f.Add(append(whole(1, 0, start, m[:20]), whole(1, 1, end, m[20:])...))
	f.Add(fragment(1, 0, start, 1<<31, m))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := psrp.Reassembler{MaxObject: 1 << 20}
		messages, err := r.Feed(bytes.Clone(data))
		total := 0
		for i := range messages {
			total += len(messages[i].Body)
		}
		if total > len(data) {
			t.Errorf("%d bytes of bodies out of %d", total, len(data))
		}
		if err != nil {
			if _, again := r.Feed(data); !errors.Is(again, err) {
				t.Errorf("first %v, then %v", err, again)
			}
		}
	})
}
