package runspace

import (
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// The shape is that of recording 08b: a count, then each command with the
// metadata of all its parameters.
func TestMetadata(t *testing.T) {
	got := testTable().Metadata(psrp.CommandMetadata{Names: []string{"*-Cs*"}, Types: psrp.CommandRemotable})
	if len(got) != 3 {
		t.Fatalf("%d objects, want a count and two commands", len(got))
	}
	count, _ := got[0].Object().Get("Count")
	if n, _ := count.Int(); n != 2 || !got[0].Object().Is("Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo") {
		t.Errorf("count is %s", got[0].String())
	}
	set := got[2].Object()
	name, _ := set.Get("Name")
	kind, _ := set.Get("CommandType")
	if name.Text() != "Set-CsUser" || kind.String() != "Function" {
		t.Errorf("second command is %s, a %s", name.Text(), kind.String())
	}
	parameters, _ := set.Get("Parameters")
	var names []string
	for _, e := range parameters.Object().Entries {
		names = append(names, e.Key.Text())
	}
	want := "Identity LineUri Enabled PassThru Policy Verbose Debug ErrorAction WarningAction InformationAction ProgressAction " +
		"ErrorVariable WarningVariable InformationVariable OutVariable OutBuffer PipelineVariable WhatIf Confirm"
	if strings.Join(names, " ") != want {
		t.Errorf("parameters %v\nwant %s", names, want)
	}
	through, _ := parameters.Object().Lookup("PassThru")
	typ, _ := through.Object().Get("ParameterType")
	isSwitch, _ := through.Object().Get("SwitchParameter")
	if typ.Text() != "System.Management.Automation.SwitchParameter" || !isSwitch.True() {
		t.Errorf("PassThru is a %s", typ.Text())
	}
	if got := testTable().Metadata(psrp.CommandMetadata{Names: []string{"*"}, Types: psrp.CommandAlias}); len(got) != 1 {
		t.Errorf("%d aliases", len(got)-1)
	}
}

// collector keeps output objects.
type collector struct {
	recorder
	values []clixml.Value
}

func (c *collector) Output(v clixml.Value) error { c.values = append(c.values, v); return nil }

func TestGetCommand(t *testing.T) {
	run := func(commands ...psrp.Command) *collector {
		c := &collector{}
		state, e := NewRunspace(Options{Table: testTable()}).Execute(t.Context(), psrp.Commands(commands...), nil, c)
		if state != psrp.PipelineCompleted {
			t.Fatal(e)
		}
		return c
	}
	c := run(cmd("Get-Command", "Name", []string{"set-cs*", "Exit-PSSession"}))
	if len(c.values) != 2 || c.values[1].String() != "Exit-PSSession" {
		t.Fatalf("got %d", len(c.values))
	}
	// What lies too deep for the serializer is a text: recording 08a.
	parameters, _ := c.values[0].Object().Get("Parameters")
	if v, _ := parameters.Object().Lookup("Identity"); v.Text() != "System.Management.Automation.ParameterMetadata" {
		t.Errorf("Identity is %v", v)
	}
	c = run(cmd("Get-Command", "Name", "Set-CsUser"), cmd("Select-Object", "Property", []string{"Name", "Parameters"}))
	parameters, _ = c.values[0].Object().Get("Parameters")
	if v, _ := parameters.Object().Lookup("Identity"); v.Object() == nil {
		t.Error("selected parameters have no metadata")
	}
	if c = run(cmd("Get-Command", "Name", "No-Such")); len(c.errors) != 1 {
		t.Errorf("%d errors", len(c.errors))
	}
	if c = run(cmd("gcm"), cmd("measure")); len(c.values) != 1 {
		t.Errorf("aliases: %v", c.values)
	}
}

func TestRolesKeepTheProxies(t *testing.T) {
	table := testTable().Only(func(c *Cmdlet) bool { return c.Noun() == "CsUser" })
	if table.Lookup("Set-CsUser") == nil || table.Lookup("Select-Object") == nil || table.Lookup(`Lab\Set-CsUser`) == nil {
		t.Error("a command is missing")
	}
	if table.Lookup("Get-CsOnlineUser") != nil || table.Lookup("Write-Output") != nil {
		t.Error("a command was left")
	}
	if !table.Lookup("measure").ImplicitRemotingOnly {
		t.Error("the alias is gone")
	}
}

func TestFormatDataAndHelp(t *testing.T) {
	c := &collector{}
	o := Options{Table: testTable(), FormatData: func(name string) []clixml.Value { return []clixml.Value{clixml.Str("format of " + name)} }}
	p := cmd("Get-FormatData", "TypeName", "Lab.Object")
	p.EndOfStatement = true
	if state, e := NewRunspace(o).Execute(t.Context(), psrp.Commands(p, cmd("Get-Help", "Name", "Set-CsUser")), nil, c); state != psrp.PipelineCompleted {
		t.Fatal(e)
	}
	if len(c.values) != 2 || c.values[0].Text() != "format of Lab.Object" {
		t.Fatalf("got %v", c.values)
	}
	if syntax, _ := c.values[1].Object().Get("Syntax"); syntax.Text() != "Set-CsUser [-Identity] <string> [-LineUri <string>] [-Enabled <boolean>] [-PassThru] [-Policy <string>] [-WhatIf] [-Confirm] [<CommonParameters>]" {
		t.Errorf("syntax is %q", syntax.Text())
	}
}
