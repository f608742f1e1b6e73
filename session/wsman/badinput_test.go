package wsman

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const soapType = "application/soap+xml;charset=UTF-8"

// TestBadAnswers: each bad answer is one clear, typed error.
func TestBadAnswers(t *testing.T) {
	big := func(w http.ResponseWriter, _ *request) {
		w.Header().Set("Content-Type", soapType)
		for range 40 {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	}
	tests := map[string]struct {
		answer answer
		want   error // of the same type
		text   string
	}{
		"HTML with 200":      {raw(200, "text/html", "<html><head><style>b{}</style></head><body>Sign in\x1b[31m to the <b>guest</b> network</body>"), new(HTTPError), "the answer is not SOAP (text/html): Sign in[31m to the guest network"},
		"proxy's 500":        {raw(500, "text/html", "<h1>Internal Server Error</h1>"), new(HTTPError), "HTTP 500 (text/html): Internal Server Error"},
		"403":                {raw(403, "text/plain", "no"), new(HTTPError), "HTTP 403 (text/plain): no"},
		"404, empty":         {raw(404, "text/html", ""), new(HTTPError), "HTTP 404 (text/html)"},
		"503":                {raw(503, "text/plain", "Service Unavailable"), new(HTTPError), "Service Unavailable"},
		"XML, not SOAP":      {raw(200, "text/xml", "<rss/>"), new(SyntaxError), "not a SOAP envelope"},
		"garbage":            {raw(200, soapType, "\x00\xff<<<>>"), new(SyntaxError), ""},
		"garbage with 500":   {raw(500, soapType, "<oops"), new(HTTPError), "HTTP 500"},
		"truncated":          {raw(200, soapType, `<s:Envelope xmlns:s="`+nsSOAP+`"><s:Body><rsp:CommandResponse>`), new(SyntaxError), "unexpected end"},
		"tags do not match":  {raw(200, soapType, `<s:Envelope><s:Body></s:Envelope></s:Body>`), new(SyntaxError), "end tag"},
		"two documents":      {raw(200, soapType, `<s:Envelope><s:Body/></s:Envelope><s:Envelope/>`), new(SyntaxError), "second root"},
		"no body":            {raw(200, soapType, `<s:Envelope><s:Header/></s:Envelope>`), new(SyntaxError), "without a body"},
		"document type":      {raw(200, soapType, `<!DOCTYPE x [<!ENTITY a "b">]><s:Envelope/>`), new(SyntaxError), "document type"},
		"deep":               {raw(200, soapType, `<s:Envelope><s:Body>`+strings.Repeat("<a>", 100000)), new(SyntaxError), "nested too deeply"},
		"empty":              {raw(200, soapType, ""), new(SyntaxError), "empty answer"},
		"too large":          {big, new(SizeError), "larger than 8388608 bytes"},
		"another's answer":   {raw(200, soapType, envelope("uuid:00000000-0000-0000-0000-000000000001", "<rsp:CommandResponse/>")), new(SyntaxError), "another request"},
		"command id no GUID": {raw(200, soapType, envelope("", `<rsp:CommandResponse><rsp:CommandId>&quot;&gt;</rsp:CommandId></rsp:CommandResponse>`)), new(SyntaxError), "no GUID"},
		"redirect": {func(w http.ResponseWriter, _ *request) {
			w.Header().Set("Location", "http://other.example/wsman?x=1")
			w.WriteHeader(302)
		}, new(RedirectError), `redirects to "http://other.example/wsman?x=1" (HTTP 302)`},
		"redirect without place": {raw(302, "", ""), new(HTTPError), "HTTP 302"},
		"401 without Authorize":  {raw(401, "", ""), new(AuthError), "HTTP 401"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, map[string]answer{"Command": tt.answer})
			_, err := srv.shell(t).Command(context.Background(), uuid.New(), "", []byte("x"))
			if err == nil || !sameType(err, tt.want) {
				t.Fatalf("got %T: %v, want %T", err, err, tt.want)
			}
			contains(t, err.Error(), tt.text)
			if n := len(srv.requests("Command")); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func sameType(err, want error) bool {
	switch want.(type) {
	case *HTTPError:
		return errors.As(err, new(*HTTPError))
	case *SyntaxError:
		return errors.As(err, new(*SyntaxError))
	case *SizeError:
		return errors.As(err, new(*SizeError))
	case *RedirectError:
		return errors.As(err, new(*RedirectError))
	case *AuthError:
		return errors.As(err, new(*AuthError))
	}
	return false
}

// TestBadStreams: what a Receive brings is checked before it is used.
func TestBadStreams(t *testing.T) {
	for name, body := range map[string]string{
		"not base64":         `<rsp:Stream Name="stdout">!!!!</rsp:Stream>`,
		"cut base64":         `<rsp:Stream Name="stdout">AAA</rsp:Stream>`,
		"element within":     `<rsp:Stream Name="stdout">AA<x/>AA</rsp:Stream>`,
		"command id":         `<rsp:Stream Name="stdout" CommandId="1">AAAA</rsp:Stream>`,
		"attribute unquoted": `<rsp:Stream Name="stdout>AAAA</rsp:Stream>`,
	} {
		srv := newServer(t, map[string]answer{"Receive": received(body)})
		got, err := srv.shell(t).Receive(context.Background(), uuid.Nil)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || got.Streams != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	srv := newServer(t, map[string]answer{"Receive": func(w http.ResponseWriter, r *request) { soap(w, r, `<rsp:SendResponse/>`) }})
	if _, err := srv.shell(t).Receive(context.Background(), uuid.Nil); err == nil {
		t.Error("an answer to another action is taken for a ReceiveResponse")
	}
}

// TestUnusualReceive: answers that look odd and are right.
func TestUnusualReceive(t *testing.T) {
	const id = "5C6D99B3-F7B7-4D28-86C1-708B8DD45611"
	state := func(rest string) string { return `<rsp:CommandState CommandId="` + id + `"` + rest }
	uri := nsShell + "/CommandState/"
	tests := map[string]struct {
		answer answer
		check  func(Received) bool
	}{
		"empty 200":           {raw(200, "", ""), func(r Received) bool { return len(r.Streams) == 0 && !r.Done }},
		"no streams":          {received(""), func(r Received) bool { return len(r.Streams) == 0 }},
		"time-out":            {fault(CodeTimeout, "timed out"), func(r Received) bool { return len(r.Streams) == 0 && !r.Done }},
		"state without State": {received(state("/>")), func(r Received) bool { return r.State == "" && !r.Done }},
		"pending":             {received(state(` State="` + uri + `Pending"/>`)), func(r Received) bool { return r.State == StatePending && !r.Done }},
		"done": {
			received(state(` State="` + uri + `Done"><rsp:ExitCode>3221225477</rsp:ExitCode></rsp:CommandState>`)),
			func(r Received) bool { return r.Done && *r.ExitCode == -1073741819 },
		},
		"line breaks in base64": {received("<rsp:Stream Name='stdout'>\r\n QU\n\tJD </rsp:Stream>"), func(r Received) bool { return string(r.Streams[0].Data) == "ABC" }},
		"CDATA":                 {received(`<rsp:Stream Name="stdout"><![CDATA[QUJD]]></rsp:Stream>`), func(r Received) bool { return string(r.Streams[0].Data) == "ABC" }},
		"several": {received(stream("stdout", id, []byte("a")) + stream("stderr", "", []byte("b")) + `<rsp:Stream Name="pr" End="true"/>`), func(r Received) bool {
			return len(r.Streams) == 3 && r.Streams[0].CommandID == uuid.MustParse(id) && string(r.Streams[1].Data) == "b" && r.Streams[1].Name == "stderr" && r.Streams[2].End
		}},
		"prolog and BOM": {
			raw(200, soapType, "\ufeff"+`<?xml version="1.0"?><!-- x -->`+envelope("", `<rsp:ReceiveResponse>`+stream("stdout", "", []byte("a"))+`</rsp:ReceiveResponse>`)+"\n"),
			func(r Received) bool { return len(r.Streams) == 1 },
		},
		"UTF-16": {
			raw(200, "application/soap+xml;charset=UTF-16", utf16LE(envelope("", `<rsp:ReceiveResponse>`+stream("stdout", "", []byte("a"))+`</rsp:ReceiveResponse>`))),
			func(r Received) bool { return len(r.Streams) == 1 },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, map[string]answer{"Receive": tt.answer})
			got, err := srv.shell(t).Receive(context.Background(), uuid.Nil)
			if err != nil || !tt.check(got) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func utf16LE(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, c := range []byte(s) {
		b.Write([]byte{c, 0})
	}
	return b.String()
}
