package kerberos

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/crypto/etype"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Flags of a token (RFC 4121 4.2.2).
const (
	sentByAcceptor = 1
	sealed         = 2
	acceptorSubkey = 4
)

// Key usages (RFC 4121 2).
const (
	usageAcceptorSeal  = 22
	usageAcceptorSign  = 23
	usageInitiatorSeal = 24
	usageInitiatorSign = 25
)

const tokenHeader = 16 // bytes

// keys seal and unseal messages of one context: the sides' flags, usages and
// numbers.
type keys struct {
	key     types.EncryptionKey
	etype   etype.EType
	out, in direction
}

// direction is one way of a context.
type direction struct {
	flags      byte
	seal, sign uint32 // key usages
	seq        uint64 // of the next message
}

func newKeys(key types.EncryptionKey, subkey, initiator bool, outSeq, inSeq uint64) (*keys, error) {
	et, err := strong(key.KeyType)
	if err != nil {
		return nil, err
	}
	k := &keys{key: key, etype: et}
	k.out = direction{flags: 0, seal: usageInitiatorSeal, sign: usageInitiatorSign}
	k.in = direction{flags: sentByAcceptor, seal: usageAcceptorSeal, sign: usageAcceptorSign}
	if !initiator {
		k.out, k.in = k.in, k.out
	}
	k.out.seq, k.in.seq = outSeq, inSeq
	if subkey {
		k.out.flags |= acceptorSubkey
		k.in.flags |= acceptorSubkey
	}
	return k, nil
}

// strong gives an encryption type, if it is one of AES's.
func strong(id int32) (etype.EType, error) {
	switch id {
	case 17, 18, 19, 20:
		return crypto.GetEtype(id)
	case 23:
		return nil, errorf(WeakCipher, "the key is of rc4-hmac, which is not accepted")
	}
	return nil, errorf(WeakCipher, "the key is of encryption type %d, which is not accepted", id)
}

// keySize is how long keys of a strong type are, in bytes.
func keySize(id int32) int {
	if id == 17 || id == 19 {
		return 16
	}
	return 32
}

// header writes the head of a Wrap token.
func (d *direction) header(extra, rotation uint16) []byte {
	b := []byte{5, 4, d.flags | sealed, 0xff}
	b = binary.BigEndian.AppendUint16(b, extra)
	b = binary.BigEndian.AppendUint16(b, rotation)
	return binary.BigEndian.AppendUint64(b, d.seq)
}

// seal makes a Wrap token (RFC 4121 4.2.4) in the two parts that WinRM sends: the
// second is as long as the message, because the trailer is rotated to the front
// and stands, with the confounder, in the first.
func (k *keys) seal(plain []byte) (head, data []byte, err error) {
	rotation := tokenHeader + k.etype.GetHMACBitLength()/8
	inner := append(append(make([]byte, 0, len(plain)+tokenHeader), plain...), k.out.header(0, 0)...)
	_, text, err := k.etype.EncryptMessage(k.key.KeyValue, inner, k.out.seal)
	if err != nil {
		return nil, nil, errorf(Refused, "sealing: %v", err)
	}
	head = k.out.header(0, uint16(rotation))
	k.out.seq++
	cut := len(text) - rotation
	confounder := k.etype.GetConfounderByteSize()
	head = append(append(head, text[cut:]...), text[:confounder]...)
	return head, text[confounder:cut], nil
}

// unseal takes a Wrap token, however it is cut in two and rotated, checks that
// it is the next one and gives the message.
func (k *keys) unseal(head, data []byte) ([]byte, error) {
	token := append(append(make([]byte, 0, len(head)+len(data)), head...), data...)
	least := tokenHeader + k.etype.GetConfounderByteSize() + tokenHeader + k.etype.GetHMACBitLength()/8
	if len(token) < least {
		return nil, errorf(BadMessage, "a sealed message is too short")
	}
	extra, rotation := binary.BigEndian.Uint16(token[4:]), binary.BigEndian.Uint16(token[6:])
	header, text := token[:tokenHeader], token[tokenHeader:]
	if subtle.ConstantTimeCompare(header, k.in.header(extra, rotation)) != 1 {
		return nil, errorf(BadMessage, "a sealed message is not the next one: it was altered, repeated or left out on the way")
	}
	turn := int(rotation) % len(text)
	text = append(append(make([]byte, 0, len(text)), text[turn:]...), text[:turn]...)
	inner, err := k.etype.DecryptMessage(k.key.KeyValue, text, k.in.seal)
	if err != nil {
		return nil, errorf(BadMessage, "a sealed message was altered on the way")
	}
	size := len(inner) - tokenHeader - int(extra)
	if size < 0 || subtle.ConstantTimeCompare(inner[len(inner)-tokenHeader:], k.in.header(extra, 0)) != 1 {
		return nil, errorf(BadMessage, "a sealed message's head was altered on the way")
	}
	k.in.seq++
	return inner[:size], nil
}

// micHeader writes the head of a MIC token (RFC 4121 4.2.6.1).
func (d *direction) micHeader() []byte {
	return binary.BigEndian.AppendUint64([]byte{4, 4, d.flags, 0xff, 0xff, 0xff, 0xff, 0xff}, d.seq)
}

func (k *keys) mic(d *direction, data []byte) ([]byte, error) {
	head := d.micHeader()
	sum, err := k.etype.GetChecksumHash(k.key.KeyValue, append(append([]byte(nil), data...), head...), d.sign)
	if err != nil {
		return nil, errorf(Refused, "signing: %v", err)
	}
	d.seq++
	return append(head, sum...), nil
}

func (k *keys) checkMIC(data, mic []byte) error {
	want, err := k.mic(&k.in, data)
	if err != nil || subtle.ConstantTimeCompare(want, mic) != 1 {
		return errorf(BadMessage, "a signature is wrong: what it signs was altered on the way")
	}
	return nil
}
