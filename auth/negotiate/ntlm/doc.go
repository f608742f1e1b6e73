// Package ntlm is NTLM version 2 ([MS-NLMP]) as far as remoting needs it: the
// client's messages are github.com/bodgit/ntlmssp's; what that library lacks is
// here: the refusal of weak options, the session's signing and sealing with
// the checks of its input, the MIC over SPNEGO's list of mechanisms, and the
// accepting side's reading of a response.
//
// A [Client] answers a server's challenge; the [Session] that comes of it seals
// messages with RC4 of 128 bits and counts them in both directions. An
// [Acceptor] is the other side, for tests and for a lab.
//
// The password never stands in an error.
package ntlm

import "encoding/binary"

// Message types ([MS-NLMP] 2.2.1).
const (
	typeNegotiate    = 1
	typeChallenge    = 2
	typeAuthenticate = 3
)

const signature = "NTLMSSP\x00"

// Flags of a negotiation ([MS-NLMP] 2.2.2.5).
const (
	flagUnicode                 = 1 << 0
	flagRequestTarget           = 1 << 2
	flagSign                    = 1 << 4
	flagSeal                    = 1 << 5
	flagNTLM                    = 1 << 9
	flagAlwaysSign              = 1 << 15
	flagTargetTypeServer        = 1 << 17
	flagExtendedSessionSecurity = 1 << 19
	flagTargetInfo              = 1 << 23
	flagVersion                 = 1 << 25
	flag128                     = 1 << 29
	flagKeyExchange             = 1 << 30
	flag56                      = 1 << 31

	// required is what a server has to offer: with less, the session's keys are
	// weaker than they could be.
	required = flagUnicode | flagSign | flagSeal | flagExtendedSessionSecurity | flagTargetInfo | flag128 | flagKeyExchange
)

// Ids of what a target's description holds ([MS-NLMP] 2.2.2.1).
const (
	avEOL             = 0
	avComputerName    = 1
	avDomainName      = 2
	avFlags           = 6
	avTimestamp       = 7
	avChannelBindings = 10

	avFlagMIC = 2
)

// Error says what is wrong with a message, or with what a server wants.
type Error struct{ Msg string }

func (e *Error) Error() string { return "ntlm: " + e.Msg }

// IsMessage tells whether b is an NTLM message, as it may stand in place of a
// SPNEGO token.
func IsMessage(b []byte) bool {
	return len(b) >= 12 && string(b[:8]) == signature
}

// message checks the head of a message and gives its bytes, at least size of
// them.
func message(b []byte, kind uint32, size int, name string) error {
	if !IsMessage(b) || len(b) < size || binary.LittleEndian.Uint32(b[8:]) != kind {
		return &Error{"what came is no " + name}
	}
	return nil
}

// field reads a length and an offset at b[at:] and gives the bytes they name.
func field(b []byte, at int) ([]byte, error) {
	length := int(binary.LittleEndian.Uint16(b[at:]))
	offset := int(binary.LittleEndian.Uint32(b[at+4:]))
	if length == 0 {
		return nil, nil
	}
	if offset < 0 || offset > len(b) || length > len(b)-offset {
		return nil, &Error{"a field reaches beyond its message"}
	}
	return b[offset : offset+length], nil
}
