package pslang

import (
	"strings"
	"time"
	"unicode/utf16"

	"psdeck/session/clixml"
)

// Property gives v.name as PowerShell would: a member of an object, an entry
// of a dictionary, a property that .NET gives to a primitive, or the members
// of a collection's items.
func Property(v clixml.Value, name string) (clixml.Value, bool) {
	if x, ok := ownProperty(v, name); ok {
		return x, true
	}
	if items, ok := collection(v); ok {
		var out []clixml.Value
		for _, item := range items {
			if x, ok := Property(item, name); ok {
				out = append(out, Enumerate(x)...)
				if x.IsNull() {
					out = append(out, x)
				}
			} else if o := item.Object(); o != nil && o.Kind == clixml.PlainObject && o.Base.IsNull() {
				out = append(out, clixml.Null()) // a custom object answers $null for what it has not
			}
		}
		switch len(out) {
		case 0:
			return clixml.Null(), false
		case 1:
			return out[0], true
		}
		return clixml.Obj(clixml.Array(out...)), true
	}
	if strings.EqualFold(name, "Count") || strings.EqualFold(name, "Length") {
		if v.IsNull() {
			return clixml.Int32(0), true
		}
		return clixml.Int32(1), true
	}
	return clixml.Null(), false
}

// MemberOf gives a property that v itself has, without member enumeration.
func MemberOf(v clixml.Value, name string) (clixml.Value, bool) { return ownProperty(v, name) }

func ownProperty(v clixml.Value, name string) (clixml.Value, bool) {
	if o := v.Object(); o != nil {
		if o.Kind == clixml.Dict {
			if x, ok := o.Lookup(name); ok {
				return x, true
			}
		}
		if x, ok := o.Get(name); ok {
			return x, true
		}
		if o.Kind == clixml.Dict {
			return dictProperty(o, name)
		}
	}
	if items, ok := collection(v); ok {
		switch strings.ToLower(name) {
		case "count", "length":
			return clixml.Int32(int32(len(items))), true
		}
		return clixml.Null(), false
	}
	switch x := base(v).Any().(type) {
	case string:
		if strings.EqualFold(name, "Length") {
			return clixml.Int32(int32(Length(x))), true
		}
	case clixml.DateTime:
		return dateProperty(x, name)
	case clixml.TimeSpan:
		return spanProperty(x, name)
	case clixml.Version:
		return versionProperty(string(x), name)
	}
	return clixml.Null(), false
}

func dictProperty(o *clixml.Object, name string) (clixml.Value, bool) {
	var items []clixml.Value
	switch strings.ToLower(name) {
	case "count":
		return clixml.Int32(int32(len(o.Entries))), true
	case "keys":
		for _, e := range o.Entries {
			items = append(items, e.Key)
		}
	case "values":
		for _, e := range o.Entries {
			items = append(items, e.Value)
		}
	default:
		return clixml.Null(), false
	}
	return clixml.Obj(clixml.Array(items...)), true
}

const (
	ticksPerMillisecond = 10_000
	ticksPerSecond      = 10_000_000
	ticksPerDay         = 24 * 60 * 60 * ticksPerSecond
)

func dateProperty(d clixml.DateTime, name string) (clixml.Value, bool) {
	t := time.Unix((d.Ticks-unixTicks)/ticksPerSecond, 0).UTC()
	n := 0
	switch strings.ToLower(name) {
	case "year":
		n = t.Year()
	case "month":
		n = int(t.Month())
	case "day":
		n = t.Day()
	case "hour":
		n = t.Hour()
	case "minute":
		n = t.Minute()
	case "second":
		n = t.Second()
	case "millisecond":
		n = int(d.Ticks % ticksPerSecond / ticksPerMillisecond)
	case "dayofyear":
		n = t.YearDay()
	case "dayofweek":
		return clixml.Obj(clixml.Enum("System.DayOfWeek", t.Weekday().String(), int32(t.Weekday()))), true
	case "ticks":
		return clixml.Int64(d.Ticks), true
	case "date":
		d.Ticks -= d.Ticks % ticksPerDay
		return clixml.Of(d), true
	case "timeofday":
		return clixml.Of(clixml.TimeSpan(d.Ticks % ticksPerDay)), true
	case "kind":
		return clixml.Obj(clixml.Enum("System.DateTimeKind", [...]string{"Unspecified", "Utc", "Local"}[d.Kind], int32(d.Kind))), true
	default:
		return clixml.Null(), false
	}
	return clixml.Int32(int32(n)), true
}

