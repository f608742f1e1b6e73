package runspace

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// commonParameters are understood by every cmdlet.
var commonParameters = []Parameter{
	{Name: "Verbose", Aliases: []string{"vb"}, Type: "SwitchParameter"},
	{Name: "Debug", Aliases: []string{"db"}, Type: "SwitchParameter"},
	{Name: "ErrorAction", Aliases: []string{"ea"}, Type: "ActionPreference"},
	{Name: "WarningAction", Aliases: []string{"wa"}, Type: "ActionPreference"},
	{Name: "InformationAction", Aliases: []string{"infa"}, Type: "ActionPreference"},
	{Name: "ProgressAction", Aliases: []string{"proga"}, Type: "ActionPreference"},
	{Name: "ErrorVariable", Aliases: []string{"ev"}, Type: "String"},
	{Name: "WarningVariable", Aliases: []string{"wv"}, Type: "String"},
	{Name: "InformationVariable", Aliases: []string{"iv"}, Type: "String"},
	{Name: "OutVariable", Aliases: []string{"ov"}, Type: "String"},
	{Name: "OutBuffer", Aliases: []string{"ob"}, Type: "Int32"},
	{Name: "PipelineVariable", Aliases: []string{"pv"}, Type: "String"},
}

// confirmParameters are those of cmdlets with SupportsShouldProcess.
var confirmParameters = []Parameter{
	{Name: "WhatIf", Aliases: []string{"wi"}, Type: "SwitchParameter"},
	{Name: "Confirm", Aliases: []string{"cf"}, Type: "SwitchParameter"},
}

// all returns every parameter that c understands, its own first.
func (c *Cmdlet) all() []Parameter {
	list := slices.Concat(c.Parameters, commonParameters)
	if c.SupportsShouldProcess {
		list = append(list, confirmParameters...)
	}
	return list
}

// binding holds the arguments of one invocation by lower-case parameter name.
type binding struct {
	cmdlet *Cmdlet
	params []Parameter
	values map[string]clixml.Value
	// fromInput names what the current input object was bound to.
	fromInput []string
}

// bindArguments binds the arguments that a command was given.
func bindArguments(c *Cmdlet, args []psrp.Parameter) (*binding, *psrp.ErrorRecord) {
	b := &binding{cmdlet: c, params: c.all(), values: map[string]clixml.Value{}}
	var positional []clixml.Value
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a.Name == "" {
			positional = append(positional, a.Value)
			continue
		}
		p, rec := b.find(strings.TrimRight(strings.TrimPrefix(a.Name, "-"), ": "))
		if rec != nil {
			return nil, rec
		}
		// "-Name" without a colon came as typed: its value is the next argument.
		if strings.HasPrefix(a.Name, "-") && a.Value.IsNull() && !p.IsSwitch() && i+1 < len(args) && args[i+1].Name == "" {
			i++
			a.Value = args[i].Value
		}
		if _, twice := b.values[strings.ToLower(p.Name)]; twice {
			return nil, bindError(c, "ParameterAlreadyBound", "Cannot bind parameter because parameter '%s' is specified more than once. "+
				"To provide multiple values to parameters that can accept multiple values, use the array syntax. "+
				"For example, \"-parameter value1,value2,value3\".", p.Name)
		}
		if rec := b.bind(p, a.Value); rec != nil {
			return nil, rec
		}
	}
	return b, b.bindPositional(positional)
}

// find resolves a parameter name: whole, alias, or unique beginning.
func (b *binding) find(name string) (*Parameter, *psrp.ErrorRecord) {
	var prefixed []*Parameter
	for i := range b.params {
		p := &b.params[i]
		for _, known := range append([]string{p.Name}, p.Aliases...) {
			if strings.EqualFold(known, name) {
				return p, nil
			}
			if len(known) > len(name) && strings.EqualFold(known[:len(name)], name) && !slices.Contains(prefixed, p) {
				prefixed = append(prefixed, p)
			}
		}
	}
	switch len(prefixed) {
	case 0:
		return nil, bindError(b.cmdlet, "NamedParameterNotFound", "A parameter cannot be found that matches parameter name '%s'.", name)
	case 1:
		return prefixed[0], nil
	}
	matches := ""
	for _, p := range prefixed {
		matches += " -" + p.Name
	}
	return nil, bindError(b.cmdlet, "AmbiguousParameter", "Parameter cannot be processed because the parameter name '%s' is ambiguous. Possible matches include:%s.", name, matches)
}

