package endpoint

import "fmt"

// Fault is a refusal at the level of WSMan: a SOAP fault with status 500.
type Fault struct {
	Code    uint32 // of wsmerror.h
	Subcode string // with its prefix, such as w:QuotaLimit
	Reason  string
	// Receiver says that the fault is the server's and not the sender's.
	Receiver bool
}

func (f *Fault) Error() string { return f.Reason }

// Codes of wsmerror.h that the server sends.
const (
	codeAccessDenied    = 5
	codeAborted         = 995
	codeTimedOut        = 2150858793
	codeInvalidResource = 2150858811
	codeInvalidXML      = 2150858817
	codeNotFound        = 2150858843
	codeBadTimeout      = 2150858767
	codeTooManyShells   = 2150859173
	codeTooManyCommands = 2150859175
	codeDisconnected    = 2150859204
	codeInUse           = 2150859213
	codeCommandExists   = 2150859222
	codeShellExists     = 2150859223
	codeProtocolVersion = 2152992672
	codeNoSuchAction    = 2150858753
	codeEnvelopeTooBig  = 2150858805
)

func sender(code uint32, subcode, reason string) *Fault {
	return &Fault{Code: code, Subcode: subcode, Reason: reason}
}

func faultTimedOut() *Fault {
	return &Fault{
		Code: codeTimedOut, Subcode: "w:TimedOut", Receiver: true,
		Reason: "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
	}
}

func faultNoShell() *Fault {
	return sender(codeNotFound, "w:InvalidSelectors",
		"The WS-Management service cannot process the request because the request contained invalid selectors for the resource. ")
}

func faultNoCommand() *Fault {
	return sender(codeNotFound, "w:InvalidSelectors",
		"The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. "+
			"Either the command has completed execution or the client specified an invalid command identifier. ")
}

func faultAborted() *Fault {
	return &Fault{
		Code: codeAborted, Subcode: "w:InternalError", Receiver: true,
		Reason: "The I/O operation has been aborted because of either a thread exit or an application request. ",
	}
}

func faultXML() *Fault {
	return sender(codeInvalidXML, "w:SchemaValidationError", "The WS-Management service cannot process the request because the XML is invalid. ")
}

func faultAccessDenied() *Fault {
	return sender(codeAccessDenied, "w:AccessDenied", "Access is denied. ")
}

func faultShellQuota(limit int) *Fault {
	return &Fault{
		Code: codeTooManyShells, Subcode: "w:QuotaLimit", Receiver: true,
		Reason: fmt.Sprintf("The WS-Management service cannot process the request. This user is allowed a maximum number of %d concurrent shells, "+
			"which has been exceeded. Close existing shells or raise the quota for this user. ", limit),
	}
}

func faultCommandQuota(limit int) *Fault {
	return &Fault{
		Code: codeTooManyCommands, Subcode: "w:QuotaLimit", Receiver: true,
		Reason: fmt.Sprintf("The WS-Management service cannot process the request. The maximum number of concurrent commands per shell (%d) has been exceeded. "+
			"Close existing commands or raise the quota. ", limit),
	}
}

func faultCommandExists() *Fault {
	return sender(codeCommandExists, "w:InternalError", "The WS-Management service cannot process the request because a command with the same client id already exists. ")
}

func faultShellExists() *Fault {
	return sender(codeShellExists, "w:InternalError", "The WS-Management service cannot process the request because a shell with the same client id already exists. ")
}

func faultDisconnected() *Fault {
	return sender(codeDisconnected, "w:InternalError",
		"The WS-Management service cannot process the request because the shell is in the disconnected state. Reconnect the shell before issuing other operations. ")
}

func faultInUse() *Fault {
	return sender(codeInUse, "w:InternalError",
		"The WS-Management service cannot process the request because the shell is connected to a different client. ")
}

func faultResource(uri string) *Fault {
	return sender(codeInvalidResource, "a:DestinationUnreachable",
		"The WS-Management service cannot process the request. Cannot find the resource URI "+uri+". The resource URI may be missing or have an incorrect format. ")
}

func faultAction(action string) *Fault {
	return sender(codeNoSuchAction, "a:ActionNotSupported",
		"The WS-Management service cannot process the request. The action "+action+" is not supported by the service. ")
}

func faultTimeoutHeader() *Fault {
	return sender(codeBadTimeout, "w:SchemaValidationError", "The WS-Management service cannot process the request because the OperationTimeout is not valid. ")
}

func faultTooLong(limit int) *Fault {
	return sender(codeEnvelopeTooBig, "w:EncodingLimit",
		fmt.Sprintf("The WS-Management service cannot process the request because the envelope is longer than the limit of %d bytes. ", limit))
}
