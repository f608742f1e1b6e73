package pslang

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"psdeck/session/clixml"
)

// vectorLines reads every line of the vector files whose name begins with
// stem: from $PSDECK_VECTORS (any folder in it) or else from testdata.
func vectorLines(t *testing.T, stem string) [][]byte {
	t.Helper()
	root := os.Getenv("PSDECK_VECTORS")
	if root == "" {
		root = "testdata"
	}
	var lines [][]byte
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		name := d.Name()
		if err != nil || d.IsDir() || !strings.HasPrefix(name, stem) || !strings.Contains(name, ".jsonl") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return err
			}
			if data, err = io.ReadAll(z); err != nil {
				return err
			}
		}
		sc := bufio.NewScanner(bytes.NewReader(data))
		sc.Buffer(nil, 64<<20)
		for sc.Scan() {
			lines = append(lines, bytes.Clone(sc.Bytes()))
		}
		return sc.Err()
	})
	if err != nil || len(lines) == 0 {
		t.Fatalf("no %s vectors in %s: %v", stem, root, err)
	}
	return lines
}

type tree map[string]any

func (n tree) str(key string) string { s, _ := n[key].(string); return s }

func (n tree) num(key string) int { f, _ := n[key].(float64); return int(f) }

func (n tree) list(key string) []tree {
	raw, _ := n[key].([]any)
	out := make([]tree, 0, len(raw))
	for _, x := range raw {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (n tree) sub(key string) tree { m, _ := n[key].(map[string]any); return m }

type parseCase struct {
	Input      string
	Incomplete bool
	Errors     []struct{ ID, Message string }
	AST        []tree
	Tokens     []tree
}

// TestVectorParse compares what lines mean with PowerShell's own parser:
// commands, parameters, the values of arguments, extents, errors, and whether
// a line is incomplete. A line that is refused by name must hold a construct
// that the package's documentation refuses.
func TestVectorParse(t *testing.T) {
	passed, failed, known := 0, 0, 0
	reasons := map[string]int{}
	for _, line := range vectorLines(t, "parse") {
		var c parseCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		construct := constructOf(c.AST)
		if construct == "" {
			construct = constructOfTokens(c.Tokens)
		}
		problem, refused := compareParse(c)
		switch {
		case refused && construct != "":
			known++
			reasons["construct: "+construct]++
		case problem != "":
			failed++
			t.Errorf("%q: %s", c.Input, problem)
		default:
			passed++
		}
	}
	for reason, n := range reasons {
		t.Logf("%4d known, %s", n, reason)
	}
	fmt.Printf("vectors parse: %d passed, %d failed, %d known\n", passed, failed, known)
}

// runs are the classes of PowerShell's tree that the package takes.
var runs = map[string]bool{
	"NamedBlock": true, "Pipeline": true, "Command": true, "CommandExpression": true, "StringConstantExpression": true,
	"ConstantExpression": true, "ArrayLiteral": true, "VariableExpression": true, "Hashtable": true, "ExpandableStringExpression": true,
	"ScriptBlockExpression": true, "ArrayExpression": true, "StatementBlock": true, "ParenExpression": true, "BinaryExpression": true,
	"UnaryExpression": true, "MemberExpression": true, "IndexExpression": true, "ConvertExpression": true, "TypeConstraint": true,
	"AssignmentStatement": true, "TypeExpression": true, "InvokeMemberExpression": true, "SubExpression": true, "ErrorExpression": true, "ErrorStatement": true,
	"CommandParameter": true,
}

// constructOf names the construct of a tree that is refused, by class; "" where none is.
func constructOf(nodes []tree) string {
	for _, n := range nodes {
		if s := constructOfNode(n); s != "" {
			return s
		}
	}
	return ""
}

func constructOfNode(n tree) string {
	class := n.str("ast")
	switch {
	case class == "ScriptBlockExpression":
		return "" // kept as text
	case class != "" && !runs[class]:
		return class
	case class == "Command" && n.str("invocation") != "Unknown":
		return "invocation " + n.str("invocation")
	case class == "Pipeline" && n["background"] == true:
		return "background"
	case n["splatted"] == true:
		return "splatting"
	case class == "AssignmentStatement" && n.str("op") != "Equals":
		return "compound assignment"
	case class == "AssignmentStatement" && n.list("children")[0].str("ast") != "VariableExpression":
		return "assignment to " + n.list("children")[0].str("ast")
	case class == "BinaryExpression" && (n.str("op") == "Is" || n.str("op") == "IsNot" || n.str("op") == "As"):
		if right := n.list("children")[1]; right.str("ast") != "TypeExpression" || !knownType(right.str("typename")) {
			return "operator " + n.str("op")
		}
	case class == "BinaryExpression" && !evaluates(operatorWord(n.str("op"))):
		return "operator " + n.str("op")
	case class == "UnaryExpression" && strings.Contains(n.str("op"), "PlusPlus"), class == "UnaryExpression" && strings.Contains(n.str("op"), "MinusMinus"):
		return "increment"
	case class == "TypeExpression", class == "TypeConstraint" && !knownType(n.str("typename")):
		return "type " + n.str("typename")
	case class == "InvokeMemberExpression":
		return "method call"
	case class == "ParenExpression" || class == "SubExpression" || class == "ArrayExpression" || class == "Hashtable":
		if hasCommand(n) {
			return "command in " + class
		}
		if class == "SubExpression" {
			return class
		}
	case n.str("kind") == "redirection" || len(n.list("redirections")) > 0:
		return "redirection"
	case n.str("kind") == "argument" && n.str("text") == "--%":
		return "--%"
	case class == "ErrorStatement":
		return "unfinished statement"
	}
	for _, key := range []string{"children", "commands", "elements"} {
		if s := constructOf(n.list(key)); s != "" {
			return s
		}
	}
	for _, key := range []string{"expr", "argument", "left", "right"} {
		if m := n.sub(key); m != nil {
			if s := constructOfNode(m); s != "" {
				return s
			}
		}
	}
	return ""
}

// constructOfTokens names what only the tokens tell.
func constructOfTokens(tokens []tree) string {
	for _, t := range tokens {
		switch kind := t.str("kind"); kind {
		case "Begin", "Process", "Clean", "Dynamicparam", "Using", "ColonColon", "Ampersand":
			return "token " + kind
		}
	}
	return ""
}

func hasCommand(n tree) bool {
	if n.str("ast") == "Command" || n.str("ast") == "AssignmentStatement" {
		return true
	}
	for _, key := range []string{"children", "commands", "elements"} {
		for _, c := range n.list(key) {
			if c.str("ast") != "ScriptBlockExpression" && hasCommand(c) {
				return true
			}
		}
	}
	for _, key := range []string{"expr", "argument"} {
		if m := n.sub(key); m != nil && m.str("ast") != "ScriptBlockExpression" && hasCommand(m) {
			return true
		}
	}
	return false
}

func operatorWord(op string) string {
	switch op {
	case "Plus":
		return "+"
	case "Minus":
		return "-"
	case "Multiply":
		return "*"
	case "Divide":
		return "/"
	case "Rem":
		return "%"
	case "DotDot":
		return ".."
	case "QuestionQuestion":
		return "??"
	}
	return "-" + strings.ToLower(op)
}

// compareParse tells what differs, and whether the line was refused by name.
func compareParse(c parseCase) (problem string, refused bool) {
	s, err := Parse(c.Input)
	if err != nil {
		e := err.(*Error)
		if e.Refused() {
			return "refused: " + e.Msg, true
		}
		if len(c.Errors) == 0 {
			return "error: " + e.ID + " " + e.Msg, false
		}
		if e.Incomplete != c.Incomplete {
			return fmt.Sprintf("%s: incomplete %v, want %v", e.ID, e.Incomplete, c.Incomplete), false
		}
		for _, want := range c.Errors {
			if want.ID == e.ID {
				return "", false
			}
		}
		return "error id " + e.ID + ", want " + c.Errors[0].ID, false
	}
	if len(c.Errors) > 0 {
		return "accepted; want " + c.Errors[0].ID, false
	}
	var want []tree
	for _, block := range c.AST {
		want = append(want, block.list("children")...)
	}
	if len(want) != len(s.Statements) {
		return fmt.Sprintf("%d statements, want %d", len(s.Statements), len(want)), false
	}
	for i, st := range s.Statements {
		if p := compareStatement(c.Input, st, want[i]); p != "" {
			return p, false
		}
	}
	return "", false
}

func compareStatement(input string, st Statement, want tree) string {
	if want.str("ast") == "AssignmentStatement" {
		target, value := want.list("children")[0], want.list("children")[1]
		if target.str("var") != st.Assign {
			return "assigns " + st.Assign
		}
		want = value
	} else if st.Assign != "" {
		return "assigns " + st.Assign
	}
	commands := want.list("commands")
	if want.str("ast") != "Pipeline" {
		commands = []tree{want}
	}
	if len(commands) != len(st.Pipeline.Elements) {
		return fmt.Sprintf("%d elements, want %d", len(st.Pipeline.Elements), len(commands))
	}
	for i, el := range st.Pipeline.Elements {
		w := commands[i]
		if el.Command == nil {
			if w.str("ast") != "CommandExpression" {
				return "expression, want " + w.str("ast")
			}
			if p := compareExpr(input, el.Expr, w.sub("expr")); p != "" {
				return p
			}
			continue
		}
		if w.str("ast") != "Command" {
			return "command, want " + w.str("ast")
		}
		if p := compareCommand(input, el.Command, w); p != "" {
			return p
		}
	}
	return ""
}

func compareCommand(input string, c *Command, want tree) string {
	if c.Name != want.str("name") {
		return fmt.Sprintf("name %q, want %q", c.Name, want.str("name"))
	}
	elements := want.list("elements")[1:]
	if len(elements) != len(c.Args) {
		return fmt.Sprintf("%d arguments, want %d", len(c.Args), len(elements))
	}
	for i, a := range c.Args {
		w := elements[i]
		if p := sameExtent(input, a.Extent, w); p != "" {
			return fmt.Sprintf("argument %d: %s", i, p)
		}
		var p string
		switch {
		case w.str("kind") != "parameter" && a.Name != "":
			p = "is a parameter"
		case w.str("kind") == "parameter" && a.Name != w.str("name"):
			p = fmt.Sprintf("parameter %q, want %q", a.Name, w.str("name"))
		case w.str("kind") == "parameter" && (w.sub("argument") != nil) != a.Colon:
			p = "colon"
		case w.str("kind") == "parameter" && a.Colon:
			p = compareExpr(input, a.Value, w.sub("argument"))
		case w.str("kind") == "argument":
			e := w.sub("expr")
			if v, ok := w["value"]; ok {
				e["value"] = v
			}
			p = compareExpr(input, a.Value, e)
		}
		if p != "" {
			return fmt.Sprintf("argument %d: %s", i, p)
		}
	}
	return ""
}

func sameExtent(input string, got Extent, want tree) string {
	start := len(utf16.Encode([]rune(input[:got.Start])))
	end := len(utf16.Encode([]rune(input[:got.End])))
	if start != want.num("start") || end != want.num("end") {
		return fmt.Sprintf("extent %d-%d, want %d-%d", start, end, want.num("start"), want.num("end"))
	}
	return ""
}

func compareExpr(input string, e Expr, want tree) string {
	if v, ok := e.(*Variable); ok && want.str("ast") == "VariableExpression" && v.Name != want.str("var") {
		return "variable " + v.Name + ", want " + want.str("var")
	}
	if _, ok := want["start"]; ok {
		if p := sameExtent(input, e.Span(), want); p != "" {
			return p
		}
	}
	w, ok := want["value"].(map[string]any)
	if !ok {
		return compareClass(input, e, want)
	}
	got, err := Eval(e, nil)
	if err != nil {
		return err.Error()
	}
	if items, ok := w["items"].([]any); ok && len(items) == 1 && want.str("ast") == "SubExpression" {
		w = items[0].(map[string]any) // a subexpression with one output is that output
	}
	return sameValue(got, w)
}

// compareClass compares what has no constant value by the shape of its tree.
func compareClass(input string, e Expr, want tree) string {
	class := map[string]string{
		"*pslang.Binary": "BinaryExpression", "*pslang.Member": "MemberExpression", "*pslang.Index": "IndexExpression",
		"*pslang.Unary": "UnaryExpression", "*pslang.Variable": "VariableExpression", "*pslang.Expandable": "ExpandableStringExpression",
		"*pslang.Paren": "ParenExpression", "*pslang.Hashtable": "Hashtable", "*pslang.Cast": "ConvertExpression", "*pslang.Call": "InvokeMemberExpression",
		"*pslang.ScriptBlock": "ScriptBlockExpression", "*pslang.SubExpression": "SubExpression", "*pslang.Constant": "ConstantExpression", "*pslang.TypeLiteral": "TypeExpression",
	}[fmt.Sprintf("%T", e)]
	if a, ok := e.(*Array); ok {
		class = "ArrayLiteral"
		if a.Sub {
			class = "ArrayExpression"
		}
	}
	if class != want.str("ast") {
		return fmt.Sprintf("is %s, want %s", class, want.str("ast"))
	}
	children := want.list("children")
	switch e := e.(type) {
	case *Binary:
		op := operatorWord(want.str("op"))
		if op != e.Op && op != "-i"+strings.TrimPrefix(e.Op, "-") {
			return "operator " + e.Op + ", want " + op
		}
		if p := compareExpr(input, e.Left, children[0]); p != "" {
			return p
		}
		return compareExpr(input, e.Right, children[1])
	case *Member:
		if p := compareExpr(input, e.Target, children[0]); p != "" {
			return p
		}
		return compareExpr(input, e.Name, children[1])
	case *Unary:
		return compareExpr(input, e.X, children[0])
	}
	return ""
}

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
