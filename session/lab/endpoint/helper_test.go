package endpoint

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"psdeck/session/psrp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// basic lets in whoever has the password "pa55".
func basic(r *http.Request) (Identity, error) {
	user, password, ok := r.BasicAuth()
	if !ok || password != "pa55" {
		return Identity{}, errors.New("no")
	}
	return Identity{User: user}, nil
}

const powerShell = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"

// journal keeps what a server tells.
type journal struct {
	mu       sync.Mutex
	requests []Entry
	commands []LedgerEntry
}

func (j *journal) request(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, e)
}

func (j *journal) command(e LedgerEntry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.commands = append(j.commands, e)
}

// start runs a server and gives its address.
func start(t *testing.T, cfg Config) (*Server, *journal, string) {
	t.Helper()
	j := &journal{}
	if cfg.Authenticate == nil {
		cfg.Authenticate = basic
	}
	cfg.OnRequest, cfg.OnCommand = j.request, j.command
	s := New(cfg)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	return s, j, web.URL + "/wsman"
}

// client speaks SOAP by hand.
type client struct {
	t        *testing.T
	url      string
	user     string
	http     *http.Client
	header   http.Header
	timeout  string
	resource string
}

func newClient(t *testing.T, url string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{
		t: t, url: url, user: "admin@contoso.example", http: &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		timeout: "PT20S", resource: powerShell, header: http.Header{},
	}
}

// reply is an answer as far as tests look at it.
type reply struct {
	Status  int
	Raw     string
	Relates string `xml:"Header>RelatesTo"`
	Fault   struct {
		Code    uint32 `xml:"Code,attr"`
		Message string `xml:"Message"`
	} `xml:"Body>Fault>Detail>WSManFault"`
	Reason string `xml:"Body>Fault>Reason>Text"`
	Shell  string `xml:"Body>ResourceCreated>ReferenceParameters>SelectorSet>Selector"`
	Shells []struct {
		ShellID string `xml:"ShellId"`
		State   string `xml:"State"`
	} `xml:"Body>EnumerateResponse>Items>Shell"`
	State   string `xml:"Body>Shell>State"`
	Streams []struct {
		Name    string `xml:"Name,attr"`
		Command string `xml:"CommandId,attr"`
		Data    string `xml:",chardata"`
	} `xml:"Body>ReceiveResponse>Stream"`
	CommandState struct {
		State    string `xml:"State,attr"`
		ExitCode *int   `xml:"ExitCode"`
	} `xml:"Body>ReceiveResponse>CommandState"`
	Command string `xml:"Body>CommandResponse>CommandId"`
}

func (r *reply) done() bool { return strings.HasSuffix(r.CommandState.State, "/Done") }

func (c *client) envelope(messageID, action, shell, body string) string {
	selectors := ""
	if shell != "" {
		selectors = `<w:SelectorSet><w:Selector Name="ShellId">` + shell + `</w:Selector></w:SelectorSet>`
	}
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="` + nsShell + `"><s:Header><a:Action>` + action + `</a:Action>` +
		`<a:MessageID>uuid:` + messageID + `</a:MessageID><w:ResourceURI>` + c.resource + `</w:ResourceURI>` +
		`<w:MaxEnvelopeSize>512000</w:MaxEnvelopeSize><w:OperationTimeout>` + c.timeout + `</w:OperationTimeout>` + selectors +
		`</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

// try posts an envelope and gives the answer, or the error of a cut connection.
func (c *client) try(envelope string) (*reply, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url, strings.NewReader(envelope))
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	req.SetBasicAuth(c.user, "pa55")
	req.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r := &reply{Status: resp.StatusCode, Raw: string(raw)}
	if bytes.HasPrefix(raw, []byte("<s:")) {
		err = xml.Unmarshal(raw, r)
	}
	return r, err
}

