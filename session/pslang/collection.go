package pslang

import (
	"math/big"

	"psdeck/session/clixml"
)

// collection gives the items of a value that PowerShell enumerates.
func collection(v clixml.Value) ([]clixml.Value, bool) {
	if v.Kind() == clixml.KindBytes {
		raw, _ := v.Any().([]byte)
		items := make([]clixml.Value, len(raw))
		for i, b := range raw {
			items[i] = clixml.Of(b)
		}
		return items, true
	}
	o := v.Object()
	if o == nil {
		return nil, false
	}
	switch o.Kind {
	case clixml.List, clixml.Enumerable, clixml.Stack, clixml.Queue:
		return o.Items, true
	}
	return nil, false
}

// Collection gives the items of a value that a pipeline would enumerate.
func Collection(v clixml.Value) ([]clixml.Value, bool) { return collection(v) }

// Enumerate gives what v is in a pipeline: a collection's items, nothing for
// $null, or v itself.
func Enumerate(v clixml.Value) []clixml.Value {
	if v.IsNull() {
		return nil
	}
	if items, ok := collection(v); ok {
		return items
	}
	return []clixml.Value{v}
}

// Truthy tells whether v counts as true.
func Truthy(v clixml.Value) bool {
	if items, ok := collection(v); ok {
		switch len(items) {
		case 0:
			return false
		case 1:
			if inner, ok := collection(items[0]); ok {
				return len(inner) > 0
			}
			return Truthy(items[0])
		}
		return true
	}
	v = base(v)
	switch v.Kind() {
	case clixml.KindNull:
		return false
	case clixml.KindString:
		return v.Text() != ""
	case clixml.KindBool:
		return v.True()
	case clixml.KindChar:
		return v.Any().(clixml.Char) != 0
	case clixml.KindObject:
		return truthyObject(v.Object())
	}
	if isNumeric(v) {
		return Float(v) != 0
	}
	return true
}

func truthyObject(o *clixml.Object) bool {
	if o.Is("System.Management.Automation.SwitchParameter") {
		present, _ := o.Get("IsPresent")
		return present.True()
	}
	if o.Is("System.Numerics.BigInteger") {
		n, ok := new(big.Int).SetString(o.ToString, 10)
		return !ok || n.Sign() != 0
	}
	return true
}
