//go:build unix

package ui_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/creack/pty"
)

// deckBinary builds the program once for the benchmarks that look at it from
// the outside.
func deckBinary(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "psdeck")
	build := exec.Command("go", "build", "-o", path, "psdeck")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building psdeck: %v\n%s", err, out)
	}
	return path
}

// startDemo starts the demo on a terminal of its own.
func startDemo(b *testing.B, path string) (*os.File, *exec.Cmd) {
	b.Helper()
	cmd := exec.Command(path, "demo")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "PSDECK_STATE_DIR="+b.TempDir())
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 160})
	if err != nil {
		b.Fatal(err)
	}
	return tty, cmd
}

// readUntil reads from the terminal until want was drawn.
func readUntil(b *testing.B, tty io.Reader, want string) {
	b.Helper()
	var seen []byte
	buf := make([]byte, 64<<10)
	for !bytes.Contains(seen, []byte(want)) {
		n, err := tty.Read(buf)
		seen = append(seen, buf[:n]...)
		if err != nil {
			b.Fatalf("the deck ended: %v", err)
		}
	}
}

func end(b *testing.B, tty *os.File, cmd *exec.Cmd) {
	b.Helper()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	_ = tty.Close()
}

func percentiles(b *testing.B, d []time.Duration) {
	b.Helper()
	slices.Sort(d)
	at := func(p int) float64 { return float64(d[min(len(d)-1, len(d)*p/100)].Microseconds()) / 1000 }
	b.ReportMetric(at(50), "p50-ms")
	b.ReportMetric(at(95), "p95-ms")
	b.ReportMetric(at(99), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDemoStart is the time from starting `psdeck demo`, its lab
// included, to the picker on the screen.
func BenchmarkDemoStart(b *testing.B) {
	path := deckBinary(b)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		tty, cmd := startDemo(b, path)
		readUntil(b, tty, "Where to?")
		took = append(took, time.Since(start))
		end(b, tty, cmd)
	}
	percentiles(b, took)
}

// BenchmarkKeyToTerminal is the time from a key to the first bytes drawn for it.
// The pauses between keys are random: fixed ones lock to the phase of the
// renderer's ticker.
func BenchmarkKeyToTerminal(b *testing.B) {
	tty, cmd := startDemo(b, deckBinary(b))
	defer end(b, tty, cmd)
	readUntil(b, tty, "New connection")
	buf := make([]byte, 64<<10)
	var took []time.Duration
	keys := []byte("ab\x7f\x7f")
	for i := 0; b.Loop(); i++ {
		time.Sleep(time.Duration(20+rand.IntN(30)) * time.Millisecond)
		start := time.Now()
		if _, err := tty.Write(keys[i%4 : i%4+1]); err != nil {
			b.Fatal(err)
		}
		if _, err := tty.Read(buf); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	percentiles(b, took)
}
