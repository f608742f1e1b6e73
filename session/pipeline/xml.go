package pipeline

import (
	"encoding/xml"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// toXML is ConvertTo-Xml.
type toXML struct {
	running
	depth  int
	typed  bool
	as     string
	held   []clixml.Value
	writer xmlWriter
}

func newToXML(a *arguments) (Stage, error) {
	as, err := a.oneOf("As", "Document", "Stream", "String", "Document")
	if err != nil {
		return nil, err
	}
	depth, err := a.ranged("Depth", 1, 1, 1<<30)
	return &toXML{depth: depth, typed: !a.flag("NoTypeInformation"), as: as}, err
}

func (x *toXML) Push(v clixml.Value) ([]clixml.Value, error) {
	x.held = append(x.held, v)
	return nil, nil
}

const xmlStart = `<?xml version="1.0" encoding="utf-8"?>`

func (x *toXML) End() ([]clixml.Value, error) {
	if len(x.held) == 0 {
		return nil, nil
	}
	x.writer = xmlWriter{typed: x.typed, flat: x.as == "Document"}
	if x.as == "Stream" {
		return x.stream(), nil
	}
	w := &x.writer
	w.start("Objects", "", "", true)
	for _, v := range x.held {
		w.value("Object", "", v, x.depth)
	}
	w.end("Objects")
	x.held = nil
	if w.flat {
		return []clixml.Value{clixml.Of(clixml.XML(xmlStart + w.b.String()))}, nil
	}
	return []clixml.Value{clixml.Str(xmlStart + w.b.String())}, nil
}

func (x *toXML) stream() []clixml.Value {
	out := []clixml.Value{clixml.Str(xmlStart), clixml.Str("<Objects>")}
	for _, v := range x.held {
		w := xmlWriter{typed: x.typed}
		w.value("Object", "", v, x.depth)
		out = append(out, clixml.Str(strings.TrimPrefix(w.b.String(), "\n")))
	}
	x.held = nil
	return append(out, clixml.Str("</Objects>"))
}

// xmlWriter writes objects as the elements Object and Property.
type xmlWriter struct {
	b      strings.Builder
	typed  bool
	flat   bool // no white space
	indent int
}

func (w *xmlWriter) line() {
	if !w.flat {
		w.b.WriteString("\n" + strings.Repeat("  ", w.indent))
	}
}

func (w *xmlWriter) start(tag, name, typeName string, open bool) {
	w.line()
	w.b.WriteString("<" + tag)
	if name != "" {
		w.b.WriteString(` Name="` + escapeAttribute(name) + `"`)
	}
	if w.typed && typeName != "" {
		w.b.WriteString(` Type="` + escapeAttribute(typeName) + `"`)
	}
	if open {
		w.b.WriteString(">")
		w.indent++
	}
}

func (w *xmlWriter) end(tag string) {
	w.indent--
	w.line()
	w.b.WriteString("</" + tag + ">")
}

func (w *xmlWriter) text(tag, name, typeName, text string) {
	w.start(tag, name, typeName, false)
	if text == "" {
		w.b.WriteString(" />")
		return
	}
	w.b.WriteString(">" + escapeXML(text) + "</" + tag + ">")
}

// value writes v so many levels deep; a container is no level.
func (w *xmlWriter) value(tag, name string, v clixml.Value, depth int) {
	o := v.Object()
	if o == nil {
		text := v.String()
		w.text(tag, name, v.Kind().TypeName(), text)
		return
	}
	typeName := liveType(v)
	if items, many := pslang.Collection(v); many || o.Kind == clixml.Dict {
		w.container(tag, name, typeName, o, items, depth)
		return
	}
	if !o.Base.IsNull() {
		w.value(tag, name, o.Base, depth)
		return
	}
	list := columns(v)
	if depth > 0 {
		w.start(tag, name, typeName, len(list) > 0)
		if len(list) == 0 {
			w.b.WriteString(" />")
			return
		}
		for _, p := range list {
			w.value("Property", p.Name, p.Value, depth-1)
		}
		w.end(tag)
		return
	}
	if len(o.Members) == 0 {
		w.text(tag, name, typeName, v.String())
		return
	}
	w.start(tag, name, typeName, true)
	w.text("Property", "", "System.String", v.String())
	for _, p := range o.Members {
		w.value("Property", p.Name, p.Value, 0)
	}
	w.end(tag)
}

// liveType is the .NET type of v on this side: what was received as a list of
// any type is an ArrayList.
func liveType(v clixml.Value) string {
	o := v.Object()
	switch o.Kind {
	case clixml.PlainObject, clixml.Dict:
		return baseTypeName(v)
	case clixml.Stack:
		return "System.Collections.Stack"
	case clixml.Queue:
		return "System.Collections.Queue"
	}
	return "System.Collections.ArrayList"
}

func (w *xmlWriter) container(tag, name, typeName string, o *clixml.Object, items []clixml.Value, depth int) {
	empty := len(items)+len(o.Entries) == 0
	w.start(tag, name, typeName, !empty)
	if empty {
		w.b.WriteString(" />")
		return
	}
	for _, item := range items {
		w.value("Property", "", item, depth)
	}
	for _, e := range o.Entries {
		w.value("Property", "Key", e.Key, depth)
		w.value("Property", "Value", e.Value, depth)
	}
	w.end(tag)
}

// escapeXML writes a text between tags; what XML cannot hold becomes the
// character that stands for the unknown.
func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&#xA;", "\n", "&#x9;", "\t").Replace(b.String())
}

// escapeAttribute writes a text between double quotes.
func escapeAttribute(s string) string {
	return strings.NewReplacer(`"`, "&quot;", "\n", "&#xA;", "\t", "&#x9;").Replace(escapeXML(s))
}
