package wsman

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestHostile: no name can leave the place it is written to.
func TestHostile(t *testing.T) {
	const evil = "\"><x a='1'/>&amp;\x00\u2028]]>\t\r\n"
	const clean = "\"><x a='1'/>&amp;\ufffd\u2028]]>\t\r\n"
	srv := newServer(t, map[string]answer{"Create": func(w http.ResponseWriter, r *request) {
		soap(w, r, created(`&quot;&gt;&lt;evil&gt;`, `http://x/&quot;&gt;&lt;evil/&gt;`))
	}})
	sh := srv.shell(t, func(cfg *Config) {
		cfg.ResourceURI, cfg.Locale = evil, evil
		u := *cfg.URL
		u.RawQuery = "AdminDomain=a.example;PSVersion=5.1&x='"
		cfg.URL = &u
	})
	ctx := context.Background()
	_, err := sh.c.Create(ctx, ShellRequest{Name: evil, InputStreams: evil, Options: []Option{{Name: evil, Value: evil}}, BufferMode: evil})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sh.Command(ctx, uuid.New(), evil, nil); err != nil {
		t.Fatal(err)
	}
	if err := sh.Send(ctx, uuid.Nil, evil, nil, false); err != nil {
		t.Fatal(err)
	}
	if err := sh.Signal(ctx, uuid.New(), evil); err != nil {
		t.Fatal(err)
	}
	for _, r := range srv.log {
		if r.tree == nil || r.tree.find("x") != nil || r.tree.find("evil") != nil {
			t.Fatalf("%s: %s", r.action, r.body)
		}
		if got, want := r.header("To"), srv.URL+"/wsman?AdminDomain=a.example;PSVersion=5.1&x='"; got != want {
			t.Errorf("To is %q, want %q", got, want)
		}
	}
	creates := srv.requests("Create")
	create := creates[len(creates)-1].tree
	shell := create.find("Body").find("Shell")
	if shell.attrs["Name"] != clean || shell.find("InputStreams").text != clean || create.all("Option")[1].attrs["Name"] != clean {
		t.Errorf("names are changed: %q", shell.attrs["Name"])
	}
	signal := srv.requests("Signal")[0].tree
	if signal.find("Code").text != clean {
		t.Errorf("code is %q", signal.find("Code").text)
	}
	// The server's own names are used, whatever is in them.
	if signal.find("Selector").text != `"><evil>` || signal.find("ResourceURI").text != `http://x/"><evil/>` {
		t.Errorf("selector %q, resource %q", signal.find("Selector").text, signal.find("ResourceURI").text)
	}
}

