package session

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// castError is a value that a property does not take, in PowerShell's words.
type castError string

func (e castError) Error() string { return string(e) }

func castf(format string, args ...any) error { return castError(fmt.Sprintf(format, args...)) }

// notConvertible is what PowerShell says of a value of another type.
func notConvertible(v clixml.Value, typ string) string {
	if v.IsNull() {
		return fmt.Sprintf("Cannot convert null to type %q.", typ)
	}
	return fmt.Sprintf(`Cannot convert the "%s" value of type "%s" to type "%s".`, v, typeNameOf(v), typ)
}

// typeNameOf is the .NET type of a value as it can be typed at a prompt.
func typeNameOf(v clixml.Value) string {
	if o := v.Object(); o != nil {
		if len(o.TypeNames) > 0 {
			return o.TypeNames[0]
		}
		return "System.Management.Automation.PSCustomObject"
	}
	return v.Kind().TypeName()
}

// notBelow is the cmdlet's check of a parameter.
func notBelow(name string, n, least int) error {
	if n >= least {
		return nil
	}
	return castf("Cannot validate argument on parameter '%s'. The %d argument is less than the minimum allowed range of %d. "+
		"Supply an argument that is greater than or equal to %[3]d and then try the command again.", name, n, least)
}

// given is a value for a property: of a hashtable, or the text of an argument.
type given struct {
	clixml.Value
	text bool
}

// bool follows PowerShell: any text but an empty one is true. In an argument
// the words say what they say.
func (v given) bool() (bool, error) {
	if !v.text {
		return pslang.Truthy(v.Value), nil
	}
	b, err := strconv.ParseBool(strings.TrimPrefix(strings.ToLower(v.Text()), "$"))
	if err != nil {
		return false, fmt.Errorf("%q is neither true nor false", v.Text())
	}
	return b, nil
}

func (v given) int() (int, error) {
	n, err := pslang.Convert(v.Value, "System.Int32")
	if err != nil {
		return 0, castError(err.Error())
	}
	i, _ := n.Int()
	return int(i), nil
}

// size takes a number of bytes, or $null for none.
func (v given) size(dst *int, none int) error {
	if v.IsNull() || v.text && strings.EqualFold(v.Text(), "$null") {
		*dst = none
		return nil
	}
	n, err := v.int()
	if err == nil && n <= 0 {
		err = fmt.Errorf("%d is not a number of bytes", n)
	}
	if err == nil {
		*dst = n
	}
	return err
}

// culture takes a language tag.
func (v given) culture() (string, error) {
	tag := strings.TrimSpace(v.String())
	for _, part := range strings.Split(tag, "-") {
		if tag != "" && (part == "" || len(part) > 8 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "") {
			return "", castf(`Cannot convert value "%s" to type "System.Globalization.CultureInfo". Error: "Culture is not supported. (Parameter 'name') %[1]s is an invalid culture identifier."`, tag)
		}
	}
	return tag, nil
}

type enumName struct {
	name   string
	number int64
}

// enum takes a name, or its beginning where only one begins so, or a number.
func (v given) enum(typ string, names []enumName) (string, error) {
	if n, ok := v.Int(); ok {
		for _, e := range names {
			if e.number == n {
				return e.name, nil
			}
		}
		return "", castf(`Cannot convert value "%d" to type "%s" due to enumeration values that are not valid. `+
			`Specify one of the following enumeration values and try again. The possible enumeration values are "%s".`, n, typ, joined(names, ","))
	}
	if v.IsNull() {
		return "", castf(`Cannot convert null to type "%s" due to enumeration values that are not valid. `+
			`Specify one of the following enumeration values and try again. The possible enumeration values are "%s".`, typ, joined(names, ","))
	}
	text := strings.TrimSpace(v.String())
	var found []string
	for _, e := range names {
		if strings.EqualFold(e.name, text) {
			return e.name, nil
		}
		if _, ok := cutPrefixFold(e.name, text); ok && text != "" {
			found = append(found, e.name)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return "", castf("Cannot convert value \"%s\" to type \"%s\". Error: \"Unable to match the identifier name %[1]s to a valid enumerator name. "+
		"Specify one of the following enumerator names and try again:\n%[3]s\"", text, typ, joined(names, ", "))
}

func joined(names []enumName, sep string) string {
	var list []string
	for _, e := range names {
		list = append(list, e.name)
	}
	return strings.Join(list, sep)
}

// timeout takes a time; zero waits without end, as PowerShell has it.
func (v given) timeout(dst *time.Duration) error {
	d, err := v.time()
	switch {
	case err != nil:
		return err
	case d < 0:
		return fmt.Errorf("%s is less than nothing", v)
	case d == 0:
		d = NoTimeout
	}
	*dst = d
	return nil
}

func (o *Options) setIdleTimeout(v given) error {
	d, err := v.time()
	switch {
	case err != nil:
		return err
	case d == -time.Millisecond: // PowerShell's default: the server's own
		d = 0
	case d < MinIdleTimeout:
		return errIdle(d)
	}
	o.IdleTimeout = d
	return nil
}

func errIdle(d time.Duration) error {
	return castf("The specified IdleTimeout session option %d (seconds) is not a valid period. "+
		"Specify an IdleTimeout value that is greater than or equal to the minimum allowed %d (seconds).",
		int(d.Seconds()), int(MinIdleTimeout.Seconds()))
}

// longest is the longest time of a property: the cmdlet takes an Int32 of
// milliseconds.
const longest = math.MaxInt32 * time.Millisecond

// time takes milliseconds, a duration of Go, or .NET's hours, minutes and
// seconds with days before and a fraction behind.
func (v given) time() (time.Duration, error) {
	if span, ok := v.Any().(clixml.TimeSpan); ok {
		return min(span.Duration(), longest), nil
	}
	if ms, ok := v.Int(); ok && ms >= -1 && ms <= math.MaxInt32 {
		return time.Duration(ms) * time.Millisecond, nil
	}
	s := strings.TrimSpace(v.String())
	if ms, err := strconv.ParseInt(s, 10, 32); err == nil && ms >= -1 {
		return time.Duration(ms) * time.Millisecond, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return min(d, longest), nil
	}
	if span, err := pslang.Convert(clixml.Str(s), "System.TimeSpan"); err == nil && strings.Contains(s, ":") {
		return min(span.Any().(clixml.TimeSpan).Duration(), longest), nil
	}
	if v.text {
		return 0, fmt.Errorf("%q is not a time: give whole milliseconds, or a form like 15m or 00:15:00", s)
	}
	if slices.Contains([]clixml.Kind{clixml.KindString, clixml.KindInt32, clixml.KindInt64, clixml.KindDouble}, v.Kind()) {
		return 0, castf(`Cannot convert value "%s" to type "System.TimeSpan". Error: "String '%[1]s' was not recognized as a valid TimeSpan."`, s)
	}
	return 0, castf("%s", notConvertible(v.Value, "System.TimeSpan"))
}
