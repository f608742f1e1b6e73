package pipeline

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// whereOperators are Where-Object's operators; each has a form with C before it.
const whereOperators = "EQ NE GT GE LT LE Like NotLike Match NotMatch Contains NotContains In NotIn"

func whereParams() []param {
	params := []param{
		{name: "Property", kind: aValue, position: 1},
		{name: "Value", kind: aValue, position: 2},
		{name: "FilterScript", kind: aValue},
		{name: "InputObject", kind: aValue},
		{name: "Not"},
		{name: "Is"},
		{name: "IsNot"},
	}
	for _, op := range strings.Fields(whereOperators) {
		params = append(params, param{name: op, aliases: "I" + op}, param{name: "C" + op})
	}
	return params
}

// where passes the objects for which a test holds.
type where struct {
	running
	block    *pslang.Block
	property string
	op       string // "" tests the property itself
	value    clixml.Value
	negate   bool
	cmp      pslang.Comparer
}

func newWhere(a *arguments) (Stage, error) {
	w := &where{}
	for _, name := range []string{"Property", "FilterScript"} {
		b, err := a.block(name)
		if err != nil {
			return nil, err
		}
		if b != nil {
			w.block = b
			return w, nil
		}
	}
	if !a.has("Property") {
		return nil, a.usage(a.cmd.Extent, "ParameterBindingException", "name a property, or give a script block: Where-Object Enabled -eq $true")
	}
	var err error
	if w.property, err = a.text("Property"); err != nil {
		return nil, err
	}
	if w.value, err = a.value("Value"); err != nil {
		return nil, err
	}
	for name, on := range a.flags {
		switch {
		case !on || name == "Verbose" || name == "Debug":
		case name == "Not":
			w.negate = true
		case w.op != "":
			return nil, a.usage(a.cmd.Extent, "AmbiguousParameterSet", "Parameter set cannot be resolved: use one operator.")
		default:
			w.op = name
		}
	}
	return w, w.check(a)
}

func (w *where) check(a *arguments) error {
	switch {
	case w.op == "" && a.has("Value"):
		return a.usage(a.exprs["Value"].Span(), "OperatorNotSpecified", "The specified operator is missing: write Where-Object %s -eq …", w.property)
	case w.op == "Is" || w.op == "IsNot":
		name := strings.TrimSuffix(strings.TrimPrefix(w.value.String(), "["), "]")
		if _, known := pslang.IsType(clixml.Null(), name); !known {
			return a.usage(a.cmd.Extent, "TypeNotFound", "the type [%s] is not known here", name)
		}
		w.value = clixml.Str(name)
	case w.op != "" && !a.has("Value"):
		return a.usage(a.cmd.Extent, "ValueNotSpecifiedForWhereObject", "The '-Value' parameter is missing: write Where-Object %s -%s …", w.property, strings.ToLower(w.op))
	}
	return nil
}

func (w *where) Push(v clixml.Value) ([]clixml.Value, error) {
	ok, err := w.test(v)
	if err != nil {
		return nil, &Error{Command: "Where-Object", ID: "OperatorFailed", Msg: err.Error(), Target: v}
	}
	if !ok {
		return nil, nil
	}
	return []clixml.Value{v}, nil
}

func (w *where) test(v clixml.Value) (bool, error) {
	if w.block != nil {
		out, err := w.block.Value(v)
		return pslang.Truthy(out), err
	}
	left, _ := pslang.Property(v, w.property)
	switch w.op {
	case "":
		return pslang.Truthy(left) != w.negate, nil
	case "Is", "IsNot":
		is, _ := pslang.IsType(left, w.value.Text())
		return is == (w.op == "Is"), nil
	}
	out, err := w.cmp.Compare(w.op, left, w.value)
	return pslang.Truthy(out), err
}
