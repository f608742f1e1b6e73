package discovery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Network is how names become connections. Its zero value is the system's own
// way. A Network is not changed once it is in use; it is safe for concurrent
// use.
type Network struct {
	// Resolve maps "host:port" in lower case to the address that is dialled
	// instead: "ip:port", or "ip" for the same port. See [ParseResolve].
	Resolve map[string]string
	// RootCAs are the certificate authorities trusted; nil means the system's.
	RootCAs *x509.CertPool
	// LoopbackOnly refuses every connection that leaves this machine with a
	// [*LoopbackError].
	LoopbackOnly bool
	// Dial is the dialer underneath; nil means a [net.Dialer].
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// DialContext connects to addr ("host:port") by the rules of the Network. It
// has the form that [http.Transport] asks for.
func (n *Network) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	target, err := n.target(addr)
	if err != nil {
		return nil, err
	}
	dial := n.Dial
	if dial == nil {
		d := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
		if n.LoopbackOnly {
			d.ControlContext = refuseOutside(addr)
		}
		dial = d.DialContext
	}
	return dial(ctx, network, target)
}

// target is where a connection to addr really goes.
func (n *Network) target(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", clean(addr, 255), err)
	}
	to := addr
	if fixed, ok := n.Resolve[strings.ToLower(net.JoinHostPort(strings.TrimSuffix(host, "."), port))]; ok {
		to = fixed
		if _, err := netip.ParseAddr(strings.Trim(fixed, "[]")); err == nil {
			to = net.JoinHostPort(strings.Trim(fixed, "[]"), port)
		}
	}
	if n.LoopbackOnly {
		toHost, _, err := net.SplitHostPort(to)
		if err != nil || !isLoopback(toHost) {
			return "", &LoopbackError{Addr: addr}
		}
	}
	return to, nil
}

// refuseOutside looks at the address that a name turned into: "localhost" is
// only a name, and a hosts file can send it anywhere.
func refuseOutside(addr string) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !ap.Addr().Unmap().IsLoopback() {
			return &LoopbackError{Addr: addr}
		}
		return nil
	}
}

// TLSConfig returns a new TLS configuration that trusts what the Network
// trusts.
func (n *Network) TLSConfig() *tls.Config {
	return &tls.Config{RootCAs: n.RootCAs, MinVersion: tls.VersionTLS12}
}

// HTTPClient returns a new client with connections of its own. It follows no
// redirects (the caller sees them), keeps no cookies and uses no proxy from
// the environment.
func (n *Network) HTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            n.DialContext,
			TLSClientConfig:        n.TLSConfig(),
			TLSHandshakeTimeout:    15 * time.Second,
			IdleConnTimeout:        30 * time.Second,
			MaxIdleConnsPerHost:    2,
			MaxResponseHeaderBytes: 256 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ParseResolve reads the value of --resolve, "HOST:PORT=ADDR", where ADDR is
// an IP address or "ip:port" (an IPv6 address with a port stands in
// brackets). The result is a key and a value of [Network.Resolve].
func ParseResolve(s string) (hostport, addr string, err error) {
	bad := func(why string) (string, string, error) {
		return "", "", fmt.Errorf("resolve %q: %s; the form is HOST:PORT=ADDR, ADDR an IP address or IP:PORT", clean(s, 255), why)
	}
	hostport, addr, found := strings.Cut(strings.TrimSpace(s), "=")
	if !found {
		return bad("there is no '='")
	}
	host, port, err := net.SplitHostPort(hostport)
	switch {
	case err != nil || host == "":
		return bad("there is no HOST:PORT before the '='")
	case !validPort(port):
		return bad("the port is not a number from 1 to 65535")
	case hostFault(strings.TrimSuffix(host, ".")) != "" && !isIP(host):
		return bad("the host is not a name")
	}
	if !isIP(strings.Trim(addr, "[]")) {
		ip, toPort, err := net.SplitHostPort(addr)
		if err != nil || !isIP(ip) || !validPort(toPort) {
			return bad("the address is not an IP address")
		}
	}
	return strings.ToLower(net.JoinHostPort(strings.TrimSuffix(host, "."), port)), addr, nil
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isLoopback tells whether a host (no port) is this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
