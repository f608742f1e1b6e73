package format

import (
	"strings"

	"psdeck/session/clixml"
)

// printer holds what the printing of a value depends on.
type printer struct {
	width  int
	limit  int // items of a collection; negative: all
	colour bool
	failed string // stands where a computation fails
	*culture
}

func newPrinter(o Options) *printer {
	p := &printer{width: o.Width, limit: o.EnumLimit, colour: o.Colour, culture: cultureNamed(o.Culture)}
	if p.width <= 0 {
		p.width = 120
	}
	switch p.limit {
	case 0:
		p.limit = 4
	case NoItems:
		p.limit = 0
	}
	return p
}

// cell is what a cell shows of v.
func (p *printer) cell(v clixml.Value, format string, inTable bool) string {
	if format != "" {
		if s, ok := p.formatted(v, format); ok {
			return plain(s)
		}
	}
	if v.Kind() == clixml.KindString {
		return plain(v.Text())
	}
	if items, ok := collection(v); ok {
		return plain(p.braced(items))
	}
	if inTable {
		if s, ok := p.decimal(v); ok {
			return s
		}
	}
	return plain(p.text(v))
}

// decimal is how a table shows a fraction.
func (c *culture) decimal(v clixml.Value) (string, bool) {
	if o := v.Object(); o != nil && o.Kind == clixml.PlainObject {
		v = o.Base
	}
	switch v.Kind() {
	case clixml.KindSingle, clixml.KindDouble, clixml.KindDecimal:
		return c.numberFormat(v, 'F', -1)
	}
	return "", false
}

// braced writes the items of a collection: {a, b, c, d…}.
func (p *printer) braced(items itemList) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range items.len() {
		if i == p.limit {
			b.WriteString(ellipsis)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(items.name(i, p.text))
		if b.Len() > maxText {
			break
		}
	}
	b.WriteByte('}')
	return b.String()
}

// maxText bounds one cell's text.
const maxText = 16 << 20

// itemList is a collection: the items of a list, the entries of a dictionary,
// or bytes.
type itemList struct {
	items   []clixml.Value
	entries []clixml.Entry
	bytes   []byte
}

func (l itemList) len() int { return len(l.items) + len(l.entries) + len(l.bytes) }

func (l itemList) name(i int, text func(clixml.Value) string) string {
	switch {
	case l.bytes != nil:
		return clixml.Of(l.bytes[i]).String()
	case l.entries != nil:
		return "[" + text(l.entries[i].Key) + ", " + text(l.entries[i].Value) + "]"
	case l.items[i].IsNull():
		return "$null"
	}
	return text(l.items[i])
}

// at is item i as a value of its own: an entry of a dictionary is an object
// with a name and a value.
func (l itemList) at(i int) clixml.Value {
	switch {
	case l.bytes != nil:
		return clixml.Of(l.bytes[i])
	case l.entries != nil:
		e := l.entries[i]
		return clixml.Obj(&clixml.Object{
			TypeNames: []string{entryType, "System.ValueType", "System.Object"},
			Props:     []clixml.Property{{Name: "Name", Value: e.Key}, {Name: "Key", Value: e.Key}, {Name: "Value", Value: e.Value}},
		})
	}
	return l.items[i]
}

const entryType = "System.Collections.DictionaryEntry"

// collection returns the items of v where PowerShell goes through them.
func collection(v clixml.Value) (itemList, bool) {
	if v.Kind() == clixml.KindBytes {
		b, _ := v.Any().([]byte)
		return itemList{bytes: b}, true
	}
	o := v.Object()
	if o == nil {
		return itemList{}, false
	}
	switch o.Kind {
	case clixml.List, clixml.Enumerable, clixml.Stack, clixml.Queue:
		return itemList{items: o.Items}, true
	case clixml.Dict:
		return itemList{entries: o.Entries}, true
	}
	if o.Base.Kind() == clixml.KindBytes {
		return collection(o.Base)
	}
	return itemList{}, false
}

// scalar tells whether v is of a type that PowerShell prints as a word and
// puts on the right of a column, a string apart.
func scalar(v clixml.Value) bool {
	if o := v.Object(); o != nil {
		return o.Kind == clixml.PlainObject && !o.Is("System.Enum") && scalar(o.Base)
	}
	switch v.Kind() {
	case clixml.KindChar, clixml.KindBool, clixml.KindByte, clixml.KindSByte, clixml.KindUInt16,
		clixml.KindInt16, clixml.KindUInt32, clixml.KindInt32, clixml.KindUInt64, clixml.KindInt64,
		clixml.KindSingle, clixml.KindDouble, clixml.KindDecimal, clixml.KindSecureString, clixml.KindString:
		return true
	}
	return false
}

// isString tells whether v is a string, bare or with note properties.
func isString(v clixml.Value) bool {
	if o := v.Object(); o != nil {
		v = o.Base
	}
	return v.Kind() == clixml.KindString
}
