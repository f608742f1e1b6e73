package psrp_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// serverReplay is a Server in the place of the recorded one.
type serverReplay struct {
	rec     *recording
	s       *psrp.Server
	in      map[wireKey]*psrp.Reassembler
	private *clixml.Object
	errs    []error
}

// replayServer lets a Server hear what the recorded server heard and say what
// it said. Where a script broke the rules by hand it is left out: the two
// servers need not break in the same way.
func replayServer(r *recording) []error {
	if r.byHand() && (len(r.faults) > 0 || r.refused(-1)) {
		return nil
	}
	p := &serverReplay{rec: r, in: map[wireKey]*psrp.Reassembler{}}
	p.s = psrp.NewServer(psrp.ServerConfig{Protocol: serverProtocol(r)})
	for i := range r.lines {
		l := &r.lines[i]
		data := l.data()
		if data == nil {
			continue
		}
		if l.Dir == "c2s" {
			p.hear(l, data)
			continue
		}
		key := wireKey{l.Dir, l.stream(), l.PSGuid}
		if p.in[key] == nil {
			p.in[key] = &psrp.Reassembler{}
		}
		messages, _ := p.in[key].Feed(data)
		for j := range messages {
			p.say(l.Seq, &messages[j])
		}
	}
	return p.errs
}

// serverProtocol is what the recorded server offers, "c2s 2.4/s2c 2.3".
func serverProtocol(r *recording) string {
	_, version, _ := strings.Cut(r.header.Protocol, "s2c ")
	if version == "3.0" { // the recorder wrote it over what the server said
		return "2.4"
	}
	return version
}

func (p *serverReplay) errorf(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("server: "+format, args...))
}

func (p *serverReplay) hear(l *line, data []byte) {
	events, err := p.s.Feed(l.PSGuid, l.stream(), data)
	if err != nil {
		p.errorf("seq %d: %v", l.Seq, err)
	}
	for _, e := range events {
		if failed, ok := e.(psrp.DecodeFailed); ok && p.rec.fault(l.Seq, l.Dir) == "" {
			p.errorf("seq %d: %s: %v", l.Seq, failed.Type, failed.Err)
		}
	}
}

// say makes the server say what m says and compares.
func (p *serverReplay) say(seq int, m *psrp.Message) {
	if !m.Type.Known() || p.rec.fault(seq, "s2c") == "sub" {
		return
	}
	body, err := m.Decode(clixml.Limits{})
	if err != nil {
		p.errorf("seq %d: %v", seq, err)
		return
	}
	got, err := p.make(m, body)
	if err != nil {
		p.errorf("seq %d: %v", seq, err)
		return
	}
	if err := same(got, m); err != nil {
		p.errorf("seq %d: %v", seq, err)
	}
	if got.PoolID != m.PoolID || got.PipelineID != m.PipelineID {
		p.errorf("seq %d: %s is of pool %s, pipeline %s", seq, m.Type, got.PoolID, got.PipelineID)
	}
	p.makeAnew(seq, body)
}

// make asks the server for a message as its user would.
func (p *serverReplay) make(m *psrp.Message, body psrp.Body) (*psrp.Message, error) {
	var out psrp.Outgoing
	var err error
	id := m.PipelineID
	switch b := body.(type) {
	case psrp.Capability:
		out, err = p.s.Capability()
	case psrp.PrivateData:
		p.private = b.Data
		made, err := psrp.NewMessage(psrp.ToClient, m.PoolID, id, b)
		return &made, err
	case psrp.PoolStatus:
		if b.State == psrp.PoolOpened {
			out, err = p.s.Opened(p.private)
		} else {
			out = p.s.PoolState(b.State, b.Error)
		}
	case psrp.PoolAnswer:
		out, err = p.s.Availability(b.CallID, b.Response)
	case psrp.EngineEvent:
		out, err = p.s.Event(b)
	case psrp.KeyDemand:
		out, err = p.s.RequestPublicKey()
	case psrp.KeyAnswer:
		out, err = p.s.SessionKey(b.EncryptedSessionKey)
	case psrp.OutputObject:
		out, err = p.s.Output(id, b.Value)
	case *psrp.ErrorRecord:
		out, err = p.s.Error(id, b)
	case psrp.StreamRecord:
		out, err = p.s.Record(id, b)
	case psrp.ProgressRecord:
		out, err = p.s.Progress(id, b)
	case psrp.InformationRecord:
		out, err = p.s.Information(id, b)
	case psrp.HostCall:
		_, out, err = p.s.HostCall(id, b)
	case psrp.PipelineStatus:
		out, err = p.s.PipelineState(id, b.State, b.Error)
	default:
		return nil, fmt.Errorf("no server sends %T", body)
	}
	return last(out, err)
}

