package clixml

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestEncodeForms(t *testing.T) {
	shared := Custom(Prop("a", 1))
	cycle := Hashtable()
	cycle.Entries = []Entry{{Str("me"), Obj(cycle)}}
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"null", nil, `<Nil />`},
		{"empty text", "", `<S></S>`},
		{"empty bytes", []byte{}, `<BA />`},
		{"text", "a<b>&\"'_x_X__\t\x7F\u0085é日\u2028\uFFFE\uFFFF😀", `<S>a&lt;b&gt;&amp;"'_x005F_x_x005F_X___x0009__x007F__x0085_é日` + "\u2028" + `&#xFFFE;&#xFFFF;_xD83D__xDE00_</S>`},
		{"lone surrogate", "\xED\xA0\xBD.", `<S>_xD83D_.</S>`},
		{"no UTF-8", "a\xFF\xED\xA0", "<S>a\uFFFD\uFFFD\uFFFD</S>"},
		{"name", New(Prop(`a"<&>'_x_`+"\n", nil)), `<Obj RefId="0"><MS><Nil N="a&quot;&lt;&amp;&gt;'_x005F_x__x000A_" /></MS></Obj>`},
		{"no name", New(Property{}, Prop("", 1)), `<Obj RefId="0"><MS><Nil N="" /><I32 N="">1</I32></MS></Obj>`},
		{"nothing", New(), `<Obj RefId="0" />`},
		{"empty text of an object", &Object{HasToString: true}, `<Obj RefId="0"><ToString /></Obj>`},
		{"empty list", Array(), `<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST /></Obj>`},
		{"enum", Enum("E", "A", 1), `<Obj RefId="0"><TN RefId="0"><T>E</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>A</ToString><I32>1</I32></Obj>`},
		{"shared", []any{shared, shared}, `<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST>` +
			`<Obj RefId="1"><TN RefId="1"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><I32 N="a">1</I32></MS></Obj><Ref RefId="1" /></LST></Obj>`},
		{"cycle", cycle, `<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">me</S><Ref N="Value" RefId="0" /></En></DCT></Obj>`},
		{"type names alone", Custom(), `<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN></Obj>`},
		{"semantic version", SemanticVersion("7.6.5"), `<SemanticVersion>7.6.5</SemanticVersion>`},
		{
			"both kinds of members", &Object{Props: []Property{Prop("p", 1)}, Members: []Property{Prop("m", 2)}, Sets: []Property{{"s", Obj(New(Prop("x", 3)))}, {"e", Null()}}},
			`<Obj RefId="0"><Props><I32 N="p">1</I32></Props><MS><I32 N="m">2</I32><MS N="s"><I32 N="x">3</I32></MS><MS N="e" /></MS></Obj>`,
		},
	} {
		got, err := Encode(Of(test.value))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %s, %v\nwant %s", test.name, got, err, test.want)
		}
	}
}

// RefIds stay right beyond the few objects and type names that are kept without a map.
func TestEncodeManyObjects(t *testing.T) {
	var items []Value
	for i := range 100 {
		o := &Object{TypeNames: []string{"T" + strconv.Itoa(i%40)}, Members: []Property{Prop("i", i)}}
		items = append(items, Obj(o), Obj(o))
	}
	v := Obj(Array(items...))
	out, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), "<Ref "); n != 100 {
		t.Errorf("%d references, want 100", n)
	}
	if n := strings.Count(string(out), "<TN "); n != 41 {
		t.Errorf("%d lists of type names, want 41", n)
	}
	back, err := Decode(out)
	if err != nil || !Equal(v, back) {
		t.Errorf("does not come back: %v", err)
	}
}

func TestEncodeAll(t *testing.T) {
	o := New(Prop("a", 1))
	values := []Value{Obj(o), Str("x"), Obj(o)}
	out, err := EncodeAll(values)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeAll(out)
	if err != nil || len(back) != 3 {
		t.Fatal(back, err)
	}
	for i := range values {
		if !Equal(values[i], back[i]) {
			t.Errorf("value %d: got %v", i, back[i])
		}
	}
	if back[0].Object() != back[2].Object() {
		t.Error("one object came back as two")
	}
	if bare, err := DecodeAll([]byte("<S>a</S><S>b</S>")); err != nil || len(bare) != 2 {
		t.Error(bare, err)
	}
	if none, err := DecodeAll(nil); err != nil || none != nil {
		t.Error(none, err)
	}
}

// Append leaves what was there alone, also when it fails.
func TestAppend(t *testing.T) {
	deep := Str("x")
	for range 60 {
		deep = Obj(Array(deep))
	}
	got, err := Append([]byte("abc"), deep)
	var limit *LimitError
	if !errors.As(err, &limit) || limit.What != "depth" || string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err = Append(got, Int32(1)); err != nil || string(got) != "abc<I32>1</I32>" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEqual(t *testing.T) {
	ring := func(n int) Value { // a cycle of n objects
		first := New()
		last := first
		for range n - 1 {
			next := New(Prop("next", last))
			last = next
		}
		first.Members = []Property{Prop("next", last)}
		return Obj(first)
	}
	list := func(names ...string) Value { return Obj(&Object{TypeNames: names}) }
	for _, test := range []struct {
		name string
		a, b Value
		want bool
	}{
		{"null", Null(), Value{}, true},
		{"kinds", Int32(1), Int64(1), false},
		{"NaN", Of(float32(nan())), Of(float32(nan())), true},
		{"zeros", Double(0), Double(negativeZero()), false},
		{"kinds of date", Of(DateTime{Kind: UTC}), Of(DateTime{}), false},
		{"rings", ring(1), ring(3), true},
		{"long rings", ring(100_000), ring(100_000), true},
		{"type names", list("a"), list("b"), false},
		{"no type names", list(), Obj(&Object{TypeNames: []string{}}), true},
		{"order of members", Obj(New(Prop("a", 1), Prop("b", 2))), Obj(New(Prop("b", 2), Prop("a", 1))), false},
		{"kinds of members", Obj(New(Prop("a", 1))), Obj(&Object{Props: []Property{Prop("a", 1)}}), false},
		{"items", Obj(Array(Str("a"))), Obj(Array(Str("b"))), false},
		{"entries", Obj(Hashtable(Entry{Str("a"), Null()})), Obj(Hashtable(Entry{Str("a"), Str("")})), false},
	} {
		if got := Equal(test.a, test.b); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

func nan() float64 { return math.NaN() }

func negativeZero() float64 { return math.Copysign(0, -1) }
