package clixml

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// encoder writes one document. RefIds are given in the order in which objects
// begin, those of type names in a count of their own, both from 0.
type encoder struct {
	buf     []byte
	ids     map[*Object]int // in use once there are more objects than fit in first
	objects int
	types   int
	typeIDs map[string]int // in use once there are more than fit in lists
	first   [8]*Object
	lists   [8][]string
}

// value writes v, as a member called name where that is not empty, level
// levels below the document.
func (e *encoder) value(name string, v Value, level int) error {
	if level >= defaultDepth {
		return &LimitError{What: "depth", Limit: defaultDepth}
	}
	switch v.kind {
	case KindNull:
		e.open("Nil", name)
		e.buf = append(e.buf, " />"...)
		return nil
	case KindObject:
		return e.object(name, v.obj, level)
	}
	e.primitive(name, v)
	return nil
}

// open writes a start tag up to its name.
func (e *encoder) open(element, name string) {
	e.buf = append(append(e.buf, '<'), element...)
	if name != "" {
		e.buf = append(e.buf, ` N="`...)
		e.buf = append(appendText(e.buf, name, true), '"')
	}
}

func (e *encoder) close(element string) {
	e.buf = append(append(append(e.buf, "</"...), element...), '>')
}

func (e *encoder) refID(id int) {
	e.buf = append(e.buf, ` RefId="`...)
	e.buf = append(strconv.AppendInt(e.buf, int64(id), 10), '"')
}

// id gives the number of o and whether it had one before.
func (e *encoder) id(o *Object) (int, bool) {
	if e.ids == nil {
		if i := slices.Index(e.first[:e.objects], o); i >= 0 {
			return i, true
		}
		if e.objects < len(e.first) {
			e.first[e.objects] = o
			e.objects++
			return e.objects - 1, false
		}
		e.ids = make(map[*Object]int, 4*len(e.first))
		for i, seen := range e.first {
			e.ids[seen] = i
		}
	}
	if i, ok := e.ids[o]; ok {
		return i, true
	}
	e.ids[o] = e.objects
	e.objects++
	return e.objects - 1, false
}

func (e *encoder) object(name string, o *Object, level int) error {
	if isProgress(o) {
		e.progress(name, o)
		return nil
	}
	id, seen := e.id(o)
	if seen {
		e.open("Ref", name)
		e.refID(id)
		e.buf = append(e.buf, " />"...)
		return nil
	}
	e.open("Obj", name)
	e.refID(id)
	e.buf = append(e.buf, '>')
	start := len(e.buf)
	if len(o.TypeNames) > 0 {
		e.typeNames(o.TypeNames)
	}
	if o.HasToString {
		e.text("ToString", "", o.ToString)
	}
	if err := e.body(o, level); err != nil {
		return err
	}
	if err := e.members("Props", o.Props, level); err != nil {
		return err
	}
	if err := e.extended(o, level); err != nil {
		return err
	}
	if len(e.buf) == start {
		e.buf = append(e.buf[:start-1], " />"...)
		return nil
	}
	e.close("Obj")
	return nil
}

var containers = [...]string{List: "LST", Enumerable: "IE", Stack: "STK", Queue: "QUE", Dict: "DCT"}

// body writes the container or the wrapped value.
func (e *encoder) body(o *Object, level int) error {
	if o.Kind == PlainObject || int(o.Kind) >= len(containers) {
		if o.Base.IsNull() {
			return nil
		}
		return e.value("", o.Base, level+1)
	}
	element := containers[o.Kind]
	if o.Kind == Dict && len(o.Entries) == 0 || o.Kind != Dict && len(o.Items) == 0 {
		e.open(element, "")
		e.buf = append(e.buf, " />"...)
		return nil
	}
	e.open(element, "")
	e.buf = append(e.buf, '>')
	if o.Kind == Dict {
		for i := range o.Entries {
			if err := e.entry(&o.Entries[i], level); err != nil {
				return err
			}
		}
	} else {
		for i := range o.Items {
			if err := e.value("", o.Items[i], level+1); err != nil {
				return err
			}
		}
	}
	e.close(element)
	return nil
}

func (e *encoder) entry(entry *Entry, level int) error {
	e.buf = append(e.buf, "<En>"...)
	if err := e.value("Key", entry.Key, level+1); err != nil {
		return err
	}
	if err := e.value("Value", entry.Value, level+1); err != nil {
		return err
	}
	e.buf = append(e.buf, "</En>"...)
	return nil
}

func (e *encoder) members(element string, list []Property, level int) error {
	if len(list) == 0 {
		return nil
	}
	e.buf = append(append(append(e.buf, '<'), element...), '>')
	for i := range list {
		if err := e.member(&list[i], level+1); err != nil {
			return err
		}
	}
	e.close(element)
	return nil
}

// extended writes the MS element of o: extended members, then sets of them.
func (e *encoder) extended(o *Object, level int) error {
	if len(o.Sets) == 0 {
		return e.members("MS", o.Members, level)
	}
	e.buf = append(e.buf, "<MS>"...)
	if err := e.setContent(o, level); err != nil {
		return err
	}
	e.close("MS")
	return nil
}

