package pslang

import (
	"fmt"
	"regexp"
	"strings"

	"psdeck/session/clixml"
)

// methods are the methods of System.String that are run here, with how many
// arguments each takes. ToString without arguments works on everything.
var methods = map[string][2]int{
	"tostring": {0, 1}, "toupper": {0, 0}, "tolower": {0, 0}, "toupperinvariant": {0, 0}, "tolowerinvariant": {0, 0},
	"trim": {0, 1}, "trimstart": {0, 1}, "trimend": {0, 1}, "startswith": {1, 1}, "endswith": {1, 1}, "contains": {1, 1},
	"indexof": {1, 1}, "replace": {2, 2}, "substring": {1, 2}, "padleft": {1, 2}, "padright": {1, 2}, "split": {1, 1},
}

func knownMethod(name string) bool {
	_, ok := methods[strings.ToLower(name)]
	return ok
}

func (ev *evaluator) call(e *Call) (clixml.Value, error) {
	if makesCredential(e) {
		return ev.newCredential(e)
	}
	target, err := ev.eval(e.Member.Target)
	if err != nil {
		return target, err
	}
	args := make([]clixml.Value, len(e.Args))
	for i, a := range e.Args {
		if args[i], err = ev.eval(a); err != nil {
			return target, err
		}
	}
	name := e.Member.Name.(*Constant).Value.Text()
	if target.IsNull() {
		return target, fault(e, "InvokeMethodOnNull", "You cannot call a method on a null-valued expression.")
	}
	lower := strings.ToLower(name)
	if lower == "tostring" && len(args) == 0 {
		return clixml.Str(target.String()), nil
	}
	b := base(target)
	if lower == "tostring" && len(args) == 1 && (isNumeric(b) || b.Kind() == clixml.KindDateTime || b.Kind() == clixml.KindTimeSpan || b.Kind() == clixml.KindGUID) {
		text, err := formatValue(b, args[0].String())
		if err != nil {
			err = fault(e, "FormatException", "%s", err.Error())
		}
		return clixml.Str(text), err
	}
	if b.Kind() != clixml.KindString || lower == "tostring" {
		return target, fault(e, "MethodNotFound", "Method invocation failed: %s is run here on strings only.", name)
	}
	if n := methods[lower]; len(args) < n[0] || len(args) > n[1] {
		return target, fault(e, "MethodCountCouldNotFindBest", "Cannot find an overload for %q and the argument count: \"%d\".", name, len(args))
	}
	v, err := stringMethod(lower, b.Text(), args)
	if err != nil {
		return v, fault(e, "MethodException", "Exception calling %q with \"%d\" argument(s): %q", name, len(args), err.Error())
	}
	return v, nil
}

func stringMethod(name, s string, args []clixml.Value) (clixml.Value, error) {
	arg := func(i int) string {
		if i < len(args) {
			return args[i].String()
		}
		return ""
	}
	switch name {
	case "toupper", "toupperinvariant":
		return clixml.Str(strings.ToUpper(s)), nil
	case "tolower", "tolowerinvariant":
		return clixml.Str(strings.ToLower(s)), nil
	case "trim", "trimstart", "trimend":
		return clixml.Str(trimmed(name, s, arg(0))), nil
	case "startswith":
		return clixml.Bool(strings.HasPrefix(s, arg(0))), nil
	case "endswith":
		return clixml.Bool(strings.HasSuffix(s, arg(0))), nil
	case "contains":
		return clixml.Bool(strings.Contains(s, arg(0))), nil
	case "indexof":
		i := strings.Index(s, arg(0))
		if i > 0 {
			i = Length(s[:i])
		}
		return clixml.Int32(int32(i)), nil
	case "replace":
		if arg(0) == "" {
			//lint:ignore ST1005 .NET's own words
			return clixml.Null(), fmt.Errorf("String cannot be of zero length. (Parameter 'oldValue')")
		}
		return clixml.Str(strings.ReplaceAll(s, arg(0), arg(1))), nil
	case "split":
		a, err := convertArray(clixml.Of(strings.Split(s, arg(0))), "string")
		return a, err
	}
	return stringCut(name, s, args)
}

func trimmed(name, s, set string) string {
	if set == "" {
		set = " \t\r\n\v\f\u0085\u00a0"
	}
	switch name {
	case "trimstart":
		return strings.TrimLeft(s, set)
	case "trimend":
		return strings.TrimRight(s, set)
	}
	return strings.Trim(s, set)
}

// stringCut is Substring, PadLeft and PadRight; positions count characters of
// the basic plane as .NET does, others as one.
func stringCut(name, s string, args []clixml.Value) (clixml.Value, error) {
	n, err := Convert(args[0], "int")
	if err != nil {
		return n, err
	}
	first, _ := n.Int()
	runes := []rune(s)
	if name == "substring" {
		length := int64(len(runes)) - first
		if len(args) > 1 {
			l, err := Convert(args[1], "int")
			if err != nil {
				return l, err
			}
			length, _ = l.Int()
		}
		if first < 0 || length < 0 || first+length > int64(len(runes)) {
			return n, fmt.Errorf("Index and length must refer to a location within the string. (Parameter 'length')")
		}
		return clixml.Str(string(runes[first : first+length])), nil
	}
	pad := " "
	if len(args) > 1 {
		if pad = args[1].String(); Length(pad) != 1 {
			//lint:ignore ST1005 .NET's own words
			return n, fmt.Errorf("String must be exactly one character long.")
		}
	}
	missing := first - int64(len(runes))
	if missing <= 0 || missing > 1<<20 {
		return clixml.Str(s), nil
	}
	fill := strings.Repeat(pad, int(missing))
	if name == "padleft" {
		return clixml.Str(fill + s), nil
	}
	return clixml.Str(s + fill), nil
}

var dotNetGroup = regexp.MustCompile(`\$(\d+|\{\w+\}|&|\$)`)

// replace is the operator -replace; its right side is a pattern and, behind a
// comma, the replacement.
func replace(op string, left, right clixml.Value) (clixml.Value, error) {
	args := Enumerate(right)
	if len(args) > 2 {
		return left, &conversionError{id: "BadReplaceArgument", msg: fmt.Sprintf("The -replace operator allows only two elements to follow it, not %d.", len(args))}
	}
	pattern, with := "", ""
	if len(args) > 0 {
		pattern = args[0].String()
	}
	if len(args) > 1 {
		with = args[1].String()
	}
	re, err := compileRegexp(pattern, op == "-creplace")
	if err != nil {
		return left, err
	}
	with = dotNetGroup.ReplaceAllStringFunc(with, func(ref string) string {
		switch {
		case ref == "$$":
			return "$$"
		case ref == "$&":
			return "${0}"
		case ref[1] == '{':
			return ref
		}
		return "${" + ref[1:] + "}"
	})
	items, many := collection(left)
	if !many {
		return clixml.Str(re.ReplaceAllString(left.String(), with)), nil
	}
	out := make([]clixml.Value, len(items))
	for i, x := range items {
		out[i] = clixml.Str(re.ReplaceAllString(x.String(), with))
	}
	return clixml.Obj(clixml.Array(out...)), nil
}
