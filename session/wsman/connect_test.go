package wsman

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A shell is left with what becomes of it meanwhile, and nothing is said of
// what stays as it is.
func TestDisconnect(t *testing.T) {
	for _, c := range []struct {
		idle time.Duration
		mode string
		want []string
	}{
		{0, "", []string{"Disconnect: "}},
		{15 * time.Minute, BufferDrop, []string{"Disconnect: ", "  IdleTimeOut: PT900.000S", "  BufferMode: Drop"}},
		{0, "<x/>", []string{"Disconnect: ", "  BufferMode: <x/>"}},
	} {
		srv := newServer(t, nil)
		if err := srv.shell(t).Disconnect(t.Context(), c.idle, c.mode); err != nil {
			t.Fatal(err)
		}
		r := srv.requests("Disconnect")[0]
		if got := r.tree.find("Body").flat(); !slices.Equal(got, c.want) {
			t.Errorf("%v %q: %q", c.idle, c.mode, got)
		}
		if r.header("Selector") != testShellID {
			t.Errorf("it is shell %q that is left", r.header("Selector"))
		}
	}
}

// [MS-WSMV] 3.1.4.16: a shell's Reconnect has no body, a command's names it.
func TestReconnect(t *testing.T) {
	srv := newServer(t, nil)
	sh, id := srv.shell(t), uuid.New()
	if err := errors.Join(sh.Reconnect(t.Context()), sh.ReconnectCommand(t.Context(), id)); err != nil {
		t.Fatal(err)
	}
	sent := srv.requests("Reconnect")
	if got := sent[0].tree.find("Body").flat(); len(got) != 0 {
		t.Errorf("the shell's has a body: %q", got)
	}
	if got := sent[1].tree.find("Body").flat(); !slices.Equal(got, []string{"Reconnect CommandId=" + upperUUID(id) + ": "}) {
		t.Errorf("the command's body is %q", got)
	}
}

