package outproc

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

const id1 = "11111111-2222-3333-4444-555555555555"

func TestParse(t *testing.T) {
	id := uuid.MustParse(id1)
	for _, c := range []struct {
		line string
		want Packet
	}{
		{"<Data Stream='Default' PSGuid='" + id1 + "'>AAEC</Data>", Packet{Data, id, Default, []byte{0, 1, 2}}},
		{`<Data PSGuid="` + id1 + `"  Stream="PromptResponse" ></Data>`, Packet{Data, id, PromptResponse, []byte{}}},
		{"<DataAck PSGuid='" + id1 + "' />", Packet{Kind: DataAck, ID: id}},
		{"<Command PSGuid='" + strings.ToUpper(id1) + "'/>\r", Packet{Kind: Command, ID: id}},
		{"<CloseAck PSGuid='00000000-0000-0000-0000-000000000000'></CloseAck>", Packet{Kind: CloseAck}},
	} {
		got, err := Parse([]byte(c.line))
		if err != nil || cmp.Diff(c.want, got) != "" {
			t.Errorf("%q: %+v, %v", c.line, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const guid = "PSGuid='" + id1 + "'"
	for line, want := range map[string]string{
		"":                       "an empty line",
		" \r":                    "an empty line",
		"Last login: Mon Nov 23": `there is an error processing data from the other side: "Last login: Mon Nov 23"`,
		"<":                      `there is an error processing data from the other side: "<"`,
		"<!-- x -->":             `there is an error processing data from the other side: "<!-- x -->"`,
		"<Bogus " + guid + " />": `an unknown element "Bogus" was received`,
		"<data " + guid + " />":  `an unknown element "data" was received`,
		errorPrefix + `An unknown element "" was received.   at System.X()`: `the server reports: An unknown element "" was received.`,
		"<DataAck />":                                      "a DataAck packet is malformed: it has no PSGuid",
		"<DataAck PSGuid='x' />":                           "a DataAck packet is malformed: its PSGuid is no GUID",
		"<DataAck PSGuid='{" + id1 + "}' />":               "a DataAck packet is malformed: its PSGuid is no GUID",
		"<DataAck " + guid + " " + guid + " />":            `a DataAck packet is malformed: it has an attribute "PSGuid" too many`,
		"<Close Stream='Default' " + guid + " />":          `a Close packet is malformed: it has an attribute "Stream" too many`,
		"<Close " + guid + ">AA==</Close>":                 "a Close packet is malformed: it has content",
		"<Close " + guid + " /><Close " + guid + " />":     "a Close packet is malformed: something follows it",
		"<Close " + guid:                                   "a Close packet is malformed: its start does not end",
		"<Data " + guid + ">AA==</Data>":                   "a Data packet is malformed: it has no Stream",
		"<Data Stream='x' " + guid + ">AA==</Data>":        `a Data packet is malformed: its stream is "x"`,
		"<Data Stream='Default' " + guid + ">AA==":         "a Data packet is malformed: it does not end",
		"<Data Stream='Default' " + guid + ">A</Data>":     "a Data packet is malformed: its content is no base64: illegal base64 data at input byte 0",
		"<Data Stream='Default' " + guid + ">AA==</Close>": "a Data packet is malformed: it does not end",
	} {
		if _, err := Parse([]byte(line)); err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", line, err, want)
		}
	}
}

func TestExcerptsAreBounded(t *testing.T) {
	_, err := Parse(bytes.Repeat([]byte("é\xFF"), 1<<18))
	var line *LineError
	if !errors.As(err, &line) || len(line.Text) > 2*maxExcerpt {
		t.Errorf("%T with %d bytes", err, len(err.Error()))
	}
}

func TestReader(t *testing.T) {
	ack := "<DataAck PSGuid='" + id1 + "' />"
	for _, c := range []struct {
		name, in string
		want     []error
	}{
		{"lines", ack + "\n" + ack + "\r\n", []error{nil, nil, io.EOF}},
		{"no line end at the end", ack + "\n" + ack, []error{nil, nil, io.EOF}},
		{"cut inside", ack + "\n" + ack[:20], []error{nil, io.ErrUnexpectedEOF}},
		{"empty lines are told", "\n" + ack + "\n", []error{ErrEmptyLine, nil, io.EOF}},
		{"too long", strings.Repeat("x", 100_001), []error{&SizeError{100_000}}},
		{"too long, with an end", strings.Repeat("x", 100_001) + "\n", []error{&SizeError{100_000}}},
		{"long enough", "<Data Stream='Default' PSGuid='" + id1 + "'>" + strings.Repeat("AAAA", 20_000) + "</Data>\n", []error{nil, io.EOF}},
	} {
		r := NewReader(strings.NewReader(c.in), 100_000)
		for i, want := range c.want {
			_, err := r.Next()
			if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
				t.Errorf("%s: call %d: %v, want %v", c.name, i, err, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("<Data Stream='Default' PSGuid='" + id1 + "'>AAEC</Data>"))
	f.Add([]byte("<Signal PSGuid=\"" + id1 + "\"></Signal>"))
	f.Add([]byte(errorPrefix + "x"))
	f.Fuzz(func(t *testing.T, line []byte) {
		p, err := Parse(line)
		if err != nil {
			if len(err.Error()) > 5*maxExcerpt {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		// What is understood is written in one way, which is understood the same.
		again, err := Parse(bytes.TrimSuffix(p.Append(nil), []byte("\n")))
		if p.Data == nil {
			p.Data = again.Data
		}
		if err != nil || cmp.Diff(p, again) != "" {
			t.Errorf("%+v became %+v, %v", p, again, err)
		}
	})
}
