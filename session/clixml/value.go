package clixml

import (
	"fmt"
	"math"

	"github.com/google/uuid"
)

// Kind tells which type of PowerShell a [Value] holds.
type Kind uint8

// The kinds, with their CLIXML elements ([MS-PSRP] 2.2.5.1).
const (
	KindNull            Kind = iota // Nil
	KindString                      // S
	KindChar                        // C
	KindBool                        // B
	KindDateTime                    // DT
	KindTimeSpan                    // TS
	KindByte                        // By, unsigned
	KindSByte                       // SB
	KindUInt16                      // U16
	KindInt16                       // I16
	KindUInt32                      // U32
	KindInt32                       // I32
	KindUInt64                      // U64
	KindInt64                       // I64
	KindSingle                      // Sg
	KindDouble                      // Db
	KindDecimal                     // D
	KindBytes                       // BA
	KindGUID                        // G
	KindURI                         // URI
	KindXML                         // XD
	KindScriptBlock                 // SBK
	KindSecureString                // SS
	KindVersion                     // Version
	KindSemanticVersion             // SemanticVersion
	KindObject                      // Obj, and PR (a progress record) as an Object
)

var typeNames = [...]string{
	KindString: "System.String", KindChar: "System.Char", KindBool: "System.Boolean", KindDateTime: "System.DateTime", KindTimeSpan: "System.TimeSpan",
	KindByte: "System.Byte", KindSByte: "System.SByte", KindUInt16: "System.UInt16", KindInt16: "System.Int16",
	KindUInt32: "System.UInt32", KindInt32: "System.Int32", KindUInt64: "System.UInt64", KindInt64: "System.Int64",
	KindSingle: "System.Single", KindDouble: "System.Double", KindDecimal: "System.Decimal",
	KindBytes: "System.Byte[]", KindGUID: "System.Guid", KindURI: "System.Uri", KindXML: "System.Xml.XmlDocument",
	KindScriptBlock: "System.Management.Automation.ScriptBlock", KindSecureString: "System.Security.SecureString",
	KindVersion: "System.Version", KindSemanticVersion: "System.Management.Automation.SemanticVersion",
	KindObject: "",
}

// TypeName is the .NET type of k's values ([MS-PSRP] 2.2.5.1): "" for $null and
// for objects, which name their types themselves.
func (k Kind) TypeName() string { return typeNames[k] }

// Value is one value of PowerShell. The zero Value is $null. Values are small
// and are passed by value; an object is shared by reference.
type Value struct {
	kind   Kind
	zone   DateTimeKind
	offset int16 // minutes east of UTC, of a DateTime of kind Local
	num    uint64
	str    string
	obj    *Object
}

// Named string types, so that [Value.Any] and [Of] keep the kind of a text.
type (
	// Char is a .NET Char: one UTF-16 code unit.
	Char uint16
	// Decimal is a .NET Decimal in invariant text, scale included ("1.50").
	Decimal string
	// URI is a System.Uri as its original string.
	URI string
	// XML is the outer XML of a System.Xml.XmlDocument.
	XML string
	// ScriptBlock is the text of a script block.
	ScriptBlock string
	// SecureString is the base64 text of an SS element: encrypted with the
	// session key, or UTF-16LE in clear from protocol 2.4 on ([MS-PSRP] 2.2.5.1.24).
	SecureString string
	// Version is a System.Version ("5.1" and "5.1.0" are different values).
	Version string
	// SemanticVersion is a System.Management.Automation.SemanticVersion.
	SemanticVersion string
	// TimeSpan is a duration in ticks of 100 ns.
	TimeSpan int64
)

// DateTimeKind says what a DateTime's clock time is relative to.
type DateTimeKind uint8

// The three kinds of .NET.
const (
	Unspecified DateTimeKind = iota
	UTC
	Local
)

// DateTime is a .NET DateTime.
type DateTime struct {
	// Ticks counts 100 ns units of clock time since 0001-01-01T00:00:00.
	Ticks int64
	// Kind is part of the value: PowerShell compares and prints by it.
	Kind DateTimeKind
	// Offset is the zone's offset in minutes east of UTC, for Local only.
	Offset int16
}

// Null is $null.
func Null() Value { return Value{} }

// Str makes a System.String.
func Str(s string) Value { return Value{kind: KindString, str: s} }

// Bool makes a System.Boolean.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// Int32 makes a System.Int32, PowerShell's ordinary integer.
func Int32(n int32) Value { return Value{kind: KindInt32, num: uint64(int64(n))} }

// Int64 makes a System.Int64.
func Int64(n int64) Value { return Value{kind: KindInt64, num: uint64(n)} }

// Double makes a System.Double.
func Double(f float64) Value { return Value{kind: KindDouble, num: math.Float64bits(f)} }

// Bytes makes a System.Byte[]; the value keeps a copy of b.
func Bytes(b []byte) Value { return Value{kind: KindBytes, str: string(b)} }

// GUID makes a System.Guid.
func GUID(id uuid.UUID) Value { return Value{kind: KindGUID, str: string(id[:])} }

// Obj makes the value that refers to o; a nil o gives $null.
func Obj(o *Object) Value {
	if o == nil {
		return Value{}
	}
	return Value{kind: KindObject, obj: o}
}

