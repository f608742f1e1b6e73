package pipeline

import (
	"regexp"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// getMember is Get-Member: what objects of each type have.
type getMember struct {
	running
	names []*regexp.Regexp
	kinds map[string]bool // nil: all
	seen  map[string]bool
	any   bool
}

// memberKind is a kind of members with its number.
type memberKind struct {
	name   string
	number int32
}

var memberKinds = [...]memberKind{
	{"AliasProperty", 1},
	{"CodeProperty", 2},
	{"Property", 4},
	{"NoteProperty", 8},
	{"ScriptProperty", 16},
	{"PropertySet", 32},
	{"Method", 64},
	{"CodeMethod", 128},
	{"ScriptMethod", 256},
	{"ParameterizedProperty", 512},
	{"MemberSet", 1024},
	{"Event", 2048},
	{"Dynamic", 4096},
}

const (
	propertyKinds = "AliasProperty CodeProperty Property NoteProperty ScriptProperty"
	methodKinds   = "Method CodeMethod ScriptMethod"
)

func newGetMember(a *arguments) (Stage, error) {
	g := &getMember{seen: map[string]bool{}}
	if a.flag("Static") {
		return nil, a.usage(a.cmd.Extent, "NotSupported", "-Static is not taken here: the types are the server's")
	}
	names, err := a.texts("Name")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		re, err := pslang.Wildcard(n, false)
		if err != nil {
			return nil, err
		}
		g.names = append(g.names, re)
	}
	kinds, err := a.texts("MemberType")
	for _, k := range kinds {
		for one := range strings.SplitSeq(k, ",") {
			if err := g.takes(a, strings.TrimSpace(one)); err != nil {
				return nil, err
			}
		}
	}
	return g, err
}

func (g *getMember) takes(a *arguments, kind string) error {
	words := kind
	switch strings.ToLower(kind) {
	case "all":
		return nil
	case "properties":
		words = propertyKinds
	case "methods":
		words = methodKinds
	default:
		if !slices.ContainsFunc(memberKinds[:], func(k memberKind) bool { return strings.EqualFold(k.name, kind) }) {
			return a.usage(a.exprs["MemberType"].Span(), "CannotConvertArgumentNoMessage", "Cannot bind parameter 'MemberType'. Unable to match the identifier name %s to a valid enumerator name.", kind)
		}
	}
	if g.kinds == nil {
		g.kinds = map[string]bool{}
	}
	for w := range strings.FieldsSeq(words) {
		g.kinds[strings.ToLower(w)] = true
	}
	return nil
}

// View is the table that PowerShell shows members in.
func (g *getMember) View() format.View {
	return format.View{
		Shape: format.Table, Properties: []format.Column{{Property: "Name"}, {Property: "MemberType"}, {Property: "Definition"}},
		GroupBy: &format.Column{Property: "TypeName"},
	}
}

func (g *getMember) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	g.any = true
	name := receivedType(v)
	if g.seen[name] {
		return nil, nil
	}
	g.seen[name] = true
	list := membersOf(v)
	if len(list) == 0 {
		return nil, &Warning{"Get-Member", "The members of " + name + " are not known here."}
	}
	slices.SortStableFunc(list, func(a, b member) int {
		if n := strings.Compare(a.kind, b.kind); n != 0 {
			return n
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	var out []clixml.Value
	for _, m := range list {
		if g.wants(m) {
			out = append(out, clixml.Obj(m.object(name)))
		}
	}
	return out, nil
}

func (g *getMember) wants(m member) bool {
	if g.kinds != nil && !g.kinds[strings.ToLower(m.kind)] {
		return false
	}
	return len(g.names) == 0 || slices.ContainsFunc(g.names, func(re *regexp.Regexp) bool { return re.MatchString(m.name) })
}

func (g *getMember) End() ([]clixml.Value, error) {
	if !g.any {
		return nil, &Error{Command: "Get-Member", ID: "NoObjectInGetMember", Msg: "You must specify an object for the Get-Member cmdlet."}
	}
	return nil, nil
}

// member is what Get-Member tells of a member.
type member struct{ name, kind, definition string }

func (m member) object(typeName string) *clixml.Object {
	number := int32(0)
	for _, k := range memberKinds {
		if k.name == m.kind {
			number = k.number
		}
	}
	return &clixml.Object{
		TypeNames: []string{"Microsoft.PowerShell.Commands.MemberDefinition", "System.Object"}, ToString: m.definition, HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("TypeName", typeName), clixml.Prop("Name", m.name),
			clixml.Prop("MemberType", clixml.Enum("System.Management.Automation.PSMemberTypes", m.kind, number)), clixml.Prop("Definition", m.definition),
		},
	}
}

// membersOf lists the members of a value; of a primitive its properties only.
func membersOf(v clixml.Value) []member {
	var out []member
	o := v.Object()
	if o == nil || !o.Base.IsNull() {
		for _, p := range dotNetProperties(v) {
			out = append(out, member{p.Name, "Property", displayType(p.Value) + " " + p.Name + " {get;}"})
		}
	}
	if o == nil {
		return out
	}
	out = append(out, member{"GetType", "Method", "type GetType()"})
	if o.Is(customObject) {
		out = append(out, member{"Equals", "Method", "bool Equals(System.Object obj)"}, member{"GetHashCode", "Method", "int GetHashCode()"}, member{"ToString", "Method", "string ToString()"})
	} else {
		out = append(out, member{"ToString", "Method", "string ToString(), string ToString(string format, System.IFormatProvider formatProvider), string IFormattable.ToString(string format, System.IFormatProvider formatProvider)"})
	}
	for _, p := range o.Members {
		text := "null"
		if !p.Value.IsNull() {
			text = cellText(p.Value)
		}
		out = append(out, member{p.Name, "NoteProperty", displayType(p.Value) + " " + p.Name + "=" + text})
	}
	for _, p := range o.Props {
		if indexOf(o.Members, p.Name) < 0 {
			name := ""
			if !p.Value.IsNull() {
				name = receivedType(p.Value)
			}
			out = append(out, member{p.Name, "Property", name + " {get;set;}"})
		}
	}
	return out
}

// displayType is a type's name as PowerShell writes it: by its accelerator.
func displayType(v clixml.Value) string {
	name := receivedType(v)
	if v.IsNull() {
		return "object"
	}
	if short, ok := accelerators()[name]; ok {
		return short
	}
	return name
}

func accelerators() map[string]string {
	return map[string]string{
		"System.String": "string", "System.Boolean": "bool", "System.Int32": "int", "System.Int64": "long", "System.Double": "double", "System.Single": "float",
		"System.Decimal": "decimal", "System.Char": "char", "System.Byte": "byte", "System.SByte": "sbyte", "System.Int16": "short", "System.UInt16": "ushort",
		"System.UInt32": "uint", "System.UInt64": "ulong", "System.Guid": "guid", "System.DateTime": "datetime", "System.TimeSpan": "timespan", "System.Uri": "uri",
		"System.Version": "version", "System.Byte[]": "byte[]", "System.Xml.XmlDocument": "xml", "System.Security.SecureString": "securestring",
		"System.Management.Automation.SemanticVersion": "semver", "System.Management.Automation.ScriptBlock": "scriptblock",
	}
}
