package clixml

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tree is what PowerShell's own deserializer made of a document.
type tree struct {
	Ref *int `json:"ref"`
	// primitives
	Type  string  `json:"type"`
	Value *string `json:"value"`
	UTF16 string  `json:"utf16"`
	Kind  string  `json:"kind"`
	Ticks string  `json:"ticks"`
	// objects
	ID             *int       `json:"id"`
	Types          []string   `json:"types"`
	ToString       *string    `json:"tostring"`
	ToStringUTF16  string     `json:"tostring_utf16"`
	ToStringMethod *string    `json:"tostring_method"`
	Base           *tree      `json:"base"`
	BaseType       string     `json:"base_type"`
	Items          []*tree    `json:"items"`
	Entries        [][2]*tree `json:"entries"`
	Props          []treeProp `json:"props"`
}

type treeProp struct {
	name, kind string
	value      *tree
}

func (p *treeProp) UnmarshalJSON(b []byte) error {
	var parts [3]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[0], &p.name); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[1], &p.kind); err != nil {
		return err
	}
	return json.Unmarshal(parts[2], &p.value)
}

// units gives hexadecimal UTF-16 code units as WTF-8.
func units(hex string) string {
	var b []byte
	for i := 0; i+4 <= len(hex); i += 4 {
		n, _ := strconv.ParseUint(hex[i:i+4], 16, 16)
		b = appendUnit(b, rune(n))
	}
	return string(b)
}

// typeOf names the .NET type that a receiving PowerShell makes of a kind. A
// script block arrives as its text.
var typeOf = map[Kind]string{
	KindString: "System.String", KindChar: "System.Char", KindBool: "System.Boolean", KindDateTime: "System.DateTime",
	KindTimeSpan: "System.TimeSpan", KindByte: "System.Byte", KindSByte: "System.SByte", KindUInt16: "System.UInt16",
	KindInt16: "System.Int16", KindUInt32: "System.UInt32", KindInt32: "System.Int32", KindUInt64: "System.UInt64",
	KindInt64: "System.Int64", KindSingle: "System.Single", KindDouble: "System.Double", KindDecimal: "System.Decimal",
	KindBytes: "System.Byte[]", KindGUID: "System.Guid", KindURI: "System.Uri", KindXML: "System.Xml.XmlDocument",
	KindScriptBlock: "System.String", KindSecureString: "System.Security.SecureString", KindVersion: "System.Version",
	KindSemanticVersion: "System.Management.Automation.SemanticVersion",
}

// referee compares a value with PowerShell's tree of it.
type referee struct {
	zone    *time.Location
	objects map[int]*Object
}

func (r *referee) value(v Value, want *tree) error {
	switch {
	case want == nil:
		if !v.IsNull() {
			return fmt.Errorf("got %v, want null", v)
		}
		return nil
	case want.Ref != nil:
		if v.Object() != r.objects[*want.Ref] {
			return fmt.Errorf("not the same object as %d", *want.Ref)
		}
		return nil
	case want.Types != nil:
		if v.Object() == nil {
			return fmt.Errorf("got primitive %v, want object", v)
		}
		return r.object(v, want)
	}
	return r.primitive(v, want)
}

func (r *referee) primitive(v Value, want *tree) error {
	if typeOf[v.Kind()] != want.Type {
		return fmt.Errorf("got kind %d (%v), want %s", v.Kind(), v, want.Type)
	}
	text := *want.Value
	if want.UTF16 != "" {
		text = units(want.UTF16)
	}
	got := v.String()
	switch x := v.Any().(type) {
	case bool:
		got = strconv.FormatBool(x)
	case Char:
		got = strconv.Itoa(int(x))
	case float32, float64:
		got = string(v.appendFloat(nil, "Infinity"))
	case []byte:
		got = base64.StdEncoding.EncodeToString(x)
	case XML:
		got = string(x)
	case SecureString:
		return nil
	case DateTime:
		return r.dateTime(x, want)
	}
	if got != text {
		return fmt.Errorf("got %q, want %q", got, text)
	}
	return nil
}