// Of makes a Value of a Go value: nil, string, bool, the sized integers and
// floats, int (as Int32 where it fits, else Int64), []byte, uuid.UUID, the
// named types of this package, DateTime, *Object, Value, []Value and []any and
// []string (an Object[] list), map-like Go types are not taken: build a Dict.
// It panics on any other type: that is a mistake in the program, not in data.
func Of(x any) Value {
	switch x := x.(type) {
	case nil:
		return Value{}
	case Value:
		return x
	case string:
		return Str(x)
	case bool:
		return Bool(x)
	case int:
		if x >= math.MinInt32 && x <= math.MaxInt32 {
			return Int32(int32(x))
		}
		return Int64(int64(x))
	case int8:
		return Value{kind: KindSByte, num: uint64(int64(x))}
	case int16:
		return Value{kind: KindInt16, num: uint64(int64(x))}
	case int32:
		return Int32(x)
	case int64:
		return Int64(x)
	case uint8:
		return Value{kind: KindByte, num: uint64(x)}
	case uint16:
		return Value{kind: KindUInt16, num: uint64(x)}
	case uint32:
		return Value{kind: KindUInt32, num: uint64(x)}
	case uint64:
		return Value{kind: KindUInt64, num: x}
	case float32:
		return Value{kind: KindSingle, num: uint64(math.Float32bits(x))}
	case float64:
		return Double(x)
	case []byte:
		return Bytes(x)
	case uuid.UUID:
		return GUID(x)
	case *Object:
		return Obj(x)
	case []Value:
		return Obj(Array(x...))
	default:
		return ofNamed(x)
	}
}

func ofNamed(x any) Value {
	switch x := x.(type) {
	case Char:
		return Value{kind: KindChar, num: uint64(x)}
	case TimeSpan:
		return Value{kind: KindTimeSpan, num: uint64(x)}
	case DateTime:
		return Value{kind: KindDateTime, zone: x.Kind, offset: x.Offset, num: uint64(x.Ticks)}
	case Decimal:
		return Value{kind: KindDecimal, str: string(x)}
	case URI:
		return Value{kind: KindURI, str: string(x)}
	case XML:
		return Value{kind: KindXML, str: string(x)}
	case ScriptBlock:
		return Value{kind: KindScriptBlock, str: string(x)}
	case SecureString:
		return Value{kind: KindSecureString, str: string(x)}
	case Version:
		return Value{kind: KindVersion, str: string(x)}
	case SemanticVersion:
		return Value{kind: KindSemanticVersion, str: string(x)}
	case []any:
		items := make([]Value, len(x))
		for i := range x {
			items[i] = Of(x[i])
		}
		return Obj(Array(items...))
	case []string:
		items := make([]Value, len(x))
		for i := range x {
			items[i] = Str(x[i])
		}
		return Obj(Array(items...))
	}
	panic(fmt.Sprintf("clixml: no PowerShell type for Go type %T", x))
}

// Kind tells what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether v is $null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Object returns the object v refers to, or nil where v holds a primitive.
func (v Value) Object() *Object { return v.obj }

// Any returns v as a Go value, for type switches; the inverse of [Of]: nil,
// string, Char, bool, DateTime, TimeSpan, uint8 … int64, float32, float64,
// Decimal, []byte, uuid.UUID, URI, XML, ScriptBlock, SecureString, Version,
// SemanticVersion, or *Object.
func (v Value) Any() any {
	switch v.kind {
	case KindNull:
		return nil
	case KindString:
		return v.str
	case KindChar:
		return Char(v.num)
	case KindBool:
		return v.num != 0
	case KindDateTime:
		return DateTime{Ticks: int64(v.num), Kind: v.zone, Offset: v.offset}
	case KindTimeSpan:
		return TimeSpan(v.num)
	case KindBytes:
		return []byte(v.str)
	case KindGUID:
		return uuid.UUID([]byte(v.str))
	case KindObject:
		return v.obj
	case KindDecimal, KindURI, KindXML, KindScriptBlock, KindSecureString, KindVersion, KindSemanticVersion:
		return v.anyText()
	default:
		return v.anyNumber()
	}
}

func (v Value) anyText() any {
	switch v.kind {
	case KindDecimal:
		return Decimal(v.str)
	case KindURI:
		return URI(v.str)
	case KindXML:
		return XML(v.str)
	case KindScriptBlock:
		return ScriptBlock(v.str)
	case KindSecureString:
		return SecureString(v.str)
	case KindVersion:
		return Version(v.str)
	default:
		return SemanticVersion(v.str)
	}
}

func (v Value) anyNumber() any {
	switch v.kind {
	case KindByte:
		return uint8(v.num)
	case KindSByte:
		return int8(v.num)
	case KindUInt16:
		return uint16(v.num)
	case KindInt16:
		return int16(v.num)
	case KindUInt32:
		return uint32(v.num)
	case KindInt32:
		return int32(v.num)
	case KindUInt64:
		return v.num
	case KindInt64:
		return int64(v.num)
	case KindSingle:
		return math.Float32frombits(uint32(v.num))
	default:
		return math.Float64frombits(v.num)
	}
}

// Text returns the text of a string-like kind (string, decimal, URI, XML,
// script block, secure string, versions), and "" for any other. To print a
// value as PowerShell does, use [Value.String].
func (v Value) Text() string {
	if v.kind == KindBytes || v.kind == KindGUID {
		return ""
	}
	return v.str
}

// Int returns the number of an integer kind, and whether v is one that fits
// an int64. It also answers for an enum: an object that wraps an integer.
func (v Value) Int() (int64, bool) {
	switch v.kind {
	case KindByte, KindSByte, KindUInt16, KindInt16, KindUInt32, KindInt32, KindInt64:
		return int64(v.num), true
	case KindUInt64:
		return int64(v.num), v.num <= math.MaxInt64
	case KindObject:
		if v.obj.Base.kind != KindObject {
			return v.obj.Base.Int()
		}
	}
	return 0, false
}

// True tells whether v is the boolean true, also when wrapped in an object.
func (v Value) True() bool {
	if v.kind == KindObject {
		return v.obj.Base.kind == KindBool && v.obj.Base.num != 0
	}
	return v.kind == KindBool && v.num != 0
}
