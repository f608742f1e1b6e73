package outproc

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/internal/vectors"
)

// A recording is what two PowerShell processes, or one and a script, said to
// each other, one JSON object a line, as the README beside the vectors has it.
type recording struct {
	name          string
	conversations [][]unit
}

// unit is one line of the wire, or something that happened to it.
type unit struct {
	Seq    int
	Conn   int
	Dir    string
	Packet *string
	Raw    *string
	Event  string
	Text   string
}

func (u *unit) isEOF() bool { return u.Event == "eof" && u.Text == "c2s" }

// packet parses what the recorder took for a packet.
func (u *unit) packet(t testing.TB) Packet {
	t.Helper()
	p, err := Parse([]byte(*u.Raw))
	if err != nil || p.Kind.String() != *u.Packet {
		t.Fatalf("%s is read as %v: %v", *u.Raw, p.Kind, err)
	}
	return p
}

func recordings(t testing.TB) []*recording {
	t.Helper()
	var all []*recording
	for _, f := range vectors.Files(t, vectors.Dir("wire", filepath.Join("testdata", "wire")), "*.jsonl") {
		all = append(all, readRecording(t, f))
	}
	return all
}

func readRecording(t testing.TB, file string) *recording {
	t.Helper()
	r := &recording{name: vectors.Name(file)}
	parts := map[int]int{}
	for n, line := range vectors.Lines(t, file) {
		var u unit
		if err := json.Unmarshal(line, &u); err != nil {
			t.Fatalf("%s:%d: %v", file, n+1, err)
		}
		if u.Raw == nil && u.Event == "" {
			continue
		}
		i, seen := parts[u.Conn]
		if !seen {
			i = len(r.conversations)
			parts[u.Conn] = i
			r.conversations = append(r.conversations, nil)
		}
		r.conversations[i] = append(r.conversations[i], u)
	}
	return r
}

// sent is everything that a side sent as Data on one PSGuid, joined.
type sent map[uuid.UUID][]byte
