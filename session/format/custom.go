package format

import (
	"strings"

	"psdeck/session/clixml"
)

const (
	defaultDepth = 5
	// maxCustomLines bounds what one object becomes: a graph that refers to the
	// same object in many places would be written out at each.
	maxCustomLines = 100_000
)

// custom prints v as Format-Custom does; a date has a view of its own.
func (s *state) custom(v clixml.Value) {
	if s.known != nil {
		s.emit(s.split(s.known.text(s.culture, v), s.width)...)
		return
	}
	if s.given != nil {
		s.emit(s.given.custom(s.given.entries, v)...)
		return
	}
	t := tree{printer: s.printer, depth: s.view.Depth, fields: s.view.Properties}
	if t.depth <= 0 {
		t.depth = defaultDepth
	}
	t.object(v, 0, 0)
	s.emit(t.out...)
	s.emit("")
}

// tree writes an object and what it holds, indented.
type tree struct {
	*printer
	depth  int
	fields []Column // of the outermost object; none: all
	out    []string
}

// write puts text at an indent, cut into lines as wide as the screen.
func (t *tree) write(indent int, text string) {
	if len(t.out) > maxCustomLines {
		return
	}
	indent = min(indent, max(t.width-1, 0))
	for _, piece := range t.split(text, t.width-indent) {
		t.out = append(t.out, pad(indent)+piece)
	}
}

func (t *tree) object(v clixml.Value, level, indent int) {
	fields := defaultFields(v)
	if level == 0 && len(t.fields) > 0 {
		fields = fieldsOf(t.fields, v)
	}
	t.write(indent, "class "+className(v))
	t.write(indent, "{")
	for i := range fields {
		x, _ := t.of(&fields[i], v)
		label := fields[i].heading() + " = "
		items, many := collection(x)
		switch {
		case len(t.out) > maxCustomLines:
			return
		case many:
			t.write(indent+2, label)
			t.items(items, level+1, indent+4)
		case t.leaf(x, level):
			t.write(indent+2, label+t.cell(x, fields[i].format, false))
		default:
			t.write(indent+2, label)
			t.object(x, level+1, indent+4)
		}
	}
	t.write(indent, "}")
}

func (t *tree) items(items itemList, level, indent int) {
	t.write(indent, "[")
	for i := range items.len() {
		if i == t.limit {
			t.write(indent+2, ellipsis)
			break
		}
		if len(t.out) > maxCustomLines {
			return
		}
		if items.entries != nil && level >= t.depth {
			t.write(indent+2, plain(items.name(i, t.culture.text)))
			continue
		}
		t.item(items.at(i), level, indent+2)
	}
	t.write(indent, "]")
	t.write(indent, "")
}

func (t *tree) item(v clixml.Value, level, indent int) {
	if t.leaf(v, level) {
		t.write(indent, t.cell(v, "", false))
		return
	}
	if inner, many := collection(v); many {
		t.write(indent, "")
		t.items(inner, level+1, indent+2)
		return
	}
	t.object(v, level+1, indent)
}

// leaf tells whether v is written as one text.
func (t *tree) leaf(v clixml.Value, level int) bool {
	o := v.Object()
	return level >= t.depth || v.IsNull() || scalar(v) || o != nil && isEnum(o)
}

// className is the last part of v's type name.
func className(v clixml.Value) string {
	name := typeName(v)
	return plain(name[strings.LastIndexByte(name, '.')+1:])
}

func typeName(v clixml.Value) string {
	if o := v.Object(); o != nil {
		if len(o.TypeNames) > 0 {
			return o.TypeNames[0]
		}
		return "PSObject"
	}
	switch v.Kind() {
	case clixml.KindDateTime:
		return "DateTime"
	case clixml.KindTimeSpan:
		return "TimeSpan"
	case clixml.KindGUID:
		return "Guid"
	case clixml.KindURI:
		return "Uri"
	case clixml.KindXML:
		return "XmlDocument"
	case clixml.KindVersion:
		return "Version"
	case clixml.KindSemanticVersion:
		return "SemanticVersion"
	case clixml.KindScriptBlock:
		return "ScriptBlock"
	}
	return "Object"
}
