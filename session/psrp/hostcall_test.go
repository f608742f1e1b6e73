package psrp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// recordedCalls are the parameters (the member mp) as PowerShell sends them.
var recordedCalls = []struct {
	method     psrp.HostMethod
	parameters string
	want       any
}{
	{psrp.MethodSetShouldExit, `<I32>7</I32>`, psrp.SetShouldExit{Code: 7}},
	{psrp.MethodReadLine, ``, psrp.ReadLine{}},
	{psrp.MethodReadLineAsSecureString, ``, psrp.ReadLineAsSecureString{}},
	{psrp.MethodWrite1, `<S>w1</S>`, psrp.Write{Text: "w1"}},
	{psrp.MethodWrite2, `<I32>14</I32><I32>1</I32><S>on blue</S>`, psrp.WriteColor{Foreground: psrp.ColorYellow, Background: psrp.ColorDarkBlue, Text: "on blue"}},
	{psrp.MethodWriteLine1, ``, psrp.WriteLine{}},
	{psrp.MethodWriteLine2, `<S>@{A=1}</S>`, psrp.WriteLine{Text: "@{A=1}"}},
	{psrp.MethodWriteLine3, `<I32>7</I32><I32>0</I32><S>plain</S>`, psrp.WriteLineColor{Foreground: psrp.ColorGray, Text: "plain"}},
	{psrp.MethodWriteErrorLine, `<S>err</S>`, psrp.WriteErrorLine{Text: "err"}},
	{psrp.MethodWriteDebugLine, `<S>dbg</S>`, psrp.WriteDebugLine{Text: "dbg"}},
	{psrp.MethodWriteVerboseLine, `<S>hi</S>`, psrp.WriteVerboseLine{Text: "hi"}},
	{psrp.MethodWriteWarningLine, `<S>w</S>`, psrp.WriteWarningLine{Text: "w"}},
	{
		psrp.MethodWriteProgress,
		`<I64>0</I64><Obj RefId="3"><MS><S N="Activity">Copying</S><I32 N="ActivityId">0</I32><S N="StatusDescription">step 1</S><S N="CurrentOperation">file.txt</S><I32 N="ParentActivityId">-1</I32><I32 N="PercentComplete">10</I32><Obj N="Type" RefId="4"><TN RefId="2"><T>System.Management.Automation.ProgressRecordType</T><T>System.Enum</T></TN><ToString>Processing</ToString><I32>0</I32></Obj><I32 N="SecondsRemaining">90</I32></MS></Obj>`,
		psrp.WriteProgress{Record: psrp.ProgressRecord{
			Activity: "Copying", StatusDescription: "step 1", CurrentOperation: "file.txt",
			ParentActivityID: -1, PercentComplete: 10, SecondsRemaining: 90,
		}},
	},
	{
		psrp.MethodPrompt,
		`<S>cmdlet Get-Item at command pipeline position 1</S><S>Supply values for the following parameters:</S><Obj RefId="3"><LST><Obj RefId="4"><MS><S N="name">Path</S><S N="label">&amp;Path</S><S N="parameterTypeName">String[]</S><S N="parameterTypeFullName">System.String[]</S><S N="parameterAssemblyFullName">System.String[], System.Private.CoreLib</S><S N="helpMessage"></S><B N="isMandatory">true</B><Obj N="metadata" RefId="5"><LST /></Obj><B N="modifiedByRemotingProtocol">false</B><B N="isFromRemoteHost">false</B></MS></Obj></LST></Obj>`,
		psrp.Prompt{
			Caption: "cmdlet Get-Item at command pipeline position 1",
			Message: "Supply values for the following parameters:",
			Fields: []psrp.FieldDescription{{
				Name: "Path", Label: "&Path", TypeName: "String[]", FullType: "System.String[]",
				AssemblyType: "System.String[], System.Private.CoreLib", Mandatory: true, Metadata: []clixml.Value{},
			}},
		},
	},
	{
		psrp.MethodPromptForChoice,
		`<S>Confirm</S><S>Continue with this operation?</S><Obj RefId="3"><LST><Obj RefId="4"><MS><S N="label">&amp;Yes</S><S N="helpMessage">Continue.</S></MS></Obj><Obj RefId="6"><MS><S N="label">&amp;Halt Command</S><S N="helpMessage"></S></MS></Obj></LST></Obj><I32>-1</I32>`,
		psrp.PromptForChoice{
			Caption: "Confirm", Message: "Continue with this operation?", Default: -1,
			Choices: []psrp.Choice{{Label: "&Yes", Help: "Continue."}, {Label: "&Halt Command"}},
		},
	},
	{
		psrp.MethodPromptForChoiceMultipleSelection,
		`<S>Many</S><S>pick some</S><Obj RefId="3"><LST><Obj RefId="4"><MS><S N="label">&amp;A</S><S N="helpMessage"></S></MS></Obj></LST></Obj><Obj RefId="7"><MS><Obj N="mae" RefId="8"><LST><I32>0</I32><I32>2</I32></LST></Obj><Obj N="mal" RefId="9"><LST><I32>2</I32></LST></Obj></MS></Obj>`,
		psrp.PromptForChoices{Caption: "Many", Message: "pick some", Choices: []psrp.Choice{{Label: "&A"}}, Defaults: []int{0, 2}},
	},
	{psrp.MethodPromptForCredential1, `<S>c</S><S>m</S><S>u</S><S>t</S>`, psrp.PromptForCredential{Caption: "c", Message: "m", UserName: "u", TargetName: "t"}},
	{
		psrp.MethodPromptForCredential2, `<S>PowerShell credential request</S><S>Enter your credentials.</S><Nil /><S></S><I32>3</I32><I32>1</I32>`,
		psrp.PromptForCredential{Caption: "PowerShell credential request", Message: "Enter your credentials.", AllowedTypes: 3, Options: 1},
	},
	{psrp.MethodSetWindowTitle, `<S>new title</S>`, psrp.SetWindowTitle{Title: "new title"}},
	{psrp.MethodSetForegroundColor, `<I32>11</I32>`, psrp.SetColor{Method: psrp.MethodSetForegroundColor, Color: psrp.ColorCyan}},
	{psrp.MethodSetCursorPosition, `<Obj RefId="3"><MS><I32 N="x">4</I32><I32 N="y">5</I32></MS></Obj>`, psrp.SetPosition{Method: psrp.MethodSetCursorPosition, Position: psrp.Coordinates{X: 4, Y: 5}}},
	{psrp.MethodSetCursorSize, `<I32>50</I32>`, psrp.SetCursorSize{Percent: 50}},
	{psrp.MethodSetBufferSize, `<Obj RefId="3"><MS><I32 N="width">130</I32><I32 N="height">900</I32></MS></Obj>`, psrp.SetSize{Method: psrp.MethodSetBufferSize, Size: psrp.Size{Width: 130, Height: 900}}},
	{psrp.MethodReadKey, `<I32>6</I32>`, psrp.ReadKey{Options: 6}},
	{psrp.MethodFlushInputBuffer, ``, psrp.FlushInputBuffer{}},
	{
		psrp.MethodSetBufferContents1,
		`<Obj RefId="3"><MS><I32 N="left">0</I32><I32 N="top">1</I32><I32 N="right">3</I32><I32 N="bottom">2</I32></MS></Obj>` + cell("4", 35, 14, 12),
		psrp.FillBuffer{Region: psrp.Rectangle{Top: 1, Right: 3, Bottom: 2}, Cell: psrp.BufferCell{Character: '#', Foreground: psrp.ColorYellow, Background: psrp.ColorRed}},
	},
	{
		psrp.MethodSetBufferContents2,
		`<Obj RefId="3"><MS><I32 N="x">1</I32><I32 N="y">1</I32></MS></Obj><Obj RefId="4"><MS><Obj N="mae" RefId="5"><LST>` +
			cell("6", 'a', 15, 0) + cell("7", 'b', 15, 0) + cell("8", 'c', 15, 0) + cell("9", 'd', 15, 0) +
			`</LST></Obj><Obj N="mal" RefId="10"><LST><I32>2</I32><I32>2</I32></LST></Obj></MS></Obj>`,
		psrp.SetBuffer{Origin: psrp.Coordinates{X: 1, Y: 1}, Cells: [][]psrp.BufferCell{
			{{Character: 'a', Foreground: psrp.ColorWhite}, {Character: 'b', Foreground: psrp.ColorWhite}},
			{{Character: 'c', Foreground: psrp.ColorWhite}, {Character: 'd', Foreground: psrp.ColorWhite}},
		}},
	},
	{psrp.MethodPopRunspace, ``, psrp.Notification{Method: psrp.MethodPopRunspace}},
	{psrp.MethodGetWindowSize, ``, psrp.Getter{Method: psrp.MethodGetWindowSize}},
}

