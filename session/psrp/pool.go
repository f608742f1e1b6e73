package psrp

import (
	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// Body is the content of a message as a typed value. [DecodeBody] reads one,
// [NewMessage] writes one.
type Body interface {
	// MessageType tells which message carries the body.
	MessageType() MessageType
	// Encode gives the body as CLIXML carries it.
	Encode() clixml.Value
}

// Bodies of the messages about the pool.
type (
	// Capability is a SESSION_CAPABILITY. [MS-PSRP] 2.2.2.1
	Capability struct {
		Protocol, PSVersion, SerializationVersion string
		TimeZone                                  []byte // a serialized System.TimeZone; nil: not sent
	}
	// PoolOpen is an INIT_RUNSPACEPOOL. [MS-PSRP] 2.2.2.2
	PoolOpen struct {
		Min, Max             int
		ThreadOptions        ThreadOptions
		Apartment            ApartmentState
		ApplicationArguments *clixml.Object // nil: none
		Host                 *HostInfo      // nil: no host
	}
	// KeyOffer is a PUBLIC_KEY. [MS-PSRP] 2.2.2.3
	KeyOffer struct{ PublicKey string }
	// KeyAnswer is an ENCRYPTED_SESSION_KEY. [MS-PSRP] 2.2.2.4
	KeyAnswer struct{ EncryptedSessionKey string }
	// KeyDemand is a PUBLIC_KEY_REQUEST. [MS-PSRP] 2.2.2.5
	KeyDemand struct{}
	// PoolJoin is a CONNECT_RUNSPACEPOOL; zero limits are left out. [MS-PSRP] 2.2.2.28
	PoolJoin struct{ Min, Max int }
	// PoolLimits is a RUNSPACEPOOL_INIT_DATA. [MS-PSRP] 2.2.2.29
	PoolLimits struct{ Min, Max int }
	// PoolReset is a RESET_RUNSPACE_STATE. [MS-PSRP] 2.2.2.30
	PoolReset struct{ CallID int64 }
	// PoolMax is a SET_MAX_RUNSPACES. [MS-PSRP] 2.2.2.6
	PoolMax struct {
		Max    int
		CallID int64
	}
	// PoolMin is a SET_MIN_RUNSPACES. [MS-PSRP] 2.2.2.7
	PoolMin struct {
		Min    int
		CallID int64
	}
	// PoolAvailable is a GET_AVAILABLE_RUNSPACES. [MS-PSRP] 2.2.2.11
	PoolAvailable struct{ CallID int64 }
	// PoolAnswer is a RUNSPACE_AVAILABILITY. [MS-PSRP] 2.2.2.8
	PoolAnswer struct {
		CallID   int64
		Response clixml.Value // a boolean, or the number available
	}
	// PoolStatus is a RUNSPACEPOOL_STATE. [MS-PSRP] 2.2.2.9
	PoolStatus struct {
		State PoolState
		Error *ErrorRecord
	}
	// EngineEvent is a USER_EVENT. [MS-PSRP] 2.2.2.12
	EngineEvent struct {
		Identifier       int32
		SourceIdentifier string
		TimeGenerated    clixml.DateTime
		Sender           clixml.Value
		SourceArgs       []clixml.Value
		MessageData      clixml.Value
		ComputerName     clixml.Value // a string or $null
		RunspaceID       uuid.UUID
	}
	// PrivateData is an APPLICATION_PRIVATE_DATA. [MS-PSRP] 2.2.2.13
	PrivateData struct{ Data *clixml.Object }
)

// Bodies of the messages about one pipeline, beside [Pipeline],
// [CommandMetadata], [HostCall] and [HostResponse].
type (
	// InputObject is a PIPELINE_INPUT. [MS-PSRP] 2.2.2.17
	InputObject struct{ Value clixml.Value }
	// EndOfInput is an END_OF_PIPELINE_INPUT. [MS-PSRP] 2.2.2.18
	EndOfInput struct{}
	// OutputObject is a PIPELINE_OUTPUT. [MS-PSRP] 2.2.2.19
	OutputObject struct{ Value clixml.Value }
	// PipelineStatus is a PIPELINE_STATE. [MS-PSRP] 2.2.2.21
	PipelineStatus struct {
		State PipelineState
		Error *ErrorRecord
	}
	// StreamRecord is a DEBUG_RECORD, VERBOSE_RECORD or WARNING_RECORD.
	// [MS-PSRP] 2.2.2.22 to 2.2.2.24
	StreamRecord struct {
		Type   MessageType
		Record InformationalRecord
	}
)
