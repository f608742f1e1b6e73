package clixml

import (
	"slices"
	"strings"
)

// tag is a start tag. Attribute values are as in the document.
type tag struct {
	name    string
	n       string // N, the member's name
	ref     string // RefId
	version string
	start   int // offset of '<'
	hasN    bool
	hasRef  bool
	empty   bool // <name />
}

// maxAttributes bounds the attributes of one tag; CLIXML has three at most.
const maxAttributes = 8

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80
}

// fail makes the error of this document at offset.
func (d *Decoder) fail(offset int, msg string) error {
	return &SyntaxError{Offset: offset, Msg: msg}
}

// quote gives a bounded form of remote text for an error's message.
func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for _, r := range s {
		if r < 0x20 || r >= 0x7F {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return string(append(b, '"'))
}

// skip moves over white space, comments and processing instructions, as
// PowerShell's reader does, to the next tag or to the end of the document.
func (d *Decoder) skip() error {
	for d.pos < len(d.src) {
		c := d.src[d.pos]
		if isSpace(c) {
			d.pos++
			continue
		}
		if c != '<' {
			return d.fail(d.pos, "text where an element is expected")
		}
		skipped, err := d.skipMisc()
		if err != nil || !skipped {
			return err
		}
	}
	return nil
}

// skipMisc moves over one comment or processing instruction at d.pos, which is
// at a '<'.
func (d *Decoder) skipMisc() (bool, error) {
	rest := d.src[d.pos:]
	if len(rest) < 2 || rest[1] != '!' && rest[1] != '?' {
		return false, nil
	}
	switch {
	case strings.HasPrefix(rest, "<!--"):
		end := strings.Index(rest[4:], "--")
		if end < 0 || !strings.HasPrefix(rest[4+end+2:], ">") {
			return false, d.fail(d.pos, "malformed comment")
		}
		d.pos += 4 + end + 3
		return true, nil
	case strings.HasPrefix(rest, "<?"):
		end := strings.Index(rest, "?>")
		if end < 3 {
			return false, d.fail(d.pos, "malformed processing instruction")
		}
		if strings.HasPrefix(rest, "<?xml") && isSpace(rest[5]) && d.pos != 0 {
			return false, d.fail(d.pos, "XML declaration is not at the start")
		}
		d.pos += end + 2
		return true, nil
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return false, d.fail(d.pos, "document type declarations are not allowed")
	case strings.HasPrefix(rest, "<![CDATA["):
		return false, nil
	}
	return false, d.fail(d.pos, "malformed markup")
}

// open reads the start tag at d.pos.
func (d *Decoder) open(t *tag) error {
	src, start := d.src, d.pos
	if start >= len(src) {
		return d.fail(start, "unexpected end of document")
	}
	i := start + 1
	for i < len(src) && isNameByte(src[i]) {
		i++
	}
	if i == start+1 {
		return d.fail(start, "malformed tag")
	}
	t.name, t.start = src[start+1:i], start
	t.n, t.ref, t.version, t.hasN, t.hasRef, t.empty = "", "", "", false, false, false
	if i < len(src) && src[i] == '>' {
		d.pos = i + 1
		return nil
	}
	return d.attributes(t, i)
}

// attributes reads what follows the name of a start tag.
func (d *Decoder) attributes(t *tag, i int) error {
	var names [maxAttributes]string
	src := d.src
	for count := 0; ; count++ {
		space := i
		for i < len(src) && isSpace(src[i]) {
			i++
		}
		if i >= len(src) {
			return d.fail(len(src), "unexpected end of document")
		}
		if src[i] == '>' {
			d.pos = i + 1
			return nil
		}
		if src[i] == '/' {
			if i+1 >= len(src) || src[i+1] != '>' {
				return d.fail(i, "malformed tag")
			}
			t.empty = true
			d.pos = i + 2
			return nil
		}
		if space == i || count == maxAttributes {
			return d.fail(i, "malformed tag")
		}
		name, value, next, ok := attribute(src, i)
		if !ok {
			return d.fail(i, "malformed attribute")
		}
		if slices.Contains(names[:count], name) {
			return d.fail(i, "repeated attribute "+quote(name))
		}
		names[count] = name
		i = next
		switch name {
		case "N":
			t.n, t.hasN = value, true
		case "RefId":
			t.ref, t.hasRef = value, true
		case "Version":
			t.version = value
		}
	}
}

// attribute reads name="value" at src[i:] and returns the offset after it.
func attribute(src string, i int) (name, value string, next int, ok bool) {
	start := i
	for i < len(src) && isNameByte(src[i]) {
		i++
	}
	name = src[start:i]
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if name == "" || i >= len(src) || src[i] != '=' {
		return "", "", 0, false
	}
	i++
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) || src[i] != '"' && src[i] != '\'' {
		return "", "", 0, false
	}
	end := strings.IndexByte(src[i+1:], src[i])
	if end < 0 {
		return "", "", 0, false
	}
	value = src[i+1 : i+1+end]
	if strings.IndexByte(value, '<') >= 0 {
		return "", "", 0, false
	}
	return name, value, i + end + 2, true
}

