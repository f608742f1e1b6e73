package session

import (
	"net/url"
	"slices"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/wsman"
)

func connectingTo(t *testing.T, uri string, o Options) *connecting {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return &connecting{
		Connector: NewConnector(ConnectorConfig{ClientVersion: "7.0.2374.2"}),
		target:    Target{Options: o}, endpoint: &endpoint{uri: u},
	}
}

// Endpoints of the service are told the client's version and not to load a
// profile; the user's own option wins, key by key.
func TestOptionsOfTheServiceYieldToTheUsers(t *testing.T) {
	const ocs, plain = "https://admin1e.online.lync.example/OcsPowershellOAuth", "https://server.example/wsman"
	no, yes := false, true
	for _, tt := range []struct {
		name      string
		uri       string
		options   Options
		arguments []string
		noProfile bool
	}{
		{"the service", ocs, Options{}, []string{"X-MS-Client-Version=7.0.2374.2"}, true},
		{"any other server", plain, Options{}, nil, false},
		{"one argument replaced, whatever its case", ocs, Options{ApplicationArguments: map[string]clixml.Value{"x-ms-client-version": clixml.Str("1")}}, []string{"x-ms-client-version=1"}, true},
		{"one argument added", ocs, Options{ApplicationArguments: map[string]clixml.Value{"A": clixml.Str("b")}}, []string{"A=b", "X-MS-Client-Version=7.0.2374.2"}, true},
		{"a profile after all", ocs, Options{NoMachineProfile: &no}, []string{"X-MS-Client-Version=7.0.2374.2"}, false},
		{"no profile anywhere", plain, Options{NoMachineProfile: &yes}, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cn := connectingTo(t, tt.uri, tt.options)
			var got []string
			for _, e := range cn.applicationArguments() {
				got = append(got, e.Key.String()+"="+e.Value.String())
			}
			if !slices.Equal(got, tt.arguments) {
				t.Errorf("arguments %q, want %q", got, tt.arguments)
			}
			r := cn.shellRequest(&Session{name: "n"}, [16]byte{1})
			has := slices.Contains(r.Options, wsman.Option{Name: "WINRS_NOPROFILE", Value: "1", MustComply: true})
			if has != tt.noProfile {
				t.Errorf("options %v: no profile %v, want %v", r.Options, has, tt.noProfile)
			}
		})
	}
}

func TestFragmentsArePackedWhole(t *testing.T) {
	fragments := [][]byte{make([]byte, 40), make([]byte, 40), make([]byte, 40)}
	for _, tt := range []struct{ size, packed, rest int }{
		{200, 120, 0}, {119, 80, 1}, {80, 80, 1}, {10, 40, 2},
	} {
		data, rest := pack(fragments, tt.size)
		if len(data) != tt.packed || len(rest) != tt.rest {
			t.Errorf("room for %d: %d bytes and %d left, want %d and %d", tt.size, len(data), len(rest), tt.packed, tt.rest)
		}
	}
}

// Version 2.4 of the protocol leaves secrets to the transport: it is offered
// only where that keeps them.
func TestProtocolInClearNeedsAConfidentialTransport(t *testing.T) {
	for _, tt := range []struct {
		uri     string
		options Options
		want    string
	}{
		{"https://server.example/wsman", Options{}, "2.4"},
		{"HTTPS://server.example/wsman", Options{}, "2.4"},
		{"https://server.example/wsman", Options{SkipCACheck: true}, "2.3"},
		{"https://server.example/wsman", Options{SkipCNCheck: true}, "2.3"},
		{"http://server.example/wsman", Options{}, "2.3"},
		{"http://127.0.0.1:5985/wsman", Options{}, "2.3"},
	} {
		u, err := url.Parse(tt.uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := protocolFor(u, &tt.options); got != tt.want {
			t.Errorf("%s, %+v: %s is offered, want %s", tt.uri, tt.options, got, tt.want)
		}
	}
}