func (b *binding) bindPositional(args []clixml.Value) *psrp.ErrorRecord {
	byPosition := slices.DeleteFunc(slices.Clone(b.params), func(p Parameter) bool {
		_, given := b.values[strings.ToLower(p.Name)]
		return p.Position == 0 || given
	})
	slices.SortStableFunc(byPosition, func(x, y Parameter) int { return x.Position - y.Position })
	for i := range byPosition {
		if len(args) == 0 {
			return nil
		}
		p := &byPosition[i]
		v := args[0]
		if p.RemainingArguments && len(args) > 1 {
			v, args = clixml.Of(args), args[len(args)-1:]
		}
		if rec := b.bind(p, v); rec != nil {
			return rec
		}
		args = args[1:]
	}
	if len(args) > 0 {
		return bindError(b.cmdlet, "PositionalParameterNotFound", "A positional parameter cannot be found that accepts argument '%s'.", args[0].String())
	}
	return nil
}

// bind converts and checks one argument, and keeps it.
func (b *binding) bind(p *Parameter, v clixml.Value) *psrp.ErrorRecord {
	c, err := b.convert(p, v)
	if err != nil {
		return err
	}
	b.values[strings.ToLower(p.Name)] = c
	return nil
}

func (b *binding) convert(p *Parameter, v clixml.Value) (clixml.Value, *psrp.ErrorRecord) {
	if p.Mandatory && !p.AllowEmpty {
		if rec := b.checkEmpty(p, v); rec != nil {
			return v, rec
		}
	}
	if p.Type == "ActionPreference" {
		return b.convertPreference(p, v)
	}
	c, err := convert(v, p.Type)
	var bad *conversionError
	if errors.As(err, &bad) && bad.plain {
		return v, bindError(b.cmdlet, "CannotConvertArgument", "Cannot convert '%s' to the type '%s' required by parameter '%s'. %s", TypeName(v), dotNet(p.Type), p.Name, bad.text)
	}
	if err != nil {
		return v, bindError(b.cmdlet, "CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. %s", p.Name, err)
	}
	return c, b.validate(p, c)
}

func (b *binding) checkEmpty(p *Parameter, v clixml.Value) *psrp.ErrorRecord {
	switch {
	case v.IsNull() && !p.IsSwitch():
		return bindError(b.cmdlet, "ParameterArgumentValidationErrorNullNotAllowed", "Cannot bind argument to parameter '%s' because it is null.", p.Name)
	case v.Kind() == clixml.KindString && v.Text() == "":
		return bindError(b.cmdlet, "ParameterArgumentValidationErrorEmptyStringNotAllowed", "Cannot bind argument to parameter '%s' because it is an empty string.", p.Name)
	case isList(v) && len(v.Object().Items) == 0:
		return bindError(b.cmdlet, "ParameterArgumentValidationErrorEmptyArrayNotAllowed", "Cannot bind argument to parameter '%s' because it is an empty array.", p.Name)
	}
	return nil
}

func (b *binding) validate(p *Parameter, v clixml.Value) *psrp.ErrorRecord {
	const id = "ParameterArgumentValidationError"
	for _, item := range listItems(v) {
		if len(p.ValidateSet) > 0 && !slices.ContainsFunc(p.ValidateSet, func(s string) bool { return strings.EqualFold(s, item.String()) }) {
			return bindError(b.cmdlet, id, "Cannot validate argument on parameter '%s'. The argument \"%s\" does not belong to the set \"%s\" specified by the ValidateSet attribute. "+
				"Supply an argument that is in the set and then try the command again.", p.Name, item.String(), strings.Join(p.ValidateSet, ","))
		}
		if p.ValidatePattern != "" && !regexp.MustCompile("(?i)"+p.ValidatePattern).MatchString(item.String()) {
			return bindError(b.cmdlet, id, "Cannot validate argument on parameter '%s'. The argument \"%s\" does not match the \"%s\" pattern. "+
				"Supply an argument that matches \"%[3]s\" and try the command again.", p.Name, item.String(), p.ValidatePattern)
		}
		n, isNumber := item.Int()
		if p.ValidateRange == nil || !isNumber {
			continue
		}
		if n > p.ValidateRange.Max {
			return bindError(b.cmdlet, id, "Cannot validate argument on parameter '%s'. The %d argument is greater than the maximum allowed range of %d. "+
				"Supply an argument that is less than or equal to %[3]d and then try the command again.", p.Name, n, p.ValidateRange.Max)
		}
		if n < p.ValidateRange.Min {
			return bindError(b.cmdlet, id, "Cannot validate argument on parameter '%s'. The %d argument is less than the minimum allowed range of %d. "+
				"Supply an argument that is greater than or equal to %[3]d and then try the command again.", p.Name, n, p.ValidateRange.Min)
		}
	}
	return nil
}