func (c *client) post(action, shell, body string) *reply {
	c.t.Helper()
	r, err := c.try(c.envelope(uuid.NewString(), action, shell, body))
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func creation(id string, data []byte) string {
	return `<rsp:Shell ShellId="` + id + `"><rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>` +
		`<creationXml xmlns="http://schemas.microsoft.com/powershell">` + base64.StdEncoding.EncodeToString(data) + `</creationXml></rsp:Shell>`
}

// session is an opened shell with the client's side of PSRP.
type session struct {
	*client
	psrp  *psrp.Client
	shell string
	// opening are the events until the pool was open, or not.
	opening []psrp.Event
}

func open(t *testing.T, c *client, cfg psrp.ClientConfig) *session {
	t.Helper()
	if cfg.MaxRunspaces == 0 {
		cfg.MaxRunspaces = 1
	}
	s := &session{client: c, psrp: psrp.NewClient(cfg)}
	out, err := s.psrp.Open()
	if err != nil {
		t.Fatal(err)
	}
	r := c.post(actionCreate, "", creation(strings.ToUpper(uuid.NewString()), out.Bytes()))
	if r.Status != 200 {
		t.Fatalf("Create: %d %s", r.Status, r.Reason)
	}
	s.shell = r.Shell
	for {
		r := s.receive(uuid.Nil)
		s.opening = append(s.opening, s.feed(uuid.Nil, r)...)
		if e, ok := s.opening[len(s.opening)-1].(psrp.PoolStateChanged); ok && (e.State == psrp.PoolOpened || e.State.Over()) {
			return s
		}
	}
}

func attribute(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return ` CommandId="` + strings.ToUpper(id.String()) + `"`
}

func (s *session) receive(id uuid.UUID) *reply {
	s.t.Helper()
	return s.post(actionReceive, s.shell, `<rsp:Receive><rsp:DesiredStream`+attribute(id)+`>stdout</rsp:DesiredStream></rsp:Receive>`)
}

func (s *session) feed(id uuid.UUID, r *reply) []psrp.Event {
	s.t.Helper()
	var all []psrp.Event
	for _, stream := range r.Streams {
		data, err := base64.StdEncoding.DecodeString(stream.Data)
		if err != nil {
			s.t.Fatal(err)
		}
		events, err := s.psrp.Feed(id, data)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, events...)
	}
	return all
}

func (s *session) send(out psrp.Outgoing) *reply {
	return s.post(actionSend, s.shell, fmt.Sprintf(`<rsp:Send><rsp:Stream Name=%q%s>%s</rsp:Stream></rsp:Send>`,
		out.Stream, attribute(out.PipelineID), base64.StdEncoding.EncodeToString(out.Bytes())))
}

func (s *session) begin(p psrp.Pipeline) uuid.UUID {
	s.t.Helper()
	id, out, err := s.psrp.CreatePipeline(p)
	if err != nil {
		s.t.Fatal(err)
	}
	s.command(id, out)
	return id
}

func (s *session) command(id uuid.UUID, out psrp.Outgoing) {
	s.t.Helper()
	r := s.post(actionCommand, s.shell, `<rsp:CommandLine`+attribute(id)+`><rsp:Command/><rsp:Arguments>`+
		base64.StdEncoding.EncodeToString(out.Bytes())+`</rsp:Arguments></rsp:CommandLine>`)
	if r.Status != 200 {
		s.t.Fatalf("Command: %d %s", r.Status, r.Reason)
	}
}

// finish receives until the pipeline has ended, calls each for every event,
// and closes the command.
func (s *session) finish(id uuid.UUID, each func(psrp.Event)) psrp.PipelineStateChanged {
	s.t.Helper()
	for {
		r := s.receive(id)
		if r.Status != 200 {
			s.t.Fatalf("Receive: %d %s", r.Fault.Code, r.Reason)
		}
		for _, e := range s.feed(id, r) {
			if state, ok := e.(psrp.PipelineStateChanged); ok && state.State.Over() {
				s.post(actionSignal, s.shell, signal(id, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate"))
				return state
			}
			if each != nil {
				each(e)
			}
		}
	}
}

func signal(id uuid.UUID, code string) string {
	return `<rsp:Signal` + attribute(id) + `><rsp:Code>` + code + `</rsp:Code></rsp:Signal>`
}

func (s *session) close() { s.post(actionDelete, s.shell, "") }
