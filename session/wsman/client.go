package wsman

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Client speaks to one endpoint as one user. Its methods may be called
// concurrently.
type Client struct {
	cfg       Config
	to        string // URL as the envelope's To
	sessionID string
	jar       http.CookieJar
	lanes     lanes
	envelope  atomic.Int64

	pause      func(losses int) time.Duration // before a Receive is sent again
	grace      time.Duration                  // answerGrace
	parkedLong time.Duration

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	mu     sync.Mutex // guards closed, and wg against Add after Wait
	closed bool
	wg     sync.WaitGroup
}

// New makes a client. It does not connect. The error is of the configuration:
// [*UnencryptedError] where credentials would travel in clear.
func New(cfg Config) (*Client, error) {
	cfg.setDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	u := *cfg.URL
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/wsman"
	}
	cfg.URL = &u
	if cfg.TLS = cfg.TLS.Clone(); cfg.TLS == nil {
		cfg.TLS = new(tls.Config)
	}
	if cfg.TLS.ClientSessionCache == nil {
		cfg.TLS.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, to: u.String(), sessionID: uuidURI(uuid.New()), jar: jar, pause: pause, grace: answerGrace, parkedLong: parkedLong}
	c.envelope.Store(int64(cfg.MaxEnvelopeSize))
	c.lanes.make = func() *http.Transport { return newTransport(&c.cfg) }
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Close aborts what is under way, waits for it and drops every connection.
// It tells the server nothing: delete shells before. It must not be called from
// Config.Trace or Config.Authorize.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
	c.lanes.close()
}

// begin counts an exchange in; done counts it out.
func (c *Client) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.wg.Add(1)
	return nil
}

// URL is the endpoint's.
func (c *Client) URL() *url.URL {
	u := *c.cfg.URL
	return &u
}

// Locale is the language asked for, OperationTimeout how long the server may
// keep an exchange open (negative: without limit).
func (c *Client) Locale() string                  { return c.cfg.Locale }
func (c *Client) OperationTimeout() time.Duration { return c.cfg.OperationTimeout }
func (c *Client) CancelTimeout() time.Duration    { return c.cfg.CancelTimeout }

// MaxEnvelopeSize is the size of envelope, in bytes, that requests keep to
// and answers are asked to keep to.
func (c *Client) MaxEnvelopeSize() int { return int(c.envelope.Load()) }

// SetMaxEnvelopeSize changes it, once the server is known to take more or less.
func (c *Client) SetMaxEnvelopeSize(n int) {
	if n > 0 {
		c.envelope.Store(int64(n))
	}
}

func (c *Client) maxResponseSize() int {
	if c.cfg.MaxResponseSize > 0 {
		return c.cfg.MaxResponseSize
	}
	return max(4*c.MaxEnvelopeSize(), minResponseSize)
}

// Operation is an exchange that carries a caller's bytes.
type Operation int

// The operations that [Client.MaxPayload] knows.
const (
	OpCreate Operation = iota
	OpCommand
	OpSend
)

// MaxPayload is how many raw bytes fit in one request of this kind, once they
// are base64 and the envelope is around them. A Create has room for 1,024
// bytes of name and options.
func (c *Client) MaxPayload(op Operation) int {
	const selectorRoom = 64
	h := header{resource: c.cfg.ResourceURI, timeout: c.cfg.OperationTimeout, action: ActionCommand}
	var room int
	switch op {
	case OpCreate:
		room = len(closeEnvelope(createBody(c.openEnvelope(nil, h), &ShellRequest{ShellID: uuid.New(), CreationXML: []byte{0}}))) + 1024
	default:
		h.selectors = []Selector{{Name: "ShellId", Value: upperUUID(uuid.Nil)}}
		h.options = []Option{{Name: optionSkipCmd, Value: "False"}}
		dst := c.openEnvelope(nil, h)
		if op == OpCommand {
			dst = commandBody(dst, uuid.New(), "", []byte{0})
		} else {
			dst = sendBody(dst, uuid.New(), "stdin", []byte{0}, true)
		}
		room = len(closeEnvelope(dst)) + selectorRoom
	}
	size := c.MaxEnvelopeSize()
	if c.cfg.UTF16 {
		size = size/2 - 1 // two bytes a character, and the mark in front
	}
	return max(0, (size-room)/4*3)
}

// Identity is what a server says of itself to anyone ([DSP0226]).
type Identity struct {
	ProtocolVersion, ProductVendor, ProductVersion string
}

// Identify asks who is there, without credentials; they are given only to a
// server that insists on them.
func (c *Client) Identify(ctx context.Context) (Identity, error) {
	var id Identity
	call := &call{
		operation: "Identify", envelope: []byte(identifyEnvelope),
		timeout: c.cfg.CancelTimeout, anonymous: true,
	}
	err := c.do(ctx, call, func(s *scanner) error {
		return children(s, func(name string, s *scanner) (err error) {
			switch name {
			case "ProtocolVersion":
				id.ProtocolVersion, err = s.content()
			case "ProductVendor":
				id.ProductVendor, err = s.content()
			case "ProductVersion":
				id.ProductVersion, err = s.content()
			}
			return err
		})
	})
	id.ProtocolVersion, id.ProductVendor, id.ProductVersion =
		cleanText(id.ProtocolVersion, 256), cleanText(id.ProductVendor, 256), cleanText(id.ProductVersion, 256)
	return id, err
}

// Exchange posts an envelope made elsewhere and returns the answer's. The
// request is sent once; a fault is a [*Fault]; an empty answer is empty.
func (c *Client) Exchange(ctx context.Context, action string, envelope []byte) ([]byte, error) {
	call := &call{
		operation: operationName(action), action: action, envelope: envelope,
		timeout: c.timeoutOf(action), emptyOK: true, keep: true,
	}
	if err := c.fits(call); err != nil {
		return nil, err
	}
	err := c.do(ctx, call, func(s *scanner) error { return s.skip() })
	return call.answer, err
}

func (c *Client) timeoutOf(action string) time.Duration {
	switch action {
	case ActionCreate, ActionConnect:
		return c.cfg.OpenTimeout
	case ActionSignal, ActionDelete:
		return c.cfg.CancelTimeout
	}
	return c.cfg.OperationTimeout
}
