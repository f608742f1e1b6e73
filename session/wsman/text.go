package wsman

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape resolves the five entities of XML and character references; what
// is neither stays as it is.
func unescape(raw []byte) string {
	if bytes.IndexByte(raw, '&') < 0 {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		amp := bytes.IndexByte(raw, '&')
		if amp < 0 {
			break
		}
		out = append(out, raw[:amp]...)
		raw = raw[amp:]
		semi := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
		r, ok := rune(0), false
		if semi > 0 {
			r, ok = entity(string(raw[1:semi]))
		}
		if !ok {
			out, raw = append(out, '&'), raw[1:]
			continue
		}
		out, raw = utf8.AppendRune(out, r), raw[semi+1:]
	}
	return string(append(out, raw...))
}

func entity(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.CutPrefix(name, "#")
	if !base {
		return 0, false
	}
	radix := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, radix = hex, 16
	}
	n, err := strconv.ParseUint(digits, radix, 32)
	return rune(n), err == nil && n <= unicode.MaxRune
}

// toUTF8 takes a byte order mark off, and rewrites UTF-16 as UTF-8.
func toUTF8(body []byte, charset string) []byte {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return body[3:]
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return fromUTF16(body[2:], false)
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return fromUTF16(body[2:], true)
	case strings.EqualFold(charset, "utf-16"), strings.EqualFold(charset, "utf-16le"):
		return fromUTF16(body, false)
	}
	return body
}

// charset names the encoding of requests.
func (c *Client) charset() string {
	if c.cfg.UTF16 {
		return "UTF-16"
	}
	return "UTF-8"
}

func (c *Client) contentType() string { return "application/soap+xml;charset=" + c.charset() }

// encode is an envelope as it goes out: UTF-16 is little endian, with the byte
// order mark that its charset asks for (RFC 2781 3.3).
func (c *Client) encode(envelope []byte) []byte {
	if !c.cfg.UTF16 {
		return envelope
	}
	dst := make([]byte, 2, 2*len(envelope)+2)
	dst[0], dst[1] = 0xff, 0xfe
	for i := 0; i < len(envelope); {
		r, n := utf8.DecodeRune(envelope[i:])
		i += n
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			dst = append(dst, byte(hi), byte(hi>>8))
			r = lo
		}
		dst = append(dst, byte(r), byte(r>>8))
	}
	return dst
}

// encodedSize is the length of encode's result.
func (c *Client) encodedSize(envelope []byte) int {
	if !c.cfg.UTF16 {
		return len(envelope)
	}
	size := 2
	for i := 0; i < len(envelope); {
		r, n := utf8.DecodeRune(envelope[i:])
		i += n
		size += 2 * utf16.RuneLen(r)
	}
	return size
}

func fromUTF16(b []byte, bigEndian bool) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		lo, hi := b[2*i], b[2*i+1]
		if bigEndian {
			lo, hi = hi, lo
		}
		units[i] = uint16(hi)<<8 | uint16(lo)
	}
	return []byte(string(utf16.Decode(units)))
}

// cleanText makes remote text fit for one line of a message: no control or
// format characters, single spaces, at most max bytes.
func cleanText(s string, max int) string {
	out := make([]byte, 0, min(len(s), max))
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = len(out) > 0
			continue
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			continue
		}
		if len(out)+utf8.RuneLen(r)+1 > max {
			break
		}
		if space {
			out, space = append(out, ' '), false
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
