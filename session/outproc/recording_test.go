package outproc

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
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
	folder := filepath.Join("testdata", "wire")
	if v := os.Getenv("PSDECK_VECTORS"); v != "" {
		folder = filepath.Join(v, "wire")
	}
	var files []string
	for _, pattern := range []string{"*.jsonl", "*.jsonl.gz"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	if len(files) == 0 {
		t.Fatalf("no recordings in %s", folder)
	}
	var all []*recording
	for _, f := range files {
		all = append(all, readRecording(t, f))
	}
	return all
}

func readRecording(t testing.TB, file string) *recording {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var in io.Reader = bytes.NewReader(data)
	if strings.HasSuffix(file, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			t.Fatal(err)
		}
	}
	base, _, _ := strings.Cut(filepath.Base(file), ".jsonl")
	r := &recording{name: base}
	parts := map[int]int{}
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, 64<<20)
	for n := 0; scan.Scan(); n++ {
		var u unit
		if err := json.Unmarshal(scan.Bytes(), &u); err != nil {
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
	if err := scan.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return r
}

// sent is everything that a side sent as Data on one PSGuid, joined.
type sent map[uuid.UUID][]byte
