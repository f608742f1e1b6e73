package psrp

import (
	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// NoAnswer is the call id of host calls that take no answer.
const NoAnswer int64 = -100

// HostCall asks something of the client's host. [MS-PSRP] 2.2.2.15 and 2.2.2.27
type HostCall struct {
	PipelineID uuid.UUID // uuid.Nil: the pool calls
	CallID     int64     // NoAnswer, or the id that the answer repeats
	Method     HostMethod
	Parameters []clixml.Value
}

// WantsAnswer tells whether the server waits for a [HostResponse].
func (h HostCall) WantsAnswer() bool { return h.CallID != NoAnswer }

// HostResponse answers a host call. [MS-PSRP] 2.2.2.16 and 2.2.2.28
type HostResponse struct {
	PipelineID uuid.UUID
	CallID     int64
	Method     HostMethod
	Value      clixml.Value
	Err        *ErrorRecord // set: the host threw
}

// MessageType tells which message carries the call.
func (h HostCall) MessageType() MessageType {
	if h.PipelineID == uuid.Nil {
		return RunspacePoolHostCall
	}
	return PipelineHostCall
}

// MessageType tells which message carries the answer.
func (h HostResponse) MessageType() MessageType {
	if h.PipelineID == uuid.Nil {
		return RunspacePoolHostResponse
	}
	return PipelineHostResponse
}

// Encode gives the body as CLIXML carries it.
func (h HostCall) Encode() clixml.Value {
	return clixml.Obj(clixml.New(
		clixml.Prop("ci", h.CallID),
		clixml.Prop("mi", h.Method.enum()),
		clixml.Prop("mp", arrayList(h.Parameters)),
	))
}

// Encode gives the body as CLIXML carries it.
func (h HostResponse) Encode() clixml.Value {
	o := clixml.New()
	if !h.Value.IsNull() {
		o.Set("mr", h.Value)
	}
	if h.Err != nil {
		bare := *h.Err.object()
		bare.TypeNames, bare.ToString, bare.HasToString = nil, "", false
		o.Set("me", clixml.Obj(&bare))
	}
	o.Set("ci", clixml.Int64(h.CallID))
	o.Set("mi", clixml.Obj(h.Method.enum()))
	return clixml.Obj(o)
}
