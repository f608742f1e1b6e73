package psrp

import "fmt"

// MessageType tells what the body of a message is. [MS-PSRP] 2.2.1
type MessageType uint32

// The 31 message types. [MS-PSRP] 2.2.2
const (
	SessionCapability        MessageType = 0x00010002
	InitRunspacePool         MessageType = 0x00010004
	PublicKey                MessageType = 0x00010005
	EncryptedSessionKey      MessageType = 0x00010006
	PublicKeyRequest         MessageType = 0x00010007
	ConnectRunspacePool      MessageType = 0x00010008
	RunspacePoolInitData     MessageType = 0x0002100B
	ResetRunspaceState       MessageType = 0x0002100C
	SetMaxRunspaces          MessageType = 0x00021002
	SetMinRunspaces          MessageType = 0x00021003
	RunspaceAvailability     MessageType = 0x00021004
	RunspacePoolState        MessageType = 0x00021005
	CreatePipeline           MessageType = 0x00021006
	GetAvailableRunspaces    MessageType = 0x00021007
	UserEvent                MessageType = 0x00021008
	ApplicationPrivateData   MessageType = 0x00021009
	GetCommandMetadata       MessageType = 0x0002100A
	RunspacePoolHostCall     MessageType = 0x00021100
	RunspacePoolHostResponse MessageType = 0x00021101
	PipelineInput            MessageType = 0x00041002
	EndOfPipelineInput       MessageType = 0x00041003
	PipelineOutput           MessageType = 0x00041004
	ErrorRecordMessage       MessageType = 0x00041005
	PipelineStateMessage     MessageType = 0x00041006
	DebugRecord              MessageType = 0x00041007
	VerboseRecord            MessageType = 0x00041008
	WarningRecord            MessageType = 0x00041009
	ProgressRecordMessage    MessageType = 0x00041010
	InformationRecordMessage MessageType = 0x00041011
	PipelineHostCall         MessageType = 0x00041100
	PipelineHostResponse     MessageType = 0x00041101
)

// String gives the name that [MS-PSRP] uses, or the number of a type it does
// not know.
func (t MessageType) String() string {
	if name := messageName(t); name != "" {
		return name
	}
	return fmt.Sprintf("message type 0x%08X", uint32(t))
}

// Known tells whether t is one of the 31 types. Messages of other types are
// dropped without a word, as both sides of PowerShell do.
func (t MessageType) Known() bool { return messageName(t) != "" }

// OfPipeline tells whether messages of this type belong to one pipeline and
// carry its id.
func (t MessageType) OfPipeline() bool {
	return t&0xFFFF0000 == 0x00040000 || t == CreatePipeline || t == GetCommandMetadata
}

func messageName(t MessageType) string {
	switch t {
	case SessionCapability:
		return "SESSION_CAPABILITY"
	case InitRunspacePool:
		return "INIT_RUNSPACEPOOL"
	case PublicKey:
		return "PUBLIC_KEY"
	case EncryptedSessionKey:
		return "ENCRYPTED_SESSION_KEY"
	case PublicKeyRequest:
		return "PUBLIC_KEY_REQUEST"
	case ConnectRunspacePool:
		return "CONNECT_RUNSPACEPOOL"
	case RunspacePoolInitData:
		return "RUNSPACEPOOL_INIT_DATA"
	case ResetRunspaceState:
		return "RESET_RUNSPACE_STATE"
	case SetMaxRunspaces:
		return "SET_MAX_RUNSPACES"
	case SetMinRunspaces:
		return "SET_MIN_RUNSPACES"
	case RunspaceAvailability:
		return "RUNSPACE_AVAILABILITY"
	case RunspacePoolState:
		return "RUNSPACEPOOL_STATE"
	case CreatePipeline:
		return "CREATE_PIPELINE"
	case GetAvailableRunspaces:
		return "GET_AVAILABLE_RUNSPACES"
	case UserEvent:
		return "USER_EVENT"
	case ApplicationPrivateData:
		return "APPLICATION_PRIVATE_DATA"
	case GetCommandMetadata:
		return "GET_COMMAND_METADATA"
	case RunspacePoolHostCall:
		return "RUNSPACEPOOL_HOST_CALL"
	case RunspacePoolHostResponse:
		return "RUNSPACEPOOL_HOST_RESPONSE"
	default:
		return pipelineMessageName(t)
	}
}

func pipelineMessageName(t MessageType) string {
	switch t {
	case PipelineInput:
		return "PIPELINE_INPUT"
	case EndOfPipelineInput:
		return "END_OF_PIPELINE_INPUT"
	case PipelineOutput:
		return "PIPELINE_OUTPUT"
	case ErrorRecordMessage:
		return "ERROR_RECORD"
	case PipelineStateMessage:
		return "PIPELINE_STATE"
	case DebugRecord:
		return "DEBUG_RECORD"
	case VerboseRecord:
		return "VERBOSE_RECORD"
	case WarningRecord:
		return "WARNING_RECORD"
	case ProgressRecordMessage:
		return "PROGRESS_RECORD"
	case InformationRecordMessage:
		return "INFORMATION_RECORD"
	case PipelineHostCall:
		return "PIPELINE_HOST_CALL"
	case PipelineHostResponse:
		return "PIPELINE_HOST_RESPONSE"
	default:
		return ""
	}
}
