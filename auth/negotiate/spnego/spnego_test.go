package spnego

import (
	"bytes"
	"context"
	"encoding/asn1"
	"errors"
	"testing"
)

// mech is a stand-in: a token each way, and MICs with a key.
type mech struct {
	oid      int
	rounds   int // tokens that each side takes
	accepts  bool
	always   bool
	last     bool // the client has the last word
	taken    int
	complete bool
}

func (m *mech) OIDs() []asn1.ObjectIdentifier { return []asn1.ObjectIdentifier{{1, 2, m.oid}} }
func (m *mech) Complete() bool                { return m.complete }
func (m *mech) AlwaysMIC() bool               { return m.always }

func (m *mech) Step(_ context.Context, token []byte) ([]byte, error) {
	if token == nil && !m.accepts {
		return []byte{byte(m.oid), 0}, nil
	}
	if len(token) != 2 || token[0] != byte(m.oid) {
		return nil, errors.New("another mechanism's token")
	}
	m.taken++
	m.complete = m.taken >= m.rounds
	if m.complete && m.accepts == m.last {
		return nil, nil
	}
	return []byte{byte(m.oid), byte(m.taken)}, nil
}

func (m *mech) MIC(data []byte) ([]byte, error) { return append([]byte{byte(m.oid)}, data...), nil }

func (m *mech) CheckMIC(data, mic []byte) error {
	if !bytes.Equal(mic, append([]byte{byte(m.oid)}, data...)) {
		return errors.New("wrong MIC")
	}
	return nil
}

// meet runs a negotiation; alter sees each token, the client's with an even
// number.
func meet(i *Initiator, a *Acceptor, alter func(n int, token []byte) []byte) error {
	ctx := context.Background()
	var token []byte
	for n := 0; n < 20; n += 2 {
		out, err := i.Step(ctx, token)
		if err != nil {
			return err
		}
		if out == nil {
			return errors.New("nothing to say")
		}
		answer, done, err := a.Step(ctx, alter(n, out))
		if err != nil {
			return err
		}
		token = alter(n+1, answer)
		if done {
			return i.Finish(ctx, token)
		}
	}
	return errors.New("no end")
}

func unaltered(_ int, token []byte) []byte { return token }

func TestNegotiation(t *testing.T) {
	tests := map[string]struct {
		client []Mechanism
		server *mech
		chosen int
	}{
		"the only one":                  {[]Mechanism{&mech{oid: 1, rounds: 1}}, &mech{oid: 1, rounds: 1, accepts: true}, 1},
		"the first of two":              {[]Mechanism{&mech{oid: 1, rounds: 1}, &mech{oid: 2, rounds: 1}}, &mech{oid: 1, rounds: 1, accepts: true}, 1},
		"the second":                    {[]Mechanism{&mech{oid: 1, rounds: 1}, &mech{oid: 2, rounds: 1}}, &mech{oid: 2, rounds: 1, accepts: true}, 2},
		"two rounds":                    {[]Mechanism{&mech{oid: 1, rounds: 2}}, &mech{oid: 1, rounds: 2, accepts: true}, 1},
		"the second, in two rounds":     {[]Mechanism{&mech{oid: 1, rounds: 1}, &mech{oid: 2, rounds: 2}}, &mech{oid: 2, rounds: 2, accepts: true}, 2},
		"a mechanism that always signs": {[]Mechanism{&mech{oid: 1, rounds: 1, always: true, last: true}}, &mech{oid: 1, rounds: 2, accepts: true, always: true, last: true}, 1},
	}
	for name, tt := range tests {
		i := NewInitiator(tt.client...)
		if err := meet(i, NewAcceptor(tt.server), unaltered); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := i.Mechanism().(*mech).oid; got != tt.chosen || !i.Mechanism().Complete() {
			t.Errorf("%s: %d is chosen", name, got)
		}
	}
}

