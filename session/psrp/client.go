package psrp

import (
	"crypto/cipher"
	"crypto/rsa"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// ClientConfig says how a client opens its pool.
type ClientConfig struct {
	ID                         uuid.UUID // of the pool; uuid.Nil: a new one
	MinRunspaces, MaxRunspaces int       // default 1 and 1
	// Protocol is the version offered, default "2.3". Offer "2.4" only where the
	// transport is confidential: secrets then travel in clear inside it.
	Protocol             string
	ApplicationArguments []clixml.Entry
	Host                 *HostInfo // nil: no host
	ThreadOptions        ThreadOptions
	Apartment            ApartmentState
	FragmentSize         int // bytes, header included; default DefaultFragmentSize
	Limits               clixml.Limits
	MaxObject            int    // bytes of one message; default DefaultMaxObject
	TimeZone             []byte // a serialized System.TimeZone, or nil
}

// Client is the client's side of one runspace pool. Its methods may be called
// concurrently; what different pipelines get is decoded in parallel, and per
// pipeline the caller keeps the order of Feed.
type Client struct {
	cfg ClientConfig

	mu        sync.Mutex
	frag      Fragmenter
	state     PoolState
	protocol  string
	private   *clixml.Object
	offered   *rsa.PrivateKey // waits for its session key
	key       cipher.Block    // the session key, nil before it has come
	calls     int64
	pool      *inbound
	pipelines map[uuid.UUID]*clientPipeline
}

type clientPipeline struct {
	in        inbound
	state     PipelineState
	takesIn   bool
	inputOver bool
}

// inbound is a stream that comes in; its lock covers a whole Feed.
type inbound struct {
	mu sync.Mutex
	r  Reassembler
}

// streams are the pool's and those of the pipelines that run.
func (c *Client) streams() []*inbound {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []*inbound{c.pool}
	for _, p := range c.pipelines {
		list = append(list, &p.in)
	}
	return list
}

// rejoin drops what is unfinished of a message: the rest will not come.
func (in *inbound) rejoin() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.r.Rejoin()
}

// NewClient makes a client; [Client.Open] begins the conversation.
func NewClient(cfg ClientConfig) *Client {
	if cfg.ID == uuid.Nil {
		cfg.ID = uuid.New()
	}
	if cfg.MinRunspaces <= 0 {
		cfg.MinRunspaces = 1
	}
	cfg.MaxRunspaces = max(cfg.MaxRunspaces, cfg.MinRunspaces)
	if cfg.Protocol == "" {
		cfg.Protocol = Protocol23
	}
	c := &Client{cfg: cfg, pipelines: make(map[uuid.UUID]*clientPipeline)}
	c.frag.Size = cfg.FragmentSize
	c.pool = &inbound{r: Reassembler{MaxObject: cfg.MaxObject}}
	return c
}

// ID is the pool's id, the shell's id too where the transport has one.
func (c *Client) ID() uuid.UUID { return c.cfg.ID }

// State is the pool's state.
func (c *Client) State() PoolState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Protocol is the negotiated version, "" before the server has named its own.
func (c *Client) Protocol() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.protocol
}

// PrivateData is the server's ApplicationPrivateData, nil before it has come.
func (c *Client) PrivateData() *clixml.Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.private
}

// SetFragmentSize sets the size of the fragments that are made from now on, in
// bytes with their header.
func (c *Client) SetFragmentSize(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frag.Size = n
}

// Open makes SESSION_CAPABILITY and INIT_RUNSPACEPOOL, which travel together:
// a transport with a creationXml puts them there.
func (c *Client) Open() (Outgoing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != PoolBeforeOpen {
		return Outgoing{}, &StateError{"open the pool", "pool is " + c.state.String()}
	}
	out := Outgoing{Stream: StreamStdin}
	for _, body := range []Body{c.capability(), c.opening()} {
		if err := c.add(&out, body); err != nil {
			return Outgoing{}, err
		}
	}
	c.state = PoolNegotiationSent
	return out, nil
}

// Connect makes SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL, to join a pool that
// exists: a transport with a connectXml puts them there. On a client that was
// in the pool before, pipelines stay; what was lost of a message in between is
// skipped.
func (c *Client) Connect() (Outgoing, error) {
	for _, in := range c.streams() {
		in.rejoin()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case PoolBeforeOpen, PoolDisconnected, PoolConnecting, PoolOpened:
	default:
		return Outgoing{}, &StateError{"connect the pool", "pool is " + c.state.String()}
	}
	out := Outgoing{Stream: StreamStdin}
	for _, body := range []Body{c.capability(), PoolJoin{c.cfg.MinRunspaces, c.cfg.MaxRunspaces}} {
		if err := c.add(&out, body); err != nil {
			return Outgoing{}, err
		}
	}
	c.state = PoolConnecting
	return out, nil
}

// Close marks the pool as closed, after the transport has closed or lost it:
// nothing can be made from then on.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = PoolClosed
	clear(c.pipelines)
}

func (c *Client) capability() Capability {
	return Capability{c.cfg.Protocol, powerShellVersion, SerializationVersion, c.cfg.TimeZone}
}

func (c *Client) opening() PoolOpen {
	return PoolOpen{
		Min: c.cfg.MinRunspaces, Max: c.cfg.MaxRunspaces,
		ThreadOptions: c.cfg.ThreadOptions, Apartment: c.cfg.Apartment,
		ApplicationArguments: applicationArguments(c.cfg.ApplicationArguments, c.cfg.Protocol),
		Host:                 c.cfg.Host,
	}
}

