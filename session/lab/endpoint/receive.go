package endpoint

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"time"
)

// streamSize is how many bytes of fragments share one rsp:Stream element.
const streamSize = 32 << 10

// receive answers with output once there is some.
func (x *exchange) receive(sh *shell) (*answer, *Fault) {
	body := x.req.Body.Receive
	if body == nil {
		return nil, faultXML()
	}
	out := sh.out
	var c *command
	if id := body.Desired.CommandID; id != "" || sh.console != nil {
		var fault *Fault
		if c, fault = x.find(sh, id); fault != nil {
			return nil, fault
		}
		out = c.out
		if a, fault, yes := x.misanswer(c); yes {
			return a, fault
		}
	}
	timeout, fault := x.req.timeout(x.server.cfg.MaxTimeout)
	if fault != nil {
		return nil, fault
	}
	sh.park(1)
	defer sh.park(-1)
	ctx, cancel := context.WithTimeout(x.http.Context(), timeout)
	defer cancel()
	link := sh.connection()
	defer context.AfterFunc(link, cancel)()
	fault, err := x.await(ctx, out)
	switch {
	case fault != nil:
		return nil, fault
	case err != nil && x.http.Context().Err() != nil:
		return &answer{none: true}, nil
	case err != nil && link.Err() != nil:
		return nil, faultDisconnected()
	case err != nil:
		return nil, faultTimedOut()
	}
	defer func() { <-out.turn }()
	if x.http.Context().Err() != nil {
		return &answer{none: true}, nil // nobody is there to be told: the next Receive is
	}
	if link.Err() != nil {
		return nil, faultDisconnected()
	}
	return x.received(c, out), nil
}

// await waits for the turn of this Receive and for something to send.
func (x *exchange) await(ctx context.Context, out *outbox) (*Fault, error) {
	select {
	case out.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	fault, err := out.wait(ctx)
	if err == nil && fault == nil && x.switches.ReceiveDelay > 0 {
		select {
		case <-time.After(x.switches.ReceiveDelay):
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if fault != nil || err != nil {
		<-out.turn
	}
	return fault, err
}

// received makes the answer of what there is.
func (x *exchange) received(c *command, out *outbox) *answer {
	limit := (x.req.envelopeSize(x.server.cfg.MaxEnvelopeSize) - envelopeOverhead) * 3 / 4
	// Streams are rounded up to whole groups of base64, each with its element.
	limit -= limit / streamSize * 128
	if x.server.cfg.MaxReceive > 0 {
		limit = min(limit, x.server.cfg.MaxReceive)
	}
	fragments, done := out.take(limit)
	text := c != nil && c.shell.console != nil
	if c != nil && !text {
		fragments, done = c.distort(x.switches, fragments, done)
	}
	var b bytes.Buffer
	b.WriteString("<rsp:ReceiveResponse>")
	if text {
		writeText(&b, c, fragments, done)
	} else {
		size := streamSize
		if x.switches.StreamEach {
			size = 0
		}
		writeStreams(&b, c, fragments, size)
	}
	if !text && done && c != nil && !x.switches.NoDone {
		id := escape(c.id)
		b.WriteString(`<rsp:CommandState CommandId="` + id + `" State="` + nsShell + `/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>`)
	}
	b.WriteString("</rsp:ReceiveResponse>")
	a := x.req.reply(actionReceive+"Response", b.String())
	a.undo = func() { out.unget(fragments) }
	if x.server.dying.Load() {
		a.cut = true
		x.server.dead.Store(true)
	}
	return a
}

// writeStreams joins fragments up to size bytes in each stream, one at least.
func writeStreams(b *bytes.Buffer, c *command, fragments [][]byte, size int) {
	open := `<rsp:Stream Name="stdout">`
	if c != nil {
		open = `<rsp:Stream Name="stdout" CommandId="` + escape(c.id) + `">`
	}
	var raw []byte
	flush := func() {
		if len(raw) == 0 {
			return
		}
		b.WriteString(open)
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), raw))
		b.WriteString("</rsp:Stream>")
		raw = raw[:0]
	}
	for _, f := range fragments {
		if len(raw) > 0 && len(raw)+len(f) > size {
			flush()
		}
		raw = append(raw, f...)
	}
	flush()
}

// misanswer gives the answers that carry nothing, which switches ask for.
func (x *exchange) misanswer(c *command) (*answer, *Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timeouts < x.switches.TimeoutFaults:
		c.timeouts++
		return nil, faultTimedOut(), true
	case c.empties < x.switches.EmptyReceives:
		c.empties++
		return x.req.reply(actionReceive+"Response", "<rsp:ReceiveResponse></rsp:ReceiveResponse>"), nil, true
	case c.bodiless < x.switches.EmptyBodies:
		c.bodiless++
		return &answer{status: http.StatusOK}, nil, true
	}
	return nil, nil, false
}

// distort changes what an answer carries as the switches say.
func (c *command) distort(w Switches, fragments [][]byte, done bool) ([][]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(fragments) - 1
	switch {
	case last < 0:
	case w.DoneBeforeState && done && !c.saidDone:
		c.saidDone = true
		c.out.unget(fragments[last:])
		return fragments[:last], true
	case w.SplitFragments && !c.split && len(fragments[last]) > 1:
		c.split = true
		half := len(fragments[last]) / 2
		tail := fragments[last][half:]
		c.out.unget([][]byte{tail})
		return append(fragments[:last:last], fragments[last][:half]), false
	}
	c.split = false
	return fragments, done
}

// park counts the Receives that wait.
func (sh *shell) park(by int) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.parked += by
	sh.used = sh.server.cfg.Now()
	sh.received = sh.used
}
