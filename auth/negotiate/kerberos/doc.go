// Package kerberos is the client's side of Kerberos version 5 as GSS-API has it
// (RFC 4120, RFC 4121): tickets come by github.com/jcmturner/gokrb5, whose
// encryption types are used too; what that library lacks is here: mutual
// authentication, sequence numbers, sealed Wrap tokens laid out as WinRM sends
// and takes them, and channel bindings.
//
// A [Client] is one account. It gets a [Ticket] for a service, with which a
// [Context] is made for each connection. Sealing is AES's, with SHA-1 (RFC 3962)
// or SHA-2 (RFC 8009); tickets and keys of rc4-hmac are refused by name.
package kerberos

import (
	"encoding/asn1"
	"fmt"
)

// Reason says why something failed, in words that a caller can switch on.
type Reason string

// The reasons.
const (
	WrongPassword  Reason = "wrong password" // or a keytab with old keys
	UnknownClient  Reason = "unknown client"
	ClientRevoked  Reason = "account unusable" // locked, disabled, or its password has expired
	UnknownService Reason = "unknown service"
	UnknownRealm   Reason = "unknown realm"
	NoAnswer       Reason = "no answer" // from the KDC
	ClockSkew      Reason = "clock skew"
	WeakCipher     Reason = "weak cipher"
	NoCredentials  Reason = "no credentials"
	BadMessage     Reason = "bad message" // altered, or not what the protocol prescribes
	Refused        Reason = "refused"
)

// Error is a failure of Kerberos.
type Error struct {
	Reason Reason
	Msg    string
}

func (e *Error) Error() string { return "kerberos: " + e.Msg }

func errorf(reason Reason, format string, args ...any) error {
	return &Error{reason, fmt.Sprintf(format, args...)}
}

// Names of the mechanism (RFC 4121 2; [MS-SPNG] 1.9 has the second, which
// Windows sends too).
func oids() []asn1.ObjectIdentifier {
	return []asn1.ObjectIdentifier{{1, 2, 840, 113554, 1, 2, 2}, {1, 2, 840, 48018, 1, 2, 2}}
}
