package spnego

import (
	"context"
	"encoding/asn1"
)

// Initiator is the client's side of one negotiation.
type Initiator struct {
	mechs   []Mechanism
	chosen  int    // index in mechs
	list    []byte // DER of the names, as they were sent
	begun   bool
	agreed  bool // the server has named the mechanism
	needMIC bool // the choice could have been made by somebody on the way
	sentMIC bool
	gotMIC  bool
	done    bool // the server has said so
}

// NewInitiator makes a client that could use these mechanisms, the best first;
// there is one at least.
func NewInitiator(mechs ...Mechanism) *Initiator { return &Initiator{mechs: mechs} }

// Mechanism is the one in use.
func (i *Initiator) Mechanism() Mechanism { return i.mechs[i.chosen] }

// Step takes the server's token, nil at first, and gives the next.
func (i *Initiator) Step(ctx context.Context, token []byte) ([]byte, error) {
	if !i.begun {
		i.begun = true
		return i.first(ctx)
	}
	t, err := parseResp(token)
	if err != nil {
		return nil, err
	}
	return i.next(ctx, t)
}

// Finish takes the token that comes with the server's consent, nil where it
// sends none, and tells whether the negotiation may end so.
func (i *Initiator) Finish(ctx context.Context, token []byte) error {
	if token != nil {
		out, err := i.Step(ctx, token)
		if err != nil {
			return err
		}
		if out != nil {
			return &Error{"the server ended it too early"}
		}
	}
	switch {
	case !i.Mechanism().Complete():
		return &Error{"the server ended it before it had proved who it is"}
	case i.needMIC && !i.gotMIC:
		return &Error{"the server chose a weaker mechanism and did not sign that it did"}
	}
	return nil
}

func (i *Initiator) first(ctx context.Context) ([]byte, error) {
	var t tokenInit
	for _, m := range i.mechs {
		t.MechTypes = append(t.MechTypes, m.OIDs()...)
	}
	var err error
	if i.list, err = asn1.Marshal(t.MechTypes); err != nil {
		return nil, err
	}
	if t.MechToken, err = i.Mechanism().Step(ctx, nil); err != nil {
		return nil, err
	}
	return t.marshal()
}

func (i *Initiator) next(ctx context.Context, t *tokenResp) ([]byte, error) {
	if i.done {
		return nil, &Error{"the server goes on after its end"}
	}
	switch t.State {
	case stateReject:
		return nil, &Error{"the server rejects it"}
	case stateRequestMIC:
		i.needMIC = true
	case stateCompleted:
		i.done = true
	}
	switched, err := i.agree(t.SupportedMech)
	if err != nil {
		return nil, err
	}
	var reply tokenResp
	if switched || len(t.ResponseToken) > 0 {
		if reply.ResponseToken, err = i.Mechanism().Step(ctx, nilOf(switched, t.ResponseToken)); err != nil {
			return nil, err
		}
	}
	return i.answer(t, &reply)
}

func nilOf(yes bool, b []byte) []byte {
	if yes {
		return nil
	}
	return b
}

// agree takes the server's choice, which it makes once. switched tells that it
// is not the mechanism whose token was sent along.
func (i *Initiator) agree(oid asn1.ObjectIdentifier) (switched bool, err error) {
	if oid == nil {
		return false, nil
	}
	for n, m := range i.mechs {
		if !has(m, oid) {
			continue
		}
		if i.agreed && n != i.chosen {
			return false, &Error{"the server changes its mind"}
		}
		switched = n != i.chosen
		i.chosen, i.agreed = n, true
		i.needMIC = i.needMIC || switched
		return switched, nil
	}
	return false, &Error{"the server chose a mechanism that was not offered"}
}

// answer checks the server's MIC and makes the reply to its token, nil where
// there is nothing to say.
func (i *Initiator) answer(t, reply *tokenResp) ([]byte, error) {
	m := i.Mechanism()
	if len(t.MechListMIC) > 0 && m.Complete() {
		if err := m.CheckMIC(i.list, t.MechListMIC); err != nil {
			return nil, err
		}
		i.gotMIC = true
	}
	if m.Complete() && !i.sentMIC && (i.needMIC || i.gotMIC && !i.done || m.AlwaysMIC() && !i.done) {
		var err error
		if reply.MechListMIC, err = m.MIC(i.list); err != nil {
			return nil, err
		}
		i.sentMIC = true
	}
	if reply.ResponseToken == nil && reply.MechListMIC == nil {
		return nil, nil
	}
	reply.State = stateIncomplete
	return reply.marshal()
}
