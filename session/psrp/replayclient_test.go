package psrp_test

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// badMessages counts what cannot be decoded in the recordings of reactions.
var badMessages = map[string]int{"10f-invalid-clixml": 1, "10g-unknown-clixml-tag": 1, "10k-bad-value": 1}

// clientReplay is a Client in the place of the recorded one.
type clientReplay struct {
	rec    *recording
	c      *psrp.Client
	opened []psrp.Message // what Open made and the recording has not reached
	out    map[wireKey]*psrp.Reassembler
	errs   []error
	over   bool // the versions do not meet

	failures int // messages that could not be decoded
}

// replayClient lets a Client say what the recorded client said and hear what
// it heard.
func replayClient(r *recording) []error {
	p := &clientReplay{rec: r, out: map[wireKey]*psrp.Reassembler{}}
	var heard []psrp.Event
	for i := range r.lines {
		l := &r.lines[i]
		data := l.data()
		switch {
		case p.over:
		case data != nil && l.Dir == "c2s":
			key := wireKey{l.Dir, l.stream(), l.PSGuid}
			if p.out[key] == nil {
				p.out[key] = &psrp.Reassembler{}
			}
			messages, _ := p.out[key].Feed(data)
			for j := range messages {
				p.say(l.Seq, &messages[j])
			}
		case data != nil && p.c != nil:
			heard = append(heard, p.hear(l, data)...)
		case l.Message != nil && l.Dir == "s2c" && p.c != nil && !r.deadMessage(l):
			if p.expect(l, heard) {
				heard = heard[1:]
			}
		}
	}
	if want, ok := badMessages[r.name]; ok && p.failures != want {
		p.errorf("%d messages are bad, want %d", p.failures, want)
	}
	if len(heard) != 0 {
		p.errorf("%d events more than recorded messages: %#v", len(heard), heard[0])
	}
	return p.errs
}

func (p *clientReplay) errorf(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("client: "+format, args...))
}

// hear feeds the client one payload of the server.
func (p *clientReplay) hear(l *line, data []byte) []psrp.Event {
	if p.rec.malformedBefore(wireKey{l.Dir, l.stream(), l.PSGuid}, l.Seq) {
		return nil
	}
	events, err := p.c.Feed(l.PSGuid, data)
	var fragment *psrp.FragmentError
	var version *psrp.VersionError
	switch {
	case errors.As(err, &version):
		p.over = true
		if p.rec.fault(l.Seq, l.Dir) == "" && !p.rec.byHand() {
			p.errorf("seq %d: %v", l.Seq, err)
		}
	case errors.As(err, &fragment):
		if l.Malformed == "" {
			p.errorf("seq %d: %v", l.Seq, err)
		}
	case err != nil:
		p.errorf("seq %d: %v", l.Seq, err)
	case l.Malformed != "" && len(events) > 0:
		p.errorf("seq %d is taken though malformed", l.Seq)
	}
	return events
}

// expect compares an event with the recorded message that should have made it,
// and tells whether the event is used.
func (p *clientReplay) expect(l *line, heard []psrp.Event) bool {
	if l.Message.Name == "UNKNOWN" {
		return false // dropped in silence
	}
	if len(heard) == 0 {
		p.errorf("seq %d: no event for %s", l.Seq, l.Message.Name)
		return false
	}
	e := heard[0]
	if e.Pipeline() != l.Message.PID {
		p.errorf("seq %d: %s is of pipeline %s", l.Seq, l.Message.Name, e.Pipeline())
	}
	if failed, ok := e.(psrp.DecodeFailed); ok {
		p.failures++
		if p.rec.fault(l.Seq, l.Dir) != "sub" {
			p.errorf("seq %d: %s: %v", l.Seq, l.Message.Name, failed.Err)
		}
		return true
	}
	if got := eventType(e).String(); got != l.Message.Name {
		p.errorf("seq %d: %s gives %#v", l.Seq, l.Message.Name, e)
	}
	if call, ok := e.(psrp.HostCallReceived); ok {
		if _, err := call.Call.Decode(); err != nil {
			p.errorf("seq %d: %v", l.Seq, err)
		}
	}
	if key, ok := e.(psrp.SessionKeyReceived); ok && p.rec.clientKey() != nil && key.Err != nil {
		p.errorf("seq %d: %v", l.Seq, key.Err)
	}
	return true
}

// say makes the client say what m says and compares.
func (p *clientReplay) say(seq int, m *psrp.Message) {
	body, err := m.Decode(clixml.Limits{})
	if p.rec.fault(seq, "c2s") != "" {
		return // not what the client said
	}
	if err != nil {
		if m.Type.Known() && (!p.rec.byHand() || !p.rec.refused(seq)) {
			p.errorf("seq %d: %v", seq, err)
		}
		return
	}
	got, err := p.make(m, body)
	if err != nil {
		if !p.rec.byHand() {
			p.errorf("seq %d: %v", seq, err)
			return
		}
		made, err := psrp.NewMessage(psrp.ToServer, m.PoolID, m.PipelineID, body)
		if err != nil {
			p.errorf("seq %d: %v", seq, err)
			return
		}
		got = &made
	}
	if p.rec.byHand() {
		again, err := got.Decode(clixml.Limits{})
		if err == nil {
			if r, ok := again.(psrp.HostResponse); ok {
				r.PipelineID = m.PipelineID
				again = r
			}
			err = sameBody(again, body)
		}
		if err != nil {
			p.errorf("seq %d: %v", seq, err)
		}
		return
	}
	if err := same(got, m); err != nil {
		p.errorf("seq %d: %v", seq, err)
	}
}

