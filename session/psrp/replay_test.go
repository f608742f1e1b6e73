package psrp_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
	"psdeck/session/psrp"
)

// known are recordings that cannot pass, with the reason.
var known = map[string]string{}

// TestVectorWire replays recorded conversations: each message is joined from
// its fragments and understood; a Client that is asked the same sends the same,
// a Server too. A case is one recording.
func TestVectorWire(t *testing.T) {
	score := vectors.Score{Family: "wire"}
	for _, r := range recordings(t) {
		var errs []error
		for _, c := range r.conversations() {
			errs = append(errs, replayFragments(c)...)
			errs = append(errs, replayClient(c)...)
			errs = append(errs, replayServer(c)...)
		}
		score.Check(t, r.name, errors.Join(errs[:min(5, len(errs))]...), known[r.name])
	}
	score.Report(t, os.Stdout)
}

type wireKey struct {
	dir, stream string
	id          uuid.UUID
}

// replayFragments joins both directions' payloads and compares each message
// with the recorder's. What is malformed must be refused, and ends its stream.
func replayFragments(r *recording) []error {
	var errs []error
	streams := map[wireKey]*psrp.Reassembler{}
	var due []psrp.Message
	for i := range r.lines {
		l := &r.lines[i]
		key := wireKey{l.Dir, l.stream(), l.PSGuid}
		if data := l.data(); data != nil {
			if streams[key] == nil {
				streams[key] = &psrp.Reassembler{}
			}
			if r.malformedBefore(key, l.Seq) {
				continue
			}
			messages, err := streams[key].Feed(data)
			if l.Malformed != "" {
				if err == nil && len(messages) > 0 {
					errs = append(errs, fmt.Errorf("seq %d is taken though malformed: %s", l.Seq, l.Malformed))
				}
				continue
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("seq %d: %w", l.Seq, err))
			}
			due = append(due, messages...)
		}
		if l.Message != nil && !r.deadMessage(l) {
			if len(due) == 0 {
				errs = append(errs, fmt.Errorf("seq %d: %s did not come", l.Seq, l.Message.Name))
				continue
			}
			if err := l.Message.check(&due[0]); err != nil {
				errs = append(errs, fmt.Errorf("seq %d: %w", l.Seq, err))
			}
			due = due[1:]
		}
	}
	if len(due) != 0 {
		errs = append(errs, fmt.Errorf("%d messages more than recorded", len(due)))
	}
	return errs
}

func (r *recording) malformedBefore(key wireKey, seq int) bool {
	for _, l := range r.faults {
		if l.Malformed != "" && l.Seq < seq && key == (wireKey{l.Dir, l.stream(), l.PSGuid}) {
			return true
		}
	}
	return false
}

// deadMessage tells whether the recorder's message follows a fault on its
// stream, where a strict receiver reads no more.
func (r *recording) deadMessage(m *line) bool {
	if len(r.faults) == 0 {
		return false
	}
	for _, l := range r.lines {
		if l.Seq == m.Seq && l.data() != nil {
			return r.malformedBefore(wireKey{l.Dir, l.stream(), l.PSGuid}, m.Seq)
		}
	}
	return false
}

// join gives the messages that out carries.
func join(out psrp.Outgoing) ([]psrp.Message, error) {
	var r psrp.Reassembler
	return r.Feed(out.Bytes())
}

// same compares bodies by value: kinds, names, types, texts and order. Call ids
// of pool operations are the caller's to give.
func same(got, want *psrp.Message) error {
	if got.Type != want.Type {
		return fmt.Errorf("we send %s, recorded is %s", got.Type, want.Type)
	}
	a, err := clixml.Decode(got.Body)
	if err != nil {
		return err
	}
	b, err := clixml.Decode(want.Body)
	if err != nil {
		return err
	}
	switch want.Type {
	case psrp.SetMaxRunspaces, psrp.SetMinRunspaces, psrp.GetAvailableRunspaces, psrp.ResetRunspaceState:
		a.Object().Set("ci", clixml.Int64(0))
		b.Object().Set("ci", clixml.Int64(0))
	}
	if !clixml.Equal(a, b) {
		return fmt.Errorf("%s differs:\n ours     %s\n recorded %s", want.Type, got.Body, want.Body)
	}
	return nil
}

// sameBody compares typed bodies, for clients whose spelling is their own.
func sameBody(got, want psrp.Body) error {
	ignoreID := func(b psrp.Body) psrp.Body {
		switch b := b.(type) {
		case psrp.PoolMax:
			return psrp.PoolMax{Max: b.Max}
		case psrp.PoolMin:
			return psrp.PoolMin{Min: b.Min}
		case psrp.PoolAvailable:
			return psrp.PoolAvailable{}
		case psrp.PoolReset:
			return psrp.PoolReset{}
		case psrp.HostResponse:
			b.Err = nil // spelled freely; only its being there counts
			return b
		case psrp.PoolOpen:
			b.ApplicationArguments = nil // ours are never without the versions
			return b
		}
		return b
	}
	diff := cmp.Diff(ignoreID(want), ignoreID(got),
		cmp.Comparer(clixml.Equal),
		cmp.Comparer(func(a, b *clixml.Object) bool { return clixml.Equal(clixml.Obj(a), clixml.Obj(b)) }))
	if diff != "" {
		return fmt.Errorf("%s differs (-recorded +ours):\n%s", want.MessageType(), diff)
	}
	return nil
}
