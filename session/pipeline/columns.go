package pipeline

import (
	"math"
	"strconv"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// columns are the properties that an object shows to what writes it down:
// extended ones first, as PowerShell lists them, then those of its own; the
// entries of a dictionary; the properties that .NET gives to a primitive.
func columns(v clixml.Value) []clixml.Property {
	o := v.Object()
	switch {
	case o == nil:
		return dotNetProperties(v)
	case o.Kind == clixml.Dict:
		var out []clixml.Property
		for _, e := range o.Entries {
			out = append(out, clixml.Property{Name: e.Key.String(), Value: e.Value})
		}
		return behind(out, o.Members)
	case !o.Base.IsNull():
		out := o.Members
		if isEnum(o) {
			out = behind(out, []clixml.Property{clixml.Prop("Value", o.ToString)})
		}
		return behind(out, dotNetProperties(o.Base))
	case len(o.Members) == 0:
		return o.Props
	}
	return behind(o.Members, o.Props)
}

// behind adds the members that list does not have yet.
func behind(list, more []clixml.Property) []clixml.Property {
	if len(more) == 0 {
		return list
	}
	out := append([]clixml.Property(nil), list...)
	for _, m := range more {
		if indexOf(list, m.Name) < 0 {
			out = append(out, m)
		}
	}
	return out
}

func isEnum(o *clixml.Object) bool { return o.Is("System.Enum") && !o.Base.IsNull() }

// The properties of .NET's types, in the order of their declarations.
const (
	dateNames = "Date Day DayOfWeek DayOfYear Hour Kind Millisecond Microsecond Nanosecond Minute Month Second Ticks TimeOfDay Year"
	spanNames = "Ticks Days Hours Milliseconds Microseconds Nanoseconds Minutes Seconds TotalDays TotalHours TotalMilliseconds TotalMicroseconds TotalNanoseconds TotalMinutes TotalSeconds"
)

// dotNetProperties are the properties of a primitive.
func dotNetProperties(v clixml.Value) []clixml.Property {
	var names string
	var out []clixml.Property
	switch x := v.Any().(type) {
	case string:
		return []clixml.Property{clixml.Prop("Length", pslang.Length(x))}
	case clixml.DateTime:
		long, _ := pslang.Format("{0:dddd, dd MMMM yyyy HH:mm:ss}", v)
		names, out = dateNames, []clixml.Property{clixml.Prop("DateTime", long)}
	case clixml.TimeSpan:
		names = spanNames
	case clixml.Version:
		return versionParts(string(x), v)
	case clixml.SemanticVersion:
		return semanticParts(string(x))
	}
	for name := range strings.FieldsSeq(names) {
		if p, ok := pslang.MemberOf(v, name); ok {
			out = append(out, clixml.Property{Name: name, Value: p})
			continue
		}
		out = append(out, clixml.Property{Name: name, Value: fineUnit(v, name)})
	}
	return out
}

// fineUnit is a unit below the millisecond.
func fineUnit(v clixml.Value, name string) clixml.Value {
	ticks := int64(0)
	switch x := v.Any().(type) {
	case clixml.DateTime:
		ticks = x.Ticks
	case clixml.TimeSpan:
		ticks = int64(x)
	}
	switch name {
	case "Microsecond", "Microseconds":
		return clixml.Int32(int32(ticks / 10 % 1000))
	case "Nanosecond", "Nanoseconds":
		return clixml.Int32(int32(ticks % 10 * 100))
	case "TotalMicroseconds":
		return clixml.Double(float64(ticks) / 10)
	}
	return clixml.Double(float64(ticks) * 100) // TotalNanoseconds
}

func versionParts(text string, v clixml.Value) []clixml.Property {
	var out []clixml.Property
	for _, name := range []string{"Major", "Minor", "Build", "Revision"} {
		p, _ := pslang.MemberOf(v, name)
		out = append(out, clixml.Property{Name: name, Value: p})
	}
	high, low := int16(-1), int16(-1)
	if strings.Count(text, ".") == 3 {
		n, _ := out[3].Value.Int()
		high, low = int16(n>>16), int16(n)
	}
	return append(out, clixml.Prop("MajorRevision", high), clixml.Prop("MinorRevision", low))
}

func semanticParts(text string) []clixml.Property {
	text, build, hasBuild := strings.Cut(text, "+")
	text, label, hasLabel := strings.Cut(text, "-")
	parts := strings.Split(text, ".")
	var out []clixml.Property
	for i, name := range []string{"Major", "Minor", "Patch"} {
		n := clixml.Int32(0)
		if i < len(parts) {
			if c, err := pslang.Convert(clixml.Str(parts[i]), "int"); err == nil {
				n = c
			}
		}
		out = append(out, clixml.Property{Name: name, Value: n})
	}
	optional := func(s string, has bool) any {
		if !has {
			return nil
		}
		return s
	}
	return append(out, clixml.Prop("PreReleaseLabel", optional(label, hasLabel)), clixml.Prop("BuildLabel", optional(build, hasBuild)))
}

// receivedType is the type name that an object has where it was received:
// PowerShell puts "Deserialized." before it. What is made here keeps its own.
func receivedType(v clixml.Value) string {
	o := v.Object()
	if o == nil {
		return v.Kind().TypeName()
	}
	if len(o.TypeNames) == 0 {
		return o.Base.Kind().TypeName()
	}
	name := o.TypeNames[0]
	for _, own := range []string{"Deserialized.", "Selected.", "CSV:", "Microsoft.PowerShell.Commands."} {
		if strings.HasPrefix(name, own) {
			return name
		}
	}
	return "Deserialized." + name
}

// ownText is .NET's ToString of a value that stands by itself: nothing for a
// custom object, where "$x" writes its properties.
func ownText(v clixml.Value) string {
	if v.Object() == nil {
		return cellText(v)
	}
	return clixml.Obj(clixml.Array(v)).String()
}

// cellText is a value in a cell of a table of text.
func cellText(v clixml.Value) string {
	switch x := v.Any().(type) {
	case []byte:
		return "System.Byte[]"
	case clixml.XML:
		return "System.Xml.XmlDocument"
	case float64:
		return shortest(x, 64, 15)
	case float32:
		return shortest(float64(x), 32, 7)
	}
	return v.String()
}

// shortest is .NET's ToString of a floating point number: as many digits as
// tell it from its neighbours, where "$x" has no more than precision.
func shortest(f float64, bits, precision int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return clixml.Double(f).String()
	}
	s := strconv.FormatFloat(f, 'E', -1, bits)
	mantissa, exponent, _ := strings.Cut(s, "E")
	point, err := strconv.Atoi(exponent)
	digits := len(strings.TrimLeft(strings.ReplaceAll(mantissa, ".", ""), "-"))
	if err == nil && point < max(digits, precision) && point >= -5 {
		return strconv.FormatFloat(f, 'f', -1, bits)
	}
	return s
}
