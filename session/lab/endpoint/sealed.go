package endpoint

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"psdeck/auth/negotiate/ntlm"
)

const (
	sealedBoundary   = "Encrypted Boundary"
	protocolOfSPNEGO = "application/HTTP-SPNEGO-session-encrypted"
)

func isSealed(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "multipart/encrypted")
}

func sealedType(protocol string) string {
	return fmt.Sprintf(`multipart/encrypted;protocol=%q;boundary=%q`, protocol, sealedBoundary)
}

// sealedHead is what stands before the sealed bytes of a request: the boundary,
// what the body was, the boundary, what it is.
var sealedHead = regexp.MustCompile(`\A--Encrypted Boundary\r\n\tContent-Type: (application/HTTP-[A-Za-z]+-session-encrypted)\r\n` +
	`\tOriginalContent: type=application/soap\+xml;charset=[-\w]+;Length=(\d+)\r\n` +
	`--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n`)

// unseal takes a sealed body apart ([MS-WSMV] 2.2.9.1.1).
func unseal(s *ntlm.Session, body []byte) (plain []byte, protocol string, err error) {
	head := sealedHead.FindSubmatch(body)
	tail := []byte("--" + sealedBoundary + "--\r\n")
	if head == nil || !bytes.HasSuffix(body, tail) {
		return nil, "", errors.New("not a sealed body")
	}
	sealed := body[len(head[0]) : len(body)-len(tail)]
	if len(sealed) < 4+ntlm.SignatureSize || binary.LittleEndian.Uint32(sealed) != ntlm.SignatureSize {
		return nil, "", errors.New("not sealed by NTLM")
	}
	sealed = sealed[4:]
	plain, err = s.Unseal(sealed[:ntlm.SignatureSize], sealed[ntlm.SignatureSize:])
	if err == nil && fmt.Sprint(len(plain)) != string(head[2]) {
		err = errors.New("the length is wrong")
	}
	return plain, string(head[1]), err
}

// seal makes a sealed body.
func seal(s *ntlm.Session, plain []byte, contentType, protocol string, sw NegotiateSwitches) []byte {
	name := sealedBoundary
	if sw.Blank {
		name = " " + name
	}
	signature, sealed := s.Seal(plain)
	if sw.Tamper && len(sealed) > 0 {
		sealed[len(sealed)/2] ^= 0x10
	}
	b := fmt.Appendf(nil, "--%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n--%[1]s\r\n\tContent-Type: application/octet-stream\r\n",
		name, protocol, contentType, len(plain))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(signature)))
	b = append(append(b, signature...), sealed...)
	return fmt.Appendf(b, "--%s--\r\n", name)
}

// acceptorMechanism is the accepting side of NTLM as SPNEGO sees it.
type acceptorMechanism struct {
	c        *secured
	mu       *sync.Mutex // guards c.accepted
	accepted *ntlm.Accepted
}

func (m *acceptorMechanism) OIDs() []asn1.ObjectIdentifier {
	return []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}}
}

func (m *acceptorMechanism) Step(_ context.Context, token []byte) ([]byte, error) {
	if answer, err := m.c.acceptor.Challenge(token); err == nil {
		return answer, nil
	}
	accepted, err := m.c.acceptor.Accept(token)
	if err != nil {
		return nil, err
	}
	m.accepted, m.c.acceptor, m.c.spnego = accepted, nil, nil
	m.mu.Lock()
	m.c.accepted = accepted
	m.mu.Unlock()
	return nil, nil
}

func (m *acceptorMechanism) Complete() bool  { return m.accepted != nil }
func (m *acceptorMechanism) AlwaysMIC() bool { return true }

func (m *acceptorMechanism) MIC(data []byte) ([]byte, error) { return m.accepted.Session.MIC(data) }

func (m *acceptorMechanism) CheckMIC(data, mic []byte) error {
	return m.accepted.Session.CheckMIC(data, mic)
}