// dateTime compares a date as PowerShell has it in the zone of the recording:
// a local time is moved into that zone.
func (r *referee) dateTime(d DateTime, want *tree) error {
	kind := [...]string{Unspecified: "Unspecified", UTC: "Utc", Local: "Local"}[d.Kind]
	if d.Kind == Local {
		if moved := FromTime(d.Time().In(r.zone)); r.zone != time.UTC {
			d = moved
		}
	}
	if kind != want.Kind || strconv.FormatInt(d.Ticks, 10) != want.Ticks || d.RoundTrip() != *want.Value {
		return fmt.Errorf("got %s %s %d, want %s %s %s", kind, d.RoundTrip(), d.Ticks, want.Kind, *want.Value, want.Ticks)
	}
	return nil
}

func (r *referee) object(v Value, want *tree) error {
	o := v.Object()
	r.objects[*want.ID] = o
	if types := receivedTypes(o); !slices.Equal(types, want.Types) {
		return fmt.Errorf("types %q, want %q", types, want.Types)
	}
	text := *want.ToString
	if want.ToStringUTF16 != "" {
		text = units(want.ToStringUTF16)
	}
	if got := v.Expand(); got != text {
		return fmt.Errorf("text %q, want %q", got, text)
	}
	if want.ToStringMethod != nil {
		if got := string(v.appendPlain(nil)); got != *want.ToStringMethod {
			return fmt.Errorf("ToString() %q, want %q", got, *want.ToStringMethod)
		}
	}
	if want.Kind == "live" { // only as text in the recording
		return nil
	}
	if err := r.value(o.Base, want.Base); err != nil {
		return fmt.Errorf("base: %w", err)
	}
	kinds := map[string][]ObjectKind{"object": {PlainObject}, "list": {List, Enumerable}, "dict": {Dict}, "stack": {Stack}, "queue": {Queue}, "enumerable": {Enumerable}}
	if !slices.Contains(kinds[want.Kind], o.Kind) {
		return fmt.Errorf("container %d, want %s", o.Kind, want.Kind)
	}
	if err := r.content(o, want); err != nil {
		return err
	}
	return r.members(o, want)
}

// receivedTypes gives the PSTypeNames that a receiver has: those of the
// sender marked as deserialized, those of the primitive where there are none.
func receivedTypes(o *Object) []string {
	if len(o.TypeNames) == 0 {
		switch o.Base.Kind() {
		case KindNull:
			return []string{"System.Management.Automation.PSCustomObject", "System.Object"}
		case KindString:
			return []string{"System.String", "System.Object"}
		default:
			return []string{typeOf[o.Base.Kind()], "System.ValueType", "System.Object"}
		}
	}
	if isProgress(o) {
		return o.TypeNames
	}
	var types []string
	for _, name := range o.TypeNames {
		types = append(types, "Deserialized."+strings.TrimPrefix(name, "Deserialized."))
	}
	return types
}

func (r *referee) content(o *Object, want *tree) error {
	if len(o.Items) != len(want.Items) || len(o.Entries) != len(want.Entries) {
		return fmt.Errorf("%d items, %d entries, want %d, %d", len(o.Items), len(o.Entries), len(want.Items), len(want.Entries))
	}
	items := o.Items
	for i, item := range want.Items {
		if err := r.value(items[i], item); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	for i, entry := range want.Entries {
		var key, value error
		found := false
		for j := range o.Entries {
			if strings.HasSuffix(want.BaseType, "OrderedDictionary") && j != i {
				continue
			}
			if key = r.value(o.Entries[j].Key, entry[0]); key == nil {
				found = true
				value = r.value(o.Entries[j].Value, entry[1])
				break
			}
		}
		if !found || value != nil {
			return fmt.Errorf("entry %d: %w", i, errorsOf(key, value))
		}
	}
	return nil
}

func errorsOf(key, value error) error {
	if value != nil {
		return value
	}
	return key
}

func (r *referee) members(o *Object, want *tree) error {
	var i int
	for _, part := range []struct {
		kind string
		list []Property
	}{{"NoteProperty", o.Members}, {"Property", o.Props}} {
		for _, p := range part.list {
			if i >= len(want.Props) {
				return fmt.Errorf("unwanted member %q", p.Name)
			}
			w := want.Props[i]
			if p.Name != w.name || part.kind != w.kind {
				return fmt.Errorf("member %d is %s %q, want %s %q", i, part.kind, p.Name, w.kind, w.name)
			}
			if err := r.value(p.Value, w.value); err != nil {
				return fmt.Errorf("member %q: %w", p.Name, err)
			}
			i++
		}
	}
	if i != len(want.Props) {
		return fmt.Errorf("%d members, want %d", i, len(want.Props))
	}
	return nil
}
