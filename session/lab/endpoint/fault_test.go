package endpoint

import (
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/psrp"
)

// Codes and texts are those of the recordings bad_requests, throttle,
// stop_pipeline, operation_timeout and wrong_configuration.
func TestFaults(t *testing.T) {
	_, _, address := start(t, Config{MaxShellsPerUser: 2})
	c := newClient(t, address)
	sess := open(t, c, psrp.ClientConfig{})
	running := sess.begin(psrp.Commands(cmd("Start-Sleep", "Seconds", 600)))
	sess.begin(psrp.Commands(cmd("Start-Sleep", "Seconds", 600)))
	other := open(t, newClient(t, address), psrp.ClientConfig{})
	stranger := newClient(t, address)
	stranger.user = "eve@fabrikam.example"
	unknown := strings.ToUpper(uuid.NewString())
	receive := `<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>`
	line := `<rsp:CommandLine` + attribute(running) + `><rsp:Command/><rsp:Arguments></rsp:Arguments></rsp:CommandLine>`
	for _, f := range []struct {
		name string
		send func() *reply
		code uint32
		text string
	}{
		{
			"a shell too many", func() *reply { return c.post(actionCreate, "", creation(unknown, nil)) }, 2150859173,
			"The WS-Management service cannot process the request. This user is allowed a maximum number of 2 concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. ",
		},
		{
			"shell id in use", func() *reply { return stranger.post(actionCreate, "", creation(sess.shell, nil)) }, 2150859223,
			"The WS-Management service cannot process the request because a shell with the same client id already exists. ",
		},
		{
			"command id in use", func() *reply { return c.post(actionCommand, sess.shell, line) }, 2150859222,
			"The WS-Management service cannot process the request because a command with the same client id already exists. ",
		},
		{
			"unknown shell", func() *reply { return c.post(actionReceive, unknown, receive) }, 2150858843,
			"The WS-Management service cannot process the request because the request contained invalid selectors for the resource. ",
		},
		{"unknown command", func() *reply {
			return c.post(actionSignal, sess.shell, signal(uuid.New(), signalStop))
		}, 2150858843, "The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. Either the command has completed execution or the client specified an invalid command identifier. "},
		{"another's shell", func() *reply { return stranger.post(actionReceive, other.shell, receive) }, 5, "Access is denied. "},
		{"configuration of the service", func() *reply {
			c.resource = nsConfig
			defer func() { c.resource = powerShell }()
			return c.post(actionGet, "", "")
		}, 5, "Access is denied. "},
		{"wrong configuration", func() *reply {
			c.resource = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
			defer func() { c.resource = powerShell }()
			return c.post(actionCreate, "", creation(unknown, nil))
		}, 2150858811, "The WS-Management service cannot process the request. Cannot find the resource URI http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd. The resource URI may be missing or have an incorrect format. "},
		{"unknown action", func() *reply { return c.post("urn:nothing", sess.shell, "") }, 2150858753, ""},
		{"timeout that is none", func() *reply {
			c.timeout = "20 s"
			defer func() { c.timeout = "PT20S" }()
			return sess.receive(running)
		}, 2150858767, ""},
		{"operation timeout", func() *reply {
			c.timeout = "PT0.05S"
			defer func() { c.timeout = "PT20S" }()
			return sess.receive(running)
		}, 2150858793, "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "},
		{"not base64", func() *reply {
			return c.post(actionSend, sess.shell, `<rsp:Send><rsp:Stream Name="stdin">?</rsp:Stream></rsp:Send>`)
		}, 2150858817, ""},
		{"not a fragment", func() *reply {
			return c.post(actionSend, sess.shell, `<rsp:Send><rsp:Stream Name="stdin">`+strings.Repeat("AAAA", 20)+`</rsp:Stream></rsp:Send>`)
		}, 2150858817, ""},
		{"body without what the action wants", func() *reply { return c.post(actionReceive, sess.shell, "") }, 2150858817, ""},
		{"not XML", func() *reply { return raw(t, c, "hello") }, 2150858817, "The WS-Management service cannot process the request because the XML is invalid. "},
		{"a document type", func() *reply {
			return raw(t, c, `<!DOCTYPE x [<!ENTITY a "b">]>`+c.envelope("1", actionGet, sess.shell, ""))
		}, 2150858817, ""},
		{"too long", func() *reply { return raw(t, c, strings.Repeat(" ", 512_001)) }, 2150858805, ""},
	} {
		t.Run(f.name, func(t *testing.T) {
			r := f.send()
			if r.Status != 500 || r.Fault.Code != f.code || f.text != "" && (r.Reason != f.text || r.Fault.Message != f.text) {
				t.Errorf("got %d %d %q\nwant 500 %d %q", r.Status, r.Fault.Code, r.Reason, f.code, f.text)
			}
		})
	}
}

