package complete

import (
	"strings"

	"psdeck/session/pslang/syntax"
)

// hashtableKey completes a key where a command takes hashtables of its own
// kind, as Format-Table @{ Label = … } does.
func (c *context) hashtableKey(table *syntax.Node, path []*syntax.Node, word string) {
	var cmd *syntax.Node
	for _, n := range path {
		if n.Class == syntax.CommandAst {
			cmd = n
		}
	}
	if cmd == nil {
		return
	}
	name, _ := cmd.CommandName()
	command := c.resolve(name)
	if command == nil {
		return
	}
	b := c.bind(cmd, command, table.Extent)
	if b.target < 0 {
		return
	}
	for _, key := range keys(command.Name, b.params[b.target].Name) {
		if hasPrefixFold(key.List, word) && !hasKey(table, key.List, c.cursor) {
			c.add(key)
		}
	}
}

// hasKey tells whether a hashtable has a key already, other than at the cursor.
func hasKey(table *syntax.Node, key string, cursor int) bool {
	for _, n := range table.Children {
		if n.Role == syntax.KeyRole && strings.EqualFold(n.Text, key) && (cursor < n.Start || cursor > n.End) {
			return true
		}
	}
	return false
}

// keys are those that a parameter's hashtables may have.
func keys(command, parameter string) []Item {
	if !strings.EqualFold(parameter, "Property") && !strings.EqualFold(parameter, "GroupBy") {
		return nil
	}
	names := map[string]string{
		"select-object": "Name Expression", "sort-object": "Expression Ascending Descending", "group-object": "Expression",
		"format-table": "Expression FormatString Label Width Alignment", "format-list": "Expression FormatString Label",
		"format-wide": "Expression FormatString", "format-custom": "Expression Depth", "measure-object": "Expression",
	}[strings.ToLower(command)]
	var list []Item
	for name := range strings.FieldsSeq(names) {
		list = append(list, Item{Text: name, List: name, Kind: PropertyName, Tip: keyTip(command, name)})
	}
	return list
}

// keyTip is PowerShell's explanation of a key.
func keyTip(command, key string) string {
	switch {
	case key == "Expression" && strings.EqualFold(command, "Sort-Object"):
		return "[scriptblock]\nA script block used to calculate the value of the new property."
	case key == "Ascending", key == "Descending":
		return "[bool]\nSpecifies the order of sorting for one or more properties."
	case key == "Alignment":
		return "[string]\nDefine how the values are displayed in a column.\nValid values are 'left', 'center', or 'right'."
	}
	return ""
}

// attribute is the name of the attribute whose arguments the cursor is in.
func (c *context) attribute() string {
	depth := 0
	for i := c.index; i > 0; i-- {
		switch c.at(i).Kind {
		case syntax.RParen:
			depth++
		case syntax.LParen:
			if depth > 0 {
				depth--
				continue
			}
			if prev := c.at(i - 1); prev.Flags&syntax.AttributeName != 0 {
				return prev.Text
			}
			return ""
		case syntax.Semi, syntax.Pipe, syntax.NewLine:
			return ""
		}
	}
	return ""
}

// attributeArguments completes the named arguments of an attribute.
func (c *context) attributeArguments(attribute, word string) {
	names := map[string]string{
		"parameter": "ExperimentName ExperimentAction Position ParameterSetName Mandatory ValueFromPipeline ValueFromPipelineByPropertyName " +
			"ValueFromRemainingArguments HelpMessage HelpMessageBaseName HelpMessageResourceId DontShow",
		"cmdletbinding": "PositionalBinding DefaultParameterSetName SupportsShouldProcess SupportsPaging SupportsTransactions ConfirmImpact HelpUri RemotingCapability",
		"validateset":   "ErrorMessage IgnoreCase", "validatepattern": "Options ErrorMessage",
	}[strings.ToLower(attribute)]
	for name := range strings.FieldsSeq(names) {
		if hasPrefixFold(name, word) {
			c.add(Item{Text: name, List: name, Kind: PropertyName})
		}
	}
}