func TestConnect(t *testing.T) {
	respond := func(body string) map[string]answer {
		return map[string]answer{"Connect": func(w http.ResponseWriter, r *request) { soap(w, r, body) }}
	}
	const around = `<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams><connectResponseXml xmlns="http://schemas.microsoft.com/powershell">`
	for body, want := range map[string]string{
		around + "YW5z\n d2Vy</connectResponseXml></rsp:ConnectResponse>": "answer",
		`<rsp:ConnectResponse/>`: "",
	} {
		srv := newServer(t, respond(body))
		got, err := srv.shell(t).Connect(t.Context(), []byte("hello"))
		if err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
		r := srv.requests("Connect")[0]
		if r.tree.find("connectXml").text != "aGVsbG8=" || r.tree.find("Option").text != "2.3" {
			t.Errorf("sent %s", r.body)
		}
	}
	for body, want := range map[string]string{
		around + "*</connectResponseXml></rsp:ConnectResponse>": "a connectResponseXml that is not base64",
		`<rsp:Other/>`: "not a ConnectResponse",
	} {
		_, err := newServer(t, respond(body)).shell(t).Connect(t.Context(), nil)
		var wrong *SyntaxError
		if !errors.As(err, &wrong) || wrong.Msg != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	inUse := newServer(t, map[string]answer{"Connect": fault(CodeInUse, "the shell is connected to a different client")})
	_, err := inUse.shell(t).Connect(t.Context(), nil)
	var f *Fault
	if !errors.As(err, &f) || !f.IsInUse() {
		t.Errorf("got %v", err)
	}
	var large *EnvelopeSizeError
	if _, err := inUse.shell(t).Connect(t.Context(), make([]byte, DefaultMaxEnvelopeSize)); !errors.As(err, &large) {
		t.Errorf("got %v", err)
	}
}

func shellItem(id string) string {
	return `<rsp:Shell><rsp:ShellId>` + id + `</rsp:ShellId><rsp:ResourceUri>` + ResourceCommand + `</rsp:ResourceUri><rsp:State>Disconnected</rsp:State></rsp:Shell>`
}

// pages answers an Enumerate and its Pulls.
func pages(list ...string) map[string]answer {
	n := 0
	next := func(element string) answer {
		return func(w http.ResponseWriter, r *request) {
			soap(w, r, `<n:`+element+` xmlns:n="`+nsEnumeration+`">`+list[min(n, len(list)-1)]+`</n:`+element+`>`)
			n++
		}
	}
	return map[string]answer{"Enumerate": next("EnumerateResponse"), "Pull": next("PullResponse")}
}

func TestEnumerate(t *testing.T) {
	const end = `<w:EndOfSequence/>`
	carry := func(c string) string { return `<n:EnumerationContext>` + c + `</n:EnumerationContext>` }
	for name, c := range map[string]struct {
		pages  []string
		ids    string
		pulled string // the contexts
	}{
		"at once":                     {[]string{carry("") + "<w:Items>" + shellItem("A") + shellItem("B") + "</w:Items>" + end}, "A B", ""},
		"none":                        {[]string{carry("uuid:1") + "<w:Items/>" + end}, "", ""},
		"a server without the option": {[]string{carry("uuid:1"), "<n:Items>" + shellItem("A") + "</n:Items><n:EndOfSequence/>"}, "A", "uuid:1"},
		"page by page": {[]string{
			carry("uuid:1") + "<w:Items>" + shellItem("A") + "</w:Items>", carry("&lt;2&gt;") + "<n:Items>" + shellItem("B") + "</n:Items>",
			"<n:Items>" + shellItem("C") + "</n:Items>", end,
		}, "A B C", "uuid:1 <2> <2>"},
		"neither context nor end": {[]string{"<w:Items>" + shellItem("A") + "</w:Items>"}, "A", ""},
	} {
		srv := newServer(t, pages(c.pages...))
		shells, err := srv.client(t).Enumerate(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var ids, pulled []string
		for _, s := range shells {
			ids = append(ids, s.ID)
		}
		for _, r := range srv.requests("Pull") {
			pulled = append(pulled, r.tree.find("EnumerationContext").text)
		}
		if strings.Join(ids, " ") != c.ids || strings.Join(pulled, " ") != c.pulled {
			t.Errorf("%s: shells %q, pulled %q", name, ids, pulled)
		}
	}
}

func TestEnumerateBadAnswers(t *testing.T) {
	for page, want := range map[string]string{
		`<n:EnumerationContext>again</n:EnumerationContext>`:                                                           "an enumeration without an end",
		`<w:Items>` + strings.Repeat(`<rsp:Shell><rsp:ShellId>A</rsp:ShellId></rsp:Shell>`, maxItems+1) + `</w:Items>`: "an enumeration without an end",
		`<w:Items><rsp:Shell/></w:Items>`:                                                                              "a shell without an id",
	} {
		_, err := newServer(t, pages(page)).client(t).Enumerate(t.Context())
		var wrong *SyntaxError
		if !errors.As(err, &wrong) || wrong.Msg != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	srv := newServer(t, map[string]answer{"Enumerate": fault(CodeAccessDenied, "no")})
	var f *Fault
	if _, err := srv.client(t).Enumerate(t.Context()); !errors.As(err, &f) || !f.IsAccessDenied() {
		t.Errorf("got %v", err)
	}
}

// A shell that was listed is deleted under its own resource and id.
func TestAttach(t *testing.T) {
	srv := newServer(t, pages(`<w:Items>`+shellItem("A&amp;B")+`</w:Items><w:EndOfSequence/>`))
	c := srv.client(t)
	shells, err := c.Enumerate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sh := c.Attach(shells[0])
	if sh.ID() != "A&B" || sh.Info.State != ShellDisconnected {
		t.Errorf("it is %+v", sh.Info)
	}
	if err := sh.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := srv.requests("Delete")[0]; r.header("Selector") != "A&B" || r.header("ResourceURI") != ResourceCommand {
		t.Errorf("deleted %s", r.body)
	}
	if r := c.Attach(ShellInfo{ID: "A"}); r.ResourceURI() != ResourcePowerShell {
		t.Errorf("a shell of no stated kind is %s", r.ResourceURI())
	}
}

func TestCommands(t *testing.T) {
	const id = "09E6DC6F-A60E-464D-B802-7E658D77F5A9"
	item := func(id string) string {
		return `<w:Items><rsp:Command><rsp:CommandId>` + id + `</rsp:CommandId><rsp:CommandState>Running</rsp:CommandState></rsp:Command></w:Items><w:EndOfSequence/>`
	}
	got, err := newServer(t, pages(item(id))).shell(t).Commands(t.Context())
	if err != nil || len(got) != 1 || got[0] != (CommandInfo{uuid.MustParse(id), StateRunning}) {
		t.Errorf("%v, %v", got, err)
	}
	var wrong *SyntaxError
	if _, err := newServer(t, pages(item("7"))).shell(t).Commands(t.Context()); !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
}

func TestMaxEnvelope(t *testing.T) {
	config := func(kb string) answer {
		return func(w http.ResponseWriter, r *request) {
			soap(w, r, `<cfg:Config xmlns:cfg="`+resourceConfig+`"><cfg:MaxEnvelopeSizekb>`+kb+`</cfg:MaxEnvelopeSizekb></cfg:Config>`)
		}
	}
	for name, c := range map[string]struct {
		answer answer
		want   int
	}{
		"said":          {config("500"), 512000},
		"too large":     {config("99999999999"), 0},
		"no number":     {config("many"), 0},
		"no admin":      {fault(CodeAccessDenied, "Access is denied."), 0},
		"no such thing": {fault(CodeInvalidResourceURI, "no"), 0},
	} {
		got, err := newServer(t, map[string]answer{"Get": c.answer}).client(t).MaxEnvelope(context.Background())
		if err != nil || got != c.want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if _, err := newServer(t, map[string]answer{"Get": fault(CodeShutdown, "down")}).client(t).MaxEnvelope(t.Context()); err == nil {
		t.Error("a fault is no answer")
	}
}