func raw(t *testing.T, c *client, body string) *reply {
	t.Helper()
	r, err := c.try(body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestChallenge(t *testing.T) {
	const bearer = `Bearer client_id="x", authorization_uri="https://login.lab.example/organizations"`
	_, j, address := start(t, Config{Challenge: func(*http.Request) []string { return []string{bearer, "Basic"} }})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := newClient(t, address).http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Values("WWW-Authenticate"); resp.StatusCode != 401 || !slices.Equal(got, []string{bearer, "Basic"}) {
			t.Errorf("%s: %d %q", method, resp.StatusCode, got)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.requests) != 2 || j.requests[0].Status != 401 || j.requests[0].User != "" {
		t.Errorf("log: %+v", j.requests)
	}
}

func TestIdentifyNeedsNoUser(t *testing.T) {
	_, _, address := start(t, Config{})
	const body = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>`
	for text, want := range map[string]string{body: "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>", strings.Replace(body, "<wsmid:Identify/>", "", 1): "Access is denied."} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("WSMANIDENTIFY", "unauthenticated")
		resp, err := newClient(t, address).http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(got), want) {
			t.Errorf("got %s", got)
		}
	}
}

func TestSameMessageIDGetsTheSameAnswer(t *testing.T) {
	s, _, address := start(t, Config{})
	c := newClient(t, address)
	out, err := psrp.NewClient(psrp.ClientConfig{}).Open()
	if err != nil {
		t.Fatal(err)
	}
	envelope := c.envelope(uuid.NewString(), actionCreate, "", creation(strings.ToUpper(uuid.NewString()), out.Bytes()))
	first, again := raw(t, c, envelope), raw(t, c, envelope)
	if first.Status != 200 || first.Raw != again.Raw {
		t.Errorf("another answer: %d, %d", first.Status, again.Status)
	}
	if n := len(s.Shells()); n != 1 {
		t.Errorf("%d shells", n)
	}
	c.user = "eve@fabrikam.example"
	if r := raw(t, c, envelope); r.Fault.Code != codeShellExists {
		t.Errorf("another user got %d %d", r.Status, r.Fault.Code)
	}
}

func TestListAndDetach(t *testing.T) {
	_, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	if r := sess.post(actionEnumerate, "", "<n:Enumerate xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"/>"); len(r.Shells) != 1 || r.Shells[0].ShellID != sess.shell {
		t.Errorf("listed %+v", r.Shells)
	}
	if r := sess.post(actionDisconnect, sess.shell, "<rsp:Disconnect/>"); r.Status != 200 {
		t.Errorf("Disconnect: %d", r.Status)
	}
	if r := sess.receive(uuid.Nil); r.Fault.Code != 2150859204 {
		t.Errorf("Receive of a disconnected shell: %d", r.Fault.Code)
	}
	if r := sess.post(actionGet, sess.shell, ""); r.State != "Disconnected" {
		t.Errorf("state %q", r.State)
	}
	if r := sess.post(actionReconnect, sess.shell, ""); r.Status != 200 {
		t.Errorf("Reconnect: %d", r.Status)
	}
	sess.finish(sess.begin(psrp.Commands(cmd("Write-Output", "", "x"))), nil)
}

func TestEndOfAShellReachesParkedReceives(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*Server, *session)
		code uint32
	}{
		"deleted": {func(_ *Server, s *session) { s.close() }, 995},
		"killed":  {func(s *Server, sess *session) { s.Kill(sess.shell) }, 2150858843},
	} {
		t.Run(name, func(t *testing.T) {
			server, _, address := start(t, Config{})
			sess := open(t, newClient(t, address), psrp.ClientConfig{})
			id := sess.begin(psrp.Commands(cmd("Start-Sleep", "Seconds", 600)))
			parked := make(chan *reply)
			go func() { parked <- sess.receive(id) }()
			server.awaitParked(t, sess.shell, 1)
			c.end(server, sess)
			if r := <-parked; r.Fault.Code != c.code {
				t.Errorf("parked Receive got %d", r.Fault.Code)
			}
			if r := sess.receive(id); r.Fault.Code != codeNotFound {
				t.Errorf("Receive after it: %d", r.Fault.Code)
			}
		})
	}
}

// awaitParked waits until so many Receives are parked.
func (s *Server) awaitParked(t *testing.T, id string, want int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		sh := s.shells[id]
		s.mu.Unlock()
		sh.mu.Lock()
		n := sh.parked
		sh.mu.Unlock()
		if n == want {
			return
		}
	}
	t.Fatalf("there are not %d parked Receives", want)
}

func TestClientThatLeavesTakesNothing(t *testing.T) {
	server, _, address := start(t, Config{})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	p := psrp.Commands(cmd("Write-Output"))
	p.NoInput = false
	id := sess.begin(p)
	gone := newClient(t, address)
	gone.http.Timeout = 50 * time.Millisecond
	_, err := gone.try(gone.envelope(uuid.NewString(), actionReceive, sess.shell, `<rsp:Receive><rsp:DesiredStream`+attribute(id)+`>stdout</rsp:DesiredStream></rsp:Receive>`))
	if err == nil {
		t.Fatal("the Receive was answered")
	}
	server.awaitParked(t, sess.shell, 0)
	out, err := sess.psrp.EndInput(id)
	if err != nil {
		t.Fatal(err)
	}
	sess.send(out)
	if state := sess.finish(id, nil); state.State != psrp.PipelineCompleted {
		t.Errorf("state %v", state)
	}
}

func TestIdleShellsEnd(t *testing.T) {
	s, _, address := start(t, Config{IdleTimeout: 40 * time.Millisecond})
	sess := open(t, newClient(t, address), psrp.ClientConfig{})
	for deadline := time.Now().Add(10 * time.Second); len(s.Shells()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the shell is still there")
		}
	}
	if r := sess.receive(uuid.Nil); r.Fault.Code != codeNotFound {
		t.Errorf("got %d", r.Fault.Code)
	}
}

func TestCompressionOnlyForWhoTakesIt(t *testing.T) {
	_, _, address := start(t, Config{})
	c := newClient(t, address)
	c.header.Set("Accept-Encoding", "gzip")
	out, err := psrp.NewClient(psrp.ClientConfig{}).Open()
	if err != nil {
		t.Fatal(err)
	}
	r := raw(t, c, c.envelope(uuid.NewString(), actionCreate, "", creation(strings.ToUpper(uuid.NewString()), out.Bytes())))
	z, err := gzip.NewReader(strings.NewReader(r.Raw))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || !strings.Contains(string(text), "ResourceCreated") {
		t.Errorf("%v in %q", err, text)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT20S": 20 * time.Second, "PT180.000S": 180 * time.Second, "PT1M0.5S": 60500 * time.Millisecond, "P1DT1H": 25 * time.Hour, "P0DT0H0M7S": 7 * time.Second,
	} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "20", "P", "PT", "PT-1S", "PTxS", "P1S", "PT99999999999S"} {
		if d, ok := parseDuration(text); ok && text != "PT" {
			t.Errorf("%q: %v", text, d)
		}
	}
}

func FuzzRequest(f *testing.F) {
	c := &client{timeout: "PT20S", resource: powerShell}
	f.Add([]byte(c.envelope("1", actionCreate, "", creation("1", []byte("x")))))
	f.Add([]byte(c.envelope("1", actionSignal, "2", signal(uuid.Nil, signalStop))))
	f.Add([]byte("<s:Envelope"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, fault := parseRequest(body)
		if (r == nil) != (fault != nil) {
			t.Fatal("neither a request nor a fault")
		}
		if r != nil {
			_, _ = r.timeout(time.Hour)
			if n := r.envelopeSize(512000); n < 8192 || n > 512000 {
				t.Errorf("envelope size %d", n)
			}
		}
	})
}
