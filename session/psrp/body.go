package psrp

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// ErrNoSessionKey tells that a value holds a SecureString and there is no
// session key to encrypt it with: up to protocol 2.3 one must be exchanged first.
var ErrNoSessionKey = errors.New("psrp: a secure string cannot be sent before a session key is exchanged")

// NewMessage makes the message that carries body.
func NewMessage(to Destination, pool, pipeline uuid.UUID, body Body) (Message, error) {
	m := Message{Destination: to, Type: body.MessageType(), PoolID: pool, PipelineID: pipeline}
	v := body.Encode()
	if v.IsNull() {
		return m, nil
	}
	b, err := clixml.Encode(v)
	if err != nil {
		return Message{}, fmt.Errorf("encoding %s: %w", m.Type, err)
	}
	m.Body = b
	return m, nil
}

// packable makes a message behind free bytes for a fragment's header, as
// [Fragmenter.pack] takes it.
func packable(to Destination, pool, pipeline uuid.UUID, body Body) ([]byte, error) {
	m := Message{Destination: to, Type: body.MessageType(), PoolID: pool, PipelineID: pipeline}
	b := m.Append(make([]byte, FragmentHeader, 512))
	v := body.Encode()
	if v.IsNull() {
		return b, nil
	}
	b, err := clixml.Append(append(b, bom...), v)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", m.Type, err)
	}
	return b, nil
}

// Decode reads the message's body as a typed value.
func (m *Message) Decode(limits clixml.Limits) (Body, error) {
	var v clixml.Value
	if len(m.Body) > 0 {
		var err error
		if v, err = clixml.DecodeLimits(m.Body, limits); err != nil {
			return nil, fmt.Errorf("decoding %s: %w", m.Type, err)
		}
	}
	body, err := DecodeBody(m.Type, v)
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", m.Type, err)
	}
	switch b := body.(type) {
	case HostCall:
		b.PipelineID = m.PipelineID
		body = b
	case HostResponse:
		b.PipelineID = m.PipelineID
		body = b
	}
	return body, nil
}

// DecodeBody reads the body of a message of type t. A body that lacks what the
// message needs, or has it of another type, is an error. Host calls and
// responses come without their pipeline's id.
func DecodeBody(t MessageType, v clixml.Value) (Body, error) {
	switch t {
	case PipelineOutput:
		return OutputObject{v}, nil
	case PipelineInput:
		return InputObject{v}, nil
	case EndOfPipelineInput:
		return EndOfInput{}, nil
	case PublicKeyRequest:
		return KeyDemand{}, nil
	case ConnectRunspacePool:
		if v.Object() == nil {
			return PoolJoin{}, nil
		}
	}
	r := newReader(v)
	if r.err != nil {
		return nil, r.err
	}
	body := r.body(t)
	if r.err != nil {
		return nil, r.err
	}
	return body, nil
}

func (r *reader) body(t MessageType) Body {
	switch t {
	case SessionCapability:
		return decodeCapability(r)
	case InitRunspacePool:
		return decodeOpening(r)
	case PublicKey:
		return KeyOffer{r.text("PublicKey")}
	case EncryptedSessionKey:
		return KeyAnswer{r.text("EncryptedSessionKey")}
	case ConnectRunspacePool:
		return PoolJoin{r.optionalInt("MinRunspaces"), r.optionalInt("MaxRunspaces")}
	case RunspacePoolInitData:
		return PoolLimits{int(r.int32("MinRunspaces")), int(r.int32("MaxRunspaces"))}
	case ResetRunspaceState:
		return PoolReset{r.int64("ci")}
	case SetMaxRunspaces:
		return PoolMax{int(r.int32("MaxRunspaces")), r.int64("ci")}
	case SetMinRunspaces:
		return PoolMin{int(r.int32("MinRunspaces")), r.int64("ci")}
	case GetAvailableRunspaces:
		return PoolAvailable{r.int64("ci")}
	case RunspaceAvailability:
		return PoolAnswer{r.int64("ci"), r.need("SetMinMaxRunspacesResponse")}
	case RunspacePoolState:
		return PoolStatus{PoolState(r.int32("RunspaceState")), r.errorRecord("ExceptionAsErrorRecord")}
	case CreatePipeline:
		return decodePipeline(r)
	case UserEvent:
		return decodeEvent(r)
	case ApplicationPrivateData:
		return PrivateData{r.value("ApplicationPrivateData").Object()}
	case GetCommandMetadata:
		return decodeCommandMetadata(r)
	case RunspacePoolHostCall, PipelineHostCall:
		return HostCall{CallID: r.int64("ci"), Method: HostMethod(r.int32("mi")), Parameters: r.list("mp")}
	case RunspacePoolHostResponse, PipelineHostResponse:
		return HostResponse{CallID: r.int64("ci"), Method: HostMethod(r.int32("mi")), Value: r.value("mr"), Err: r.errorRecord("me")}
	default:
		return r.recordBody(t)
	}
}

func (r *reader) recordBody(t MessageType) Body {
	switch t {
	case ErrorRecordMessage:
		return decodeErrorRecord(r)
	case PipelineStateMessage:
		return PipelineStatus{PipelineState(r.int32("PipelineState")), r.errorRecord("ExceptionAsErrorRecord")}
	case DebugRecord, VerboseRecord, WarningRecord:
		return StreamRecord{t, InformationalRecord{r.text("InformationalRecord_Message"), r.o}}
	case ProgressRecordMessage:
		return decodeProgress(r)
	case InformationRecordMessage:
		return decodeInformation(r)
	default:
		r.fail("%s is not known", t)
		return nil
	}
}
