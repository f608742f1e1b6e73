package pslang

import (
	"fmt"
	"strconv"

	"psdeck/session/clixml"
)

type tree map[string]any

func (n tree) str(key string) string { s, _ := n[key].(string); return s }

func (n tree) sub(key string) tree { m, _ := n[key].(map[string]any); return m }

// sameValue compares a value with its recording.
func sameValue(got clixml.Value, want tree) string {
	typ := want.str("type")
	if items, ok := want["items"]; ok {
		return sameItems(got, items.([]any))
	}
	if entries, ok := want["entries"]; ok {
		return sameEntries(got, entries.([]any))
	}
	text := got.String()
	kind := fmt.Sprintf("%T", got.Any())
	switch x := got.Any().(type) {
	case nil:
		kind = "null"
	case bool:
		text = strconv.FormatBool(x)
	case float64:
		text = clixml.Double(x).String()
	case clixml.ScriptBlock:
		text = "{" + string(x) + "}"
	case clixml.Char:
		text = strconv.Itoa(int(x))
	case *clixml.Object:
		kind = x.TypeNames[0]
	case clixml.DateTime:
		text = x.RoundTrip()
	}
	names := map[string]string{
		"null": "null", "string": "System.String", "bool": "System.Boolean", "int32": "System.Int32", "int64": "System.Int64", "float64": "System.Double",
		"float32": "System.Single", "uint8": "System.Byte", "int8": "System.SByte", "uint16": "System.UInt16", "int16": "System.Int16", "uint32": "System.UInt32",
		"uint64": "System.UInt64", "clixml.Decimal": "System.Decimal", "clixml.ScriptBlock": "System.Management.Automation.ScriptBlock", "clixml.Char": "System.Char",
		"clixml.DateTime": "System.DateTime", "clixml.TimeSpan": "System.TimeSpan", "clixml.Version": "System.Version", "uuid.UUID": "System.Guid", "clixml.URI": "System.Uri",
		"[]uint8": "System.Byte[]", "clixml.SemanticVersion": "System.Management.Automation.SemanticVersion",
	}
	if n, ok := names[kind]; ok {
		kind = n
	}
	if kind != typ {
		return fmt.Sprintf("type %s (%s), want %s", kind, text, typ)
	}
	if w, ok := want["value"].(string); ok && w != text && !sameDouble(typ, w, got) {
		return fmt.Sprintf("value %q, want %q", text, w)
	}
	return ""
}

func sameDouble(typ, want string, got clixml.Value) bool {
	if typ != "System.Double" && typ != "System.Single" {
		return false
	}
	w, err := strconv.ParseFloat(want, 64)
	if typ == "System.Single" {
		return err == nil && float32(w) == float32(Float(got))
	}
	return err == nil && (w == Float(got) || w != w && Float(got) != Float(got))
}

func sameItems(got clixml.Value, want []any) string {
	items, ok := collection(got)
	if !ok || len(items) != len(want) {
		return fmt.Sprintf("%d items, want %d", len(items), len(want))
	}
	for i, w := range want {
		if p := sameValue(items[i], w.(map[string]any)); p != "" {
			return fmt.Sprintf("item %d: %s", i, p)
		}
	}
	return ""
}

func sameEntries(got clixml.Value, want []any) string {
	o := got.Object()
	if o == nil || len(o.Entries) != len(want) {
		return fmt.Sprintf("want %d entries", len(want))
	}
	for _, w := range want {
		pair := w.([]any)
		key := tree(pair[0].(map[string]any)).str("value")
		found := false
		for _, e := range o.Entries {
			if e.Key.String() == key {
				found = true
				if p := sameValue(e.Value, pair[1].(map[string]any)); p != "" {
					return key + ": " + p
				}
			}
		}
		if !found {
			return "no entry " + key
		}
	}
	return ""
}
