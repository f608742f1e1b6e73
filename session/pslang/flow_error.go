package pslang

import (
	"errors"
	"slices"
	"strings"

	"psdeck/session/clixml"
)

// Thrown is the error of a throw statement.
type Thrown struct {
	Extent
	// Value is what was thrown; an error record of a catch block is that error again.
	Value clixml.Value
}

func (e *Thrown) Error() string {
	if e.Value.IsNull() {
		return "ScriptHalted"
	}
	return e.Value.String()
}

// ID is PowerShell's error id: the text itself.
func (e *Thrown) ID() string {
	if id, ok := e.Value.Object().Get("FullyQualifiedErrorId"); ok && e.IsRecord() {
		return id.String()
	}
	return e.Error()
}

// IsRecord tells whether what was thrown is an error record.
func (e *Thrown) IsRecord() bool {
	o := e.Value.Object()
	return o != nil && slices.ContainsFunc(o.TypeNames, func(name string) bool { return strings.HasSuffix(name, ".ErrorRecord") })
}

func (f *Flow) throw(c *Throw) error {
	if c.Value == nil {
		if n := len(f.handled); n > 0 {
			return f.handled[n-1]
		}
		return &Thrown{Extent: c.Extent}
	}
	v, _, err := f.value(c.Value)
	if err != nil {
		return err
	}
	return &Thrown{Extent: c.Extent, Value: v}
}

func (f *Flow) try(c *Try, out func([]clixml.Value)) (string, error) {
	f.tries++
	word, err := f.body(c.Body, out)
	f.tries--
	catchable := true
	if err != nil {
		var record clixml.Value
		var types []string
		if record, types, catchable = f.machine.Caught(err); catchable {
			word, err = f.catch(c, err, record, types, out)
		}
	}
	if err != nil && catchable {
		_, _, catchable = f.machine.Caught(err)
	}
	if !catchable {
		return "", err // stopped, or nobody knows what became of it: nothing more is sent
	}
	left, failed := f.body(c.Finally, out)
	if failed != nil || left != "" {
		return left, failed
	}
	return word, err
}

// catch runs the first catch block that takes an error; without one the error
// stays.
func (f *Flow) catch(c *Try, err error, record clixml.Value, types []string, out func([]clixml.Value)) (string, error) {
	for i := range c.Catches {
		one := &c.Catches[i]
		if len(one.Types) > 0 && !slices.ContainsFunc(one.Types, func(t string) bool { return ofType(t, types) }) {
			continue
		}
		f.handled = append(f.handled, err)
		defer func() { f.handled = f.handled[:len(f.handled)-1] }()
		return f.under(record, func() (string, error) { return f.body(one.Body, out) })
	}
	return "", err
}

// ofType tells whether a type that a catch block names is one of an exception's:
// "System." may be left out.
func ofType(name string, types []string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		t = strings.TrimPrefix(t, "Deserialized.")
		return strings.EqualFold(name, t) || strings.EqualFold("System."+name, t)
	})
}

// ErrorTypes are the types of the exception that an error of this package
// stands for, from the most exact one on.
func ErrorTypes(err error) []string {
	types := []string{"System.Management.Automation.RuntimeException", "System.SystemException", "System.Exception"}
	var e *EvalError
	var thrown *Thrown
	var wrong *Error
	switch {
	case errors.As(err, &thrown):
		if o, ok := exceptionOf(thrown); ok {
			return append(slices.Clone(o.TypeNames), types...)
		}
	case errors.As(err, &wrong) && wrong.ID == "CommandNotFoundException":
		return append([]string{"System.Management.Automation.CommandNotFoundException"}, types...)
	case !errors.As(err, &e):
	case e.Msg == errDivide.msg:
		return append([]string{"System.DivideByZeroException", "System.ArithmeticException"}, types...)
	case strings.HasPrefix(e.ID, "InvalidCast"):
		return append([]string{"System.Management.Automation.PSInvalidCastException", "System.InvalidCastException"}, types...)
	}
	return types
}

// exceptionOf is the exception of a record that was thrown again.
func exceptionOf(e *Thrown) (*clixml.Object, bool) {
	if !e.IsRecord() {
		return nil, false
	}
	x, _ := e.Value.Object().Get("Exception")
	return x.Object(), x.Object() != nil
}

// recordOf is an error of this package as an error record.
func recordOf(err error) clixml.Value {
	id := ""
	var e *EvalError
	var thrown *Thrown
	switch {
	case errors.As(err, &thrown) && thrown.IsRecord():
		return thrown.Value
	case errors.As(err, &thrown):
		id = thrown.ID()
	case errors.As(err, &e):
		id = e.ID
	}
	exception := &clixml.Object{
		TypeNames: ErrorTypes(err), ToString: err.Error(), HasToString: true,
		Props: []clixml.Property{clixml.Prop("Message", err.Error())},
	}
	record := &clixml.Object{
		TypeNames: []string{"System.Management.Automation.ErrorRecord", "System.Object"}, ToString: err.Error(), HasToString: true,
		Members: []clixml.Property{clixml.Prop("Exception", exception), clixml.Prop("FullyQualifiedErrorId", id)},
	}
	if thrown != nil {
		record.Members = append(record.Members, clixml.Prop("TargetObject", thrown.Value))
	}
	return clixml.Obj(record)
}
