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
	sigil, word := t.Text[:1], strings.TrimPrefix(t.Text[1:], "{")
	braces := strings.HasPrefix(t.Text[1:], "{")
	word = strings.TrimSuffix(word, "}")
	scope, name, scoped := strings.Cut(word, ":")
	if !scoped {
		scope, name = "", word
	} else if !slices.Contains(scopes(), strings.ToLower(scope)) {
		return // a drive; nothing is known of what is on it
	}
	prefix := ""
	if scoped {
		prefix = scope + ":"
	}
	for _, v := range c.variables(name) {
		text := prefix + v.Name
		if braces || strings.ContainsFunc(v.Name, func(r rune) bool { return !plainRune(r) }) {
			text = "{" + text + "}"
		}
		c.add(Item{Text: sigil + text, List: prefix + v.Name, Kind: VariableName, Tip: v.tip(prefix)})
	}
	if scoped || word == "" || sigil == "@" {
		return
	}
	for _, s := range append(scopes(), "env", "function", "alias", "variable") {
		if hasPrefixFold(s, word) {
			c.add(Item{Text: sigil + s + ":", List: s + ":", Kind: VariableName})
		}
	}
}

func scopes() []string { return []string{"global", "local", "private", "script", "using"} }

func plainRune(r rune) bool {
	return r == '_' || r == '?' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f
}

func (v Variable) tip(prefix string) string {
	name := ShortType(v.typeName())
	if name == "" {
		return ""
	}
	tip := "[" + name + "]$" + prefix + v.Name
	if v.Note != "" {
		tip += " - " + v.Note
	}
	return tip
}

// variables are those of the session, of the line before the cursor, and
// PowerShell's own, that begin as a word does; sorted.
func (c *context) variables(word string) []Variable {
	var list []Variable
	add := func(v Variable) {
		if fits(v.Name, word) && !slices.ContainsFunc(list, func(o Variable) bool { return strings.EqualFold(o.Name, v.Name) }) {
			list = append(list, v)
		}
	}
	for _, v := range c.env.Variables {
		add(v)
	}
	for _, t := range c.script.Tokens {
		if t.Kind == syntax.Variable && t.End < c.cursor && !strings.Contains(t.Name, ":") && c.assigned(t) {
			add(Variable{Name: t.Name})
		}
	}
	for _, v := range automatic() {
		add(v)
	}
	slices.SortStableFunc(list, func(a, b Variable) int { return compareFold(a.Name, b.Name) })
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
	if scope, rest, ok := strings.Cut(name, ":"); ok && slices.Contains(scopes(), strings.ToLower(scope)) {
		name = rest
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
		v := Variable{Name: name}
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
