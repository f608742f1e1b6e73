package session

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"psdeck/session/psrp"
)

// recordedExchange is a line of a recording: an HTTP exchange of pypsrp with a
// server in front of a real PowerShell.
type recordedExchange struct {
	Seq     int
	Request string `json:"req_body"`
	Status  int
	Headers [][2]string `json:"resp_headers"`
	Answer  string      `json:"resp_body"`
	Cut     bool        // half-way through the answer
}

var (
	actionElement  = regexp.MustCompile(`Action[^>]*>([^<]*)<`)
	shellSelector  = regexp.MustCompile(`Name="ShellId"[^>]*>([^<]*)<`)
	commandAttr    = regexp.MustCompile(`CommandId="([^"]*)"`)
	messageElement = regexp.MustCompile(`MessageID>([^<]*)<`)
	relatesElement = regexp.MustCompile(`(RelatesTo>)[^<]*`)
	streamElements = regexp.MustCompile(`(?s)(<rsp:Stream [^>]*>)([^<]*)(</rsp:Stream>)`)
	openingElement = regexp.MustCompile(`(?s)<(?:[a-z]+:)?(?:creation|connect|connectResponse)Xml[^>]*>([^<]*)<`)
	argumentsText  = regexp.MustCompile(`(?s)<rsp:Arguments>([^<]*)<`)
	resourceText   = regexp.MustCompile(`ResourceURI[^>]*>([^<]*)<`)
	faultAttr      = regexp.MustCompile(`WSManFault[^>]*Code="(\d+)"`)
)

func submatch(re *regexp.Regexp, text string) string {
	if m := re.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func (e *recordedExchange) action() string {
	return path.Base("/" + submatch(actionElement, e.Request))
}
func (e *recordedExchange) shell() string      { return submatch(shellSelector, e.Request) }
func (e *recordedExchange) fault() string      { return submatch(faultAttr, e.Answer) }
func (e *recordedExchange) command() uuid.UUID { return commandIn(e.Request) }

func commandIn(envelope string) uuid.UUID {
	id, _ := uuid.Parse(submatch(commandAttr, envelope))
	return id
}

// replayServer gives the recorded answers one after the other, under the ids
// that the client has chosen.
type replayServer struct {
	mu        sync.Mutex
	exchanges []recordedExchange
	at        int             // the next exchange
	key       *rsa.PrivateKey // what the client offers for a session key
	lost      string          // MessageID whose answer was lost on the way
	errs      []error
}

func (s *replayServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	request := string(body)
	action := path.Base("/" + submatch(actionElement, request))
	if action == "Send" && (s.at == len(s.exchanges) || s.exchanges[s.at].action() != "Send") {
		s.more(w, request)
		return
	}
	if s.at == len(s.exchanges) {
		s.errs = append(s.errs, fmt.Errorf("%s after the recording's end", action))
		http.Error(w, "", http.StatusTeapot)
		return
	}
	e := &s.exchanges[s.at]
	if e.Request != "" && e.action() != action && e.action() != "/" {
		s.errs = append(s.errs, fmt.Errorf("%s where %s was recorded as %d", action, e.action(), e.Seq))
		http.Error(w, "", http.StatusTeapot)
		return
	}
	id := submatch(messageElement, request)
	if s.lost != "" && s.lost != id {
		s.errs = append(s.errs, fmt.Errorf("exchange %d: the answer to %s was lost, and the client goes on with %s", e.Seq, s.lost, id))
	}
	cut := e.Cut || action == "Receive" && s.at+1 < len(s.exchanges) && s.exchanges[s.at+1].Request == e.Request
	s.lost = ""
	s.at++
	answer := s.patch(e.Answer, e.command(), request)
	for _, h := range e.Headers {
		switch {
		case strings.EqualFold(h[0], "Content-Length"):
		case strings.HasPrefix(h[1], "multipart/encrypted"): // the recording shows these bodies unsealed
			w.Header().Add(h[0], "application/soap+xml;charset=UTF-8")
		default:
			w.Header().Add(h[0], h[1])
		}
	}
	if cut {
		s.lost = id
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		w.WriteHeader(e.Status)
		_, _ = io.WriteString(w, answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(e.Status)
	_, _ = io.WriteString(w, answer)
}

// more answers a Send that the recorded client had no need of: it packed its
// fragments otherwise.
func (s *replayServer) more(w http.ResponseWriter, request string) {
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>`+
		`<a:Action>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SendResponse</a:Action><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body><rsp:SendResponse/></s:Body></s:Envelope>`,
		submatch(messageElement, request))
}

// patch puts the ids of the client's request into a recorded answer: that of
// the message, that of the command in XML and within the fragments, and for a
// session key one that this client can open.
func (s *replayServer) patch(answer string, recorded uuid.UUID, request string) string {
	answer = relatesElement.ReplaceAllString(answer, "${1}"+submatch(messageElement, request))
	ours := commandIn(request)
	if recorded != uuid.Nil {
		answer = strings.ReplaceAll(answer, strings.ToUpper(recorded.String()), strings.ToUpper(ours.String()))
	}
	return streamElements.ReplaceAllStringFunc(answer, func(element string) string {
		m := streamElements.FindStringSubmatch(element)
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(m[2]))
		if err != nil {
			return element
		}
		if recorded != uuid.Nil {
			data = bytes.ReplaceAll(data, littleEndian(recorded), littleEndian(ours))
		}
		return m[1] + base64.StdEncoding.EncodeToString(s.rekey(data)) + m[3]
	})
}

// littleEndian is a GUID as it lies in a message's header.
func littleEndian(id uuid.UUID) []byte {
	b := slices.Clone(id[:])
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return b
}

// rekey replaces a session key, which was sealed for the recorded client.
func (s *replayServer) rekey(data []byte) []byte {
	var r psrp.Reassembler
	messages, err := r.Feed(data)
	if err != nil || len(messages) != 1 || messages[0].Type != psrp.EncryptedSessionKey || s.key == nil {
		return data
	}
	//lint:ignore SA1019 [MS-PSRP] 2.2.2.4 prescribes PKCS #1 v1.5
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &s.key.PublicKey, make([]byte, 32))
	if err != nil {
		return data
	}
	slices.Reverse(sealed)
	blob := append([]byte{1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0}, sealed...)
	answer := psrp.KeyAnswer{EncryptedSessionKey: base64.StdEncoding.EncodeToString(blob)}
	m, err := psrp.NewMessage(psrp.ToClient, messages[0].PoolID, uuid.Nil, answer)
	if err != nil {
		return data
	}
	var f psrp.Fragmenter
	return f.Split(m.Append(nil))[0]
}
