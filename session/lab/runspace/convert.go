package runspace

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// conversionError is why a value is not of the type wanted; its text is what
// PowerShell says. plain marks the refusal that names only the two types.
type conversionError struct {
	text  string
	plain bool
}

func (e *conversionError) Error() string { return e.text }

func cannotConvert(v clixml.Value, typ, why string) error {
	return &conversionError{text: fmt.Sprintf(`Cannot convert value "%s" to type "%s". Error: "%s"`, v.String(), dotNet(typ), why)}
}

func cannotConvertType(v clixml.Value, typ string) error {
	return &conversionError{text: fmt.Sprintf(`Cannot convert the "%s" value of type "%s" to type "%s".`, v.String(), TypeName(v), dotNet(typ))}
}

// sameType tells whether v needs no conversion to become typ.
func sameType(v clixml.Value, typ string) bool {
	want := dotNet(typ)
	if want == "System.Object" {
		return true
	}
	if strings.HasSuffix(want, "[]") {
		return isList(v)
	}
	return strings.EqualFold(TypeName(bare(v)), want) || v.Object().Is(want)
}

// convert makes v a value of the named type as PowerShell's parameter binder
// would.
func convert(v clixml.Value, typ string) (clixml.Value, error) {
	if elem, ok := strings.CutSuffix(typ, "[]"); ok {
		return convertList(v, elem)
	}
	switch full := dotNet(typ); full {
	case "System.Object":
		return v, nil
	case "System.String":
		if isList(v) {
			return v, &conversionError{plain: true, text: "Specified method is not supported."}
		}
		if v.IsNull() {
			return clixml.Str(""), nil
		}
		return clixml.Str(v.String()), nil
	case "System.Management.Automation.SwitchParameter", "System.Boolean":
		return convertBool(v, full)
	case "System.Int32", "System.Int64", "System.UInt32", "System.Double":
		return convertNumber(bare(v), full)
	case "System.Guid", "System.DateTime", "System.TimeSpan", "System.Uri", "System.Version":
		return convertText(bare(v), full)
	default:
		if sameType(v, typ) || v.IsNull() {
			return v, nil
		}
		return v, cannotConvertType(v, typ)
	}
}

func convertList(v clixml.Value, elem string) (clixml.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	var items []clixml.Value
	for _, item := range listItems(v) {
		c, err := convert(item, elem)
		if err != nil {
			return v, err
		}
		items = append(items, c)
	}
	list := clixml.Array(items...)
	list.TypeNames[0] = dotNet(elem) + "[]"
	return clixml.Obj(list), nil
}

func convertBool(v clixml.Value, full string) (clixml.Value, error) {
	isSwitch := full != "System.Boolean"
	if v.IsNull() && isSwitch {
		return clixml.Bool(true), nil
	}
	if o := v.Object(); o.Is("System.Management.Automation.SwitchParameter") {
		present, _ := o.Get("IsPresent")
		return clixml.Bool(present.True() || v.True()), nil
	}
	b := bare(v)
	if b.Kind() == clixml.KindBool {
		return b, nil
	}
	if n, ok := b.Int(); ok {
		return clixml.Bool(n != 0), nil
	}
	return v, &conversionError{plain: true}
}

func convertNumber(v clixml.Value, full string) (clixml.Value, error) {
	if v.IsNull() {
		v = clixml.Int32(0)
	}
	var f float64
	switch x := v.Any().(type) {
	case string:
		if strings.TrimSpace(x) == "" {
			break
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		if err != nil {
			return v, cannotConvert(v, full, fmt.Sprintf("The input string '%s' was not in a correct format.", x))
		}
		f = n
	case clixml.Decimal:
		f, _ = strconv.ParseFloat(string(x), 64)
	case float64:
		f = x
	case float32:
		f = float64(x)
	case bool:
		if x {
			f = 1
		}
	default:
		n, ok := v.Int()
		if !ok {
			return v, cannotConvertType(v, full)
		}
		if full == "System.Int64" {
			return clixml.Int64(n), nil
		}
		f = float64(n)
	}
	return numberOf(v, f, full)
}

func numberOf(v clixml.Value, f float64, full string) (clixml.Value, error) {
	whole := math.RoundToEven(f)
	outside := func(lo, hi float64) error {
		if whole >= lo && whole <= hi {
			return nil
		}
		return cannotConvert(v, full, fmt.Sprintf("Value was either too large or too small for a%s.",
			map[string]string{"System.Int32": "n Int32", "System.Int64": "n Int64", "System.UInt32": " UInt32"}[full]))
	}
	switch full {
	case "System.Int32":
		return clixml.Of(int32(whole)), outside(math.MinInt32, math.MaxInt32)
	case "System.Int64":
		return clixml.Of(int64(whole)), outside(math.MinInt64, math.MaxInt64)
	case "System.UInt32":
		return clixml.Of(uint32(whole)), outside(0, math.MaxUint32)
	default:
		return clixml.Double(f), nil
	}
}

// convertText makes the types that are written as one text.
func convertText(v clixml.Value, full string) (clixml.Value, error) {
	if v.IsNull() || strings.EqualFold(TypeName(v), full) {
		return v, nil
	}
	if v.Kind() != clixml.KindString {
		return v, cannotConvertType(v, full)
	}
	text := v.Text()
	switch full {
	case "System.Guid":
		id, err := uuid.Parse(text)
		if err != nil {
			return v, cannotConvert(v, full, "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).")
		}
		return clixml.GUID(id), nil
	case "System.Uri":
		return clixml.Of(clixml.URI(text)), nil
	case "System.Version":
		return clixml.Of(clixml.Version(text)), nil
	case "System.TimeSpan":
		var h, m, s int64
		if n, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); n != 3 || err != nil {
			return v, cannotConvert(v, full, fmt.Sprintf("String '%s' was not recognized as a valid TimeSpan.", text))
		}
		return clixml.Of(clixml.TimeSpan(((h*60+m)*60 + s) * 10_000_000)), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.9999999", "2006-01-02 15:04:05", "2006-01-02", "01/02/2006 15:04:05", "01/02/2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return clixml.Of(dateTime(t, layout != time.RFC3339Nano)), nil
		}
	}
	return v, cannotConvert(v, full, fmt.Sprintf("The string '%s' was not recognized as a valid DateTime. There is an unknown word starting at index '0'.", text))
}

// dateTime makes a DateTime of t; clock only (Unspecified) where there was no zone.
func dateTime(t time.Time, unspecified bool) clixml.DateTime {
	const epoch = 62135596800 // seconds from 0001-01-01 to 1970-01-01
	u := t.UTC()
	d := clixml.DateTime{Ticks: (u.Unix()+epoch)*10_000_000 + int64(u.Nanosecond())/100, Kind: clixml.UTC}
	if unspecified {
		d.Kind = clixml.Unspecified
	}
	return d
}
