package psrp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/internal/vectors"
	"psdeck/session/psrp"
)

// A recording is a conversation of PowerShell with itself, one JSON object a
// line, as the README beside the vectors describes it.
type recording struct {
	name   string
	header struct{ Client, Protocol string }
	lines  []line
	faults []*line // what the recorder did, and what is malformed
}

type line struct {
	Seq       int
	Conn      int
	Dir       string
	Packet    *string
	PSGuid    uuid.UUID
	Stream    string
	Raw       string
	Malformed string
	Event     string
	Text      string
	Message   *recordedMessage
	Observed  *struct {
		What  string
		Value json.RawMessage
	}
}

type recordedMessage struct {
	Bytes     int
	Type      string
	Name      string
	RPID, PID uuid.UUID
	XML       *string
	XMLSHA256 string `json:"xml_sha256"`
}

// byHand tells that the client was a script that writes what it likes.
func (r *recording) byHand() bool { return !strings.HasPrefix(r.header.Client, "PowerShell") }

// fault is what a recorder did to the message of dir at seq, such as "sub".
func (r *recording) fault(seq int, dir string) string {
	for _, l := range r.faults {
		if l.Event == "fault" && (l.Seq == seq || l.Seq == seq-1) {
			var what struct{ Do, Dir string }
			if json.Unmarshal([]byte(l.Text), &what) == nil && what.Dir == dir {
				return what.Do
			}
		}
	}
	return ""
}

// refused tells whether the server complained right after seq.
func (r *recording) refused(seq int) bool {
	for _, l := range r.lines {
		if l.Seq > seq && l.Dir == "s2c" && (l.Packet == nil && l.Message == nil ||
			l.Message != nil && l.Message.Name == "PIPELINE_STATE" && l.Message.XML != nil && strings.Contains(*l.Message.XML, ">5<")) {
			return true
		}
	}
	return false
}

// data is the payload of a Data packet, or nil.
func (l *line) data() []byte {
	if l.Packet == nil || *l.Packet != "Data" {
		return nil
	}
	_, text, _ := strings.Cut(l.Raw, ">")
	text, _, _ = strings.Cut(text, "<")
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

func (l *line) stream() string {
	if l.Stream == "PromptResponse" {
		return psrp.StreamPromptResponse
	}
	return psrp.StreamStdin
}

// check compares a message that was joined from fragments with what the
// recorder joined.
func (m *recordedMessage) check(got *psrp.Message) error {
	body := strings.TrimPrefix(string(got.Body), "\xEF\xBB\xBF")
	var wrong []string
	differ := func(what string, got, want any) {
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", what, got, want))
		}
	}
	differ("type", fmt.Sprintf("0x%08X", uint32(got.Type)), m.Type)
	if got.Type.Known() {
		differ("name", got.Type.String(), m.Name)
	}
	differ("pool", got.PoolID, m.RPID)
	differ("pipeline", got.PipelineID, m.PID)
	differ("length", len(got.Append(nil)), m.Bytes)
	switch {
	case m.XML != nil:
		differ("body", body == *m.XML, true)
	case m.XMLSHA256 != "":
		sum := sha256.Sum256([]byte(body))
		differ("body", hex.EncodeToString(sum[:]), m.XMLSHA256)
	}
	if wrong != nil {
		return fmt.Errorf("%s: %s", m.Name, strings.Join(wrong, "; "))
	}
	return nil
}

// conversations cuts a recording of several connections.
func (r *recording) conversations() []*recording {
	var conns []int
	parts := map[int]*recording{}
	for _, l := range r.lines {
		if parts[l.Conn] == nil {
			parts[l.Conn] = &recording{name: r.name, header: r.header}
			conns = append(conns, l.Conn)
		}
		parts[l.Conn].lines = append(parts[l.Conn].lines, l)
	}
	var all []*recording
	for _, c := range conns {
		part := parts[c]
		for i := range part.lines {
			if l := &part.lines[i]; l.Event == "fault" || l.Malformed != "" {
				part.faults = append(part.faults, l)
			}
		}
		all = append(all, part)
	}
	return all
}

// recordings reads all of a folder's, in order of name.
func recordings(t testing.TB) []*recording {
	t.Helper()
	files := vectors.Files(t, vectors.Dir("wire", filepath.Join("testdata", "wire")), "*.jsonl")
	all := make([]*recording, len(files))
	for i, f := range files {
		all[i] = readRecording(t, f)
	}
	return all
}

func readRecording(t testing.TB, file string) *recording {
	t.Helper()
	r := &recording{name: vectors.Name(file)}
	for n, text := range vectors.Lines(t, file) {
		if n == 0 {
			if err := json.Unmarshal(text, &r.header); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%s:%d: %v", file, n+1, err)
		}
		if l.Dir != "" || l.Event != "" || l.Observed != nil {
			r.lines = append(r.lines, l)
		}
	}
	return r
}
