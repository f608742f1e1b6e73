package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/internal/peers"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

const (
	pypsrp    = "pypsrp==0.9.1"
	benchName = "bench" // user and password of the server in benchmarks
	benchRows = 10_000  // objects of 20 properties
)

// rowsRun is what a client says of its run of the server's command rows; times
// are in seconds.
type rowsRun struct {
	Objects  int
	Checksum string
	Bytes    int     // of the answers
	First    float64 // until the first object, or the first answer
	Total    float64
	CPU      float64 // of the whole process where it is ours
}

// BenchmarkPeers lets three clients, in processes of their own, take 10,000
// objects of 20 properties from one server made with psrpcore, which has them
// serialized before: one that only reads what comes, pypsrp, and ours. Run it
// with -benchtime=5x; they take turns.
func BenchmarkPeers(b *testing.B) {
	python := peers.Python(b, pypsrp)
	p := startPeer(b, "--user", benchName, "--password", benchName, "--rows", fmt.Sprint(benchRows), "--poll", "20")
	clients := []struct {
		name string
		run  func() rowsRun
	}{
		{"floor", func() rowsRun { return runChild(b, "floor", p.uri, nil) }},
		{"pypsrp", func() rowsRun {
			u, _ := url.Parse(p.uri)
			return runClient(b, exec.Command(python, "testdata/pypsrp_rows.py", u.Port(), benchName, benchName, fmt.Sprint(benchRows)))
		}},
		{"psdeck", func() rowsRun { return runChild(b, "rows", p.uri, nil) }},
	}
	runs := map[string][]rowsRun{}
	for b.Loop() {
		for _, c := range clients {
			r := c.run()
			if c.name != "floor" && (r.Objects != benchRows || r.Checksum != rowsChecksum(benchRows)) {
				b.Fatalf("%s: %d objects with the checksum %s, want %s", c.name, r.Objects, r.Checksum, rowsChecksum(benchRows))
			}
			runs[c.name] = append(runs[c.name], r)
		}
	}
	floor := middle(runs["floor"], func(r rowsRun) float64 { return r.Total })
	fmt.Printf("%d objects, %.1f MB of answers, %d rounds\n", benchRows, float64(runs["floor"][0].Bytes)/1e6, len(runs["floor"]))
	fmt.Printf("%-8s %28s %28s %26s %8s\n", "client", "total ms min/median", "first object ms min/median", "CPU ms min/median", "× floor")
	for _, c := range clients {
		all := runs[c.name]
		line := fmt.Sprintf("%-8s", c.name)
		for _, get := range []func(rowsRun) float64{
			func(r rowsRun) float64 { return r.Total },
			func(r rowsRun) float64 { return r.First },
			func(r rowsRun) float64 { return r.CPU },
		} {
			line += fmt.Sprintf(" %15.1f / %10.1f", least(all, get)*1000, middle(all, get)*1000)
		}
		total := middle(all, func(r rowsRun) float64 { return r.Total })
		fmt.Printf("%s %8.2f\n", line, total/floor)
		b.ReportMetric(total*1000, c.name+"-ms")
		b.ReportMetric(middle(all, func(r rowsRun) float64 { return r.CPU })*1000, c.name+"-cpu-ms")
	}
}

func sortedBy(all []rowsRun, get func(rowsRun) float64) []float64 {
	var values []float64
	for _, r := range all {
		values = append(values, get(r))
	}
	slices.Sort(values)
	return values
}

func least(all []rowsRun, get func(rowsRun) float64) float64 { return sortedBy(all, get)[0] }

func middle(all []rowsRun, get func(rowsRun) float64) float64 {
	return sortedBy(all, get)[len(all)/2]
}

// childVariable makes a run of TestBenchChild a client in a process of its own.
const childVariable = "PSDECK_TEST_CHILD"

// runChild runs TestBenchChild as a client.
func runChild(b *testing.B, role, uri string, env []string) rowsRun {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBenchChild$", "-test.timeout=30m")
	cmd.Env = append(append(os.Environ(), childVariable+"="+role+" "+uri), env...)
	r := runClient(b, cmd)
	r.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return r
}

// runClient runs a program and reads the line of JSON that it writes.
func runClient(b *testing.B, cmd *exec.Cmd) rowsRun {
	b.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var r rowsRun
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte("{")) {
			if err := json.Unmarshal(line, &r); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return r
}

// TestBenchChild is a client in a benchmark's child process.
func TestBenchChild(t *testing.T) {
	role, uri, ok := strings.Cut(os.Getenv(childVariable), " ")
	if !ok {
		t.Skip("only for benchmarks")
	}
	play := map[string]func(context.Context, *testing.T, string) any{"floor": floorChild, "rows": rowsChild, "idle": idleChild}
	line, err := json.Marshal(play[role](t.Context(), t, uri))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s\n", line)
}

func benchTarget(uri string) session.Target {
	return session.Target{
		UserName: benchName, Authentication: "basic", OverridePowerShellURI: uri,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(benchName), nil },
	}
}

