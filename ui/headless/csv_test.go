package headless

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

// render writes values in one form, as the output of one line.
func render(t *testing.T, form string, values ...clixml.Value) (data, notes string) {
	t.Helper()
	var out, side bytes.Buffer
	o := newOutput(form, &out, &side, 80)
	s := o.forLine(format.View{})
	for _, err := range []error{s.write(values), s.close(), o.close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.String(), side.String()
}

func person(name string, age any) clixml.Value {
	return clixml.Obj(clixml.Custom(clixml.Prop("Name", name), clixml.Prop("Age", age)))
}

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		values []clixml.Value
		want   string
	}{
		"objects":          {[]clixml.Value{person("Ada", 36), person("Bob", nil)}, "\"Name\",\"Age\"\n\"Ada\",\"36\"\n\"Bob\",\n"},
		"empty is no null": {[]clixml.Value{person("", nil)}, "\"Name\",\"Age\"\n\"\",\n"},
		"quotes and lines": {[]clixml.Value{person("a \"b\", c\nd", true)}, "\"Name\",\"Age\"\n\"a \"\"b\"\", c\nd\",\"True\"\n"},
		"lists are JSON":   {[]clixml.Value{person("x", []any{1, "two"})}, "\"Name\",\"Age\"\n\"x\",\"[1,\"\"two\"\"]\"\n"},
		"dates round trip": {[]clixml.Value{person("x", clixml.DateTime{Ticks: ticksOf1999, Kind: clixml.UTC})}, "\"Name\",\"Age\"\n\"x\",\"1999-12-31T23:59:59.1234567Z\"\n"},
		"plain values":     {[]clixml.Value{clixml.Str("a"), clixml.Of(2), clixml.Null()}, "\"Value\"\n\"a\"\n\"2\"\n\n"},
		"hashtables":       {[]clixml.Value{clixml.Obj(clixml.Hashtable(clixml.Entry{Key: clixml.Str("k"), Value: clixml.Str("v")}))}, "\"k\"\n\"v\"\n"},
		"names have no case": {
			[]clixml.Value{person("Ada", 1), clixml.Obj(clixml.Custom(clixml.Prop("age", 2), clixml.Prop("NAME", "Bob")))},
			"\"Name\",\"Age\"\n\"Ada\",\"1\"\n\"Bob\",\"2\"\n",
		},
		"nothing":          {nil, ""},
		"terminal is safe": {[]clixml.Value{clixml.Str("\x1b[2J")}, "\"Value\"\n\"␛[2J\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, notes := render(t, "csv", c.values...)
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if notes != "" {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

// A cell that a spreadsheet would calculate is data of a stranger: it begins
// with an apostrophe, unless it is a number.
func TestCSVDefusesFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1":                 `'=1+1`,
		`=HYPERLINK("http")`:   `'=HYPERLINK("http")`,
		"+cmd|' /C calc'!A0":   `'+cmd|' /C calc'!A0`,
		"-2+3":                 `'-2+3`,
		"@SUM(A1)":             `'@SUM(A1)`,
		"\t=1":                 "'\t=1",
		"＝1+1":                 `'＝1+1`,
		"-5":                   `-5`,
		"+4930100001":          `+4930100001`,
		"-1.5e-7":              `-1.5e-7`,
		"-":                    `'-`,
		"a=b":                  `a=b`,
		"tel:+4930100001":      `tel:+4930100001`,
		"user@contoso.example": `user@contoso.example`,
	} {
		t.Run(text, func(t *testing.T) {
			data, _ := render(t, "csv", clixml.Obj(clixml.Custom(clixml.Prop("=Name", text))))
			rows, err := csv.NewReader(strings.NewReader(data)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if rows[0][0] != "'=Name" {
				t.Errorf("column %q", rows[0][0])
			}
			if rows[1][0] != want {
				t.Errorf("cell %q, want %q", rows[1][0], want)
			}
		})
	}
	for value, want := range map[any]string{int32(-5): "-5", -0.5: "-0.5", clixml.Decimal("-1.50"): "-1.50"} {
		if data, _ := render(t, "csv", clixml.Of(value)); data != "\"Value\"\n\""+want+"\"\n" {
			t.Errorf("%v gives %q", value, data)
		}
	}
}

func TestCSVSaysWhatItLeavesOut(t *testing.T) {
	more := clixml.Obj(clixml.Custom(clixml.Prop("Name", "Bob"), clixml.Prop("City", "Oslo")))
	data, notes := render(t, "csv", person("Ada", 36), more, more)
	if want := "\"Name\",\"Age\"\n\"Ada\",\"36\"\n\"Bob\",\n\"Bob\",\n"; data != want {
		t.Errorf("%q, want %q", data, want)
	}
	if want := "psdeck: csv has the columns of the first object only; left out: City\n"; notes != want {
		t.Errorf("%q, want %q", notes, want)
	}
}
