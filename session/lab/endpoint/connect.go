package endpoint

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"psdeck/session/psrp"
)

// Buffer modes: what becomes of output that does not fit while no client is
// connected.
const (
	bufferBlock = "Block"
	bufferDrop  = "Drop"
)

// disconnect takes the client off the shell; what runs in it goes on.
func (x *exchange) disconnect(sh *shell) (*answer, *Fault) {
	body := x.req.Body.Disconnect
	if x.switches.NoDisconnect {
		return nil, faultAction(actionDisconnect)
	}
	if body == nil {
		return nil, faultXML()
	}
	mode := strings.TrimSpace(body.BufferMode)
	if mode != "" && mode != bufferBlock && mode != bufferDrop {
		return nil, faultXML()
	}
	idle, ok := parseDuration(strings.TrimSpace(body.IdleTimeout))
	if body.IdleTimeout != "" && !ok {
		return nil, faultXML()
	}
	sh.mu.Lock()
	if mode != "" {
		sh.buffering = mode
	}
	if idle > 0 {
		sh.idle = idle
	}
	sh.mu.Unlock()
	sh.detach()
	return x.req.reply(actionDisconnect+"Response", "<rsp:DisconnectResponse/>"), nil
}

// reconnect brings the client back that has left the shell, or says that a
// command of it is there.
func (x *exchange) reconnect(sh *shell) (*answer, *Fault) {
	if x.switches.NoReconnect {
		return nil, faultAction(actionReconnect)
	}
	if b := x.req.Body.Reconnect; b != nil && b.CommandID != "" {
		if _, fault := x.find(sh, b.CommandID); fault != nil {
			return nil, fault
		}
	} else {
		sh.attach()
	}
	return x.req.reply(actionReconnect+"Response", ""), nil
}

// connect lets another client join a shell that nobody is connected to, or a
// command in a shell that was joined.
func (x *exchange) connect(sh *shell) (*answer, *Fault) {
	body := x.req.Body.Connect
	detached := sh.disconnected(x.switches.AutoDisconnect)
	switch {
	case body == nil:
		return nil, faultXML()
	case body.CommandID != "" && detached:
		return nil, faultDisconnected()
	case body.CommandID != "":
		if _, fault := x.find(sh, body.CommandID); fault != nil {
			return nil, fault
		}
		return x.connected(""), nil
	case sh.console != nil:
		return nil, faultAction(actionConnect)
	}
	data, fault := decodeBase64(body.ConnectXML)
	if fault != nil {
		return nil, fault
	}
	if !sh.attach() {
		return nil, faultInUse()
	}
	out, fault := sh.join(data)
	if fault != nil {
		sh.detach()
		return nil, fault
	}
	return x.connected(`<connectResponseXml xmlns="http://schemas.microsoft.com/powershell">` +
		base64.StdEncoding.EncodeToString(out.Bytes()) + "</connectResponseXml>"), nil
}

func (x *exchange) connected(xml string) *answer {
	return x.req.reply(actionConnect+"Response", "<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams>"+
		"<rsp:OutputStreams>stdout</rsp:OutputStreams>"+xml+"</rsp:ConnectResponse>")
}

// join answers the messages of a connectXml ([MS-PSRP] 3.2.5.3.14).
func (sh *shell) join(data []byte) (psrp.Outgoing, *Fault) {
	sh.feeding.Lock()
	defer sh.feeding.Unlock()
	sh.psrp.Forget(uuid.Nil) // the one before may have gone in the middle of a message
	events, err := sh.psrp.Feed(uuid.Nil, psrp.StreamStdin, data)
	if fault := feedFault(err); fault != nil {
		return psrp.Outgoing{}, fault
	}
	for _, e := range events {
		asked, ok := e.(psrp.ConnectRequested)
		sh.mu.Lock()
		p, private := sh.pool, sh.private
		sh.mu.Unlock()
		if !ok || p == nil {
			continue
		}
		if asked.Max > 0 {
			p.resize(asked.Max)
		}
		out, err := sh.psrp.Connected(psrp.PoolLimits{Min: 1, Max: p.limit()}, private)
		return out, feedFault(err)
	}
	return psrp.Outgoing{}, faultXML()
}

// attach makes the shell Connected; false: it was already.
func (sh *shell) attach() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.received = sh.server.cfg.Now()
	if !sh.detached {
		return false
	}
	sh.detached = false
	sh.link, sh.unlink = context.WithCancel(context.Background())
	sh.setLossy(false)
	return true
}

// detach makes the shell Disconnected; Receives that wait end.
func (sh *shell) detach() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.detached = true
	sh.unlink()
	sh.setLossy(sh.buffering == bufferDrop)
}

func (sh *shell) setLossy(to bool) {
	sh.out.setLossy(to)
	for _, c := range sh.commands {
		c.out.setLossy(to)
	}
}

// connection ends when the client that is connected now leaves.
func (sh *shell) connection() context.Context {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.link
}
