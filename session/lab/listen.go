package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// listener is one of the lab's two ways in.
type listener struct {
	net.Listener
	address string // host:port that a client connects to
}

// refusedPort is where names that refuse https are mapped to: nothing listens there.
const refusedPort = "1"

func (l *Lab) listen() error {
	if l.options.InMemory {
		l.tls = listener{newPipeListener(), "127.0.0.1:443"}
		l.plain = listener{newPipeListener(), "127.0.0.1:80"}
		return nil
	}
	address := l.options.Listen
	if address == "" {
		address = "127.0.0.1:0"
	}
	ln, err := listenLoopback(address)
	if err != nil {
		return err
	}
	l.tls = listener{ln, ln.Addr().String()}
	plain := l.options.ListenPlain
	if plain == "" {
		host, _, err := net.SplitHostPort(l.tls.address)
		if err != nil {
			return err
		}
		plain = net.JoinHostPort(host, "0")
	}
	if ln, err = listenLoopback(plain); err != nil {
		return err
	}
	l.plain = listener{ln, ln.Addr().String()}
	return nil
}

// listenLoopback refuses every address another machine could reach: the lab's
// passwords are printed for everyone to read.
func listenLoopback(address string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("listening on %s: the lab listens on loopback addresses only", address)
	}
	ln, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return ln, nil
}

// serve starts both servers.
func (l *Lab) serve(ctx context.Context) {
	base, cancel := context.WithCancel(ctx)
	l.cancel = cancel
	l.negotiate = l.newNegotiate()
	handler := l.handler()
	for _, ln := range []net.Listener{tls.NewListener(l.tls, l.tlsConfig()), l.plain} {
		server := &http.Server{
			Handler:           handler,
			BaseContext:       func(net.Listener) context.Context { return base },
			ConnContext:       l.negotiate.ConnContext,
			ConnState:         l.countConnection,
			ReadHeaderTimeout: 30 * time.Second,
			IdleTimeout:       l.options.ConnectionIdle,
			MaxHeaderBytes:    128 << 10, // a token in a header takes a few kB
			ErrorLog:          log.New(io.Discard, "", 0),
		}
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		l.servers = append(l.servers, server)
		l.running.Go(func() { _ = server.Serve(ln) }) // ends with ErrServerClosed
	}
	l.stopWatching = context.AfterFunc(ctx, func() { _ = l.Close() })
}

// countConnection lets Close wait for the goroutine of each connection. A new one is
// counted by the goroutine of Serve, which is counted itself.
func (l *Lab) countConnection(conn net.Conn, state http.ConnState) {
	l.negotiate.ConnState(conn, state)
	switch state {
	case http.StateNew:
		l.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.running.Done()
	}
}

// Resolve maps every host name and port of the lab, as "host:port", to the address
// that serves it.
func (l *Lab) Resolve() map[string]string {
	out := make(map[string]string)
	loopback, _, _ := net.SplitHostPort(l.tls.address)
	for _, name := range l.names.remote() {
		out[net.JoinHostPort(name, "80")] = l.plain.address
		out[net.JoinHostPort(name, "443")] = l.tls.address
		if h, _ := l.names.lookup(name); h.https == httpsRefused {
			out[net.JoinHostPort(name, "443")] = net.JoinHostPort(loopback, refusedPort)
		}
	}
	return out
}

// Dial connects to a host name of the lab, or to one of its listeners' addresses,
// and refuses everything else: what is given this dialer cannot leave the lab.
func (l *Lab) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	addr = strings.ToLower(addr)
	target, ok := l.Resolve()[addr]
	if !ok {
		target = addr
	}
	switch target {
	case l.tls.address:
		return l.tls.dial(ctx, network)
	case l.plain.address:
		return l.plain.dial(ctx, network)
	}
	reason := errors.New("not a host of the lab")
	if ok {
		reason = syscall.ECONNREFUSED
	}
	return nil, &net.OpError{Op: "dial", Net: network, Addr: pipeAddr(addr), Err: reason}
}

func (ln listener) dial(ctx context.Context, network string) (net.Conn, error) {
	if p, ok := ln.Listener.(*pipeListener); ok {
		return p.dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, ln.address)
}

// pipeListener accepts pipes instead of connections. Closing it closes the pipes
// too: a pipe has no buffer, so that the last word of TLS would wait for a reader
// who may be waiting for the same, and in a bubble of its own time nothing ends that.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu   sync.Mutex
	open []net.Conn // the server's ends
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (p *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipeListener) Close() error {
	p.once.Do(func() {
		close(p.done)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.open {
			_ = c.Close() // one that was closed before stays so
		}
	})
	return nil
}

func (p *pipeListener) Addr() net.Addr { return pipeAddr("127.0.0.1:0") }

func (p *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- pipeConn{far}:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.open = append(p.open, far)
		return pipeConn{near}, nil
	case <-p.done:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: p.Addr(), Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: p.Addr(), Err: ctx.Err()}
	}
}

// pipeConn is a pipe that looks like a loopback connection to whoever asks.
type pipeConn struct{ net.Conn }

func (pipeConn) LocalAddr() net.Addr  { return pipeAddr("127.0.0.1:0") }
func (pipeConn) RemoteAddr() net.Addr { return pipeAddr("127.0.0.1:0") }

type pipeAddr string

func (pipeAddr) Network() string  { return "tcp" }
func (a pipeAddr) String() string { return string(a) }
