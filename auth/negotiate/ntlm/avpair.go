package ntlm

import "encoding/binary"

// avPairs is a target's description: an ordered list of attributes
// ([MS-NLMP] 2.2.2.1).
type avPairs map[uint16][]byte

// parseAVPairs reads pairs up to the one that ends them.
func parseAVPairs(b []byte) (avPairs, error) {
	pairs := avPairs{}
	for {
		if len(b) < 4 {
			return nil, &Error{"a target's description has no end"}
		}
		id, size := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		b = b[4:]
		if id == avEOL {
			return pairs, nil
		}
		if size > len(b) {
			return nil, &Error{"an attribute reaches beyond its message"}
		}
		if _, twice := pairs[id]; twice {
			return nil, &Error{"an attribute stands twice in a target's description"}
		}
		pairs[id] = b[:size]
		b = b[size:]
	}
}

func appendAVPair(b []byte, id uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// hasMIC tells whether the client promised a MIC over all three messages.
func (p avPairs) hasMIC() bool {
	v := p[avFlags]
	return len(v) == 4 && binary.LittleEndian.Uint32(v)&avFlagMIC != 0
}
