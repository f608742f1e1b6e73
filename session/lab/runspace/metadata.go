package runspace

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

const (
	functionInfo      = "System.Management.Automation.FunctionInfo"
	parameterMetadata = "System.Management.Automation.ParameterMetadata"
	parameterTable    = "System.Collections.Generic.Dictionary`2[[System.String, System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e]," +
		"[System.Management.Automation.ParameterMetadata, System.Management.Automation, Version=7.6.5.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]"
	outputTypes = "System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Management.Automation.PSTypeName, System.Management.Automation, Version=7.6.5.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]"
	stringList  = "System.Collections.ObjectModel.Collection`1[[System.String, System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]"
)

// Metadata answers a query for commands as implicit remoting makes it
// ([MS-PSRP] 2.2.2.14): an object with the count, then one object for each
// command with its parameters.
func (t *Table) Metadata(q psrp.CommandMetadata) []clixml.Value {
	names := q.Names
	if len(names) == 0 {
		names = []string{"*"}
	}
	found := t.Match(names...)
	if q.Types != 0 && q.Types&(psrp.CommandFunction|psrp.CommandCmdlet) == 0 {
		found = nil
	}
	count := clixml.Custom(clixml.Prop("Count", len(found)))
	count.TypeNames[0] = "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo"
	count.TypeNames = []string{count.TypeNames[0], "System.Management.Automation.PSCustomObject", "System.Object"}
	answer := []clixml.Value{clixml.Obj(count)}
	for _, c := range found {
		answer = append(answer, clixml.Obj(&clixml.Object{
			TypeNames: []string{"Selected." + functionInfo, "System.Management.Automation.PSCustomObject", "System.Object"},
			Members: []clixml.Property{
				clixml.Prop("Name", c.Name), clixml.Prop("Namespace", ""), clixml.Prop("HelpUri", ""),
				clixml.Prop("CommandType", clixml.Enum("System.Management.Automation.CommandTypes", "Function", int32(psrp.CommandFunction))),
				clixml.Prop("ResolvedCommandName", nil), clixml.Prop("OutputType", list(outputTypes, c.OutputType)),
				clixml.Prop("Parameters", parameters(c)),
			},
		}))
	}
	return answer
}

func list(typeName string, texts []string) *clixml.Object {
	o := &clixml.Object{TypeNames: []string{typeName, "System.Object"}, Kind: clixml.List}
	for _, s := range texts {
		o.Items = append(o.Items, clixml.Str(s))
	}
	return o
}

// parameters describes all parameters of a command, the common ones included.
func parameters(c *Cmdlet) *clixml.Object {
	table := &clixml.Object{TypeNames: []string{parameterTable, "System.Object"}, Kind: clixml.Dict}
	for _, p := range c.all() {
		full := dotNet(p.Type)
		table.Entries = append(table.Entries, clixml.Entry{Key: clixml.Str(p.Name), Value: clixml.Obj(&clixml.Object{
			TypeNames: []string{parameterMetadata, "System.Object"}, ToString: parameterMetadata, HasToString: true,
			Props: []clixml.Property{
				clixml.Prop("Name", p.Name), clixml.Prop("ParameterType", full), clixml.Prop("Aliases", list(stringList, p.Aliases)),
				clixml.Prop("IsDynamic", false), clixml.Prop("SwitchParameter", p.IsSwitch()),
			},
		})})
	}
	return table
}

// commandInfo describes a command as Get-Command gives it to the pipeline.
func commandInfo(c *Cmdlet) *clixml.Object {
	return &clixml.Object{
		TypeNames: []string{functionInfo, "System.Management.Automation.CommandInfo", "System.Object"},
		ToString:  c.Name, HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("CmdletBinding", true), clixml.Prop("DefaultParameterSet", nil), clixml.Prop("Definition", c.syntax()),
			clixml.Prop("Options", "None"), clixml.Prop("Description", c.Synopsis), clixml.Prop("Verb", c.Verb()), clixml.Prop("Noun", c.Noun()),
			clixml.Prop("HelpFile", nil), clixml.Prop("OutputType", list(outputTypes, c.OutputType)), clixml.Prop("Name", c.Name),
			clixml.Prop("CommandType", "Function"), clixml.Prop("Source", ""), clixml.Prop("Version", nil), clixml.Prop("Visibility", "Public"),
			clixml.Prop("ModuleName", ""), clixml.Prop("Module", nil), clixml.Prop("RemotingCapability", "PowerShell"),
			clixml.Prop("Parameters", parameters(c)),
			clixml.Prop("ParameterSets", list("System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Management.Automation.CommandParameterSetInfo, System.Management.Automation, Version=7.6.5.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]", []string{c.syntax()})),
		},
		Members: []clixml.Property{clixml.Prop("Namespace", ""), clixml.Prop("HelpUri", "")},
	}
}

// shallow gives v as PowerShell's serializer sends it: the parameters of a
// command's description lie too deep and become texts.
func shallow(v clixml.Value) clixml.Value {
	o := v.Object()
	if o == nil || len(o.TypeNames) == 0 || o.TypeNames[0] != functionInfo {
		return v
	}
	flat := *o
	flat.Props = append([]clixml.Property(nil), o.Props...)
	for n, p := range flat.Props {
		if !strings.EqualFold(p.Name, "Parameters") || p.Value.Object() == nil {
			continue
		}
		table := *p.Value.Object()
		table.Entries = append([]clixml.Entry(nil), table.Entries...)
		for i := range table.Entries {
			table.Entries[i].Value = clixml.Str(parameterMetadata)
		}
		flat.Props[n].Value = clixml.Obj(&table)
	}
	return clixml.Obj(&flat)
}
