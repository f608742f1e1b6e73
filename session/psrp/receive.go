package psrp

import (
	"fmt"

	"github.com/google/uuid"
)

// Feed takes bytes of the stream stdout of a pipeline, or of the pool
// (uuid.Nil), cut anywhere, and gives the events in them. The events keep no
// part of data. What comes for a pipeline that is not there is dropped, and so
// are messages of unknown types.
//
// A message that cannot be decoded is a [DecodeFailed] event. An error is
// *FragmentError or *MessageError: nothing more can be read of that stream; or
// *VersionError: the pool is broken. Events before it are given with it.
func (c *Client) Feed(pipeline uuid.UUID, data []byte) ([]Event, error) {
	in, p := c.inbound(pipeline)
	if in == nil {
		return nil, nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	messages, err := in.r.Feed(data)
	if err != nil && p != nil {
		c.setState(p, PipelineFailed)
	}
	var events []Event
	if len(messages) > 0 {
		events = make([]Event, 0, len(messages))
	}
	for i := range messages {
		e, refused := c.receive(pipeline, p, &messages[i])
		if e != nil {
			events = append(events, e)
		}
		if refused != nil {
			return events, refused
		}
	}
	return events, err
}

func (c *Client) inbound(pipeline uuid.UUID) (*inbound, *clientPipeline) {
	if pipeline == uuid.Nil {
		return c.pool, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pipelines[pipeline]
	if p == nil {
		return nil, nil
	}
	return &p.in, p
}

func (c *Client) receive(pipeline uuid.UUID, p *clientPipeline, m *Message) (Event, error) {
	if !m.Type.Known() {
		return nil, nil
	}
	from := From{pipeline}
	if err := checkMessage(m, ToClient, c.cfg.ID, pipeline); err != nil {
		return c.failed(from, p, m.Type, err), nil
	}
	body, err := m.Decode(c.cfg.Limits)
	if err != nil && m.Type == SessionCapability {
		_, err = c.negotiate(from, Capability{})
		return nil, err
	}
	if err != nil {
		return c.failed(from, p, m.Type, err), nil
	}
	if p == nil || !m.Type.OfPipeline() {
		return c.poolEvent(from, body)
	}
	return c.pipelineEvent(from, p, body), nil
}

func (c *Client) failed(from From, p *clientPipeline, t MessageType, err error) Event {
	if p != nil {
		c.setState(p, PipelineFailed)
	}
	return DecodeFailed{from, t, err}
}

func (c *Client) setState(p *clientPipeline, state PipelineState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.state = state
}

// checkMessage refuses messages that are not for this side, pool or pipeline.
// Servers name their capability before they know the pool's id.
func checkMessage(m *Message, side Destination, pool, pipeline uuid.UUID) error {
	switch {
	case m.Destination != side:
		return &MessageError{fmt.Sprintf("%s is for the other side", m.Type)}
	case m.PoolID != pool && m.PoolID != uuid.Nil && pool != uuid.Nil:
		return &MessageError{fmt.Sprintf("%s is for another pool", m.Type)}
	case m.Type.OfPipeline() && (m.PipelineID != pipeline || pipeline == uuid.Nil):
		return &MessageError{fmt.Sprintf("%s is for another pipeline", m.Type)}
	}
	return nil
}

func (c *Client) pipelineEvent(from From, p *clientPipeline, body Body) Event {
	switch b := body.(type) {
	case OutputObject:
		return Output{from, b.Value}
	case *ErrorRecord:
		return ErrorReceived{from, b}
	case PipelineStatus:
		c.setState(p, b.State)
		return PipelineStateChanged{from, b.State, b.Error}
	case StreamRecord:
		return streamEvent(from, b)
	case ProgressRecord:
		return ProgressReceived{from, b}
	case InformationRecord:
		return InformationReceived{from, b}
	case HostCall:
		return HostCallReceived{b}
	}
	return misplaced(from, body, "client")
}

func streamEvent(from From, b StreamRecord) Event {
	switch b.Type {
	case DebugRecord:
		return DebugReceived{from, b.Record}
	case VerboseRecord:
		return VerboseReceived{from, b.Record}
	default:
		return WarningReceived{from, b.Record}
	}
}

func misplaced(from From, body Body, side string) Event {
	t := body.MessageType()
	return DecodeFailed{from, t, &MessageError{fmt.Sprintf("%s is not for a %s", t, side)}}
}

func (c *Client) poolEvent(from From, body Body) (Event, error) {
	from.PipelineID = uuid.Nil
	switch b := body.(type) {
	case Capability:
		return c.negotiate(from, b)
	case PoolStatus:
		return c.poolState(from, b), nil
	case PrivateData:
		c.mu.Lock()
		c.private = b.Data
		c.mu.Unlock()
		return PrivateDataReceived{from, b.Data}, nil
	case PoolLimits:
		c.mu.Lock()
		if c.state == PoolConnecting || c.state == PoolNegotiationSucceeded {
			c.state = PoolOpened
		}
		c.mu.Unlock()
		return PoolLimitsReceived{from, b}, nil
	case PoolAnswer:
		return Availability{from, b.CallID, b.Response}, nil
	case EngineEvent:
		return UserEventReceived{from, b}, nil
	case HostCall:
		return HostCallReceived{b}, nil
	case KeyDemand:
		return c.demanded(from), nil
	case KeyAnswer:
		return c.takeKey(from, b.EncryptedSessionKey), nil
	}
	return misplaced(from, body, "client"), nil
}

// poolState follows the server, but nothing leads back from an end.
func (c *Client) poolState(from From, b PoolStatus) Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case b.State == PoolOpened && c.protocol == "":
		return DecodeFailed{from, RunspacePoolState, &MessageError{"the pool opens before the versions are known"}}
	case c.state == PoolClosed || c.state == PoolBroken:
	case c.state == PoolClosing && !b.State.Over():
	default:
		c.state = b.State
	}
	return PoolStateChanged{from, b.State, b.Error}
}

// negotiate takes the lower of both versions. [MS-PSRP] 3.1.5.4.1
func (c *Client) negotiate(from From, b Capability) (Event, error) {
	version, err := negotiate(c.cfg.Protocol, b.Protocol)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if !c.state.Over() {
			c.state = PoolBroken
		}
		return nil, err
	}
	c.protocol = version
	if c.state == PoolNegotiationSent {
		c.state = PoolNegotiationSucceeded
	}
	return CapabilityReceived{from, b, version}, nil
}

// negotiate gives the version that both sides can speak: the lower one, within
// major version 2.
func negotiate(ours, theirs string) (string, error) {
	a, err := parseVersion(ours)
	if err != nil {
		return "", &VersionError{ours, theirs}
	}
	b, err := parseVersion(theirs)
	if err != nil || a/1000 != b/1000 || b/1000 != 2 {
		return "", &VersionError{ours, theirs}
	}
	if b < a {
		a = b
	}
	return fmt.Sprintf("%d.%d", a/1000, a%1000), nil
}
