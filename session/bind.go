package session

import (
	"fmt"
	"iter"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// The parameters of New-CsOnlineSession; the first is the positional one.
var onlineSessionParameters = []string{
	"UserName", "Credential", "OAuthAccessToken", "OverrideAdminDomain", "OverrideDiscoveryUri",
	"OverridePowerShellUri", "OverrideAccessTokenResourceUri", "SessionOption",
}

// binder binds the arguments of a typed New-CsOnlineSession to its parameters:
// names without case and as short as they are unique, each at most once, and
// only one of the three that choose the parameter set.
type binder struct {
	cmd   *pslang.Command
	scope *scope
	err   error
}

func (b *binder) each() iter.Seq2[string, clixml.Value] {
	return func(yield func(string, clixml.Value) bool) {
		seen := map[string]bool{}
		for i := 0; i < len(b.cmd.Args) && b.err == nil; i++ {
			arg := b.cmd.Args[i]
			name, value := onlineSessionParameters[0], arg.Value
			if arg.Name != "" {
				name = b.parameter(arg)
				if value == nil && i+1 < len(b.cmd.Args) && b.cmd.Args[i+1].Name == "" {
					i++
					value = b.cmd.Args[i].Value
				}
			}
			v := b.value(arg, name, value, seen)
			if b.err != nil || !yield(name, v) {
				return
			}
		}
	}
}

func (b *binder) parameter(arg pslang.Arg) string {
	var found []string
	for _, p := range onlineSessionParameters {
		if strings.EqualFold(p, arg.Name) {
			return p
		}
		if _, ok := cutPrefixFold(p, arg.Name); ok {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		b.fail(arg, "NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", arg.Name)
	default:
		b.fail(arg, "AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. Possible matches include: -%s.", arg.Name, strings.Join(found, " -"))
	}
	return ""
}

func (b *binder) value(arg pslang.Arg, name string, value pslang.Expr, seen map[string]bool) clixml.Value {
	switch {
	case b.err != nil:
		return clixml.Null()
	case value == nil:
		b.fail(arg, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type 'System.String' and try again.", name)
		return clixml.Null()
	case seen[name] && arg.Name == "":
		b.fail(arg, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", argText(value))
		return clixml.Null()
	case seen[name]:
		b.fail(arg, "ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once.", name)
		return clixml.Null()
	}
	seen[name] = true
	sets := 0
	for _, p := range onlineSessionParameters[:3] {
		if seen[p] {
			sets++
		}
	}
	if sets > 1 {
		b.fail(arg, "AmbiguousParameterSet", "Parameter set cannot be resolved using the specified named parameters.")
		return clixml.Null()
	}
	v, err := pslang.Eval(value, b.scope)
	if err != nil {
		b.err = err
	}
	return v
}

func argText(e pslang.Expr) string {
	if c, ok := e.(*pslang.Constant); ok {
		return c.Value.String()
	}
	return "…"
}

func (b *binder) fail(arg pslang.Arg, id, format string, args ...any) {
	b.err = &pslang.Error{Extent: arg.Extent, ID: id, Msg: fmt.Sprintf(format, args...)}
}
