package psrp

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

// Destination tells which side a message is for. [MS-PSRP] 2.2.1
type Destination uint32

// The two sides.
const (
	ToClient Destination = 1
	ToServer Destination = 2
)

// Message is one PSRP message. [MS-PSRP] 2.2.1
type Message struct {
	Destination Destination
	Type        MessageType
	PoolID      uuid.UUID
	PipelineID  uuid.UUID // uuid.Nil for messages of the pool
	Body        []byte    // CLIXML in UTF-8 without BOM; empty is $null
}

const (
	messageHeader = 40
	bom           = "\xEF\xBB\xBF"
)

// MessageError tells why the bytes of a message, or its place on the wire, are
// not what the protocol allows.
type MessageError struct{ Msg string }

func (e *MessageError) Error() string { return "psrp message: " + e.Msg }

// Append appends the message as it travels: header, byte order mark, body.
// An empty body travels without a byte order mark.
func (m *Message) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.Destination))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.Type))
	dst = appendGUID(dst, m.PoolID)
	dst = appendGUID(dst, m.PipelineID)
	if len(m.Body) == 0 {
		return dst
	}
	dst = append(dst, bom...)
	return append(dst, m.Body...)
}

// ParseMessage reads a message; its Body is a part of b, not a copy. Errors are
// of type *MessageError.
func ParseMessage(b []byte) (Message, error) {
	if len(b) < messageHeader {
		return Message{}, &MessageError{fmt.Sprintf("%d bytes are less than the header's %d", len(b), messageHeader)}
	}
	m := Message{
		Destination: Destination(binary.LittleEndian.Uint32(b)),
		Type:        MessageType(binary.LittleEndian.Uint32(b[4:])),
		PoolID:      readGUID(b[8:]),
		PipelineID:  readGUID(b[24:]),
		Body:        b[messageHeader:],
	}
	if m.Destination != ToClient && m.Destination != ToServer {
		return Message{}, &MessageError{fmt.Sprintf("destination %d is neither client nor server", m.Destination)}
	}
	if len(m.Body) >= len(bom) && string(m.Body[:len(bom)]) == bom {
		m.Body = m.Body[len(bom):]
	}
	return m, nil
}

// appendGUID writes a GUID as .NET lays it out: the first three groups are
// little-endian numbers.
func appendGUID(dst []byte, id uuid.UUID) []byte {
	return append(dst,
		id[3], id[2], id[1], id[0], id[5], id[4], id[7], id[6],
		id[8], id[9], id[10], id[11], id[12], id[13], id[14], id[15])
}

func readGUID(b []byte) uuid.UUID {
	return uuid.UUID{
		b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6],
		b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
	}
}
