package session_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/lab/endpoint"
	"psdeck/session/wsman"
)

// The session's share of an answer that is too long: four envelopes or 8 MiB
// are read of it, into a buffer that doubles.
const answerAllocated = 48 << 20

const soap = "application/soap+xml;charset=UTF-8"

func envelopeOf(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header/><s:Body>` + body + `</s:Body></s:Envelope>`
}

func streamOf(data string) string {
	return envelopeOf(`<rsp:ReceiveResponse><rsp:Stream Name="stdout">` + data + `</rsp:Stream></rsp:ReceiveResponse>`)
}

// badAnswers are what a broken server, a proxy or an attacker may answer to a
// Receive, with the kind of error that it makes.
func badAnswers() map[string]struct {
	status      int
	contentType string
	body        string
	want        error
	says        string
} {
	type answer = struct {
		status      int
		contentType string
		body        string
		want        error
		says        string
	}
	var syntax *wsman.SyntaxError
	var page *wsman.HTTPError
	var size *wsman.SizeError
	return map[string]answer{
		"a page":                    {200, "text/html", "<html><body>Please sign in to the guest network</body></html>", page, "text/html"},
		"a wrong content type":      {200, "application/json", streamOf(""), page, "application/json"},
		"no content type":           {200, "", "\x00\x01\x02", page, "not SOAP"},
		"a proxy's error":           {502, "text/html", "<h1>Bad Gateway</h1>", page, "502"},
		"garbage":                   {200, soap, "\x00\xff<<<>>", syntax, "byte"},
		"cut short":                 {200, soap, streamOf("AAAA")[:200], syntax, "byte"},
		"a document type":           {200, soap, `<!DOCTYPE x [<!ENTITY a "b">]>` + streamOf("&a;"), syntax, "document type"},
		"nested deeply":             {200, soap, envelopeOf("<rsp:ReceiveResponse>" + strings.Repeat("<a>", 200_000)), syntax, "nested too deeply"},
		"not base64":                {200, soap, streamOf("!!!!"), syntax, "base64"},
		"an element in a stream":    {200, soap, streamOf("AA<x/>AA"), syntax, "byte"},
		"another action's answer":   {200, soap, envelopeOf("<rsp:SendResponse/>"), syntax, "byte"},
		"an answer without an end":  {200, soap, envelopeOf("") + strings.Repeat(" ", 40<<20), size, "larger than"},
		"compressed without asking": {200, soap, "\x1f\x8b\x08\x00\x00\x00\x00\x00", syntax, "byte"},
	}
}

// A page in place of an answer is somebody else's on the way: the server is asked
// again. A bad answer of its own to a command's Receive loses that command, with
// an error that says what came, and nothing else; on the pool's it ends the
// session, which says so.
func TestBadAnswers(t *testing.T) {
	for name, tt := range badAnswers() {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{})
				s := st.connect()
				evil := func(w http.ResponseWriter) {
					w.Header()["Content-Type"] = []string{tt.contentType}
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.body)
				}
				var before runtime.MemStats
				runtime.ReadMemStats(&before)
				st.answerOnce("windows/shell/Receive", "CommandId=", evil)
				if _, isPage := tt.want.(*wsman.HTTPError); isPage {
					// Not the server's: it is asked again, and nothing is missing.
					wantObjects(t, s, 3)
					st.answerOnce("windows/shell/Receive", "", evil)
					wantObjects(t, s, 3)
					return
				}
				_, res := everything(t, s, "New-LabObject")
				var lost *session.LostError
				if res.Outcome != session.Lost || !errors.As(res.Err, &lost) {
					t.Fatalf("%+v", res)
				}
				wantKind(t, res.Err, tt.want, tt.says)
				var after runtime.MemStats
				runtime.ReadMemStats(&after)
				if used := after.TotalAlloc - before.TotalAlloc; used > answerAllocated {
					t.Errorf("%d bytes were allocated", used)
				}
				wantObjects(t, s, 3)

				st.endpoint.SetSwitches(endpoint.Switches{})
				st.answerOnce("windows/shell/Receive", "", evil)
				if _, err := s.AvailableRunspaces(t.Context()); err == nil { // ends the Receive that is parked
					_, err = s.AvailableRunspaces(t.Context())
					if err == nil {
						t.Error("the pool goes on")
					}
				}
				<-s.Done()
				if s.State() != session.Broken {
					t.Errorf("the session is %v", s.State())
				}
				wantKind(t, s.Err(), tt.want, tt.says)
			})
		})
	}
}

// answerOnce gives the next request whose envelope holds both texts to answer.
func (st *stand) answerOnce(action, and string, answer func(http.ResponseWriter)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.tamper = func(w http.ResponseWriter, r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return false
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte(action)) || !bytes.Contains(body, []byte(and)) {
			return false
		}
		st.mu.Lock()
		armed := st.tamper != nil
		st.tamper = nil
		st.mu.Unlock()
		if armed {
			answer(w)
		}
		return armed
	}
}

func wantKind(t *testing.T, err, want error, says string) {
	t.Helper()
	ok := false
	switch want.(type) {
	case *wsman.SyntaxError:
		_, ok = errors.AsType[*wsman.SyntaxError](err)
	case *wsman.HTTPError:
		_, ok = errors.AsType[*wsman.HTTPError](err)
	case *wsman.SizeError:
		_, ok = errors.AsType[*wsman.SizeError](err)
	}
	if !ok || !strings.Contains(err.Error(), says) || len(err.Error()) > 500 {
		t.Errorf("%v: want a %T that says %q", err, want, says)
	}
}
