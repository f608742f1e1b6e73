package ntlm

import (
	"encoding/binary"
	"strings"

	"github.com/bodgit/ntlmssp"
)

// Client is one side of one authentication. Its steps are [Client.Negotiate],
// which makes the first message, and [Client.Authenticate], which answers the
// server's.
type Client struct {
	password string
	inner    *ntlmssp.Client
}

// NewClient makes a client for an account: DOMAIN\name, name@domain, or a name
// of the server's own.
func NewClient(account, password string) (*Client, error) {
	domain, user, ok := strings.Cut(account, `\`)
	if !ok {
		domain, user = "", account
	}
	if user == "" || password == "" {
		return nil, &Error{"an account and its password are needed"}
	}
	inner, err := ntlmssp.NewClient(ntlmssp.SetUserInfo(user, password))
	if err != nil {
		return nil, &Error{err.Error()}
	}
	c := &Client{password: password, inner: inner}
	if domain == "" {
		return c, nil
	}
	return c, inner.SetOption(ntlmssp.SetDomain(domain))
}

// Negotiate is the first message.
func (c *Client) Negotiate() ([]byte, error) {
	b, err := c.inner.Authenticate(nil, nil)
	if err != nil {
		return nil, &Error{err.Error()}
	}
	return b, nil
}

// Authenticate answers the server's challenge and begins the session.
// applicationData of the channel bindings ties the answer to a TLS connection;
// nil ties it to none.
func (c *Client) Authenticate(challenge, applicationData []byte) ([]byte, *Session, error) {
	serverChallenge, err := checkChallenge(challenge)
	if err != nil {
		return nil, nil, err
	}
	var bindings *ntlmssp.ChannelBindings
	if applicationData != nil {
		bindings = &ntlmssp.ChannelBindings{ApplicationData: applicationData}
	}
	b, err := c.inner.Authenticate(challenge, bindings)
	if err != nil {
		return nil, nil, &Error{"answering the server's challenge: " + err.Error()}
	}
	// The library keeps the session's key to itself; the response holds it for
	// who knows the password.
	r, err := parseResponse(b)
	if err != nil {
		return nil, nil, err
	}
	key, err := r.sessionKey(serverChallenge, c.password)
	if err != nil {
		return nil, nil, err
	}
	return b, newSession(key, true), nil
}

// checkChallenge refuses a challenge that would make a weak session, whoever
// weakened it: its options are not signed before the answer to it.
func checkChallenge(b []byte) (serverChallenge []byte, err error) {
	if err := message(b, typeChallenge, 48, "NTLM challenge"); err != nil {
		return nil, err
	}
	if flags := binary.LittleEndian.Uint32(b[20:]); flags&required != required {
		return nil, &Error{"the server offers less than NTLMv2 with 128-bit sealing: that is not accepted"}
	}
	info, err := field(b, 40)
	if err != nil {
		return nil, err
	}
	pairs, err := parseAVPairs(info)
	if err != nil {
		return nil, err
	}
	if len(pairs[avTimestamp]) != 8 {
		return nil, &Error{"the challenge has no time stamp: nothing would protect its options from being weakened on the way"}
	}
	return b[24:32], nil
}