func cell(ref string, character rune, foreground, background int) string {
	return strings.NewReplacer("R", ref, "CH", clixml.Int32(character).String(),
		"FG", clixml.Int32(int32(foreground)).String(), "BG", clixml.Int32(int32(background)).String()).Replace(
		`<Obj RefId="R"><MS><C N="character">CH</C><I32 N="foregroundColor">FG</I32><I32 N="backgroundColor">BG</I32><I32 N="bufferCellType">0</I32></MS></Obj>`)
}

// parameters reads the elements of a call's list.
func parameters(t testing.TB, elements string) []clixml.Value {
	t.Helper()
	v, err := clixml.Decode([]byte(`<Obj RefId="99"><LST>` + elements + `</LST></Obj>`))
	if err != nil {
		t.Fatal(err)
	}
	return v.Object().Items
}

func TestHostCallDecode(t *testing.T) {
	for _, test := range recordedCalls {
		t.Run(test.method.String(), func(t *testing.T) {
			call := psrp.HostCall{Method: test.method, Parameters: parameters(t, test.parameters)}
			got, err := call.Decode()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.Comparer(clixml.Equal)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			anew, err := psrp.NewHostCall(got)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := anew.Decode(); err != nil || !cmp.Equal(got, again, cmp.Comparer(clixml.Equal)) {
				t.Errorf("made anew it is %#v, %v", again, err)
			}
		})
	}
}

