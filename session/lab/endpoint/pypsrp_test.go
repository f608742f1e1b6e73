package endpoint

import (
	"net/http/httptest"
	"net/url"
	"os/exec"
	"testing"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/internal/peers"
	"psdeck/session/lab/runspace"
)

// TestPypsrp lets pypsrp, a client nobody here wrote, use the endpoint.
func TestPypsrp(t *testing.T) {
	python := peers.Python(t, "pypsrp==0.9.1")
	s := New(Config{Authenticate: basic, Open: withSecret, CommandShells: everywhere, OnRequest: func(e Entry) {
		t.Logf("%v %s %.8s %d %d", time.Since(e.Time), e.Action, e.CommandID, e.Status, e.FaultCode)
	}})
	defer s.Close()
	web := httptest.NewServer(s)
	defer web.Close()
	u, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "testdata/pypsrp_client.py", u.Hostname(), u.Port()).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if left := s.Shells(); len(left) != 0 {
		t.Errorf("%d shells are left", len(left))
	}
}

// withSecret adds a command that tells what a SecureString holds.
func withSecret(Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
	table := runspace.Builtins()
	table.Add(runspace.Cmdlet{
		Name: "Get-Secret", Parameters: []runspace.Parameter{{Name: "Secret", Type: "SecureString"}},
		Run: func(c *runspace.Call) error {
			text, err := c.Secret("Secret")
			if err != nil {
				return err
			}
			return c.WriteObject(clixml.Str(text))
		},
	})
	return &runspace.Options{Table: table}, nil
}
