package winrs

import (
	"io"
	"sync"
)

// maxBuffered is how many bytes of a stream wait for a reader before the
// process is held up.
const maxBuffered = 8 << 20

// buffer is a pipe with room in it.
type buffer struct {
	mu        sync.Mutex
	change    sync.Cond
	data      []byte
	unlimited bool
	discarded bool
	closed    bool
}

func newBuffer() *buffer {
	b := new(buffer)
	b.change.L = &b.mu
	return b
}

// Write appends, and waits while there is too much.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.data) >= maxBuffered && !b.unlimited && !b.discarded {
		b.change.Wait()
	}
	if !b.discarded {
		b.data = append(b.data, p...)
	}
	b.change.Broadcast()
	return len(p), nil
}

// Read takes what is there, or waits for it.
func (b *buffer) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.data) == 0 && !b.closed {
		b.change.Wait()
	}
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.data)
	if b.data = b.data[n:]; len(b.data) == 0 {
		b.data = nil
	}
	b.change.Broadcast()
	return n, nil
}

// fill copies a stream through to into b until it ends, and marks b's end. How
// the stream ended is for Wait to say.
func (b *buffer) fill(from io.Reader, to io.Writer) {
	_, _ = io.Copy(to, from)
	if c, ok := to.(io.Closer); ok {
		_ = c.Close()
	}
	b.close()
}

func (b *buffer) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	b.change.Broadcast()
}

// close says that nothing follows.
func (b *buffer) close() { b.set(func() { b.closed = true }) }

// unbound lets the buffer grow, so that no reader is needed.
func (b *buffer) unbound() { b.set(func() { b.unlimited = true }) }

// discard drops what comes from now on.
func (b *buffer) discard() { b.set(func() { b.discarded = true }) }