// What a call lacks, or has of another type, is an error and no panic.
func TestHostCallDecodeRefuses(t *testing.T) {
	for _, test := range recordedCalls {
		good := parameters(t, test.parameters)
		for i := range good {
			call := psrp.HostCall{Method: test.method, Parameters: good[:i]}
			if x, err := call.Decode(); err == nil {
				t.Errorf("%s with %d of %d parameters gives %#v", test.method, i, len(good), x)
			}
			wrong := append([]clixml.Value{}, good...)
			wrong[i] = clixml.Double(1.5)
			call.Parameters = wrong
			if x, err := call.Decode(); err == nil {
				t.Errorf("%s with a number of another type at %d gives %#v", test.method, i, x)
			}
		}
	}
	lies := parameters(t, `<Obj RefId="3"><MS><I32 N="x">1</I32><I32 N="y">1</I32></MS></Obj><Obj RefId="4"><MS><Obj N="mae" RefId="5"><LST>`+
		cell("6", 'a', 1, 1)+`</LST></Obj><Obj N="mal" RefId="10"><LST><I32>2147483647</I32><I32>2147483647</I32></LST></Obj></MS></Obj>`)
	if _, err := (psrp.HostCall{Method: psrp.MethodSetBufferContents2, Parameters: lies}).Decode(); err == nil {
		t.Error("lengths that lie are taken")
	}
	for _, m := range []psrp.HostMethod{0, -1, 57, 1 << 30} {
		if _, err := (psrp.HostCall{Method: m}).Decode(); err == nil {
			t.Errorf("method %d is taken", m)
		}
	}
}

func TestEveryHostMethodHasItsName(t *testing.T) {
	seen := map[string]bool{}
	for m := psrp.HostMethod(1); m <= 56; m++ {
		name := m.String()
		if seen[name] || strings.Contains(name, " ") {
			t.Errorf("method %d is called %q", m, name)
		}
		seen[name] = true
	}
	// [MS-PSRP] 2.2.3.17
	for m, want := range map[psrp.HostMethod]string{
		1: "GetName", 6: "SetShouldExit", 11: "ReadLine", 17: "WriteLine3", 23: "Prompt", 25: "PromptForCredential2",
		26: "PromptForChoice", 41: "GetWindowTitle", 46: "ReadKey", 51: "ScrollBufferContents", 53: "PopRunspace",
		56: "PromptForChoiceMultipleSelection",
	} {
		if m.String() != want {
			t.Errorf("method %d is called %s, want %s", m, m, want)
		}
	}
}

