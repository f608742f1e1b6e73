package spnego

import (
	"context"
	"encoding/asn1"
)

// Acceptor is the server's side of one negotiation, for one mechanism.
type Acceptor struct {
	mech  Mechanism
	list  []byte
	first bool // the client's first choice is ours
	begun bool
	asked bool // for the client's MIC
}

// NewAcceptor makes a server that takes one mechanism.
func NewAcceptor(mech Mechanism) *Acceptor { return &Acceptor{mech: mech} }

// Step takes the client's token and gives the answer to it. done tells that it
// is the last.
func (a *Acceptor) Step(ctx context.Context, token []byte) (answer []byte, done bool, err error) {
	var in, mic []byte
	reply := &tokenResp{State: stateIncomplete}
	if a.begun {
		t, err := parseResp(token)
		if err != nil {
			return nil, false, err
		}
		in, mic = t.ResponseToken, t.MechListMIC
	} else {
		a.begun = true
		t, err := parseInit(token)
		if err != nil {
			return nil, false, err
		}
		if reply.SupportedMech, err = a.choose(t); err != nil {
			return nil, false, err
		}
		in = t.MechToken
		if !a.first {
			reply.State = stateRequestMIC
			b, err := reply.marshal()
			return b, false, err
		}
	}
	if in != nil {
		if reply.ResponseToken, err = a.mech.Step(ctx, in); err != nil {
			return nil, false, err
		}
	}
	return a.finish(reply, mic)
}

func (a *Acceptor) choose(t *tokenInit) (asn1.ObjectIdentifier, error) {
	var err error
	if a.list, err = asn1.Marshal(t.MechTypes); err != nil {
		return nil, err
	}
	for i, oid := range t.MechTypes {
		if has(a.mech, oid) {
			a.first = i == 0
			return oid, nil
		}
	}
	return nil, &Error{"the client offers no mechanism that is known here"}
}

func (a *Acceptor) finish(reply *tokenResp, mic []byte) ([]byte, bool, error) {
	done := a.mech.Complete()
	if done {
		reply.State = stateCompleted
		switch {
		case mic != nil:
			if err := a.mech.CheckMIC(a.list, mic); err != nil {
				return nil, false, err
			}
			var err error
			if reply.MechListMIC, err = a.mech.MIC(a.list); err != nil {
				return nil, false, err
			}
		case !a.first && !a.asked:
			a.asked, done = true, false // the client has to see our last token first
			reply.State = stateIncomplete
		case !a.first || a.mech.AlwaysMIC():
			return nil, false, &Error{"the client did not sign its list of mechanisms"}
		}
	}
	b, err := reply.marshal()
	return b, done, err
}
