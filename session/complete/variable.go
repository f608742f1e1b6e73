package complete

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Variable is a variable, or a value that is known by its type.
type Variable struct {
	Name  string
	Value clixml.Value
	// Type is the .NET type's name where there is no Value.
	Type string
	// Note says what the variable is for.
	Note string
	// automatic tells one of PowerShell's own, of which no more is told than Note.
	automatic bool
}

func (v Variable) typeName() string {
	if v.Type != "" {
		return v.Type
	}
	return valueType(v.Value)
}

func (v Variable) known() *knownType {
	if o := v.Value.Object(); o != nil && o.Kind == clixml.Dict {
		return knownTypes().instance["hashtable"]
	}
	return knownTypes().instance[strings.ToLower(strings.TrimPrefix(v.typeName(), "Deserialized."))]
}

// variable completes a name behind $ or @, with a scope or drive.
func (c *context) variable(t *syntax.Token) {
	if t.Text == "$" && c.truthValue(t) {
		return
	}
	sigil, word := t.Text[:1], strings.TrimPrefix(t.Text[1:], "{")
	braces := strings.HasPrefix(t.Text[1:], "{")
	word = strings.TrimSuffix(word, "}")
	prefix, name := "", word
	if i := strings.IndexByte(word, ':'); i >= 0 {
		prefix, name = word[:i+1], word[i+1:]
		if !slices.ContainsFunc(scopes(), func(s string) bool { return strings.EqualFold(s, prefix) }) {
			return // a drive; nothing is known of what is on it
		}
	}
	write := func(name string) string {
		if braces || strings.ContainsAny(name, bracedNames) {
			return sigil + "{" + name + "}"
		}
		return sigil + name
	}
	first := c.wanted(t)
	for _, it := range first {
		if fits(it.List, name) && prefix == "" && sigil == "$" {
			c.add(it)
		}
	}
	for _, v := range c.variables(name) {
		if slices.ContainsFunc(c.Items, func(it Item) bool { return strings.EqualFold(it.List, v.Name) }) {
			continue
		}
		c.add(Item{Text: write(prefix + v.Name), List: v.Name, Kind: VariableName, Tip: v.tip()})
	}
	if prefix != "" {
		return
	}
	for _, drive := range []string{"Alias", "Env", "Function", "Temp", "Variable"} {
		if fits(drive, word) {
			c.add(Item{Text: write(drive + ":"), List: drive, Kind: VariableName})
		}
	}
	for _, scope := range scopes() {
		if fits(scope, word) {
			c.add(Item{Text: write(scope), List: scope, Kind: VariableName})
		}
	}
}

// wanted are the variables that the parameter at the cursor is known to take.
func (c *context) wanted(t *syntax.Token) []Item {
	node, _ := c.inside(t.Extent, syntax.CommandAst)
	if node == nil || c.env.Values == nil {
		return nil
	}
	name, _ := node.CommandName()
	cmd := c.resolve(name)
	return slices.DeleteFunc(c.ask(cmd, c.bind(node, cmd, t.Extent)), func(it Item) bool { return it.Kind != VariableName })
}

func scopes() []string { return []string{"Global:", "Local:", "Script:", "Private:", "Using:"} }

// bracedNames are the characters that a name has only in braces.
const bracedNames = "-`&@'\"#{}()$,;|<> .\\/\t^"

func (v Variable) tip() string {
	name := ShortType(v.typeName())
	if name == "" || v.automatic && v.Note == "" {
		return ""
	}
	tip := "[" + name + "]$" + v.Name
	if v.Note != "" {
		tip += " - " + v.Note
	}
	return tip
}

