package negotiate

import (
	"context"
	"encoding/asn1"

	"psdeck/auth/negotiate/ntlm"
	"psdeck/auth/negotiate/spnego"
)

// mechanism makes keys and seals with them.
type mechanism interface {
	spnego.Mechanism
	sealer
}

// oidNTLM is 1.3.6.1.4.1.311.2.2.10 ([MS-SPNG] 1.9).
func oidNTLM() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
}

// ntlmMechanism is NTLM as SPNEGO sees it.
type ntlmMechanism struct {
	client   *ntlm.Client
	bindings []byte // application data
	begun    bool
	session  *ntlm.Session
}

func (m *ntlmMechanism) OIDs() []asn1.ObjectIdentifier { return []asn1.ObjectIdentifier{oidNTLM()} }
func (m *ntlmMechanism) Complete() bool                { return m.session != nil }

// AlwaysMIC: a server that finds a MIC in the response, as there always is one,
// wants one over the list too ([MS-SPNG] 3.3.5.1).
func (m *ntlmMechanism) AlwaysMIC() bool { return true }

func (m *ntlmMechanism) Step(_ context.Context, token []byte) ([]byte, error) {
	switch {
	case !m.begun && token == nil:
		m.begun = true
		return m.client.Negotiate()
	case m.session != nil:
		return nil, &ntlm.Error{Msg: "the server goes on after the end"}
	}
	out, session, err := m.client.Authenticate(token, m.bindings)
	m.session = session
	return out, err
}

func (m *ntlmMechanism) MIC(data []byte) ([]byte, error) { return m.session.MIC(data) }
func (m *ntlmMechanism) CheckMIC(data, mic []byte) error { return m.session.CheckMIC(data, mic) }

func (m *ntlmMechanism) Seal(plain []byte) (header, data []byte, err error) {
	header, data = m.session.Seal(plain)
	return header, data, nil
}

func (m *ntlmMechanism) Unseal(header, data []byte) ([]byte, error) {
	return m.session.Unseal(header, data)
}
