package psrp

import "psdeck/session/clixml"

// What host calls ask, as [HostCall.Decode] gives it. The text in them is the
// server's and is not to be trusted.
type (
	// Getter is a call without parameters that asks for a property of the host.
	Getter struct{ Method HostMethod }
	// SetShouldExit is what the command exit sends.
	SetShouldExit struct{ Code int32 }
	// Notification is EnterNestedPrompt, ExitNestedPrompt,
	// NotifyBeginApplication, NotifyEndApplication, PushRunspace or PopRunspace.
	Notification struct{ Method HostMethod }
	// ReadLine asks for a line.
	ReadLine struct{}
	// ReadLineAsSecureString asks for a line that is not shown.
	ReadLineAsSecureString struct{}
	// Write writes text.
	Write struct{ Text string }
	// WriteColor writes text in colour.
	WriteColor struct {
		Foreground, Background ConsoleColor
		Text                   string
	}
	// WriteLine writes a line; WriteLine1 has no text.
	WriteLine struct{ Text string }
	// WriteLineColor writes a line in colour.
	WriteLineColor struct {
		Foreground, Background ConsoleColor
		Text                   string
	}
	// WriteErrorLine writes a line of an error.
	WriteErrorLine struct{ Text string }
	// WriteDebugLine writes a debug message.
	WriteDebugLine struct{ Text string }
	// WriteVerboseLine writes a verbose message.
	WriteVerboseLine struct{ Text string }
	// WriteWarningLine writes a warning.
	WriteWarningLine struct{ Text string }
	// WriteProgress shows progress; SourceID tells records of several sources apart.
	WriteProgress struct {
		SourceID int64
		Record   ProgressRecord
	}
	// Prompt asks for several values; Read-Host asks so for one.
	Prompt struct {
		Caption, Message string
		Fields           []FieldDescription
	}
	// PromptForCredential asks for a user name and a password.
	PromptForCredential struct {
		Caption, Message, UserName, TargetName string
		AllowedTypes, Options                  int32
	}
	// PromptForChoice asks to choose one.
	PromptForChoice struct {
		Caption, Message string
		Choices          []Choice
		Default          int // -1: none
	}
	// PromptForChoices asks to choose any number.
	PromptForChoices struct {
		Caption, Message string
		Choices          []Choice
		Defaults         []int
	}
	// SetColor is SetForegroundColor or SetBackgroundColor.
	SetColor struct {
		Method HostMethod
		Color  ConsoleColor
	}
	// SetPosition is SetCursorPosition or SetWindowPosition.
	SetPosition struct {
		Method   HostMethod
		Position Coordinates
	}
	// SetCursorSize sets the cursor's height in percent.
	SetCursorSize struct{ Percent int32 }
	// SetSize is SetBufferSize or SetWindowSize.
	SetSize struct {
		Method HostMethod
		Size   Size
	}
	// SetWindowTitle sets the window's title.
	SetWindowTitle struct{ Title string }
	// ReadKey asks for a key press. [MS-PSRP] 2.2.3.27
	ReadKey struct{ Options int32 }
	// FlushInputBuffer drops what was typed ahead.
	FlushInputBuffer struct{}
	// FillBuffer fills a region with one cell (SetBufferContents1); a region of
	// -1 at every side is the whole screen.
	FillBuffer struct {
		Region Rectangle
		Cell   BufferCell
	}
	// SetBuffer writes cells (SetBufferContents2), row by row.
	SetBuffer struct {
		Origin Coordinates
		Cells  [][]BufferCell
	}
	// GetBuffer asks for what is on the screen (GetBufferContents).
	GetBuffer struct{ Region Rectangle }
	// ScrollBuffer moves a region.
	ScrollBuffer struct {
		Source      Rectangle
		Destination Coordinates
		Clip        Rectangle
		Fill        BufferCell
	}
)

// Choice is one answer to choose. The letter after & in Label is its hot key.
type Choice struct{ Label, Help string }

// FieldDescription is one value that [Prompt] asks for. [MS-PSRP] 2.2.3.18
type FieldDescription struct {
	Name, Label, Help  string
	TypeName, FullType string // such as String[] and System.String[]
	AssemblyType       string
	Mandatory          bool
	Default            clixml.Value
	Metadata           []clixml.Value
	ModifiedByProtocol bool
	FromRemoteHost     bool
}

// Secret tells whether the field asks for a SecureString or a credential.
func (f FieldDescription) Secret() bool {
	return f.FullType == "System.Security.SecureString" || f.FullType == "System.Management.Automation.PSCredential"
}
