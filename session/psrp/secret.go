package psrp

import (
	"crypto/cipher"
	"crypto/rsa"

	"psdeck/session/clixml"
)

// OfferKey makes a PUBLIC_KEY, which asks the server for the session key; a
// [SessionKeyReceived] answers. It is needed once, before the first
// SecureString goes out or is read, and again for each [KeyRequested]; private
// comes from [GenerateKey]. From protocol 2.4 on there is nothing to offer.
// [MS-PSRP] 3.1.5.4.3
func (c *Client) OfferKey(private *rsa.PrivateKey) (Outgoing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state != PoolOpened:
		return Outgoing{}, &StateError{"offer a key", "pool is " + c.state.String()}
	case c.inClear():
		return Outgoing{}, &StateError{"offer a key", "protocol " + c.protocol + " has none"}
	case private.Size() != keyBits/8:
		return Outgoing{}, &StateError{"offer a key", "it is not one of 2048 bits"}
	}
	out := Outgoing{Stream: StreamStdin}
	if err := c.add(&out, KeyOffer{publicKeyBlob(&private.PublicKey)}); err != nil {
		return Outgoing{}, err
	}
	c.offered = private
	return out, nil
}

// demanded is the event of a PUBLIC_KEY_REQUEST: none where the protocol has no
// keys any more.
func (c *Client) demanded(from From) Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inClear() {
		return nil
	}
	return KeyRequested{from}
}

// takeKey reads the answer to OfferKey: one answer for each offer.
func (c *Client) takeKey(from From, answer string) Event {
	c.mu.Lock()
	private := c.offered
	c.offered = nil
	c.mu.Unlock()
	if private == nil {
		return SessionKeyReceived{from, errUnasked}
	}
	key, err := openSessionKey(private, answer)
	if err == nil {
		c.mu.Lock()
		c.key = key
		c.mu.Unlock()
	}
	return SessionKeyReceived{from, err}
}

// NeedsKey tells whether a session key must be exchanged before a SecureString
// can be sealed, sent or read.
func (c *Client) NeedsKey() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.canSeal()
}

// Seal makes a SecureString that this pool's server can read. It is
// [ErrNoSessionKey] where the key has yet to be exchanged.
func (c *Client) Seal(text string) (clixml.SecureString, error) {
	key, err := c.sealing()
	if err != nil {
		return "", err
	}
	return seal(key, text), nil
}

// Unseal reads a SecureString of this pool. One that came before the key was
// exchanged can be kept until then: a server encrypts with the key that it will
// hand out. Its errors are [ErrNoSessionKey] and [ErrSecret].
func (c *Client) Unseal(secret clixml.SecureString) (string, error) {
	key, err := c.sealing()
	if err != nil {
		return "", err
	}
	return unseal(key, secret)
}

// sealing is the key in use, nil where secrets travel in clear.
func (c *Client) sealing() (cipher.Block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.inClear():
		return nil, nil
	case c.key == nil:
		return nil, ErrNoSessionKey
	}
	return c.key, nil
}

// inClear tells whether secrets travel as they are, inside a transport that
// keeps them: from protocol 2.4 on. c.mu is held.
func (c *Client) inClear() bool {
	version, err := parseVersion(c.protocol)
	return err == nil && version >= 2_004
}

// canSeal tells whether secure strings may go out. c.mu is held.
func (c *Client) canSeal() bool { return c.key != nil || c.inClear() }

func pipelineHasSecret(p *Pipeline) bool {
	for i := range p.Commands {
		for _, a := range p.Commands[i].Parameters {
			if hasSecret(a.Value) {
				return true
			}
		}
	}
	return false
}

// hasSecret tells whether a SecureString is anywhere in v.
func hasSecret(v clixml.Value) bool {
	if v.Object() == nil {
		return v.Kind() == clixml.KindSecureString
	}
	seen := map[*clixml.Object]bool{}
	queue := []clixml.Value{v}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		o := v.Object()
		if v.Kind() == clixml.KindSecureString {
			return true
		}
		if o == nil || seen[o] {
			continue
		}
		seen[o] = true
		queue = append(append(queue, o.Base), o.Items...)
		for _, e := range o.Entries {
			queue = append(queue, e.Key, e.Value)
		}
		for _, p := range o.Props {
			queue = append(queue, p.Value)
		}
		for _, p := range o.Members {
			queue = append(queue, p.Value)
		}
	}
	return false
}