// add appends the fragments of a message to out; c.mu is held.
func (c *Client) add(out *Outgoing, body Body) error {
	message, err := packable(ToServer, c.cfg.ID, out.PipelineID, body)
	if err != nil {
		return err
	}
	out.Fragments = append(out.Fragments, c.frag.pack(message)...)
	return nil
}

// send makes one message. It encodes outside the lock, so that large values do
// not hold up what comes in; then check, if there is one, decides with c.mu held.
func (c *Client) send(pipeline uuid.UUID, stream string, body Body, check func() error) (Outgoing, error) {
	message, err := packable(ToServer, c.cfg.ID, pipeline, body)
	if err != nil {
		return Outgoing{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := check(); err != nil {
		return Outgoing{}, err
	}
	return Outgoing{PipelineID: pipeline, Stream: stream, Fragments: c.frag.pack(message)}, nil
}

// CreatePipeline makes CREATE_PIPELINE for a new pipeline with this id.
func (c *Client) CreatePipeline(p Pipeline) (uuid.UUID, Outgoing, error) {
	if len(p.Commands) == 0 {
		return uuid.Nil, Outgoing{}, &StateError{"create a pipeline", "it has no command"}
	}
	return c.create(createBody{&p, c.Protocol()}, !p.NoInput, pipelineHasSecret(&p))
}

// GetCommandMetadata asks for the commands that these names, with wildcards,
// match; types is usually CommandRemotable, namespace names modules or is nil.
// The answer is the output of the pipeline that is made.
func (c *Client) GetCommandMetadata(names []string, types CommandTypes, namespace []string) (uuid.UUID, Outgoing, error) {
	return c.QueryCommands(CommandMetadata{Names: names, Types: types, Namespace: namespace})
}

// QueryCommands is GetCommandMetadata with everything that can be asked.
func (c *Client) QueryCommands(q CommandMetadata) (uuid.UUID, Outgoing, error) {
	return c.create(q, false, false)
}

func (c *Client) create(body Body, takesInput, secret bool) (uuid.UUID, Outgoing, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return uuid.Nil, Outgoing{}, fmt.Errorf("making a pipeline's id: %w", err)
	}
	p := &clientPipeline{state: PipelineRunning, takesIn: takesInput}
	p.in.r.MaxObject = c.cfg.MaxObject
	out, err := c.send(id, StreamStdin, body, func() error {
		if c.state != PoolOpened {
			return &StateError{"create a pipeline", "pool is " + c.state.String()}
		}
		if secret && !c.canSeal() {
			return ErrNoSessionKey
		}
		c.pipelines[id] = p
		return nil
	})
	if err != nil {
		return uuid.Nil, Outgoing{}, err
	}
	return id, out, nil
}

// Join makes the client listen to a pipeline of a pool it connected to. Parts
// of a message that were lost before are skipped.
func (c *Client) Join(pipeline uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &clientPipeline{state: PipelineRunning}
	p.in.r.MaxObject, p.in.r.Joined = c.cfg.MaxObject, true
	c.pipelines[pipeline] = p
}

// Input makes a PIPELINE_INPUT of one object.
func (c *Client) Input(pipeline uuid.UUID, v clixml.Value) (Outgoing, error) {
	return c.input(pipeline, InputObject{v}, v, false)
}

// EndInput makes the END_OF_PIPELINE_INPUT that every pipeline with input needs.
func (c *Client) EndInput(pipeline uuid.UUID) (Outgoing, error) {
	return c.input(pipeline, EndOfInput{}, clixml.Null(), true)
}

func (c *Client) input(pipeline uuid.UUID, body Body, v clixml.Value, end bool) (Outgoing, error) {
	secret := hasSecret(v)
	return c.send(pipeline, StreamStdin, body, func() error {
		p := c.pipelines[pipeline]
		switch {
		case p == nil:
			return &StateError{"send input", "the pipeline is not there"}
		case !p.takesIn:
			return &StateError{"send input", "the pipeline takes none"}
		case p.inputOver:
			return &StateError{"send input", "the input has ended"}
		case secret && !c.canSeal():
			return ErrNoSessionKey
		}
		p.inputOver = end
		return nil
	})
}

// Respond answers a host call, on the stream of prompt responses.
func (c *Client) Respond(r HostResponse) (Outgoing, error) {
	if r.CallID == NoAnswer {
		return Outgoing{}, &StateError{"answer a host call", "the call takes no answer"}
	}
	secret := hasSecret(r.Value)
	return c.send(r.PipelineID, StreamPromptResponse, r, func() error {
		switch {
		case c.state.Over():
			return &StateError{"answer a host call", "pool is " + c.state.String()}
		case r.PipelineID != uuid.Nil && c.pipelines[r.PipelineID] == nil:
			return &StateError{"answer a host call", "the pipeline is not there"}
		case secret && !c.canSeal():
			return ErrNoSessionKey
		}
		return nil
	})
}

// Forget drops a pipeline after the transport has closed it.
func (c *Client) Forget(pipeline uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pipelines, pipeline)
}

// PipelineState is the last state of a pipeline, and whether it is there.
func (c *Client) PipelineState(pipeline uuid.UUID) (PipelineState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pipelines[pipeline]
	if p == nil {
		return PipelineNotStarted, false
	}
	return p.state, true
}