func (e *encoder) setContent(o *Object, level int) error {
	for i := range o.Members {
		if err := e.member(&o.Members[i], level+1); err != nil {
			return err
		}
	}
	for i := range o.Sets {
		if level+1 >= defaultDepth {
			return &LimitError{What: "depth", Limit: defaultDepth}
		}
		e.buf = append(e.buf, `<MS N="`...)
		e.buf = append(appendText(e.buf, o.Sets[i].Name, true), '"')
		set := o.Sets[i].Value.obj
		if set == nil || len(set.Members)+len(set.Sets) == 0 {
			e.buf = append(e.buf, " />"...)
			continue
		}
		e.buf = append(e.buf, '>')
		if err := e.setContent(set, level+1); err != nil {
			return err
		}
		e.close("MS")
	}
	return nil
}

// member writes a named value. An empty name is a name as well.
func (e *encoder) member(p *Property, level int) error {
	if p.Name != "" {
		return e.value(p.Name, p.Value, level)
	}
	start := len(e.buf)
	if err := e.value("", p.Value, level); err != nil {
		return err
	}
	end := start + 1
	for isNameByte(e.buf[end]) {
		end++
	}
	e.buf = slices.Insert(e.buf, end, []byte(` N=""`)...)
	return nil
}

// typeNames writes TN, or TNRef for names that were written before.
func (e *encoder) typeNames(names []string) {
	id, seen := e.typeID(names)
	if seen {
		e.buf = append(e.buf, "<TNRef"...)
		e.refID(id)
		e.buf = append(e.buf, " />"...)
		return
	}
	e.buf = append(e.buf, "<TN"...)
	e.refID(id)
	e.buf = append(e.buf, '>')
	for _, name := range names {
		e.buf = append(e.buf, "<T>"...)
		e.buf = append(appendText(e.buf, name, false), "</T>"...)
	}
	e.buf = append(e.buf, "</TN>"...)
}

func (e *encoder) typeID(names []string) (int, bool) {
	if e.typeIDs == nil {
		for i, list := range e.lists[:e.types] {
			if &list[0] == &names[0] && len(list) == len(names) || slices.Equal(list, names) {
				return i, true
			}
		}
		if e.types < len(e.lists) {
			e.lists[e.types] = names
			e.types++
			return e.types - 1, false
		}
		e.typeIDs = make(map[string]int, 4*len(e.lists))
		for i, list := range e.lists {
			e.typeIDs[typesKey(list)] = i
		}
	}
	key := typesKey(names)
	if i, ok := e.typeIDs[key]; ok {
		return i, true
	}
	e.typeIDs[key] = e.types
	e.types++
	return e.types - 1, false
}

// typesKey joins names so that different lists have different keys.
func typesKey(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(strconv.Itoa(len(name)))
		b.WriteByte(':')
		b.WriteString(name)
	}
	return b.String()
}

// text writes an element of text; ToString alone of them is closed in its
// start tag when it is empty.
func (e *encoder) text(element, name, s string) {
	e.open(element, name)
	if s == "" && element == "ToString" {
		e.buf = append(e.buf, " />"...)
		return
	}
	e.buf = appendText(append(e.buf, '>'), s, false)
	e.close(element)
}

var elements = [...]string{
	KindNull: "Nil", KindString: "S", KindChar: "C", KindBool: "B", KindDateTime: "DT", KindTimeSpan: "TS",
	KindByte: "By", KindSByte: "SB", KindUInt16: "U16", KindInt16: "I16", KindUInt32: "U32", KindInt32: "I32",
	KindUInt64: "U64", KindInt64: "I64", KindSingle: "Sg", KindDouble: "Db", KindDecimal: "D", KindBytes: "BA",
	KindGUID: "G", KindURI: "URI", KindXML: "XD", KindScriptBlock: "SBK", KindSecureString: "SS",
	KindVersion: "Version", KindSemanticVersion: "SemanticVersion", KindObject: "Obj",
}

func (e *encoder) primitive(name string, v Value) {
	element := elements[v.kind]
	e.open(element, name)
	if v.kind == KindBytes && v.str == "" {
		e.buf = append(e.buf, " />"...)
		return
	}
	e.buf = append(e.buf, '>')
	switch v.kind {
	case KindBytes:
		e.buf = base64.StdEncoding.AppendEncode(e.buf, []byte(v.str))
	case KindDateTime:
		e.buf = DateTime{Ticks: int64(v.num), Kind: v.zone, Offset: v.offset}.appendISO(e.buf, false)
	case KindTimeSpan:
		e.buf = TimeSpan(v.num).appendISO(e.buf)
	case KindSingle, KindDouble:
		e.buf = v.appendFloat(e.buf, "INF")
	case KindBool:
		e.buf = strconv.AppendBool(e.buf, v.num != 0)
	case KindGUID:
		e.buf = appendGUID(e.buf, v.str)
	case KindByte, KindUInt16, KindUInt32, KindUInt64, KindChar:
		e.buf = strconv.AppendUint(e.buf, v.num, 10)
	case KindSByte, KindInt16, KindInt32, KindInt64:
		e.buf = strconv.AppendInt(e.buf, int64(v.num), 10)
	default:
		e.buf = appendText(e.buf, v.str, false)
	}
	e.close(element)
}

func appendGUID(b []byte, raw string) []byte {
	var id uuid.UUID
	copy(id[:], raw)
	var text [36]byte
	out, _ := id.MarshalText()
	copy(text[:], out)
	return append(b, text[:]...)
}
