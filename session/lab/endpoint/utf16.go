package endpoint

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

var utf16Mark = []byte{0xff, 0xfe}

// plainBody is a request's body in UTF-8. wide tells that it came in UTF-16,
// and is to be answered so.
func plainBody(body []byte) (plain []byte, wide bool) {
	rest, wide := bytes.CutPrefix(body, utf16Mark)
	if !wide {
		return body, false
	}
	units := make([]uint16, len(rest)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(rest[2*i:])
	}
	return []byte(string(utf16.Decode(units))), true
}

// inUTF16 is a with its body in UTF-16; a itself may be answered again.
func (a *answer) inUTF16() *answer {
	b := *a
	b.body = bytes.Clone(utf16Mark)
	for _, u := range utf16.Encode([]rune(string(a.body))) {
		b.body = binary.LittleEndian.AppendUint16(b.body, u)
	}
	return &b
}

func (a *answer) charset() string {
	if bytes.HasPrefix(a.body, utf16Mark) {
		return "UTF-16"
	}
	return "UTF-8"
}
