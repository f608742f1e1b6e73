package complete

import (
	"slices"
	"strings"

	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
)

// argument completes a value in a command; t is nil where nothing is typed yet.
func (c *context) argument(node *syntax.Node, path []*syntax.Node, t *syntax.Token) {
	at := syntax.Extent{Start: c.cursor, End: c.cursor}
	if t != nil {
		at = t.Extent
	}
	name, _ := node.CommandName()
	cmd := c.resolve(name)
	b := c.bind(node, cmd, at)
	word, quote := unquote(t)
	if b.target < 0 {
		c.pathOf(cmd, nil, word, quote)
		return
	}
	p := &b.params[b.target]
	if c.values(cmd, p, word, quote) {
		return
	}
	if !c.known(cmd, b, word, quote) && !c.special(cmd, p, node, path, word, quote) {
		c.pathOf(cmd, p, word, quote)
	}
}

// values offers what a parameter takes; it tells whether that is known.
func (c *context) values(cmd *Command, p *Parameter, word, quote string) bool {
	if p.Switch() && word != "" && word != "$" {
		return false
	}
	list, ordered := p.choices()
	if len(list) == 0 && c.env.Local != nil && p.truth() && (word == "" || word == "$") && quote == "" {
		list, ordered = []string{"$true", "$false"}, true
	}
	if len(list) == 0 {
		return false
	}
	if p.Switch() {
		word = ""
	}
	if !ordered && !slices.IsSorted(list) {
		list = slices.Clone(list)
		slices.SortFunc(list, compareFold)
	}
	for _, exact := range []bool{true, false} {
		for _, v := range list {
			if strings.EqualFold(v, word) == exact && fits(v, word) {
				text := v
				if !strings.HasPrefix(v, "$") {
					text = quoted(v, quote)
				}
				c.add(Item{Text: text, List: v, Kind: ParameterValue, Tip: v, Command: cmd})
			}
		}
	}
	return true
}

// known offers what only the session knows; it tells whether there is any.
func (c *context) known(cmd *Command, b *binding, word, quote string) bool {
	for _, it := range c.ask(cmd, b) {
		if !fits(it.Text, word) {
			continue
		}
		if it.Kind != VariableName {
			it.Text = quoted(it.Text, quote)
		}
		c.add(it)
	}
	return len(c.Items) > 0
}

// ask asks the session what the cursor's parameter could be given.
func (c *context) ask(cmd *Command, b *binding) []Item {
	if c.env.Values == nil || cmd == nil || b.target < 0 {
		return nil
	}
	return c.env.Values(Question{cmd.Name, b.params[b.target].Name, b.positional, func(parameter string) string {
		for i, e := range b.given {
			if strings.EqualFold(b.params[i].Name, parameter) {
				return c.line[e.Start:e.End]
			}
		}
		return ""
	}})
}

// truth tells a parameter that takes $true and $false. PowerShell offers files
// for it; where files are another machine's, the two are offered.
func (p *Parameter) truth() bool {
	return containsFold([]string{"bool", "boolean", "Nullable[bool]"}, p.Type)
}

// Choices are the values that the parameter is known to take, or a few that it
// is good to know; nil: any value of its type.
func (p *Parameter) Choices() []string {
	list, _ := p.choices()
	return slices.Clone(list)
}

func (p *Parameter) choices() (list []string, ordered bool) {
	switch {
	case len(p.Values) > 0:
		return p.Values, p.Ordered
	case p.Switch():
		return []string{"$true", "$false"}, true
	case p.Type == "Encoding":
		return encodings(), true
	}
	return enumOf(p.Type), false
}

// encodings are the names that a parameter of type Encoding takes.
func encodings() []string {
	return []string{"ansi", "ascii", "bigendianunicode", "bigendianutf32", "oem", "unicode", "utf7", "utf8", "utf8BOM", "utf8NoBOM", "utf32"}
}

// fits tells whether a name begins as a word does, or matches it as a wildcard.
func fits(name, word string) bool {
	if !pslang.HasWildcard(word) {
		return hasPrefixFold(name, word)
	}
	re, err := pslang.Wildcard(word+"*", false)
	return err == nil && re.MatchString(name)
}

