package winrs

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"psdeck/session/wsman"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shellID   = "11111111-2222-3333-4444-555555555555"
	commandID = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
	nsShell   = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	terminate = nsShell + "/signal/terminate"
)

// message is a request of the Windows Remote Shell ([MS-WSMV]).
type message struct {
	Action   string `xml:"Header>Action"`
	To       string `xml:"Header>To"`
	ID       string `xml:"Header>MessageID"`
	Resource string `xml:"Header>ResourceURI"`
	Timeout  string `xml:"Header>OperationTimeout"`
	Selector string `xml:"Header>SelectorSet>Selector"`
	Options  []struct {
		Name  string `xml:"Name,attr"`
		Value string `xml:",chardata"`
	} `xml:"Header>OptionSet>Option"`
	Shell struct {
		Directory string `xml:"WorkingDirectory"`
		Variables []struct {
			Name  string `xml:"Name,attr"`
			Value string `xml:",chardata"`
		} `xml:"Environment>Variable"`
		Inputs  string `xml:"InputStreams"`
		Outputs string `xml:"OutputStreams"`
	} `xml:"Body>Shell"`
	Line   string `xml:"Body>CommandLine>Command"`
	Signal struct {
		Command string `xml:"CommandId,attr"`
		Code    string `xml:"Code"`
	} `xml:"Body>Signal"`
	Desired struct {
		Command string `xml:"CommandId,attr"`
		Streams string `xml:",chardata"`
	} `xml:"Body>Receive>DesiredStream"`
}

// reply is one answer to a Receive; the zero reply parks it until the command
// is terminated or the client goes away.
type reply struct {
	stdout, stderr string
	done           bool
	exit           int
	fault          uint32
	abort          bool
}

// server is a Windows Remote Shell of one shell and one command, which gives
// its replies one after the other.
type server struct {
	*httptest.Server
	replies []reply
	refuse  map[string]uint32 // fault by last segment of the action

	mu         sync.Mutex
	log        []message
	parked     chan struct{} // one value for each parked Receive
	terminated chan struct{}
	once       sync.Once
}

func newServer(t testing.TB, replies ...reply) *server {
	s := &server{replies: replies, parked: make(chan struct{}, 16), terminated: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) client(t testing.TB) *Client {
	t.Helper()
	u, err := url.Parse(s.URL + "/wsman?a=1&b=2")
	if err != nil {
		t.Fatal(err)
	}
	ws, err := wsman.New(wsman.Config{URL: u, OperationTimeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ws.Close)
	return New(ws)
}

// actions are the last segments of the requests' actions, in order.
func (s *server) actions() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.log {
		names = append(names, lastSegment(m.Action))
	}
	return names
}

func (s *server) find(action string) message {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.log {
		if lastSegment(m.Action) == action {
			return m
		}
	}
	return message{}
}

func lastSegment(uri string) string {
	for i := len(uri) - 1; i >= 0; i-- {
		if uri[i] == '/' {
			return uri[i+1:]
		}
	}
	return uri
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var m message
	if err := xml.Unmarshal(body, &m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	action := lastSegment(m.Action)
	s.mu.Lock()
	s.log = append(s.log, m)
	s.mu.Unlock()
	if code, ok := s.refuse[action]; ok {
		fault(w, m, code)
		return
	}
	switch action {
	case "Create":
		answer(w, m, m.Action+"Response", `<rsp:Shell><rsp:ShellId>`+shellID+`</rsp:ShellId></rsp:Shell>`)
	case "Command":
		answer(w, m, m.Action+"Response", `<rsp:CommandResponse><rsp:CommandId>`+commandID+`</rsp:CommandId></rsp:CommandResponse>`)
	case "Receive":
		s.receive(w, r, m)
	case "Signal":
		s.once.Do(func() { close(s.terminated) })
		answer(w, m, m.Action+"Response", `<rsp:SignalResponse/>`)
	default:
		answer(w, m, m.Action+"Response", "")
	}
}

func (s *server) receive(w http.ResponseWriter, r *http.Request, m message) {
	s.mu.Lock()
	var next reply
	if len(s.replies) > 0 {
		next, s.replies = s.replies[0], s.replies[1:]
	}
	s.mu.Unlock()
	switch {
	case next.abort:
		panic(http.ErrAbortHandler)
	case next.fault != 0:
		fault(w, m, next.fault)
		return
	case next == reply{}:
		s.parked <- struct{}{}
		select {
		case <-s.terminated:
			next = reply{stdout: "last words", done: true, exit: 1}
		case <-r.Context().Done():
			return
		}
	}
	body := `<rsp:ReceiveResponse>`
	for name, text := range map[string]string{"stdout": next.stdout, "stderr": next.stderr} {
		if text != "" {
			body += `<rsp:Stream Name="` + name + `" CommandId="` + commandID + `">` + base64.StdEncoding.EncodeToString([]byte(text)) + `</rsp:Stream>`
		}
	}
	state := "Running"
	if next.done {
		state = "Done"
	}
	body += `<rsp:CommandState CommandId="` + commandID + `" State="` + nsShell + `/CommandState/` + state + `">`
	if next.done {
		body += fmt.Sprintf(`<rsp:ExitCode>%d</rsp:ExitCode>`, next.exit)
	}
	answer(w, m, m.Action+"Response", body+`</rsp:CommandState></rsp:ReceiveResponse>`)
}

func answer(w http.ResponseWriter, m message, action, body string) {
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:rsp="%s">`+
		`<s:Header><a:Action>%s</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>`, nsShell, action, m.ID, body)
}

func fault(w http.ResponseWriter, m message, code uint32) {
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>`+
		`<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>`+
		`<s:Reason><s:Text xml:lang="en-US">refused</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%d"/></s:Detail></s:Fault></s:Body></s:Envelope>`, m.ID, code)
}
