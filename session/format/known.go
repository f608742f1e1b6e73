package format

import (
	"strings"

	"psdeck/session/clixml"
)

// knownView is a view that PowerShell brings for a type that arrives whole:
// without it a version would be a list of its parts.
type knownView struct {
	is     func(clixml.Value) bool
	shape  Shape
	fields []field
	text   func(*culture, clixml.Value) string // of a custom view
}

func (k *knownView) shows(v clixml.Value) bool { return k.is(v) }

// ofKind makes a test of a value's kind.
func ofKind(kind clixml.Kind) func(clixml.Value) bool {
	return func(v clixml.Value) bool { return v.Kind() == kind }
}

// ofType makes a test of a type name, also where another type derives from it.
func ofType(name string) func(clixml.Value) bool {
	return func(v clixml.Value) bool { return v.Object() != nil && v.Object().Is(name) }
}

// knownFor returns the view of v in shape, or nil.
func knownFor(v clixml.Value, shape Shape) *knownView {
	for _, k := range knownViews() {
		if (shape == Default || shape == k.shape) && k.is(v) {
			return &k
		}
	}
	return nil
}

func knownViews() []knownView {
	return []knownView{
		{is: ofType(entryType), shape: Table, fields: []field{{name: "Name", align: left, width: 30}, {name: "Value", align: left}}},
		{is: ofType(entryType), shape: List, fields: listOf("Name Value")},
		{is: ofKind(clixml.KindVersion), shape: Table, fields: []field{
			{name: "Major", align: left, width: 6},
			{name: "Minor", align: left, width: 6},
			{name: "Build", align: left, width: 6},
			{name: "Revision", align: left, width: 8},
		}},
		{is: ofKind(clixml.KindGUID), shape: Table, fields: []field{{name: "Guid", align: left}}},
		{is: isDate, shape: Custom, text: dateText},
		{is: ofType("Microsoft.PowerShell.Commands.MatchInfo"), shape: Custom, text: func(_ *culture, v clixml.Value) string {
			if around, _ := v.Object().Get("Context"); !around.IsNull() {
				return plain(v.Object().ToString) // the lines around it too
			}
			line, _ := v.Object().Get("Line")
			return plain(line.String())
		}},
		{is: ofType("System.Management.Automation.CommandInfo"), shape: Table, fields: []field{
			{name: "CommandType", align: left, width: 15},
			{name: "Name", value: commandName, align: left, width: 50},
			{name: "Version", align: left, width: 10},
			{name: "Source", align: left},
		}},
		{is: ofKind(clixml.KindTimeSpan), shape: List, fields: listOf("Days Hours Minutes Seconds Milliseconds Ticks TotalDays TotalHours TotalMinutes TotalSeconds TotalMilliseconds")},
		{is: ofType("Microsoft.PowerShell.Commands.GroupInfoNoElement"), shape: Table, fields: []field{
			{name: "Count", align: right, width: 5},
			{name: "Name", align: left, width: 25},
		}},
		{is: ofType("Microsoft.PowerShell.Commands.GroupInfo"), shape: Table, fields: []field{
			{name: "Count", align: right, width: 5},
			{name: "Name", align: left, width: 25},
			{name: "Group", align: left},
		}},
		{is: sessionOfTenant, shape: Table, fields: []field{
			{name: "Id", align: right, width: 3},
			{name: "Name", align: left, width: 15},
			{name: "Tenant", align: left, width: 16},
			{name: "State", align: left, width: 12},
			{name: "Availability", align: right, width: 12},
			{name: "ComputerName", align: left, width: 17},
			{name: "ConfigurationName", align: left, width: 25},
			{name: "Transport", align: left, width: 9},
			{name: "ComputerType", align: left, width: 15},
		}},
		{is: ofType("System.Management.Automation.Runspaces.PSSession"), shape: Table, fields: []field{
			{name: "Id", align: right, width: 3},
			{name: "Name", align: left, width: 15},
			{name: "Transport", align: left, width: 9},
			{name: "ComputerName", align: left, width: 15},
			{name: "ComputerType", align: left, width: 15},
			{name: "State", align: left, width: 13},
			{name: "ConfigurationName", align: left, width: 21},
			{name: "Availability", align: right, width: 12},
		}},
		{is: ofType("System.Management.Automation.PSModuleInfo"), shape: Table, fields: []field{
			{name: "ModuleType", align: left, width: 10},
			{name: "Version", align: left, width: 10},
			{name: "PreRelease", align: left, width: 10},
			{name: "Name", align: left, width: 35},
			{label: "ExportedCommands", value: exportedNames, align: left},
		}},
		{is: ofType("System.Globalization.CultureInfo"), shape: Table, fields: []field{
			{name: "LCID", align: left, width: 16},
			{name: "Name", align: left, width: 16},
			{name: "DisplayName", align: left},
		}},
	}
}

// sessionOfTenant tells a session of which the deck has noted its tenant. What
// tells sessions apart stands first, so that a narrow screen leaves out the rest.
func sessionOfTenant(v clixml.Value) bool {
	if v.Object() == nil || !v.Object().Is("System.Management.Automation.Runspaces.PSSession") {
		return false
	}
	_, ok := v.Object().Get("Tenant")
	return ok
}

func isDate(v clixml.Value) bool {
	if o := v.Object(); o != nil {
		v = o.Base
	}
	return v.Kind() == clixml.KindDateTime
}

func dateText(c *culture, v clixml.Value) string {
	if o := v.Object(); o != nil {
		v = o.Base
	}
	d, _ := v.Any().(clixml.DateTime)
	text, _ := c.dateFormat(d, "F")
	return text
}

// commandName is a command's name; an alias shows also what it stands for.
func commandName(v clixml.Value) (clixml.Value, error) {
	name, _ := v.Object().Get("Name")
	if display, ok := v.Object().Get("DisplayName"); ok && v.Object().Is("System.Management.Automation.AliasInfo") {
		name = display
	}
	return name, nil
}

func listOf(names string) []field {
	var fields []field
	for name := range strings.FieldsSeq(names) {
		fields = append(fields, field{name: name})
	}
	return fields
}

// exportedNames are the names of a module's commands.
func exportedNames(v clixml.Value) (clixml.Value, error) {
	names := clixml.Array()
	commands, _ := v.Object().Get("ExportedCommands")
	if table := commands.Object(); table != nil {
		for _, e := range table.Entries {
			names.Items = append(names.Items, e.Key)
		}
	}
	return clixml.Obj(names), nil
}
