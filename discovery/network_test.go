package discovery

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestParseResolve(t *testing.T) {
	good := []struct{ in, key, addr string }{
		{"lyncdiscover.contoso.example:443=127.0.0.1:8443", "lyncdiscover.contoso.example:443", "127.0.0.1:8443"},
		{"Host.Example:80=127.0.0.1", "host.example:80", "127.0.0.1"},
		{"host.example.:80=::1", "host.example:80", "::1"},
		{"host.example:80=[::1]:8080", "host.example:80", "[::1]:8080"},
		{"localhost:80=127.0.0.2", "localhost:80", "127.0.0.2"},
	}
	for _, tt := range good {
		if key, addr, err := ParseResolve(tt.in); err != nil || key != tt.key || addr != tt.addr {
			t.Errorf("ParseResolve(%q) = %q, %q, %v", tt.in, key, addr, err)
		}
	}
	for _, in := range []string{
		"", "host:80", "host=127.0.0.1", "host:80=", "host:80=name", "host:80=name:80", ":80=127.0.0.1", "host:0=127.0.0.1",
		"host:x=127.0.0.1", "host:80=127.0.0.1:0", "host:80=127.0.0.1:99999", "ho st:80=127.0.0.1",
	} {
		if key, addr, err := ParseResolve(in); err == nil || !strings.Contains(err.Error(), "HOST:PORT=ADDR") {
			t.Errorf("ParseResolve(%q) = %q, %q, %v, want an error that names the form", in, key, addr, err)
		}
	}
}

func TestNetworkDial(t *testing.T) {
	tests := []struct {
		name     string
		resolve  map[string]string
		loopback bool
		addr     string
		dialled  string // "" when the dial is refused
	}{
		{"as it is", nil, false, "host.example:443", "host.example:443"},
		{"another address", map[string]string{"host.example:443": "127.0.0.1:8443"}, false, "Host.Example:443", "127.0.0.1:8443"},
		{"the same port", map[string]string{"host.example:443": "10.0.0.1"}, false, "host.example:443", "10.0.0.1:443"},
		{"IPv6, the same port", map[string]string{"host.example:443": "::1"}, true, "host.example.:443", "[::1]:443"},
		{"another port is another entry", map[string]string{"host.example:443": "10.0.0.1"}, false, "host.example:80", "host.example:80"},
		{"loopback by resolve", map[string]string{"host.example:443": "127.0.0.1:8443"}, true, "host.example:443", "127.0.0.1:8443"},
		{"loopback by address", nil, true, "127.8.9.10:443", "127.8.9.10:443"},
		{"loopback by name", nil, true, "localhost:443", "localhost:443"},
		{"a name leaves the machine", nil, true, "host.example:443", ""},
		{"an address leaves the machine", nil, true, "192.0.2.1:443", ""},
		{"resolve leaves the machine", map[string]string{"localhost:443": "192.0.2.1"}, true, "localhost:443", ""},
		{"a loopback look-alike", nil, true, "127.0.0.1.example:443", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dialled := ""
			n := &Network{Resolve: tt.resolve, LoopbackOnly: tt.loopback, Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
				dialled = addr
				return nil, errors.New("no network in this test")
			}}
			_, err := n.DialContext(t.Context(), "tcp", tt.addr)
			if dialled != tt.dialled {
				t.Errorf("dialled %q, want %q", dialled, tt.dialled)
			}
			var refused *LoopbackError
			if errors.As(err, &refused) != (tt.dialled == "") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A name that only sounds like this machine is caught when its address is
// known.
func TestNetworkLoopbackByAddress(t *testing.T) {
	control := refuseOutside("localhost:443")
	for addr, ok := range map[string]bool{"127.0.0.1:443": true, "[::1]:443": true, "192.0.2.1:443": false, "nonsense": false} {
		if err := control(t.Context(), "tcp", addr, nil); (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestHTTPClientFollowsNoRedirects(t *testing.T) {
	s := site{pages: pages{"http://a.example/": to(302, "http://b.example/"), "http://b.example/": text("there")}}
	client := s.network(t).HTTPClient()
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://a.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound || len(s.requests) != 1 {
		t.Errorf("HTTP %d after %q", resp.StatusCode, s.requests)
	}
}
