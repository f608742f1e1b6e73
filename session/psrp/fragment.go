package psrp

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
)

// Sizes of fragments in bytes. [MS-PSRP] 2.2.4
const (
	FragmentHeader      = 21
	DefaultFragmentSize = 32768

	// DefaultMaxObject is the size that PowerShell's own client takes of one
	// message, in bytes.
	DefaultMaxObject = 200 << 20
)

const (
	flagStart = 1
	flagEnd   = 2
)

// Fragmenter cuts messages into fragments. [MS-PSRP] 2.2.4
//
// Its methods may be called concurrently, but Size must not change meanwhile.
type Fragmenter struct {
	Size int // bytes of a whole fragment, header included; default DefaultFragmentSize

	last atomic.Uint64 // object ids count from 1, over all messages
}

// Split cuts one message; each part is one complete fragment with memory of its own.
func (f *Fragmenter) Split(message []byte) [][]byte {
	room := f.room()
	id := f.last.Add(1)
	fragments := make([][]byte, 0, len(message)/room+1)
	for n := uint64(0); ; n++ {
		part := message[:min(room, len(message))]
		message = message[len(part):]
		var flags byte
		if n == 0 {
			flags |= flagStart
		}
		if len(message) == 0 {
			flags |= flagEnd
		}
		b := make([]byte, 0, FragmentHeader+len(part))
		b = appendFragmentHeader(b, id, n, flags, len(part))
		fragments = append(fragments, append(b, part...))
		if flags&flagEnd != 0 {
			return fragments
		}
	}
}

// pack is Split for a message that lies behind FragmentHeader free bytes: where
// one fragment holds it, b becomes that fragment without a copy.
func (f *Fragmenter) pack(b []byte) [][]byte {
	if size := len(b) - FragmentHeader; size <= f.room() {
		appendFragmentHeader(b[:0], f.last.Add(1), 0, flagStart|flagEnd, size)
		return [][]byte{b}
	}
	return f.Split(b[FragmentHeader:])
}

// room is how much of a message one fragment holds.
func (f *Fragmenter) room() int {
	if f.Size <= 0 {
		return DefaultFragmentSize - FragmentHeader
	}
	return max(f.Size-FragmentHeader, 1)
}

func appendFragmentHeader(b []byte, object, fragment uint64, flags byte, size int) []byte {
	b = binary.BigEndian.AppendUint64(b, object)
	b = binary.BigEndian.AppendUint64(b, fragment)
	b = append(b, flags)
	return binary.BigEndian.AppendUint32(b, uint32(size))
}

// FragmentError tells what was wrong with a fragment. What follows it on the
// same stream cannot be read.
type FragmentError struct {
	ObjectID, FragmentID uint64
	Msg                  string
}

func (e *FragmentError) Error() string {
	return fmt.Sprintf("psrp fragment %d of object %d: %s", e.FragmentID, e.ObjectID, e.Msg)
}

type fragmentHeader struct {
	object, fragment uint64
	start, end       bool
	size             uint32
}

func parseFragmentHeader(b []byte) fragmentHeader {
	return fragmentHeader{
		object:   binary.BigEndian.Uint64(b),
		fragment: binary.BigEndian.Uint64(b[8:]),
		start:    b[16]&flagStart != 0,
		end:      b[16]&flagEnd != 0,
		size:     binary.BigEndian.Uint32(b[17:]),
	}
}

func (h fragmentHeader) wrong(format string, args ...any) *FragmentError {
	return &FragmentError{h.object, h.fragment, fmt.Sprintf(format, args...)}
}
