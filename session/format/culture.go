package format

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
)

// culture is how a culture writes dates and numbers and breaks lines.
type culture struct {
	dates    map[string]string // layouts of the standard formats
	decimals int               // of a fraction, where nothing says how many
	percent  string            // stands behind a share
	money    [2]string         // stands before an amount, and before and behind a negative one
	words    bool              // lines break between words
}

// cultureNamed is the culture of a name; invariant where it is not known.
func cultureNamed(name string) *culture {
	if name == "en-US" {
		return american()
	}
	return invariant()
}

func invariant() *culture {
	return &culture{decimals: 2, percent: " %", money: [2]string{"(¤", ")"}, dates: map[string]string{
		"d": "01/02/2006", "D": "Monday, 02 January 2006", "f": "Monday, 02 January 2006 15:04", "F": "Monday, 02 January 2006 15:04:05",
		"g": "01/02/2006 15:04", "G": "01/02/2006 15:04:05", "m": "January 02", "t": "15:04", "T": "15:04:05", "y": "2006 January",
	}}
}

// american is en-US as .NET has it from ICU: a narrow blank stands before AM
// and PM.
func american() *culture {
	const minutes, seconds = " 3:04\u202fPM", " 3:04:05\u202fPM"
	return &culture{decimals: 3, percent: "%", money: [2]string{"-$", ""}, words: true, dates: map[string]string{
		"d": "1/2/2006", "D": "Monday, January 2, 2006", "f": "Monday, January 2, 2006" + minutes, "F": "Monday, January 2, 2006" + seconds,
		"g": "1/2/2006" + minutes, "G": "1/2/2006" + seconds, "m": "January 2", "t": minutes[1:], "T": seconds[1:], "y": "January 2006",
	}}
}

// layout is that of a standard date format, or "".
func (c *culture) layout(format string) string {
	if layout, ok := c.dates[format]; ok {
		return layout
	}
	switch format {
	case "M":
		return c.dates["m"]
	case "Y":
		return c.dates["y"]
	case "r", "R":
		return "Mon, 02 Jan 2006 15:04:05 GMT"
	case "s":
		return "2006-01-02T15:04:05"
	case "u":
		return "2006-01-02 15:04:05Z"
	}
	return ""
}

// text is v as a word.
func (c *culture) text(v clixml.Value) string {
	x := v
	if o := v.Object(); o != nil && o.Kind == clixml.PlainObject {
		x = o.Base
	}
	if x.Kind() == clixml.KindDateTime {
		d, _ := x.Any().(clixml.DateTime)
		s, _ := c.dateFormat(d, "G")
		return s
	}
	if o := v.Object(); c.words && o != nil {
		return clixml.Obj(c.dated(o)).String()
	}
	return v.String()
}

// dated is o with its dates as texts: a string holds them in the culture's form.
func (c *culture) dated(o *clixml.Object) *clixml.Object {
	spoken := *o
	spoken.Items = slices.Clone(o.Items)
	for i, x := range spoken.Items {
		spoken.Items[i] = c.date(x)
	}
	spoken.Members, spoken.Props = slices.Clone(o.Members), slices.Clone(o.Props)
	for _, list := range [2][]clixml.Property{spoken.Members, spoken.Props} {
		for i := range list {
			list[i].Value = c.date(list[i].Value)
		}
	}
	return &spoken
}

func (c *culture) date(v clixml.Value) clixml.Value {
	if v.Kind() != clixml.KindDateTime {
		return v
	}
	return clixml.Str(c.text(v))
}

// of is the value of a field; a date says itself in words in the culture's.
func (c *culture) of(f *field, v clixml.Value) (clixml.Value, bool) {
	if v.Kind() == clixml.KindDateTime && f.value == nil && strings.EqualFold(f.name, "DateTime") {
		return clixml.Str(dateText(c, v)), true
	}
	return f.of(v)
}

// split cuts s into lines of at most width cells.
func (c *culture) split(s string, width int) []string {
	if c.words {
		return splitWords(s, width, width)
	}
	return split(s, width)
}

// splitFirst is split with a width of its own for the first line.
func (c *culture) splitFirst(s string, first, width int) []string {
	if c.words {
		return splitWords(s, first, width)
	}
	return splitFirst(s, first, width)
}
