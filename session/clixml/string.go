package clixml

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// maxText bounds what String makes of one value: a document can refer to the
// same long text many times.
const maxText = 64 << 20

// String gives the text that PowerShell gives for v inside a string ("$v")
// where v is of the type it had at its sender: numbers and dates of the
// invariant culture, the items of a list with a space between, @{…} for a
// custom object, an enum's name. A text of more than 64 MiB is cut there.
func (v Value) String() string { return v.string(false) }

// Expand is String as a PowerShell has it that received v: the one difference
// is an enum, which is a number there.
func (v Value) Expand() string { return v.string(true) }

func (v Value) string(received bool) string {
	switch v.kind {
	case KindString, KindDecimal, KindURI, KindScriptBlock, KindVersion, KindSemanticVersion:
		return v.str
	case KindObject:
		if base := v.obj.Base; received && !base.IsNull() && base.kind != KindObject {
			return base.string(true)
		}
		return string(v.obj.appendExpanded(nil))
	case KindBytes:
		return string(appendByteItems(nil, v.str))
	}
	return string(v.appendPlain(nil))
}

func appendByteItems(b []byte, s string) []byte {
	for i := range len(s) {
		if i > 0 {
			b = append(b, ' ')
		}
		if b = strconv.AppendUint(b, uint64(s[i]), 10); len(b) > maxText {
			return b
		}
	}
	return b
}

// appendExpanded writes o as a string holds it: lists and custom objects by
// their content, one level deep.
func (o *Object) appendExpanded(b []byte) []byte {
	switch o.Kind {
	case List, Enumerable, Stack, Queue:
		for i := range o.Items {
			if i > 0 {
				b = append(b, ' ')
			}
			if b = o.Items[i].appendPlain(b); len(b) > maxText {
				return cut(b)
			}
		}
		return b
	}
	if o.HasToString || o.Kind == Dict || !o.Base.IsNull() || len(o.Props)+len(o.Members) == 0 || isProgress(o) {
		return o.appendPlain(b)
	}
	b = append(b, "@{"...)
	first := true
	// PowerShell lists extended members before adapted ones.
	for _, list := range [2][]Property{o.Members, o.Props} {
		for i := range list {
			if !first {
				b = append(b, "; "...)
			}
			first = false
			b = append(append(b, list[i].Name...), '=')
			if b = list[i].Value.appendPlain(b); len(b) > maxText {
				return cut(b)
			}
		}
	}
	return append(b, '}')
}

// cut ends a text that has become too long, between two characters.
func cut(b []byte) []byte {
	n := maxText
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// appendPlain writes v's own ToString: what a list shows of its items.
func (v Value) appendPlain(b []byte) []byte {
	switch v.kind {
	case KindNull:
		return b
	case KindBool:
		if v.num != 0 {
			return append(b, "True"...)
		}
		return append(b, "False"...)
	case KindChar:
		return appendUnit(b, rune(v.num))
	case KindDateTime:
		return DateTime{Ticks: int64(v.num)}.appendInvariant(b)
	case KindTimeSpan:
		return TimeSpan(v.num).appendText(b)
	case KindSingle:
		return appendNumber(b, float64(math.Float32frombits(uint32(v.num))), 32, 7, "Infinity")
	case KindDouble:
		return appendNumber(b, math.Float64frombits(v.num), 64, 15, "Infinity")
	case KindGUID:
		return appendGUID(b, v.str)
	case KindBytes:
		return append(b, "System.Byte[]"...)
	case KindXML:
		return append(b, "#document"...)
	case KindSecureString:
		return append(b, "System.Security.SecureString"...)
	case KindObject:
		return v.obj.appendPlain(b)
	case KindByte, KindUInt16, KindUInt32, KindUInt64:
		return strconv.AppendUint(b, v.num, 10)
	case KindSByte, KindInt16, KindInt32, KindInt64:
		return strconv.AppendInt(b, int64(v.num), 10)
	}
	return append(b, v.str...)
}

// appendPlain writes o's own ToString: the sender's text where it gave one,
// else that of the type a receiver makes of it.
func (o *Object) appendPlain(b []byte) []byte {
	switch {
	case o.HasToString:
		return append(b, o.ToString...)
	case o.Kind == Stack:
		return append(b, "System.Collections.Stack"...)
	case o.Kind == Queue:
		return append(b, "System.Collections.Queue"...)
	case o.Kind == Dict && o.Is("System.Collections.Specialized.OrderedDictionary"):
		return append(b, "System.Collections.Specialized.OrderedDictionary"...)
	case o.Kind == Dict:
		return append(b, "System.Collections.Hashtable"...)
	case o.Kind != PlainObject:
		return append(b, "System.Collections.ArrayList"...)
	case o.Base.kind == KindObject:
		return b
	case !o.Base.IsNull():
		return o.Base.appendPlain(b)
	case isProgress(o):
		return o.appendProgress(b)
	}
	return b
}

// appendProgress writes a progress record as its ToString does.
func (o *Object) appendProgress(b []byte) []byte {
	for i, part := range [...]struct{ label, member string }{
		{"parent", "ParentActivityId"},
		{"id", "ActivityId"},
		{"act", "Activity"},
		{"stat", "StatusDescription"},
		{"cur", "CurrentOperation"},
		{"pct", "PercentComplete"},
		{"sec", "SecondsRemaining"},
		{"type", "RecordType"},
	} {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(append(b, part.label...), " = "...)
		v, _ := o.Get(part.member)
		b = v.appendPlain(b)
	}
	return b
}
