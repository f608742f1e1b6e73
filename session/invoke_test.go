package session

import (
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// The first objects of a large answer are handed on while most of it is not
// decoded yet: at that time its end, which came with it, is not known.
func TestFirstObjectsOfALargeAnswerGoFirst(t *testing.T) {
	const objects = 500
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		var answer []byte
		for range objects {
			out, err := c.f.server.Output(c.ID, clixml.Str(strings.Repeat("x", 500)))
			if err != nil {
				t.Error(err)
			}
			answer = append(answer, out.Bytes()...)
		}
		out, err := c.f.server.PipelineState(c.ID, psrp.PipelineCompleted, nil)
		c.f.box(c.ID).put(err, append(answer, out.Bytes()...))
	})
	n := 0
	x := &exchange{stop: make(chan struct{}), sink: func(ev psrp.Event) {
		if _, ok := ev.(psrp.Output); !ok {
			return
		}
		n++
		if state, _ := s.client.PipelineState(ev.Pipeline()); n == 1 && state != psrp.PipelineRunning {
			t.Errorf("at the first object the pipeline is %v already", state)
		}
	}}
	end, err := s.invoke(t.Context(), psrp.Script("many"), nil, x)
	if err != nil || end.state != psrp.PipelineCompleted || n != objects {
		t.Errorf("%d objects, %+v, %v", n, end, err)
	}
}