// variables are those of the line before the cursor, of the session, and
// PowerShell's own, that begin as a word does; each group is sorted.
func (c *context) variables(word string) []Variable {
	var list []Variable
	add := func(group []Variable) {
		from := len(list)
		for _, v := range group {
			if fits(v.Name, word) && !slices.ContainsFunc(list, func(o Variable) bool { return strings.EqualFold(o.Name, v.Name) }) {
				list = append(list, v)
			}
		}
		slices.SortStableFunc(list[from:], func(a, b Variable) int { return compareFold(a.Name, b.Name) })
	}
	for _, v := range c.assignments() {
		add([]Variable{v})
	}
	known := automatic()
	for _, v := range c.env.Variables {
		if i := slices.IndexFunc(known, func(a Variable) bool { return strings.EqualFold(a.Name, v.Name) }); i >= 0 {
			known = slices.Delete(known, i, i+1)
		}
	}
	if c.env.Local == nil {
		add(append(slices.Clone(c.env.Variables), known...))
		return list
	}
	// Where lines are split, few of PowerShell's own are of use.
	add(c.env.Variables)
	constant := func(v Variable) bool { return containsFold([]string{"true", "false", "null"}, v.Name) }
	add(slices.DeleteFunc(slices.Clone(known), func(v Variable) bool { return !constant(v) }))
	add(known)
	return list
}

// assignments are the variables that the line gives a value before the cursor.
func (c *context) assignments() []Variable {
	var list []Variable
	for _, t := range c.script.Tokens {
		if t.Kind == syntax.Variable && t.End < c.cursor && t != c.token && !strings.Contains(t.Name, ":") && c.assigned(t) {
			list = append(list, Variable{Name: t.Name})
		}
	}
	return list
}

// assigned tells whether a sign of assignment, or in, stands behind a variable.
func (c *context) assigned(t *syntax.Token) bool {
	i := slices.Index(c.script.Tokens, t)
	next := c.at(i + 1)
	return next != nil && (next.Kind.Traits()&syntax.AssignmentOperator != 0 || next.Kind == syntax.In)
}

// valueOf finds a variable by its name.
func (c *context) valueOf(name string) (Variable, bool) {
	if i := strings.IndexByte(name, ':'); i >= 0 && slices.ContainsFunc(scopes(), func(s string) bool { return strings.EqualFold(s, name[:i+1]) }) {
		name = name[i+1:]
	}
	for _, list := range [][]Variable{c.env.Variables, automatic()} {
		for _, v := range list {
			if strings.EqualFold(v.Name, name) && (v.Type != "" || !v.Value.IsNull()) {
				return v, true
			}
		}
	}
	return Variable{}, false
}

// automatic are the variables that every session of PowerShell has.
func automatic() []Variable {
	const names = "args ConfirmPreference DebugPreference EnabledExperimentalFeatures Error ErrorActionPreference ErrorView ExecutionContext " +
		"false FormatEnumerationLimit HOME Host InformationPreference input IsCoreCLR IsLinux IsMacOS IsWindows LASTEXITCODE matches " +
		"MaximumHistoryCount MyInvocation NestedPromptLevel null OutputEncoding PID PROFILE ProgressPreference PSBoundParameters PSCmdlet " +
		"PSCommandPath PSCulture PSDefaultParameterValues PSEdition PSEmailServer PSHOME PSItem PSNativeCommandArgumentPassing " +
		"PSNativeCommandUseErrorActionPreference PSScriptRoot PSSessionApplicationName PSSessionConfigurationName PSSessionOption " +
		"PSStyle PSUICulture PSVersionTable PWD ShellId StackTrace this true VerbosePreference WarningPreference WhatIfPreference"
	list := make([]Variable, 0, 64)
	for name := range strings.FieldsSeq(names) {
		v := Variable{Name: name, automatic: true}
		switch name {
		case "PSStyle":
			v.Type, v.Note = "System.Management.Automation.PSStyle", "Configuration controlling how text is rendered."
		case "HOME", "PSHOME", "PSCommandPath", "PSScriptRoot", "PSEdition", "PSCulture", "PSUICulture":
			v.Type = "System.String"
		case "true", "false":
			v.Type = "System.Boolean"
		}
		list = append(list, v)
	}
	return list
}

// truthValue completes a $ where only two values make sense: behind -Force:,
// and for a parameter that takes them.
func (c *context) truthValue(t *syntax.Token) bool {
	node, _ := c.inside(t.Extent, syntax.CommandAst)
	if node == nil {
		return false
	}
	name, _ := node.CommandName()
	cmd := c.resolve(name)
	b := c.bind(node, cmd, t.Extent)
	return b.target >= 0 && (b.params[b.target].Switch() || b.params[b.target].truth()) && c.values(cmd, &b.params[b.target], "$", "")
}
