package pslang

import (
	"math"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

func (ev *evaluator) ternary(e *Ternary) (clixml.Value, error) {
	v, err := ev.eval(e.Condition)
	if err != nil {
		return v, err
	}
	if Truthy(v) {
		return ev.eval(e.Yes)
	}
	return ev.eval(e.No)
}

// shift is -shl and -shr: of 32 bits, or of 64 where the left side has them.
func shift(op string, left, right clixml.Value) (clixml.Value, error) {
	by, err := Convert(right, "int")
	if err != nil {
		return by, err
	}
	n, _ := by.Int()
	if left.Kind() == clixml.KindInt64 || left.Kind() == clixml.KindUInt64 {
		x, _ := left.Int()
		if op == "-shl" {
			return clixml.Int64(x << (n & 63)), nil
		}
		return clixml.Int64(x >> (n & 63)), nil
	}
	whole, err := Convert(left, "int")
	if err != nil {
		return whole, err
	}
	x, _ := whole.Int()
	if op == "-shl" {
		return clixml.Int32(int32(x) << (n & 31)), nil
	}
	return clixml.Int32(int32(x) >> (n & 31)), nil
}

func texts(list []string) clixml.Value {
	items := make([]clixml.Value, len(list))
	for i, s := range list {
		items[i] = clixml.Str(s)
	}
	return clixml.Obj(clixml.Array(items...))
}

func splitWords(v clixml.Value) clixml.Value {
	var out []string
	for _, x := range Enumerate(v) {
		out = append(out, strings.Fields(x.String())...)
	}
	return texts(out)
}

// split is the operator -split: its right side is a pattern and, behind
// commas, how many parts to make and options.
func split(left, right clixml.Value, sensitive bool) (clixml.Value, error) {
	args := Enumerate(right)
	if len(args) == 0 {
		args = []clixml.Value{clixml.Str("")}
	}
	if args[0].Kind() == clixml.KindScriptBlock {
		return left, &conversionError{id: "NotSupported", msg: "-split takes no script block here"}
	}
	most := int64(0)
	if len(args) > 1 {
		n, err := Convert(args[1], "int")
		if err != nil {
			return n, err
		}
		most, _ = n.Int()
	}
	pattern := args[0].String()
	for _, option := range args[min(2, len(args)):] {
		switch strings.ToLower(option.String()) {
		case "simplematch":
			pattern = regexp.QuoteMeta(pattern)
		case "ignorecase", "regexmatch":
		default:
			return left, &conversionError{id: "NotSupported", msg: "the option " + option.String() + " of -split is not taken here"}
		}
	}
	re, err := compileRegexp(pattern, sensitive)
	if err != nil {
		return left, err
	}
	var out []string
	items, many := collection(left)
	if !many {
		items = []clixml.Value{left}
	}
	for _, x := range items {
		out = append(out, pieces(re, x.String(), int(most))...)
	}
	return texts(out), nil
}

// pieces cuts a text where the pattern matches; what the pattern's groups
// matched are pieces too. Most bounds the pieces: from the end where it is negative.
func pieces(re *regexp.Regexp, s string, most int) []string {
	matches := re.FindAllStringSubmatchIndex(s, -1)
	if keep := max(most, -most) - 1; most != 0 && len(matches) > keep {
		if most > 0 {
			matches = matches[:keep]
		} else {
			matches = matches[len(matches)-keep:]
		}
	}
	var out []string
	last := 0
	for _, m := range matches {
		out = append(out, s[last:m[0]])
		for i := 2; i+1 < len(m); i += 2 {
			if m[i] >= 0 {
				out = append(out, s[m[i]:m[i+1]])
			}
		}
		last = m[1]
	}
	return append(out, s[last:])
}

// staticValues are constants of types, by "type::name".
var staticValues = map[string]clixml.Value{
	"int::maxvalue": clixml.Int32(math.MaxInt32), "int::minvalue": clixml.Int32(math.MinInt32),
	"int32::maxvalue": clixml.Int32(math.MaxInt32), "int32::minvalue": clixml.Int32(math.MinInt32),
	"long::maxvalue": clixml.Int64(math.MaxInt64), "long::minvalue": clixml.Int64(math.MinInt64),
	"int64::maxvalue": clixml.Int64(math.MaxInt64), "int64::minvalue": clixml.Int64(math.MinInt64),
	"double::maxvalue": clixml.Double(math.MaxFloat64), "double::minvalue": clixml.Double(-math.MaxFloat64),
	"double::nan": clixml.Double(math.NaN()), "double::positiveinfinity": clixml.Double(math.Inf(1)), "double::negativeinfinity": clixml.Double(math.Inf(-1)),
	"decimal::maxvalue": clixml.Of(clixml.Decimal("79228162514264337593543950335")), "decimal::minvalue": clixml.Of(clixml.Decimal("-79228162514264337593543950335")),
	"guid::empty": clixml.Of(uuid.UUID{}), "string::empty": clixml.Str(""), "math::pi": clixml.Double(math.Pi), "math::e": clixml.Double(math.E),
}

// staticValue gives the value of a type's constant: [type]::Name.
func staticValue(e *Member) (clixml.Value, bool) {
	t, ok := e.Target.(*TypeLiteral)
	name, named := e.Name.(*Constant)
	if !ok || !named || !e.Static {
		return clixml.Value{}, false
	}
	v, ok := staticValues[plainType(t.Name)+"::"+strings.ToLower(name.Value.Text())]
	return v, ok
}
