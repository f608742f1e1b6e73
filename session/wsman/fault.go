package wsman

import (
	"fmt"
	"strconv"
	"strings"
)

// Codes of faults that a caller acts on (wsmerror.h and winerror.h).
const (
	CodeAccessDenied       uint32 = 5
	CodeAborted            uint32 = 995
	CodeShutdown           uint32 = 1115
	CodeCancelled          uint32 = 1223
	CodeLogonFailure       uint32 = 1326
	CodeServerDied         uint32 = 1726
	CodeBadTimeout         uint32 = 0x8033800F
	CodeTimeout            uint32 = 0x80338029
	CodeInvalidResourceURI uint32 = 0x8033803B
	CodeSchema             uint32 = 0x80338041
	CodeNotFound           uint32 = 0x8033805B // shell or command
	CodeRedirect           uint32 = 0x80338199
	CodeQuotaShells        uint32 = 0x803381A5 // shells per user
	CodeQuotaOperations    uint32 = 0x803381A6 // operations per user
	CodeQuotaCommands      uint32 = 0x803381A7 // commands per shell
	CodeDisconnected       uint32 = 0x803381C4
	CodeCannotConnect      uint32 = 0x803381C6
	CodeInUse              uint32 = 0x803381CD
	CodeCommandExists      uint32 = 0x803381D6
	CodeShellExists        uint32 = 0x803381D7
	CodeStreamDisconnected uint32 = 0x803381DE
)

// Fault is a SOAP fault: the server understood the request and says why it
// does not do it ([DSP0226], [MS-WSMV]).
type Fault struct {
	// Code is WinRM's error code; from a server that gives none (OMI), the
	// code of the fault's subcode, or 0.
	Code uint32
	// Reason is the server's sentence, and Detail what the provider behind it
	// said (pwrshplugin.dll, for one) or the fault's detail URI.
	Reason, Detail string
	// Subcode is the local name of the SOAP subcode: TimedOut, AccessDenied, …
	Subcode string
	// Action is the action of the request.
	Action string
	// Status is the HTTP status it came with.
	Status int
	// Provider names the provider, ProviderCode is the code of its own fault.
	Provider     string
	ProviderCode uint32
	// Machine is the server's name for itself.
	Machine string
}

func (f *Fault) Error() string {
	text := f.Text()
	switch {
	case f.Code == 0 && f.Subcode != "":
		return fmt.Sprintf("%s (%s)", text, f.Subcode)
	case f.Code == 0:
		return text
	case f.Code < 0x10000:
		return fmt.Sprintf("%s (error %d)", text, f.Code)
	}
	return fmt.Sprintf("%s (error %d, 0x%08X)", text, f.Code, f.Code)
}

// Text is what the server says, in one line: the reason, or where there is
// none the provider's own words.
func (f *Fault) Text() string {
	switch {
	case f.Reason != "":
		return f.Reason
	case f.Detail != "":
		return f.Detail
	}
	return "the server answers with a fault"
}

// Sentence is f as PowerShell words it, for a server of this name: which of
// its actions failed, and the server's text.
func (f *Fault) Sentence(server string) string {
	var head string
	switch f.Action {
	case ActionCreate:
		head = "Connecting to remote server " + server + " failed with the following error message : "
	case ActionCommand:
		head = "Starting a command on the remote server failed with the following error message : "
	case ActionSend:
		head = "Sending data to a remote command failed with the following error message: "
	case ActionDelete:
		head = "Closing the remote server shell instance failed with the following error message : "
	default:
		head = "Processing data from remote server " + server + " failed with the following error message: "
	}
	return head + strings.TrimRight(f.Text(), " ") + " For more information, see the about_Remote_Troubleshooting Help topic."
}

// IsTimeout: nothing happened within the operation time-out; a Receive is
// simply repeated.
func (f *Fault) IsTimeout() bool { return f.Code == CodeTimeout }

// IsShellNotFound: the shell, or the command in it, is gone.
func (f *Fault) IsShellNotFound() bool { return f.Code == CodeNotFound }

// IsQuota: the user has too many shells, operations or commands.
func (f *Fault) IsQuota() bool {
	return f.Code == CodeQuotaShells || f.Code == CodeQuotaOperations || f.Code == CodeQuotaCommands
}

// IsDisconnected: the shell is there and waits for a Reconnect.
func (f *Fault) IsDisconnected() bool {
	return f.Code == CodeDisconnected || f.Code == CodeStreamDisconnected
}

// IsInUse: another client is connected to the shell.
func (f *Fault) IsInUse() bool { return f.Code == CodeInUse }

