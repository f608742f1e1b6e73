package session

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// knownReplays are recordings that cannot be replayed, each with its reason.
var knownReplays = map[string]string{}

// TestVectorWsmanReplay gives the server's side of every recording to our
// client, which says what the recorded client said by its own means, and hears
// what that one heard: the same messages with the same values, the same faults.
func TestVectorWsmanReplay(t *testing.T) {
	score := vectors.Score{Family: "wsman-replay"}
	for _, file := range vectors.Files(t, vectors.Dir("wsman", filepath.Join("wsman", "testdata")), "*.jsonl") {
		name := vectors.Name(file)
		score.Check(t, name, replayFile(t, file), knownReplays[name])
	}
	score.Report(t, os.Stdout)
}

// replay is our client in the place of the recorded one.
type replay struct {
	*replayServer
	ctx     context.Context
	url     *url.URL
	clients []*wsman.Client
	pools   map[string]*replayPool
	ids     map[uuid.UUID]uuid.UUID // of commands: the recorded one's, and ours
	shells  []wsman.ShellInfo       // as enumerated
	said    map[string]*psrp.Reassembler
	expect  map[string]*psrp.Reassembler
	heard   int // messages
}

// replayPool is a shell, and the client that talks to it.
type replayPool struct {
	transport *overWSMan
	client    *psrp.Client
}

func replayFile(t *testing.T, file string) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := &replay{
		replayServer: &replayServer{exchanges: vectors.Records[recordedExchange](t, file)}, ctx: ctx,
		pools: map[string]*replayPool{}, ids: map[uuid.UUID]uuid.UUID{},
		said: map[string]*psrp.Reassembler{}, expect: map[string]*psrp.Reassembler{},
	}
	server := httptest.NewServer(p.replayServer)
	defer server.Close()
	p.url, _ = url.Parse(server.URL + "/wsman")
	defer func() {
		for _, c := range p.clients {
			c.Close()
		}
	}()
	p.newClient("")
	for p.at < len(p.exchanges) && len(p.errs) == 0 {
		from := p.at
		err := p.step(p.sought())
		if p.at == from {
			p.at++ // nothing of it was ours to say
		}
		if len(p.errs) == 0 {
			err = p.check(&p.exchanges[p.at-1], err)
		}
		if err != nil {
			p.errs = append(p.errs, fmt.Errorf("exchange %d: %w", p.exchanges[from].Seq, err))
		}
	}
	t.Logf("%s: %d exchanges, %d messages heard", filepath.Base(file), p.at, p.heard)
	return errors.Join(p.errs...)
}

// newClient makes a client of the kind of shell that is asked for.
func (p *replay) newClient(resource string) *wsman.Client {
	c, err := wsman.New(wsman.Config{
		URL: p.url, ResourceURI: resource, OperationTimeout: 20 * time.Second,
		Authorize: func(context.Context, *http.Request, []string) error { return nil },
	})
	if err != nil {
		p.errs = append(p.errs, err)
	}
	p.clients = append(p.clients, c)
	return c
}

// sought is the exchange that the client is to make next. A request without a
// body only asked for a challenge, which the next one's first attempt gets; several
// are the legs of a sealed login, and what was sealed is recorded in clear.
func (p *replay) sought() *recordedExchange {
	asked := 0
	for p.exchanges[p.at+asked].Request == "" && p.at+asked < len(p.exchanges)-1 {
		asked++
	}
	if asked > 1 {
		p.at += asked
		asked = 0
	}
	return &p.exchanges[p.at+asked]
}

// step makes the request that e asks for.
func (p *replay) step(e *recordedExchange) error {
	c := p.clients[len(p.clients)-1]
	pool := p.pools[e.shell()]
	if e.action() == "Create" {
		return p.create(e)
	}
	if err, ok := p.alone(c, e); ok {
		return err
	}
	if pool == nil {
		return fmt.Errorf("%s of a shell that was not created", e.action())
	}
	shell, err := pool.transport.current()
	if err != nil {
		return err
	}
	id, known := p.ids[e.command()]
	if !known {
		id = e.command()
	}
	switch e.action() {
	case "Command":
		return p.command(pool, e)
	case "Send":
		return p.send(pool, e)
	case "Receive":
		return p.receive(pool, id)
	case "Signal":
		switch code := submatchCode(e.Request); code {
		case wsman.SignalCtrlC:
			return pool.transport.Stop(p.ctx, id)
		case wsman.SignalTerminate:
			return pool.transport.End(p.ctx, id)
		default:
			return shell.Signal(p.ctx, id, code)
		}
	case "Delete":
		return shell.Delete(p.ctx)
	case "Disconnect":
		return shell.Disconnect(p.ctx, 0, "")
	case "Reconnect":
		return shell.Reconnect(p.ctx)
	case "Connect":
		return p.connect(c, pool, e)
	case "Get":
		_, err := shell.Describe(p.ctx)
		return err
	}
	return fmt.Errorf("no client of ours says %s", e.action())
}

