package psrp

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
)

// MessageType tells which message carries the body.
func (Pipeline) MessageType() MessageType { return CreatePipeline }

// MessageType tells which message carries the body.
func (CommandMetadata) MessageType() MessageType { return GetCommandMetadata }

// MessageType tells which message carries the body.
func (InputObject) MessageType() MessageType { return PipelineInput }

// MessageType tells which message carries the body.
func (EndOfInput) MessageType() MessageType { return EndOfPipelineInput }

// MessageType tells which message carries the body.
func (OutputObject) MessageType() MessageType { return PipelineOutput }

// MessageType tells which message carries the body.
func (PipelineStatus) MessageType() MessageType { return PipelineStateMessage }

// Encode gives the object itself.
func (i InputObject) Encode() clixml.Value { return i.Value }

// Encode gives $null.
func (EndOfInput) Encode() clixml.Value { return clixml.Null() }

// Encode gives the object itself.
func (o OutputObject) Encode() clixml.Value { return o.Value }

// Encode gives the body as CLIXML carries it.
func (p PipelineStatus) Encode() clixml.Value {
	o := clixml.New(clixml.Prop("PipelineState", int32(p.State)))
	if p.Error != nil {
		o.Set("ExceptionAsErrorRecord", p.Error.Encode())
	}
	return clixml.Obj(o)
}

// createBody is a pipeline for a server of one protocol version: older ones
// know fewer merge fields.
type createBody struct {
	*Pipeline
	protocol string
}

func (b createBody) Encode() clixml.Value { return b.encode(b.protocol) }

// Encode gives the body as CLIXML carries it from protocol 2.3 on.
func (p Pipeline) Encode() clixml.Value { return p.encode(Protocol23) }

const listOfPSObject = "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, " +
	"System.Management.Automation, Version=7.6.5.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]"

func psList(items []clixml.Value) *clixml.Object {
	return &clixml.Object{TypeNames: []string{listOfPSObject, "System.Object"}, Kind: clixml.List, Items: items}
}

func (p *Pipeline) encode(protocol string) clixml.Value {
	statements := p.statements()
	powerShell := clixml.New()
	if len(statements) > 1 || len(statements) == 1 && p.Commands[len(p.Commands)-1].EndOfStatement {
		extra := make([]clixml.Value, len(statements))
		for i, s := range statements {
			extra[i] = clixml.Obj(clixml.New(clixml.Prop("Cmds", encodeCommands(s, protocol))))
		}
		powerShell.Set("ExtraCmds", clixml.Obj(psList(extra)))
	}
	var first []Command
	if len(statements) > 0 {
		first = statements[0]
	}
	powerShell.Set("Cmds", clixml.Obj(encodeCommands(first, protocol)))
	powerShell.Set("IsNested", clixml.Bool(p.Nested))
	powerShell.Set("History", textOrNull(p.History))
	powerShell.Set("RedirectShellErrorOutputPipe", clixml.Bool(p.RedirectErrors))
	host := p.Host
	if host == nil {
		host = &HostInfo{IsNull: true, NoUI: true, NoRawUI: true, UsePools: true}
	}
	return clixml.Obj(clixml.New(
		clixml.Prop("PowerShell", powerShell),
		clixml.Prop("NoInput", p.NoInput),
		clixml.Prop("ApartmentState", p.Apartment.enum()),
		clixml.Prop("RemoteStreamOptions", p.StreamOptions.enum()),
		clixml.Prop("AddToHistory", p.AddToHistory),
		clixml.Prop("HostInfo", host.encode()),
		clixml.Prop("IsNested", p.Nested),
	))
}

// statements cuts the commands after each that ends a statement.
func (p *Pipeline) statements() [][]Command {
	var all [][]Command
	start := 0
	for i := range p.Commands {
		if p.Commands[i].EndOfStatement || i == len(p.Commands)-1 {
			all = append(all, p.Commands[start:i+1])
			start = i + 1
		}
	}
	return all
}

func encodeCommands(commands []Command, protocol string) *clixml.Object {
	items := make([]clixml.Value, len(commands))
	for i := range commands {
		items[i] = commands[i].encode(protocol)
	}
	return psList(items)
}

func (c *Command) encode(protocol string) clixml.Value {
	m := c.Merge
	if c.MergeErrorToOutput {
		m.MyResult, m.ToResult, m.Error = ResultError, ResultOutput, ResultOutput
	}
	o := &clixml.Object{Members: make([]clixml.Property, 0, 12)}
	add := func(name string, x any) { o.Members = append(o.Members, clixml.Prop(name, x)) }
	add("Cmd", c.Name)
	add("IsScript", c.IsScript)
	if c.UseLocalScope == nil {
		add("UseLocalScope", nil)
	} else {
		add("UseLocalScope", *c.UseLocalScope)
	}
	add("MergeMyResult", m.MyResult.enum())
	add("MergeToResult", m.ToResult.enum())
	add("MergePreviousResults", m.PreviousResults.enum())
	version, _ := parseVersion(protocol)
	if version >= 2_002 {
		add("MergeError", m.Error.enum())
		add("MergeWarning", m.Warning.enum())
		add("MergeVerbose", m.Verbose.enum())
		add("MergeDebug", m.Debug.enum())
	}
	if version >= 2_003 {
		add("MergeInformation", m.Information.enum())
	}
	arguments := make([]clixml.Value, len(c.Parameters))
	for i, p := range c.Parameters {
		arguments[i] = clixml.Obj(clixml.New(
			clixml.Property{Name: "N", Value: textOrNull(p.Name)},
			clixml.Property{Name: "V", Value: p.Value},
		))
	}
	add("Args", psList(arguments))
	return clixml.Obj(o)
}

