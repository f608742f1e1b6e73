package clixml

import (
	"errors"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Every form of XML and CLIXML that PowerShell's reader takes.
func TestDecodeForms(t *testing.T) {
	shared := New(Prop("a", 1))
	for _, test := range []struct {
		name, doc string
		want      Value
	}{
		{"empty body", "", Null()},
		{"only a BOM", "\xEF\xBB\xBF", Null()},
		{"BOM", "\xEF\xBB\xBF<I32>1</I32>", Int32(1)},
		{"UTF-16", "\xFF\xFE<\x00S\x00>\x00\x3D\xD8\x00\xDE<\x00/\x00S\x00>\x00", Str("😀")},
		{"UTF-16 big endian", "\xFE\xFF\x00<\x00S\x00/\x00>", Str("")},
		{"declaration", `<?xml version="1.0"?><Nil/>`, Null()},
		{"root", `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Nil /></Objs>`, Null()},
		{"white space", "\n <Obj RefId = '0'\n>\t<LST>\n<I32>1</I32 >\r\n</LST></Obj>\n", Obj(&Object{Kind: List, Items: []Value{Int32(1)}})},
		{"white space around a number", "<I32> 7\n</I32>", Int32(7)},
		{"comment and instruction", "<!-- a --><?pi?><S>a<!-- b -->c<?pi d?>e</S><!---->", Str("ace")},
		{"CDATA", "<S>a<![CDATA[<b>&amp;\r\n]]>_x0041_</S>", Str("a<b>&amp;\nA")},
		{"references", "<S>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;</S>", Str("<>&\"'AB😀")},
		{"characters that are no XML", "<S>&#xFFFE;&#xFFFF;</S>", Str("\uFFFE\uFFFF")},
		{"reference that makes an escape", "<S>&#x5F;x0041_</S>", Str("A")},
		{"line ends", "<S>a\r\nb\rc\nd&#xD;</S>", Str("a\nb\nc\nd\r")},
		{"escapes", "<S>_x0041__x005F_x0041__x00e9_ _X0042_ _x00_ _x004G_ _</S>", Str("A_x0041_é B _x00_ _x004G_ _")},
		{"long escape", "<S>_x0001F600_ _x00110000_</S>", Str("😀 _x00110000_")},
		{"surrogate pair", "<S>_xD83D__xDE00_&#xD83D;&#xDE00;</S>", Str("😀😀")},
		{"lone surrogates", "<S>_xDE00__xD83D_x_xD83D_</S>", Str("\xED\xB8\x80\xED\xA0\xBDx\xED\xA0\xBD")},
		{"bytes that are no UTF-8", "<S>a\xFFb</S>", Str("a\uFFFDb")},
		{
			"escaped names", `<Obj><TN RefId="0"><T>a_x000A_b</T></TN><ToString>_x0041_</ToString><MS><Nil N="x_x0020_&lt;&#10;` + "\n" + `"/></MS></Obj>`,
			Obj(&Object{TypeNames: []string{"a\nb"}, ToString: "A", HasToString: true, Members: []Property{{"x <\n ", Null()}}}),
		},
		{
			"everything before type names", `<Obj RefId="0"><MS><I32 N="m">1</I32></MS><Props><I32 N="p">2</I32></Props><LST><I32>3</I32></LST><ToString>x</ToString><TN RefId="0"><T>T</T></TN></Obj>`,
			Obj(&Object{
				TypeNames: []string{"T"}, ToString: "x", HasToString: true, Kind: List, Items: []Value{Int32(3)},
				Props: []Property{{"p", Int32(2)}}, Members: []Property{{"m", Int32(1)}},
			}),
		},
		{
			"type names of a sibling", `<Obj><LST><Obj RefId="1"><TN RefId="0"><T>T</T></TN></Obj><Obj><TNRef RefId="0" /></Obj></LST></Obj>`,
			Obj(&Object{Kind: List, Items: []Value{Obj(&Object{TypeNames: []string{"T"}}), Obj(&Object{TypeNames: []string{"T"}})}}),
		},
		{
			"reference", `<Obj RefId="x"><LST><Obj RefId="17"><MS><I32 N="a">1</I32></MS></Obj><Ref RefId="17" /></LST></Obj>`,
			Obj(&Object{Kind: List, Items: []Value{Obj(shared), Obj(shared)}}),
		},
		{
			"primitive in an object", `<Obj RefId="0"><LST><Obj RefId="1"><S>a</S></Obj><Ref RefId="1"/></LST></Obj>`,
			Obj(&Object{Kind: List, Items: []Value{Str("a"), Str("a")}}),
		},
		{
			"set of members", `<Obj><MS><MS N="s"><I32 N="a">1</I32></MS></MS></Obj>`,
			Obj(&Object{Sets: []Property{{"s", Obj(shared)}}}),
		},
		{
			"value before key", `<Obj><DCT><En><S N="Value">v</S><S N="Key">k</S></En></DCT></Obj>`,
			Obj(&Object{Kind: Dict, Entries: []Entry{{Str("k"), Str("v")}}}),
		},
		{"bool as a number", "<B>1</B>", Bool(true)},
		{"single", "<Sg>-INF</Sg>", Of(float32(math.Inf(-1)))},
		{"too large a number", "<Db>1e999</Db>", Double(math.Inf(1))},
		{"decimal", "<D>+007.50</D>", Of(Decimal("7.50"))},
		{"wrapped base64", "<BA>AA\n EC</BA>", Bytes([]byte{0, 1, 2})},
		{"duration of years", "<TS>P1Y2M3DT4H5M6.5S</TS>", Of(TimeSpan((365+60+3)*ticksPerDay + 4*ticksPerHour + 5*ticksPerMinute + 65_000_000))},
		{"date", "<DT>2026-11-23</DT>", Of(DateTime{Ticks: dayNumber(2026, 11, 23) * ticksPerDay})},
		{"fine fraction", "<DT>2026-11-23T00:00:00.12345675-14:00</DT>", Of(DateTime{Ticks: dayNumber(2026, 11, 23)*ticksPerDay + 1234568, Kind: Local, Offset: -840})},
		{"end of the day", "<DT>2026-12-31T24:00:00Z</DT>", Of(DateTime{Ticks: dayNumber(2027, 1, 1) * ticksPerDay, Kind: UTC})},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := Decode([]byte(test.doc))
			if err != nil {
				t.Fatal(err)
			}
			if !Equal(v, test.want) {
				got, _ := Encode(v)
				want, _ := Encode(test.want)
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// What is refused, and where.
func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct {
		doc    string
		offset int
		msg    string
	}{
		{" ", 1, "without an element"},
		{"garbage", 0, "text where an element"},
		{"<", 0, "malformed tag"},
		{"<I99>2</I99>", 0, `unknown element "I99"`},
		{"<ps:S>2</ps:S>", 0, `unknown element "ps:S"`},
		{"<I32>2<I32>", 6, `expected the end of "I32"`},
		{"<I32>x</I32>", 0, `malformed value "x"`},
		{"<I32>2147483648</I32>", 0, "malformed value"},
		{"<By>-1</By>", 0, "malformed value"},
		{"<I32 />", 0, "malformed value"},
		{"<U64>18446744073709551616</U64>", 0, "malformed value"},
		{"<Db>0x1p3</Db>", 0, "malformed value"},
		{"<D>79228162514264337593543950336</D>", 0, "malformed value"},
		{"<D>1e5</D>", 0, "malformed value"},
		{"<B>yes</B>", 0, "malformed value"},
		{"<DT>2026-02-29T00:00:00</DT>", 0, "malformed value"},
		{"<DT>9999-12-31T24:00:00</DT>", 0, "malformed value"},
		{"<DT>2026-01-01T00:00:00.Z</DT>", 0, "malformed value"},
		{"<TS>P</TS>", 0, "malformed value"},
		{"<TS>P1DT</TS>", 0, "malformed value"},
		{"<TS>PT1S1M</TS>", 0, "malformed value"},
		{"<TS>P99999999999D</TS>", 0, "malformed value"},
		{"<Version>1</Version>", 0, "malformed value"},
		{"<Version>1.-2</Version>", 0, "malformed value"},
		{"<G>x</G>", 0, "malformed value"},
		{"<BA>c2VjcmV0!</BA>", 0, `malformed base64 in "BA"`},
		{"<S>a", 4, "unexpected end of document"},
		{"<S>a<", 4, "expected the end"},
		{"<S>a</S", 4, "expected the end"},
		{"<S>&nbsp;</S>", 3, "unknown reference"},
		{"<S>&#x110000;</S>", 3, "unknown reference"},
		{"<S>& </S>", 3, "unknown reference"},
		{"<S><B>1</B></S>", 3, `expected the end of "S"`},
		{"<S></S><S></S>", 7, "more than one value"},
		{"<S></S>x", 7, "text where an element"},
		{`<!DOCTYPE x [<!ENTITY a "b">]><S>&a;</S>`, 0, "document type"},
		{"<S><!-- -- --></S>", 3, "malformed comment"},
		{" <?xml version='1.0'?><S/>", 1, "XML declaration"},
		{"<Objs></Objs>", 13, "without a value"},
		{"<Objs Version='2.0'><S/></Objs>", 0, "unsupported CLIXML version"},
		{"<Objs><S/></Objs><S/>", 17, "data after the document"},
		{"<Objs><S/>", 10, "unexpected end"},
		{"<S N=a/>", 3, "malformed attribute"},
		{"<S N='<'/>", 3, "malformed attribute"},
		{"<S N='a' N='b'/>", 9, "repeated attribute"},
		{"<S N='a'b='c'/>", 8, "malformed tag"},
		{`<Ref RefId="0" />`, 0, `unknown object "0"`},
		{`<Obj><LST><Ref RefId="1"/><Obj RefId="1"/></LST></Obj>`, 10, `unknown object "1"`},
		{`<Obj><TNRef RefId="0" /></Obj>`, 5, `unknown type names "0"`},
		{`<Obj><TN><S/></TN></Obj>`, 9, "in type names"},
		{`<Obj><I32>1</I32><LST/></Obj>`, 17, "second content"},
		{`<Obj><MS><S/></MS></Obj>`, 9, "without a name"},
		{`<Obj>text</Obj>`, 5, "text where an element"},
		{`<Obj><DCT><S/></DCT></Obj>`, 10, "in a dictionary"},
		{`<Obj><DCT><En><S N="Key"/></En></DCT></Obj>`, 31, "without Key or Value"},
		{`<Obj><DCT><En><Nil N="Key"/><S N="Value"/></En></DCT></Obj>`, 47, "key is null"},
		{`<PR><I99/></PR>`, 4, "progress record"},
	} {
		_, err := Decode([]byte(test.doc))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: got error %v, want a SyntaxError", test.doc, err)
			continue
		}
		if syntax.Offset != test.offset || !strings.Contains(syntax.Msg, test.msg) {
			t.Errorf("%s: got %q at %d, want %q at %d", test.doc, syntax.Msg, syntax.Offset, test.msg, test.offset)
		}
		if strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s: the error shows the value: %v", test.doc, err)
		}
	}
}

// Errors show remote text only bounded and without control characters.
func TestErrorTextIsClean(t *testing.T) {
	_, err := Decode([]byte("<I32>\x1b]0;title\a" + strings.Repeat("x", 1000) + "é</I32>"))
	if err == nil || len(err.Error()) > 120 || strings.ContainsAny(err.Error(), "\x1b\a") {
		t.Errorf("got %q", err)
	}
}

func nested(levels int) string {
	return strings.Repeat(`<Obj><LST>`, levels) + strings.Repeat(`</LST></Obj>`, levels)
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name, doc string
		limits    Limits
		what      string
	}{
		{"depth as PowerShell", nested(49), Limits{}, ""},
		{"too deep", nested(50), Limits{}, "depth"},
		{"depth bomb", nested(1_000_000), Limits{}, "depth"},
		{"depth bomb without a limit of sense", nested(1_000_000), Limits{Depth: math.MaxInt}, "depth"},
		{"depth of wrapped objects", strings.Repeat("<Obj>", 10_000), Limits{}, "depth"},
		{"depth of sets", "<Obj><MS>" + strings.Repeat(`<MS N="a">`, 10_000), Limits{}, "depth"},
		{"depth of entries", strings.Repeat(`<Obj><DCT><En><S N="Key"/><Obj N="Value"><DCT><En><S N="Key"/>`, 1), Limits{Depth: 2}, "depth"},
		{"size", "<S>" + strings.Repeat("x", 100) + "</S>", Limits{Size: 100}, "size"},
		{"objects", `<Obj><LST><S/><S/><S/></LST></Obj>`, Limits{Objects: 3}, "objects"},
		{"objects that are type names", `<Obj><TN><T/><T/><T/></TN></Obj>`, Limits{Objects: 3}, "objects"},
		{"as many objects as allowed", `<Obj><LST><S/><S/><S/></LST></Obj>`, Limits{Objects: 4}, ""},
	} {
		_, err := DecodeLimits([]byte(test.doc), test.limits)
		var limit *LimitError
		switch {
		case test.what == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.what != "" && (!errors.As(err, &limit) || limit.What != test.what):
			t.Errorf("%s: got %v, want a LimitError of %s", test.name, err, test.what)
		}
	}
}