// TestCreate: what a shell is created with, and what is kept of the answer.
func TestCreate(t *testing.T) {
	const other = "11111111-2222-3333-4444-555555555555"
	srv := newServer(t, map[string]answer{"Create": func(w http.ResponseWriter, r *request) {
		soap(w, r, created(other, "http://x/given")+`<rsp:Shell><rsp:ShellId>`+other+`</rsp:ShellId><rsp:Owner>CONTOSO\user</rsp:Owner><rsp:State>Connected</rsp:State>`+
			`<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:MaxIdleTimeOut>P1DT1H1M1.5S</rsp:MaxIdleTimeOut><rsp:BufferMode>Block</rsp:BufferMode></rsp:Shell>`)
	}})
	c := srv.client(t)
	sh, err := c.Create(context.Background(), ShellRequest{
		ShellID: uuid.MustParse(testShellID), Name: "SfB", IdleTimeout: 15 * time.Minute,
		Options:     []Option{{Name: "WINRS_NOPROFILE", Value: "1", MustComply: true}},
		CreationXML: []byte{1, 2, 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := ShellInfo{
		ID: other, Owner: `CONTOSO\user`, State: "Connected", BufferMode: "Block",
		IdleTimeout: 2 * time.Hour, MaxIdleTimeout: 25*time.Hour + time.Minute + 1500*time.Millisecond,
	}
	if sh.Info != want || sh.ID() != other || sh.ResourceURI() != "http://x/given" {
		t.Errorf("%+v, %s, %s", sh.Info, sh.ID(), sh.ResourceURI())
	}
	r := srv.requests("Create")[0].tree
	shell := r.find("Body").find("Shell")
	if shell.attrs["ShellId"] != testShellID || shell.find("IdleTimeOut").text != "PT900.000S" || shell.find("creationXml").text != "AQID" || len(r.all("Option")) != 2 {
		t.Errorf("request: %s", srv.requests("Create")[0].body)
	}
	if err := sh.Delete(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r := srv.requests("Delete")[0]; r.header("ResourceURI") != "http://x/given" || r.tree.find("Selector").text != other {
		t.Errorf("Delete names %s", r.body)
	}
}

// TestEnvelopeSize: MaxPayload bytes fit, a few more do not, and what does not
// fit is not sent.
func TestEnvelopeSize(t *testing.T) {
	srv := newServer(t, nil)
	for _, limit := range []int{8192, DefaultMaxEnvelopeSize, MaxEnvelopeSizeV2} {
		sh := srv.shell(t)
		sh.c.SetMaxEnvelopeSize(limit)
		ctx := context.Background()
		ops := map[Operation]func([]byte) error{
			OpCreate: func(b []byte) error {
				_, err := sh.c.Create(ctx, ShellRequest{ShellID: uuid.New(), Name: "SfBPowerShellSession_0", CreationXML: b, IdleTimeout: time.Hour})
				return err
			},
			OpCommand: func(b []byte) error { _, err := sh.Command(ctx, uuid.New(), "", b); return err },
			OpSend:    func(b []byte) error { return sh.Send(ctx, uuid.New(), "stdin", b, true) },
		}
		for op, send := range ops {
			n := sh.c.MaxPayload(op)
			if err := send(bytes.Repeat([]byte{'x'}, n)); err != nil {
				t.Errorf("limit %d, operation %d: %d bytes do not fit: %v", limit, op, n, err)
			}
			before := len(srv.log)
			err := send(bytes.Repeat([]byte{'x'}, n+1500))
			var large *EnvelopeSizeError
			if !errors.As(err, &large) || large.Limit != limit || large.Size <= limit {
				t.Errorf("limit %d, operation %d: %v", limit, op, err)
			}
			if len(srv.log) != before {
				t.Errorf("limit %d, operation %d: sent all the same", limit, op)
			}
		}
	}
	for _, r := range srv.log {
		if r.action == "Send" && len(r.body) < 8192*8/10 {
			t.Errorf("a Send of MaxPayload fills %d bytes only", len(r.body))
		}
	}
}

func TestSend(t *testing.T) {
	srv := newServer(t, nil)
	sh := srv.shell(t)
	id := uuid.MustParse("5c6d99b3-f7b7-4d28-86c1-708b8dd45611")
	data := []byte{0, 1, 2, 255}
	if err := sh.Send(context.Background(), id, "pr", data, true); err != nil {
		t.Fatal(err)
	}
	s := srv.requests("Send")[0].tree.find("Stream")
	if s.attrs["Name"] != "pr" || s.attrs["CommandId"] != "5C6D99B3-F7B7-4D28-86C1-708B8DD45611" || s.attrs["End"] != "true" ||
		s.text != base64.StdEncoding.EncodeToString(data) {
		t.Errorf("%+v", s)
	}
}

// TestIdentify asks without credentials, and gives them only when asked.
func TestIdentify(t *testing.T) {
	const identity = `<i:IdentifyResponse xmlns:i="` + nsIdentity + `"><i:ProtocolVersion>` + nsWSMan + `</i:ProtocolVersion>` +
		`<i:ProductVendor>Microsoft Corporation</i:ProductVendor><i:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</i:ProductVersion></i:IdentifyResponse>`
	var strict bool
	var asked int
	srv := newServer(t, map[string]answer{"Identify": func(w http.ResponseWriter, r *request) {
		if strict && r.http.Header.Get("Authorization") == "" {
			w.WriteHeader(401)
			return
		}
		raw(200, soapType, `<s:Envelope xmlns:s="`+nsSOAP+`"><s:Header/><s:Body>`+identity+`</s:Body></s:Envelope>`)(w, r)
	}})
	c := srv.client(t, func(cfg *Config) {
		cfg.Authorize = func(_ context.Context, req *http.Request, _ []string) error {
			asked++
			req.Header.Set("Authorization", "Basic x")
			return nil
		}
	})
	for _, strict = range []bool{false, true} {
		id, err := c.Identify(context.Background())
		if err != nil || id.ProductVersion != "OS: 0.0.0 SP: 0.0 Stack: 3.0" || id.ProtocolVersion != nsWSMan {
			t.Errorf("%+v, %v", id, err)
		}
	}
	if asked != 1 || srv.log[0].http.Header.Get("WSMANIDENTIFY") != "unauthenticated" {
		t.Errorf("asked %d times for credentials", asked)
	}
}

// TestExchange posts an envelope that another package made.
func TestExchange(t *testing.T) {
	srv := newServer(t, map[string]answer{"Signal": fault(CodeNotFound, "gone")})
	c := srv.client(t)
	made := func(action string) []byte {
		return []byte(`<s:Envelope xmlns:s="` + nsSOAP + `"><s:Header><Action>` + action + `</Action><MessageID>uuid:1</MessageID></s:Header><s:Body/></s:Envelope>`)
	}
	got, err := c.Exchange(context.Background(), ActionDelete, made(ActionDelete))
	if want := envelope("uuid:1", "<rsp:DeleteResponse/>"); err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	_, err = c.Exchange(context.Background(), ActionSignal, made(ActionSignal))
	var f *Fault
	if !errors.As(err, &f) || f.Action != ActionSignal {
		t.Errorf("%v", err)
	}
	_, err = c.Exchange(context.Background(), ActionSend, make([]byte, DefaultMaxEnvelopeSize+1))
	if !errors.As(err, new(*EnvelopeSizeError)) {
		t.Errorf("%v", err)
	}
}