// special offers what parameters of well-known commands take: names of
// commands and variables, properties of what comes through the pipeline.
func (c *context) special(cmd *Command, p *Parameter, node *syntax.Node, path []*syntax.Node, word, quote string) bool {
	switch strings.ToLower(cmd.Name + " " + p.Name) {
	case "get-command name", "get-help name", "help name", "get-alias definition", "set-alias value", "new-alias value",
		"trace-command command", "invoke-command commandname", "import-pssession commandname":
		c.commandNames(word, quote, "")
		return len(c.Items) > 0
	case "get-alias name", "remove-alias name":
		for _, a := range c.lookup(word) {
			if a.Target != "" {
				c.add(Item{Text: a.Name, List: a.Name, Kind: ParameterValue, Tip: a.Name})
			}
		}
		return len(c.Items) > 0
	case "get-variable name", "set-variable name", "clear-variable name", "remove-variable name":
		for _, v := range c.variables(word) {
			c.add(Item{Text: quoted(v.Name, quote), List: v.Name, Kind: ParameterValue, Tip: v.Name})
		}
		return len(c.Items) > 0
	}
	if takesProperty(cmd.Name, p.Name) {
		c.properties(node, path, word, quote)
		return len(c.Items) > 0
	}
	return false
}

// takesProperty tells the parameters whose values are names of properties.
func takesProperty(command, parameter string) bool {
	switch strings.ToLower(command) {
	case "select-object":
		return containsFold([]string{"Property", "ExcludeProperty", "ExpandProperty"}, parameter)
	case "where-object", "sort-object", "group-object", "measure-object", "format-table", "format-list", "format-wide", "format-custom":
		return strings.EqualFold(parameter, "Property")
	case "foreach-object":
		return strings.EqualFold(parameter, "MemberName")
	}
	return false
}

// properties offers those of the objects that the pipeline brings.
func (c *context) properties(node *syntax.Node, path []*syntax.Node, word, quote string) {
	of, ok := c.source(node, path)
	if !ok {
		return
	}
	methods := false
	if name, _ := node.CommandName(); strings.EqualFold(name, "ForEach-Object") {
		methods = true
	}
	for _, it := range c.members(of, false) {
		if !fits(it.List, word) || it.Kind != PropertyName && !methods {
			continue
		}
		it.Text = quoted(it.List, quote)
		it.Tip, _, _ = strings.Cut(it.Tip, "=")
		if of.typeName() == fileTypes {
			it.Tip = of.known().tip(it.List)
		}
		c.add(it)
	}
}

// source is what stands before a command in its pipeline.
func (c *context) source(node *syntax.Node, path []*syntax.Node) (Variable, bool) {
	if len(path) == 0 {
		return Variable{}, false
	}
	pipe := path[len(path)-1]
	return c.given(pipe, slices.Index(pipe.Children, node))
}

// given is what the first elements of a pipeline give.
func (c *context) given(pipe *syntax.Node, elements int) (Variable, bool) {
	for i := elements - 1; i >= 0; i-- {
		e := pipe.Children[i]
		if e.Class != syntax.CommandAst {
			of, ok := c.infer(e)
			if elements < len(pipe.Children) {
				of = of.element()
			}
			return of, ok
		}
		name, _ := e.CommandName()
		if cmd := c.resolve(name); cmd != nil {
			name = cmd.Name
		}
		switch {
		case passesOn(name) && i > 0:
			continue
		case strings.EqualFold(name, "Select-Object") && i > 0:
			return c.selected(pipe, i)
		}
		return c.output(name)
	}
	return Variable{}, false
}

// passesOn tells the commands whose output is their input.
func passesOn(name string) bool {
	return containsFold([]string{"Where-Object", "Sort-Object", "Tee-Object", "Get-Unique"}, name)
}

// output is what a command is known to give.
func (c *context) output(name string) (Variable, bool) {
	if c.env.Output != nil {
		if v, ok := c.env.Output(name); ok {
			return v, true
		}
	}
	switch strings.ToLower(name) {
	case "get-date":
		return Variable{Type: "System.DateTime"}, true
	case "get-childitem", "get-item":
		return Variable{Type: fileTypes}, true
	case "new-timespan":
		return Variable{Type: "System.TimeSpan"}, true
	case "out-string", "get-content", "read-host":
		return Variable{Type: "System.String"}, true
	}
	return Variable{}, false
}

// fileTypes is what files and directories have in common and apart.
const fileTypes = "System.IO.FileSystemInfo"
