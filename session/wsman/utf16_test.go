package wsman

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/uuid"
)

// With UseUTF16 requests are UTF-16 with a byte order mark, characters beyond
// the basic plane included, and answers are taken in UTF-16 of either order.
func TestEnvelopesInUTF16(t *testing.T) {
	const name, owner = "Ärger 🂡 in Zürich", "Łukasz 🂱"
	for _, tt := range []struct{ name, mark, charset string }{
		{"little endian with a mark", "\xff\xfe", "utf-16"},
		{"big endian with a mark", "\xfe\xff", "UTF-16"},
		{"little endian without one", "", "utf-16"},
		{"a mark and no charset", "\xff\xfe", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sent []byte
			var contentType string
			s := newServer(t, nil)
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := new(bytes.Buffer)
				_, _ = body.ReadFrom(r.Body)
				sent, contentType = body.Bytes(), r.Header.Get("Content-Type")
				h := "application/soap+xml"
				if tt.charset != "" {
					h += ";charset=" + tt.charset
				}
				w.Header().Set("Content-Type", h)
				_, _ = w.Write(asUTF16(envelope("", created(testShellID, ResourcePowerShell)+`<rsp:Shell><rsp:Owner>`+owner+`</rsp:Owner></rsp:Shell>`), tt.mark))
			})
			c := s.client(t, func(cfg *Config) { cfg.UTF16 = true })
			sh, err := c.Create(t.Context(), ShellRequest{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			if sh.ID() != testShellID {
				t.Errorf("shell %q", sh.ID())
			}
			if contentType != "application/soap+xml;charset=UTF-16" || !bytes.HasPrefix(sent, []byte{0xff, 0xfe}) {
				t.Errorf("%s, % x", contentType, sent[:4])
			}
			if text := string(toUTF8(sent, "")); !strings.Contains(text, name) {
				t.Errorf("%s has not %q", text, name)
			}
			if sh.Info.Owner != owner {
				t.Errorf("the owner is %q", sh.Info.Owner)
			}
		})
	}
}

// A full payload still fits: an envelope counts in bytes as it goes out.
func TestAFullPayloadFitsInUTF16(t *testing.T) {
	s := newServer(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-16")
		_, _ = w.Write(asUTF16(envelope("", created(testShellID, ResourcePowerShell)), "\xff\xfe"))
	})
	var longest int
	c := s.client(t, func(cfg *Config) {
		cfg.UTF16 = true
		cfg.Trace = func(e TraceEvent) { longest = max(longest, e.Sent) }
	})
	sh, err := c.Create(t.Context(), ShellRequest{ShellID: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	n := c.MaxPayload(OpSend)
	if err := sh.Send(t.Context(), uuid.New(), "stdin", make([]byte, n), true); err != nil {
		t.Fatal(err)
	}
	if limit := c.MaxEnvelopeSize(); longest > limit || longest < limit-400 {
		t.Errorf("the longest envelope has %d bytes of %d", longest, limit)
	}
	err = sh.Send(t.Context(), uuid.New(), "stdin", make([]byte, n+400), true)
	if _, ok := err.(*EnvelopeSizeError); !ok {
		t.Errorf("%v, want an *EnvelopeSizeError", err)
	}
}

// asUTF16 writes by the standard library, by which the package only reads.
func asUTF16(s, mark string) []byte {
	out := []byte(mark)
	for _, unit := range utf16.Encode([]rune(s)) {
		if mark == "\xfe\xff" {
			out = binary.BigEndian.AppendUint16(out, unit)
			continue
		}
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}
