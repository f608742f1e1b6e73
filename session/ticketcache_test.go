package session

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestTicketCache: kinit's tickets are proof enough where the server is to choose;
// a file that is not there is none.
func TestTicketCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cache")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	standard := "/tmp/krb5cc_" + strconv.Itoa(os.Getuid())
	if _, err := os.Stat(standard); err != nil {
		standard = ""
	}
	for name, want := range map[string]string{
		file: file, "FILE:" + file: "FILE:" + file, "KEYRING:persistent:0": "KEYRING:persistent:0",
		file + "2": "", "FILE:" + file + "2": "", "": standard,
	} {
		t.Setenv("KRB5CCNAME", name)
		cn := &connecting{Connector: NewConnector(ConnectorConfig{})}
		if got := cn.ticketCache(); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		u := &url.URL{Scheme: "http", Host: "server.example", Path: "/wsman"}
		if got := cn.maySeal(u); got != (want != "") {
			t.Errorf("%q: over http %t", name, got)
		}
	}
}
