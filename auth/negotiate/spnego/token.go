package spnego

import (
	"encoding/asn1"
	"slices"
)

// oidSPNEGO is 1.3.6.1.5.5.2.
func oidSPNEGO() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2} }

// state of a negotiation (RFC 4178 4.2.2).
type state = asn1.Enumerated

const (
	stateCompleted  state = 0
	stateIncomplete state = 1
	stateReject     state = 2
	stateRequestMIC state = 3
	stateUnsaid     state = 99
)

// tokenInit is NegTokenInit (RFC 4178 4.2.1).
type tokenInit struct {
	MechTypes   []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	ReqFlags    asn1.BitString          `asn1:"explicit,optional,tag:1"`
	MechToken   []byte                  `asn1:"explicit,optional,omitempty,tag:2"`
	MechListMIC []byte                  `asn1:"explicit,optional,omitempty,tag:3"`
}

// tokenResp is NegTokenResp (RFC 4178 4.2.2).
type tokenResp struct {
	State         state                 `asn1:"explicit,optional,tag:0,default:99"`
	SupportedMech asn1.ObjectIdentifier `asn1:"explicit,optional,tag:1"`
	ResponseToken []byte                `asn1:"explicit,optional,omitempty,tag:2"`
	MechListMIC   []byte                `asn1:"explicit,optional,omitempty,tag:3"`
}

// tagged puts a choice of NegotiationToken around a value.
func tagged(choice int, v any) ([]byte, error) {
	b, err := asn1.Marshal(v)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: choice, IsCompound: true, Bytes: b})
}

// marshal writes an initial token, in GSS-API's frame (RFC 2743 3.1).
func (t *tokenInit) marshal() ([]byte, error) {
	inner, err := tagged(0, *t)
	if err != nil {
		return nil, err
	}
	oid, err := asn1.Marshal(oidSPNEGO())
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: 0, IsCompound: true, Bytes: append(oid, inner...)})
}

func (t *tokenResp) marshal() ([]byte, error) { return tagged(1, *t) }

var errMalformed = &Error{"the other side's token is malformed"}

// untag takes a choice of NegotiationToken apart.
func untag(b []byte, choice int, v any) error {
	var raw asn1.RawValue
	rest, err := asn1.Unmarshal(b, &raw)
	if err != nil || len(rest) > 0 || raw.Class != asn1.ClassContextSpecific || raw.Tag != choice {
		return errMalformed
	}
	if rest, err := asn1.Unmarshal(raw.Bytes, v); err != nil || len(rest) > 0 {
		return errMalformed
	}
	return nil
}

func parseInit(b []byte) (*tokenInit, error) {
	var frame asn1.RawValue
	rest, err := asn1.Unmarshal(b, &frame)
	if err != nil || len(rest) > 0 || frame.Class != asn1.ClassApplication || frame.Tag != 0 {
		return nil, errMalformed
	}
	var oid asn1.ObjectIdentifier
	inner, err := asn1.Unmarshal(frame.Bytes, &oid)
	if err != nil || !oid.Equal(oidSPNEGO()) {
		return nil, errMalformed
	}
	t := new(tokenInit)
	return t, untag(inner, 0, t)
}

func parseResp(b []byte) (*tokenResp, error) {
	t := new(tokenResp)
	return t, untag(b, 1, t)
}

// has tells whether a mechanism goes by a name.
func has(m Mechanism, oid asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(m.OIDs(), oid.Equal)
}
