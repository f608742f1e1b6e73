package psrp

import (
	"fmt"

	"github.com/google/uuid"
)

// Feed takes bytes that a client sent on a stream of a pipeline, or of the pool
// (uuid.Nil), cut anywhere, and gives the events in them. Fragments of the
// creationXml and of a command's arguments are bytes of [StreamStdin].
//
// Errors and [DecodeFailed] are as for [Client.Feed]. A version that this side
// cannot take is a *VersionError.
func (s *Server) Feed(pipeline uuid.UUID, stream string, data []byte) ([]Event, error) {
	key := streamKey{pipeline, stream}
	s.mu.Lock()
	in := s.streams[key]
	if in == nil {
		in = &inbound{r: Reassembler{MaxObject: s.cfg.MaxObject}}
		s.streams[key] = in
	}
	s.mu.Unlock()
	in.mu.Lock()
	defer in.mu.Unlock()
	messages, err := in.r.Feed(data)
	var events []Event
	for i := range messages {
		e, refused := s.receive(pipeline, stream, &messages[i])
		if e != nil {
			events = append(events, e)
		}
		if refused != nil {
			return events, refused
		}
	}
	return events, err
}

func (s *Server) receive(pipeline uuid.UUID, stream string, m *Message) (Event, error) {
	if !m.Type.Known() {
		return nil, nil
	}
	if stream == StreamPromptResponse && pipeline == uuid.Nil {
		pipeline = m.PipelineID // answers may come on the pool's stream
	}
	if err := checkMessage(m, ToServer, s.PoolID(), pipeline); err != nil {
		return DecodeFailed{From{pipeline}, m.Type, err}, nil
	}
	answers := m.Type == PipelineHostResponse || m.Type == RunspacePoolHostResponse
	if answers && stream != StreamPromptResponse {
		err := &MessageError{fmt.Sprintf("%s belongs on the stream %s", m.Type, StreamPromptResponse)}
		return DecodeFailed{From{pipeline}, m.Type, err}, nil
	}
	body, err := m.Decode(s.cfg.Limits)
	if err != nil {
		return DecodeFailed{From{pipeline}, m.Type, err}, nil
	}
	if m.Type.OfPipeline() {
		return s.pipelineEvent(From{pipeline}, body), nil
	}
	return s.poolEvent(m, body)
}

func (s *Server) pipelineEvent(from From, body Body) Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := from.PipelineID
	known := s.pipelines[id] != nil
	refuse := func(why string) Event {
		return DecodeFailed{from, body.MessageType(), &StateError{"take " + body.MessageType().String(), why}}
	}
	switch b := body.(type) {
	case Pipeline, CommandMetadata:
		if known {
			return refuse("the pipeline is there already")
		}
		if s.state != PoolOpened {
			return refuse("pool is " + s.state.String())
		}
		s.pipelines[id] = &serverPipeline{state: PipelineRunning}
		if query, ok := b.(CommandMetadata); ok {
			return CommandMetadataRequested{id, query}
		}
		return PipelineRequested{id, b.(Pipeline)}
	}
	if !known {
		return refuse("the pipeline is not there")
	}
	switch b := body.(type) {
	case InputObject:
		return InputReceived{from, b.Value}
	case EndOfInput:
		return InputEnded{from}
	case HostResponse:
		return HostResponded{b}
	}
	return misplaced(from, body, "server")
}

func (s *Server) poolEvent(m *Message, body Body) (Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var from From
	switch b := body.(type) {
	case Capability:
		version, err := negotiate(s.cfg.Protocol, b.Protocol)
		if err != nil {
			s.state = PoolBroken
			return nil, err
		}
		s.protocol, s.poolID = version, m.PoolID
		return ClientCapability{from, b, version}, nil
	case PoolOpen:
		if s.protocol == "" || s.state != PoolBeforeOpen {
			return nil, &StateError{"open the pool", fmt.Sprintf("pool is %s, protocol %q", s.state, s.protocol)}
		}
		s.state, s.poolID = PoolOpening, m.PoolID
		return OpenRequested{from, m.PoolID, b.Min, b.Max, b.ApplicationArguments, b.Host}, nil
	case PoolJoin:
		return ConnectRequested{from, PoolLimits(b)}, nil
	case PoolMax:
		return PoolRequest{from, SetMaxRunspaces, b.CallID, b.Max}, nil
	case PoolMin:
		return PoolRequest{from, SetMinRunspaces, b.CallID, b.Min}, nil
	case PoolAvailable:
		return PoolRequest{from, GetAvailableRunspaces, b.CallID, 0}, nil
	case PoolReset:
		return PoolRequest{from, ResetRunspaceState, b.CallID, 0}, nil
	case KeyOffer:
		return PublicKeyReceived{from, b.PublicKey}, nil
	case HostResponse:
		return HostResponded{b}, nil
	}
	return misplaced(from, body, "server"), nil
}
