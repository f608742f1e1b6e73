package clixml

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"
)

// seeds are documents of every form: those of PowerShell and some by hand.
func seeds(f *testing.F) {
	for _, doc := range []string{
		"", "<S/>", "<S>_xD83D__xDE00_&#xD800;</S>", `<Ref RefId="0"/>`, "<Objs><I32>1</I32></Objs>",
		`<Obj RefId="0"><LST><Ref RefId="0"/></LST></Obj>`, `<Obj><MS><MS N="a"><Nil N="b"/></MS></MS></Obj>`,
		`<PR><AV>a</AV><Nil/><PC>1</PC></PR>`, "<S>\xFF<![CDATA[\r\n]]></S>", `<Obj><Props><S N=""/></Props><Obj RefId="1"/></Obj>`,
		"<D>0.00000000000000000000000000001</D>", "<TS>-P10675199DT2H48M5.4775808S</TS>", "<DT>9999-12-31T23:59:59.9999999+14:00</DT>",
		"<Db>-1.5E-300</Db>", "<Sg>3.4E38</Sg>", "<Version>1.2.3.4</Version>", "<BA>AAEC</BA>", "<G>{6f9619ff-8b86-d011-b42d-00c04fc964ff}</G>",
	} {
		f.Add([]byte(doc))
	}
	for i, line := range vectorLines(f) {
		if line.XML != nil && i%7 == 0 && len(*line.XML) < 3000 {
			f.Add([]byte(*line.XML))
		}
	}
}

// FuzzDecode holds what must hold of any input: no panic, errors of the two
// types, values that come back equal when written and read, and a writing
// that is the same after that.
func FuzzDecode(f *testing.F) {
	seeds(f)
	limits := Limits{Size: 1 << 20, Objects: 10_000}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := DecodeLimits(data, limits)
		if err != nil {
			var syntax *SyntaxError
			var limit *LimitError
			if !errors.As(err, &syntax) && !errors.As(err, &limit) {
				t.Fatalf("error of another type: %v", err)
			}
			return
		}
		if s := v.String(); len(s) > maxText {
			t.Fatalf("text of %d bytes", len(s))
		}
		_ = v.Expand()
		first, err := Encode(v)
		if err != nil {
			var limit *LimitError
			if !errors.As(err, &limit) { // a path of references can be deeper than the document
				t.Fatal(err)
			}
			return
		}
		if !utf8.Valid(first) {
			t.Fatalf("not UTF-8: %q", first)
		}
		again, err := Decode(first)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", data, first, err)
		}
		if !Equal(v, again) {
			t.Fatalf("%q was written as %q: a different value", data, first)
		}
		second, err := Encode(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%q was written as %q, then as %q (%v)", data, first, second, err)
		}
	})
}

// FuzzText holds that any text comes back as it was, as value and as name;
// bytes that are no WTF-8 come back as U+FFFD.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "_x0041_", "a\x00\r\n\t", "😀", "\xED\xA0\xBD", "\xED\xA0\xBD\xED\xB8\x80", "\xFF", "]]>&<\"'", "_xD83D_", "__x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := Obj(New(Property{s, Str(s)}, Property{"u", Of(URI(s))}))
		doc, err := Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Decode(doc)
		if err != nil {
			t.Fatalf("%q: %v", doc, err)
		}
		if utf8.ValidString(s) && !Equal(in, out) {
			t.Fatalf("%q was written as %q: a different value", s, doc)
		}
		again, err := Encode(out)
		if err != nil || !bytes.Equal(doc, again) {
			t.Fatalf("%q was written as %q, then as %q", s, doc, again)
		}
	})
}
