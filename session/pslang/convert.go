package pslang

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// conversionError is a value that cannot become what is wanted.
type conversionError struct {
	id, msg string
}

func (e *conversionError) Error() string { return e.msg }

func conversionID(err error) string {
	var c *conversionError
	if errors.As(err, &c) {
		return c.id
	}
	return ""
}

// cannotConvert says so in PowerShell's words, with .NET's for the reason; a
// null needs none.
func cannotConvert(v clixml.Value, typeName, why string) error {
	msg := fmt.Sprintf("Cannot convert value %q to type %q.", v, typeName)
	if v.Kind() == clixml.KindNull {
		msg, why = fmt.Sprintf("Cannot convert null to type %q.", typeName), ""
	}
	if why != "" {
		msg += " Error: \"" + why + "\""
	}
	return &conversionError{id: "InvalidCast", msg: msg}
}

// numberWords are what .NET calls the types that a number did not fit in.
var numberWords = map[clixml.Kind]string{
	clixml.KindByte: "an unsigned byte", clixml.KindSByte: "a signed byte", clixml.KindInt16: "an Int16", clixml.KindUInt16: "a UInt16",
	clixml.KindInt32: "an Int32", clixml.KindUInt32: "a UInt32", clixml.KindInt64: "an Int64", clixml.KindUInt64: "a UInt64", clixml.KindDecimal: "a Decimal",
}

// outOfRange is the error of a number that does not fit. .NET has other words
// where a floating-point number becomes one of 64 bits.
func outOfRange(given clixml.Value, k clixml.Kind) error {
	why := "Value was either too large or too small for " + numberWords[k] + "."
	if floating := given.Kind() == clixml.KindDouble || given.Kind() == clixml.KindSingle; floating && (k == clixml.KindInt64 || k == clixml.KindUInt64) {
		why = "Arithmetic operation resulted in an overflow."
	}
	return &conversionError{
		id:  outOfRangeID(given),
		msg: fmt.Sprintf("Cannot convert value %q to type %q. Error: %q", given, numberNames[k], why),
	}
}

// typeKinds are the type names that values are cast to here.
var typeKinds = map[string]clixml.Kind{
	"string": clixml.KindString, "char": clixml.KindChar, "bool": clixml.KindBool, "boolean": clixml.KindBool,
	"int": clixml.KindInt32, "int32": clixml.KindInt32, "long": clixml.KindInt64, "int64": clixml.KindInt64,
	"short": clixml.KindInt16, "int16": clixml.KindInt16, "byte": clixml.KindByte, "sbyte": clixml.KindSByte,
	"uint": clixml.KindUInt32, "uint32": clixml.KindUInt32, "ulong": clixml.KindUInt64, "uint64": clixml.KindUInt64,
	"ushort": clixml.KindUInt16, "uint16": clixml.KindUInt16, "double": clixml.KindDouble, "single": clixml.KindSingle,
	"float": clixml.KindSingle, "decimal": clixml.KindDecimal, "datetime": clixml.KindDateTime, "timespan": clixml.KindTimeSpan,
	"version": clixml.KindVersion, "guid": clixml.KindGUID, "uri": clixml.KindURI, "semver": clixml.KindSemanticVersion,
	"scriptblock": clixml.KindScriptBlock,
}

// objectTypes are cast to an object of several members.
var objectTypes = map[string]bool{"pscustomobject": true, "ordered": true, "hashtable": true, "array": true, "object[]": true, "string[]": true, "int[]": true, "object": true, "psobject": true}

func plainType(name string) string {
	return strings.TrimPrefix(strings.ToLower(name), "system.")
}

func knownType(name string) bool {
	name = plainType(name)
	_, ok := typeKinds[name]
	return ok || objectTypes[name]
}

// KnownType tells whether casts to a type are worked out here: they change nothing.
func KnownType(name string) bool { return knownType(name) }