func submatchCode(request string) string {
	_, rest, _ := strings.Cut(request, "Code>")
	code, _, _ := strings.Cut(rest, "<")
	return code
}

// alone makes a request that is about no single shell.
func (p *replay) alone(c *wsman.Client, e *recordedExchange) (err error, ok bool) {
	resource := submatch(resourceText, e.Request)
	switch {
	case strings.Contains(e.Request, "Identify"):
		_, err = c.Identify(p.ctx)
	case e.action() == "/":
		_, err = c.Exchange(p.ctx, "", []byte(e.Request))
	case e.action() == "Get" && strings.HasSuffix(resource, "/config"):
		var size int
		size, err = c.MaxEnvelope(p.ctx)
		c.SetMaxEnvelopeSize(size)
	case e.action() == "Enumerate" && strings.HasSuffix(resource, "/Command") && len(p.shells) > 0:
		_, err = c.Attach(p.shells[0]).Commands(p.ctx)
	case e.action() == "Enumerate":
		p.shells, err = c.Enumerate(p.ctx)
	default:
		return nil, false
	}
	return err, true
}

// messages joins what the recorded client said on a stream.
func (p *replay) messages(key, text string) ([]psrp.Message, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	if p.said[key] == nil {
		p.said[key] = &psrp.Reassembler{}
	}
	return p.said[key].Feed(data)
}

// opening reads the two messages that open or join a pool.
func (p *replay) opening(e *recordedExchange) (*psrp.Client, error) {
	messages, err := p.messages(fmt.Sprint("opening ", e.Seq), submatch(openingElement, e.Request))
	if err != nil || len(messages) != 2 {
		return nil, fmt.Errorf("%d opening messages: %w", len(messages), err)
	}
	cfg := psrp.ClientConfig{ID: messages[0].PoolID}
	body, err := messages[1].Decode(clixml.Limits{})
	if asked, ok := body.(psrp.PoolOpen); ok {
		cfg.MinRunspaces, cfg.MaxRunspaces, cfg.Host = asked.Min, asked.Max, asked.Host
		cfg.ThreadOptions, cfg.Apartment = asked.ThreadOptions, asked.Apartment
		if asked.ApplicationArguments != nil {
			cfg.ApplicationArguments = asked.ApplicationArguments.Entries
		}
	}
	return psrp.NewClient(cfg), err
}

func (p *replay) create(e *recordedExchange) error {
	client, err := p.opening(e)
	if err != nil {
		return err
	}
	c := p.clients[len(p.clients)-1]
	if resource := submatch(resourceText, e.Request); resource != wsman.ResourcePowerShell || len(p.clients) == 1 {
		size := c.MaxEnvelopeSize()
		c = p.newClient(resource)
		c.SetMaxEnvelopeSize(size)
	}
	pool := &replayPool{client: client, transport: &overWSMan{client: c, request: wsman.ShellRequest{ShellID: client.ID()}}}
	out, err := client.Open()
	if err != nil {
		return err
	}
	if err := pool.transport.Open(p.ctx, out); err != nil {
		return err
	}
	shell, err := pool.transport.current()
	if err != nil {
		return err
	}
	p.pools[shell.ID()] = pool
	return nil
}

// command makes the pipeline whose messages begin in e and may go on in Sends.
func (p *replay) command(pool *replayPool, e *recordedExchange) error {
	key := e.shell() + " stdin " + e.command().String()
	delete(p.said, key)
	messages, err := p.messages(key, submatch(argumentsText, e.Request))
	for i := p.at + 1; err == nil && len(messages) == 0 && i < len(p.exchanges); i++ {
		if next := &p.exchanges[i]; next.action() == "Send" && next.command() == e.command() {
			_, text, _ := strings.Cut(streamElements.FindString(next.Request), ">")
			text, _, _ = strings.Cut(text, "<")
			messages, err = p.messages(key, text)
		}
	}
	var broken *psrp.FragmentError
	if errors.As(err, &broken) {
		return p.nonsense(pool, e) // refused for its id, not for what is in it
	}
	if err != nil || len(messages) == 0 {
		return fmt.Errorf("no message begins the command: %w", err)
	}
	body, err := messages[0].Decode(clixml.Limits{})
	if err != nil {
		return err
	}
	var id uuid.UUID
	var out psrp.Outgoing
	switch b := body.(type) {
	case psrp.Pipeline:
		id, out, err = pool.client.CreatePipeline(b)
	case psrp.CommandMetadata:
		id, out, err = pool.client.QueryCommands(b)
	}
	if err != nil {
		return err
	}
	if err := pool.transport.Start(p.ctx, out); err != nil {
		pool.client.Forget(id)
		return err
	}
	for i := range p.exchanges[:p.at] { // a request that was authorized anew has another id there
		if old := p.exchanges[i].command(); p.exchanges[i].Seq >= e.Seq && old != uuid.Nil {
			p.ids[old] = id
		}
	}
	return nil
}

