package wsman

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testShellID = "0E68369F-6370-4622-BCDA-BA02040F09C5"

// request is a request as a test server sees it.
type request struct {
	http   *http.Request
	body   string
	tree   *node
	action string // last segment
}

// answer is what a test server does with a request.
type answer func(w http.ResponseWriter, r *request)

// server is a WS-Management server made of one function per action, with a
// log of requests and of the connections they came over.
type server struct {
	*httptest.Server
	on map[string]answer

	mu    sync.Mutex
	log   []*request
	conns map[string]string // action and command → remote address
}

func newServer(t testing.TB, on map[string]answer) *server {
	t.Helper()
	s := &server{on: on, conns: map[string]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	req := &request{http: r, body: string(body)}
	if req.tree, _ = parseTree(req.body); req.tree != nil {
		if a := req.tree.find("Action"); a != nil {
			req.action = operationName(a.text)
		} else if req.tree.find("Identify") != nil {
			req.action = "Identify"
		}
	}
	s.mu.Lock()
	s.log = append(s.log, req)
	s.conns[req.action+" "+req.command()] = r.RemoteAddr
	s.mu.Unlock()
	if f := s.on[req.action]; f != nil {
		f(w, req)
		return
	}
	switch req.action {
	case "Create":
		soap(w, req, created(testShellID, ResourcePowerShell))
	case "Command":
		soap(w, req, `<rsp:CommandResponse><rsp:CommandId>`+req.command()+`</rsp:CommandId></rsp:CommandResponse>`)
	default:
		soap(w, req, `<rsp:`+req.action+`Response/>`)
	}
}

func (r *request) command() string {
	if r.tree == nil {
		return ""
	}
	for _, name := range []string{"CommandLine", "DesiredStream", "Stream", "Signal"} {
		if n := r.tree.find("Body").find(name); n != nil {
			return n.attrs["CommandId"]
		}
	}
	return ""
}

func (r *request) header(name string) string {
	if n := r.tree.find("Header").find(name); n != nil {
		return n.text
	}
	return ""
}

func (s *server) requests(action string) []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*request
	for _, r := range s.log {
		if r.action == action {
			found = append(found, r)
		}
	}
	return found
}

func envelope(relatesTo, body string) string {
	return `<s:Envelope xml:lang="en-US" xmlns:s="` + nsSOAP + `" xmlns:a="` + nsAddressing + `" xmlns:w="` + nsWSMan +
		`" xmlns:x="` + nsTransfer + `" xmlns:rsp="` + nsShell + `"><s:Header><a:RelatesTo>` + relatesTo +
		`</a:RelatesTo></s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

func soap(w http.ResponseWriter, r *request, body string) { soapStatus(w, r, 200, body) }

func soapStatus(w http.ResponseWriter, r *request, status int, body string) {
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, envelope(r.header("MessageID"), body))
}

func created(id, resource string) string {
	return `<x:ResourceCreated><a:Address>http://server/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>` + resource +
		`</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">` + id + `</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`
}

func stream(name, command string, data []byte) string {
	if command != "" {
		command = ` CommandId="` + command + `"`
	}
	return `<rsp:Stream Name="` + name + `"` + command + `>` + base64.StdEncoding.EncodeToString(data) + `</rsp:Stream>`
}

func received(body string) answer {
	return func(w http.ResponseWriter, r *request) {
		soap(w, r, `<rsp:ReceiveResponse>`+body+`</rsp:ReceiveResponse>`)
	}
}

func fault(code uint32, text string) answer {
	return func(w http.ResponseWriter, r *request) { soapStatus(w, r, 500, faultBody(code, text)) }
}

func faultBody(code uint32, text string) string {
	return fmt.Sprintf(`<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>`+
		`<s:Reason><s:Text xml:lang="en-US">%[2]s</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" `+
		`Code="%[1]d" Machine="server"><f:Message>%[2]s</f:Message></f:WSManFault></s:Detail></s:Fault>`, code, text)
}

// raw answers with these bytes.
func raw(status int, contentType, body string) answer {
	return func(w http.ResponseWriter, _ *request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func (s *server) client(t testing.TB, change ...func(*Config)) *Client {
	t.Helper()
	u, err := url.Parse(s.URL + "/wsman")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{URL: u}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = func(int) time.Duration { return 0 }
	t.Cleanup(c.Close)
	return c
}

// shell is a client's shell on s.
func (s *server) shell(t testing.TB, change ...func(*Config)) *Shell {
	t.Helper()
	sh, err := s.client(t, change...).Create(context.Background(), ShellRequest{ShellID: uuid.MustParse(testShellID)})
	if err != nil {
		t.Fatal(err)
	}
	return sh
}

// countingDial counts connections.
func countingDial(n *counter) func(*Config) {
	return func(cfg *Config) {
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			n.add()
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	}
}

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

func (c *counter) value() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q is not in %q", part, text)
	}
}
