package clixml

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/internal/vectors"
)

// benchObject is object i of the fixture whose definition is in bench.json:
// a user with 20 properties of all common types.
func benchObject(i int) Value {
	number := fmt.Sprintf("%05d", i)
	user := "user" + number + "@contoso.example"
	id := uuid.UUID{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 0, 7, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8}
	var line, voice, quota any
	if i%2 != 0 {
		line = fmt.Sprintf("tel:+1425%07d", i)
	}
	if i%4 != 0 {
		voice = true
	}
	quota = float64(i) / 8
	if i%8 == 0 {
		quota = i / 8
	}
	created := time.Date(2020, time.Month(1+i%12), 1+i%28, i%24, i%60, 0, 0, time.UTC)
	days := [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	return Obj(Custom(
		Prop("Identity", id),
		Prop("UserPrincipalName", user),
		Prop("DisplayName", "User "+number),
		Prop("Enabled", i%3 != 0),
		Prop("LineUri", line),
		Prop("OnPremLyncEnabled", i%5 == 0),
		Prop("HostedVoiceMail", voice),
		Prop("Department", [...]string{"Sales", "Support", "Engineering", "Finance"}[i%4]),
		Prop("UsageLocation", [...]string{"US", "DE", "JP"}[i%3]),
		Prop("WhenCreated", FromTime(created)),
		Prop("QuotaGB", quota),
		Prop("MailboxItems", i*3),
		Prop("TotalBytes", int64(i)*1048576),
		Prop("Cost", Decimal(strconv.FormatFloat(float64(i)/100, 'f', -1, 64))),
		Prop("Session", TimeSpan(i)*ticksPerSecond),
		Prop("Version", Version(fmt.Sprintf("7.%d.%d", i%10, i%100))),
		Prop("Notes", "line 1 & <tag> \"q\"\nline 2 日本"),
		Prop("ProxyAddresses", []string{"SMTP:" + user, "sip:" + user}),
		Prop("Tags", &Object{
			TypeNames: []string{"System.Collections.Specialized.OrderedDictionary", "System.Object"},
			Kind:      Dict,
			Entries:   []Entry{{Str("a"), Of(i)}, {Str("b"), Str("x")}},
		}),
		Prop("Day", Enum("System.DayOfWeek", days[i%7], int32(i%7))),
	))
}

const benchCount = 10_000

// benchDocuments gives the fixture as PSRP sends it: one document an object.
func benchDocuments(tb testing.TB) (documents [][]byte, size int64) {
	for i := range benchCount {
		doc, err := Encode(benchObject(i))
		if err != nil {
			tb.Fatal(err)
		}
		documents = append(documents, doc)
		size += int64(len(doc))
	}
	return documents, size
}

// The fixture is the one PowerShell made.
func TestVectorBenchFixture(t *testing.T) {
	var recorded struct {
		First  string `json:"first_object_xml"`
		Second string `json:"second_object_xml"`
	}
	if err := json.Unmarshal(vectors.Read(t, vectorFiles(t, "pwsh", "bench.json")[0]), &recorded); err != nil {
		t.Fatal(err)
	}
	s := vectors.Score{Family: "clixml-bench"}
	for i, want := range []string{recorded.First, recorded.Second} {
		got, err := EncodeAll([]Value{benchObject(i)})
		if want = indent.ReplaceAllString(want, "><"); err == nil && string(got) != want {
			err = fmt.Errorf("got %s\nwant %s", got, want)
		}
		s.Check(t, strconv.Itoa(i), err, "")
	}
	s.Report(t, os.Stdout)
}

func BenchmarkDecode(b *testing.B) {
	documents, size := benchDocuments(b)
	b.Run("clixml", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var d Decoder
		for b.Loop() {
			for _, doc := range documents {
				v, err := d.Decode(doc)
				if err != nil || len(v.Object().Members) != 20 {
					b.Fatal(v, err)
				}
			}
		}
		b.ReportMetric(float64(b.N)*benchCount/b.Elapsed().Seconds(), "objects/s")
	})
	b.Run("encoding-xml-RawToken", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, doc := range documents {
				d := xml.NewDecoder(bytes.NewReader(doc))
				for {
					if _, err := d.RawToken(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.ReportMetric(float64(b.N)*benchCount/b.Elapsed().Seconds(), "objects/s")
	})
}

// One large document: all objects in an array.
func BenchmarkDecodeArray(b *testing.B) {
	items := make([]Value, benchCount)
	for i := range items {
		items[i] = benchObject(i)
	}
	doc, err := Encode(Obj(Array(items...)))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	var d Decoder
	for b.Loop() {
		if _, err := d.Decode(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	values := make([]Value, benchCount)
	size := int64(0)
	for i := range values {
		values[i] = benchObject(i)
		doc, _ := Encode(values[i])
		size += int64(len(doc))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		for _, v := range values {
			var err error
			if buf, err = Append(buf[:0], v); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Decoding costs at most 15 allocations an object of 20 properties, and
// encoding into a buffer next to none.
func TestAllocations(t *testing.T) {
	doc, err := Encode(benchObject(7))
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	decode := testing.AllocsPerRun(1000, func() {
		if _, err := d.Decode(doc); err != nil {
			t.Fatal(err)
		}
	})
	if decode > 15 {
		t.Errorf("decoding takes %v allocations an object, want 15 at most", decode)
	}
	v, buf := benchObject(7), make([]byte, 0, 2*len(doc))
	encode := testing.AllocsPerRun(1000, func() {
		if _, err := Append(buf, v); err != nil {
			t.Fatal(err)
		}
	})
	if encode > 5 {
		t.Errorf("encoding takes %v allocations an object, want 5 at most", encode)
	}
	t.Logf("allocations an object: decode %v, encode %v", decode, encode)
}

// Values do not share memory with what the next document brings.
func TestDecoderReuse(t *testing.T) {
	var d Decoder
	var values []Value
	for i := range 100 {
		doc, err := Encode(benchObject(i))
		if err != nil {
			t.Fatal(err)
		}
		v, err := d.Decode(doc)
		if err != nil {
			t.Fatal(err)
		}
		clear(doc)
		values = append(values, v)
		if _, err := d.Decode([]byte("<I32>x</I32>")); err == nil {
			t.Fatal("no error")
		}
	}
	for i, v := range values {
		if want := benchObject(i); !Equal(v, want) {
			t.Errorf("object %d: got %v, want %v", i, v, want)
		}
	}
}
