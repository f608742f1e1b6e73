package kerberos

import (
	"context"
	"encoding/asn1"
	"encoding/binary"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Kinds of tokens (RFC 4121 4.1).
const (
	tokenRequest = 0x0100
	tokenReply   = 0x0200
	tokenError   = 0x0300
)

const (
	checksumGSS      = 0x8003
	usageReply       = 12
	mutualRequired   = 2                   // bit of ap-options
	contextFlags     = 2 | 4 | 8 | 16 | 32 // mutual, replay, sequence, confidentiality, integrity
	bindingsHashSize = 16
)

// Context is the security of one connection. Its methods may not be called
// concurrently.
type Context struct {
	ticket   *Ticket
	bindings []byte // hash of the channel bindings, or zeros
	sent     types.Authenticator
	keys     *keys // nil until the server has proved itself
}

// NewContext begins a connection. bindings is the hash of its channel bindings,
// nil for none.
func (t *Ticket) NewContext(bindings []byte) *Context {
	if bindings == nil {
		bindings = make([]byte, bindingsHashSize)
	}
	return &Context{ticket: t, bindings: bindings}
}

// OIDs are the names of the mechanism.
func (c *Context) OIDs() []asn1.ObjectIdentifier { return oids() }

// Complete tells whether the server has proved that it is the service.
func (c *Context) Complete() bool { return c.keys != nil }

// AlwaysMIC is false: Kerberos protects its own tokens.
func (c *Context) AlwaysMIC() bool { return false }

// Step makes the request of a nil token, and takes the server's reply.
func (c *Context) Step(_ context.Context, token []byte) ([]byte, error) {
	switch {
	case c.keys != nil:
		return nil, errorf(BadMessage, "the server goes on after the end")
	case token == nil && c.sent.AVNO == 0:
		return c.request()
	}
	return nil, safely(func() error { return c.reply(token) })
}

// request makes an AP-REQ (RFC 4120 5.5.1) in its frame.
func (c *Context) request() ([]byte, error) {
	a, err := types.NewAuthenticator(c.ticket.realm, c.ticket.client)
	if err != nil {
		return nil, errorf(Refused, "making a request: %v", err)
	}
	sum := binary.LittleEndian.AppendUint32(nil, bindingsHashSize)
	sum = binary.LittleEndian.AppendUint32(append(sum, c.bindings...), contextFlags)
	a.Cksum = types.Checksum{CksumType: checksumGSS, Checksum: sum}
	if err := a.GenerateSeqNumberAndSubKey(c.ticket.key.KeyType, keySize(c.ticket.key.KeyType)); err != nil {
		return nil, errorf(Refused, "making a key: %v", err)
	}
	req, err := messages.NewAPReq(c.ticket.ticket, c.ticket.key, a)
	if err != nil {
		return nil, errorf(Refused, "making a request: %v", err)
	}
	types.SetFlag(&req.APOptions, mutualRequired)
	b, err := req.Marshal()
	if err != nil {
		return nil, errorf(Refused, "making a request: %v", err)
	}
	c.sent = a
	return frame(tokenRequest, b)
}

// reply takes an AP-REP (RFC 4120 5.5.2): who could read the request's time is
// the service.
func (c *Context) reply(token []byte) error {
	kind, b, err := unframe(token)
	switch {
	case err != nil:
		return err
	case kind == tokenError:
		var e messages.KRBError
		if e.Unmarshal(b) != nil {
			return errorf(BadMessage, "the server's error is malformed")
		}
		return fromKDC(e.Error(), c.ticket.spn)
	case kind != tokenReply:
		return errorf(BadMessage, "the server's token is no reply")
	}
	part, err := c.open(b)
	if err != nil {
		return err
	}
	if part.CTime.Unix() != c.sent.CTime.Unix() || part.Cusec != c.sent.Cusec {
		return errorf(BadMessage, "the server did not prove that it is %s", c.ticket.spn)
	}
	key, subkey := c.sent.SubKey, false
	if part.Subkey.KeyType != 0 {
		key, subkey = part.Subkey, true
		if len(key.KeyValue) != keySize(key.KeyType) {
			return errorf(BadMessage, "the server's key has the wrong length")
		}
	}
	c.keys, err = newKeys(key, subkey, true, uint64(uint32(c.sent.SeqNumber)), uint64(uint32(part.SequenceNumber)))
	return err
}

func (c *Context) open(b []byte) (part messages.EncAPRepPart, err error) {
	var rep messages.APRep
	if err := rep.Unmarshal(b); err != nil {
		return part, errorf(BadMessage, "the server's reply is malformed")
	}
	const least = 16 + 24 // a confounder and the longest checksum
	if rep.EncPart.EType != c.ticket.key.KeyType || len(rep.EncPart.Cipher) < least {
		return part, errorf(BadMessage, "the server's reply is encrypted with another key")
	}
	plain, err := crypto.DecryptEncPart(rep.EncPart, c.ticket.key, usageReply)
	if err != nil || part.Unmarshal(plain) != nil {
		return part, errorf(BadMessage, "the server did not prove that it is %s", c.ticket.spn)
	}
	return part, nil
}

// Seal encrypts the next message: what goes before it, and the message.
func (c *Context) Seal(plain []byte) (header, data []byte, err error) { return c.keys.seal(plain) }

// Unseal decrypts the server's next message. After an error the context is of
// no use any more.
func (c *Context) Unseal(header, data []byte) ([]byte, error) { return c.keys.unseal(header, data) }

// MIC signs data for the server, CheckMIC holds the server's signature against
// data.
func (c *Context) MIC(data []byte) ([]byte, error) { return c.keys.mic(&c.keys.out, data) }
func (c *Context) CheckMIC(data, mic []byte) error { return c.keys.checkMIC(data, mic) }

// frame puts GSS-API's frame around a token (RFC 2743 3.1, RFC 4121 4.1).
func frame(kind uint16, b []byte) ([]byte, error) {
	oid, err := asn1.Marshal(oids()[0])
	if err != nil {
		return nil, err
	}
	inner := append(binary.BigEndian.AppendUint16(oid, kind), b...)
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: 0, IsCompound: true, Bytes: inner})
}

func unframe(token []byte) (kind uint16, b []byte, err error) {
	malformed := errorf(BadMessage, "the server's token is malformed")
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(token, &outer)
	if err != nil || len(rest) > 0 || outer.Class != asn1.ClassApplication || outer.Tag != 0 {
		return 0, nil, malformed
	}
	var oid asn1.ObjectIdentifier
	b, err = asn1.Unmarshal(outer.Bytes, &oid)
	if err != nil || !oid.Equal(oids()[0]) || len(b) < 2 {
		return 0, nil, malformed
	}
	return binary.BigEndian.Uint16(b), b[2:], nil
}