// maxPipelineItems bounds the statements, commands and parameters of a pipeline.
const maxPipelineItems = 100_000

func decodePipeline(r *reader) Pipeline {
	left := maxPipelineItems
	r.left = &left
	shell := r.sub("PowerShell")
	p := Pipeline{
		NoInput:        r.bool("NoInput"),
		AddToHistory:   r.bool("AddToHistory"),
		Nested:         shell.optionalBool("IsNested") || r.optionalBool("IsNested"),
		History:        shell.optionalText("History"),
		RedirectErrors: shell.optionalBool("RedirectShellErrorOutputPipe"),
		Host:           decodeHostInfo(r),
		Apartment:      decodeApartment(r),
		StreamOptions:  StreamOptions(r.optionalInt("RemoteStreamOptions")),
	}
	if p.Host != nil && p.Host.IsNull && p.Host.UsePools {
		p.Host = nil
	}
	if extra := shell.optionalList("ExtraCmds"); len(extra) > 0 {
		for _, statement := range extra {
			s := shell.item(statement)
			p.Commands = append(p.Commands, s.commands()...)
			if n := len(p.Commands); n > 0 {
				p.Commands[n-1].EndOfStatement = true
			}
			if shell.adopt(s); shell.err != nil {
				break
			}
		}
	} else {
		p.Commands = shell.commands()
	}
	if len(p.statements()) > 1 {
		p.Commands[len(p.Commands)-1].EndOfStatement = false // the end is one anyway
	}
	if len(p.Commands) == 0 {
		shell.fail("the pipeline has no command")
	}
	r.adopt(shell)
	return p
}

func (r *reader) commands() []Command {
	items := r.list("Cmds")
	if len(items) > *r.left {
		r.fail("there are more commands and parameters than %d", maxPipelineItems)
		return nil
	}
	commands := make([]Command, len(items))
	for i, v := range items {
		c := r.item(v)
		if c.err == nil {
			commands[i] = c.command()
		}
		if r.adopt(c); r.err != nil {
			break
		}
	}
	return commands
}

func (r *reader) command() Command {
	c := Command{
		Name: r.text("Cmd"), IsScript: r.bool("IsScript"),
		Merge: Merge{
			MyResult:        r.result("MergeMyResult"),
			ToResult:        r.result("MergeToResult"),
			PreviousResults: r.result("MergePreviousResults"),
			Error:           r.result("MergeError"),
			Warning:         r.result("MergeWarning"),
			Verbose:         r.result("MergeVerbose"),
			Debug:           r.result("MergeDebug"),
			Information:     r.result("MergeInformation"),
		},
	}
	c.MergeErrorToOutput = c.Merge.MyResult == ResultError && c.Merge.ToResult == ResultOutput &&
		(c.Merge.Error == ResultOutput || r.value("MergeError").IsNull())
	if !r.value("UseLocalScope").IsNull() {
		local := r.bool("UseLocalScope")
		c.UseLocalScope = &local
	}
	for _, v := range r.list("Args") {
		a := r.item(v)
		c.Parameters = append(c.Parameters, Parameter{a.optionalText("N"), a.value("V")})
		if r.adopt(a); r.err != nil {
			break
		}
	}
	return c
}

// result reads a merge field; those that an older client does not send are None.
func (r *reader) result(name string) ResultType {
	if r.value(name).IsNull() {
		return ResultNone
	}
	return ResultType(r.int32(name))
}

// Encode gives the body as CLIXML carries it.
func (c CommandMetadata) Encode() clixml.Value {
	var namespace, arguments any
	if c.Namespace != nil {
		namespace = stringArray(c.Namespace)
	}
	if c.Arguments != nil {
		arguments = clixml.Array(c.Arguments...)
	}
	return clixml.Obj(clixml.New(
		clixml.Prop("Name", stringArray(c.Names)),
		clixml.Prop("CommandType", c.Types.enum()),
		clixml.Prop("Namespace", namespace),
		clixml.Prop("FullyQualifiedModule", c.Module),
		clixml.Prop("ArgumentList", arguments),
	))
}

func decodeCommandMetadata(r *reader) CommandMetadata {
	return CommandMetadata{
		Names:     r.texts("Name"),
		Types:     CommandTypes(r.int32("CommandType")),
		Namespace: r.texts("Namespace"),
		Module:    r.value("FullyQualifiedModule"),
		Arguments: r.optionalList("ArgumentList"),
	}
}

func stringArray(texts []string) *clixml.Object {
	items := make([]clixml.Value, len(texts))
	for i, s := range texts {
		items[i] = clixml.Str(s)
	}
	return &clixml.Object{TypeNames: []string{"System.String[]", "System.Array", "System.Object"}, Kind: clixml.List, Items: items}
}

func arrayList(items []clixml.Value) *clixml.Object {
	return &clixml.Object{TypeNames: []string{"System.Collections.ArrayList", "System.Object"}, Kind: clixml.List, Items: items}
}

// parseVersion reads "2.3" as 2003, for comparing.
func parseVersion(s string) (int, error) {
	var major, minor int
	if n, _ := fmt.Sscanf(strings.TrimSpace(s), "%d.%d", &major, &minor); n != 2 || major < 0 || minor < 0 || minor > 999 {
		return 0, fmt.Errorf("%q is no protocol version", s)
	}
	return major*1000 + minor, nil
}
