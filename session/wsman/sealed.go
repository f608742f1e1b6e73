package wsman

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// A sealed body ([MS-WSMV] 2.2.9.1.1) looks like a multipart message and is
// none: between the headers of the second part and its content there is no
// empty line, and the headers begin with a tab.

const (
	typeSealed = "multipart/encrypted"
	boundary   = "Encrypted Boundary"
	maxParts   = 1024
)

func sealedType(protocol string) string {
	return typeSealed + `;protocol="` + protocol + `";boundary="` + boundary + `"`
}

// sealBody seals a request.
func sealBody(s SecurityContext, plain []byte, contentType string) ([]byte, error) {
	header, data, err := s.Seal(plain)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(header)+len(data)+320)
	b = fmt.Appendf(b, "--%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n--%[1]s\r\n\tContent-Type: application/octet-stream\r\n",
		boundary, s.Protocol(), contentType, len(plain))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	b = append(append(b, header...), data...)
	return append(b, "--"+boundary+"--\r\n"...), nil
}

var errNotSealed = errors.New("malformed multipart/encrypted")

// unsealBody takes an answer apart and decrypts its parts. Some servers write a
// blank before the boundary's name.
func unsealBody(s SecurityContext, body []byte, h http.Header) (plain []byte, contentType string, err error) {
	name := boundary
	if _, params, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil && params["boundary"] != "" {
		name = params["boundary"]
	}
	r := sealedReader{rest: body, name: name}
	for range maxParts {
		if r.end() {
			if contentType == "" {
				return nil, "", errNotSealed
			}
			return plain, contentType, nil
		}
		part, err := r.part()
		if err != nil {
			return nil, "", err
		}
		text, err := s.Unseal(part.header, part.data)
		if err != nil {
			return nil, "", err
		}
		if len(text) != part.length {
			return nil, "", fmt.Errorf("%d bytes were sealed and %d announced", len(text), part.length)
		}
		if contentType = part.contentType; plain == nil {
			plain = text
		} else {
			plain = append(plain, text...)
		}
	}
	return nil, "", errNotSealed
}

// sealedPart is a message as it was sealed, and what it was before.
type sealedPart struct {
	contentType  string
	length       int
	header, data []byte
}

// sealedReader walks through a sealed body.
type sealedReader struct {
	rest []byte
	name string // of the boundary
}

// delimiter takes a boundary off the front; ends tells that it is the last.
func (r *sealedReader) delimiter() (found, ends bool) {
	rest, ok := bytes.CutPrefix(r.rest, []byte("--"))
	if !ok {
		return false, false
	}
	if rest, ok = bytes.CutPrefix(bytes.TrimPrefix(rest, []byte(" ")), []byte(r.name)); !ok {
		return false, false
	}
	if _, ends = bytes.CutPrefix(rest, []byte("--")); ends {
		return true, true
	}
	if rest, ok = bytes.CutPrefix(rest, []byte("\r\n")); !ok {
		return false, false
	}
	r.rest = rest
	return true, false
}

// end looks whether the last boundary is next.
func (r *sealedReader) end() bool {
	look := *r
	_, ends := look.delimiter()
	return ends
}

// line takes a header line.
func (r *sealedReader) line() (name, value string, ok bool) {
	i := bytes.Index(r.rest, []byte("\r\n"))
	if i < 0 || i > 1024 {
		return "", "", false
	}
	name, value, ok = strings.Cut(string(r.rest[:i]), ":")
	r.rest = r.rest[i+2:]
	return strings.TrimSpace(name), strings.TrimSpace(value), ok
}

// part takes both halves of a part: what it was, and the sealed bytes.
func (r *sealedReader) part() (p sealedPart, err error) {
	if found, ends := r.delimiter(); !found || ends {
		return p, errNotSealed
	}
	p.length = -1
	for {
		if found, ends := r.delimiter(); ends {
			return p, errNotSealed
		} else if found {
			break
		}
		name, value, ok := r.line()
		if !ok {
			return p, errNotSealed
		}
		if strings.EqualFold(name, "OriginalContent") {
			p.contentType, p.length = originalContent(value)
		}
	}
	name, value, ok := r.line()
	if !ok || !strings.EqualFold(name, "Content-Type") || !strings.EqualFold(value, "application/octet-stream") || p.length < 0 {
		return p, errNotSealed
	}
	return p, r.content(&p)
}

// originalContent reads "type=application/soap+xml;charset=UTF-8;Length=1234";
// length is -1 where it says none.
func originalContent(value string) (contentType string, length int) {
	i := strings.LastIndexByte(value, ';')
	if i < 0 {
		return "", -1
	}
	digits, ok := cutPrefixFold(value[i+1:], "length=")
	n, err := strconv.Atoi(strings.TrimSpace(digits))
	if !ok || err != nil || n < 0 {
		return "", -1
	}
	contentType, _ = cutPrefixFold(value[:i], "type=")
	return contentType, n
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// content takes the sealed bytes up to the next boundary. What is sealed is no
// shorter than what it was, so a boundary is looked for beyond that only.
func (r *sealedReader) content(p *sealedPart) error {
	if len(r.rest) < 4 {
		return errNotSealed
	}
	size := int(binary.LittleEndian.Uint32(r.rest))
	r.rest = r.rest[4:]
	if size < 0 || size > len(r.rest) || p.length > len(r.rest)-size {
		return errNotSealed
	}
	p.header, r.rest = r.rest[:size], r.rest[size:]
	for at := p.length; ; at++ {
		i := bytes.Index(r.rest[at:], []byte("--"))
		if i < 0 {
			return errNotSealed
		}
		at += i
		next := sealedReader{rest: r.rest[at:], name: r.name}
		if found, ends := next.delimiter(); found || ends {
			p.data, r.rest = r.rest[:at], r.rest[at:]
			return nil
		}
	}
}
