package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
	"psdeck/session/pslang"
)

// running is the line that runs in a tab.
type running struct {
	seq      int
	block    *block
	line     string
	reader   *reader // nil until the line was taken
	run      Command
	ctx      context.Context
	cancel   context.CancelFunc
	progress *progress
	stop     bool // asked for; sent as soon as there is a run
	lastErr  string
	given    time.Time // when the person gave the line
}

// The messages of a run. Each names its tab and request.
type (
	startedMsg struct {
		tab, seq int
		run      Command
		reader   *reader
		err      error
	}
	batchMsg struct {
		tab, seq int
		batch    batch
	}
	stoppedMsg struct {
		tab, seq int
		err      error
	}
	answeredMsg struct {
		tab, seq int
		err      error
	}
)

// submit gives the tab's draft to the guard, and runs it, queues it, or says
// why not. The draft stays unless the line is taken.
func (a *App) submit(t *tab) tea.Cmd {
	text := t.editor.text
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if t.runner == nil || t.dead {
		if strings.EqualFold(pslang.ResolveAlias(strings.TrimSpace(text)), "Clear-Host") {
			t.editor.clear()
			t.scroll.clear()
			return nil
		}
		t.notice = notice{text: t.whyClosed(), at: -1}
		return nil
	}
	verdict, err := t.check(text)
	if err != nil {
		a.misread(t, err)
		return nil
	}
	switch verdict.Decision {
	case session.Refused:
		t.refuse(text, verdict)
		return nil
	case session.NeedsConfirmation:
		return a.openDialog(t, newConfirm(t, text, verdict))
	}
	return a.take(t, text, false)
}

// check asks the guard, for lines that are sent as this tab's are.
func (t *tab) check(text string) (session.Verdict, error) {
	if r, ok := t.runner.(modal); ok && t.mode != session.SendAuto {
		return r.CheckAs(text, t.mode)
	}
	return t.runner.Check(text)
}

func (t *tab) whyClosed() string {
	switch {
	case t.connecting():
		return textStillConnecting
	case t.attempt != nil:
		return textRetry
	case t.left != nil:
		return textLeftHere
	default:
		return textReconnectHint
	}
}

// misread shows what is wrong with a line; one that only lacks its end gets a new line.
func (a *App) misread(t *tab, err error) {
	var syntax *pslang.Error
	if !errors.As(err, &syntax) {
		t.notice = notice{text: textError + " " + oneLine(err.Error()), at: -1}
		return
	}
	if syntax.Incomplete {
		t.editor.insert("\n")
		return
	}
	t.notice = notice{text: textError + " " + oneLine(syntax.Msg), at: min(max(syntax.Start, 0), len(t.editor.text))}
}

// refuse writes a block for a line that the guard does not let through.
func (t *tab) refuse(text string, v session.Verdict) {
	reason := textRefused + ": " + oneLine(v.Reason)
	if r := v.Reached; len(r) > 1 || len(r) == 1 && oneLine(r[0].Name()) != t.name() {
		reason += "; " + fmt.Sprintf(textReaches, oneLine(v.Where()))
	}
	if len(v.Reason) <= 20 && len(text) < 40 {
		t.begin(&block{command: text, state: blockRefused, word: reason})
	} else {
		t.begin(&block{command: text, state: blockRefused})
		t.say(line{text: reason, kind: kindError})
	}
	if v.WayOut != "" {
		t.say(line{text: oneLine(v.WayOut), kind: kindDim})
	}
	t.scroll.toEnd()
	t.keep()
}

// take accepts a line: it runs now, or waits for the one that runs.
func (a *App) take(t *tab, text string, confirmed bool) tea.Cmd {
	t.history.add(text, t.owner())
	t.editor.clear()
	t.notice = notice{}
	t.scroll.toEnd()
	if t.current != nil {
		t.queue = append(t.queue, queued{text, confirmed, a.cfg.Now()})
		return nil
	}
	return a.start(t, queued{text, confirmed, a.cfg.Now()})
}

// start runs a line.
func (a *App) start(t *tab, q queued) tea.Cmd {
	t.seq++
	text, confirmed := q.line, q.confirmed
	r := &running{seq: t.seq, line: text, given: q.given, block: &block{command: text, state: blockRunning, started: a.cfg.Now()}}
	r.ctx, r.cancel = context.WithCancel(t.ctx)
	t.current = r
	t.begin(r.block)
	runner, id, seq, wide, mode := t.runner, t.id, t.seq, a.outputWidth(), t.mode
	return tea.Batch(a.tick(), func() tea.Msg {
		run, err := runner.Run(r.ctx, text, session.RunOptions{Mode: mode, Confirmed: confirmed, Gather: gatherTime})
		if err != nil {
			return startedMsg{tab: id, seq: seq, err: err}
		}
		return startedMsg{tab: id, seq: seq, run: run, reader: newReader(run, wide)}
	})
}

func (a *App) outputWidth() int { return a.w - outputMargin - 1 }

// currentOf is the run that a message is about; nil when it is stale.
func (a *App) currentOf(id, seq int) (*tab, *running) {
	t := a.byID(id)
	if t == nil || t.current == nil || t.current.seq != seq {
		return nil, nil
	}
	return t, t.current
}

func (a *App) started(msg startedMsg) tea.Cmd {
	t, r := a.currentOf(msg.tab, msg.seq)
	if t == nil {
		return stopRun(msg.run)
	}
	if msg.err != nil {
		return a.notStarted(t, r, msg.err)
	}
	r.run, r.reader = msg.run, msg.reader
	cmds := []tea.Cmd{nextBatch(t.id, r)}
	if r.stop {
		cmds = append(cmds, sendStop(t.id, r))
	}
	return tea.Batch(cmds...)
}

