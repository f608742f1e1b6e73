package clixml

import (
	"fmt"
	"sync"
)

// Limits bound what a decoder takes from a peer. A zero field means its default.
type Limits struct {
	// Depth bounds the nesting: a value this many levels below the document
	// (an object is one level, what it holds the next) is refused. The
	// default is 50, PowerShell's own; more than 1000 counts as 1000.
	Depth   int
	Size    int // bytes of one document; default 200 MiB, PowerShell's MaximumReceivedObjectSize
	Objects int // values, members and type names of one document; default 10,000,000
}

const (
	defaultDepth   = 50
	maxDepth       = 1000
	defaultSize    = 200 << 20
	defaultObjects = 10_000_000
)

func (l Limits) withDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	l.Depth = min(l.Depth, maxDepth)
	if l.Size <= 0 {
		l.Size = defaultSize
	}
	if l.Objects <= 0 {
		l.Objects = defaultObjects
	}
	return l
}

// A SyntaxError says that a document is not CLIXML.
type SyntaxError struct {
	Offset int // byte in the document, counted in UTF-8 without BOM
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("clixml: %s at byte %d", e.Msg, e.Offset)
}

// A LimitError says that a document or a value is beyond a limit.
type LimitError struct {
	What  string // "depth", "size" or "objects"
	Limit int
}

func (e *LimitError) Error() string {
	switch e.What {
	case "depth":
		return fmt.Sprintf("clixml: values are nested %d levels or deeper", e.Limit)
	case "size":
		return fmt.Sprintf("clixml: document is larger than %d bytes", e.Limit)
	default:
		return fmt.Sprintf("clixml: document holds more than %d values", e.Limit)
	}
}

// decoders keeps idle decoders with their intern tables for the simple forms.
var decoders = sync.Pool{New: func() any { return new(Decoder) }}

// Decode reads one value: the body of a PSRP message (a leading BOM is
// allowed; an empty body is $null), or a document with an Objs root of exactly one value.
func Decode(data []byte) (Value, error) { return DecodeLimits(data, Limits{}) }

// DecodeLimits is Decode with limits of the caller's.
func DecodeLimits(data []byte, lim Limits) (Value, error) {
	d := decoders.Get().(*Decoder)
	defer decoders.Put(d)
	d.Limits = lim
	return d.Decode(data)
}

// DecodeAll reads every value of an Objs document, as Export-Clixml writes it, or a bare sequence of elements.
func DecodeAll(data []byte) ([]Value, error) {
	d := decoders.Get().(*Decoder)
	defer decoders.Put(d)
	d.Limits = Limits{}
	return d.DecodeAll(data)
}

// Encode writes v as PSRP carries it: without white space, BOM, or root.
func Encode(v Value) ([]byte, error) { return Append(nil, v) }

// Append appends the encoding of v to dst. On an error dst is returned as it was.
func Append(dst []byte, v Value) ([]byte, error) {
	e := encoder{buf: dst}
	if err := e.value("", v, 1); err != nil {
		return dst, err
	}
	return e.buf, nil
}

const rootStart = `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">`

// EncodeAll writes an Objs document of these values. As in Export-Clixml,
// reference numbers run through the whole document.
func EncodeAll(values []Value) ([]byte, error) {
	e := encoder{buf: []byte(rootStart)}
	for _, v := range values {
		if err := e.value("", v, 1); err != nil {
			return nil, err
		}
	}
	return append(e.buf, "</Objs>"...), nil
}
