package psrp

import "fmt"

// HostMethod is a method of the host. [MS-PSRP] 2.2.3.17
type HostMethod int32

// The 56 methods.
const (
	MethodGetName                          HostMethod = 1
	MethodGetVersion                       HostMethod = 2
	MethodGetInstanceID                    HostMethod = 3
	MethodGetCurrentCulture                HostMethod = 4
	MethodGetCurrentUICulture              HostMethod = 5
	MethodSetShouldExit                    HostMethod = 6
	MethodEnterNestedPrompt                HostMethod = 7
	MethodExitNestedPrompt                 HostMethod = 8
	MethodNotifyBeginApplication           HostMethod = 9
	MethodNotifyEndApplication             HostMethod = 10
	MethodReadLine                         HostMethod = 11
	MethodReadLineAsSecureString           HostMethod = 12
	MethodWrite1                           HostMethod = 13
	MethodWrite2                           HostMethod = 14
	MethodWriteLine1                       HostMethod = 15
	MethodWriteLine2                       HostMethod = 16
	MethodWriteLine3                       HostMethod = 17
	MethodWriteErrorLine                   HostMethod = 18
	MethodWriteDebugLine                   HostMethod = 19
	MethodWriteProgress                    HostMethod = 20
	MethodWriteVerboseLine                 HostMethod = 21
	MethodWriteWarningLine                 HostMethod = 22
	MethodPrompt                           HostMethod = 23
	MethodPromptForCredential1             HostMethod = 24
	MethodPromptForCredential2             HostMethod = 25
	MethodPromptForChoice                  HostMethod = 26
	MethodGetForegroundColor               HostMethod = 27
	MethodSetForegroundColor               HostMethod = 28
	MethodGetBackgroundColor               HostMethod = 29
	MethodSetBackgroundColor               HostMethod = 30
	MethodGetCursorPosition                HostMethod = 31
	MethodSetCursorPosition                HostMethod = 32
	MethodGetWindowPosition                HostMethod = 33
	MethodSetWindowPosition                HostMethod = 34
	MethodGetCursorSize                    HostMethod = 35
	MethodSetCursorSize                    HostMethod = 36
	MethodGetBufferSize                    HostMethod = 37
	MethodSetBufferSize                    HostMethod = 38
	MethodGetWindowSize                    HostMethod = 39
	MethodSetWindowSize                    HostMethod = 40
	MethodGetWindowTitle                   HostMethod = 41
	MethodSetWindowTitle                   HostMethod = 42
	MethodGetMaxWindowSize                 HostMethod = 43
	MethodGetMaxPhysicalWindowSize         HostMethod = 44
	MethodGetKeyAvailable                  HostMethod = 45
	MethodReadKey                          HostMethod = 46
	MethodFlushInputBuffer                 HostMethod = 47
	MethodSetBufferContents1               HostMethod = 48
	MethodSetBufferContents2               HostMethod = 49
	MethodGetBufferContents                HostMethod = 50
	MethodScrollBufferContents             HostMethod = 51
	MethodPushRunspace                     HostMethod = 52
	MethodPopRunspace                      HostMethod = 53
	MethodGetIsRunspacePushed              HostMethod = 54
	MethodGetRunspace                      HostMethod = 55
	MethodPromptForChoiceMultipleSelection HostMethod = 56
)

// String gives the method's name.
func (m HostMethod) String() string {
	names := [...]string{
		"GetName", "GetVersion", "GetInstanceId", "GetCurrentCulture", "GetCurrentUICulture",
		"SetShouldExit", "EnterNestedPrompt", "ExitNestedPrompt", "NotifyBeginApplication", "NotifyEndApplication",
		"ReadLine", "ReadLineAsSecureString", "Write1", "Write2", "WriteLine1", "WriteLine2", "WriteLine3",
		"WriteErrorLine", "WriteDebugLine", "WriteProgress", "WriteVerboseLine", "WriteWarningLine",
		"Prompt", "PromptForCredential1", "PromptForCredential2", "PromptForChoice",
		"GetForegroundColor", "SetForegroundColor", "GetBackgroundColor", "SetBackgroundColor",
		"GetCursorPosition", "SetCursorPosition", "GetWindowPosition", "SetWindowPosition",
		"GetCursorSize", "SetCursorSize", "GetBufferSize", "SetBufferSize", "GetWindowSize", "SetWindowSize",
		"GetWindowTitle", "SetWindowTitle", "GetMaxWindowSize", "GetMaxPhysicalWindowSize",
		"GetKeyAvailable", "ReadKey", "FlushInputBuffer", "SetBufferContents1", "SetBufferContents2",
		"GetBufferContents", "ScrollBufferContents", "PushRunspace", "PopRunspace",
		"GetIsRunspacePushed", "GetRunspace", "PromptForChoiceMultipleSelection",
	}
	if m < 1 || int(m) > len(names) {
		return fmt.Sprintf("host method %d", int32(m))
	}
	return names[m-1]
}

// Void tells whether the method returns nothing, so that its calls carry the
// id [NoAnswer].
func (m HostMethod) Void() bool {
	switch m {
	case MethodSetShouldExit, MethodEnterNestedPrompt, MethodExitNestedPrompt, MethodNotifyBeginApplication,
		MethodNotifyEndApplication, MethodWrite1, MethodWrite2, MethodWriteLine1, MethodWriteLine2, MethodWriteLine3,
		MethodWriteErrorLine, MethodWriteDebugLine, MethodWriteProgress, MethodWriteVerboseLine, MethodWriteWarningLine,
		MethodSetForegroundColor, MethodSetBackgroundColor, MethodSetCursorPosition, MethodSetWindowPosition,
		MethodSetCursorSize, MethodSetBufferSize, MethodSetWindowSize, MethodSetWindowTitle, MethodFlushInputBuffer,
		MethodSetBufferContents1, MethodSetBufferContents2, MethodScrollBufferContents, MethodPushRunspace, MethodPopRunspace:
		return true
	}
	return false
}