func spanProperty(t clixml.TimeSpan, name string) (clixml.Value, bool) {
	units := map[string]int64{
		"days": ticksPerDay, "hours": 3600 * ticksPerSecond, "minutes": 60 * ticksPerSecond, "seconds": ticksPerSecond, "milliseconds": ticksPerMillisecond,
	}
	lower := strings.ToLower(name)
	if lower == "ticks" {
		return clixml.Int64(int64(t)), true
	}
	if unit, ok := units[strings.TrimPrefix(lower, "total")]; ok && strings.HasPrefix(lower, "total") {
		return clixml.Double(float64(t) / float64(unit)), true
	}
	unit, ok := units[lower]
	if !ok {
		return clixml.Null(), false
	}
	modulus := map[string]int64{"hours": 24, "minutes": 60, "seconds": 60, "milliseconds": 1000}[lower]
	n := int64(t) / unit
	if modulus > 0 {
		n %= modulus
	}
	return clixml.Int32(int32(n)), true
}

func versionProperty(v, name string) (clixml.Value, bool) {
	for i, part := range []string{"major", "minor", "build", "revision"} {
		if !strings.EqualFold(name, part) {
			continue
		}
		parts := strings.Split(v, ".")
		if i >= len(parts) {
			return clixml.Int32(-1), true
		}
		n, err := parseNumber(parts[i], "System.Int32")
		return n, err == nil
	}
	return clixml.Null(), false
}

func (ev *evaluator) member(e *Member) (clixml.Value, error) {
	if v, ok := staticValue(e); ok {
		return v, nil
	}
	target, err := ev.eval(e.Target)
	if err != nil {
		return target, err
	}
	name, err := ev.eval(e.Name)
	if err != nil {
		return name, err
	}
	v, _ := Property(target, name.String())
	return v, nil
}

func (ev *evaluator) index(e *Index) (clixml.Value, error) {
	target, err := ev.eval(e.Target)
	if err != nil {
		return target, err
	}
	key, err := ev.eval(e.Key)
	if err != nil {
		return key, err
	}
	if target.IsNull() && e.Conditional {
		return target, nil
	}
	if target.IsNull() {
		return target, fault(e, "NullArray", "Cannot index into a null array.")
	}
	keys, many := collection(key)
	if !many {
		v, _ := itemAt(target, key)
		return v, nil
	}
	var out []clixml.Value
	for _, k := range keys {
		if v, ok := itemAt(target, k); ok {
			out = append(out, v)
		}
	}
	return clixml.Obj(clixml.Array(out...)), nil
}

// itemAt gives target[key]: an entry, or an item by its position, counted from
// the end where it is negative.
func itemAt(target, key clixml.Value) (clixml.Value, bool) {
	if o := target.Object(); o != nil && o.Kind == clixml.Dict {
		for _, e := range o.Entries {
			if sameKey(e.Key, key) {
				return e.Value, true
			}
		}
		if !o.Is("System.Collections.Specialized.OrderedDictionary") {
			return clixml.Null(), false
		}
	}
	n, err := Convert(key, "int")
	if err != nil {
		return clixml.Null(), false
	}
	i, _ := n.Int()
	items, ok := collection(target)
	switch b := base(target); {
	case ok:
	case target.Object() != nil && target.Object().Kind == clixml.Dict:
		for _, e := range target.Object().Entries {
			items = append(items, e.Value)
		}
	case b.Kind() == clixml.KindString:
		for _, u := range utf16.Encode([]rune(b.Text())) {
			items = append(items, clixml.Of(clixml.Char(u)))
		}
	default:
		items = []clixml.Value{target}
	}
	if i < 0 {
		i += int64(len(items))
	}
	if i < 0 || i >= int64(len(items)) {
		return clixml.Null(), false
	}
	return items[i], true
}
