package clixml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"psdeck/session/internal/vectors"
)

// vectorFiles finds the files of a pattern in a folder of the recordings where
// they are given, else in testdata. A test of which there are none is skipped:
// recordings of one kind may come without the others.
func vectorFiles(t testing.TB, folder, pattern string) []string {
	t.Helper()
	files := vectors.Find(t, vectors.Dir(folder, "testdata"), pattern)
	if len(files) == 0 {
		t.Skipf("no vectors %s", pattern)
	}
	return files
}

type vectorLine struct {
	Name  string  `json:"name"`
	TZ    string  `json:"tz"`
	XML   *string `json:"xml"`
	Tree  *tree   `json:"tree"`
	Error string  `json:"error"`
}

// vectorLines gives the lines that hold a document and what PowerShell made of it.
func vectorLines(t testing.TB) []vectorLine {
	t.Helper()
	var lines []vectorLine
	for _, file := range vectorFiles(t, "pwsh", "*.jsonl") {
		for _, raw := range vectors.Lines(t, file) {
			if !bytes.Contains(raw, []byte(`"tree":`)) || !bytes.Contains(raw, []byte(`"xml":`)) {
				continue
			}
			var line vectorLine
			if err := json.Unmarshal(raw, &line); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// TestVectorCLIXML reads what PowerShell's serializer wrote and compares it
// with what PowerShell's deserializer made of it.
func TestVectorCLIXML(t *testing.T) {
	s := vectors.Score{Family: "clixml"}
	for _, line := range vectorLines(t) {
		if line.XML == nil || line.Error != "" {
			continue
		}
		zone, err := time.LoadLocation(line.TZ)
		if err != nil {
			t.Fatal(err)
		}
		if line.TZ == "Etc/UTC" {
			zone = time.UTC
		}
		v, err := Decode([]byte(*line.XML))
		if err == nil {
			r := referee{zone: zone, objects: map[int]*Object{}}
			err = r.value(v, line.Tree)
		}
		s.Check(t, line.Name, err, knownCLIXML[line.Name])
	}
	s.Report(t, os.Stdout)
}

var indent = regexp.MustCompile(`>\r?\n *<`)

// bare finds an Obj around nothing but a primitive. It is read, as by
// PowerShell, as the primitive, and so it is not written again.
var bare = regexp.MustCompile(`<Obj[^>]*><[A-Z][A-Za-z0-9]*>[^<]*</[A-Za-z0-9]+></Obj>`)

// TestVectorEncode writes what was read: the same bytes but for the
// indentation that PSRP does not have, and for empty Props, which say nothing.
func TestVectorEncode(t *testing.T) {
	s := vectors.Score{Family: "clixml-encode"}
	for _, line := range vectorLines(t) {
		if line.XML == nil {
			continue
		}
		v, err := Decode([]byte(*line.XML))
		if err != nil {
			t.Errorf("%s: %v", line.Name, err)
			continue
		}
		s.Check(t, line.Name, checkEncode(v, *line.XML), "")
	}
	s.Report(t, os.Stdout)
}

func checkEncode(v Value, xml string) error {
	got, err := EncodeAll([]Value{v})
	if err != nil {
		return err
	}
	want := strings.ReplaceAll(indent.ReplaceAllString(xml, "><"), "<Props />", "")
	again, err := Decode(got)
	if err != nil {
		return err
	}
	if !Equal(v, again) || string(got) != want && !bare.MatchString(want) {
		return fmt.Errorf("got %s\nwant %s", got, want)
	}
	return nil
}

// TestVectorWire reads every body of the recorded conversations; each comes
// back equal when it is written and read again.
func TestVectorWire(t *testing.T) {
	if !vectors.Given() {
		t.Skip("the recorded conversations are read where PSDECK_VECTORS says")
	}
	s := vectors.Score{Family: "clixml-wire"}
	for _, file := range vectorFiles(t, "wire", "*.jsonl") {
		i := 0
		for _, raw := range vectors.Lines(t, file) {
			var line struct {
				Message struct {
					XML string `json:"xml"`
				} `json:"message"`
			}
			if json.Unmarshal(raw, &line) != nil || line.Message.XML == "" {
				continue
			}
			i++
			name := fmt.Sprintf("%s/%d", vectors.Name(file), i)
			s.Check(t, name, checkWire(line.Message.XML), knownWire[name])
		}
	}
	s.Report(t, os.Stdout)
}

func checkWire(xml string) error {
	v, err := Decode([]byte(xml))
	if err != nil {
		return err
	}
	encoded, err := Encode(v)
	if err != nil {
		return err
	}
	again, err := Decode(encoded)
	if err == nil && !Equal(v, again) {
		err = fmt.Errorf("%.300s came back as %.300s", xml, encoded)
	}
	return err
}

// knownWire lists the bodies that are no CLIXML.
var knownWire = map[string]string{
	"10f-invalid-clixml/8":     "spoilt on purpose: not well-formed",
	"10g-unknown-clixml-tag/8": "spoilt on purpose: an element that nobody knows",
	"10k-bad-value/8":          "spoilt on purpose: a number that does not parse",
	"13f-server-bad-clixml/3":  "spoilt on purpose: cut short",
}

// knownCLIXML lists the lines of which this package makes something else.
var knownCLIXML = map[string]string{
	"tz2-date-local/7": ".NET rounds New York's offset of before 1883 (-04:56:02) to -04:57, Go's zone cuts it to -04:56",
}
