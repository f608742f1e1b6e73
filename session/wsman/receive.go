package wsman

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Received is the answer to one Receive.
type Received struct {
	Streams []StreamChunk // in the server's order
	// State is the command's: [StateRunning], [StatePending] or [StateDone],
	// "" where the answer says nothing.
	State    string
	Done     bool
	ExitCode *int // of a finished command of the Windows Remote Shell
}

// StreamChunk is a piece of a stream's bytes. Where it ends says nothing about
// what is in it.
type StreamChunk struct {
	Name      string    // stdout, stderr, pr
	CommandID uuid.UUID // Nil: the shell's own stream
	Data      []byte
	End       bool // the stream's last piece
}

// parseReceive reads the rest of a ReceiveResponse, whose start tag is the
// current token ([MS-WSMV]). It allocates once for the data of all
// streams and once for the chunks, however many bytes there are.
func parseReceive(s *scanner) (Received, error) {
	var (
		got   Received
		depth = s.depth
		data  []byte
	)
	for {
		t, err := s.next()
		if err != nil {
			return got, err
		}
		if t == tokenEnd && s.depth < depth {
			return got, nil
		}
		if t != tokenStart {
			continue
		}
		switch string(s.local()) {
		case "Stream":
			if data == nil {
				rest := len(s.doc) - s.pos
				data = make([]byte, 0, base64.StdEncoding.DecodedLen(rest))
				got.Streams = make([]StreamChunk, 0, bytes.Count(s.doc[s.pos:], []byte("Stream>"))+1)
			}
			var chunk StreamChunk
			chunk, data, err = parseStream(s, data)
			if err != nil {
				return got, err
			}
			got.Streams = append(got.Streams, chunk)
		case "CommandState":
			if raw, ok := s.attrRaw("State"); ok {
				got.State = stateName(raw)
				got.Done = got.State == StateDone
			}
		case "ExitCode":
			text, err := s.content()
			if err != nil {
				return got, err
			}
			// Windows reports an exit code as unsigned: 0xC0000005 is 3221225477.
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				code := int(int32(n))
				got.ExitCode = &code
			}
		}
	}
}

func parseStream(s *scanner, data []byte) (StreamChunk, []byte, error) {
	var chunk StreamChunk
	name, _ := s.attrRaw("Name")
	chunk.Name = streamName(name)
	if raw, ok := s.attrRaw("CommandId"); ok {
		id, err := uuid.ParseBytes(raw)
		if err != nil {
			return chunk, data, s.fail("a CommandId that is no GUID")
		}
		chunk.CommandID = id
	}
	if raw, ok := s.attrRaw("End"); ok {
		chunk.End = strings.EqualFold(string(raw), "true") || string(raw) == "1"
	}
	depth, begin := s.depth, len(data)
	for {
		t, err := s.next()
		if err != nil {
			return chunk, data, err
		}
		switch {
		case t == tokenEnd && s.depth < depth:
			chunk.Data = data[begin:len(data):len(data)]
			return chunk, data, nil
		case t == tokenStart:
			return chunk, data, s.fail("an element within a stream")
		case t == tokenText:
			if data, err = decodeBase64(s, data); err != nil {
				return chunk, data, err
			}
		}
	}
}

// decodeBase64 appends what the current text encodes. Line breaks are allowed
// by the decoder itself; other white space, which XML allows, costs a copy.
func decodeBase64(s *scanner, dst []byte) ([]byte, error) {
	src := s.text
	n := base64.StdEncoding.DecodedLen(len(src))
	if cap(dst)-len(dst) < n {
		dst = append(make([]byte, 0, 2*cap(dst)+n), dst...)
	}
	got, err := base64.StdEncoding.Decode(dst[len(dst):len(dst)+n], src)
	if err != nil {
		src = bytes.Join(bytes.Fields(src), nil)
		got, err = base64.StdEncoding.Decode(dst[len(dst):len(dst)+n], src)
	}
	if err != nil {
		return dst, s.fail("a stream that is not base64")
	}
	return dst[:len(dst)+got], nil
}

func streamName(raw []byte) string {
	switch string(raw) {
	case "stdout":
		return "stdout"
	case "stderr":
		return "stderr"
	case "pr":
		return "pr"
	}
	return cleanText(unescape(raw), 64)
}

// stateName is the last segment of a state's URI.
func stateName(raw []byte) string {
	name := raw[bytes.LastIndexByte(raw, '/')+1:]
	switch string(name) {
	case StateRunning:
		return StateRunning
	case StatePending:
		return StatePending
	case StateDone:
		return StateDone
	}
	return cleanText(unescape(name), 64)
}
