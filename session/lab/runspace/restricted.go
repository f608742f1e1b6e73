package runspace

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Restricted makes the table of the proxies that every restricted endpoint
// offers, so that PowerShell's own clients can import it and enter it; they
// take only the parameters that those clients send.
func Restricted() *Table {
	input := Parameter{Name: "InputObject", Type: "Object", Mandatory: true, AllowEmpty: true, FromPipeline: true}
	t := NewTable(
		Cmdlet{
			Name: "Get-Command", Synopsis: "Lists the commands of this runspace.",
			Parameters: []Parameter{
				{Name: "Name", Type: "String[]", Position: 1},
				{Name: "Module", Type: "String[]"},
				{Name: "ArgumentList", Type: "Object[]"},
				{Name: "CommandType", Aliases: []string{"Type"}, Type: "Object"},
				{Name: "ListImported", Type: "SwitchParameter"},
				{Name: "ShowCommandInfo", Type: "SwitchParameter"},
				{Name: "FullyQualifiedModule", Type: "Object[]"},
			},
			Run: getCommand,
		},
		Cmdlet{
			Name: "Get-FormatData", Synopsis: "Gets formatting data.",
			Parameters: []Parameter{{Name: "TypeName", Type: "String[]", Position: 1}, {Name: "PowerShellVersion", Type: "Version"}},
			Run:        getFormatData,
		},
		Cmdlet{
			Name: "Get-Help", Synopsis: "Describes a command.",
			Parameters: []Parameter{{Name: "Name", Type: "String", Position: 1}, {Name: "Category", Type: "String[]"}, {Name: "Full", Type: "SwitchParameter"}},
			Run:        getHelp,
		},
		Cmdlet{
			Name: "Select-Object", Synopsis: "Selects properties that clients need of command descriptions.",
			Parameters: []Parameter{
				{Name: "Property", Type: "String[]", Position: 1, ValidateSet: []string{
					"ModuleName", "Namespace", "OutputType", "Count", "HelpUri", "Name", "CommandType",
					"ResolvedCommandName", "DefaultParameterSet", "CmdletBinding", "Parameters",
				}},
				input,
			},
			Run: selectObject,
		},
		Cmdlet{
			Name: "Measure-Object", Synopsis: "Counts its input.", Parameters: []Parameter{input},
			Begin: func(c *Call) error { c.Data = 0; return nil },
			Run:   func(c *Call) error { c.Data = c.Data.(int) + 1; return nil },
			End:   func(c *Call) error { return c.WriteObject(clixml.Obj(measured(c.Data.(int)))) },
		},
		Cmdlet{
			Name: "Out-Default", Synopsis: "Writes its input to the host.",
			Parameters: []Parameter{{Name: "InputObject", Type: "Object", AllowEmpty: true, FromPipeline: true}},
			Run:        outDefault,
		},
		Cmdlet{
			Name: "Exit-PSSession", Synopsis: "Leaves an interactive session.",
			Run: func(c *Call) error {
				if !c.inv.ex.hasUI {
					return nil
				}
				return c.inv.ex.sent(c.inv.tellHost(psrp.MethodPopRunspace))
			},
		},
		Cmdlet{Name: "Clear-Host", Synopsis: "Clears the host's screen.", Run: func(*Call) error { return nil }},
	)
	for _, c := range t.cmdlets {
		c.ImplicitRemotingOnly = true
	}
	t.Alias("gcm", "Get-Command")
	t.Alias("measure", "Measure-Object")
	t.Alias("select", "Select-Object")
	t.Alias("clear", "Clear-Host")
	t.Alias("cls", "Clear-Host")
	t.Alias("exsn", "Exit-PSSession")
	return t
}

func getCommand(c *Call) error {
	table := c.inv.ex.rs.opts.Table
	if kind, given := c.Param("CommandType"); given && !wantsCommands(kind) {
		return nil
	}
	names := c.Strings("Name")
	if len(names) == 0 {
		names = []string{"*"}
	}
	for _, name := range names {
		found := table.Match(name)
		if one := table.Lookup(name); len(found) == 0 && one != nil {
			found = []*Cmdlet{one}
		}
		if len(found) == 0 && !strings.ContainsAny(name, "*?[") {
			e := unknownCommand(name)
			e.FullyQualifiedErrorID += ",Microsoft.PowerShell.Commands.GetCommandCommand"
			if err := c.WriteError(e); err != nil {
				return err
			}
		}
		for _, found := range found {
			if err := c.WriteObject(clixml.Obj(commandInfo(found))); err != nil {
				return err
			}
		}
	}
	return nil
}

