package session_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/internal/peers"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// The server of these tests is psrpcore's, behind a WSMan of testdata's own.

const (
	psrpcore     = "psrpcore==0.3.1"
	peerUser     = "admin@contoso.example"
	peerPassword = "p\u00e4ss word"
	peerPatience = 4 * time.Minute // for a whole test, on a slow machine
)

// peer is a running server.
type peer struct {
	uri    string
	roots  *x509.CertPool // of a server with TLS
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}
}

// startPeer starts a server that ends with the test. Its answer to a Receive
// that has nothing comes after a second, as the fault that says so.
func startPeer(t testing.TB, options ...string) *peer {
	t.Helper()
	python := peers.Python(t, psrpcore)
	p := &peer{ended: make(chan struct{})}
	options = append([]string{"testdata/psrpcore_server.py", "--user", peerUser, "--password", peerPassword, "--poll", "1"}, options...)
	p.cmd = exec.Command(python, options...)
	p.cmd.Env = append(os.Environ(), "PYTHONUTF8=1")
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe() // the server ends when this does, even if the test dies
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		p.kill()
		if t.Failed() && p.stderr.Len() > 0 {
			t.Logf("the server says:\n%s", p.stderr.String())
		}
	})
	line, readErr := bufio.NewReader(stdout).ReadBytes('\n')
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	var ready struct{ Port int }
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("the server did not start: %v, %v", readErr, err)
	}
	p.uri = fmt.Sprintf("http://127.0.0.1:%d/wsman", ready.Port)
	return p
}

// kill ends the process without a word to anybody.
func (p *peer) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

func (p *peer) target(password string, runspaces int) session.Target {
	return session.Target{
		UserName: peerUser, Authentication: "basic", OverridePowerShellURI: p.uri, Runspaces: runspaces,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(password), nil },
	}
}

// connect opens a session on the server and closes it with the test.
func (p *peer) connect(ctx context.Context, t testing.TB, runspaces int) *session.Session {
	t.Helper()
	return open(ctx, t, &discovery.Network{RootCAs: p.roots}, p.target(peerPassword, runspaces))
}

// open opens a session that is closed with the test.
func open(ctx context.Context, t testing.TB, network *discovery.Network, target session.Target) *session.Session {
	t.Helper()
	s, err := session.NewConnector(session.ConnectorConfig{Network: network, Patience: time.Second}).Connect(ctx, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.Background(), peerPatience)
		defer cancel()
		if err := s.Close(closing); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// interop is what the tests begin with: nothing of a session may be left at
// their end, and none of them waits for ever.
func interop(t *testing.T) context.Context {
	t.Helper()
	peers.Python(t, psrpcore) // making it takes its own time
	ctx, cancel := context.WithTimeout(context.Background(), peerPatience)
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { // after the cleanups of what comes later
		cancel()
		goleak.VerifyNone(t, before)
	})
	return ctx
}

func start(ctx context.Context, t testing.TB, s *session.Session, line string) *session.Run {
	t.Helper()
	return startAs(ctx, t, s, line, session.SendAuto)
}

func startAs(ctx context.Context, t testing.TB, s *session.Session, line string, mode session.SendMode) *session.Run {
	t.Helper()
	r, err := s.Run(ctx, line, session.RunOptions{Confirmed: true, Mode: mode})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return r
}

// finish reads a run to its end.
func finish(ctx context.Context, r *session.Run) ([]session.Record, session.Result, error) {
	var all []session.Record
	for {
		records, err := r.Next(ctx)
		all = append(all, records...)
		if errors.Is(err, io.EOF) {
			res, err := r.Wait(ctx)
			return all, res, err
		}
		if err != nil {
			return all, r.Result(), err
		}
	}
}

func run(ctx context.Context, t testing.TB, s *session.Session, line string) ([]session.Record, session.Result) {
	t.Helper()
	records, res, err := finish(ctx, start(ctx, t, s, line))
	if err != nil {
		t.Fatalf("%s: %v, after %d records", line, err, len(records))
	}
	return records, res
}

