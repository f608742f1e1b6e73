package endpoint

import (
	"net/http/httptest"
	"net/url"
	"os/exec"
	"testing"

	"psdeck/session/internal/peers"
)

// TestPypsrpSealed lets pypsrp, a client nobody here wrote, authenticate by NTLM
// and seal what it sends.
func TestPypsrpSealed(t *testing.T) {
	python := peers.Python(t, "pypsrp==0.9.1")
	s := New(Config{Authenticate: Authenticated})
	defer s.Close()
	const password = "p\u00e4ss w\u00f6rd"
	n := &Negotiate{Next: s, Password: func(user, domain string) (string, Identity, bool) {
		return password, Identity{User: domain + `\` + user}, user == "admin" && domain == "CONTOSO"
	}}
	web := httptest.NewUnstartedServer(n)
	web.Config.ConnContext, web.Config.ConnState = n.ConnContext, n.ConnState
	web.Start()
	defer web.Close()
	u, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "testdata/pypsrp_sealed.py", u.Hostname(), u.Port(), `CONTOSO\admin`, password).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if c := n.Counts(); c.Sealed == 0 || c.Handshakes < 2 || c.Refused == 0 {
		t.Errorf("%+v", c)
	}
	if left := s.Shells(); len(left) != 0 {
		t.Errorf("%d shells are left", len(left))
	}
}