// IsAccessDenied: the user may not do this, or is not who it claims to be.
func (f *Fault) IsAccessDenied() bool {
	return f.Code == CodeAccessDenied || f.Code == CodeLogonFailure
}

// IsInvalidResource: the server has no configuration of this name.
func (f *Fault) IsInvalidResource() bool { return f.Code == CodeInvalidResourceURI }

// IsRedirect: the server asks to go elsewhere.
func (f *Fault) IsRedirect() bool { return f.Code == CodeRedirect }

// IsServerGone: the process behind the shell has died or shuts down.
func (f *Fault) IsServerGone() bool { return f.Code == CodeServerDied || f.Code == CodeShutdown }

// IsEnd tells whether f is one of the ways in which a Receive ends when its
// command or shell was stopped, closed or disconnected from this side.
func (f *Fault) IsEnd() bool {
	return f.Code == CodeAborted || f.Code == CodeCancelled || f.IsShellNotFound() || f.IsDisconnected()
}

// faultReader collects a fault while the scanner walks through it. It reads
// three dialects: WinRM 2.0 (Windows Server 2008 R2), which leaves the reason
// to a WSManFault nested in a ProviderFault; WinRM 3.0 and later; and OMI,
// which has no WSManFault.
type faultReader struct {
	f     *Fault
	stack []string
	codes int // WSManFault elements seen
}

func (r *faultReader) start(s *scanner) {
	name := string(s.local())
	r.stack = append(r.stack, name)
	switch name {
	case "WSManFault":
		r.codes++
		code := parseCode(s.attr("Code"))
		if r.codes == 1 {
			r.f.Code, r.f.Machine = code, cleanText(s.attr("Machine"), 256)
		} else if r.f.ProviderCode == 0 {
			r.f.ProviderCode = code
		}
	case "ProviderFault":
		if r.f.Provider == "" {
			r.f.Provider = cleanText(s.attr("provider"), 256)
		}
	}
}

func (r *faultReader) end() {
	if len(r.stack) > 0 {
		r.stack = r.stack[:len(r.stack)-1]
	}
}

func (r *faultReader) parent(n int) string {
	if n >= len(r.stack) {
		return ""
	}
	return r.stack[len(r.stack)-1-n]
}

func (r *faultReader) within(name string) bool {
	for _, s := range r.stack {
		if s == name {
			return true
		}
	}
	return false
}

const maxFaultText = 4096 // bytes; longer ones are cut

func (r *faultReader) text(raw []byte) {
	text := cleanText(unescape(raw), maxFaultText)
	if text == "" {
		return
	}
	switch {
	case r.parent(0) == "Value" && r.parent(1) == "Subcode":
		if _, local, ok := strings.Cut(text, ":"); ok {
			text = local
		}
		if r.f.Subcode == "" {
			r.f.Subcode = text
		}
	case r.parent(0) == "Text" && r.parent(1) == "Reason":
		if r.f.Reason == "" {
			r.f.Reason = text
		}
	case r.within("ProviderFault"):
		join(&r.f.Detail, text)
	case r.parent(0) == "Message" && r.parent(1) == "WSManFault":
		// WinRM's own sentence; that of Reason may be in another language or missing.
		r.f.Reason = text
	case r.parent(0) == "FaultDetail", r.parent(0) == "Message" && r.within("Detail"):
		join(&r.f.Detail, text)
	case r.parent(0) == "error_Code" && r.f.Code == 0: // MSFT_WmiError, from OMI and from WMI providers
		r.f.Code = parseCode(text)
	}
}

func join(dst *string, text string) {
	if len(*dst) >= maxFaultText {
		return
	}
	if *dst != "" {
		*dst += " "
	}
	*dst += text
}

func (r *faultReader) finish() *Fault {
	f := r.f
	if f.Code == 0 {
		f.Code = codeOf(f.Subcode, f.Detail)
	}
	return f
}

// codeOf gives WinRM's code for the subcodes of [DSP0226], for servers
// that send nothing else.
func codeOf(subcode, detail string) uint32 {
	switch subcode {
	case "TimedOut":
		return CodeTimeout
	case "AccessDenied":
		return CodeAccessDenied
	case "InvalidSelectors":
		return CodeNotFound
	case "SchemaValidationError":
		return CodeSchema
	case "QuotaLimit":
		return CodeQuotaOperations
	case "DestinationUnreachable":
		if strings.Contains(detail, "InvalidResourceURI") {
			return CodeInvalidResourceURI
		}
	}
	return 0
}

// parseCode reads an error code in decimal, signed or not, or in hexadecimal.
func parseCode(s string) uint32 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 0, 64)
	if err != nil || n < -1<<31 || n >= 1<<32 {
		return 0
	}
	return uint32(n)
}
