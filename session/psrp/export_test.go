package psrp

import (
	"crypto/cipher"

	"github.com/google/uuid"
)

// Rename gives a client's pipeline the id that it has in a recording.
func Rename(c *Client, from, to uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pipelines[to] = c.pipelines[from]
	delete(c.pipelines, from)
}

// OfferForeign offers a recorded key whose private part is not known.
func OfferForeign(c *Client, publicKey string) (Outgoing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Outgoing{Stream: StreamStdin}
	return out, c.add(&out, KeyOffer{publicKey})
}

// SetKey gives a client a session key.
func SetKey(c *Client, key cipher.Block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key = key
}
