package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"psdeck/session"
)

// Of the benchmark of idle sessions: how many, and the environment variable
// that says how long a Receive is parked and how often it is.
const (
	idleSessions = 200
	pollVariable = "PSDECK_BENCH_POLL"
	idlePolls    = 3
)

// idleRun is what the child process with the sessions says.
type idleRun struct {
	Opened     float64 // seconds that opening took
	Requests   int     // while the sessions were idle
	Seconds    float64 // that they were
	Resident   float64 // MB
	Heap       float64 // MB in use
	Goroutines int     // while they were idle
	Left       int     // goroutines after all were closed, beyond those before
}

// BenchmarkIdleSessions keeps 200 sessions open in a process of its own, against
// a server in another, for three polls: of 60 s with PSDECK_BENCH_POLL=60s, else
// of 4 s.
func BenchmarkIdleSessions(b *testing.B) {
	p := startPeer(b, "--user", benchName, "--password", benchName, "--poll", "0")
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBenchChild$", "-test.timeout=30m")
		cmd.Env = append(os.Environ(), childVariable+"=idle "+p.uri)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		var r idleRun
		for line := range bytes.Lines(out) {
			if bytes.HasPrefix(line, []byte("{")) {
				err = json.Unmarshal(line, &r)
			}
		}
		if err != nil || r.Seconds == 0 {
			b.Fatalf("%v\n%s", err, out)
		}
		used := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
		fmt.Printf("%d sessions: opened in %.1f s; idle for %.0f s: %.2f requests/s, %.1f MB resident (%.1f MB of heap), %d goroutines; %d left after closing; %.2f s of CPU in all\n",
			idleSessions, r.Opened, r.Seconds, float64(r.Requests)/r.Seconds, r.Resident, r.Heap, r.Goroutines, r.Left, used)
		if r.Left != 0 {
			b.Errorf("%d goroutines are left", r.Left)
		}
		b.ReportMetric(float64(r.Requests)/r.Seconds, "requests/s")
		b.ReportMetric(r.Resident, "MB-resident")
	}
}

// requestCounter counts the exchanges of a connector's trace.
type requestCounter struct{ n atomic.Int64 }

func (c *requestCounter) Write(line []byte) (int, error) {
	c.n.Add(1)
	return len(line), nil
}

func idleChild(ctx context.Context, t *testing.T, uri string) any {
	poll, err := time.ParseDuration(os.Getenv(pollVariable))
	if err != nil {
		poll = 4 * time.Second
	}
	before := runtime.NumGoroutine()
	target := benchTarget(uri)
	target.Options.OperationTimeout = poll
	var requests requestCounter
	connector := session.NewConnector(session.ConnectorConfig{Trace: &requests})
	all := make([]*session.Session, idleSessions)
	began := time.Now()
	var work sync.WaitGroup
	places := make(chan struct{}, 8)
	for i := range all {
		work.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			s, err := connector.Connect(ctx, target, nil)
			if err != nil {
				t.Error(err)
			}
			all[i] = s
		})
	}
	work.Wait()
	if t.Failed() {
		return nil
	}
	out := idleRun{Opened: time.Since(began).Seconds()}
	idle := time.Now()
	asked := requests.n.Load()
	time.Sleep(idlePolls * poll)
	out.Requests, out.Seconds = int(requests.n.Load()-asked), time.Since(idle).Seconds()
	out.Goroutines, out.Resident = runtime.NumGoroutine()-before, resident(t)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	out.Heap = float64(memory.HeapInuse) / 1e6
	for _, s := range all {
		work.Go(func() {
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	for range 100 { // connections that were idle take a moment to see that they are closed
		if out.Left = runtime.NumGoroutine() - before; out.Left <= 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return out
}

// resident is the process's resident set in MB, 0 where the system does not say.
func resident(t *testing.T) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kilobytes float64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Log(err)
	}
	return kilobytes / 1000
}
