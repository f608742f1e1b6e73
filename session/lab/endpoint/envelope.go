package endpoint

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// request is a SOAP request of WSMan as far as the server reads it.
type request struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Header  struct {
		Action           string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing Action"`
		MessageID        string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing MessageID"`
		ResourceURI      string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd ResourceURI"`
		MaxEnvelopeSize  string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd MaxEnvelopeSize"`
		OperationTimeout string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd OperationTimeout"`
		Selectors        []selector `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd SelectorSet>Selector"`
		OperationID      string     `xml:"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd OperationID"`
		SessionID        string     `xml:"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd SessionId"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Header"`
	Body struct {
		Identify *struct{}   `xml:"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd Identify"`
		Shell    *shellBody  `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Shell"`
		Command  *commandReq `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell CommandLine"`
		Send     *struct {
			Streams []streamData `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Stream"`
		} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Send"`
		Receive *struct {
			Desired struct {
				CommandID string `xml:"CommandId,attr"`
				Names     string `xml:",chardata"`
			} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell DesiredStream"`
		} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Receive"`
		Signal *struct {
			CommandID string `xml:"CommandId,attr"`
			Code      string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Code"`
		} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Signal"`
		Reconnect *struct {
			CommandID string `xml:"CommandId,attr"`
		} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Reconnect"`
		Disconnect *struct {
			IdleTimeout string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell IdleTimeOut"`
			BufferMode  string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell BufferMode"`
		} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Disconnect"`
		Connect *struct {
			CommandID  string `xml:"CommandId,attr"`
			ConnectXML string `xml:"http://schemas.microsoft.com/powershell connectXml"`
		} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Connect"`
		Enumerate *struct {
			Selectors []selector `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd Filter>SelectorSet>Selector"`
		} `xml:"http://schemas.xmlsoap.org/ws/2004/09/enumeration Enumerate"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

type selector struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

type shellBody struct {
	ShellID       string `xml:"ShellId,attr"`
	Name          string `xml:"Name,attr"`
	InputStreams  string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell InputStreams"`
	OutputStreams string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell OutputStreams"`
	CreationXML   string `xml:"http://schemas.microsoft.com/powershell creationXml"`
	// Of a command shell.
	Directory string     `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell WorkingDirectory"`
	Variables []selector `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Environment>Variable"`
}

type commandReq struct {
	CommandID string   `xml:"CommandId,attr"`
	Command   string   `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Command"`
	Arguments []string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Arguments"`
}

type streamData struct {
	Name      string `xml:"Name,attr"`
	CommandID string `xml:"CommandId,attr"`
	End       string `xml:"End,attr"`
	Data      string `xml:",chardata"`
}

// parseRequest reads an envelope; the only error is a fault.
func parseRequest(body []byte) (*request, *Fault) {
	if bytes.Contains(body, []byte("<!DOCTYPE")) {
		return nil, faultXML()
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	r := new(request)
	if dec.Decode(r) != nil {
		return nil, faultXML()
	}
	r.Header.Action = strings.TrimSpace(r.Header.Action)
	r.Header.MessageID = strings.TrimSpace(r.Header.MessageID)
	r.Header.ResourceURI = strings.TrimSpace(r.Header.ResourceURI)
	return r, nil
}

func findSelector(list []selector, name string) string {
	for _, s := range list {
		if strings.EqualFold(s.Name, name) {
			return strings.TrimSpace(s.Value)
		}
	}
	return ""
}

// timeout is how long the client lets an operation wait.
func (r *request) timeout(limit time.Duration) (time.Duration, *Fault) {
	text := strings.TrimSpace(r.Header.OperationTimeout)
	if text == "" {
		return min(60*time.Second, limit), nil
	}
	d, ok := parseDuration(text)
	if !ok {
		return 0, faultTimeoutHeader()
	}
	return min(d, limit), nil
}

// envelopeSize is how long an answer may be.
func (r *request) envelopeSize(limit int) int {
	n, err := strconv.Atoi(strings.TrimSpace(r.Header.MaxEnvelopeSize))
	if err != nil || n <= 0 {
		return min(153600, limit)
	}
	return min(max(n, 8192), limit)
}

// parseDuration reads an xs:duration of days and less.
func parseDuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return 0, false
	}
	units := map[byte]time.Duration{'D': 24 * time.Hour}
	var total time.Duration
	for rest != "" {
		if rest[0] == 'T' {
			units = map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
			rest = rest[1:]
			continue
		}
		end := strings.IndexAny(rest, "DHMS")
		if end <= 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		unit, known := units[rest[end]]
		if err != nil || !known || n < 0 || n > 1e9 {
			return 0, false
		}
		total += time.Duration(n * float64(unit))
		rest = rest[end+1:]
	}
	return total, true
}

func decodeBase64(text string) ([]byte, *Fault) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, faultXML()
	}
	return data, nil
}

const (
	nsShell  = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsConfig = "http://schemas.microsoft.com/wbem/wsman/1/config"
	anybody  = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

	envelopeOpen = `<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"` +
		` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="` + nsShell + `" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:Action>`
	// envelopeOverhead is more than what an answer adds around its streams.
	envelopeOverhead = 2048
)

// answer is what is sent back.
type answer struct {
	status int
	body   []byte
	fault  uint32
	// cut sends only the first half of the body and then drops the connection.
	cut bool
	// none: the client is gone, there is nobody to answer.
	none bool
	// undo takes back what the answer carried when it could not be sent.
	undo func()
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// reply makes the answer to a request that went well.
func (r *request) reply(action, body string) *answer {
	return &answer{status: 200, body: r.envelope(action, body)}
}

func (r *request) envelope(action, body string) []byte {
	relates := ""
	if r != nil {
		relates = r.Header.MessageID
	}
	var b bytes.Buffer
	b.Grow(len(body) + envelopeOverhead)
	b.WriteString(envelopeOpen)
	b.WriteString(action)
	b.WriteString("</a:Action><a:MessageID>uuid:")
	b.WriteString(strings.ToUpper(uuid.NewString()))
	b.WriteString("</a:MessageID><a:To>" + anybody + "</a:To><a:RelatesTo>")
	b.WriteString(escape(relates))
	b.WriteString("</a:RelatesTo></s:Header><s:Body>")
	b.WriteString(body)
	b.WriteString("</s:Body></s:Envelope>")
	return b.Bytes()
}

// refuse makes the answer to a request that was refused.
func (r *request) refuse(f *Fault, machine string) *answer {
	code := "s:Sender"
	if f.Receiver {
		code = "s:Receiver"
	}
	reason := escape(f.Reason)
	body := "<s:Fault><s:Code><s:Value>" + code + "</s:Value><s:Subcode><s:Value>" + escape(f.Subcode) + "</s:Value></s:Subcode></s:Code>" +
		`<s:Reason><s:Text xml:lang="en-US">` + reason + "</s:Text></s:Reason><s:Detail>" +
		`<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="` + strconv.FormatUint(uint64(f.Code), 10) +
		`" Machine="` + escape(machine) + `"><f:Message>` + reason + "</f:Message></f:WSManFault></s:Detail></s:Fault>"
	return &answer{status: 500, fault: f.Code, body: r.envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", body)}
}
