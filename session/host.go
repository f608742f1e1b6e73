package session

import (
	"context"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// event turns what a pipeline said into records of its run.
func (s *Session) event(ctx context.Context, run *Run, out *stepOutput, ev psrp.Event) {
	switch ev := ev.(type) {
	case psrp.Output:
		out.values([]clixml.Value{ev.Value})
	case psrp.ErrorReceived:
		s.heed(ev.Record)
		out.error(ev.Record, false)
	case psrp.WarningReceived:
		out.message(StreamWarning, pslang.WarningStream, ev.Record, psrp.WarningRecord)
	case psrp.VerboseReceived:
		out.message(StreamVerbose, pslang.VerboseStream, ev.Record, psrp.VerboseRecord)
	case psrp.DebugReceived:
		out.message(StreamDebug, pslang.DebugStream, ev.Record, psrp.DebugRecord)
	case psrp.ProgressReceived:
		run.emit(ctx, Record{Stream: StreamProgress, Progress: &ev.Record})
	case psrp.InformationReceived:
		out.information(ev.Record)
	case psrp.HostCallReceived:
		s.hostCall(ctx, run, ev.Call)
	}
}

// hostCall shows what the server writes to the host, asks a person what it
// asks, and answers the rest.
func (s *Session) hostCall(ctx context.Context, run *Run, call psrp.HostCall) {
	m, err := call.Decode()
	if err != nil {
		s.answerUnasked(call)
		return
	}
	switch m := m.(type) {
	case psrp.Write:
		run.host(ctx, m.Text, false)
	case psrp.WriteColor:
		run.host(ctx, m.Text, false)
	case psrp.WriteLine:
		run.host(ctx, m.Text, true)
	case psrp.WriteLineColor:
		run.host(ctx, m.Text, true)
	case psrp.WriteErrorLine, psrp.WriteDebugLine, psrp.WriteVerboseLine, psrp.WriteWarningLine, psrp.WriteProgress:
		// The same comes as a record.
	case psrp.GetBuffer:
		// It may show another tenant's output.
		run.emit(ctx, Record{Stream: StreamWarning, Text: bufferRefused})
		s.answerUnasked(call)
	default:
		if p := newPrompt(s, run, call, m); p != nil {
			run.emit(ctx, Record{Stream: StreamPrompt, Prompt: p})
			return
		}
		s.answerUnasked(call)
	}
}

// host collects text that the server writes in pieces into lines.
func (r *Run) host(ctx context.Context, text string, line bool) {
	r.mu.Lock()
	r.hostText += text
	var done string
	switch i := strings.LastIndexByte(r.hostText, '\n'); {
	case line:
		done, r.hostText = r.hostText, ""
	case i >= 0:
		done, r.hostText = r.hostText[:i], r.hostText[i+1:]
	default:
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	r.emit(ctx, Record{Stream: StreamHost, Text: done})
}

// flushHost gives what the server wrote last without ending the line.
func (r *Run) flushHost(ctx context.Context) {
	r.mu.Lock()
	rest := r.hostText
	r.hostText = ""
	r.mu.Unlock()
	if rest != "" {
		r.emit(ctx, Record{Stream: StreamHost, Text: rest})
	}
}

func (s *Session) sendResponse(ctx context.Context, r psrp.HostResponse) error {
	var out psrp.Outgoing
	err := s.withKey(ctx, nil, func() (err error) {
		out, err = s.client.Respond(r)
		return err
	})
	if err != nil {
		return err
	}
	return s.transport.Send(ctx, out)
}