// numbered is the i-th object of the server's "emit", as a line of text: what
// testdata/psrpcore_server.py says of it, said again.
func numbered(i int) string {
	id := new(big.Int).Mul(big.NewInt(int64(i)), new(big.Int).SetUint64(0x9E3779B97F4A7C15))
	length := i % 30
	if i%500 == 0 {
		length = 4000
	}
	return fmt.Sprintf("%d|object %d é中😀 <&> \t_x0041_|%d|%s|%s\n",
		i, i, i*i*1000003, uuid.UUID(id.FillBytes(make([]byte, 16))), strings.Repeat("abcdefghij", length))
}

// described is an object that arrived in the same form; a property of another
// type than the one sent shows.
func described(v clixml.Value) string {
	o := v.Object()
	if o == nil {
		return v.String()
	}
	get := func(name string, kind clixml.Kind) any {
		got, ok := o.Get(name)
		if !ok || got.Kind() != kind {
			return fmt.Sprintf("(%s is %v)", name, got.Kind())
		}
		return got.Any()
	}
	return fmt.Sprintf("%v|%v|%v|%v|%v\n", get("Index", clixml.KindInt32), get("Name", clixml.KindString),
		get("Square", clixml.KindInt64), get("Id", clixml.KindGUID), get("Text", clixml.KindString))
}

// checkNumbered holds the records of "emit count" against the formula and
// against the checksum that the server made of what it sent.
func checkNumbered(records []session.Record, count int) error {
	hash, n, said := sha256.New(), 0, ""
	for _, r := range records {
		switch r.Stream {
		case session.StreamOutput:
			got, want := described(r.Value), numbered(n)
			if got != want {
				return fmt.Errorf("object %d: %.200q, want %.200q", n, got, want)
			}
			hash.Write([]byte(got))
			n++
		case session.StreamWarning:
			said = r.Text
		default:
			return fmt.Errorf("a record of stream %v", r.Stream)
		}
	}
	if n != count {
		return fmt.Errorf("%d objects, want %d", n, count)
	}
	if sum := "sha256 " + hex.EncodeToString(hash.Sum(nil)); sum != said {
		return fmt.Errorf("%s of what arrived, the server says %s", sum, said)
	}
	return nil
}

func TestInteropFourPipelinesAtOnce(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 4)
	const pipelines, objects = 4, 3000
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		began := time.Now()
		var work sync.WaitGroup
		for i := range pipelines {
			work.Go(func() {
				r, err := s.Run(ctx, fmt.Sprintf("emit -Count %d", objects), session.RunOptions{Confirmed: true})
				if err != nil {
					t.Error(err)
					return
				}
				records, res, err := finish(ctx, r)
				if err == nil && (res.Outcome != session.Completed || res.Objects != objects) {
					err = fmt.Errorf("result %+v", res)
				}
				if err := errors.Join(err, checkNumbered(records, objects)); err != nil {
					t.Errorf("round %d, pipeline %d: %v", round, i, err)
				}
			})
		}
		work.Wait()
		t.Logf("round %d: %d objects in %v", round, pipelines*objects, time.Since(began).Round(time.Millisecond))
	}
}

// With all four runspaces asleep a fifth line waits, and runs when one is free:
// that four do run at once is seen by each of them having begun.
func TestInteropRunspacesAreTaken(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 4)
	var asleep []*session.Run
	for range 4 {
		r := start(ctx, t, s, "sleep 100")
		if got, err := r.Next(ctx); err != nil || len(got) != 1 || got[0].Value.String() != "asleep" {
			t.Fatalf("%+v, %v", got, err)
		}
		asleep = append(asleep, r)
	}
	fifth := start(ctx, t, s, "hello -Name Ada")
	if err := asleep[2].Stop(ctx); err != nil {
		t.Fatal(err)
	}
	records, res, err := finish(ctx, fifth)
	if err != nil || res.Outcome != session.Completed || len(records) != 1 || records[0].Value.String() != "hello Ada" {
		t.Errorf("%+v, %+v, %v", records, res, err)
	}
	for i, r := range asleep {
		_ = r.Stop(ctx)
		if rest, res, err := finish(ctx, r); err != nil || res.Outcome != session.Stopped || len(rest) != 0 {
			t.Errorf("sleeper %d: %+v, %+v, %v", i, rest, res, err)
		}
	}
}

