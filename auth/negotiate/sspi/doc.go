// Package sspi lets Windows authenticate its current user to a server: by the
// security packages Negotiate, Kerberos and NTLM, with the sign-in of the desktop and
// no password asked. It also seals the messages that follow.
//
// A [Provider] is what is called of Windows; [System] is Windows itself, and nil
// on other systems. What can be decided without Windows is decided in [Context],
// so that it can be shown anywhere.
package sspi

import (
	"errors"
	"fmt"
)

// ErrOtherSystem says that there is no current user to authenticate as.
var ErrOtherSystem = errors.New("signing in as the current user, without a name and a password, is there on Windows only")

// The security packages, by their names.
const (
	Negotiate = "Negotiate"
	Kerberos  = "Kerberos"
	NTLM      = "NTLM"
)

// Flags of a context: what is asked for is ISC_REQ_*, what was agreed on
// ISC_RET_*, with the same numbers for these.
const (
	FlagMutualAuth      = 0x2
	FlagReplayDetect    = 0x4
	FlagSequenceDetect  = 0x8
	FlagConfidentiality = 0x10
	FlagConnection      = 0x800
	FlagIntegrity       = 0x10000
)

// Wanted is what every context is asked for.
const Wanted = FlagMutualAuth | FlagReplayDetect | FlagSequenceDetect | FlagConfidentiality | FlagConnection | FlagIntegrity

// Provider is the part of Windows' security support that is called.
type Provider interface {
	// Account is the current user.
	Account() string
	// NewHandle begins a context of the current user with a package, for a service.
	// It asks nobody yet.
	NewHandle(pkg, service string) (Handle, error)
}

// Handle is one context of a [Provider], as Windows has it.
type Handle interface {
	// Initialize takes the server's token, nil at first, and gives the next.
	// bindings is a SEC_CHANNEL_BINDINGS, nil for none. done tells that the server
	// needs to say nothing more.
	Initialize(token, bindings []byte) (out []byte, done bool, err error)
	// Agreed is what was agreed on, once that is done.
	Agreed() (Agreed, error)
	// Encrypt seals a message: a trailer and the message, with its padding.
	Encrypt(plain []byte) (trailer, sealed []byte, err error)
	// Decrypt opens a message that the server sealed.
	Decrypt(trailer, sealed []byte) (plain []byte, err error)
	// Release gives the context back; it is of no use any more.
	Release()
}

// Agreed is what a context came to.
type Agreed struct {
	Package string // Kerberos or NTLM
	Flags   uint32
	KeyBits int
	Cipher  uint32 // of Kerberos: the encryption type (RFC 3961)
}

// Status is a SECURITY_STATUS that is an error ([MS-ERREF] 2.3).
type Status uint32

// The statuses that are told apart.
const (
	StatusUnsupportedFunction Status = 0x80090302
	StatusTargetUnknown       Status = 0x80090303
	StatusInvalidToken        Status = 0x80090308
	StatusLogonDenied         Status = 0x8009030C
	StatusNoCredentials       Status = 0x8009030E
	StatusMessageAltered      Status = 0x8009030F
	StatusOutOfSequence       Status = 0x80090310
	StatusNoAuthority         Status = 0x80090311
	StatusWrongPrincipal      Status = 0x80090322
	StatusTimeSkew            Status = 0x80090324
	StatusDecryptFailure      Status = 0x80090330
	StatusKDCUnknownEType     Status = 0x80090341
	StatusUnsupportedPreauth  Status = 0x80090343
	StatusBadBindings         Status = 0x80090346
)

var statusText = map[Status]string{
	StatusUnsupportedFunction: "the security package does not do that",
	StatusTargetUnknown:       "the service is not known in the domain",
	StatusInvalidToken:        "the server's token is malformed",
	StatusLogonDenied:         "the sign-in was denied",
	StatusNoCredentials:       "this user has no credentials that the network knows",
	StatusMessageAltered:      "the message was altered",
	StatusOutOfSequence:       "a message is missing, or came twice",
	StatusNoAuthority:         "no domain controller answers",
	StatusWrongPrincipal:      "the ticket is for another account than the service's",
	StatusTimeSkew:            "the clocks differ too much",
	StatusDecryptFailure:      "the message does not decrypt",
	StatusKDCUnknownEType:     "the KDC has no cipher in common with this machine",
	StatusUnsupportedPreauth:  "the KDC wants a proof that is not known here",
	StatusBadBindings:         "the channel bindings are another connection's",
}

func (s Status) Error() string {
	if text, ok := statusText[s]; ok {
		return fmt.Sprintf("%s (0x%08X)", text, uint32(s))
	}
	return fmt.Sprintf("Windows gives the status 0x%08X", uint32(s))
}

// WeakError says that what was agreed on is not enough.
type WeakError struct{ Msg string }

func (e *WeakError) Error() string { return e.Msg }
