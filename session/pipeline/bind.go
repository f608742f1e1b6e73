package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// paramKind tells what a parameter takes.
type paramKind uint8

const (
	aSwitch paramKind = iota
	aValue
)

// param is a parameter of a cmdlet.
type param struct {
	name     string
	kind     paramKind
	position int  // from 1; 0 is none
	rest     bool // takes all that is left of what has no name
	aliases  string
}

// cmdlet is a command that runs here.
type cmdlet struct {
	name   string
	params []param
	make   func(*arguments) (Stage, error)
}

// arguments are a command's arguments by parameter.
type arguments struct {
	cmd   *pslang.Command
	name  string
	scope pslang.Scope
	exprs map[string]pslang.Expr
	flags map[string]bool
	acts  actions
}

func (a *arguments) usage(at pslang.Extent, id, text string, args ...any) error {
	return &UsageError{Extent: at, Command: a.name, ID: id, Msg: fmt.Sprintf(text, args...)}
}

// bind gives each argument to its parameter.
func bind(c cmdlet, cmd *pslang.Command, scope pslang.Scope) (*arguments, error) {
	a := &arguments{cmd: cmd, name: c.name, scope: scope, exprs: map[string]pslang.Expr{}, flags: map[string]bool{}}
	params := append(append([]param(nil), c.params...), common()...)
	var free []pslang.Arg
	args := splatted(cmd.Args, scope)
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg.Name == "" {
			free = append(free, arg)
			continue
		}
		p, err := a.match(params, arg)
		if err != nil {
			return nil, err
		}
		if a.exprs[p.name] != nil || a.flags[p.name] {
			return nil, a.usage(arg.Extent, "ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once.", p.name)
		}
		if p.kind == aSwitch {
			if err := a.setSwitch(p, arg); err != nil {
				return nil, err
			}
			continue
		}
		if arg.Value == nil {
			if i+1 == len(args) || args[i+1].Name != "" {
				return nil, a.usage(arg.Extent, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter and try again.", p.name)
			}
			i++
			arg = args[i]
		}
		a.exprs[p.name] = arg.Value
	}
	if err := a.bindFree(params, free); err != nil {
		return nil, err
	}
	return a, a.commonActions()
}

// splatted writes out what @name stands for: the entries of a hashtable as
// parameters, the items of an array as values.
func splatted(args []pslang.Arg, scope pslang.Scope) []pslang.Arg {
	if !slices.ContainsFunc(args, pslang.Arg.Splatted) {
		return args
	}
	var out []pslang.Arg
	for _, a := range args {
		if !a.Splatted() {
			out = append(out, a)
			continue
		}
		v, _ := scope.Variable(a.Value.(*pslang.Variable).Name)
		if o := v.Object(); o != nil && o.Kind == clixml.Dict {
			for _, e := range o.Entries {
				out = append(out, pslang.Arg{Name: e.Key.String(), Colon: true, Value: &pslang.Constant{Value: e.Value, Extent: a.Extent}, Extent: a.Extent})
			}
			continue
		}
		for _, item := range pslang.Enumerate(v) {
			out = append(out, pslang.Arg{Value: &pslang.Constant{Value: item, Extent: a.Extent}, Extent: a.Extent})
		}
	}
	return out
}

func (a *arguments) setSwitch(p param, arg pslang.Arg) error {
	on := true
	if arg.Value != nil {
		v, err := pslang.Eval(arg.Value, a.scope)
		if err != nil {
			return err
		}
		on = pslang.Truthy(v)
	}
	a.flags[p.name] = on
	return nil
}

// match finds a parameter by its name, an alias, or an unambiguous prefix.
func (a *arguments) match(params []param, arg pslang.Arg) (param, error) {
	var found []param
	for _, p := range params {
		for _, alias := range append(strings.Fields(p.aliases), p.name) {
			if strings.EqualFold(alias, arg.Name) {
				return p, nil
			}
		}
		if len(p.name) > len(arg.Name) && strings.EqualFold(p.name[:len(arg.Name)], arg.Name) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return param{}, a.usage(arg.Extent, "NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", arg.Name)
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = "-" + p.name
	}
	return param{}, a.usage(arg.Extent, "AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. Possible matches include: %s.", arg.Name, strings.Join(names, " "))
}

