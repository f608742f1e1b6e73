package session

import (
	"slices"
	"strconv"
	"strings"

	"psdeck/session/complete"
)

// output is an object as a command has last given it: one that was imported
// gave it where it runs.
func (c *console) output(command string) (complete.Variable, bool) {
	c.mu.Lock()
	p := c.imports[strings.ToLower(command)]
	c.mu.Unlock()
	switch {
	case p != nil:
		return p.entry.live.seen.output(p.remote)
	case c.own != nil:
		return c.own.seen.output(command)
	}
	return complete.Variable{}, false
}

// values are the sessions of the deck that a parameter could be given, and the
// commands that one of them offers for importing.
func (c *console) values(q complete.Question) []complete.Item {
	known := slices.ContainsFunc(c.desk.offered(), func(o *cmdlet) bool { return strings.EqualFold(o.name, q.Command) })
	if !known || !strings.HasSuffix(q.Command, "-PSSession") && q.Command != "Invoke-Command" {
		return nil
	}
	numbers := q.Command != "Invoke-Command" && q.Command != "Import-PSSession"
	switch {
	case q.Parameter == "Session", q.Positional && q.Parameter != "CommandName" && q.Parameter != "FormatTypeName" && q.Parameter != "ScriptBlock":
		list := c.sessionVariables()
		if q.Positional && numbers {
			list = append(list, c.sessions(func(e *entry) string { return strconv.Itoa(e.number) })...)
		}
		return list
	case q.Parameter == "Id":
		return c.sessions(func(e *entry) string { return strconv.Itoa(e.number) })
	case q.Parameter == "Name":
		return c.sessions(func(e *entry) string { return e.name })
	case q.Parameter == "InstanceId":
		return c.sessions(func(e *entry) string { return e.shell })
	case q.Command == "Import-PSSession" && q.Parameter == "CommandName":
		return c.importable(q.Given("Session"))
	}
	return nil
}

// sessions are those of the deck, each written as a text.
func (c *console) sessions(text func(*entry) string) []complete.Item {
	var list []complete.Item
	for _, e := range c.desk.entries() {
		if t := cleanName(text(e)); t != "" {
			shown := t
			if t != e.name {
				shown += "  " + e.live.label()
			}
			list = append(list, complete.Item{Text: t, List: shown, Kind: complete.ParameterValue, Tip: e.name + "\n" + e.live.label()})
		}
	}
	return list
}

// sessionVariables are the variables that hold a session, or several.
func (c *console) sessionVariables() []complete.Item {
	var list []complete.Item
	for _, v := range c.scope.visible() {
		var labels []string
		for _, item := range unroll(v.Value) {
			e, ok := c.desk.sessionOf(item)
			if !ok {
				labels = nil
				break
			}
			labels = append(labels, e.live.label())
		}
		if len(labels) > 0 {
			list = append(list, complete.Item{Text: "$" + v.Name, List: v.Name, Kind: complete.VariableName, Tip: "[PSSession]$" + v.Name + "\n" + strings.Join(labels, ", ")})
		}
	}
	return list
}

// importable are the commands that the session in a variable offers.
func (c *console) importable(session string) []complete.Item {
	name, ok := strings.CutPrefix(session, "$")
	if !ok {
		return nil
	}
	v, _ := c.scope.Variable(strings.Trim(name, "{}"))
	items := unroll(v)
	if len(items) != 1 {
		return nil
	}
	e, ok := c.desk.sessionOf(items[0])
	if !ok {
		return nil
	}
	var list []complete.Item
	for _, cmd := range e.live.Catalog().All() {
		if cmd.Target == "" && !slices.ContainsFunc(e.live.notImported(), func(name string) bool { return strings.EqualFold(name, cmd.Name) }) {
			list = append(list, complete.Item{Text: cmd.Name, List: cmd.Name, Kind: complete.CommandName, Tip: cmd.Syntax(), Command: cmd})
		}
	}
	return list
}
