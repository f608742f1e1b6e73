package wsman

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"psdeck/session/internal/vectors"
)

// recording is one line of a vector file: an HTTP exchange with a server in
// front of a real PowerShell.
type recording struct {
	Seq         int               `json:"seq"`
	ReqHeaders  map[string]string `json:"req_headers"`
	ReqBody     string            `json:"req_body"`
	Status      int               `json:"status"`
	RespHeaders [][2]string       `json:"resp_headers"`
	RespBody    string            `json:"resp_body"`
	Cut         bool              `json:"cut"`
}

// knownVectors are cases, as "file:seq", that fail for a reason given here.
var knownVectors = map[string]string{}

// TestVectorWSMan plays every recorded answer to our client, which makes the
// recorded request by its own means, and compares both by meaning with what
// encoding/xml reads in the recording.
func TestVectorWSMan(t *testing.T) {
	score := vectors.Score{Family: "wsman"}
	for _, file := range vectorFiles(t) {
		player := newPlayer(t)
		for _, rec := range vectors.Records[recording](t, file) {
			key := fmt.Sprintf("%s:%d", vectors.Name(file), rec.Seq)
			score.Check(t, key, player.play(rec), knownVectors[key])
		}
	}
	score.Report(t, os.Stdout)
}

func vectorFiles(t testing.TB) []string {
	t.Helper()
	return vectors.Files(t, vectors.Dir("wsman", "testdata"), "*.jsonl")
}

// player is a server that answers with one recording, and a client of it.
type player struct {
	c *Client

	mu   sync.Mutex
	rec  recording
	got  string // body of the last request
	seen int    // requests since the recording was set
}

var (
	relatesTo = regexp.MustCompile(`(<\w+:RelatesTo>)[^<]*`)
	messageID = regexp.MustCompile(`<\w+:MessageID>([^<]*)`)
)