func (a *arguments) bindFree(params []param, free []pslang.Arg) error {
	position := 1
	for _, arg := range free {
		bound := false
		for ; !bound && position <= 3; position++ {
			for _, p := range params {
				if p.position == position && a.exprs[p.name] == nil {
					a.exprs[p.name] = arg.Value
					bound = true
					break
				}
			}
		}
		if !bound && !a.bindRest(params, arg) {
			return a.usage(arg.Extent, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", textOf(arg.Value))
		}
	}
	return nil
}

// bindRest gives an argument to the parameter that takes what is left over.
func (a *arguments) bindRest(params []param, arg pslang.Arg) bool {
	for _, p := range params {
		if !p.rest {
			continue
		}
		list, ok := a.exprs[p.name].(*pslang.Array)
		if !ok || list.Sub {
			list = &pslang.Array{Items: []pslang.Expr{a.exprs[p.name]}, Extent: arg.Extent}
			a.exprs[p.name] = list
		}
		list.Items = append(list.Items, arg.Value)
		return true
	}
	return false
}

func textOf(e pslang.Expr) string {
	if c, ok := e.(*pslang.Constant); ok {
		return c.Value.String()
	}
	return "…"
}

func (a *arguments) flag(name string) bool { return a.flags[name] }

func (a *arguments) has(name string) bool { return a.exprs[name] != nil }

// value evaluates the argument of a parameter; $null where there is none.
func (a *arguments) value(name string) (clixml.Value, error) {
	e := a.exprs[name]
	if e == nil {
		return clixml.Null(), nil
	}
	return pslang.Eval(e, a.scope)
}

func (a *arguments) text(name string) (string, error) {
	v, err := a.value(name)
	return v.String(), err
}

// list evaluates an argument that takes several values.
func (a *arguments) list(name string) ([]clixml.Value, error) {
	v, err := a.value(name)
	return pslang.Enumerate(v), err
}

// number evaluates an argument that takes a whole number; without is its
// value where the parameter is not given.
func (a *arguments) number(name string, without int) (int, error) {
	if !a.has(name) {
		return without, nil
	}
	v, err := a.value(name)
	if err != nil {
		return 0, err
	}
	n, err := pslang.Convert(v, "int")
	if err != nil {
		return 0, a.usage(a.exprs[name].Span(), "CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %v", name, err)
	}
	i, _ := n.Int()
	if i < 0 {
		return 0, a.usage(a.exprs[name].Span(), "ParameterArgumentValidationError", "Cannot validate argument on parameter '%s'. The argument must not be negative.", name)
	}
	return int(i), nil
}

// block prepares the script block that a parameter is given; nil where it is
// given none or something else.
func (a *arguments) block(name string) (*pslang.Block, error) {
	sb, ok := a.exprs[name].(*pslang.ScriptBlock)
	if !ok {
		return nil, nil
	}
	return pslang.NewBlock(sb, a.scope)
}

// ranged evaluates an argument that takes a whole number from low to high.
func (a *arguments) ranged(name string, without, low, high int) (int, error) {
	n, err := a.number(name, without)
	if err == nil && a.has(name) && (n < low || n > high) {
		err = a.usage(a.exprs[name].Span(), "ParameterArgumentValidationError",
			"Cannot validate argument on parameter '%s'. The argument %d is not between %d and %d.", name, n, low, high)
	}
	return n, err
}

// oneOf evaluates an argument that takes one of some words, or a prefix of one.
func (a *arguments) oneOf(name, without string, words ...string) (string, error) {
	if !a.has(name) {
		return without, nil
	}
	text, err := a.text(name)
	if err != nil {
		return "", err
	}
	var found []string
	for _, w := range words {
		if strings.EqualFold(w, text) {
			return w, nil
		}
		if text != "" && len(text) < len(w) && strings.EqualFold(w[:len(text)], text) {
			found = append(found, w)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return "", a.usage(a.exprs[name].Span(), "CannotConvertArgumentNoMessage",
		"Cannot bind parameter '%s'. Unable to match the identifier name %s to a valid enumerator name. Specify one of the following enumerator names and try again: %s",
		name, text, strings.Join(words, ", "))
}

// texts evaluates an argument that takes several texts.
func (a *arguments) texts(name string) ([]string, error) {
	items, err := a.list(name)
	out := make([]string, len(items))
	for i, v := range items {
		out[i] = v.String()
	}
	return out, err
}

// character evaluates an argument that takes one character.
func (a *arguments) character(name, without string) (string, error) {
	if !a.has(name) {
		return without, nil
	}
	text, err := a.text(name)
	if err == nil && pslang.Length(text) != 1 {
		err = a.usage(a.exprs[name].Span(), "CannotConvertArgumentNoMessage",
			"Cannot bind parameter '%s'. Cannot convert value %q to type \"System.Char\". Error: \"String must be exactly one character long.\"", name, text)
	}
	return text, err
}
