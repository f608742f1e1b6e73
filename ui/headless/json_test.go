package headless

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// ticksOf1999 is 1999-12-31T23:59:59.1234567 in ticks of 100 ns.
const ticksOf1999 = 630822815991234567

func TestJSONOfEveryKind(t *testing.T) {
	nested := clixml.Custom(clixml.Prop("A", 1), clixml.Prop("B", []string{"x", "y"}))
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"null":                {nil, `null`},
		"text":                {"a \"b\" \\ c", `"a \"b\" \\ c"`},
		"true":                {true, `true`},
		"false":               {false, `false`},
		"char":                {clixml.Char('x'), `"x"`},
		"byte":                {uint8(255), `255`},
		"signed byte":         {int8(-128), `-128`},
		"short":               {int16(-32768), `-32768`},
		"unsigned short":      {uint16(65535), `65535`},
		"int":                 {int32(math.MinInt32), `-2147483648`},
		"unsigned int":        {uint32(math.MaxUint32), `4294967295`},
		"long":                {int64(math.MinInt64), `-9223372036854775808`},
		"unsigned long":       {uint64(math.MaxUint64), `18446744073709551615`},
		"single":              {float32(0.1), `0.1`},
		"double":              {0.1, `0.1`},
		"smallest double":     {math.SmallestNonzeroFloat64, `5e-324`},
		"not a number":        {math.NaN(), `"NaN"`},
		"infinity":            {math.Inf(1), `"Infinity"`},
		"negative infinity":   {math.Inf(-1), `"-Infinity"`},
		"decimal keeps zeros": {clixml.Decimal("1.50"), `1.50`},
		"decimal is exact":    {clixml.Decimal("79228162514264337593543950335"), `79228162514264337593543950335`},
		"no decimal":          {clixml.Decimal(`1,"x":2`), `"1,\"x\":2"`},
		"bytes":               {[]byte{0, 1, 255}, `"AAH/"`},
		"guid":                {uuid.MustParse("6F9619FF-8B86-D011-B42D-00C04FC964FF"), `"6f9619ff-8b86-d011-b42d-00c04fc964ff"`},
		"uri":                 {clixml.URI("https://contoso.example/a?b=c&d"), `"https://contoso.example/a?b=c&d"`},
		"xml":                 {clixml.XML("<a/>"), `"<a/>"`},
		"script block":        {clixml.ScriptBlock("{ 1 }"), `"{ 1 }"`},
		"version":             {clixml.Version("5.1.0"), `"5.1.0"`},
		"secret":              {clixml.SecureString("c2VjcmV0"), `"System.Security.SecureString"`},
		"duration":            {clixml.TimeSpan(90 * 10_000_000), `"00:01:30"`},
		"time of no zone":     {clixml.DateTime{Ticks: ticksOf1999}, `"1999-12-31T23:59:59.1234567"`},
		"time in UTC":         {clixml.DateTime{Ticks: ticksOf1999, Kind: clixml.UTC}, `"1999-12-31T23:59:59.1234567Z"`},
		"local time":          {clixml.DateTime{Ticks: ticksOf1999, Kind: clixml.Local, Offset: -330}, `"1999-12-31T23:59:59.1234567-05:30"`},
		"list":                {[]any{1, "two", nil}, `[1,"two",null]`},
		"empty list":          {[]string{}, `[]`},
		"object keeps order":  {clixml.Custom(clixml.Prop("Z", 1), clixml.Prop("A", nested)), `{"Z":1,"A":{"A":1,"B":["x","y"]}}`},
		"hashtable": {
			clixml.Hashtable(clixml.Entry{Key: clixml.Str("k"), Value: clixml.Of(1)}, clixml.Entry{Key: clixml.Of(2), Value: clixml.Null()}),
			`{"k":1,"2":null}`,
		},
		"enum":                 {clixml.Enum("System.DayOfWeek", "Friday", 5), `"Friday"`},
		"object with text":     {&clixml.Object{ToString: "shown", HasToString: true}, `"shown"`},
		"wrapped number":       {&clixml.Object{Base: clixml.Of(7)}, `7`},
		"extended over native": {&clixml.Object{Props: []clixml.Property{clixml.Prop("name", "old"), clixml.Prop("B", 1)}, Members: []clixml.Property{clixml.Prop("Name", "new")}}, `{"B":1,"Name":"new"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(appendJSON(nil, clixml.Of(c.value)))
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%s is not JSON", got)
			}
		})
	}
}

// What a terminal could act on never stands in JSON as it is, and nothing of
// the text is lost.
func TestJSONOfDangerousText(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"white space":          {"a\tb\nc\rd", `"a\tb\nc\rd"`},
		"escape sequence":      {"\x1b[31mred\a", `"\u001b[31mred\u0007"`},
		"nul and delete":       {"\x00\x7f", `"\u0000\u007f"`},
		"c1 controls":          {"\u009b2J", `"\u009b2J"`},
		"right to left":        {"a\u202eb", `"a\u202eb"`},
		"line separators":      {"\u2028\u2029", `"\u2028\u2029"`},
		"umlaut and emoji":     {"Größe 😀", `"Größe 😀"`},
		"invisible tag letter": {"\U000e0041", `"\udb40\udc41"`},
		"lone high surrogate":  {"a\xed\xa0\x80b", `"a\ud800b"`},
		"lone low surrogate":   {"\xed\xbf\xbf", `"\udfff"`},
		"broken bytes":         {"\xff", `"\ufffd"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(appendJSON(nil, clixml.Str(c.text)))
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			for _, r := range got {
				if !unicode.IsPrint(r) {
					t.Errorf("%q holds %U", got, r)
				}
			}
		})
	}
}

func TestJSONOfACycleEnds(t *testing.T) {
	o := clixml.Custom(clixml.Prop("Name", "snake"))
	o.ToString, o.HasToString = "the snake", true
	o.Set("Tail", clixml.Obj(o))
	if got, want := string(appendJSON(nil, clixml.Obj(o))), `{"Name":"snake","Tail":"the snake"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestJSONOfDeepNestingEnds(t *testing.T) {
	inner := clixml.Of([]any{1})
	for range 200 {
		inner = clixml.Of([]any{inner})
	}
	got := appendJSON(nil, inner)
	if !json.Valid(got) || strings.Count(string(got), "[") != maxJSONDepth {
		t.Errorf("%.200s", got)
	}
}

// Forty objects that each hold the one before twice would be a million million
// objects when written out.
func TestJSONOfWhatIsSharedTooOftenEnds(t *testing.T) {
	v := clixml.Obj(clixml.Custom(clixml.Prop("Name", "leaf")))
	for range 40 {
		v = clixml.Of([]any{v, v})
	}
	if got := appendJSON(nil, v); !json.Valid(got) || len(got) > 100*maxJSONValues {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzJSONText(f *testing.F) {
	for _, s := range []string{"", "a\x1b[0m", "\xed\xa0\x80", "\xff\"\\", "😀\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := appendJSON(nil, clixml.Str(s))
		if !json.Valid(got) {
			t.Fatalf("%q gives %q", s, got)
		}
		for _, r := range string(got) {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q gives %q, which holds %U", s, got, r)
			}
		}
	})
}
