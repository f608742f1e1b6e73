package syntax_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
)

type object = map[string]any

// knownParse are the inputs that are not read as PowerShell reads them, each with its reason.
var knownParse = map[string]string{}

// TestVectorParse compares tokens, errors and trees with those that
// PowerShell's own parser gave.
func TestVectorParse(t *testing.T) {
	score := vectors.Score{Family: "parse"}
	for _, line := range vectors.Family(t, "parse") {
		var want object
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		input := want["input"].(string)
		var err error
		if problem := differs("", want, dump(input)); problem != "" {
			err = errors.New(problem)
		}
		score.Check(t, strconv.Quote(input), err, knownParse[input])
	}
	score.Report(t, os.Stdout)
}

// differs tells the first place where two values differ.
func differs(path string, want, got any) string {
	switch w := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			return fmt.Sprintf("%s: %v, want %v", path, brief(got), brief(want))
		}
		for _, k := range []string{"kind", "ast", "id", "start", "end", "text"} { // what tells most, first
			if p := differs(path+"."+k, w[k], g[k]); p != "" {
				return p
			}
		}
		for k, x := range w {
			if p := differs(path+"."+k, x, g[k]); p != "" {
				return p
			}
		}
		for k, x := range g {
			if _, ok := w[k]; !ok && x != nil {
				return fmt.Sprintf("%s.%s: %v, want none", path, k, brief(x))
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			return fmt.Sprintf("%s: %v, want %v", path, brief(got), brief(want))
		}
		for i, x := range w {
			if i >= len(g) {
				return fmt.Sprintf("%s[%d]: none, want %v", path, i, brief(x))
			}
			if p := differs(path+"["+strconv.Itoa(i)+"]", x, g[i]); p != "" {
				return p
			}
		}
		if len(g) > len(w) {
			return fmt.Sprintf("%s[%d]: %v, want none", path, len(w), brief(g[len(w)]))
		}
		return ""
	}
	if want != got {
		return fmt.Sprintf("%s: %v, want %v", path, brief(got), brief(want))
	}
	return ""
}

func brief(v any) string {
	data, _ := json.Marshal(v)
	if len(data) > 200 {
		return string(data[:200]) + "…"
	}
	return string(data)
}

// dumper writes a script in the form of the recordings. Offsets are UTF-16 there.
type dumper struct {
	*syntax.Script
	offsets *syntax.Offsets
}

func dump(input string) object {
	d := &dumper{Script: syntax.Parse(input)}
	d.offsets = syntax.NewOffsets(input)
	out := object{"input": input, "incomplete": d.Incomplete(), "errors": []any{}}
	for _, e := range d.Errors {
		o := d.place(object{"id": e.ID, "message": e.Message, "incomplete": e.Incomplete}, e.Extent)
		out["errors"] = append(out["errors"].([]any), o)
	}
	out["tokens"] = d.tokens(d.Tokens)
	out["ast"] = d.nodes(d.Root.Children)
	return out
}

func (d *dumper) place(o object, e syntax.Extent) object {
	o["start"], o["end"] = float64(d.offsets.UTF16(e.Start)), float64(d.offsets.UTF16(e.End))
	return o
}

func (d *dumper) tokens(list []*syntax.Token) []any {
	out := []any{}
	for _, t := range list {
		o := d.place(object{"kind": t.Kind.String(), "text": t.Text, "flags": t.Flags.String()}, t.Extent)
		if t.IsString() {
			o["value"] = t.Value
		}
		switch t.Kind {
		case syntax.Number:
			o["value"] = value(t.Number)
		case syntax.Parameter:
			o["param"], o["colon"] = t.Name, t.Colon
		case syntax.Variable, syntax.SplattedVariable:
			o["var"] = t.Name
		}
		if t.Failed() {
			o["error"] = true
		}
		if len(t.Nested) > 0 {
			o["nested"] = d.tokens(t.Nested)
		}
		out = append(out, o)
	}
	return out
}

func (d *dumper) nodes(list []*syntax.Node) []any {
	out := make([]any, len(list))
	for i, n := range list {
		out[i] = d.node(n, true)
	}
	return out
}

