package wsman

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// lane is one TCP connection at a time, and the buffer for the answers that
// come over it. net/http cannot pin an exchange to a connection; an
// http.Transport of its own with a limit of one can.
type lane struct {
	transport *http.Transport
	buf       []byte
	free      time.Time // since when nothing goes over it

	security SecurityContext // of the connection; nil where it has none
	seals    bool            // what goes over it is sealed
}

const (
	maxIdleLanes   = 4
	keptLanes      = 2                      // for the next command, and for its stop while its Receive is parked
	idleLane       = 90 * time.Second       // how long these keep their connections
	spareLane      = 2 * time.Second        // and how long there are others beside them
	parkedAgain    = 200 * time.Millisecond // a Receive that ended is under way again by then
	minKeptBuffer  = 16 << 10
	maxKeptBuffer  = 1 << 20
	handshakeLimit = 30 * time.Second
)

// lanes hands out lanes. The one given back last goes out first, so that as
// few connections live as exchanges run at a time. A session opens with several
// exchanges at once, and most of its time has one: the connections that it had
// for the others are the most of what an idle session takes.
type lanes struct {
	make func() *http.Transport

	mu     sync.Mutex
	idle   []*lane     // the one given back last at the end
	spare  *time.Timer // until one of several is dropped; nil: not set
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

// release takes a lane back. Its buffer is kept where much came in it, as more
// then may; while a Receive is parked it would lie there for minutes.
func (l *lanes) release(ln *lane) {
	if cap(ln.buf) < minKeptBuffer || cap(ln.buf) > maxKeptBuffer {
		ln.buf = nil
	}
	ln.free = time.Now()
	l.mu.Lock()
	keep := !l.closed && len(l.idle) < maxIdleLanes
	if keep {
		l.idle = append(l.idle, ln)
		l.watch()
	}
	l.mu.Unlock()
	if !keep {
		ln.transport.CloseIdleConnections()
	}
}

// watch sees to it that of many idle lanes only keptLanes stay. It never looks at
// once: a Receive that is about to be parked again makes neither its lane nor
// the other one a spare. l.mu is held.
func (l *lanes) watch() {
	if l.spare == nil && len(l.idle) > keptLanes && !l.closed {
		l.spare = time.AfterFunc(max(spareLane-time.Since(l.idle[0].free), parkedAgain), l.dropSpare)
	}
}

func (l *lanes) dropSpare() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spare = nil
	n := 0
	for n < len(l.idle)-keptLanes && time.Since(l.idle[n].free) >= spareLane {
		l.idle[n].transport.CloseIdleConnections()
		n++
	}
	l.idle = slices.Delete(l.idle, 0, n)
	l.watch()
}

// close drops the idle lanes; those in use go when they are released.
func (l *lanes) close() {
	l.mu.Lock()
	idle := l.idle
	l.idle, l.closed = nil, true
	if l.spare != nil {
		l.spare.Stop()
	}
	l.mu.Unlock()
	for _, ln := range idle {
		ln.transport.CloseIdleConnections()
	}
}

// newTransport makes a lane's transport: one connection, HTTP/1.1, no
// compression (a server may not label it as it should), no cookies or
// redirects of net/http's own. Its buffers are small, as a session that is idle
// keeps them: the one to write into takes a Receive whole, the one to read from
// an answer's header; a body is read past it into the lane's.
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
		ReadBufferSize:      2 << 10,
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