// rowsChild takes the objects as typed values, every one.
func rowsChild(ctx context.Context, t *testing.T, uri string) any {
	s := open(ctx, t, nil, benchTarget(uri))
	var out rowsRun
	began := time.Now()
	r := start(ctx, t, s, fmt.Sprintf("rows %d", benchRows))
	var sum rowsSum
	for {
		records, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if out.Objects == 0 {
			out.First = time.Since(began).Seconds()
		}
		for i := range records {
			sum.object(records[i].Value)
		}
		out.Objects += len(records)
	}
	out.Total, out.Checksum = time.Since(began).Seconds(), sum.String()
	return out
}

// rowsSum is a checksum of objects' values.
type rowsSum struct {
	text    uint32
	numbers uint64
	buf     []byte
}

func (s *rowsSum) object(v clixml.Value) {
	o := v.Object()
	if o == nil {
		return
	}
	for i := range o.Members {
		switch value := o.Members[i].Value; value.Kind() {
		case clixml.KindString:
			s.name(value.Text())
		case clixml.KindBool:
			s.enabled(value.True())
		case clixml.KindInt32, clixml.KindInt64:
			n, _ := value.Int()
			s.number(n)
		case clixml.KindDateTime:
			d, _ := value.Any().(clixml.DateTime)
			s.made(d.Time().Unix())
		}
	}
}

func (s *rowsSum) number(n int64)    { s.numbers += uint64(n) }
func (s *rowsSum) made(second int64) { s.numbers += 7 * uint64(second) }

func (s *rowsSum) name(text string) {
	s.buf = append(s.buf[:0], text...)
	s.text = crc32.Update(s.text, crc32.IEEETable, s.buf)
}

func (s *rowsSum) enabled(b bool) {
	if b {
		s.numbers += 5
	}
}

func (s *rowsSum) String() string { return fmt.Sprintf("%08x-%x", s.text, s.numbers) }

// rowsChecksum is what the objects come to: what testdata/psrpcore_peer.py says
// of a row, said again.
func rowsChecksum(count int) string {
	var s rowsSum
	for i := range count {
		made := time.Date(2024, time.Month(1+i%12), 1+i%28, i%24, i%60, 0, 0, time.UTC).Unix()
		for n := range 4 {
			s.name(fmt.Sprintf("User %05d.%d & Co, Köln, user%05d@contoso.example", i, n, i))
			s.number(int64(i*7 + n))
			s.made(made + int64(n))
			s.enabled((i+n)%3 != 0)
			s.number(int64(i)*1048576 + int64(n))
		}
	}
	return s.String()
}

// floorChild only reads the answers, as fast as net/http can.
func floorChild(ctx context.Context, t *testing.T, uri string) any {
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	var envelope string // of a Receive
	authorize := func(_ context.Context, r *http.Request, _ []string) error {
		r.SetBasicAuth(benchName, benchName)
		return nil
	}
	c, err := wsman.New(wsman.Config{URL: u, Authorize: authorize, MaxEnvelopeSize: wsman.MaxEnvelopeSizeV2})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client := psrp.NewClient(psrp.ClientConfig{})
	opening, err := client.Open()
	if err != nil {
		t.Fatal(err)
	}
	shell, err := c.Create(ctx, wsman.ShellRequest{ShellID: client.ID(), CreationXML: opening.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Delete(ctx)
	for client.State() != psrp.PoolOpened {
		got, err := shell.Receive(ctx, uuid.Nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got.Streams {
			_, _ = client.Feed(uuid.Nil, s.Data)
		}
	}
	id, out, err := client.CreatePipeline(psrp.Commands(psrp.Command{Name: "rows", Parameters: []psrp.Parameter{{Value: clixml.Int32(benchRows)}}}))
	if err != nil {
		t.Fatal(err)
	}
	envelope = fmt.Sprintf(receiveEnvelope, uri, shell.ID(), strings.ToUpper(id.String()))
	began := time.Now()
	if _, err := shell.Command(ctx, id, "", out.Bytes()); err != nil {
		t.Fatal(err)
	}
	r := rowsRun{}
	for done := false; !done; {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, uri, strings.NewReader(envelope))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(benchName, benchName)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res.Status, err)
		}
		if r.Bytes == 0 {
			r.First = time.Since(began).Seconds()
		}
		r.Bytes += len(body)
		done = bytes.Contains(body[max(0, len(body)-500):], []byte("CommandState/Done"))
	}
	r.Total = time.Since(began).Seconds()
	http.DefaultClient.CloseIdleConnections()
	return r
}

const receiveEnvelope = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ` +
	`xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>` +
	`<a:To>%s</a:To><a:Action>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive</a:Action><w:MaxEnvelopeSize>512000</w:MaxEnvelopeSize>` +
	`<a:MessageID>uuid:6B0B9E5C-8C4C-4C4C-9B5E-0C0C0C0C0C0C</a:MessageID><w:OperationTimeout>PT20.000S</w:OperationTimeout>` +
	`<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet></s:Header><s:Body><rsp:Receive>` +
	`<rsp:DesiredStream CommandId="%s">stdout</rsp:DesiredStream></rsp:Receive></s:Body></s:Envelope>`
