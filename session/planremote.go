package session

import (
	"fmt"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// remote plans the commands that travel in one request, and counts them: all
// up to the first that runs here, or to one whose output or records are needed
// here.
func (p planner) remote(st *step, elements []pslang.Element) (int, error) {
	out := &psrp.Pipeline{NoInput: !st.hasIn, RedirectErrors: true}
	n := 0
	for ; n < len(elements) && p.there(elements[n].Command); n++ {
		if body := eachBody(elements[n].Command); body != nil {
			if n > 0 {
				break
			}
			st.each, st.planner = body, p
			st.planner.further = true
			return 1, p.item(clixml.Null()).tryFlow(body.Statements)
		}
		there := p.session(elements[n].Command)
		if n > 0 && there != st.there {
			break // another session's: it takes what this one gives
		}
		st.there = there
		cmd, k, err := p.command(elements[n].Command)
		if err != nil {
			return 0, err
		}
		if n > 0 && k.alone() {
			break
		}
		out.Commands = append(out.Commands, cmd)
		if k.ends() {
			st.keeps = k
			n++
			break
		}
	}
	if n > 0 {
		st.remote = out
	}
	return n, nil
}

// command makes one command. A parameter without a colon travels as "-Name"
// with no value, and what stands behind it as a positional value: whether the
// parameter takes it, only the server's own binder knows. PowerShell's client
// sends a typed line just so.
func (p planner) command(c *pslang.Command) (psrp.Command, keeps, error) {
	if r := p.routes[c]; r.proxy != nil {
		return p.imported(r.proxy, c)
	}
	out, k := psrp.Command{Name: c.Name}, keeps{}
	if !p.server.offers(c.Name) {
		return out, k, &pslang.Error{
			Extent: c.NameExtent, ID: "CommandNotFoundException", Construct: "a command that runs in neither place",
			Msg: fmt.Sprintf("%s is offered by neither the server nor this side: Get-Command lists what the server offers", c.Name),
		}
	}
	for _, arg := range c.Args {
		params, err := p.argument(arg)
		if err != nil {
			return out, k, err
		}
		out.Parameters = append(out.Parameters, params...)
	}
	var err error
	out.Parameters, err = k.takeCommon(c.Extent, out.Parameters)
	k.redirect(&out, c.Redirections)
	return out, k, err
}

// imported makes the command of a proxy.
func (p planner) imported(r *proxy, c *pslang.Command) (psrp.Command, keeps, error) {
	k := keeps{}
	out, err := r.command(c, p.scope)
	if err != nil {
		return out, k, err
	}
	out.Parameters, err = k.takeCommon(c.Extent, out.Parameters)
	k.redirect(&out, c.Redirections)
	return out, k, err
}

func (p planner) argument(arg pslang.Arg) ([]psrp.Parameter, error) {
	if arg.Splatted() {
		return p.splatted(arg)
	}
	param := psrp.Parameter{Name: arg.Name}
	if arg.Name != "" {
		param.Name = "-" + arg.Name
	}
	if arg.Colon {
		param.Name += ":"
		if arg.Value.Span().Start > arg.Start+len(param.Name) {
			param.Name += " " // the space behind the colon travels too
		}
	}
	if arg.Value != nil {
		v, err := pslang.Eval(arg.Value, p.scope)
		if err != nil {
			return nil, err
		}
		param.Value = parameterValue(v)
	}
	return []psrp.Parameter{param}, nil
}

// splatted makes parameters of a hashtable's entries, which are bound by name
// whatever their values are, and positional values of an array's items.
func (p planner) splatted(arg pslang.Arg) ([]psrp.Parameter, error) {
	v, _ := p.scope.Variable(arg.Value.(*pslang.Variable).Name)
	o := v.Object()
	var out []psrp.Parameter
	switch {
	case o != nil && o.Kind == clixml.Dict:
		for _, e := range o.Entries {
			if e.Key.String() == "" {
				return nil, &pslang.Error{Extent: arg.Extent, ID: "ParameterNameNull", Msg: "a splatted hashtable has an entry without a name"}
			}
			out = append(out, psrp.Parameter{Name: e.Key.String(), Value: parameterValue(e.Value)})
		}
	case v.IsNull():
	default:
		for _, item := range unroll(v) {
			out = append(out, psrp.Parameter{Value: parameterValue(item)})
		}
	}
	return out, nil
}

// parameterValue is v as an endpoint without a language takes it: a script
// block (-Filter {…}) travels as its text.
func parameterValue(v clixml.Value) clixml.Value {
	if b, ok := v.Any().(clixml.ScriptBlock); ok {
		return clixml.Str(string(b))
	}
	return v
}
