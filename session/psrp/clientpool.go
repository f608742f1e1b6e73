package psrp

import "github.com/google/uuid"

// SetMaxRunspaces asks for another maximum; an [Availability] with this call id
// answers with a boolean.
func (c *Client) SetMaxRunspaces(n int) (callID int64, out Outgoing, err error) {
	return c.poolCall("set the maximum of runspaces", func(id int64) Body { return PoolMax{n, id} })
}

// SetMinRunspaces asks for another minimum; an [Availability] with this call id
// answers with a boolean.
func (c *Client) SetMinRunspaces(n int) (callID int64, out Outgoing, err error) {
	return c.poolCall("set the minimum of runspaces", func(id int64) Body { return PoolMin{n, id} })
}

// AvailableRunspaces asks how many runspaces are free; an [Availability] with
// this call id answers with the number.
func (c *Client) AvailableRunspaces() (callID int64, out Outgoing, err error) {
	return c.poolCall("ask for available runspaces", func(id int64) Body { return PoolAvailable{id} })
}

// Reset asks the server to reset the runspace's variables and state, which
// servers of protocol 2.3 and later can; an [Availability] with this call id
// answers with a boolean.
func (c *Client) Reset() (callID int64, out Outgoing, err error) {
	const op = "reset the runspace"
	if version, err := parseVersion(c.Protocol()); err == nil && version < 2_003 {
		return 0, Outgoing{}, &StateError{op, "the server speaks protocol " + c.Protocol()}
	}
	return c.poolCall(op, func(id int64) Body { return PoolReset{id} })
}

func (c *Client) poolCall(op string, body func(id int64) Body) (int64, Outgoing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != PoolOpened {
		return 0, Outgoing{}, &StateError{op, "pool is " + c.state.String()}
	}
	c.calls++
	out := Outgoing{PipelineID: uuid.Nil, Stream: StreamStdin}
	return c.calls, out, c.add(&out, body(c.calls))
}