// TestWeakened: nobody on the way can take the better mechanism off the list.
func TestWeakened(t *testing.T) {
	list := func(token []byte, change func(*tokenInit)) []byte {
		init, err := parseInit(token)
		if err != nil {
			t.Fatal(err)
		}
		change(init)
		b, err := init.marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	resp := func(token []byte, change func(*tokenResp)) []byte {
		r, err := parseResp(token)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		b, err := r.marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	signed := func(n int, token []byte) bool {
		r, err := parseResp(token)
		return n%2 == 1 && err == nil && len(r.MechListMIC) > 0
	}
	alterations := map[string]func(n int, token []byte) []byte{
		"the better one is taken off the list": func(n int, token []byte) []byte {
			if n == 0 {
				return list(token, func(i *tokenInit) { i.MechTypes = i.MechTypes[1:]; i.MechToken = []byte{2, 0} })
			}
			return token
		},
		"the signature is left out": func(n int, token []byte) []byte {
			if signed(n, token) {
				return resp(token, func(r *tokenResp) { r.MechListMIC = nil })
			}
			return token
		},
		"the signature is altered": func(n int, token []byte) []byte {
			if signed(n, token) {
				return resp(token, func(r *tokenResp) { r.MechListMIC[1] ^= 1 })
			}
			return token
		},
		"the choice is one that was not offered": func(n int, token []byte) []byte {
			if n == 1 {
				return resp(token, func(r *tokenResp) { r.SupportedMech = asn1.ObjectIdentifier{1, 2, 77} })
			}
			return token
		},
		"the choice changes": func(n int, token []byte) []byte {
			if n == 3 {
				return resp(token, func(r *tokenResp) { r.SupportedMech = asn1.ObjectIdentifier{1, 2, 1} })
			}
			return token
		},
		"a rejection": func(n int, token []byte) []byte {
			if n == 1 {
				return resp(token, func(r *tokenResp) { r.State = stateReject })
			}
			return token
		},
		"garbage": func(n int, token []byte) []byte {
			if n == 1 {
				return []byte("<html>")
			}
			return token
		},
	}
	for name, alter := range alterations {
		i := NewInitiator(&mech{oid: 1, rounds: 1}, &mech{oid: 2, rounds: 2})
		if err := meet(i, NewAcceptor(&mech{oid: 2, rounds: 2, accepts: true}), alter); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSilentConsent: a server may end without a word, where nobody can have
// weakened anything and it has proved itself.
func TestSilentConsent(t *testing.T) {
	ctx := context.Background()
	begin := func(mechs ...Mechanism) *Initiator {
		i := NewInitiator(mechs...)
		if _, err := i.Step(ctx, nil); err != nil {
			t.Fatal(err)
		}
		return i
	}
	i := begin(&mech{oid: 1, complete: true})
	if err := i.Finish(ctx, nil); err != nil {
		t.Errorf("%v", err)
	}
	if err := begin(&mech{oid: 1}).Finish(ctx, nil); err == nil {
		t.Error("a server that has proved nothing is accepted")
	}
	i = begin(&mech{oid: 1, complete: true})
	i.needMIC = true
	if err := i.Finish(ctx, nil); err == nil {
		t.Error("a choice that is not signed is accepted")
	}
}

func FuzzTokens(f *testing.F) {
	init := &tokenInit{MechTypes: []asn1.ObjectIdentifier{{1, 2, 1}}, MechToken: []byte{1, 0}}
	b, _ := init.marshal()
	f.Add(b)
	r := &tokenResp{State: stateRequestMIC, SupportedMech: asn1.ObjectIdentifier{1, 2, 2}}
	b, _ = r.marshal()
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) {
		ctx := context.Background()
		i := NewInitiator(&mech{oid: 1, rounds: 1}, &mech{oid: 2, rounds: 1})
		_, _ = i.Step(ctx, nil)
		_, _ = i.Step(ctx, b)
		_, _, _ = NewAcceptor(&mech{oid: 1, rounds: 1, accepts: true}).Step(ctx, b)
	})
}
