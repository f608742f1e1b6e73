package psrp

import (
	"fmt"

	"psdeck/session/clixml"
)

// NewHostCall makes the call that [HostCall.Decode] reads as x: its method and
// parameters. The ids are the server's to give. Of methods with several forms
// it takes the fullest: WriteLine2, PromptForCredential2.
func NewHostCall(x any) (HostCall, error) {
	switch x := x.(type) {
	case Getter:
		return callOf(x.Method), nil
	case Notification:
		return callOf(x.Method), nil
	case SetShouldExit:
		return callOf(MethodSetShouldExit, x.Code), nil
	case ReadLine:
		return callOf(MethodReadLine), nil
	case ReadLineAsSecureString:
		return callOf(MethodReadLineAsSecureString), nil
	case Prompt:
		return callOf(MethodPrompt, x.Caption, x.Message, fieldList(x.Fields)), nil
	case PromptForCredential:
		return callOf(MethodPromptForCredential2, x.Caption, x.Message, textOrNull(x.UserName), x.TargetName,
			x.AllowedTypes, x.Options), nil
	case PromptForChoice:
		return callOf(MethodPromptForChoice, x.Caption, x.Message, choiceList(x.Choices), int32(x.Default)), nil
	case PromptForChoices:
		return callOf(MethodPromptForChoiceMultipleSelection, x.Caption, x.Message, choiceList(x.Choices),
			clixml.Obj(intArray(x.Defaults))), nil
	}
	if call, ok := writeCall(x); ok {
		return call, nil
	}
	if call, ok := screenCall(x); ok {
		return call, nil
	}
	return HostCall{}, fmt.Errorf("psrp: %T is no host call", x)
}

func callOf(m HostMethod, parameters ...any) HostCall {
	c := HostCall{CallID: NoAnswer, Method: m, Parameters: make([]clixml.Value, len(parameters))}
	for i, p := range parameters {
		c.Parameters[i] = clixml.Of(p)
	}
	return c
}

func writeCall(x any) (HostCall, bool) {
	switch x := x.(type) {
	case Write:
		return callOf(MethodWrite1, x.Text), true
	case WriteColor:
		return callOf(MethodWrite2, int32(x.Foreground), int32(x.Background), x.Text), true
	case WriteLine:
		return callOf(MethodWriteLine2, x.Text), true
	case WriteLineColor:
		return callOf(MethodWriteLine3, int32(x.Foreground), int32(x.Background), x.Text), true
	case WriteErrorLine:
		return callOf(MethodWriteErrorLine, x.Text), true
	case WriteDebugLine:
		return callOf(MethodWriteDebugLine, x.Text), true
	case WriteVerboseLine:
		return callOf(MethodWriteVerboseLine, x.Text), true
	case WriteWarningLine:
		return callOf(MethodWriteWarningLine, x.Text), true
	case WriteProgress:
		return callOf(MethodWriteProgress, x.SourceID, x.Record.Encode()), true
	}
	return HostCall{}, false
}

func screenCall(x any) (HostCall, bool) {
	switch x := x.(type) {
	case SetColor:
		return callOf(x.Method, int32(x.Color)), true
	case SetPosition:
		return callOf(x.Method, x.Position.encode()), true
	case SetCursorSize:
		return callOf(MethodSetCursorSize, x.Percent), true
	case SetSize:
		return callOf(x.Method, x.Size.encode()), true
	case SetWindowTitle:
		return callOf(MethodSetWindowTitle, x.Title), true
	case ReadKey:
		return callOf(MethodReadKey, x.Options), true
	case FlushInputBuffer:
		return callOf(MethodFlushInputBuffer), true
	case FillBuffer:
		return callOf(MethodSetBufferContents1, x.Region.encode(), x.Cell.encode()), true
	case SetBuffer:
		return callOf(MethodSetBufferContents2, x.Origin.encode(), encodeGrid(x.Cells)), true
	case GetBuffer:
		return callOf(MethodGetBufferContents, x.Region.encode()), true
	case ScrollBuffer:
		return callOf(MethodScrollBufferContents, x.Source.encode(), x.Destination.encode(), x.Clip.encode(), x.Fill.encode()), true
	}
	return HostCall{}, false
}

func choiceList(choices []Choice) *clixml.Object {
	items := make([]clixml.Value, len(choices))
	for i, c := range choices {
		items[i] = clixml.Obj(clixml.New(clixml.Prop("label", c.Label), clixml.Prop("helpMessage", c.Help)))
	}
	return arrayList(items)
}

func fieldList(fields []FieldDescription) *clixml.Object {
	items := make([]clixml.Value, len(fields))
	for i, f := range fields {
		o := clixml.New(
			clixml.Prop("name", f.Name),
			clixml.Prop("label", f.Label),
			clixml.Prop("parameterTypeName", f.TypeName),
			clixml.Prop("parameterTypeFullName", f.FullType),
			clixml.Prop("parameterAssemblyFullName", f.AssemblyType),
			clixml.Prop("helpMessage", f.Help),
			clixml.Prop("isMandatory", f.Mandatory),
		)
		if !f.Default.IsNull() {
			o.Set("defaultValue", f.Default)
		}
		o.Set("metadata", clixml.Obj(arrayList(f.Metadata)))
		o.Set("modifiedByRemotingProtocol", clixml.Bool(f.ModifiedByProtocol))
		o.Set("isFromRemoteHost", clixml.Bool(f.FromRemoteHost))
		items[i] = clixml.Obj(o)
	}
	return arrayList(items)
}

// intArray writes numbers as an array with its length; nil is nil.
// [MS-PSRP] 2.2.6.1.4
func intArray(numbers []int) *clixml.Object {
	if numbers == nil {
		return nil
	}
	items := make([]clixml.Value, len(numbers))
	for i, n := range numbers {
		items[i] = clixml.Int32(int32(n))
	}
	return dimensioned(items, int32(len(numbers)))
}

func encodeGrid(grid [][]BufferCell) *clixml.Object {
	var cells []clixml.Value
	columns := 0
	for _, row := range grid {
		columns = len(row)
		for _, c := range row {
			cells = append(cells, c.encode())
		}
	}
	return dimensioned(cells, int32(len(grid)), int32(columns))
}

func dimensioned(items []clixml.Value, lengths ...int32) *clixml.Object {
	dimensions := &clixml.Object{TypeNames: []string{"System.Int32[]", "System.Array", "System.Object"}, Kind: clixml.List}
	for _, n := range lengths {
		dimensions.Items = append(dimensions.Items, clixml.Int32(n))
	}
	return clixml.New(clixml.Prop("mae", arrayList(items)), clixml.Prop("mal", dimensions))
}
