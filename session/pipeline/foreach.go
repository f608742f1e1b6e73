package pipeline

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// forEach is ForEach-Object: a member of each object, or a script block for each.
type forEach struct {
	begin, process, end *pslang.Block
	member              string
	arguments           []clixml.Value // of a method
	method              bool
	started             bool
}

func newForEach(a *arguments) (Stage, error) {
	f := &forEach{}
	a.scope = &pslang.Locals{Outer: a.scope} // the blocks share what they assign
	for name, dst := range map[string]**pslang.Block{"Begin": &f.begin, "Process": &f.process, "End": &f.end} {
		b, err := a.block(name)
		if err != nil {
			return nil, fmt.Errorf("ForEach-Object: the script block: %w", err)
		}
		*dst = b
	}
	if f.process != nil {
		if a.has("ArgumentList") {
			err := a.usage(a.exprs["ArgumentList"].Span(), "PositionalParameterNotFound", "one script block is taken here without a name; name the others -Begin and -End")
			return nil, err
		}
		return f, nil
	}
	name := "MemberName"
	if a.has("Process") {
		name = "Process"
	}
	var err error
	if f.member, err = a.text(name); err == nil && f.member == "" && f.begin == nil && f.end == nil {
		err = a.usage(a.cmd.Extent, "MissingArgument", "name a property, or give a script block")
	}
	if err != nil {
		return nil, err
	}
	f.method = a.has("ArgumentList") || pslang.KnownMethod(f.member)
	if f.method && !pslang.KnownMethod(f.member) {
		return nil, a.usage(a.exprs["ArgumentList"].Span(), "NotSupported", "the method %s is not called here: name a property, or one of a text's methods", f.member)
	}
	f.arguments, err = a.list("ArgumentList")
	return f, err
}

func (f *forEach) Done() bool { return false }

func (f *forEach) Push(v clixml.Value) ([]clixml.Value, error) {
	out := f.begun()
	switch {
	case f.process != nil:
		more, err := f.process.Run(v)
		if err != nil {
			return append(out, more...), &Error{Command: "ForEach-Object", ID: "ExpressionFailed", Msg: err.Error(), Target: v}
		}
		return append(out, more...), nil
	case f.member == "":
		return out, nil
	}
	if f.method {
		return f.call(out, v)
	}
	x, ok := pslang.Property(v, f.member)
	if !ok && !v.IsNull() && members(v) == nil {
		return out, &Error{Command: "ForEach-Object", ID: "PropertyOrMethodNotFound", Msg: fmt.Sprintf("The property %q cannot be found on this object.", f.member), Target: v}
	}
	if x.IsNull() {
		return append(out, x), nil
	}
	return append(out, pslang.Enumerate(x)...), nil
}

// call calls the method, or reads a property of its name.
func (f *forEach) call(out []clixml.Value, v clixml.Value) ([]clixml.Value, error) {
	if x, ok := pslang.MemberOf(v, f.member); ok && len(f.arguments) == 0 {
		return append(out, pslang.Enumerate(x)...), nil
	}
	if strings.EqualFold(f.member, "ToString") && len(f.arguments) == 0 && v.Object() != nil {
		return append(out, clixml.Str(ownText(v))), nil
	}
	if v.IsNull() {
		return out, &Error{Command: "ForEach-Object", ID: "InputObjectIsNull", Msg: `Cannot process argument because the value of argument "InputObject" is null.`}
	}
	x, err := pslang.Invoke(v, f.member, f.arguments...)
	if err != nil {
		return out, &Error{Command: "ForEach-Object", ID: "MethodInvocationError", Msg: err.Error(), Target: v}
	}
	return append(out, pslang.Enumerate(x)...), nil
}

func (f *forEach) begun() []clixml.Value {
	if f.started {
		return nil
	}
	f.started = true
	if f.begin == nil {
		return nil
	}
	out, _ := f.begin.Run(clixml.Null())
	return out
}

func (f *forEach) End() ([]clixml.Value, error) {
	out := f.begun()
	if f.end == nil {
		return out, nil
	}
	more, err := f.end.Run(clixml.Null())
	return append(out, more...), err
}

// getUnique is Get-Unique: it drops an object that equals the one before it.
type getUnique struct {
	running
	last     clixml.Value
	any      bool
	asString bool
	onType   bool
	foldCase bool
	cmp      pslang.Comparer
}

func newGetUnique(a *arguments) (Stage, error) {
	return &getUnique{asString: a.flag("AsString"), onType: a.flag("OnType"), foldCase: a.flag("CaseInsensitive")}, nil
}

func (g *getUnique) Push(v clixml.Value) ([]clixml.Value, error) {
	if g.any && g.same(v) {
		return nil, nil
	}
	g.last, g.any = v, true
	return []clixml.Value{v}, nil
}

func (g *getUnique) same(v clixml.Value) bool {
	switch {
	case g.onType:
		return typeName(g.last) == typeName(v)
	case g.asString:
		return g.cmp.Equal(clixml.Str(g.last.String()), clixml.Str(v.String()), !g.foldCase)
	}
	if n, err := g.cmp.Order(g.last, v, !g.foldCase); err == nil {
		return n == 0
	}
	return g.cmp.OrderText(plainText(g.last), plainText(v), !g.foldCase) == 0
}

func typeName(v clixml.Value) string {
	if o := v.Object(); o != nil && len(o.TypeNames) > 0 {
		return o.TypeNames[0]
	}
	return v.Kind().TypeName()
}