// Convert is the cast [typeName]v for the types that are known here.
func Convert(v clixml.Value, typeName string) (clixml.Value, error) {
	name := plainType(typeName)
	if k, ok := typeKinds[name]; ok {
		return convertKind(v, k)
	}
	switch name {
	case "array", "object[]", "string[]", "int[]":
		if v.IsNull() {
			return v, nil
		}
		return convertArray(v, strings.TrimSuffix(name, "[]"))
	case "object", "psobject":
		return v, nil
	}
	o := v.Object()
	if o == nil || o.Kind != clixml.Dict {
		return v, cannotConvert(v, typeName, "")
	}
	switch name {
	case "pscustomobject":
		c := clixml.Custom()
		for _, e := range o.Entries {
			c.Set(e.Key.String(), e.Value)
		}
		return clixml.Obj(c), nil
	case "ordered":
		return clixml.Obj(&clixml.Object{
			TypeNames: []string{"System.Collections.Specialized.OrderedDictionary", "System.Object"},
			Kind:      clixml.Dict, Entries: o.Entries,
		}), nil
	case "hashtable":
		return v, nil
	}
	return v, cannotConvert(v, typeName, "")
}

func convertArray(v clixml.Value, element string) (clixml.Value, error) {
	items, ok := collection(v)
	if !ok {
		items = []clixml.Value{v}
	}
	a := clixml.Array()
	for _, x := range items {
		if element == "string" || element == "int" {
			c, err := Convert(x, element)
			if err != nil {
				return v, err
			}
			x = c
		}
		a.Items = append(a.Items, x)
	}
	switch element {
	case "string":
		a.TypeNames = []string{"System.String[]", "System.Array", "System.Object"}
	case "int":
		a.TypeNames = []string{"System.Int32[]", "System.Array", "System.Object"}
	}
	return clixml.Obj(a), nil
}

// isType is the operator -is.
func isType(v clixml.Value, name string) bool {
	name = plainType(name)
	if name == "object" || name == "psobject" {
		return !v.IsNull()
	}
	if _, list := collection(v); name == "array" || name == "object[]" {
		return list
	}
	if k, ok := typeKinds[name]; ok {
		return base(v).Kind() == k && (v.Object() == nil || k != clixml.KindInt32)
	}
	if name == "ordered" {
		name = "collections.specialized.ordereddictionary"
	} else if name == "hashtable" {
		name = "collections.hashtable"
	} else if name == "pscustomobject" {
		name = "management.automation.pscustomobject"
	}
	return v.Object().Is("System." + name)
}

// convertKind makes v a primitive of this kind.
func convertKind(v clixml.Value, k clixml.Kind) (clixml.Value, error) {
	v = base(v)
	if v.Kind() == k {
		return v, nil
	}
	switch k {
	case clixml.KindString:
		return clixml.Str(v.String()), nil
	case clixml.KindBool:
		return clixml.Bool(Truthy(v)), nil
	case clixml.KindChar:
		return toChar(v)
	case clixml.KindDateTime, clixml.KindTimeSpan:
		return toTime(v, k)
	case clixml.KindGUID:
		id, err := uuid.Parse(v.String())
		if err != nil {
			return v, cannotConvert(v, "System.Guid", "Unrecognized Guid format.")
		}
		return clixml.GUID(id), nil
	case clixml.KindVersion:
		return toVersion(v)
	case clixml.KindURI:
		return clixml.Of(clixml.URI(v.String())), nil
	case clixml.KindSemanticVersion:
		return clixml.Of(clixml.SemanticVersion(v.String())), nil
	case clixml.KindScriptBlock:
		return clixml.Of(clixml.ScriptBlock(v.String())), nil
	}
	return toNumber(v, k)
}

func toChar(v clixml.Value) (clixml.Value, error) {
	if v.IsNull() {
		return clixml.Of(clixml.Char(0)), nil
	}
	if i, ok := v.Int(); ok && isNumeric(v) && i >= 0 && i <= math.MaxUint16 {
		return clixml.Of(clixml.Char(i)), nil
	}
	if r := []rune(v.Text()); v.Kind() == clixml.KindString && len(r) == 1 && r[0] <= math.MaxUint16 {
		return clixml.Of(clixml.Char(r[0])), nil
	}
	return v, cannotConvert(v, "System.Char", "String must be exactly one character long.")
}

