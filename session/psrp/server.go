package psrp

import (
	"sync"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// ServerConfig says what a server speaks.
type ServerConfig struct {
	Protocol     string // the newest version, default "2.3"
	FragmentSize int    // bytes, header included; default DefaultFragmentSize
	Limits       clixml.Limits
	MaxObject    int // bytes of one message; default DefaultMaxObject
}

// Server is the server's side of one runspace pool. Its methods may be called
// concurrently; the caller keeps the order of what goes out on one pipeline.
type Server struct {
	cfg ServerConfig

	mu        sync.Mutex
	frag      Fragmenter
	state     PoolState
	protocol  string
	poolID    uuid.UUID
	calls     int64 // host calls of the pool
	streams   map[streamKey]*inbound
	pipelines map[uuid.UUID]*serverPipeline
}

type streamKey struct {
	pipeline uuid.UUID
	stream   string
}

type serverPipeline struct {
	state PipelineState
	calls int64
}

// NewServer makes a server that waits for a client.
func NewServer(cfg ServerConfig) *Server {
	if cfg.Protocol == "" {
		cfg.Protocol = Protocol23
	}
	s := &Server{cfg: cfg, streams: make(map[streamKey]*inbound), pipelines: make(map[uuid.UUID]*serverPipeline)}
	s.frag.Size = cfg.FragmentSize
	return s
}

// Protocol is the negotiated version, "" before the client has named its own.
func (s *Server) Protocol() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.protocol
}

// PoolID is the id that the client gave its pool.
func (s *Server) PoolID() uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poolID
}

// State is the pool's state.
func (s *Server) State() PoolState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// SetFragmentSize sets the size of the fragments that are made from now on, in
// bytes with their header.
func (s *Server) SetFragmentSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frag.Size = n
}

// Opened answers an INIT_RUNSPACEPOOL: SESSION_CAPABILITY,
// APPLICATION_PRIVATE_DATA and RUNSPACEPOOL_STATE Opened. privateData may be
// nil; it is a PSPrimitiveDictionary.
func (s *Server) Opened(privateData *clixml.Object) (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != PoolOpening {
		return Outgoing{}, &StateError{"open the pool", "pool is " + s.state.String()}
	}
	out, err := s.pool(s.capability(), PrivateData{privateData}, PoolStatus{State: PoolOpened})
	if err == nil {
		s.state = PoolOpened
	}
	return out, err
}

// Connected answers a CONNECT_RUNSPACEPOOL: SESSION_CAPABILITY,
// RUNSPACEPOOL_INIT_DATA and APPLICATION_PRIVATE_DATA, for the connectResponseXml.
func (s *Server) Connected(limits PoolLimits, privateData *clixml.Object) (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, err := s.pool(s.capability(), limits, PrivateData{privateData})
	if err == nil {
		s.state = PoolOpened
	}
	return out, err
}

// Capability makes the server's SESSION_CAPABILITY alone, for a server that
// must answer before it can open.
func (s *Server) Capability() (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pool(s.capability())
}

func (s *Server) capability() Capability {
	version := s.protocol
	if version == "" {
		version = s.cfg.Protocol
	}
	return Capability{Protocol: version, PSVersion: powerShellVersion, SerializationVersion: SerializationVersion}
}

// pool makes messages of the pool; s.mu is held.
func (s *Server) pool(bodies ...Body) (Outgoing, error) {
	out := Outgoing{Stream: StreamStdin}
	for _, b := range bodies {
		if err := s.add(&out, b); err != nil {
			return Outgoing{}, err
		}
	}
	return out, nil
}

func (s *Server) add(out *Outgoing, body Body) error {
	pool := s.poolID
	if body.MessageType()&0xFFFF0000 == 0x00010000 {
		pool = uuid.Nil // messages of the session name no pool, as servers send them
	}
	message, err := packable(ToClient, pool, out.PipelineID, body)
	if err != nil {
		return err
	}
	out.Fragments = append(out.Fragments, s.frag.pack(message)...)
	return nil
}

// PoolState makes a RUNSPACEPOOL_STATE; err may be nil.
func (s *Server) PoolState(state PoolState, err *ErrorRecord) Outgoing {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	out, failed := s.pool(PoolStatus{state, err})
	if failed != nil { // err holds what CLIXML cannot say: the state counts more
		out, _ = s.pool(PoolStatus{State: state})
	}
	return out
}

// Availability answers a pool operation: with a boolean those that set or
// reset, with an int32 the one that counts.
func (s *Server) Availability(callID int64, response clixml.Value) (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pool(PoolAnswer{callID, response})
}

// Event forwards an event of the engine.
func (s *Server) Event(e EngineEvent) (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pool(e)
}

// RequestPublicKey asks the client for its public key.
func (s *Server) RequestPublicKey() (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pool(KeyDemand{})
}

// SessionKey gives the encrypted session key, the base64 of a SIMPLEBLOB.
func (s *Server) SessionKey(key string) (Outgoing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pool(KeyAnswer{key})
}

// Forget drops a pipeline after the transport has closed it.
func (s *Server) Forget(pipeline uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pipelines, pipeline)
	delete(s.streams, streamKey{pipeline, StreamStdin})
	delete(s.streams, streamKey{pipeline, StreamPromptResponse})
}
