package pslang

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// SafeValue gives the value of a node that is constant: what PowerShell's
// SafeGetValue gives. It runs nothing and reads no variable but $true, $false
// and $null.
func SafeValue(n *syntax.Node) (clixml.Value, bool) {
	switch n.Class {
	case syntax.ConstantExpressionAst:
		return n.Value, true
	case syntax.StringConstantExpressionAst:
		return clixml.Str(n.Text), true
	case syntax.VariableExpressionAst:
		return safeVariable(n)
	case syntax.ScriptBlockExpressionAst:
		return clixml.Of(clixml.ScriptBlock(n.Text)), n.Flag&syntax.Unclosed == 0
	case syntax.ExpandableStringExpressionAst:
		return safeExpandable(n)
	case syntax.ArrayLiteralAst:
		return safeList(n.Children, false)
	case syntax.StatementBlockAst:
		return safeList(n.Children, true)
	case syntax.SubExpressionAst, syntax.ArrayExpressionAst, syntax.ParenExpressionAst, syntax.UsingExpressionAst:
		return SafeValue(n.Children[0])
	case syntax.PipelineAst:
		if e := n.PureExpression(); e != nil {
			return SafeValue(e)
		}
	case syntax.HashtableAst:
		return safeHashtable(n)
	case syntax.IndexExpressionAst:
		return safeIndex(n)
	case syntax.UnaryExpressionAst:
		return safeUnary(n)
	case syntax.ConvertExpressionAst:
		return safeConvert(n)
	}
	return clixml.Value{}, false
}

func safeVariable(n *syntax.Node) (clixml.Value, bool) {
	if n.Splatted {
		return clixml.Value{}, false
	}
	switch strings.ToLower(n.Text) {
	case "true":
		return clixml.Bool(true), true
	case "false":
		return clixml.Bool(false), true
	case "null":
		return clixml.Null(), true
	}
	return clixml.Value{}, false
}

// safeValues gives the values of nodes; statements' values are enumerated.
func safeValues(nodes []*syntax.Node, enumerate bool) ([]clixml.Value, bool) {
	var items []clixml.Value
	for _, c := range nodes {
		v, ok := SafeValue(c)
		if !ok {
			return nil, false
		}
		if inner, many := collection(v); many && enumerate {
			items = append(items, inner...)
			continue
		}
		items = append(items, v)
	}
	return items, true
}

func safeList(nodes []*syntax.Node, enumerate bool) (clixml.Value, bool) {
	items, ok := safeValues(nodes, enumerate)
	if !ok {
		return clixml.Value{}, false
	}
	return clixml.Obj(clixml.Array(items...)), true
}

func safeExpandable(n *syntax.Node) (clixml.Value, bool) {
	values, ok := safeValues(n.Children, false)
	if !ok {
		return clixml.Value{}, false
	}
	var b strings.Builder
	for i, text := range n.Literals() {
		b.WriteString(text)
		if i < len(values) {
			b.WriteString(values[i].String())
		}
	}
	return clixml.Str(b.String()), true
}

func safeHashtable(n *syntax.Node) (clixml.Value, bool) {
	h := clixml.Hashtable()
	for i := 0; i+1 < len(n.Children); i += 2 {
		k, ok := SafeValue(n.Children[i])
		v, okv := SafeValue(n.Children[i+1])
		if !ok || !okv || k.IsNull() {
			return v, false
		}
		for _, old := range h.Entries {
			if sameKey(old.Key, k) {
				return v, false
			}
		}
		h.Entries = append(h.Entries, clixml.Entry{Key: k, Value: v})
	}
	return clixml.Obj(h), true
}

func safeIndex(n *syntax.Node) (clixml.Value, bool) {
	target, ok := SafeValue(n.Child(syntax.TargetRole))
	key, okk := SafeValue(n.Child(syntax.KeyRole))
	if !ok || !okk || target.IsNull() || key.IsNull() {
		return key, false
	}
	if keys, many := collection(key); many {
		var items []clixml.Value
		for _, k := range keys {
			v, _ := itemAt(target, k)
			items = append(items, v)
		}
		return clixml.Obj(clixml.Array(items...)), true
	}
	v, _ := itemAt(target, key)
	return v, true
}

func safeUnary(n *syntax.Node) (clixml.Value, bool) {
	if traits := n.Op.Traits(); traits&syntax.CanConstantFold == 0 || traits&syntax.DisallowedInRestrictedMode != 0 {
		return clixml.Value{}, false
	}
	x, ok := SafeValue(n.Children[0])
	if !ok {
		return x, false
	}
	ev := &evaluator{}
	v, err := ev.unary(&Unary{Op: n.Op.Text(), X: &Constant{Value: x}})
	return v, err == nil
}

// safeTypes are .NET's primitive types.
var safeTypes = map[string]bool{
	"bool": true, "boolean": true, "byte": true, "sbyte": true, "char": true, "int16": true, "short": true, "uint16": true, "ushort": true, "int": true, "int32": true,
	"uint": true, "uint32": true, "long": true, "int64": true, "ulong": true, "uint64": true, "single": true, "float": true, "double": true,
}

func safeConvert(n *syntax.Node) (clixml.Value, bool) {
	name := plainType(n.Child(syntax.TypeRole).Text)
	if !safeTypes[name] {
		return clixml.Value{}, false
	}
	x, ok := SafeValue(n.Child(syntax.ValueRole))
	if !ok {
		return x, false
	}
	v, err := Convert(x, name)
	return v, err == nil
}
