// Package wsman speaks WS-Management over HTTP: the transport of remote
// shells ([MS-WSMV]), on which PowerShell remoting ([MS-PSRP]) and the Windows
// Remote Shell travel. It knows nothing of what the shells carry.
//
// Vocabulary. A [Client] is one user at one endpoint: a URL, a resource URI,
// an authorization, a cookie jar, one WS-Management session id. It creates a
// [Shell]; in a shell run commands, each with an id. An exchange is one request
// and its answer. Data goes to a shell or a command with Send and comes back
// with Receive, a long poll: the server keeps the request until there is data
// or the operation time-out has passed.
//
// Lanes. Every exchange under way has a TCP connection of its own, so that a
// Signal or an answer to a prompt never waits behind a parked Receive or a slow
// Send. A lane is taken from a list of idle ones, or dialled.
//
// Errors. What a server says in SOAP is a [*Fault], whatever the HTTP status.
// The other errors are [*AuthError], [*RedirectError], [*HTTPError],
// [*SyntaxError], [*SizeError], [*EnvelopeSizeError], [*UnencryptedError] and
// [*TransportError]; the last says whether the server may have had the request.
//
// A shell outlives its client. [Shell.Disconnect] leaves it and
// [Shell.Reconnect] comes back to it; another client finds it with
// [Client.Enumerate], takes hold of it with [Client.Attach], and joins it with
// [Shell.Connect] or ends it with [Shell.Delete].
//
// A Receive whose answer is lost on the way is sent again, byte for byte, with
// its MessageID, OperationID and SequenceId, which a server recognizes: it
// answers with the same data. Nothing else is ever sent twice.
package wsman

// Resource URIs of shells. A PowerShell endpoint's is ResourcePrefix and the
// configuration's name.
const (
	ResourcePrefix     = "http://schemas.microsoft.com/powershell/"
	ResourcePowerShell = ResourcePrefix + "Microsoft.PowerShell"
	ResourceCommand    = nsShell + "/cmd" // the Windows Remote Shell

	resourceShells   = nsShell              // all shells, as things to list
	resourceCommands = nsShell + "/Command" // the commands in them
	resourceConfig   = "http://schemas.microsoft.com/wbem/wsman/1/config"
)

// Actions ([MS-WSMV]).
const (
	ActionCreate     = nsTransfer + "/Create"
	ActionDelete     = nsTransfer + "/Delete"
	ActionGet        = nsTransfer + "/Get"
	ActionEnumerate  = nsEnumeration + "/Enumerate"
	ActionPull       = nsEnumeration + "/Pull"
	ActionCommand    = nsShell + "/Command"
	ActionSend       = nsShell + "/Send"
	ActionReceive    = nsShell + "/Receive"
	ActionSignal     = nsShell + "/Signal"
	ActionDisconnect = nsShell + "/Disconnect"
	ActionReconnect  = nsShell + "/Reconnect"
	ActionConnect    = nsShell + "/Connect"
)

// Buffer modes: what becomes of output while no client is connected.
const (
	BufferBlock = "Block" // it waits, and once the server's buffer is full the command does too
	BufferDrop  = "Drop"  // what does not fit in the server's buffer is lost
)

// Signal codes. The spelling of SignalCtrlC is PowerShell's own: only this one
// stops a pipeline so that it reports the state Stopped.
const (
	SignalCtrlC     = "powershell/signal/crtl_c"
	SignalTerminate = nsShell + "/signal/Terminate"
)

// States of a command, as [Received] gives them.
const (
	StateRunning = "Running"
	StatePending = "Pending"
	StateDone    = "Done"
)

// XML namespaces.
const (
	nsSOAP        = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsTransfer    = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	nsEnumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	nsWSMan       = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	nsMicrosoft   = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
	nsShell       = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsIdentity    = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
	nsPowerShell  = "http://schemas.microsoft.com/powershell"

	addressAnonymous = nsAddressing + "/role/anonymous"
	optionKeepAlive  = "WSMAN_CMDSHELL_OPTION_KEEPALIVE"
	optionSkipCmd    = "WINRS_SKIP_CMD_SHELL"
	selectorDialect  = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
)
