package session

import (
	"context"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/pslang/syntax"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// expandMost bounds what a server may say to complete one line.
const expandMost = 4 << 20

// Expand has the server complete a line at a byte offset, where it has a
// language to do that with or offers it: TabExpansion2, as PowerShell's own
// client asks it.
// false where it has not, while a line runs, and where a line comes between.
func (s *Session) Expand(ctx context.Context, line string, cursor int) (complete.Result, bool) {
	if !s.expands() || s.text != nil || s.State() != Opened {
		return complete.Result{}, false
	}
	busy, idle := s.turns.idleNow()
	if !idle {
		return complete.Result{}, false
	}
	stop := make(chan struct{})
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	if !s.spawnOpen(func() {
		select {
		case <-busy:
		case <-over.Done():
		}
		close(stop)
	}) {
		return complete.Result{}, false
	}
	o := syntax.NewOffsets(line)
	question := psrp.Commands(psrp.Command{Name: "TabExpansion2", Parameters: []psrp.Parameter{
		{Value: clixml.Str(line)}, {Value: clixml.Int32(int32(o.UTF16(cursor)))}, {Value: clixml.Null()},
	}})
	var answer complete.Result
	end, err := s.invoke(s.ctx, question, none, &exchange{stop: stop, limit: expandMost, sink: func(ev psrp.Event) {
		switch ev := ev.(type) {
		case psrp.Output:
			answer = expansionOf(ev.Value, line)
		case psrp.HostCallReceived:
			s.answerUnasked(ev.Call)
		}
	}})
	return answer, err == nil && end.state == psrp.PipelineCompleted && len(answer.Items) > 0
}

// expands tells whether the server is known to complete lines: an endpoint
// without a language may offer the command to its users.
func (s *Session) expands() bool {
	return s.asScript(SendAuto) || s.Catalog().Find("TabExpansion2") != nil
}

// idleNow is quiet without waiting.
func (q *turns) idleNow() (busy <-chan struct{}, idle bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.taken > 0 || len(q.waiting) > 0 {
		return nil, false
	}
	if q.entered == nil {
		q.entered = make(chan struct{})
	}
	return q.entered, true
}

// spawnOpen is spawn for what may be asked while the session is being closed.
func (s *Session) spawnOpen(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Opened {
		return false
	}
	s.spawn(f)
	return true
}

// expansionOf reads a CommandCompletion. It is remote text, cleaned: an item
// that could not be written as it is is left out.
func expansionOf(v clixml.Value, line string) complete.Result {
	o := v.Object()
	if o == nil {
		return complete.Result{}
	}
	index, _ := number(o, "ReplacementIndex")
	length, ok := number(o, "ReplacementLength")
	r := complete.Result{Start: byteOffset(line, index), End: byteOffset(line, index+length)}
	matches, _ := o.Get("CompletionMatches")
	if !ok || matches.Object() == nil || index < 0 || length < 0 {
		return complete.Result{}
	}
	for _, m := range matches.Object().Items {
		c := m.Object()
		if c == nil {
			continue
		}
		it := complete.Item{
			Text: memberText(c, "CompletionText"), List: cleanName(memberText(c, "ListItemText")),
			Kind: complete.KindNamed(memberText(c, "ResultType")), Tip: safetext.Clean(memberText(c, "ToolTip")),
		}
		if it.Text == "" || it.List == "" || it.Text != safetext.Clean(it.Text) || strings.ContainsAny(it.Text, "\r\n\t") {
			continue
		}
		r.Items = append(r.Items, it)
	}
	return r
}

func number(o *clixml.Object, name string) (int, bool) {
	v, _ := o.Get(name)
	n, ok := v.Int()
	return int(n), ok
}

// byteOffset is the offset of so many UTF-16 code units.
func byteOffset(s string, units int) int {
	for i, r := range s {
		if units <= 0 {
			return i
		}
		units--
		if r > 0xffff {
			units--
		}
	}
	return len(s)
}
