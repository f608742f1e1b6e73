package wsman

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// TestLanes parks a Receive on the pool and one on each of four commands, and
// signals: the signal has no request ahead of it, and each parked Receive a
// connection of its own.
func TestLanes(t *testing.T) {
	const commands = 4
	var parked sync.WaitGroup
	parked.Add(commands + 1)
	release := make(chan struct{})
	srv := newServer(t, map[string]answer{
		"Receive": func(w http.ResponseWriter, r *request) {
			parked.Done()
			select {
			case <-release:
			case <-r.http.Context().Done():
			}
			received("")(w, r)
		},
	})
	var dialled counter
	sh := srv.shell(t, countingDial(&dialled))
	ctx := context.Background()
	ids := []uuid.UUID{uuid.Nil}
	for range commands {
		id, err := sh.Command(ctx, uuid.New(), "", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if n := dialled.value(); n != 1 {
		t.Errorf("%d connections for exchanges one after the other, want 1", n)
	}

	var done sync.WaitGroup
	for _, id := range ids {
		done.Go(func() {
			if _, err := sh.Receive(ctx, id); err != nil {
				t.Error(err)
			}
		})
	}
	parked.Wait()
	// Every Receive is unanswered: whatever has an answer now had none ahead of it.
	for _, id := range ids[1:] {
		if err := sh.Signal(ctx, id, SignalCtrlC); err != nil {
			t.Fatal(err)
		}
	}
	if n := dialled.value(); n != commands+2 {
		t.Errorf("%d connections, want one for each of %d Receives and one for the signals", n, commands+1)
	}
	srv.mu.Lock()
	addresses := map[string]bool{}
	for key, addr := range srv.conns {
		if strings.HasPrefix(key, "Receive ") {
			addresses[addr] = true
		}
	}
	srv.mu.Unlock()
	if len(addresses) != commands+1 {
		t.Errorf("%d Receives share %d connections", commands+1, len(addresses))
	}
	close(release)
	done.Wait()

	if err := sh.Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if n := dialled.value(); n != commands+2 {
		t.Errorf("an idle lane was not used again: %d connections", n)
	}
	if n := len(sh.c.lanes.idle); n > maxIdleLanes {
		t.Errorf("%d idle lanes are kept, want %d at most", n, maxIdleLanes)
	}
}

// Of many idle lanes two stay, those that were used last; one in use is nobody's
// to drop.
func TestSpareLanesAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lanes{make: func() *http.Transport { return new(http.Transport) }}
		defer l.close()
		a, b, c, busy := l.acquire(), l.acquire(), l.acquire(), l.acquire()
		idle := func(after time.Duration, want ...*lane) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if !slices.Equal(l.idle, want) {
				t.Errorf("%d lanes are idle, want %d", len(l.idle), len(want))
			}
		}
		l.release(a)
		l.release(b)
		l.release(c)
		idle(spareLane/2, a, b, c)
		if l.acquire() != c {
			t.Error("not the lane that was used last")
		}
		l.release(c)
		idle(spareLane/2, b, c)
		idle(time.Hour, b, c)
		// A poll that ends and begins anew leaves the other lanes alone.
		l.release(busy)
		if l.acquire() != busy {
			t.Error("not the lane that was used last")
		}
		idle(time.Hour, b, c)
		l.release(busy)
		idle(0, b, c, busy)
		idle(parkedAgain, c, busy)
	})
}

// A buffer is kept for more of what needed it.
func TestLaneBuffers(t *testing.T) {
	var l lanes
	for size, kept := range map[int]bool{4 << 10: false, 64 << 10: true, 2 << 20: false} {
		ln := &lane{transport: new(http.Transport), buf: make([]byte, 0, size)}
		l.release(ln)
		if (ln.buf != nil) != kept {
			t.Errorf("a buffer of %d bytes is kept: %v", size, ln.buf != nil)
		}
	}
	l.close()
}

// TestSlowSend: a signal does not wait for a Send that the server keeps.
func TestSlowSend(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	srv := newServer(t, map[string]answer{
		"Send": func(w http.ResponseWriter, r *request) {
			close(began)
			select {
			case <-release:
			case <-r.http.Context().Done():
			}
			soap(w, r, `<rsp:SendResponse/>`)
		},
	})
	sh := srv.shell(t)
	sent := make(chan error, 1)
	go func() { sent <- sh.Send(context.Background(), uuid.Nil, "stdin", []byte("x"), false) }()
	<-began
	if err := sh.Signal(context.Background(), uuid.New(), SignalTerminate); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// TestClose ends a parked Receive, refuses what comes after, and leaves no
// goroutine.
func TestClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	parked := make(chan struct{})
	srv := newServer(t, map[string]answer{
		"Receive": func(_ http.ResponseWriter, r *request) {
			close(parked)
			<-r.http.Context().Done()
		},
	})
	sh := srv.shell(t)
	ended := make(chan error, 1)
	go func() {
		_, err := sh.Receive(context.Background(), uuid.Nil)
		ended <- err
	}()
	<-parked
	sh.c.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("parked Receive: %v", err)
	}
	if err := sh.Delete(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("Delete after Close: %v", err)
	}
	sh.c.Close() // again is nothing
	srv.Close()
	goleak.VerifyNone(t, before)
}

func TestCancel(t *testing.T) {
	parked := make(chan struct{}, 1)
	srv := newServer(t, map[string]answer{
		"Receive": func(_ http.ResponseWriter, r *request) {
			parked <- struct{}{}
			<-r.http.Context().Done()
		},
	})
	sh := srv.shell(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-parked; cancel() }()
	if _, err := sh.Receive(ctx, uuid.Nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if n := len(srv.requests("Receive")); n != 1 {
		t.Errorf("a cancelled Receive was sent %d times", n)
	}
}