func TestInteropRecordsOfEveryKind(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 1)
	if c := s.Capabilities(); c.LanguageMode != "NoLanguage" || c.Protocol != "2.3" {
		t.Errorf("capabilities %+v", c)
	}
	if p := s.Proof(); p.Proved || !strings.Contains(p.Why, "no command that names its tenant") {
		t.Errorf("proof %+v", p)
	}

	records, res := run(ctx, t, s, "fail")
	if res.Outcome != session.Completed || res.Errors != 1 || len(records) != 3 {
		t.Fatalf("fail: %+v, %+v", records, res)
	}
	if e := records[1].Error; e == nil || e.Message != "not that one" || e.FullyQualifiedErrorID != "Peer.Fail,fail" ||
		e.Category != "InvalidArgument" || e.Activity != "fail" || e.Reason != "ArgumentException" || e.TargetName != "that one" || e.Target.Text() != "that one" {
		t.Errorf("error %s: %q %s", e, e.FullyQualifiedErrorID, e.CategoryInfo())
	}
	if got := records[0].Value.String() + " " + records[2].Value.String(); got != "before after" {
		t.Errorf("around the error %q", got)
	}

	_, res = run(ctx, t, s, "fail -Terminating")
	if res.Outcome != session.Failed || res.Err == nil || !strings.Contains(res.Err.Error(), "this ends here") {
		t.Errorf("fail -Terminating: %+v", res)
	}

	records, res = run(ctx, t, s, "warn 'take care'")
	if res.Outcome != session.Completed || len(records) != 3 || records[0].Stream != session.StreamWarning || records[0].Text != "take care" {
		t.Fatalf("warn: %+v, %+v", records, res)
	}
	if p := records[1].Progress; p == nil || p.Activity != "warning" || p.ActivityID != 7 || p.StatusDescription != "half of it" || p.PercentComplete != 50 {
		t.Errorf("progress %+v", p)
	}
	if records[2].Stream != session.StreamInformation || records[2].Text != "take care, for information" {
		t.Errorf("information %+v", records[2])
	}

	records, res = run(ctx, t, s, "'a', 'b', 'c' | count")
	if res.Outcome != session.Completed || len(records) != 1 || records[0].Value.String() != "3" {
		t.Errorf("count: %+v, %+v", records, res)
	}

	records, res = run(ctx, t, s, "Get-Nothing")
	if res.Outcome != session.Failed || !slices.ContainsFunc(records, func(r session.Record) bool {
		return r.Error != nil && r.Error.FullyQualifiedErrorID == "CommandNotFoundException" && strings.Contains(r.Error.Message, "'Get-Nothing'")
	}) {
		t.Errorf("Get-Nothing: %+v, %+v", records, res)
	}
}

// A line longer than an envelope goes out in many fragments, and comes back so.
func TestInteropLongArgument(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 1)
	text := strings.Repeat("0123456789äß😀", 60_000)
	records, res := run(ctx, t, s, "hello '"+text+"'")
	if res.Outcome != session.Completed || len(records) != 1 {
		t.Fatalf("%d records, %+v", len(records), res)
	}
	if got := records[0].Value.String(); got != "hello "+text {
		t.Errorf("%d bytes come back of %d", len(got), len("hello "+text))
	}
}