var numberNames = map[clixml.Kind]string{
	clixml.KindByte: "System.Byte", clixml.KindSByte: "System.SByte", clixml.KindInt16: "System.Int16", clixml.KindUInt16: "System.UInt16",
	clixml.KindInt32: "System.Int32", clixml.KindUInt32: "System.UInt32", clixml.KindInt64: "System.Int64", clixml.KindUInt64: "System.UInt64",
	clixml.KindSingle: "System.Single", clixml.KindDouble: "System.Double", clixml.KindDecimal: "System.Decimal",
}

var integerSuffixes = map[clixml.Kind]string{
	clixml.KindByte: "uy", clixml.KindSByte: "y", clixml.KindInt16: "s", clixml.KindUInt16: "us", clixml.KindInt64: "l", clixml.KindUInt64: "ul",
}

// toNumber makes a number of kind k; real ones are rounded to even.
func toNumber(v clixml.Value, k clixml.Kind) (clixml.Value, error) {
	name := numberNames[k]
	if name == "" {
		return v, cannotConvert(v, "the other value's type", "")
	}
	given := v
	switch {
	case v.Kind() == clixml.KindString:
		n, err := parseNumber(v.Text(), name)
		if err != nil {
			return v, err
		}
		v = n
	case v.IsNull():
		v = clixml.Int32(0)
	case v.Kind() == clixml.KindBool, v.Kind() == clixml.KindChar:
		v = clixml.Int32(int32(Float(v)))
	case !isNumeric(v):
		return v, cannotConvert(v, name, "")
	}
	switch k {
	case clixml.KindDouble:
		return clixml.Double(Float(v)), nil
	case clixml.KindSingle:
		return clixml.Of(float32(Float(v))), nil
	}
	if f := Float(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return v, outOfRange(given, k)
	}
	r := rational(v)
	if k == clixml.KindDecimal {
		if d, ok := syntax.DecimalOf(r, exactScale(r)); ok {
			return d, nil
		}
		return v, outOfRange(given, k)
	}
	i := roundEven(r)
	out, ok := syntax.FitInteger(i, integerSuffixes[k])
	if k == clixml.KindUInt32 && ok {
		out, ok = syntax.FitInteger(i, "u")
	}
	if !ok || out.Kind() != k {
		return v, outOfRange(given, k)
	}
	return out, nil
}

func outOfRangeID(v clixml.Value) string {
	if v.Kind() == clixml.KindString {
		return "InvalidCastFromStringToInteger"
	}
	return "InvalidCastIConvertible"
}

// parseNumber reads a string as PowerShell's casts do: suffixes, hexadecimal
// and thousands separators count, an empty string is 0.
func parseNumber(s, typeName string) (clixml.Value, error) {
	t := strings.TrimSpace(s)
	if t == "" {
		return clixml.Int32(0), nil
	}
	if v, _, ok := syntax.ScanNumber(t); ok && isNumeric(v) {
		return v, nil
	}
	if strings.Contains(t, ",") {
		if v, plain, ok := syntax.ScanNumber(strings.ReplaceAll(t, ",", "")); ok && plain {
			return v, nil
		}
	}
	return clixml.Value{}, &conversionError{
		id:  "InvalidCastFromStringToInteger",
		msg: fmt.Sprintf("Cannot convert value %q to type %q. Error: \"The input string '%s' was not in a correct format.\"", s, typeName, s),
	}
}