// makeAnew builds records from their fields alone and compares what both have:
// a record made here says in each member what PowerShell's says.
func (p *serverReplay) makeAnew(seq int, body psrp.Body) {
	switch b := body.(type) {
	case *psrp.ErrorRecord:
		p.errs = append(p.errs, sameError(seq, b)...)
	case psrp.PipelineStatus:
		if b.Error != nil {
			p.errs = append(p.errs, sameError(seq, b.Error)...)
		}
	case psrp.HostCall:
		if err := sameCall(b); err != nil {
			p.errorf("seq %d: %v", seq, err)
		}
	case psrp.StreamRecord:
		anew := b
		anew.Record.Object = nil
		err := sameMembers(anew.Encode().Object(), b.Record.Object, "InformationalRecord_SerializeInvocationInfo")
		if err != nil {
			p.errorf("seq %d: %s: %v", seq, b.Type, err)
		}
	}
}

func sameError(seq int, e *psrp.ErrorRecord) []error {
	anew := *e
	anew.Object = nil
	if e.DetailsMessage == "" {
		anew.Message = e.ExceptionMessage
	}
	// the category line is computed, not repeated; a person may have set another
	anew.CategoryMessage = ""
	var errs []error
	err := sameMembers(anew.Encode().Object(), e.Object, "Exception", "InvocationInfo", "SerializeExtendedInfo")
	if err == nil {
		made, _ := anew.Encode().Object().Get("Exception")
		recorded, _ := e.Object.Get("Exception")
		if made.Object().TypeNames[0] != recorded.Object().TypeNames[0] {
			err = errors.New("the exception's type differs")
		}
		a, _ := made.Object().Get("Message")
		b, _ := recorded.Object().Get("Message")
		if !clixml.Equal(a, b) {
			err = errors.New("the exception's message differs")
		}
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("server: seq %d: %s made anew: %w", seq, e.FullyQualifiedErrorID, err))
	}
	return errs
}

// sameMembers compares type names, text and the members of made, in their
// order, with those of recorded that have their names.
func sameMembers(made, recorded *clixml.Object, except ...string) error {
	if !slices.Equal(made.TypeNames, recorded.TypeNames) {
		return fmt.Errorf("type names are %q, recorded %q", made.TypeNames, recorded.TypeNames)
	}
	if made.ToString != recorded.ToString {
		return fmt.Errorf("text is %q, recorded %q", made.ToString, recorded.ToString)
	}
	at := -1
	for _, m := range made.Members {
		i := slices.IndexFunc(recorded.Members, func(r clixml.Property) bool { return r.Name == m.Name })
		if i <= at {
			return fmt.Errorf("member %s is not there or not in its place", m.Name)
		}
		at = i
		if !slices.Contains(except, m.Name) && !clixml.Equal(m.Value, recorded.Members[i].Value) {
			return fmt.Errorf("member %s is %v, recorded %v", m.Name, m.Value.Any(), recorded.Members[i].Value.Any())
		}
	}
	return nil
}

// sameCall reads a call by its method and makes it anew.
func sameCall(call psrp.HostCall) error {
	asked, err := call.Decode()
	if err != nil {
		return err
	}
	anew, err := psrp.NewHostCall(asked)
	if err != nil {
		return err
	}
	if call.Method == psrp.MethodWriteLine1 { // made anew as a WriteLine2 of no text
		return nil
	}
	if anew.Method != call.Method {
		return fmt.Errorf("%s made anew is %s", call.Method, anew.Method)
	}
	if !clixml.Equal(anew.Encode(), psrp.HostCall{CallID: psrp.NoAnswer, Method: call.Method, Parameters: call.Parameters}.Encode()) {
		a, _ := clixml.Encode(anew.Encode())
		b, _ := clixml.Encode(call.Encode())
		return fmt.Errorf("%s made anew differs:\n ours     %s\n recorded %s", call.Method, a, b)
	}
	return nil
}