// No start of a document is a document, and none does harm.
func TestTruncated(t *testing.T) {
	for _, line := range vectorLines(t) {
		if line.XML == nil || len(*line.XML) > 1000 {
			continue
		}
		doc := strings.TrimSpace(*line.XML)
		for i := 1; i < len(doc); i++ {
			if _, err := Decode([]byte(doc[:i])); err == nil {
				t.Fatalf("%s: no error after %d bytes: %s", line.Name, i, doc[:i])
			}
		}
	}
}

// A million members, and member lists in a million pieces, take the time and
// the memory that their size asks for.
func TestManyMembers(t *testing.T) {
	const count = 1_000_000
	var one, pieces strings.Builder
	one.WriteString("<Obj><MS>")
	pieces.WriteString("<Obj>")
	for i := range count {
		one.WriteString(`<B N="` + strconv.Itoa(i) + `">1</B>`)
		pieces.WriteString(`<MS><B N="a">1</B></MS>`)
	}
	one.WriteString("</MS></Obj>")
	pieces.WriteString("</Obj>")
	for _, doc := range []string{one.String(), pieces.String()} {
		v, err := Decode([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(v.Object().Members); n != count {
			t.Errorf("got %d members", n)
		}
		out, err := Encode(v)
		if err != nil || len(out) < count*10 {
			t.Errorf("encoded %d bytes, error %v", len(out), err)
		}
		_ = v.String()
	}
}

// References are shared, never copied: 45 levels of "twice the one before" stay 45 objects.
func TestReferenceBomb(t *testing.T) {
	var doc strings.Builder
	doc.WriteString(`<Obj><LST><Obj RefId="0"><LST><S>boom</S></LST></Obj>`)
	for i := 1; i < 10_000; i++ {
		ref := `<Ref RefId="` + strconv.Itoa(i-1) + `"/>`
		doc.WriteString(`<Obj RefId="` + strconv.Itoa(i) + `"><LST>` + ref + ref + `</LST><MS><Ref N="m" RefId="` + strconv.Itoa(i-1) + `"/></MS></Obj>`)
	}
	doc.WriteString("</LST></Obj>")
	v, err := Decode([]byte(doc.String()))
	if err != nil {
		t.Fatal(err)
	}
	last := v.Object().Items[9_999].Object()
	if last.Items[0].Object() != last.Items[1].Object() {
		t.Error("two references are two objects")
	}
	if s := v.String(); len(s) > 1_000_000 {
		t.Errorf("text of %d bytes", len(s))
	}
	out, err := Encode(v)
	if err != nil || len(out) > 2*doc.Len() {
		t.Errorf("encoded %d bytes, error %v", len(out), err)
	}
	again, err := Decode(out)
	if err != nil || !Equal(v, again) {
		t.Errorf("does not come back: %v", err)
	}
	// From the far end it is too deep to write, which is an error and no crash.
	var limit *LimitError
	if _, err := Encode(Obj(last)); !errors.As(err, &limit) {
		t.Errorf("got error %v, want a LimitError", err)
	}
}

// One long text that is referred to many times does not become many texts.
func TestTextBomb(t *testing.T) {
	long := Obj(&Object{ToString: strings.Repeat("é", 1<<19), HasToString: true})
	items := make([]Value, 10_000)
	for i := range items {
		items[i] = long
	}
	if n := len(Obj(Array(items...)).String()); n > maxText || n < maxText-4 {
		t.Errorf("text of %d bytes, want %d", n, maxText)
	}
}

// The memory a hostile document takes follows its size.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	for _, unit := range []string{"<S/>", "<Obj/>", "<Obj><TN><T/></TN></Obj>", "<Obj><MS><S N='a'/></MS></Obj>", "<S>_x0041_</S>"} {
		const count = 100_000
		doc := []byte("<Obj><LST>" + strings.Repeat(unit, count) + "</LST></Obj>")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, err := new(Decoder).Decode(doc)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n := len(v.Object().Items); n != count {
			t.Fatalf("%s: %d items", unit, n)
		}
		if each := (after.TotalAlloc - before.TotalAlloc) / count; each > 700 {
			t.Errorf("%s: %d bytes allocated each", unit, each)
		}
	}
}