func stopRun(run Command) tea.Cmd {
	if run == nil {
		return nil
	}
	return func() tea.Msg { _ = run.Stop(context.Background()); return nil } // of a tab that is gone
}

func nextBatch(id int, r *running) tea.Cmd {
	return func() tea.Msg { return batchMsg{id, r.seq, r.reader.next(r.ctx)} }
}

// notStarted ends a line that was not sent: the guard or the parser said no
// after all, or the session is gone.
func (a *App) notStarted(t *tab, r *running, err error) tea.Cmd {
	t.current = nil
	r.cancel()
	r.block.state = blockFailed
	var refused *session.RefusedError
	var confirm *session.ConfirmationError
	switch {
	case errors.As(err, &refused):
		r.block.state = blockRefused
		t.say(line{text: oneLine(err.Error()), kind: kindError})
		if refused.Verdict.WayOut != "" {
			t.say(line{text: oneLine(refused.Verdict.WayOut), kind: kindDim})
		}
	case errors.As(err, &confirm):
		r.block.state, r.block.word = blockStopped, textNotSent
		t.keepDraft(r.line)
		a.marked(t)
		return a.openDialog(t, newConfirm(t, r.line, confirm.Verdict))
	default:
		t.say(errorLines(err)...)
	}
	t.keepDraft(r.line)
	t.takeQueueBack()
	a.marked(t)
	return nil
}

// keepDraft puts a line that did not run back into an empty prompt.
func (t *tab) keepDraft(text string) {
	if t.editor.text == "" {
		t.editor.set(text)
	}
}

// received takes a batch.
func (a *App) received(msg batchMsg) tea.Cmd {
	t, r := a.currentOf(msg.tab, msg.seq)
	if t == nil {
		return nil
	}
	b := &msg.batch
	if b.clear {
		t.scroll.clear()
	}
	t.say(b.lines...)
	r.block.objects += b.objects
	r.block.errors += b.errors
	r.block.reached = append(r.block.reached, b.reached...)
	if b.progress != nil {
		r.progress = b.progress
	}
	if b.lastErr != "" {
		r.lastErr = b.lastErr
	}
	var cmds []tea.Cmd
	for _, p := range b.prompts {
		cmds = append(cmds, a.openDialog(t, newPrompt(t, r, p)))
	}
	a.marked(t)
	if b.end {
		return tea.Batch(append(cmds, a.finished(t, r, b.result))...)
	}
	return tea.Batch(append(cmds, nextBatch(t.id, r))...)
}

// finished closes a block and begins the next line that waits.
func (a *App) finished(t *tab, r *running, result session.Result) tea.Cmd {
	t.current = nil
	r.cancel()
	t.dropPromptDialogs(r.seq)
	b := r.block
	b.took = result.Duration
	if b.took == 0 {
		b.took = a.cfg.Now().Sub(b.started)
	}
	b.objects = max(b.objects, result.Objects)
	switch result.Outcome {
	case session.Stopped:
		b.state = blockStopped
	case session.Failed:
		b.state = blockFailed
	case session.Lost:
		b.state = blockLost
	default:
		b.state = blockDone
	}
	if err := result.Err; err != nil && !strings.Contains(r.lastErr, oneLine(firstLine(err.Error()))) {
		t.say(errorLines(err)...)
	}
	if result.Outcome == session.Lost {
		t.note(textUnknownWhether)
	}
	t.scroll.touch()
	if result.Outcome == session.Stopped || result.Outcome == session.Lost {
		t.takeQueueBack()
		return nil
	}
	if len(t.queue) == 0 || t.runner == nil || t.dead {
		return nil
	}
	next := t.queue[0]
	t.queue = t.queue[1:]
	return a.start(t, next)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// takeQueueBack puts the lines that wait into the prompt instead of running
// them after something that did not end as it should.
func (t *tab) takeQueueBack() {
	if len(t.queue) == 0 {
		return
	}
	t.giveUpSearch()
	var lines []string
	for _, q := range t.queue {
		lines = append(lines, q.line)
	}
	if t.editor.text != "" {
		lines = append(lines, t.editor.text)
	}
	t.note(fmt.Sprintf(textQueueBack, counted(len(t.queue), "line", "lines")))
	t.queue = nil
	t.editor.set(strings.Join(lines, "\n"))
}

// takeLastBack puts the newest waiting line into an empty prompt.
func (t *tab) takeLastBack() bool {
	n := len(t.queue)
	if n == 0 || t.editor.text != "" {
		return false
	}
	t.editor.set(t.queue[n-1].line)
	t.queue = t.queue[:n-1]
	return true
}

// stop stops the line that runs.
func (a *App) stop(t *tab) tea.Cmd {
	r := t.current
	if r == nil || r.stop {
		return nil
	}
	r.stop = true
	r.block.state = blockStopping
	t.scroll.touch()
	if r.run == nil {
		return nil // sent when the run is there
	}
	return sendStop(t.id, r)
}

func sendStop(id int, r *running) tea.Cmd {
	return func() tea.Msg { return stoppedMsg{id, r.seq, r.run.Stop(r.ctx)} }
}

// stopSent shows a stop that did not go through; the end itself comes as a batch.
func (a *App) stopSent(msg stoppedMsg) tea.Cmd {
	if t, r := a.currentOf(msg.tab, msg.seq); t != nil && msg.err != nil {
		r.stop = false
		r.block.state = blockRunning
		t.say(errorLines(fmt.Errorf(textStopFailed, msg.err))...)
		a.marked(t)
	}
	return nil
}

func (a *App) answered(msg answeredMsg) tea.Cmd {
	if t, _ := a.currentOf(msg.tab, msg.seq); t != nil && msg.err != nil {
		t.say(errorLines(msg.err)...)
		a.marked(t)
	}
	return nil
}
