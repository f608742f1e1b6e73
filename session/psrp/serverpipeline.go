package psrp

import (
	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// Output makes a PIPELINE_OUTPUT of one object.
func (s *Server) Output(pipeline uuid.UUID, v clixml.Value) (Outgoing, error) {
	return s.send(pipeline, OutputObject{v})
}

// Error makes an ERROR_RECORD.
func (s *Server) Error(pipeline uuid.UUID, e *ErrorRecord) (Outgoing, error) {
	return s.send(pipeline, e)
}

// Warning makes a WARNING_RECORD.
func (s *Server) Warning(pipeline uuid.UUID, text string) (Outgoing, error) {
	return s.send(pipeline, StreamRecord{WarningRecord, InformationalRecord{Message: text}})
}

// Verbose makes a VERBOSE_RECORD.
func (s *Server) Verbose(pipeline uuid.UUID, text string) (Outgoing, error) {
	return s.send(pipeline, StreamRecord{VerboseRecord, InformationalRecord{Message: text}})
}

// Debug makes a DEBUG_RECORD.
func (s *Server) Debug(pipeline uuid.UUID, text string) (Outgoing, error) {
	return s.send(pipeline, StreamRecord{DebugRecord, InformationalRecord{Message: text}})
}

// Record makes a DEBUG_RECORD, VERBOSE_RECORD or WARNING_RECORD with what
// its Object holds.
func (s *Server) Record(pipeline uuid.UUID, r StreamRecord) (Outgoing, error) {
	return s.send(pipeline, r)
}

// Progress makes a PROGRESS_RECORD.
func (s *Server) Progress(pipeline uuid.UUID, r ProgressRecord) (Outgoing, error) {
	return s.send(pipeline, r)
}

// Information makes an INFORMATION_RECORD.
func (s *Server) Information(pipeline uuid.UUID, r InformationRecord) (Outgoing, error) {
	return s.send(pipeline, r)
}

// HostCall makes a host call of a pipeline, or of the pool (uuid.Nil). The
// call's id is the server's to give: NoAnswer for a method that returns
// nothing, else the next number; it is returned for matching the answer.
func (s *Server) HostCall(pipeline uuid.UUID, call HostCall) (callID int64, out Outgoing, err error) {
	s.mu.Lock()
	call.PipelineID, call.CallID = pipeline, NoAnswer
	if !call.Method.Void() {
		counter := &s.calls
		if pipeline != uuid.Nil {
			p := s.pipelines[pipeline]
			if p == nil {
				s.mu.Unlock()
				return 0, Outgoing{}, &StateError{"call the host", "the pipeline is not there"}
			}
			counter = &p.calls
		}
		*counter++
		call.CallID = *counter
	}
	s.mu.Unlock()
	out, err = s.send(pipeline, call)
	return call.CallID, out, err
}

// PipelineState makes a PIPELINE_STATE; e is set for Failed and Stopped, else nil.
func (s *Server) PipelineState(pipeline uuid.UUID, state PipelineState, e *ErrorRecord) (Outgoing, error) {
	out, err := s.send(pipeline, PipelineStatus{state, e})
	if err == nil {
		s.mu.Lock()
		if p := s.pipelines[pipeline]; p != nil {
			p.state = state
		}
		s.mu.Unlock()
	}
	return out, err
}

// send makes one message. It encodes outside the lock, so that pipelines do
// not wait for each other.
func (s *Server) send(pipeline uuid.UUID, body Body) (Outgoing, error) {
	s.mu.Lock()
	poolID, known := s.poolID, pipeline == uuid.Nil || s.pipelines[pipeline] != nil
	s.mu.Unlock()
	if !known {
		return Outgoing{}, &StateError{"send " + body.MessageType().String(), "the pipeline is not there"}
	}
	message, err := packable(ToClient, poolID, pipeline, body)
	if err != nil {
		return Outgoing{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return Outgoing{PipelineID: pipeline, Stream: StreamStdin, Fragments: s.frag.pack(message)}, nil
}