// node writes a node; within an element of a command the value stands at the element.
func (d *dumper) node(n *syntax.Node, withValue bool) object {
	o := d.place(object{"ast": n.Class.String()}, n.Extent)
	switch n.Class {
	case syntax.PipelineAst:
		o["background"], o["commands"] = n.Background, d.nodes(n.Children)
		return o
	case syntax.PipelineChainAst:
		o["op"], o["background"] = n.Op.String(), n.Background
		o["left"], o["right"] = d.node(n.Children[0], true), d.node(n.Children[1], true)
		return o
	case syntax.CommandAst:
		o["invocation"] = n.Op.String()
		name, ok := n.CommandName()
		if o["name"] = name; !ok {
			o["name"] = nil
		}
		o["elements"] = d.elements(n)
		return o
	case syntax.CommandExpressionAst:
		o["expr"] = d.node(n.Children[0], true)
		for _, c := range n.Children[1:] {
			list, _ := o["redirections"].([]any)
			o["redirections"] = append(list, d.redirection(c))
		}
		return o
	case syntax.AssignmentStatementAst, syntax.BinaryExpressionAst, syntax.UnaryExpressionAst:
		o["op"] = n.Op.String()
	case syntax.VariableExpressionAst:
		o["var"] = n.Text
		if n.Splatted {
			o["splatted"] = true
		}
	case syntax.StringConstantExpressionAst, syntax.ExpandableStringExpressionAst:
		o["stringtype"] = n.StringType.String()
	case syntax.TypeExpressionAst, syntax.TypeConstraintAst:
		o["typename"] = n.Text
	}
	if withValue {
		if v, ok := pslang.SafeValue(n); ok {
			o["value"] = value(v)
		}
	}
	if len(n.Children) > 0 {
		o["children"] = d.nodes(n.Children)
	}
	return o
}

func (d *dumper) text(e syntax.Extent) string { return d.Input[e.Start:min(e.End, len(d.Input))] }

func (d *dumper) elements(command *syntax.Node) []any {
	var out []any
	for i, n := range command.Children {
		if n.Role == syntax.RedirectionRole {
			out = append(out, d.redirection(n))
			continue
		}
		o := d.place(object{"text": d.text(n.Extent)}, n.Extent)
		out = append(out, o)
		if n.Class == syntax.CommandParameterAst {
			o["kind"], o["name"] = "parameter", n.Text
			if len(n.Children) > 0 {
				argument := d.node(n.Children[0], true)
				argument["text"] = d.text(n.Children[0].Extent)
				o["argument"] = argument
			}
			continue
		}
		o["kind"] = "argument"
		if i == 0 {
			o["kind"] = "command"
		}
		o["expr"] = d.node(n, false)
		if v, ok := pslang.SafeValue(n); ok {
			o["value"] = value(v)
		}
	}
	return out
}

func (d *dumper) redirection(n *syntax.Node) object {
	o := d.place(object{"kind": "redirection", "text": d.text(n.Extent), "from": n.Redirection.From.String()}, n.Extent)
	if n.Class == syntax.MergingRedirectionAst {
		o["to"] = "Output"
		return o
	}
	o["append"], o["file"] = n.Redirection.Append, d.node(n.Children[0], true)
	return o
}

var typeNames = map[string]string{
	"string": "System.String", "bool": "System.Boolean", "int32": "System.Int32", "int64": "System.Int64", "float64": "System.Double",
	"float32": "System.Single", "uint8": "System.Byte", "int8": "System.SByte", "uint16": "System.UInt16", "int16": "System.Int16",
	"uint32": "System.UInt32", "uint64": "System.UInt64", "clixml.Decimal": "System.Decimal", "clixml.ScriptBlock": "System.Management.Automation.ScriptBlock", "clixml.Char": "System.Char",
}

// value writes a value in the form of the recordings. Entries of a hashtable
// are sorted by key there.
func value(v clixml.Value) any {
	text := v.String()
	switch x := v.Any().(type) {
	case nil:
		return object{"type": "null", "value": nil}
	case bool:
		text = strconv.FormatBool(x)
	case float64:
		text = clixml.Double(x).String()
	case clixml.ScriptBlock:
		text = "{" + string(x) + "}"
	case clixml.Char:
		text = strconv.Itoa(int(x))
	case *clixml.Object:
		return objectValue(x)
	}
	return object{"type": typeNames[fmt.Sprintf("%T", v.Any())], "value": text}
}

func objectValue(x *clixml.Object) any {
	switch x.Kind {
	case clixml.List:
		items := make([]any, len(x.Items))
		for i, v := range x.Items {
			items[i] = value(v)
		}
		return object{"type": "System.Object[]", "items": items}
	case clixml.Dict:
		entries := make([]any, 0, len(x.Entries))
		for _, e := range x.Entries {
			entries = append(entries, []any{value(e.Key), value(e.Value)})
		}
		sortEntries(entries)
		return object{"type": "System.Collections.Hashtable", "entries": entries}
	}
	return object{"type": x.TypeNames[0], "value": x.ToString}
}

func sortEntries(entries []any) {
	for i := range entries {
		for j := i; j > 0 && entryKey(entries[j]) < entryKey(entries[j-1]); j-- {
			entries[j], entries[j-1] = entries[j-1], entries[j]
		}
	}
}

func entryKey(entry any) string {
	s, _ := entry.([]any)[0].(object)["value"].(string)
	return strings.ToLower(s)
}

func TestOffsets(t *testing.T) {
	input := "a–😀b"
	o := syntax.NewOffsets(input)
	for i := range len(input) + 2 {
		if i < len(input) && input[i]&0xC0 == 0x80 {
			continue
		}
		want := len(utf16.Encode([]rune(input[:min(i, len(input))]))) + max(0, i-len(input))
		if got := o.UTF16(i); got != want {
			t.Errorf("%d: %d, want %d", i, got, want)
		}
	}
}