// wantsCommands tells whether a CommandTypes value includes functions or cmdlets.
func wantsCommands(kind clixml.Value) bool {
	if n, ok := kind.Int(); ok {
		return n&int64(psrp.CommandFunction|psrp.CommandCmdlet) != 0
	}
	text := strings.ToLower(kind.String())
	return strings.Contains(text, "all") || strings.Contains(text, "function") || strings.Contains(text, "cmdlet")
}

func getFormatData(c *Call) error {
	from := c.inv.ex.rs.opts.FormatData
	if from == nil {
		return nil
	}
	for _, name := range c.Strings("TypeName") {
		for _, v := range from(name) {
			if err := c.WriteObject(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func getHelp(c *Call) error {
	name := c.String("Name")
	cmdlet := c.inv.ex.rs.opts.Table.Lookup(name)
	if cmdlet == nil {
		e := newError("Microsoft.PowerShell.Commands.HelpNotFoundException", "HelpNotFound", "ResourceUnavailable",
			fmt.Sprintf("Get-Help could not find %s in a help file in this session. To download updated help topics type: \"Update-Help\". "+
				"To get help online, search for the help topic in the TechNet library at https://go.microsoft.com/fwlink/?LinkID=107116.", name), clixml.Null())
		return c.WriteError(e)
	}
	details := &clixml.Object{TypeNames: []string{"ExtendedCmdletHelpInfo#details"}, Members: []clixml.Property{
		clixml.Prop("name", cmdlet.Name), clixml.Prop("noun", cmdlet.Noun()), clixml.Prop("verb", cmdlet.Verb()),
	}}
	err := c.WriteObject(clixml.Obj(&clixml.Object{
		TypeNames: []string{"ExtendedCmdletHelpInfo", "CmdletHelpInfo", "HelpInfo"},
		Members: []clixml.Property{
			clixml.Prop("CommonParameters", true), clixml.Prop("details", details),
			clixml.Prop("Syntax", cmdlet.Name+" "+cmdlet.syntax()), clixml.Prop("Name", cmdlet.Name),
			clixml.Prop("Category", "Function"), clixml.Prop("Synopsis", cmdlet.Synopsis),
		},
	}))
	if err != nil {
		return err
	}
	// The search for help shows progress, of which remains the end.
	return c.Progress(psrp.ProgressRecord{
		Activity: "Get-Help", StatusDescription: "Completed", ParentActivityID: -1, PercentComplete: -1, SecondsRemaining: -1, Completed: true,
	})
}

func selectObject(c *Call) error {
	in := c.Input.Object()
	selected := clixml.Custom()
	if in != nil && len(in.TypeNames) > 0 {
		selected.TypeNames[0] = "Selected." + strings.TrimPrefix(in.TypeNames[0], "Selected.")
		selected.TypeNames = append(selected.TypeNames[:1], "System.Management.Automation.PSCustomObject", "System.Object")
	}
	names := c.Strings("Property")
	if len(names) == 0 {
		return c.WriteObject(c.Input)
	}
	for _, name := range names {
		v, _ := in.Get(name)
		selected.Members = append(selected.Members, clixml.Property{Name: name, Value: v})
	}
	return c.WriteObject(clixml.Obj(selected))
}

func measured(count int) *clixml.Object {
	o := &clixml.Object{
		TypeNames: []string{"Microsoft.PowerShell.Commands.GenericMeasureInfo", "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"},
		ToString:  "Microsoft.PowerShell.Commands.GenericMeasureInfo", HasToString: true,
		Props: []clixml.Property{clixml.Prop("Count", count)},
	}
	for _, name := range []string{"Average", "Sum", "Maximum", "Minimum", "StandardDeviation", "Property"} {
		o.Props = append(o.Props, clixml.Property{Name: name})
	}
	return o
}

func outDefault(c *Call) error {
	if !c.inv.ex.hasUI || !c.Has("InputObject") {
		return nil
	}
	return c.inv.ex.sent(c.inv.tellHost(psrp.MethodWriteLine2, clixml.Str(c.Input.String())))
}
