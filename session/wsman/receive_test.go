package wsman

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/internal/vectors"
)

// receiveDocument is an answer with n streams of size bytes each.
func receiveDocument(n, size int) []byte {
	var body strings.Builder
	body.WriteString(`<rsp:ReceiveResponse>`)
	for range n {
		body.WriteString(stream("stdout", "5C6D99B3-F7B7-4D28-86C1-708B8DD45611", bytes.Repeat([]byte("psrp"), size/4)))
	}
	body.WriteString(`<rsp:CommandState CommandId="5C6D99B3-F7B7-4D28-86C1-708B8DD45611" State="` + nsShell + `/CommandState/Running"/></rsp:ReceiveResponse>`)
	return []byte(envelope("uuid:1", body.String()))
}

func readReceive(doc []byte) (got Received, err error) {
	_, err = readEnvelope(doc, &call{}, func(s *scanner) (err error) {
		got, err = parseReceive(s)
		return err
	})
	return got, err
}

// TestReceiveAllocations: their number does not grow with the answer.
func TestReceiveAllocations(t *testing.T) {
	count := func(doc []byte) float64 {
		return testing.AllocsPerRun(20, func() {
			if _, err := readReceive(doc); err != nil {
				t.Fatal(err)
			}
		})
	}
	small, large := count(receiveDocument(1, 64)), count(receiveDocument(64, 6000))
	if small != large || large > 20 {
		t.Errorf("%v allocations for a small answer, %v for a large one", small, large)
	}
}

// BenchmarkReceive reads an answer of 0.5 MB; RawToken is encoding/xml's
// lowest level over the same bytes, without decoding base64.
func BenchmarkReceive(b *testing.B) {
	for name, doc := range map[string][]byte{"12x32KB": receiveDocument(12, 32<<10), "200x1900B": receiveDocument(200, 1900)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readReceive(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/RawToken", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				d := xml.NewDecoder(bytes.NewReader(doc))
				for {
					if _, err := d.RawToken(); err == io.EOF {
						break
					}
				}
			}
		})
	}
}

// BenchmarkExchange is a Receive of 0.5 MB over loopback, client and server.
func BenchmarkExchange(b *testing.B) {
	doc := string(receiveDocument(12, 32<<10))
	srv := newServer(b, map[string]answer{"Receive": raw(200, soapType, strings.Replace(doc, "uuid:1", "", 1))})
	sh := srv.shell(b)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sh.Receive(context.Background(), uuid.Nil); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzEnvelope: any bytes are read without a panic; errors and fault texts stay
// short and clean, and no more data comes out than went in.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{
		envelope("", fault2008), envelope("", fault2012), envelope("", faultOMI),
		string(receiveDocument(2, 16)),
		`<?xml version="1.0"?><!-- c --><s:Envelope xmlns:s='x'><s:Header a="&lt;"/><s:Body><![CDATA[x]]></s:Body></s:Envelope>`,
	} {
		f.Add([]byte(seed))
	}
	files, _ := filepath.Glob("testdata/*.gz")
	for _, file := range files {
		for i, rec := range vectors.Records[recording](f, file) {
			if i < 8 {
				f.Add([]byte(rec.RespBody))
			}
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var got Received
		fault, err := readEnvelope(bytes.TrimSpace(toUTF8(doc, "")), &call{}, func(s *scanner) (err error) {
			if string(s.local()) != "ReceiveResponse" {
				return s.skip()
			}
			got, err = parseReceive(s)
			return err
		})
		if err != nil {
			if len(err.Error()) > 200 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if fault != nil {
			for _, text := range []string{fault.Error(), fault.Sentence("x"), fault.Provider, fault.Machine} {
				if len(text) > 3*maxFaultText || strings.ContainsAny(text, "\x1b\n\r\x00\u202e") {
					t.Errorf("fault text %q", text)
				}
			}
			return
		}
		var size int
		for _, s := range got.Streams {
			size += len(s.Data)
		}
		if size > len(doc) {
			t.Errorf("%d bytes out of %d", size, len(doc))
		}
	})
}
