package psrp

import "github.com/google/uuid"

// Rename gives a client's pipeline the id that it has in a recording.
func Rename(c *Client, from, to uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pipelines[to] = c.pipelines[from]
	delete(c.pipelines, from)
}