// nonsense starts a command with the recorded bytes.
func (p *replay) nonsense(pool *replayPool, e *recordedExchange) error {
	shell, err := pool.transport.current()
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(submatch(argumentsText, e.Request))
	if err != nil {
		return err
	}
	_, err = shell.Command(p.ctx, p.ids[e.command()], "", data)
	return err
}

// send says what the messages in a Send say; one that only goes on with a
// message was said with its beginning.
func (p *replay) send(pool *replayPool, e *recordedExchange) error {
	stream := streamElements.FindStringSubmatch(e.Request)
	if stream == nil {
		return errors.New("nothing is sent")
	}
	name := "stdin"
	if strings.Contains(stream[1], `"pr"`) {
		name = "pr"
	}
	command := e.command()
	messages, err := p.messages(e.shell()+" "+name+" "+command.String(), stream[2])
	if err != nil {
		return nil // the rest of what began a command
	}
	for i := range messages {
		body, err := messages[i].Decode(clixml.Limits{})
		if err != nil {
			return err
		}
		out, err := p.say(pool.client, p.ids[messages[i].PipelineID], body)
		if err != nil {
			return err
		}
		if err := pool.transport.Send(p.ctx, out); err != nil {
			return err
		}
	}
	return nil
}

func (p *replay) say(c *psrp.Client, id uuid.UUID, body psrp.Body) (out psrp.Outgoing, err error) {
	switch b := body.(type) {
	case psrp.InputObject:
		return c.Input(id, b.Value)
	case psrp.EndOfInput:
		return c.EndInput(id)
	case psrp.HostResponse:
		b.PipelineID = id
		return c.Respond(b)
	case psrp.PoolMax:
		_, out, err = c.SetMaxRunspaces(b.Max)
	case psrp.PoolMin:
		_, out, err = c.SetMinRunspaces(b.Min)
	case psrp.PoolAvailable:
		_, out, err = c.AvailableRunspaces()
	case psrp.PoolReset:
		_, out, err = c.Reset()
	case psrp.KeyOffer:
		if p.key, err = psrp.GenerateKey(rand.Reader); err == nil {
			out, err = c.OfferKey(p.key)
		}
	default:
		err = fmt.Errorf("no client sends %T", body)
	}
	return out, err
}

// connect joins a pool from another client, or a command in it.
func (p *replay) connect(c *wsman.Client, pool *replayPool, e *recordedExchange) error {
	shell, err := pool.transport.current()
	if err != nil {
		return err
	}
	if e.command() != uuid.Nil {
		id := p.ids[e.command()]
		if _, there := pool.client.PipelineState(id); !there {
			pool.client.Join(id)
		}
		return shell.ConnectCommand(p.ctx, id)
	}
	client, err := p.opening(e)
	if err != nil {
		return err
	}
	out, err := client.Connect()
	if err != nil {
		return err
	}
	for _, info := range p.shells {
		if info.ID == e.shell() {
			shell = c.Attach(info)
		}
	}
	answer, err := shell.Connect(p.ctx, out.Bytes())
	if err != nil {
		return err
	}
	p.pools[e.shell()] = &replayPool{transport: &overWSMan{client: c, shell: shell}, client: client}
	want := submatch(openingElement, p.exchanges[p.at-1].Answer)
	return p.hear(client, uuid.Nil, fmt.Sprint("connected ", e.Seq), [][]byte{answer}, [][]string{{"", "", want}})
}

// receive takes what one exchange brings, or several of one whose answer was lost.
func (p *replay) receive(pool *replayPool, id uuid.UUID) error {
	data, _, err := pool.transport.Receive(p.ctx, id)
	if err != nil {
		return err
	}
	e := &p.exchanges[p.at-1]
	key := e.shell() + " " + e.command().String()
	return p.hear(pool.client, id, key, data, streamElements.FindAllStringSubmatch(e.Answer, -1))
}
