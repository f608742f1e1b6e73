package outproc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine is how long a line may be by default, in bytes: far beyond what
// PowerShell writes, which is [MaxData] in base64 and its element.
const MaxLine = 1 << 20

// Reader reads packets from a stream. It holds one line at a time.
type Reader struct {
	r     *bufio.Reader
	limit int
	line  []byte
}

// NewReader reads from r; limit is the longest line in bytes, default [MaxLine].
func NewReader(r io.Reader, limit int) *Reader {
	if limit <= 0 {
		limit = MaxLine
	}
	return &Reader{r: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// Next reads one packet. Its errors are those of [Parse], *[SizeError], those of
// the stream, io.EOF at its end, and io.ErrUnexpectedEOF where that is inside of
// a line. After ErrEmptyLine and an error of Parse the next line can be read.
func (r *Reader) Next() (Packet, error) {
	line, err := r.next()
	if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
		return Packet{}, err
	}
	p, bad := Parse(line)
	var report *ServerError
	if err != nil && bad != nil && !errors.As(bad, &report) {
		return Packet{}, io.ErrUnexpectedEOF
	}
	return p, bad
}

// next reads a line without its end; io.EOF comes with what the last one had.
func (r *Reader) next() ([]byte, error) {
	part, err := r.r.ReadSlice('\n')
	if err == nil && len(part) <= r.limit {
		return bytes.TrimSuffix(part, []byte("\n")), nil
	}
	r.line = append(r.line[:0], part...)
	for errors.Is(err, bufio.ErrBufferFull) && len(r.line) <= r.limit {
		part, err = r.r.ReadSlice('\n')
		r.line = append(r.line, part...)
	}
	if len(r.line) > r.limit {
		return nil, &SizeError{r.limit}
	}
	return bytes.TrimSuffix(r.line, []byte("\n")), err
}
