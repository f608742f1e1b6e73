package psrp

import "psdeck/session/clixml"

// Command is one command of a pipeline. [MS-PSRP] 2.2.3.11
type Command struct {
	Name          string // a command's name, or a script's text
	IsScript      bool
	UseLocalScope *bool // nil: the server's default
	Parameters    []Parameter
	// MergeErrorToOutput sends the command's errors into its output, as 2>&1
	// does. It is short for the three fields of Merge that say so.
	MergeErrorToOutput bool
	Merge              Merge
	// EndOfStatement ends the statement after this command: the next one begins
	// a new pipeline in the same request.
	EndOfStatement bool
}

// Parameter is an argument of a command. [MS-PSRP] 2.2.3.13
type Parameter struct {
	Name  string // without dash; "" for a positional argument
	Value clixml.Value
}

// Merge tells where the streams of a command go. [MS-PSRP] 2.2.3.12
type Merge struct {
	MyResult, ToResult, PreviousResults         ResultType
	Error, Warning, Verbose, Debug, Information ResultType
}

// ResultType is a PipelineResultTypes value. [MS-PSRP] 2.2.3.31
type ResultType int32

// The result types. ResultOutputAndError is what Out-Default of an interactive
// client merges from the commands before it; PowerShell prints it as Warning.
const (
	ResultNone           ResultType = 0
	ResultOutput         ResultType = 1
	ResultError          ResultType = 2
	ResultWarning        ResultType = 3
	ResultOutputAndError ResultType = 3
	ResultVerbose        ResultType = 4
	ResultDebug          ResultType = 5
	ResultInformation    ResultType = 6
	ResultAll            ResultType = 7
	ResultNull           ResultType = 8
)

// ApartmentState is the COM apartment asked for. [MS-PSRP] 2.2.3.7
type ApartmentState int32

// The apartment states; the zero value leaves it to the server.
const (
	ApartmentUnknown ApartmentState = iota
	ApartmentSTA
	ApartmentMTA
)

// ThreadOptions is a PSThreadOptions value. [MS-PSRP] 2.2.3.6
type ThreadOptions int32

// The thread options.
const (
	ThreadDefault    ThreadOptions = 0
	ThreadUseNew     ThreadOptions = 1
	ThreadReuse      ThreadOptions = 2
	ThreadUseCurrent ThreadOptions = 3
)

// StreamOptions tells which records carry the invocation that made them, which
// is where position messages come from. [MS-PSRP] 2.2.3.8
type StreamOptions int32

// The stream options; they combine.
const (
	InvocationInErrors   StreamOptions = 1
	InvocationInWarnings StreamOptions = 2
	InvocationInDebug    StreamOptions = 4
	InvocationInVerbose  StreamOptions = 8
	InvocationInAll      StreamOptions = 15
)

// Pipeline is a request to run commands: CREATE_PIPELINE. [MS-PSRP] 2.2.2.10
type Pipeline struct {
	Commands []Command
	// NoInput tells that no input will come; else input goes in with
	// [Client.Input] and must be ended with [Client.EndInput].
	NoInput      bool
	AddToHistory bool
	Nested       bool   // runs inside a pipeline that waits, such as a nested prompt
	History      string // the line as typed, where it differs from the commands
	// RedirectErrors lets a script go on after a statement's error and sends the
	// error as a record, as PowerShell's own clients ask. Without it the first
	// error ends the pipeline.
	RedirectErrors bool
	Host           *HostInfo // nil: the pool's host
	Apartment      ApartmentState
	StreamOptions  StreamOptions
}

// Script makes a pipeline that runs text as a script, takes no input and goes
// on after errors.
func Script(text string) Pipeline {
	return Commands(Command{Name: text, IsScript: true})
}

// Commands makes a pipeline of these commands that takes no input and goes on
// after errors.
func Commands(commands ...Command) Pipeline {
	return Pipeline{Commands: commands, NoInput: true, RedirectErrors: true}
}

// CommandMetadata asks for commands and their parameters, as implicit remoting
// does: GET_COMMAND_METADATA. [MS-PSRP] 2.2.2.14
type CommandMetadata struct {
	Names     []string
	Types     CommandTypes
	Namespace []string // modules to look in; nil for all
	// Module names modules by ModuleSpecification objects; $null for none.
	Module    clixml.Value
	Arguments []clixml.Value // for the parameters that depend on arguments
}

// CommandTypes is a set of kinds of command. [MS-PSRP] 2.2.3.19
type CommandTypes int32

// The kinds of command; they combine.
const (
	CommandAlias         CommandTypes = 0x001
	CommandFunction      CommandTypes = 0x002
	CommandFilter        CommandTypes = 0x004
	CommandCmdlet        CommandTypes = 0x008
	CommandExternal      CommandTypes = 0x010
	CommandApplication   CommandTypes = 0x020
	CommandScript        CommandTypes = 0x040
	CommandConfiguration CommandTypes = 0x100
	// CommandRemotable is what PowerShell's own clients ask for.
	CommandRemotable = CommandAlias | CommandFunction | CommandFilter | CommandCmdlet | CommandConfiguration
)
