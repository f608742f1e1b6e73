package complete

import (
	"regexp"
	"strings"

	"psdeck/session/pslang/syntax"
)

// definitionMost is how much of a function's text is read, in bytes: param
// stands at its beginning.
const definitionMost = 64 << 10

// Define takes what a function's own text says of its parameters and a syntax
// does not: values of ValidateSet and ArgumentCompletions, other names, and
// the synopsis of its help.
func (c *Command) Define(body string) {
	if len(body) > definitionMost {
		body = body[:definitionMost]
	}
	if c.Synopsis == "" {
		c.Synopsis = synopsis(body)
	}
	if !tellsMore.MatchString(body) {
		return
	}
	params := syntax.Parse(body).Root.Child(syntax.ParamBlockRole)
	if params == nil {
		return
	}
	for _, n := range params.Children {
		v := n.Child(syntax.VariableRole)
		if n.Role == syntax.ParameterRole && v != nil {
			c.change(v.Text, func(p *Parameter) { p.attributes(n) })
		}
	}
}

// tellsMore finds the attributes that are of use, so that other functions are
// not parsed.
var tellsMore = regexp.MustCompile(`(?i)\[\s*(?:System\.Management\.Automation\.)?(?:ValidateSet|ArgumentCompletions|Alias)(?:Attribute)?\s*\(`)

// attributes takes the values and names that the attributes of a parameter list.
func (p *Parameter) attributes(n *syntax.Node) {
	for _, a := range n.Children {
		if a.Class != syntax.AttributeAst {
			continue
		}
		var list []string
		for _, arg := range a.Children {
			switch arg.Class {
			case syntax.StringConstantExpressionAst:
				list = append(list, arg.Text)
			case syntax.ConstantExpressionAst:
				list = append(list, arg.Value.String())
			}
		}
		name := strings.ToLower(a.Text[strings.LastIndexByte(a.Text, '.')+1:])
		switch strings.TrimSuffix(name, "attribute") {
		case "validateset":
			p.Values, p.Ordered = list, false
		case "argumentcompletions":
			p.Values, p.Ordered = list, true
		case "alias":
			p.Aliases = list
		}
	}
}

// synopsisPart is the first line of .SYNOPSIS in a function's help.
var synopsisPart = regexp.MustCompile(`(?i)\.SYNOPSIS[ \t]*\r?\n[ \t#]*([^\r\n]*[^\r\n\s])`)

func synopsis(body string) string {
	if m := synopsisPart.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}
