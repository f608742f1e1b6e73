package psrp

import (
	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// Event is something a peer said.
type Event interface {
	// Pipeline is the pipeline it is about, uuid.Nil for the pool.
	Pipeline() uuid.UUID
}

// From is the part of an event that tells whom it is about.
type From struct{ PipelineID uuid.UUID }

// Pipeline returns the pipeline's id, uuid.Nil for the pool.
func (f From) Pipeline() uuid.UUID { return f.PipelineID }

// Events that a [Client] reports.
type (
	// CapabilityReceived is the server's SESSION_CAPABILITY.
	CapabilityReceived struct {
		From
		Capability
		Negotiated string // the protocol version both sides use from now on
	}
	// PoolStateChanged is a RUNSPACEPOOL_STATE; Error is set for Broken and
	// sometimes for Closed.
	PoolStateChanged struct {
		From
		State PoolState
		Error *ErrorRecord
	}
	// PrivateDataReceived is the APPLICATION_PRIVATE_DATA that comes at opening.
	PrivateDataReceived struct {
		From
		Data *clixml.Object
	}
	// PoolLimitsReceived is a RUNSPACEPOOL_INIT_DATA: the pool's limits, told to
	// a client that connected to an existing pool.
	PoolLimitsReceived struct {
		From
		PoolLimits
	}
	// Availability answers a pool operation: a boolean for those that set or
	// reset, a number for AvailableRunspaces.
	Availability struct {
		From
		CallID int64
		Value  clixml.Value
	}
	// UserEventReceived is an event of the server's engine that was forwarded.
	UserEventReceived struct {
		From
		EngineEvent
	}
	// KeyRequested is a PUBLIC_KEY_REQUEST: the server got an encrypted value
	// and waits for [Client.OfferKey].
	KeyRequested struct{ From }
	// SessionKeyReceived is an ENCRYPTED_SESSION_KEY: the answer to
	// [Client.OfferKey]. From now on SecureStrings can be sealed and read; where
	// Err is set they cannot.
	SessionKeyReceived struct {
		From
		Err error
	}
	// Output is one object of a pipeline's output.
	Output struct {
		From
		Value clixml.Value
	}
	// ErrorReceived is a non-terminating error.
	ErrorReceived struct {
		From
		Record *ErrorRecord
	}
	// DebugReceived is a debug record.
	DebugReceived struct {
		From
		Record InformationalRecord
	}
	// VerboseReceived is a verbose record.
	VerboseReceived struct {
		From
		Record InformationalRecord
	}
	// WarningReceived is a warning.
	WarningReceived struct {
		From
		Record InformationalRecord
	}
	// ProgressReceived is a progress record.
	ProgressReceived struct {
		From
		Record ProgressRecord
	}
	// InformationReceived is an information record; Write-Host sends one tagged
	// PSHOST, and a host call with the same text where there is a host.
	InformationReceived struct {
		From
		Record InformationRecord
	}
	// HostCallReceived asks something of the host; see [HostCall.Decode].
	HostCallReceived struct{ Call HostCall }
	// PipelineStateChanged is a PIPELINE_STATE; Error is set for Failed and Stopped.
	PipelineStateChanged struct {
		From
		State PipelineState
		Error *ErrorRecord
	}
	// DecodeFailed tells that one message could not be understood. The pipeline
	// it is about has failed; the pool and its other pipelines live on.
	DecodeFailed struct {
		From
		Type MessageType
		Err  error
	}
)

// Pipeline returns the id of the pipeline that calls, uuid.Nil for the pool.
func (e HostCallReceived) Pipeline() uuid.UUID { return e.Call.PipelineID }

// Events that a [Server] reports.
type (
	// ClientCapability is the client's SESSION_CAPABILITY.
	ClientCapability struct {
		From
		Capability
		Negotiated string
	}
	// OpenRequested is an INIT_RUNSPACEPOOL; answer with [Server.Opened].
	OpenRequested struct {
		From
		PoolID               uuid.UUID
		Min, Max             int
		ApplicationArguments *clixml.Object
		Host                 *HostInfo
	}
	// ConnectRequested is a CONNECT_RUNSPACEPOOL; answer with [Server.Connected].
	ConnectRequested struct {
		From
		PoolLimits
	}
	// PipelineRequested is a CREATE_PIPELINE.
	PipelineRequested struct {
		ID      uuid.UUID
		Request Pipeline
	}
	// CommandMetadataRequested is a GET_COMMAND_METADATA; the answer goes out as
	// output of this pipeline: a count object, then the commands.
	CommandMetadataRequested struct {
		ID uuid.UUID
		CommandMetadata
	}
	// InputReceived is one object of a pipeline's input.
	InputReceived struct {
		From
		Value clixml.Value
	}
	// InputEnded tells that no more input comes.
	InputEnded struct{ From }
	// HostResponded answers a host call.
	HostResponded struct{ HostResponse }
	// PoolRequest is a pool operation; answer with [Server.Availability].
	PoolRequest struct {
		From
		Kind   MessageType // SetMaxRunspaces, SetMinRunspaces, GetAvailableRunspaces or ResetRunspaceState
		CallID int64
		Value  int // the limit asked for, for the two that set one
	}
	// PublicKeyReceived is the client's PUBLIC_KEY: base64 of a PUBLICKEYBLOB;
	// answer with [Server.SessionKey].
	PublicKeyReceived struct {
		From
		Key string
	}
)

// Pipeline returns the id of the new pipeline.
func (e PipelineRequested) Pipeline() uuid.UUID { return e.ID }

// Pipeline returns the id of the query.
func (e CommandMetadataRequested) Pipeline() uuid.UUID { return e.ID }

// Pipeline returns the id of the pipeline that had called, uuid.Nil for the pool.
func (e HostResponded) Pipeline() uuid.UUID { return e.PipelineID }
