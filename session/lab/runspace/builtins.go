package runspace

import (
	"fmt"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Builtins makes the table of commands that every runspace has: the proxies
// of a restricted endpoint ([Restricted]), Write-*, Read-Host, Start-Sleep,
// and the lab's own New-LabObject and Get-LabEcho.
func Builtins() *Table {
	t := Restricted()
	t.Add(
		Cmdlet{
			Name: "Write-Output", Synopsis: "Writes its input to the pipeline.",
			Parameters: []Parameter{{Name: "InputObject", Type: "Object", Mandatory: true, AllowEmpty: true, Position: 1, FromPipeline: true, RemainingArguments: true}},
			Run:        writeOutput,
		},
		Cmdlet{Name: "Write-Error", Synopsis: "Writes an error record.", Parameters: writeErrorParameters(), Run: writeErrorCmdlet},
		textCmdlet("Write-Warning", (*Call).Warning),
		textCmdlet("Write-Verbose", (*Call).Verbose),
		textCmdlet("Write-Debug", (*Call).Debug),
		Cmdlet{
			Name: "Write-Information", Synopsis: "Writes to the information stream.",
			Parameters: []Parameter{
				{Name: "MessageData", Aliases: []string{"Msg", "Message"}, Type: "Object", Mandatory: true, Position: 1, FromPipeline: true},
				{Name: "Tags", Type: "String[]", Position: 2},
			},
			Run: func(c *Call) error {
				v, _ := c.Param("MessageData")
				return c.Information(v, c.Strings("Tags")...)
			},
		},
		Cmdlet{
			Name: "Write-Host", Synopsis: "Writes to the host.",
			Parameters: []Parameter{
				{Name: "Object", Aliases: []string{"Msg", "Message"}, Type: "Object", Position: 1, FromPipeline: true, RemainingArguments: true},
				{Name: "NoNewline", Type: "SwitchParameter"},
				{Name: "ForegroundColor", Type: "String"},
				{Name: "BackgroundColor", Type: "String"},
			},
			Run: writeHost,
		},
		Cmdlet{Name: "Write-Progress", Synopsis: "Writes a progress record.", Parameters: writeProgressParameters(), Run: writeProgress},
		Cmdlet{
			Name: "Read-Host", Synopsis: "Reads a line from the user.",
			Parameters: []Parameter{
				{Name: "Prompt", Type: "Object", Position: 1},
				{Name: "AsSecureString", Type: "SwitchParameter"},
			},
			Run: func(c *Call) error {
				if c.Bool("AsSecureString") {
					secret, err := c.ReadSecret(c.String("Prompt"))
					if err != nil {
						return err
					}
					return c.WriteObject(secret)
				}
				line, err := c.ReadLine(c.String("Prompt"))
				if err != nil {
					return err
				}
				return c.WriteObject(clixml.Str(line))
			},
		},
		Cmdlet{
			Name: "Start-Sleep", Synopsis: "Waits.",
			Parameters: []Parameter{
				{Name: "Seconds", Type: "Double", Position: 1, FromPipeline: true},
				{Name: "Milliseconds", Aliases: []string{"ms"}, Type: "Int32", ValidateRange: &Range{0, 1 << 31}},
			},
			Run: func(c *Call) error {
				v, _ := c.Param("Seconds")
				seconds, _ := v.Any().(float64)
				return c.Sleep(time.Duration(seconds*float64(time.Second)) + time.Duration(c.Int("Milliseconds", 0))*time.Millisecond)
			},
		},
		labObject(), labEcho(),
	)
	return t
}

func textCmdlet(name string, write func(*Call, string) error) Cmdlet {
	return Cmdlet{
		Name: name, Synopsis: "Writes a text to the stream of its name.",
		Parameters: []Parameter{{Name: "Message", Aliases: []string{"Msg"}, Type: "String", Mandatory: true, AllowEmpty: true, Position: 1, FromPipeline: true}},
		Run:        func(c *Call) error { return write(c, c.String("Message")) },
	}
}

func writeOutput(c *Call) error {
	v, _ := c.Param("InputObject")
	for _, item := range listItems(v) {
		if err := c.WriteObject(item); err != nil {
			return err
		}
	}
	return nil
}

func writeErrorParameters() []Parameter {
	return []Parameter{
		{Name: "Message", Aliases: []string{"Msg"}, Type: "String", Mandatory: true, AllowEmpty: true, Position: 1, FromPipeline: true},
		{Name: "Category", Type: "String", ValidateSet: categories[:]},
		{Name: "ErrorId", Type: "String"},
		{Name: "TargetObject", Type: "Object"},
		{Name: "RecommendedAction", Type: "String"},
		{Name: "CategoryActivity", Aliases: []string{"Activity"}, Type: "String"},
		{Name: "CategoryReason", Aliases: []string{"Reason"}, Type: "String"},
		{Name: "CategoryTargetName", Aliases: []string{"TargetName"}, Type: "String"},
		{Name: "CategoryTargetType", Aliases: []string{"TargetType"}, Type: "String"},
	}
}

func writeErrorCmdlet(c *Call) error {
	const exception = "Microsoft.PowerShell.Commands.WriteErrorException"
	or := func(parameter, otherwise string) string {
		if c.Has(parameter) {
			return c.String(parameter)
		}
		return otherwise
	}
	target, _ := c.Param("TargetObject")
	e := newError(exception, or("ErrorId", exception), or("Category", "NotSpecified"), c.String("Message"), target)
	e.Activity = or("CategoryActivity", "Write-Error")
	e.Reason = or("CategoryReason", e.Reason)
	e.TargetName, e.TargetType = or("CategoryTargetName", e.TargetName), or("CategoryTargetType", e.TargetType)
	if e.RecommendedAction = c.String("RecommendedAction"); e.RecommendedAction != "" {
		e.DetailsMessage = e.Message
	}
	return c.inv.writeRecord(e)
}

func writeHost(c *Call) error {
	v, _ := c.Param("Object")
	text := ""
	for n, item := range listItems(v) {
		if n > 0 {
			text += " "
		}
		text += item.String()
	}
	message := clixml.New(clixml.Prop("Message", text), clixml.Prop("NoNewLine", c.Bool("NoNewline")),
		clixml.Prop("ForegroundColor", nil), clixml.Prop("BackgroundColor", nil))
	message.TypeNames = []string{"System.Management.Automation.HostInformationMessage", "System.Object"}
	message.ToString, message.HasToString = text, true
	message.Props, message.Members = message.Members, nil
	if err := c.Information(clixml.Obj(message), "PSHOST"); err != nil || !c.inv.ex.hasUI {
		return err
	}
	method := psrp.MethodWriteLine2
	if c.Bool("NoNewline") {
		method = psrp.MethodWrite1
	}
	return c.inv.ex.sent(c.inv.tellHost(method, clixml.Str(text)))
}

func writeProgressParameters() []Parameter {
	return []Parameter{
		{Name: "Activity", Type: "String", Mandatory: true, Position: 1},
		{Name: "Status", Type: "String", Position: 2},
		{Name: "Id", Type: "Int32", Position: 3},
		{Name: "PercentComplete", Type: "Int32", ValidateRange: &Range{-1, 100}},
		{Name: "SecondsRemaining", Type: "Int32"},
		{Name: "CurrentOperation", Type: "String"},
		{Name: "ParentId", Type: "Int32"},
		{Name: "Completed", Type: "SwitchParameter"},
	}
}

func writeProgress(c *Call) error {
	status := c.String("Status")
	if status == "" {
		status = "Processing"
	}
	return c.Progress(psrp.ProgressRecord{
		Activity: c.String("Activity"), StatusDescription: status, CurrentOperation: c.String("CurrentOperation"),
		ActivityID: int32(c.Int("Id", 0)), ParentActivityID: int32(c.Int("ParentId", -1)),
		PercentComplete: int32(c.Int("PercentComplete", -1)), SecondsRemaining: int32(c.Int("SecondsRemaining", -1)),
		Completed: c.Bool("Completed"),
	})
}

// labObject makes objects for load: how many, how wide, how fast.
func labObject() Cmdlet {
	return Cmdlet{
		Name: "New-LabObject", Synopsis: "Makes objects for measuring: Index and as many properties as asked for.",
		Parameters: []Parameter{
			{Name: "Count", Type: "Int32", Position: 1, ValidateRange: &Range{0, 10_000_000}},
			{Name: "Properties", Type: "Int32", Position: 2, ValidateRange: &Range{1, 1000}},
			{Name: "DelayMilliseconds", Type: "Int32"},
		},
		OutputType: []string{"Lab.Object"},
		Run: func(c *Call) error {
			delay := time.Duration(c.Int("DelayMilliseconds", 0)) * time.Millisecond
			properties := c.Int("Properties", 5)
			for n := 1; n <= c.Int("Count", 1); n++ {
				if err := c.WriteObject(loadObject(n, properties)); err != nil {
					return err
				}
				if delay > 0 {
					if err := c.Sleep(delay); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// loadObject is object number n; its values follow from n, so that whoever
// receives it can check them.
func loadObject(n, properties int) clixml.Value {
	members := make([]clixml.Property, properties)
	members[0] = clixml.Prop("Index", n)
	for p := 1; p < properties; p++ {
		members[p].Name = fmt.Sprintf("Property%02d", p)
		switch p % 5 {
		case 1:
			members[p].Value = clixml.Str(fmt.Sprintf("value %d of object %d", p, n))
		case 2:
			members[p].Value = clixml.Int64(int64(n) * 1_000_000_007)
		case 3:
			members[p].Value = clixml.Bool(n%2 == 0)
		case 4:
			members[p].Value = clixml.Of(dateTime(time.Unix(1_600_000_000+int64(n), 0), false))
		default:
			members[p].Value = clixml.Of(n * p)
		}
	}
	o := clixml.Custom(members...)
	o.TypeNames = append([]string{"Lab.Object"}, o.TypeNames...)
	return clixml.Obj(o)
}

// labEcho tells what it was given and as which types.
func labEcho() Cmdlet {
	return Cmdlet{
		Name: "Get-LabEcho", Synopsis: "Gives back its arguments with the .NET types in which they were bound.",
		Parameters: []Parameter{
			{Name: "Value", Type: "Object", Position: 1, FromPipeline: true},
			{Name: "Text", Type: "String"},
			{Name: "Number", Type: "Int32"},
			{Name: "Long", Type: "Int64"},
			{Name: "Real", Type: "Double"},
			{Name: "Flag", Type: "Boolean"},
			{Name: "Switch", Type: "SwitchParameter"},
			{Name: "When", Type: "DateTime"},
			{Name: "Id", Type: "Guid"},
			{Name: "List", Type: "String[]"},
			{Name: "Table", Type: "Hashtable"},
			{Name: "Script", Type: "ScriptBlock"},
			{Name: "Secret", Type: "SecureString"},
			{Name: "Credential", Type: "PSCredential"},
			{Name: "Color", Type: "String", ValidateSet: []string{"Red", "Green", "Blue"}},
			{Name: "Percent", Type: "Int32", ValidateRange: &Range{0, 100}},
		},
		Run: func(c *Call) error {
			for _, p := range c.Cmdlet.Parameters {
				v, given := c.Param(p.Name)
				if !given {
					continue
				}
				err := c.WriteObject(clixml.Obj(clixml.Custom(
					clixml.Prop("Name", p.Name), clixml.Prop("Type", TypeName(v)), clixml.Prop("Value", v))))
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}