// closeTag reads the end tag of name at d.pos.
func (d *Decoder) closeTag(name string) error {
	src, i := d.src, d.pos+2
	if i > len(src) || src[d.pos+1] != '/' || !strings.HasPrefix(src[i:], name) {
		return d.badEnd(name)
	}
	i += len(name)
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) || src[i] != '>' {
		return d.badEnd(name)
	}
	d.pos = i + 1
	return nil
}

func (d *Decoder) badEnd(name string) error {
	if d.pos >= len(d.src) {
		return d.fail(len(d.src), "unexpected end of document in "+quote(name))
	}
	return d.fail(d.pos, "expected the end of "+quote(name))
}

// more moves to the next child of the open element name. It reports false
// after it has read the element's end tag.
func (d *Decoder) more(name string) (bool, error) {
	if err := d.skip(); err != nil {
		return false, err
	}
	if d.pos+1 >= len(d.src) {
		return false, d.fail(len(d.src), "unexpected end of document in "+quote(name))
	}
	switch d.src[d.pos+1] {
	case '/':
		return false, d.closeTag(name)
	case '!':
		return false, d.fail(d.pos, "text where an element is expected")
	}
	return true, nil
}

// text reads the content of the primitive element t and its end tag: text
// with references resolved and line ends normalized, PowerShell's escapes
// still in it. special tells whether there may be any such escape.
func (d *Decoder) text(t *tag) (s string, special bool, err error) {
	if t.empty {
		return "", false, nil
	}
	src, start := d.src, d.pos
	i := start
	for {
		for i < len(src) && !textClass[src[i]] {
			i++
		}
		if i >= len(src) {
			return "", false, d.fail(len(src), "unexpected end of document in "+quote(t.name))
		}
		if src[i] == '_' {
			special = true
			i++
			continue
		}
		break
	}
	if src[i] == '<' && i+1 < len(src) && src[i+1] == '/' {
		d.pos = i
		return src[start:i], special, d.closeTag(t.name)
	}
	if err := d.slowText(t, start, i); err != nil {
		return "", false, err
	}
	return d.keep(d.scratch), true, nil
}

// slowText reads a content with references, carriage returns, comments or
// CDATA sections into d.scratch. src[start:i] is plain.
func (d *Decoder) slowText(t *tag, start, i int) error {
	src := d.src
	b := append(d.scratch[:0], src[start:i]...)
	for i < len(src) {
		switch c := src[i]; c {
		case '&':
			r, n := reference(src[i:])
			if n == 0 {
				return d.fail(i, "unknown reference")
			}
			b = appendUnit(b, r)
			i += n
		case '\r':
			b = append(b, '\n')
			if i++; i < len(src) && src[i] == '\n' {
				i++
			}
		case '<':
			d.pos = i
			if strings.HasPrefix(src[i:], "<![CDATA[") {
				end := strings.Index(src[i:], "]]>")
				if end < 0 {
					return d.fail(i, "unexpected end of document in a CDATA section")
				}
				b = appendLines(b, src[i+9:i+end])
				i += end + 3
				continue
			}
			skipped, err := d.skipMisc()
			if err != nil {
				return err
			}
			if skipped {
				i = d.pos
				continue
			}
			d.scratch = b
			return d.closeTag(t.name)
		default:
			j := i + 1
			for j < len(src) && (!textClass[src[j]] || src[j] == '_') {
				j++
			}
			b = append(b, src[i:j]...)
			i = j
		}
	}
	return d.fail(len(src), "unexpected end of document in "+quote(t.name))
}

// appendLines appends s to b with every line end as a line feed.
func appendLines(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '\r' {
			if i+1 < len(s) && s[i+1] == '\n' {
				continue
			}
			b = append(b, '\n')
			continue
		}
		b = append(b, s[i])
	}
	return b
}
