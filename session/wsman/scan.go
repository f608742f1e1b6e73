package wsman

import "bytes"

// scanner walks through an XML document in memory without copying it. It
// knows elements by their local names, checks that tags match, and refuses
// what SOAP forbids: document type declarations and processing instructions
// (SOAP 1.2 part 1, section 5).
type scanner struct {
	doc []byte
	pos int

	tag   []byte // name of the current start or end tag, with prefix
	attrs []byte // what follows the name in the current start tag
	text  []byte // current character data, still escaped
	raw   bool   // text is of a CDATA section
	empty bool   // the current start tag closes itself

	open  [maxDepth][]byte
	depth int
	seen  bool // the root element has begun
}

const maxDepth = 64

type token uint8

const (
	tokenEOF token = iota
	tokenStart
	tokenEnd
	tokenText
)

func (s *scanner) fail(msg string) error { return &SyntaxError{Offset: s.pos, Msg: msg} }

// next moves to the next token. A self-closing element gives a start and an end.
func (s *scanner) next() (token, error) {
	if s.empty {
		s.empty = false
		s.depth--
		s.tag = s.open[s.depth]
		return tokenEnd, nil
	}
	for s.pos < len(s.doc) {
		if s.doc[s.pos] != '<' {
			t, err := s.characters()
			if err != nil || t != tokenEOF {
				return t, err
			}
			continue
		}
		rest := s.doc[s.pos:]
		switch {
		case len(rest) < 2:
			return tokenEOF, s.fail("unexpected end")
		case rest[1] == '/':
			return s.endTag()
		case rest[1] == '!':
			done, err := s.declaration()
			if err != nil {
				return tokenEOF, err
			}
			if done {
				return tokenText, nil
			}
		case rest[1] == '?':
			if s.seen {
				return tokenEOF, s.fail("processing instruction")
			}
			if err := s.skipPast("?>"); err != nil {
				return tokenEOF, err
			}
		default:
			return s.startTag()
		}
	}
	if s.depth > 0 || !s.seen {
		return tokenEOF, s.fail("unexpected end")
	}
	return tokenEOF, nil
}

// characters reads up to the next tag; text outside the root must be white space.
func (s *scanner) characters() (token, error) {
	n := bytes.IndexByte(s.doc[s.pos:], '<')
	if n < 0 {
		n = len(s.doc) - s.pos
	}
	s.text, s.raw = s.doc[s.pos:s.pos+n], false
	if s.depth == 0 {
		if len(bytes.TrimSpace(s.text)) > 0 {
			return tokenEOF, s.fail("text outside of the envelope")
		}
		s.pos += n
		return tokenEOF, nil
	}
	s.pos += n
	return tokenText, nil
}

// declaration skips a comment, or reads a CDATA section and returns true.
func (s *scanner) declaration() (bool, error) {
	const cdata = "<![CDATA["
	rest := s.doc[s.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return false, s.skipPast("-->")
	case bytes.HasPrefix(rest, []byte(cdata)) && s.depth > 0:
		n := bytes.Index(rest, []byte("]]>"))
		if n < 0 {
			return false, s.fail("unexpected end")
		}
		s.text, s.raw = rest[len(cdata):n], true
		s.pos += n + 3
		return true, nil
	}
	return false, s.fail("document type declaration")
}

func (s *scanner) skipPast(mark string) error {
	n := bytes.Index(s.doc[s.pos:], []byte(mark))
	if n < 0 {
		return s.fail("unexpected end")
	}
	s.pos += n + len(mark)
	return nil
}

func (s *scanner) startTag() (token, error) {
	if s.depth == 0 && s.seen {
		return tokenEOF, s.fail("second root element")
	}
	i := s.pos + 1
	for i < len(s.doc) && !isTagEnd(s.doc[i]) {
		i++
	}
	if i == s.pos+1 {
		return tokenEOF, s.fail("element without a name")
	}
	s.tag = s.doc[s.pos+1 : i]
	begin, quote := i, byte(0)
	for ; i < len(s.doc); i++ {
		c := s.doc[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			} else if c == '<' {
				return tokenEOF, s.fail("tag within a tag")
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			return tokenEOF, s.fail("tag within a tag")
		case c == '>':
			if s.depth == maxDepth {
				return tokenEOF, s.fail("elements nested too deeply")
			}
			s.empty = i > begin && s.doc[i-1] == '/'
			s.attrs = s.doc[begin:i]
			if s.empty {
				s.attrs = s.doc[begin : i-1]
			}
			s.open[s.depth] = s.tag
			s.depth++
			s.seen = true
			s.pos = i + 1
			return tokenStart, nil
		}
	}
	return tokenEOF, s.fail("unexpected end")
}

func (s *scanner) endTag() (token, error) {
	n := bytes.IndexByte(s.doc[s.pos:], '>')
	if n < 0 {
		return tokenEOF, s.fail("unexpected end")
	}
	name := bytes.TrimRight(s.doc[s.pos+2:s.pos+n], " \t\r\n")
	if s.depth == 0 || !bytes.Equal(name, s.open[s.depth-1]) {
		return tokenEOF, s.fail("end tag without its start")
	}
	s.depth--
	s.tag = name
	s.pos += n + 1
	return tokenEnd, nil
}

func isTagEnd(c byte) bool {
	return c == '>' || c == '/' || isSpace(c) || c == '<' || c == '"' || c == '\''
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// local is the name of the current tag without its prefix.
func (s *scanner) local() []byte { return localName(s.tag) }

func localName(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// attrRaw finds an attribute of the current start tag, still escaped.
func (s *scanner) attrRaw(name string) ([]byte, bool) {
	rest := s.attrs
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			return nil, false
		}
		key := bytes.TrimRight(rest[:eq], " \t\r\n")
		rest = bytes.TrimLeft(rest[eq+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil, false
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil, false
		}
		if string(localName(key)) == name {
			return rest[1 : 1+end], true
		}
		rest = rest[end+2:]
	}
}

// attr is attrRaw without escapes, "" where there is none.
func (s *scanner) attr(name string) string {
	raw, _ := s.attrRaw(name)
	return unescape(raw)
}

// content returns the character data of the current element, escapes resolved
// and white space around it cut, and moves to its end tag. Elements within are
// passed over.
func (s *scanner) content() (string, error) {
	depth := s.depth
	var out []byte
	for {
		t, err := s.next()
		if err != nil {
			return "", err
		}
		switch {
		case t == tokenText && s.depth == depth && s.raw:
			out = append(out, s.text...)
		case t == tokenText && s.depth == depth:
			out = append(out, unescape(s.text)...)
		case t == tokenEnd && s.depth < depth:
			return string(bytes.TrimSpace(out)), nil
		}
	}
}

// skip moves to the end tag of the current element.
func (s *scanner) skip() error {
	depth := s.depth
	for {
		t, err := s.next()
		if err != nil {
			return err
		}
		if t == tokenEnd && s.depth < depth {
			return nil
		}
	}
}
