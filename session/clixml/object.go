package clixml

import "strings"

// ObjectKind tells which container an [Object] is.
type ObjectKind uint8

// The containers ([MS-PSRP] 2.2.5.2.6); a plain object holds members only.
const (
	PlainObject ObjectKind = iota
	List                   // LST
	Enumerable             // IE
	Stack                  // STK
	Queue                  // QUE
	Dict                   // DCT
)

// Object is a PSObject as CLIXML carries it. An object that occurs several
// times in a graph is one *Object; a cycle is a cycle of pointers.
type Object struct {
	// TypeNames are the PSTypeNames, most derived first.
	TypeNames []string
	// ToString is what the object's ToString gave, where the sender said it.
	ToString    string
	HasToString bool
	// Base is the primitive that the object wraps (an enum's number, a string
	// with note properties); $null where it wraps none.
	Base Value
	// Kind, Items and Entries are the container's content.
	Kind    ObjectKind
	Items   []Value
	Entries []Entry
	// Props are adapted members (a .NET object's own properties), Members the
	// extended ones (notes and other ETS members), each in the sender's order.
	Props   []Property
	Members []Property
	// Sets are named sets of extended members; each value is an object whose
	// Members are the set. PowerShell does not count them among the properties.
	Sets []Property
	// Live tells a value that was made here and did not come over the wire.
	// PowerShell shows a live enum by its name, a received one as an object.
	Live bool
}

// Property is a named member of an object.
type Property struct {
	Name  string
	Value Value
}

// Entry is one pair of a dictionary; keys may be of any type.
type Entry struct {
	Key, Value Value
}

// Get returns the member called name, extended members first as PowerShell
// looks them up, names compared without case.
func (o *Object) Get(name string) (Value, bool) {
	if o == nil {
		return Value{}, false
	}
	for i := range o.Members {
		if strings.EqualFold(o.Members[i].Name, name) {
			return o.Members[i].Value, true
		}
	}
	for i := range o.Props {
		if strings.EqualFold(o.Props[i].Name, name) {
			return o.Props[i].Value, true
		}
	}
	return Value{}, false
}

// Lookup returns the value of a dictionary's entry with this string key,
// compared without case as a Hashtable of PowerShell does.
func (o *Object) Lookup(key string) (Value, bool) {
	if o == nil {
		return Value{}, false
	}
	for i := range o.Entries {
		if k := o.Entries[i].Key; k.kind == KindString && strings.EqualFold(k.str, key) {
			return o.Entries[i].Value, true
		}
	}
	return Value{}, false
}

// Set adds an extended member, or replaces the one of that name.
func (o *Object) Set(name string, v Value) {
	for i := range o.Members {
		if strings.EqualFold(o.Members[i].Name, name) {
			o.Members[i].Value = v
			return
		}
	}
	o.Members = append(o.Members, Property{name, v})
}

// Is tells whether name is one of o's type names, also in the form
// "Deserialized." + name that PowerShell gives to what came over the wire.
func (o *Object) Is(name string) bool {
	if o == nil {
		return false
	}
	for _, t := range o.TypeNames {
		if strings.EqualFold(strings.TrimPrefix(t, "Deserialized."), strings.TrimPrefix(name, "Deserialized.")) {
			return true
		}
	}
	return false
}

// New makes a plain object with these extended members and no type names: the
// form in which PSRP writes the bodies of its own messages.
func New(members ...Property) *Object { return &Object{Members: members} }

// Custom makes a PSCustomObject.
func Custom(members ...Property) *Object {
	return &Object{
		TypeNames: []string{"System.Management.Automation.PSCustomObject", "System.Object"},
		Members:   members,
	}
}

// Prop is short for Property{name, Of(x)}.
func Prop(name string, x any) Property { return Property{name, Of(x)} }

// Array makes a System.Object[].
func Array(items ...Value) *Object {
	return &Object{TypeNames: []string{"System.Object[]", "System.Array", "System.Object"}, Kind: List, Items: items}
}

// Hashtable makes a System.Collections.Hashtable with entries in this order.
func Hashtable(entries ...Entry) *Object {
	return &Object{TypeNames: []string{"System.Collections.Hashtable", "System.Object"}, Kind: Dict, Entries: entries}
}

// PrimitiveDictionary makes a PSPrimitiveDictionary, the dictionary of
// application arguments and application private data.
func PrimitiveDictionary(entries ...Entry) *Object {
	return &Object{
		TypeNames: []string{"System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"},
		Kind:      Dict,
		Entries:   entries,
	}
}

// Enum makes an enum value: its type, its name and its number.
func Enum(typeName, name string, number int32) *Object {
	return &Object{
		TypeNames: []string{typeName, "System.Enum", "System.ValueType", "System.Object"},
		ToString:  name, HasToString: true,
		Base: Int32(number), Live: true,
	}
}
