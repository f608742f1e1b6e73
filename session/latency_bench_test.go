package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"psdeck/session"
)

// quantiles prints and reports the distribution of latencies.
func quantiles(b *testing.B, what string, all []time.Duration) {
	slices.Sort(all)
	at := func(share float64) float64 { return all[int(share*float64(len(all)-1))].Seconds() * 1000 }
	fmt.Printf("%s: n = %d, min %.2f ms, p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, max %.2f ms\n",
		what, len(all), at(0), at(0.5), at(0.95), at(0.99), at(1))
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}

// lastByte is a way to a server that notes when it gives away what an answer
// ends with: nothing of it can be understood before.
type lastByte struct {
	next string
	hold int // bytes that an answer has at least that is held back once; 0: none

	mu    sync.Mutex
	given []time.Time // of the answers to Receives, from the one that was held on
}

func (l *lastByte) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, l.next, bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	req.Header = r.Header.Clone()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return // the client has gone
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return
	}
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	if l.holds(len(answer)) {
		_, _ = w.Write(answer[:len(answer)-1])
		_ = http.NewResponseController(w).Flush()
		time.Sleep(20 * time.Millisecond) // all of that has arrived
		answer = answer[len(answer)-1:]
	}
	if bytes.Contains(body, []byte("/Receive</")) {
		l.note()
	}
	_, _ = w.Write(answer)
}

// holds tells whether an answer of that size is held back, once.
func (l *lastByte) holds(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hold == 0 || size < l.hold {
		return false
	}
	l.hold, l.given = 0, nil
	return true
}

func (l *lastByte) note() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hold == 0 {
		l.given = append(l.given, time.Now())
	}
}

func (l *lastByte) forget(hold int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.given, l.hold = nil, hold
}

func (l *lastByte) times() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.given
}

// throughProxy opens a session on a server made with psrpcore, past a lastByte.
func throughProxy(b *testing.B, options ...string) (*session.Session, *lastByte) {
	p := startPeer(b, append([]string{"--user", benchName, "--password", benchName, "--poll", "20"}, options...)...)
	l := &lastByte{next: p.uri}
	proxy := httptest.NewServer(l)
	b.Cleanup(proxy.Close)
	return open(b.Context(), b, nil, benchTarget(proxy.URL+"/wsman")), l
}

// BenchmarkFirstObject is from the last byte of an envelope of half a megabyte
// to the first of its objects in the reader's hands.
func BenchmarkFirstObject(b *testing.B) {
	s, proxy := throughProxy(b, "--rows", "1000")
	var all []time.Duration
	for b.Loop() {
		proxy.forget(400_000)
		r := start(b.Context(), b, s, "rows 1000 -Together")
		if _, err := r.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
		now := time.Now()
		given := proxy.times()
		if len(given) == 0 {
			b.Fatal("an object before its envelope's end")
		}
		all = append(all, now.Sub(given[0]))
		if _, res, err := finish(b.Context(), r); err != nil || res.Objects != 1000 {
			b.Fatal(err, res)
		}
	}
	quantiles(b, "first object after its envelope's last byte", all)
}

// BenchmarkDrip is the latency of objects that come one by one: from the server's
// program, by the time that is in each, and from the last byte of the answer that
// brings it.
func BenchmarkDrip(b *testing.B) {
	s, proxy := throughProxy(b)
	const objects = 200
	var program, wire []time.Duration
	for b.Loop() {
		proxy.forget(0)
		r := start(b.Context(), b, s, fmt.Sprintf("drip %d 0.01", objects))
		var arrived, made []time.Time
		for {
			records, err := r.Next(context.WithoutCancel(b.Context()))
			now := time.Now()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			for _, rec := range records {
				sent, _ := rec.Value.Int()
				arrived, made = append(arrived, now), append(made, time.Unix(0, sent))
			}
		}
		given := proxy.times()
		if len(arrived) != objects || len(given) == 0 {
			b.Fatalf("%d objects, %d answers", len(arrived), len(given))
		}
		for i, now := range arrived {
			program = append(program, now.Sub(made[i]))
			n, _ := slices.BinarySearchFunc(given, now, time.Time.Compare)
			wire = append(wire, now.Sub(given[max(0, n-1)]))
		}
	}
	quantiles(b, "drip, from the server's program", program)
	quantiles(b, "drip, from the answer's last byte", wire)
}
