package wsman

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Defaults of a [Config], PowerShell's own.
const (
	DefaultMaxEnvelopeSize  = 153600 // bytes; what every server takes
	MaxEnvelopeSizeV2       = 512000 // bytes; what servers take that speak a PSRP protocol later than 2.1
	DefaultOperationTimeout = 180 * time.Second
	DefaultOpenTimeout      = 180 * time.Second
	DefaultCancelTimeout    = 60 * time.Second

	minResponseSize = 8 << 20
)

// Config describes an endpoint and how to speak to it. Only URL is needed.
type Config struct {
	// URL is the endpoint, with http or https, without user information.
	URL *url.URL
	// ResourceURI says which kind of shell; default [ResourcePowerShell].
	ResourceURI string

	// Dial opens connections; nil is net.Dialer's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS configures https; nil is the system's roots.
	TLS *tls.Config
	// Proxy chooses an HTTP proxy, with user information in its URL where it
	// wants credentials; nil is none.
	Proxy func(*http.Request) (*url.URL, error)

	// Authorize writes credentials on each request before it goes out.
	// challenge is nil at first; after a 401 it holds the values of
	// WWW-Authenticate, and Authorize is asked once more, on a fresh request.
	Authorize func(ctx context.Context, req *http.Request, challenge []string) error
	// Secure begins the security of a new connection, in place of Authorize: each
	// connection is authenticated once, before the first request on it, and over
	// plain http everything is sealed.
	Secure func(ctx context.Context, conn ConnInfo) (SecurityContext, error)
	// AllowUnencrypted permits credentials over http to a host that is not this one.
	AllowUnencrypted bool

	// MaxEnvelopeSize is the largest envelope either side sends, in bytes.
	MaxEnvelopeSize int
	// MaxResponseSize bounds an answer's body, in bytes; default four
	// envelopes, and 8 MiB at least.
	MaxResponseSize int
	// OperationTimeout is how long the server may keep an exchange open,
	// OpenTimeout that of Create and Connect, CancelTimeout that of Signal and Delete.
	// Zero is the default, negative is without limit.
	OperationTimeout, OpenTimeout, CancelTimeout time.Duration

	// Locale is the language of the server's texts, DataLocale that of its
	// numbers and dates; default en-US, and Locale.
	Locale, DataLocale string
	// UTF16 sends envelopes in UTF-16 instead of UTF-8, which is twice as
	// long: MaxPayload halves. Answers are taken in either at any time.
	UTF16 bool
	// Header is added to each HTTP request.
	Header    http.Header
	UserAgent string
	// Trace is told of each HTTP exchange once it is over. It is called from
	// the goroutine of the exchange.
	Trace func(TraceEvent)
}

// TraceEvent tells of one HTTP exchange: sizes, ids and codes, never content.
type TraceEvent struct {
	Operation string // Create, Receive, …
	MessageID string
	ShellID   string
	CommandID string // empty for the shell's own
	Attempt   int    // 1, and more for a Receive that is sent again or a request authorized anew
	Sent      int    // bytes of the request's body
	Received  int    // bytes of the answer's body
	Status    int    // HTTP status, 0 without an answer
	Fault     uint32 // code of the fault, if any
	Duration  time.Duration
	Err       error // a failure of the transport
}

func (cfg *Config) setDefaults() {
	if cfg.ResourceURI == "" {
		cfg.ResourceURI = ResourcePowerShell
	}
	if cfg.MaxEnvelopeSize <= 0 {
		cfg.MaxEnvelopeSize = DefaultMaxEnvelopeSize
	}
	if cfg.OperationTimeout == 0 {
		cfg.OperationTimeout = DefaultOperationTimeout
	}
	if cfg.OpenTimeout == 0 {
		cfg.OpenTimeout = DefaultOpenTimeout
	}
	if cfg.CancelTimeout == 0 {
		cfg.CancelTimeout = DefaultCancelTimeout
	}
	if cfg.Locale == "" {
		cfg.Locale = "en-US"
	}
	if cfg.DataLocale == "" {
		cfg.DataLocale = cfg.Locale
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "psdeck"
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
}

func (cfg *Config) check() error {
	u := cfg.URL
	switch {
	case u == nil:
		return errors.New("wsman: no URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("wsman: URL scheme %q is neither http nor https", u.Scheme)
	case u.Hostname() == "":
		return errors.New("wsman: URL without a host")
	case u.User != nil:
		return errors.New("wsman: URL with user information in it")
	case cfg.Authorize != nil && cfg.Secure != nil:
		return errors.New("wsman: two ways to authenticate")
	}
	if u.Scheme == "http" && cfg.Authorize != nil && !cfg.AllowUnencrypted && !isLoopback(u.Hostname()) {
		return &UnencryptedError{Host: u.Host}
	}
	return nil
}

// isLoopback tells whether a URL's host is this machine by its very name;
// what a resolver says of a name is not believed.
func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