func newPlayer(t *testing.T) *player {
	p := new(player)
	srv := httptest.NewServer(p)
	u, _ := url.Parse(srv.URL + "/wsman")
	c, err := New(Config{
		URL: u, OperationTimeout: 20 * time.Second,
		Authorize: func(context.Context, *http.Request, []string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.pause = func(int) time.Duration { return 0 }
	p.c = c
	t.Cleanup(func() { c.Close(); srv.Close() })
	return p
}

func (p *player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = string(body)
	p.seen++
	answer := p.rec.RespBody
	if m := messageID.FindStringSubmatch(p.got); m != nil {
		answer = relatesTo.ReplaceAllString(answer, "${1}"+m[1])
	}
	for _, h := range p.rec.RespHeaders {
		switch {
		case strings.EqualFold(h[0], "Content-Length"):
		case strings.HasPrefix(h[1], "multipart/encrypted"): // the recording shows these bodies unsealed
			w.Header().Add(h[0], "application/soap+xml;charset=UTF-8")
		default:
			w.Header().Add(h[0], h[1])
		}
	}
	if p.rec.Cut && p.seen == 1 { // the second time the answer is whole
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		w.WriteHeader(p.rec.Status)
		_, _ = io.WriteString(w, answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(p.rec.Status)
	_, _ = io.WriteString(w, answer)
}

func (p *player) play(rec recording) error {
	p.mu.Lock()
	p.rec, p.got, p.seen = rec, "", 0
	p.mu.Unlock()
	want, err := parseTree(rec.ReqBody)
	if err != nil || want.find("Action") == nil {
		_, err := p.c.Exchange(context.Background(), "", []byte(rec.ReqBody))
		return checkError(rec, err)
	}
	known, err := p.request(want)
	if mismatch := checkError(rec, err); mismatch != nil {
		return mismatch
	}
	if err == nil && known != nil {
		if err := known(rec); err != nil {
			return err
		}
	}
	if rec.Cut && (p.seen != 2 || known == nil) {
		return fmt.Errorf("an answer was cut, and %d requests were sent", p.seen)
	}
	if known == nil {
		return nil
	}
	got, err := parseTree(p.got)
	if err != nil {
		return fmt.Errorf("our request: %w", err)
	}
	if diff := cmp.Diff(meaning(want), meaning(got)); diff != "" {
		return fmt.Errorf("our request differs (-recorded +ours):\n%s", diff)
	}
	return nil
}

// request makes the request that a recorded one asks for. It returns a check
// of the answer; nil where the action is none of ours and the recorded bytes
// were sent instead.
func (p *player) request(req *node) (func(recording) error, error) {
	ctx := context.Background()
	action := req.find("Action").text
	sh := &Shell{c: p.c, resource: req.find("ResourceURI").text}
	for _, s := range req.all("Selector") {
		sh.selectors = append(sh.selectors, Selector{Name: s.attrs["Name"], Value: s.text})
	}
	body := req.find("Body")
	switch action {
	case ActionCreate:
		return p.create(ctx, req)
	case ActionCommand:
		line := body.find("CommandLine")
		arguments, _ := base64.StdEncoding.DecodeString(body.find("Arguments").text)
		id, err := sh.Command(ctx, parseID(line.attrs["CommandId"]), body.find("Command").text, arguments)
		return func(rec recording) error {
			return equal("command id", parseID(mustTree(rec.RespBody).find("CommandId").text), id)
		}, err
	case ActionSend:
		stream := body.find("Stream")
		data, _ := base64.StdEncoding.DecodeString(stream.text)
		err := sh.Send(ctx, parseID(stream.attrs["CommandId"]), stream.attrs["Name"], data, stream.attrs["End"] == "true")
		return noCheck, err
	case ActionReceive:
		desired := body.find("DesiredStream")
		got, err := sh.Receive(ctx, parseID(desired.attrs["CommandId"]), strings.Fields(desired.text)...)
		return func(rec recording) error { return checkReceived(rec, got) }, err
	case ActionSignal:
		signal := body.find("Signal")
		return noCheck, sh.Signal(ctx, parseID(signal.attrs["CommandId"]), body.find("Code").text)
	case ActionDelete:
		return noCheck, sh.Delete(ctx)
	}
	if known, err := p.kept(ctx, sh, req); known != nil {
		return known, err
	}
	_, err := p.c.Exchange(ctx, action, []byte(p.rec.ReqBody))
	return nil, err
}

func (p *player) create(ctx context.Context, req *node) (func(recording) error, error) {
	shell := req.find("Body").find("Shell")
	r := ShellRequest{
		ShellID:      parseID(shell.attrs["ShellId"]),
		Name:         shell.attrs["Name"],
		InputStreams: shell.find("InputStreams").text, OutputStreams: shell.find("OutputStreams").text,
	}
	if idle := shell.find("IdleTimeOut"); idle != nil {
		r.IdleTimeout, _ = parseISODuration(idle.text)
	}
	r.CreationXML, _ = base64.StdEncoding.DecodeString(shell.find("creationXml").text)
	c := *p.c.cfg.URL
	client, err := New(Config{URL: &c, ResourceURI: req.find("ResourceURI").text, OperationTimeout: 20 * time.Second})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	sh, err := client.Create(ctx, r)
	return func(rec recording) error {
		created := mustTree(rec.RespBody).find("ResourceCreated")
		if err := equal("resource URI", created.find("ResourceURI").text, sh.ResourceURI()); err != nil {
			return err
		}
		return equal("shell id", created.find("Selector").text, sh.ID())
	}, err
}

func noCheck(recording) error { return nil }

// checkError compares an error with what the recorded answer calls for.
func checkError(rec recording, err error) error {
	var fault *Fault
	var auth *AuthError
	var redirect *RedirectError
	var page *HTTPError
	tree, xmlErr := parseTree(rec.RespBody)
	recorded := (*node)(nil)
	if xmlErr == nil {
		recorded = tree.find("Fault")
	}
	switch {
	case recorded != nil:
		code := recorded.find("WSManFault").attrs["Code"]
		if code == fmt.Sprint(CodeTimeout) && err == nil {
			return nil
		}
		if !errors.As(err, &fault) {
			return fmt.Errorf("got %v, want fault %s", err, code)
		}
		if err := equal("fault code", code, fmt.Sprint(fault.Code)); err != nil {
			return err
		}
		return equal("fault text", strings.Join(strings.Fields(recorded.find("Text").text), " "), fault.Reason)
	case rec.Status == http.StatusUnauthorized:
		if !errors.As(err, &auth) {
			return fmt.Errorf("got %v, want an AuthError", err)
		}
	case rec.Status/100 == 3:
		if !errors.As(err, &redirect) {
			return fmt.Errorf("got %v, want a RedirectError", err)
		}
		return equal("location", header1(rec, "Location"), redirect.Location)
	case rec.Status != http.StatusOK || strings.HasPrefix(header1(rec, "Content-Type"), "text/html"):
		if !errors.As(err, &page) {
			return fmt.Errorf("got %v, want an HTTPError", err)
		}
		return equal("status", rec.Status, page.Status)
	case err != nil:
		return err
	}
	return nil
}

func header1(rec recording, name string) string {
	for _, h := range rec.RespHeaders {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

func checkReceived(rec recording, got Received) error {
	tree := mustTree(rec.RespBody)
	if tree.find("Fault") != nil {
		return equal("streams of a time-out", 0, len(got.Streams))
	}
	var want Received
	for _, n := range tree.all("Stream") {
		data, err := base64.StdEncoding.DecodeString(n.text)
		if err != nil {
			return err
		}
		want.Streams = append(want.Streams, StreamChunk{
			Name: n.attrs["Name"], CommandID: parseID(n.attrs["CommandId"]), Data: data, End: n.attrs["End"] == "true",
		})
	}
	if n := tree.find("CommandState"); n != nil {
		state := n.attrs["State"]
		want.State = state[strings.LastIndexByte(state, '/')+1:]
		want.Done = want.State == "Done"
	}
	if n := tree.find("ExitCode"); n != nil {
		var code int
		if _, err := fmt.Sscan(n.text, &code); err != nil {
			return err
		}
		want.ExitCode = &code
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("received differs (-recorded +ours):\n%s", diff)
	}
	return nil
}

func equal[T comparable](what string, want, got T) error {
	if want != got {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

// parseID reads a GUID; "" and what is none are Nil.
func parseID(s string) uuid.UUID {
	id, _ := uuid.Parse(s)
	return id
}