// make asks the client for a message as its user would.
func (p *clientReplay) make(m *psrp.Message, body psrp.Body) (*psrp.Message, error) {
	if m.Type == psrp.SessionCapability || m.Type == psrp.InitRunspacePool {
		return p.open(m, body)
	}
	if p.c == nil {
		return nil, errors.New("the client says nothing before its capability")
	}
	var out psrp.Outgoing
	var err error
	switch b := body.(type) {
	case psrp.Pipeline:
		var id uuid.UUID
		if id, out, err = p.c.CreatePipeline(b); err == nil {
			psrp.Rename(p.c, id, m.PipelineID)
		}
	case psrp.CommandMetadata:
		var id uuid.UUID
		if id, out, err = p.c.QueryCommands(b); err == nil {
			psrp.Rename(p.c, id, m.PipelineID)
		}
	case psrp.InputObject:
		out, err = p.c.Input(m.PipelineID, b.Value)
	case psrp.EndOfInput:
		out, err = p.c.EndInput(m.PipelineID)
	case psrp.HostResponse:
		out, err = p.c.Respond(b)
	case psrp.PoolMax:
		_, out, err = p.c.SetMaxRunspaces(b.Max)
	case psrp.PoolMin:
		_, out, err = p.c.SetMinRunspaces(b.Min)
	case psrp.PoolAvailable:
		_, out, err = p.c.AvailableRunspaces()
	case psrp.PoolReset:
		_, out, err = p.c.Reset()
	case psrp.KeyOffer:
		if key := p.rec.clientKey(); key != nil {
			out, err = p.c.OfferKey(key.private)
		} else {
			out, err = psrp.OfferForeign(p.c, b.PublicKey)
		}
	case psrp.PoolJoin:
		other := psrp.NewClient(psrp.ClientConfig{MinRunspaces: b.Min, MaxRunspaces: b.Max})
		out, err = other.Connect()
	default:
		return nil, fmt.Errorf("no client sends %T", body)
	}
	return last(out, err)
}

func last(out psrp.Outgoing, err error) (*psrp.Message, error) {
	if err != nil {
		return nil, err
	}
	messages, err := join(out)
	if err != nil || len(messages) == 0 {
		return nil, fmt.Errorf("nothing was made: %w", err)
	}
	return &messages[len(messages)-1], nil
}

// open makes the client of the recorded opening; its two messages are compared
// one after the other.
func (p *clientReplay) open(m *psrp.Message, body psrp.Body) (*psrp.Message, error) {
	if capability, ok := body.(psrp.Capability); ok {
		if p.c != nil {
			return nil, errors.New("a client names its capability once")
		}
		cfg := psrp.ClientConfig{ID: m.PoolID, Protocol: capability.Protocol, TimeZone: capability.TimeZone}
		p.c = psrp.NewClient(p.rec.opening(cfg))
		out, err := p.c.Open()
		if err != nil {
			return nil, err
		}
		if p.opened, err = join(out); err != nil {
			return nil, err
		}
	}
	if len(p.opened) == 0 {
		return nil, errors.New("a pool opens once")
	}
	next := &p.opened[0]
	p.opened = p.opened[1:]
	return next, nil
}

// opening fills in what the recording's INIT_RUNSPACEPOOL asks.
func (r *recording) opening(cfg psrp.ClientConfig) psrp.ClientConfig {
	for _, l := range r.lines {
		if l.Message == nil || l.Message.Name != "INIT_RUNSPACEPOOL" || l.Message.XML == nil {
			continue
		}
		v, err := clixml.Decode([]byte(*l.Message.XML))
		if err != nil {
			return cfg
		}
		body, err := psrp.DecodeBody(psrp.InitRunspacePool, v)
		if err != nil {
			return cfg
		}
		asked := body.(psrp.PoolOpen)
		cfg.MinRunspaces, cfg.MaxRunspaces, cfg.Host = asked.Min, asked.Max, asked.Host
		cfg.ThreadOptions, cfg.Apartment = asked.ThreadOptions, asked.Apartment
		if asked.ApplicationArguments != nil {
			cfg.ApplicationArguments = asked.ApplicationArguments.Entries
		}
	}
	return cfg
}

// eventType is the type of the message that an event of a client comes from.
func eventType(e psrp.Event) psrp.MessageType {
	switch e := e.(type) {
	case psrp.CapabilityReceived:
		return psrp.SessionCapability
	case psrp.PoolStateChanged:
		return psrp.RunspacePoolState
	case psrp.PrivateDataReceived:
		return psrp.ApplicationPrivateData
	case psrp.PoolLimitsReceived:
		return psrp.RunspacePoolInitData
	case psrp.Availability:
		return psrp.RunspaceAvailability
	case psrp.UserEventReceived:
		return psrp.UserEvent
	case psrp.KeyRequested:
		return psrp.PublicKeyRequest
	case psrp.SessionKeyReceived:
		return psrp.EncryptedSessionKey
	case psrp.Output:
		return psrp.PipelineOutput
	case psrp.ErrorReceived:
		return psrp.ErrorRecordMessage
	case psrp.DebugReceived:
		return psrp.DebugRecord
	case psrp.VerboseReceived:
		return psrp.VerboseRecord
	case psrp.WarningReceived:
		return psrp.WarningRecord
	case psrp.ProgressReceived:
		return psrp.ProgressRecordMessage
	case psrp.InformationReceived:
		return psrp.InformationRecordMessage
	case psrp.HostCallReceived:
		return e.Call.MessageType()
	case psrp.PipelineStateChanged:
		return psrp.PipelineStateMessage
	}
	return 0
}