// actionPreferences are the names of System.Management.Automation.ActionPreference by number.
var actionPreferences = []string{"SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"}

func (b *binding) convertPreference(p *Parameter, v clixml.Value) (clixml.Value, *psrp.ErrorRecord) {
	if n, ok := v.Int(); ok && n >= 0 && int(n) < len(actionPreferences) {
		return clixml.Str(actionPreferences[n]), nil
	}
	for _, name := range actionPreferences {
		if strings.EqualFold(name, v.String()) {
			return clixml.Str(name), nil
		}
	}
	return v, bindError(b.cmdlet, "CannotConvertArgumentNoMessage", "Cannot bind parameter '%s'. Cannot convert value \"%s\" to type \"System.Management.Automation.ActionPreference\". "+
		"Error: \"Unable to match the identifier name %[2]s to a valid enumerator name. Specify one of the following enumerator names and try again:\n%s\"",
		p.Name, v.String(), strings.Join(actionPreferences, ", "))
}

// missing lists the mandatory parameters without a value; those that input
// can still bind are left out where input is to come.
func (b *binding) missing(expectInput bool) []Parameter {
	var names []Parameter
	for _, p := range b.params {
		if _, given := b.values[strings.ToLower(p.Name)]; p.Mandatory && !given && (!expectInput || !p.FromPipeline && !p.FromPipelineByPropertyName) {
			names = append(names, p)
		}
	}
	return names
}

func (b *binding) missingError(list []Parameter) *psrp.ErrorRecord {
	names := ""
	for _, p := range list {
		names += " " + p.Name
	}
	return bindError(b.cmdlet, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters:%s.", names)
}

// bindInput binds one input object to the parameters that take input, in
// PowerShell's order: the object as it is, its properties as they are, then
// both again with conversion.
func (b *binding) bindInput(v clixml.Value) *psrp.ErrorRecord {
	for _, name := range b.fromInput {
		delete(b.values, name)
	}
	b.fromInput = b.fromInput[:0]
	takes, refusal := false, error(nil)
	for pass := range 4 {
		for i := range b.params {
			p := &b.params[i]
			key := strings.ToLower(p.Name)
			if !p.FromPipeline && !p.FromPipelineByPropertyName {
				continue
			}
			if _, given := b.values[key]; given {
				takes = takes || !slices.Contains(b.fromInput, key)
				continue
			}
			from, ok := inputFor(p, v, pass%2 == 1)
			if !ok || pass < 2 && !sameType(from, p.Type) {
				continue
			}
			c, rec := b.convert(p, from)
			if rec != nil {
				refusal = rec
				continue
			}
			b.values[key] = c
			b.fromInput = append(b.fromInput, key)
		}
	}
	if len(b.fromInput) > 0 || takes {
		return nil
	}
	var rec *psrp.ErrorRecord
	if errors.As(refusal, &rec) {
		return rec
	}
	return bindError(b.cmdlet, "InputObjectNotBound", "The input object cannot be bound to any parameters for the command either because "+
		"the command does not take pipeline input or the input and its properties do not match any of the parameters that take pipeline input.")
}

// inputFor gives what of an input object p would take.
func inputFor(p *Parameter, v clixml.Value, byName bool) (clixml.Value, bool) {
	if !byName {
		return v, p.FromPipeline
	}
	if !p.FromPipelineByPropertyName {
		return v, false
	}
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		if member, ok := v.Object().Get(name); ok {
			return member, true
		}
	}
	return v, false
}

// syntax is the one line that Get-Command and Get-Help show.
func (c *Cmdlet) syntax() string {
	var s strings.Builder
	for _, p := range c.Parameters {
		part := "-" + p.Name
		if p.Position > 0 {
			part = "[-" + p.Name + "]"
		}
		if !p.IsSwitch() {
			part += fmt.Sprintf(" <%s>", strings.ToLower(orObject(p.Type)))
		}
		if !p.Mandatory {
			part = "[" + part + "]"
		}
		s.WriteString(part + " ")
	}
	if c.SupportsShouldProcess {
		s.WriteString("[-WhatIf] [-Confirm] ")
	}
	return s.String() + "[<CommonParameters>]"
}

func orObject(typ string) string {
	if typ == "" {
		return "Object"
	}
	return typ
}
