package outproc

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// MaxData is how many bytes a Data carries at most, as PowerShell writes them.
const MaxData = 32768

// Kind is the element of a packet.
type Kind uint8

// The kinds. Those without Ack are the client's, but for Data, which is both's.
const (
	Data Kind = iota + 1
	DataAck
	Command
	CommandAck
	Close
	CloseAck
	Signal
	SignalAck
)

var kindNames = [...]string{"", "Data", "DataAck", "Command", "CommandAck", "Close", "CloseAck", "Signal", "SignalAck"}

// String is the element's name.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

func kindOf(name string) Kind {
	for k, known := range kindNames {
		if known == name && k > 0 {
			return Kind(k)
		}
	}
	return 0
}

// Stream is what a Data belongs to.
type Stream string

// The streams: a client answers host calls on PromptResponse.
const (
	Default        Stream = "Default"
	PromptResponse Stream = "PromptResponse"
)

// Packet is one line.
type Packet struct {
	Kind   Kind
	ID     uuid.UUID // the command, or uuid.Nil for the session
	Stream Stream    // of a Data
	Data   []byte    // of a Data
}

// Append adds the packet to dst as PowerShell writes it, with its line end.
func (p Packet) Append(dst []byte) []byte {
	dst = append(append(dst, '<'), p.Kind.String()...)
	if p.Kind == Data {
		stream := p.Stream
		if stream == "" {
			stream = Default
		}
		dst = append(append(append(dst, " Stream='"...), stream...), '\'')
	}
	dst = append(append(append(dst, " PSGuid='"...), p.ID.String()...), '\'')
	if p.Kind != Data {
		return append(dst, " />\n"...)
	}
	dst = base64.StdEncoding.AppendEncode(append(dst, '>'), p.Data)
	return append(dst, "</Data>\n"...)
}

// errorPrefix begins the line by which a server under SSH reports an error.
const errorPrefix = "__NamedPipeError__:"

// Parse reads one line without its line end. It is strict about what a packet
// is and lenient about how XML may spell it: the order of the attributes, their
// quotes, and blanks. An empty line is [ErrEmptyLine]; the other errors are
// *[ServerError], *[LineError], *[ElementError] and *[PacketError].
func Parse(line []byte) (Packet, error) {
	line = bytes.TrimRight(line, " \t\r\n")
	if len(line) == 0 {
		return Packet{}, ErrEmptyLine
	}
	if text, ok := bytes.CutPrefix(line, []byte(errorPrefix)); ok {
		return Packet{}, &ServerError{serverText(text)}
	}
	s := scanner{rest: line}
	name, ok := s.open()
	if !ok {
		return Packet{}, &LineError{excerpt(line)}
	}
	kind := kindOf(name)
	if kind == 0 {
		return Packet{}, &ElementError{excerpt([]byte(name))}
	}
	p, err := s.packet(kind)
	if err != nil {
		return Packet{}, &PacketError{kind, err.Error()}
	}
	return p, nil
}

// scanner reads an element.
type scanner struct{ rest []byte }

// open reads "<Name".
func (s *scanner) open() (name string, ok bool) {
	if s.rest[0] != '<' {
		return "", false
	}
	n := 1
	for n < len(s.rest) && isLetter(s.rest[n]) {
		n++
	}
	if n == 1 || n < len(s.rest) && strings.IndexByte(" \t/>", s.rest[n]) < 0 {
		return "", false
	}
	name, s.rest = string(s.rest[1:n]), s.rest[n:]
	return name, true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// packet reads attributes, content and end.
func (s *scanner) packet(kind Kind) (Packet, error) {
	p := Packet{Kind: kind}
	if err := s.attributes(&p); err != nil {
		return p, err
	}
	if !s.cut("/>") {
		if !s.cut(">") {
			return p, errors.New("its start does not end")
		}
		content, after, ok := bytes.Cut(s.rest, []byte("</"))
		if !ok || string(bytes.TrimRight(after, " \t")) != kind.String()+">" {
			return p, errors.New("it does not end")
		}
		if kind != Data && len(content) > 0 {
			return p, errors.New("it has content")
		}
		data := make([]byte, base64.StdEncoding.DecodedLen(len(content)))
		n, err := base64.StdEncoding.Strict().Decode(data, content)
		if err != nil {
			return p, fmt.Errorf("its content is no base64: %w", err)
		}
		s.rest = nil
		if kind == Data {
			p.Data = data[:n]
		}
	}
	if len(s.rest) > 0 {
		return p, errors.New("something follows it")
	}
	return p, nil
}

// attributes reads PSGuid and, of a Data, Stream; each once and no other.
func (s *scanner) attributes(p *Packet) error {
	haveID := false
	for {
		s.rest = bytes.TrimLeft(s.rest, " \t")
		name, value, ok := s.attribute()
		switch {
		case !ok && !haveID:
			return errors.New("it has no PSGuid")
		case !ok && p.Kind == Data && p.Stream == "":
			return errors.New("it has no Stream")
		case !ok:
			return nil
		case name == "PSGuid" && !haveID:
			id, err := uuid.Parse(value)
			if err != nil || len(value) != 36 {
				return errors.New("its PSGuid is no GUID")
			}
			p.ID, haveID = id, true
		case name == "Stream" && p.Kind == Data && p.Stream == "":
			p.Stream = Stream(value)
			if p.Stream != Default && p.Stream != PromptResponse {
				return fmt.Errorf("its stream is %q", excerpt([]byte(value)))
			}
		default:
			return fmt.Errorf("it has an attribute %q too many", excerpt([]byte(name)))
		}
	}
}

func (s *scanner) attribute() (name, value string, ok bool) {
	n := 0
	for n < len(s.rest) && isLetter(s.rest[n]) {
		n++
	}
	if n == 0 || len(s.rest) < n+3 || s.rest[n] != '=' || s.rest[n+1] != '\'' && s.rest[n+1] != '"' {
		return "", "", false
	}
	end := bytes.IndexByte(s.rest[n+2:], s.rest[n+1])
	if end < 0 {
		return "", "", false
	}
	name, value = string(s.rest[:n]), string(s.rest[n+2:n+2+end])
	s.rest = s.rest[n+2+end+1:]
	return name, value, true
}

func (s *scanner) cut(prefix string) bool {
	rest, ok := bytes.CutPrefix(s.rest, []byte(prefix))
	s.rest = rest
	return ok
}