var dateLayouts = []string{
	"2006-01-02T15:04:05.9999999Z07:00", "2006-01-02T15:04:05.9999999", "2006-01-02 15:04:05.9999999Z07:00", "2006-01-02 15:04:05.9999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-1-2 15:04:05", "2006-1-2 15:04", "2006-1-2",
	"1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 15:04", "1/2/2006 3:04 PM", "1/2/2006", "1/2/06", "2006-01-02 3:04 PM", "2006-01-02 3:04:05 PM",
	"2006/1/2 15:04:05", "2006/1/2", "Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "2 January 2006", "Jan 2 2006",
	"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02 January 2006 15:04:05", "January 2006",
}

func toTime(v clixml.Value, k clixml.Kind) (clixml.Value, error) {
	if i, ok := v.Int(); ok && isNumeric(v) {
		if k == clixml.KindTimeSpan {
			return clixml.Of(clixml.TimeSpan(i)), nil
		}
		return clixml.Of(clixml.DateTime{Ticks: i}), nil
	}
	s := strings.TrimSpace(v.String())
	if k == clixml.KindTimeSpan {
		if t, ok := parseSpan(s); ok && v.Kind() == clixml.KindString {
			return clixml.Of(t), nil
		}
		return v, cannotConvert(v, "System.TimeSpan", fmt.Sprintf("String '%s' was not recognized as a valid TimeSpan.", s))
	}
	if v.Kind() == clixml.KindString {
		for _, layout := range dateLayouts {
			if t, err := time.Parse(layout, s); err == nil {
				return clixml.Of(dateTimeOf(t, strings.Contains(layout, "Z07"))), nil
			}
		}
	}
	return v, cannotConvert(v, "System.DateTime", fmt.Sprintf("String '%s' was not recognized as a valid DateTime.", s))
}

// unixTicks is 1970-01-01 in ticks of 100 ns since the year 1.
const unixTicks = 621355968000000000

func dateTimeOf(t time.Time, zoned bool) clixml.DateTime {
	_, offset := t.Zone()
	d := clixml.DateTime{Ticks: unixTicks + (t.Unix()+int64(offset))*10_000_000 + int64(t.Nanosecond())/100}
	if zoned {
		d.Ticks -= int64(offset) * 10_000_000
		d.Kind = clixml.UTC
	}
	return d
}

// parseSpan reads [-][d.]hh:mm[:ss[.fffffff]], or a number of days.
func parseSpan(s string) (clixml.TimeSpan, bool) {
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	var days, h, m, sec int64
	fraction := ""
	if whole, rest, ok := strings.Cut(s, "."); ok && strings.Contains(rest, ":") {
		if _, err := fmt.Sscanf(whole, "%d", &days); err != nil {
			return 0, false
		}
		s = rest
	}
	if !strings.Contains(s, ":") {
		if _, err := fmt.Sscanf(s, "%d", &days); err != nil || fmt.Sprint(days) != s {
			return 0, false
		}
		s = "0:0"
	}
	s, fraction, _ = strings.Cut(s, ".")
	parts := strings.Split(s, ":")
	for i, dst := range []*int64{&h, &m, &sec} {
		if i >= len(parts) {
			break
		}
		if _, err := fmt.Sscanf(parts[i], "%d", dst); err != nil {
			return 0, false
		}
	}
	if len(parts) > 3 || h > 23 || m > 59 || sec > 59 || len(fraction) > 7 {
		return 0, false
	}
	var ticks int64
	if fraction != "" {
		if _, err := fmt.Sscanf((fraction + "0000000")[:7], "%d", &ticks); err != nil {
			return 0, false
		}
	}
	ticks += ((days*24+h)*60+m)*600_000_000 + sec*10_000_000
	if negative {
		ticks = -ticks
	}
	return clixml.TimeSpan(ticks), true
}

func toVersion(v clixml.Value) (clixml.Value, error) {
	s := strings.TrimSpace(v.String())
	parts := strings.Split(s, ".")
	ok := len(parts) >= 2 && len(parts) <= 4
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		ok = ok && err == nil
		parts[i] = strconv.FormatUint(n, 10)
	}
	if !ok {
		return v, cannotConvert(v, "System.Version", "")
	}
	return clixml.Of(clixml.Version(strings.Join(parts, "."))), nil
}