func TestAnswersHaveTheTypesThatPowerShellReads(t *testing.T) {
	call := psrp.HostCall{PipelineID: uuid.UUID{1}, CallID: 3, Method: psrp.MethodPrompt}
	tests := []struct {
		name   string
		answer psrp.HostResponse
		want   string // the member mr as PowerShell's client writes it
	}{
		{"choice", psrp.ChoiceAnswer(call, 2), `<I32>2</I32>`},
		{"text", psrp.StringAnswer(call, "typed line"), `<S>typed line</S>`},
		{"secret", psrp.SecureStringAnswer(call, "cAB3ADIA"), `<SS>cAB3ADIA</SS>`},
		{
			"choices", psrp.ChoicesAnswer(call, []int{1, 2}),
			`<Obj RefId="0"><TN RefId="0"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST><I32>1</I32><I32>2</I32></LST></Obj>`,
		},
		{
			"fields", psrp.PromptAnswer(call, []clixml.Entry{{Key: clixml.Str("Your name"), Value: clixml.Str("Anna")}}),
			`<Obj RefId="1"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">Your name</S><S N="Value">Anna</S></En></DCT></Obj>`,
		},
		{
			"credential", psrp.CredentialAnswer(call, `contoso\adm`, "cAB3ADIA"),
			`<Obj RefId="1"><TN RefId="0"><T>System.Management.Automation.PSCredential</T><T>System.Object</T></TN><ToString>System.Management.Automation.PSCredential</ToString><Props><S N="UserName">contoso\adm</S><SS N="Password">cAB3ADIA</SS></Props></Obj>`,
		},
		{
			"key", psrp.KeyPressAnswer(call, psrp.KeyInfo{VirtualKeyCode: 65, Character: 'a', ControlState: 16, KeyDown: true}),
			`<Obj RefId="1"><MS><I32 N="virtualKeyCode">65</I32><C N="character">97</C><I32 N="controlKeyState">16</I32><B N="keyDown">true</B></MS></Obj>`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want, err := clixml.Decode([]byte(test.want))
			if err != nil {
				t.Fatal(err)
			}
			if !clixml.Equal(test.answer.Value, want) {
				got, _ := clixml.Encode(test.answer.Value)
				t.Errorf("answer is %s, want %s", got, test.want)
			}
			if test.answer.CallID != 3 || test.answer.PipelineID != call.PipelineID || test.answer.Method != call.Method {
				t.Errorf("answer is to %+v", test.answer)
			}
		})
	}
	key, err := psrp.DecodeKeyInfo(psrp.KeyPressAnswer(call, psrp.KeyInfo{VirtualKeyCode: 65, Character: 'a'}).Value)
	if err != nil || key.VirtualKeyCode != 65 || key.Character != 'a' {
		t.Errorf("key is %+v, %v", key, err)
	}
}

// FuzzHostCall gives any parameters to any method. What is understood can be
// called again, is then understood the same, and is the same call after that.
func FuzzHostCall(f *testing.F) {
	for _, test := range recordedCalls {
		f.Add(int32(test.method), []byte(`<Obj RefId="99"><LST>`+test.parameters+`</LST></Obj>`))
	}
	f.Fuzz(func(t *testing.T, method int32, list []byte) {
		v, err := clixml.DecodeLimits(list, clixml.Limits{Size: 1 << 16, Objects: 10000})
		if err != nil || v.Object() == nil {
			return
		}
		call := psrp.HostCall{Method: psrp.HostMethod(method), Parameters: v.Object().Items}
		x, err := call.Decode()
		if (x == nil) == (err == nil) {
			t.Errorf("%#v, %v", x, err)
		}
		if err != nil {
			return
		}
		again, err := psrp.NewHostCall(x)
		if err != nil {
			t.Fatalf("%#v: %v", x, err)
		}
		y, err := again.Decode()
		if err != nil {
			t.Fatalf("%#v gives %v: %v", x, again, err)
		}
		third, err := psrp.NewHostCall(y)
		if err != nil || third.Method != again.Method || !clixml.Equal(clixml.Of(third.Parameters), clixml.Of(again.Parameters)) {
			t.Errorf("%v, then %v, %v", again, third, err)
		}
	})
}
