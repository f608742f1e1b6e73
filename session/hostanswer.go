package session

import (
	"context"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// answerQueue holds answers to host calls that are on their way out: they leave
// in the order in which the calls came, without holding up whoever reads.
type answerQueue struct {
	mu      sync.Mutex
	waiting []psrp.HostResponse
	sending bool
}

// respond sends an answer after those before it.
func (s *Session) respond(r psrp.HostResponse) {
	q := &s.answers
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
	if !q.sending {
		q.sending = true
		s.spawn(s.sendAnswers)
	}
}

// sendAnswers sends what waits, and ends when nothing does.
func (s *Session) sendAnswers() {
	q := &s.answers
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.sending = false
			q.mu.Unlock()
			return
		}
		r := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		s.sendInTime(r)
	}
}

func (s *Session) sendInTime(r psrp.HostResponse) {
	ctx, cancel := context.WithTimeout(s.ctx, s.cancelTimeout())
	defer cancel()
	_ = s.sendResponse(ctx, r)
}

// answerUnasked answers a call that no person is asked about. What the host can
// say of itself it says; what a terminal would do stays undone, because a
// server has no say over it; and what wants anything else is told that this
// host has none.
func (s *Session) answerUnasked(call psrp.HostCall) {
	if !call.WantsAnswer() {
		return
	}
	if v, ok := s.hostProperty(call.Method); ok {
		s.respond(psrp.ValueAnswer(call, v))
		return
	}
	msg := "this host does not offer " + call.Method.String()
	s.respond(psrp.ErrorAnswer(call, &psrp.ErrorRecord{
		Message:               msg,
		ExceptionType:         "System.Management.Automation.Host.HostException",
		ExceptionMessage:      msg,
		FullyQualifiedErrorID: "HostFunctionNotImplemented",
		Category:              "NotImplemented",
		CategoryCode:          15,
	}))
}

// hostVersion is of the host, not of the program: it says what the host can do.
const hostVersion = clixml.Version("1.0")

// hostProperty is what the host answers to a method that asks for a property.
func (s *Session) hostProperty(m psrp.HostMethod) (clixml.Value, bool) {
	o := &s.target.Options
	switch m {
	case psrp.MethodGetName:
		return clixml.Str("psdeck"), true
	case psrp.MethodGetVersion:
		return clixml.Of(hostVersion), true
	case psrp.MethodGetInstanceID:
		return clixml.Of(s.instance), true
	case psrp.MethodGetCurrentCulture:
		return clixml.Str(orElse(o.Culture, o.UICulture, "en-US")), true
	case psrp.MethodGetCurrentUICulture:
		return clixml.Str(orElse(o.UICulture, "en-US")), true
	case psrp.MethodGetIsRunspacePushed, psrp.MethodGetKeyAvailable:
		return clixml.Bool(false), true
	}
	if s.host == nil {
		return clixml.Null(), false
	}
	return s.host.Defaults.Property(m)
}

// bufferRefused is said beside the refusal of GetBufferContents.
const bufferRefused = "the server asked for what stands on this screen; it was not given"
