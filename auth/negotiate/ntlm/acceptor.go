package ntlm

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"strings"
	"time"
)

// Acceptor is the server's side of one authentication: [Acceptor.Challenge]
// answers the client's first message, [Acceptor.Accept] takes its second.
type Acceptor struct {
	// Computer and Domain are the names that the server gives itself.
	Computer, Domain string
	// Password looks up the password of an account, as the client names it.
	Password func(user, domain string) (string, bool)
	// Bindings, where it is set, is the hash of the channel bindings that a
	// client has to show; BindingsNeeded refuses a client that shows none.
	Bindings       []byte
	BindingsNeeded bool
	// Now is the clock of the challenge.
	Now func() time.Time

	negotiate, challenge []byte
}

// Challenge answers a NEGOTIATE_MESSAGE.
func (a *Acceptor) Challenge(negotiate []byte) ([]byte, error) {
	if err := message(negotiate, typeNegotiate, 16, "NTLM negotiation"); err != nil {
		return nil, err
	}
	nonce := make([]byte, 8)
	_, _ = rand.Read(nonce) // never fails
	a.negotiate = append([]byte(nil), negotiate...)
	a.challenge = a.write(nonce)
	return a.challenge, nil
}

// write makes a CHALLENGE_MESSAGE ([MS-NLMP] 2.2.1.2).
func (a *Acceptor) write(nonce []byte) []byte {
	const fixed = 56
	name := toUTF16(a.Computer)
	info := appendAVPair(nil, avDomainName, toUTF16(a.Domain))
	info = appendAVPair(info, avComputerName, name)
	info = appendAVPair(info, avTimestamp, binary.LittleEndian.AppendUint64(nil, fileTime(a.Now())))
	info = appendAVPair(info, avEOL, nil)
	le := binary.LittleEndian
	b := append([]byte(signature), typeChallenge, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(name))), uint16(len(name)))
	b = le.AppendUint32(b, fixed)
	b = le.AppendUint32(b, required|flagRequestTarget|flagTargetTypeServer|flagNTLM|flagAlwaysSign|flagVersion|flag56)
	b = append(append(b, nonce...), make([]byte, 8)...)
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(info))), uint16(len(info)))
	b = le.AppendUint32(b, uint32(fixed+len(name)))
	b = append(b, 10, 0, 0x61, 0x4a, 0, 0, 0, 15) // Windows 10.0.19041
	return append(append(b, name...), info...)
}

// fileTime counts 100 ns since 1601.
func fileTime(t time.Time) uint64 {
	const since1601 = 11644473600
	return uint64(t.Unix()+since1601)*1e7 + uint64(t.Nanosecond()/100)
}

// Accepted is a client that has proved its password.
type Accepted struct {
	User, Domain string
	Session      *Session
}

// Accept takes an AUTHENTICATE_MESSAGE.
func (a *Acceptor) Accept(authenticate []byte) (*Accepted, error) {
	if a.challenge == nil {
		return nil, &Error{"a response without a challenge before it"}
	}
	r, err := parseResponse(authenticate)
	if err != nil {
		return nil, err
	}
	password, ok := a.Password(r.user, r.domain)
	if !ok {
		return nil, &Error{"no such account"}
	}
	key, err := r.sessionKey(a.challenge[24:32], password)
	if err != nil {
		return nil, err
	}
	if err := r.checkMIC(key, a.negotiate, a.challenge); err != nil {
		return nil, err
	}
	if err := a.checkBindings(r.pairs[avChannelBindings]); err != nil {
		return nil, err
	}
	a.challenge = nil
	return &Accepted{User: r.user, Domain: r.domain, Session: newSession(key, false)}, nil
}

func (a *Acceptor) checkBindings(shown []byte) error {
	if len(shown) == 0 || strings.Trim(string(shown), "\x00") == "" {
		if a.BindingsNeeded {
			return &Error{"the client is not bound to this TLS connection"}
		}
		return nil
	}
	if a.Bindings != nil && subtle.ConstantTimeCompare(shown, a.Bindings) != 1 {
		return &Error{"the client is bound to another TLS connection"}
	}
	return nil
}
