package session

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/safetext"
)

// commandOf reads a command as Get-Command gives it, with the syntax of each
// parameter set, or as GET_COMMAND_METADATA does, with types and aliases of
// parameters ([MS-PSRP] 2.2.2.14). It is remote text, cleaned. nil: it is none.
func commandOf(v clixml.Value) *complete.Command {
	o := v.Object()
	if o == nil {
		return nil
	}
	c := &complete.Command{Name: cleanName(memberText(o, "Name")), Module: cleanName(memberText(o, "ModuleName", "Namespace", "Source"))}
	if c.Name == "" {
		return nil
	}
	if kind := memberText(o, "CommandType"); slices.Contains(commandKinds(), kind) {
		c.Kind = kind
	}
	if c.Kind == "Alias" {
		c.Target = cleanName(memberText(o, "ResolvedCommandName", "Definition"))
		if c.Target == "" {
			return nil
		}
		return c
	}
	c.Synopsis = firstSentence(memberText(o, "Description", "Synopsis"))
	sets, _ := o.Get("ParameterSets")
	if list := sets.Object(); list != nil {
		for _, set := range list.Items {
			c.Describe(safetext.Clean(set.String()))
		}
	}
	if params, _ := o.Get("Parameters"); params.Object() != nil {
		parametersOf(c, params.Object())
	}
	if c.Kind == "Function" || c.Kind == "Filter" {
		define(c, memberText(o, "Definition"))
	}
	return c
}

// define adds what a function's text says; that is remote text, too.
func define(c *complete.Command, body string) {
	c.Define(body)
	c.Synopsis = firstSentence(c.Synopsis)
	unclean := func(name string) bool { return cleanName(name) == "" }
	for i := range c.Parameters {
		p := &c.Parameters[i]
		p.Aliases = slices.DeleteFunc(p.Aliases, unclean)
		p.Values = slices.DeleteFunc(p.Values, unclean)
		p.Values = p.Values[:min(len(p.Values), valuesMost)]
	}
}

// parametersOf adds what a table of parameters says, and their order.
func parametersOf(c *complete.Command, table *clixml.Object) {
	order := make(map[string]int, len(table.Entries))
	for i, e := range table.Entries {
		name := cleanName(e.Key.String())
		order[name] = i
		meta := e.Value.Object()
		if meta == nil {
			continue // PowerShell sends no more than names at this depth
		}
		if name == "ErrorAction" {
			c.Common = true
		}
		p := complete.Parameter{Name: name, Type: complete.ShortType(memberText(meta, "ParameterType"))}
		for _, a := range memberTexts(meta, "Aliases") {
			p.Aliases = append(p.Aliases, cleanName(a))
		}
		c.Parameters = append(c.Parameters, p)
	}
	if c.Common {
		c.DropCommon()
	}
	slices.SortStableFunc(c.Parameters, func(a, b complete.Parameter) int { return order[a.Name] - order[b.Name] })
}

// mergeCommands puts together what two questions have answered: places from
// the syntax, types and aliases from the metadata.
func mergeCommands(described, offered []*complete.Command) []*complete.Command {
	byName := make(map[string]*complete.Command, len(offered))
	for _, c := range offered {
		byName[strings.ToLower(c.Name)] = c
	}
	out := slices.Clone(described)
	for _, c := range described {
		meta := byName[strings.ToLower(c.Name)]
		delete(byName, strings.ToLower(c.Name))
		if meta == nil {
			continue
		}
		for i := range c.Parameters {
			p := &c.Parameters[i]
			for _, m := range meta.Parameters {
				if strings.EqualFold(m.Name, p.Name) {
					p.Aliases = m.Aliases
				}
			}
		}
	}
	for _, c := range offered {
		if byName[strings.ToLower(c.Name)] == c {
			out = append(out, c)
		}
	}
	return out
}

// nameMost is how long a name of a server may be to be offered.
const nameMost = 256

// cleanName is a name that can stand in a line; "" where it is none.
func cleanName(s string) string {
	if len(s) > nameMost || s != safetext.Clean(s) || strings.ContainsAny(s, "\r\n\t") {
		return ""
	}
	return s
}

// firstSentence is the first line of a description, cleaned.
func firstSentence(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > nameMost {
		s = strings.ToValidUTF8(s[:nameMost], "")
	}
	return safetext.Clean(s)
}
