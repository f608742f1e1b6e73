package wsman

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// lane is one TCP connection at a time, and the buffer for the answers that
// come over it. net/http cannot pin an exchange to a connection; an
// http.Transport of its own with a limit of one can.
type lane struct {
	transport *http.Transport
	buf       []byte

	security SecurityContext // of the connection; nil where it has none
	seals    bool            // what goes over it is sealed
}

const (
	maxIdleLanes   = 4
	idleLane       = 90 * time.Second
	maxKeptBuffer  = 1 << 20
	handshakeLimit = 30 * time.Second
)

// lanes hands out lanes. The one given back last goes out first, so that as
// few connections live as exchanges run at a time.
type lanes struct {
	make func() *http.Transport

	mu     sync.Mutex
	idle   []*lane
	closed bool
}

func (l *lanes) acquire() *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.idle); n > 0 {
		ln := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return ln
	}
	return &lane{transport: l.make()}
}

func (l *lanes) release(ln *lane) {
	if cap(ln.buf) > maxKeptBuffer {
		ln.buf = nil
	}
	l.mu.Lock()
	keep := !l.closed && len(l.idle) < maxIdleLanes
	if keep {
		l.idle = append(l.idle, ln)
	}
	l.mu.Unlock()
	if !keep {
		ln.transport.CloseIdleConnections()
	}
}

// close drops the idle lanes; those in use go when they are released.
func (l *lanes) close() {
	l.mu.Lock()
	idle := l.idle
	l.idle, l.closed = nil, true
	l.mu.Unlock()
	for _, ln := range idle {
		ln.transport.CloseIdleConnections()
	}
}

// newTransport makes a lane's transport: one connection, HTTP/1.1, no
// compression (a server may not label it as it should), no cookies or
// redirects of net/http's own. Its buffers are small, as they are by default: a
// body is read past them into the lane's, and a session that is idle keeps them.
func newTransport(cfg *Config) *http.Transport {
	t := &http.Transport{
		DialContext:         guarded(cfg.Dial),
		Proxy:               cfg.Proxy,
		TLSClientConfig:     cfg.TLS.Clone(),
		TLSHandshakeTimeout: handshakeLimit,
		MaxConnsPerHost:     1,
		MaxIdleConnsPerHost: 1,
		IdleConnTimeout:     idleLane,
		DisableCompression:  true,
		Protocols:           new(http.Protocols),
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, res *http.Response) error {
			if res.StatusCode != http.StatusOK {
				return &ProxyError{Host: proxy.Host, Status: res.StatusCode}
			}
			return nil
		},
	}
	t.Protocols.SetHTTP1(true)
	return t
}