func TestInteropQuestions(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 1)
	r := start(ctx, t, s, "ask")
	var said []string
	for {
		records, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v, after %q", err, said)
		}
		for _, rec := range records {
			switch p := rec.Prompt; {
			case rec.Stream == session.StreamOutput:
				said = append(said, rec.Value.String())
			case rec.Stream == session.StreamHost:
				said = append(said, strings.TrimSpace(rec.Text))
			case p != nil && p.Kind == session.PromptChoice:
				said = append(said, fmt.Sprintf("%s: %s %v %v", p.Caption, p.Message, p.Choices, p.Default))
				err = p.Choose(ctx, 1)
			case p != nil && p.Kind == session.PromptLine:
				err = p.Fill(ctx, []string{"Grüße"})
			default:
				t.Errorf("record %+v", rec)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{"two questions", "Colour: Which one? [{&Red like a rose} {&Blue like the sky}] [0]", "1", "line Grüße"}
	if res := r.Result(); !slices.Equal(said, want) || res.Outcome != session.Completed {
		t.Errorf("%q, %+v", said, res)
	}
}

// Secrets go both ways under a key that psrpcore has made.
func TestInteropSecrets(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 1)
	for _, typed := range []string{"p\u00e4ss word \U0001f511", "again"} {
		r := start(ctx, t, s, "secret")
		var said []string
		for {
			records, err := r.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v, after %q", err, said)
			}
			for _, rec := range records {
				switch {
				case rec.Prompt != nil:
					err = rec.Prompt.Fill(ctx, []string{typed})
				case rec.Value.Kind() == clixml.KindSecureString:
					var text string
					text, err = s.Reveal(ctx, rec.Value)
					said = append(said, rec.Value.String(), text)
				case rec.Stream == session.StreamOutput:
					said = append(said, rec.Value.String())
				default:
					t.Errorf("record %+v", rec)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		back := []rune(typed)
		slices.Reverse(back)
		if want := []string{typed, "System.Security.SecureString", string(back)}; !slices.Equal(said, want) || r.Result().Outcome != session.Completed {
			t.Errorf("%q, %+v", said, r.Result())
		}
	}
}

// Below the session: what a program sees that uses psrp and wsman by themselves.
func TestInteropPool(t *testing.T) {
	ctx := interop(t)
	u, err := url.Parse(startPeer(t).uri)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := wsman.New(wsman.Config{URL: u, Authorize: auth.Basic(peerUser, auth.NewSecret(peerPassword))})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	pool := psrp.NewClient(psrp.ClientConfig{ID: uuid.New(), MinRunspaces: 1, MaxRunspaces: 3})
	out, err := pool.Open()
	if err != nil {
		t.Fatal(err)
	}
	shell, err := ws.Create(ctx, wsman.ShellRequest{ShellID: pool.ID(), CreationXML: out.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	await := func(id uuid.UUID, over func(psrp.Event) bool) {
		t.Helper()
		for {
			got, err := shell.Receive(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, chunk := range got.Streams {
				events, err := pool.Feed(id, chunk.Data)
				if err != nil {
					t.Fatal(err)
				}
				if slices.ContainsFunc(events, over) {
					return
				}
			}
		}
	}
	await(uuid.Nil, func(ev psrp.Event) bool { s, ok := ev.(psrp.PoolStateChanged); return ok && s.State == psrp.PoolOpened })
	if _, ok := pool.PrivateData().Lookup("PSVersionTable"); !ok || pool.Protocol() != "2.3" {
		t.Errorf("protocol %s, private data %+v", pool.Protocol(), pool.PrivateData())
	}

	call, out, err := pool.AvailableRunspaces()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Send(ctx, uuid.Nil, out.Stream, out.Bytes(), false); err != nil {
		t.Fatal(err)
	}
	await(uuid.Nil, func(ev psrp.Event) bool {
		a, ok := ev.(psrp.Availability)
		return ok && a.CallID == call && a.Value.String() == "3"
	})

	id, out, err := pool.CreatePipeline(psrp.Commands(psrp.Command{
		Name: "sleep", Parameters: []psrp.Parameter{{Value: clixml.Int32(1000)}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shell.Command(ctx, id, "", out.Bytes()); err != nil {
		t.Fatal(err)
	}
	await(id, func(ev psrp.Event) bool { o, ok := ev.(psrp.Output); return ok && o.Value.String() == "asleep" })
	if err := shell.Signal(ctx, id, wsman.SignalCtrlC); err != nil {
		t.Fatal(err)
	}
	await(id, func(ev psrp.Event) bool {
		s, ok := ev.(psrp.PipelineStateChanged)
		return ok && s.State == psrp.PipelineStopped && s.Error != nil && s.Error.FullyQualifiedErrorID == "PipelineStopped"
	})
	if err := shell.Signal(ctx, id, wsman.SignalTerminate); err != nil {
		t.Fatal(err)
	}
	if err := shell.Delete(ctx); err != nil {
		t.Fatal(err)
	}
	var fault *wsman.Fault
	if _, err := shell.Receive(ctx, uuid.Nil); !errors.As(err, &fault) || !fault.IsShellNotFound() {
		t.Errorf("after the end: %v", err)
	}
}

func TestInteropWrongPassword(t *testing.T) {
	ctx := interop(t)
	_, err := session.NewConnector(session.ConnectorConfig{}).Connect(ctx, startPeer(t).target("wrong", 1), nil)
	var e *session.Error
	if !errors.As(err, &e) || e.Class != session.ClassSignIn || len(e.Hints) == 0 {
		t.Errorf("error %#v", err)
	}
}

// A server that writes faster than anybody reads is held back, and stops when
// it is told to: what had been sent by then still comes, in order.
func TestInteropStopOfAFlood(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 1)
	r := start(ctx, t, s, "emit 1000000")
	first, err := r.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	rest, res, err := finish(ctx, r)
	if err != nil || res.Outcome != session.Stopped || res.Objects != len(first)+len(rest) || res.Objects > 900_000 {
		t.Fatalf("%+v, %v", res, err)
	}
	for i, rec := range append(first, rest...) {
		if got, want := described(rec.Value), numbered(i); got != want {
			t.Fatalf("object %d: %.200q, want %.200q", i, got, want)
		}
	}
	if records, res := run(ctx, t, s, "hello"); res.Outcome != session.Completed || len(records) != 1 {
		t.Errorf("after it: %+v, %+v", records, res)
	}
}

// Closing waits neither for commands that run nor for readers that do not read.
func TestInteropCloseWhileRunning(t *testing.T) {
	ctx := interop(t)
	s := startPeer(t).connect(ctx, t, 2)
	runs := []*session.Run{start(ctx, t, s, "sleep 1000"), start(ctx, t, s, "emit 1000000")}
	for _, r := range runs {
		if _, err := r.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	for _, r := range runs {
		if _, res, err := finish(ctx, r); err != nil || res.Outcome == session.Running || res.Outcome == session.Completed {
			t.Errorf("%s: %+v, %v", r.Line(), res, err)
		}
	}
	if s.State() != session.Closed {
		t.Errorf("state %v", s.State())
	}
}

// A server that has no Reconnect says so, and the session goes on where it was:
// a line that began before the connection was lost is read to its end.
func TestInteropConnectionLost(t *testing.T) {
	ctx := interop(t)
	p := startPeer(t)
	way := &cutting{through: (&net.Dialer{}).DialContext}
	s := open(ctx, t, &discovery.Network{Dial: way.dial}, p.target(peerPassword, 1))
	r := start(ctx, t, s, "drip 30 0.1")
	if first, err := r.Next(ctx); err != nil || len(first) == 0 {
		t.Fatalf("%d records: %v", len(first), err)
	}
	way.lose(ctx, t, s)
	if _, res, err := finish(ctx, r); err != nil || res.Outcome != session.Completed {
		t.Fatalf("the line that ran: %+v, %v", res, err)
	}
	records, res := run(ctx, t, s, "emit 10")
	if res.Outcome != session.Completed {
		t.Errorf("%+v", res)
	}
	if err := checkNumbered(records, 10); err != nil {
		t.Error(err)
	}
}

func TestInteropServerKilled(t *testing.T) {
	ctx := interop(t)
	p := startPeer(t)
	s := p.connect(ctx, t, 2)
	sleeper := start(ctx, t, s, "sleep 1000")
	writer := start(ctx, t, s, "emit 1000000")
	for _, r := range []*session.Run{sleeper, writer} {
		if records, err := r.Next(ctx); err != nil || len(records) == 0 {
			t.Fatalf("%s: %+v, %v", r.Line(), records, err)
		}
	}
	p.kill()
	for _, r := range []*session.Run{sleeper, writer} {
		_, res, err := finish(ctx, r)
		var lost *session.LostError
		if err != nil || res.Outcome != session.Lost || !errors.As(res.Err, &lost) || lost.Objects != res.Objects {
			t.Errorf("%s: %+v, %v", r.Line(), res, err)
		}
	}
	select {
	case <-s.Done():
	case <-ctx.Done():
		t.Fatal("the session does not see that its server is gone")
	}
	if s.State() != session.Broken || s.Err() == nil {
		t.Errorf("state %v, %v", s.State(), s.Err())
	}
	if _, err := s.Run(ctx, "hello", session.RunOptions{}); err == nil || len(session.HintsOf(err)) == 0 {
		t.Errorf("running in it: %v", err)
	}
}
