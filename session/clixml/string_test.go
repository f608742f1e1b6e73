package clixml

import (
	"math"
	"testing"

	"github.com/google/uuid"
)

// What "$x" gives in PowerShell.
func TestString(t *testing.T) {
	self := &Object{Kind: List}
	self.Items = []Value{Int32(1), Obj(self)}
	wrapsItself := &Object{}
	wrapsItself.Base = Obj(wrapsItself)
	for _, test := range []struct {
		value any
		want  string
	}{
		{nil, ""},
		{"text", "text"},
		{true, "True"},
		{false, "False"},
		{Char('x'), "x"},
		{Char(0xD83D), "\xED\xA0\xBD"},
		{int8(-5), "-5"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{1.0 / 3, "0.333333333333333"},
		{float32(1) / 3, "0.3333333"},
		{1e14, "100000000000000"},
		{1e15, "1E+15"},
		{0.0001, "0.0001"},
		{0.00001, "1E-05"},
		{math.MaxFloat64, "1.79769313486232E+308"},
		{math.Copysign(0, -1), "-0"},
		{math.NaN(), "NaN"},
		{math.Inf(1), "Infinity"},
		{math.Inf(-1), "-Infinity"},
		{float32(1e7), "1E+07"},
		{Decimal("1.500"), "1.500"},
		{[]byte{1, 0, 255}, "1 0 255"},
		{[]byte{}, ""},
		{uuid.MustParse("6F9619FF-8B86-D011-B42D-00C04FC964FF"), "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
		{URI("https://contoso.example/"), "https://contoso.example/"},
		{SecureString("c2VjcmV0"), "System.Security.SecureString"},
		{ScriptBlock(" Get-Date "), " Get-Date "},
		{Version("5.1"), "5.1"},
		{TimeSpan(-ticksPerDay - 1), "-1.00:00:00.0000001"},
		{DateTime{Ticks: dayNumber(2026, 1, 15)*ticksPerDay + 37230*ticksPerSecond + 5, Kind: Local, Offset: 60}, "01/15/2026 10:20:30"},
		{[]any{1, "two", nil, 4.5, []any{1}, true, []byte{1}}, "1 two  4.5 System.Collections.ArrayList True System.Byte[]"},
		{self, "1 System.Collections.ArrayList"},
		{wrapsItself, ""},
		{Hashtable(Entry{Str("a"), Int32(1)}), "System.Collections.Hashtable"},
		{&Object{Kind: Dict, TypeNames: []string{"System.Collections.Specialized.OrderedDictionary"}}, "System.Collections.Specialized.OrderedDictionary"},
		{&Object{Kind: Dict, ToString: "mine", HasToString: true}, "mine"},
		{&Object{Kind: Stack}, ""},
		{[]any{&Object{Kind: Stack}, &Object{Kind: Queue}}, "System.Collections.Stack System.Collections.Queue"},
		{Custom(), ""},
		{Custom(Prop("a", 1), Prop("b", nil), Prop("c", []any{1, 2}), Prop("d", Custom(Prop("e", 1)))), "@{a=1; b=; c=System.Collections.ArrayList; d=}"},
		{&Object{Props: []Property{Prop("p", 2)}, Members: []Property{Prop("m", 1)}}, "@{m=1; p=2}"},
		{Custom(Prop("day", Enum("System.DayOfWeek", "Monday", 1))), "@{day=Monday}"},
		{Enum("System.DayOfWeek", "Monday", 1), "Monday"},
		{&Object{Base: Str("s"), Members: []Property{Prop("note", 1)}}, "s"},
	} {
		if got := Of(test.value).String(); got != test.want {
			t.Errorf("%#v: got %q, want %q", test.value, got, test.want)
		}
	}
}

// A PowerShell that received an enum expands it to its number.
func TestExpand(t *testing.T) {
	day := Obj(Enum("System.DayOfWeek", "Monday", 1))
	if s := day.Expand(); s != "1" {
		t.Errorf("got %q", s)
	}
	if s := Obj(Array(day)).Expand(); s != "Monday" {
		t.Errorf("in a list: got %q", s)
	}
	if s := Str("x").Expand(); s != "x" {
		t.Errorf("got %q", s)
	}
}
