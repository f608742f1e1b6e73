package session

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// bound is what was given to a cmdlet.
type bound struct {
	cmdlet *cmdlet
	values map[string]clixml.Value // by the parameter's full name, converted
}

func (b bound) has(name string) bool            { _, ok := b.values[name]; return ok }
func (b bound) value(name string) clixml.Value  { return b.values[name] }
func (b bound) text(name string) string         { return b.values[name].String() }
func (b bound) on(name string) bool             { return b.values[name].True() }
func (b bound) list(name string) []clixml.Value { return unroll(b.values[name]) }

func (b bound) number(name string) int {
	n, _ := b.values[name].Int()
	return int(n)
}

// texts are the items of a list as text.
func (b bound) texts(name string) []string {
	var out []string
	for _, v := range b.list(name) {
		out = append(out, v.String())
	}
	return out
}

// argument is a value on its way to a parameter.
type argument struct {
	at    pslang.Arg
	value clixml.Value
}

// binder binds the arguments of a typed command to the parameters of a cmdlet
// as PowerShell does: names without case and as short as they are unique, then
// the values without a name by position, in the first parameter set that takes
// them all: the default one, without converting, then with.
type binder struct {
	cmdlet  *cmdlet
	sig     signature
	cmd     *pslang.Command
	scope   pslang.Scope
	desk    *Cmdlets
	named   map[string]argument
	unnamed []argument
}

// bind binds a command. Piped values go to the parameter that takes them.
func (d *Cmdlets) bind(c *cmdlet, cmd *pslang.Command, scope pslang.Scope, piped []clixml.Value, hasIn bool) (bound, error) {
	b := &binder{cmdlet: c, sig: c.signature(), cmd: cmd, scope: scope, desk: d, named: make(map[string]argument)}
	if err := b.read(); err != nil {
		return bound{}, err
	}
	if hasIn && c.pipe != "" && !b.has(c.pipe) {
		b.named[c.pipe] = argument{pslang.Arg{Extent: cmd.NameExtent}, clixml.Obj(clixml.Array(piped...))}
	}
	out, err := b.choose()
	if err != nil || c.check == nil {
		return out, err
	}
	if id, text := c.check(out); text != "" {
		return out, b.fail(cmd.Extent, id, "%s", text)
	}
	return out, nil
}

func (b *binder) has(name string) bool { _, ok := b.named[name]; return ok }

// read takes the arguments in the order typed.
func (b *binder) read() error {
	for i := 0; i < len(b.cmd.Args); i++ {
		arg := b.cmd.Args[i]
		if v, ok := arg.Value.(*pslang.Variable); ok && v.Splat {
			if err := b.splat(arg, v); err != nil {
				return err
			}
			continue
		}
		if arg.Name == "" {
			v, err := pslang.Eval(arg.Value, b.scope)
			if err != nil {
				return err
			}
			b.unnamed = append(b.unnamed, argument{arg, v})
			continue
		}
		p, err := b.find(arg)
		if err != nil {
			return err
		}
		value := arg.Value
		if value == nil && p.typ != "" && i+1 < len(b.cmd.Args) && b.cmd.Args[i+1].Name == "" {
			i++
			value = b.cmd.Args[i].Value
		}
		if err := b.take(arg, p, value); err != nil {
			return err
		}
	}
	return nil
}

// splat takes the entries of a hashtable as named parameters, the items of a
// list as values without a name.
func (b *binder) splat(arg pslang.Arg, v *pslang.Variable) error {
	given, _ := b.scope.Variable(v.Name)
	o := given.Object()
	if o == nil || o.Kind != clixml.Dict {
		for _, item := range unroll(given) {
			b.unnamed = append(b.unnamed, argument{arg, item})
		}
		return nil
	}
	for _, e := range o.Entries {
		p, err := b.find(pslang.Arg{Name: e.Key.String(), Extent: arg.Extent})
		if err != nil {
			return err
		}
		if b.has(p.name) {
			return b.twice(arg, p)
		}
		b.named[p.name] = argument{arg, e.Value}
	}
	return nil
}

