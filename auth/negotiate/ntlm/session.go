package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"crypto/subtle"
	"encoding/binary"
)

// SignatureSize is how long a message's signature is, in bytes.
const SignatureSize = 16

// Session seals and unseals messages ([MS-NLMP] 3.4). Its methods may not be
// called concurrently: the order of messages is part of their signatures.
type Session struct{ out, in direction }

// direction is one way of a session: its keys, the state of its cipher, and
// the number of the next message.
type direction struct {
	signKey, sealKey []byte
	cipher           *rc4.Cipher
	seq              uint32
}

func newSession(key []byte, initiator bool) *Session {
	toServer := newDirection(key, "client-to-server")
	toClient := newDirection(key, "server-to-client")
	if initiator {
		return &Session{out: toServer, in: toClient}
	}
	return &Session{out: toClient, in: toServer}
}

// newDirection derives the keys ([MS-NLMP] 3.4.5.2, 3.4.5.3).
func newDirection(key []byte, way string) direction {
	derive := func(what string) []byte {
		h := md5.New()
		h.Write(key)
		h.Write([]byte("session key to " + way + " " + what + " key magic constant\x00"))
		return h.Sum(nil)
	}
	d := direction{signKey: derive("signing"), sealKey: derive("sealing")}
	d.cipher = newRC4(d.sealKey)
	return d
}

// newRC4 makes a cipher of a digest, which is never of a length that RC4 refuses.
func newRC4(key []byte) *rc4.Cipher {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return c
}

// sign is the signature of a message ([MS-NLMP] 3.4.4.2).
func (d *direction) sign(cipher *rc4.Cipher, seq uint32, plain []byte) []byte {
	number := binary.LittleEndian.AppendUint32(nil, seq)
	mac := hmac.New(md5.New, d.signKey)
	mac.Write(number)
	mac.Write(plain)
	sum := mac.Sum(nil)[:8]
	cipher.XORKeyStream(sum, sum)
	return append(append([]byte{1, 0, 0, 0}, sum...), number...)
}

// Seal encrypts a message and signs it.
func (s *Session) Seal(plain []byte) (signature, sealed []byte) {
	sealed = make([]byte, len(plain))
	s.out.cipher.XORKeyStream(sealed, plain)
	signature = s.out.sign(s.out.cipher, s.out.seq, plain)
	s.out.seq++
	return signature, sealed
}

// Unseal decrypts the next message and checks its signature and its number.
// After an error the session is of no use any more.
func (s *Session) Unseal(signature, sealed []byte) ([]byte, error) {
	if len(signature) != SignatureSize {
		return nil, &Error{"a signature of the wrong length"}
	}
	plain := make([]byte, len(sealed))
	s.in.cipher.XORKeyStream(plain, sealed)
	want := s.in.sign(s.in.cipher, s.in.seq, plain)
	if subtle.ConstantTimeCompare(want, signature) != 1 {
		return nil, &Error{"a message's signature is wrong: it was altered, repeated or left out on the way"}
	}
	s.in.seq++
	return plain, nil
}

// MIC signs the list of mechanisms of a SPNEGO negotiation. It counts as a
// message, but the first one that is sealed begins with a fresh cipher all the
// same ([MS-SPNG] 3.3.5.1).
func (s *Session) MIC(data []byte) ([]byte, error) {
	mic := s.out.sign(newRC4(s.out.sealKey), s.out.seq, data)
	s.out.seq++
	return mic, nil
}

// CheckMIC checks the other side's.
func (s *Session) CheckMIC(data, mic []byte) error {
	if subtle.ConstantTimeCompare(s.in.sign(newRC4(s.in.sealKey), s.in.seq, data), mic) != 1 {
		return &Error{"the MIC over the list of mechanisms is wrong: it was altered on the way"}
	}
	s.in.seq++
	return nil
}
