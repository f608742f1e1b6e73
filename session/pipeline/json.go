package pipeline

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
)

// toJSON is ConvertTo-Json: one text of all its input.
type toJSON struct {
	running
	writer jsonWriter
	array  bool
	held   []clixml.Value
}

func newToJSON(a *arguments) (Stage, error) {
	depth, err := a.ranged("Depth", 2, 0, 100)
	if err != nil {
		return nil, err
	}
	escapes, err := a.oneOf("EscapeHandling", "Default", "Default", "EscapeNonAscii", "EscapeHtml")
	return &toJSON{
		array:  a.flag("AsArray"),
		writer: jsonWriter{depth: depth, compress: a.flag("Compress"), nonASCII: escapes == "EscapeNonAscii", html: escapes == "EscapeHtml"},
	}, err
}

func (j *toJSON) Push(v clixml.Value) ([]clixml.Value, error) {
	j.held = append(j.held, v)
	return nil, nil
}

func (j *toJSON) End() ([]clixml.Value, error) {
	if len(j.held) == 0 {
		return nil, nil
	}
	v := j.held[0]
	if len(j.held) > 1 || j.array {
		v = clixml.Obj(clixml.Array(j.held...))
	}
	j.writer.value(v, 0)
	j.held = nil
	out := []clixml.Value{clixml.Str(string(j.writer.buf))}
	if j.writer.truncated {
		return out, &Warning{"ConvertTo-Json", fmt.Sprintf("Resulting JSON is truncated as serialization has exceeded the set depth of %d.", j.writer.depth)}
	}
	return out, nil
}

// jsonWriter writes values as PowerShell's ConvertTo-Json does.
type jsonWriter struct {
	buf       []byte
	depth     int // levels that are written; below, values are texts
	compress  bool
	nonASCII  bool
	html      bool
	truncated bool
	indent    int
}

// value writes v, which stands at a depth.
func (w *jsonWriter) value(v clixml.Value, depth int) {
	o := v.Object()
	if o == nil {
		w.primitive(v, depth)
		return
	}
	if o.Kind == clixml.PlainObject && o.Base.IsNull() {
		if w.cut(v, depth) {
			return
		}
		w.members(columns(v), depth)
		return
	}
	notes := w.notes(o)
	if o.Kind == clixml.Dict {
		if !w.cut(v, depth) {
			w.members(columns(v), depth)
		}
		return
	}
	inner := func() {
		switch {
		case !o.Base.IsNull():
			w.value(o.Base, depth)
		case !w.cut(v, depth):
			w.list(o.Items, depth)
		}
	}
	if len(notes) == 0 {
		inner()
		return
	}
	w.open('{')
	w.name("value")
	inner()
	for _, n := range notes {
		w.comma()
		w.name(n.Name)
		w.value(n.Value, depth+1)
	}
	w.close('}', false)
}

// notes are the members that are written beside the value that an object
// wraps: those of a text or a date are not.
func (w *jsonWriter) notes(o *clixml.Object) []clixml.Property {
	switch o.Base.Kind() {
	case clixml.KindString, clixml.KindDateTime:
		return nil
	}
	if isEnum(o) {
		return append([]clixml.Property{clixml.Prop("Value", o.ToString)}, o.Members...)
	}
	return o.Members
}

// cut writes what lies too deep as a text.
func (w *jsonWriter) cut(v clixml.Value, depth int) bool {
	if depth <= w.depth {
		return false
	}
	w.truncated = true
	w.text(v.String())
	return true
}

func (w *jsonWriter) primitive(v clixml.Value, depth int) {
	switch x := v.Any().(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case bool:
		w.buf = append(w.buf, strings.ToLower(v.String())...)
	case float64, float32, clixml.Decimal:
		w.fraction(cellText(v))
	case clixml.DateTime:
		w.text(isoDate(x))
	case clixml.TimeSpan, clixml.Version, clixml.SemanticVersion:
		if !w.cut(v, depth) {
			w.members(dotNetProperties(v), depth)
		}
	case []byte:
		if w.cut(v, depth) {
			return
		}
		items := make([]clixml.Value, len(x))
		for i, b := range x {
			items[i] = clixml.Of(b)
		}
		w.list(items, depth)
	default:
		if _, whole := v.Int(); whole || v.Kind() == clixml.KindUInt64 {
			w.buf = append(w.buf, v.String()...)
			return
		}
		w.text(v.String())
	}
}

// fraction writes a number that is not whole by its type: 5 is 5.0.
func (w *jsonWriter) fraction(s string) {
	switch {
	case strings.ContainsAny(s, "yN"): // Infinity, NaN
		w.text(s)
	case strings.ContainsAny(s, ".Ee"):
		w.buf = append(w.buf, s...)
	default:
		w.buf = append(append(w.buf, s...), ".0"...)
	}
}

// isoDate is a date as JSON has it: the fraction without zeros at its end.
func isoDate(d clixml.DateTime) string {
	s := d.RoundTrip()
	point := strings.IndexByte(s, '.')
	if point < 0 {
		return s
	}
	end := point + 1
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	fraction := strings.TrimRight(s[point:end], "0")
	return s[:point] + strings.TrimSuffix(fraction, ".") + s[end:]
}

func (w *jsonWriter) list(items []clixml.Value, depth int) {
	w.open('[')
	for i, item := range items {
		if i > 0 {
			w.comma()
		}
		w.line()
		w.value(item, depth+1)
	}
	w.close(']', len(items) == 0)
}

func (w *jsonWriter) members(list []clixml.Property, depth int) {
	w.open('{')
	for i, m := range list {
		if i > 0 {
			w.comma()
		}
		w.name(m.Name)
		w.value(m.Value, depth+1)
	}
	w.close('}', len(list) == 0)
}

func (w *jsonWriter) open(b byte) {
	w.buf = append(w.buf, b)
	w.indent++
}

func (w *jsonWriter) close(b byte, empty bool) {
	w.indent--
	if !empty {
		w.line()
	}
	w.buf = append(w.buf, b)
}

func (w *jsonWriter) comma() { w.buf = append(w.buf, ',') }

// line begins a line.
func (w *jsonWriter) line() {
	if w.compress {
		return
	}
	w.buf = append(w.buf, '\n')
	for range w.indent {
		w.buf = append(w.buf, "  "...)
	}
}

func (w *jsonWriter) name(s string) {
	w.line()
	w.text(s)
	w.buf = append(w.buf, ':')
	if !w.compress {
		w.buf = append(w.buf, ' ')
	}
}