func (b *binder) take(arg pslang.Arg, p parameter, value pslang.Expr) error {
	switch {
	case b.has(p.name):
		return b.twice(arg, p)
	case value == nil && p.typ == "":
		b.named[p.name] = argument{arg, clixml.Bool(true)}
		return nil
	case value == nil:
		return b.fail(arg.Extent, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type '%s' and try again.", p.name, dotNetType(p.typ))
	}
	v, err := pslang.Eval(value, b.scope)
	b.named[p.name] = argument{arg, v}
	return err
}

func (b *binder) twice(arg pslang.Arg, p parameter) error {
	return b.fail(arg.Extent, "ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once. "+
		`To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, "-parameter value1,value2,value3".`, p.name)
}

// find is the parameter of a name, an alias, or the beginning of just one.
func (b *binder) find(arg pslang.Arg) (parameter, error) {
	var found []parameter
	for _, p := range b.sig.parameters {
		begins := false
		for _, name := range append([]string{p.name}, p.aliases...) {
			if strings.EqualFold(name, arg.Name) {
				return p, nil
			}
			_, ok := cutPrefixFold(name, arg.Name)
			begins = begins || ok
		}
		if begins {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return parameter{}, b.fail(arg.Extent, "NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", arg.Name)
	}
	names := ""
	for _, p := range found {
		names += " -" + p.name
	}
	return parameter{}, b.fail(arg.Extent, "AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. Possible matches include:%s.", arg.Name, names)
}

// choose finds the parameter set and converts the values.
func (b *binder) choose() (bound, error) {
	var fits []map[string]place
	for _, set := range b.sig.sets {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(b.named)), func(name string) bool { _, ok := set[name]; return !ok }) {
			fits = append(fits, set)
		}
	}
	if len(fits) == 0 {
		return bound{}, b.fail(b.cmd.Extent, "AmbiguousParameterSet", "Parameter set cannot be resolved using the specified named parameters. "+
			"One or more parameters issued cannot be used together or an insufficient number of parameters were provided.")
	}
	if _, err := b.convert(b.named); err != nil {
		return bound{}, err // these are bound before those without a name
	}
	var first error
	for _, convert := range []bool{false, true} {
		for _, set := range fits {
			args, err := b.place(set, convert)
			if err == nil {
				var out bound
				if out, err = b.convert(args); err == nil {
					return out, nil
				}
			}
			if convert && (first == nil || failedMore(err, first)) {
				first = err
			}
		}
	}
	return bound{}, first
}

// failedMore tells that err says more of what was typed than have does: what is
// missing in one set may be there in the next.
func failedMore(err, have error) bool {
	return strings.HasPrefix(idOf(have), "MissingMandatoryParameter") && !strings.HasPrefix(idOf(err), "MissingMandatoryParameter")
}

func idOf(err error) string {
	var e *pslang.Error
	if errors.As(err, &e) {
		return e.ID
	}
	return ""
}

// place puts the values without a name to the positions of a set.
func (b *binder) place(set map[string]place, convert bool) (map[string]argument, error) {
	args := maps.Clone(b.named)
	var free []string
	for name, at := range set {
		if at.position >= 0 && !b.has(name) {
			free = append(free, name)
		}
	}
	slices.SortFunc(free, func(x, y string) int { return set[x].position - set[y].position })
	for i, arg := range b.unnamed {
		if i >= len(free) {
			return nil, b.fail(arg.at.Extent, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", safeText(arg.value))
		}
		p := b.parameter(free[i])
		if !convert && !isType(arg.value, p.typ) {
			return nil, b.fail(arg.at.Extent, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", safeText(arg.value))
		}
		args[free[i]] = arg
	}
	var missing []string
	for _, p := range b.sig.parameters {
		if at, ok := set[p.name]; ok && at.mandatory {
			if _, given := args[p.name]; !given {
				missing = append(missing, p.name)
			}
		}
	}
	if len(missing) > 0 {
		return nil, b.fail(b.cmd.NameExtent, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: %s.", strings.Join(missing, " "))
	}
	return args, nil
}

func (b *binder) parameter(name string) parameter {
	i := slices.IndexFunc(b.sig.parameters, func(p parameter) bool { return p.name == name })
	return b.sig.parameters[i]
}

func (b *binder) convert(args map[string]argument) (bound, error) {
	out := bound{b.cmdlet, make(map[string]clixml.Value, len(args))}
	for _, p := range b.sig.parameters { // in a fixed order, so that errors are
		arg, ok := args[p.name]
		if !ok {
			continue
		}
		v, err := b.desk.convert(p, arg.value)
		if err != nil {
			return out, b.cannotBind(arg.at.Extent, p, err)
		}
		out.values[p.name] = v
	}
	return out, nil
}

// cannotBind is the error of a value that a parameter does not take.
func (b *binder) cannotBind(at pslang.Extent, p parameter, err error) error {
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "Cannot validate argument"):
		return b.fail(at, "ParameterArgumentValidationError", "%s", text)
	case p.typ == "":
		return b.fail(at, "CannotConvertArgument", "%s", text)
	}
	return b.fail(at, "CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %s", p.name, text)
}

func (b *binder) fail(at pslang.Extent, id, format string, args ...any) error {
	return &pslang.Error{Extent: at, ID: id + "," + b.cmdlet.class, Msg: fmt.Sprintf(format, args...)}
}

func safeText(v clixml.Value) string {
	if o := v.Object(); o != nil && (o.Is(typeSecureString) || o.Is(typeCredential)) {
		return o.TypeNames[0]
	}
	return v.String()
}
