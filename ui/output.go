package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

const (
	// gatherTime is how long the first objects of a line are collected, so
	// that a table's columns fit them; PowerShell takes the same time.
	gatherTime = 300 * time.Millisecond
	// batchPause is the least time between two batches; the first one waits for nothing.
	batchPause = 16 * time.Millisecond
)

// batch is what a reader brings at a time: lines ready to be shown.
type batch struct {
	clear    bool // the screen, before the lines
	lines    []line
	objects  int
	errors   int
	lastErr  string    // the last error's message, on one line
	progress *progress // the newest; nil: as before
	prompts  []*session.Prompt
	reached  []string // tenants that the line reached from elsewhere
	end      bool
	result   session.Result
}

// progress is what a progress record says, clean.
type progress struct {
	activity, status string
	percent          int // -1: unknown
	left             time.Duration
	done             bool
}

// reader turns the records of one run into lines. It belongs to the command
// that waits for the run, of which there is one at a time; the formatting is
// done there and not in Update.
type reader struct {
	run    Command
	width  int
	writer *format.Writer
	last   time.Time
	blanks int  // held back: blank lines at the end are not shown
	began  bool // something was shown
}

func newReader(run Command, width int) *reader {
	r := &reader{run: run, width: max(20, width)}
	r.show(run.View())
	return r
}

// show begins a statement's output, which wants to be shown in view.
func (r *reader) show(view format.View) {
	r.writer = format.NewWriter(view, format.Options{Width: r.width})
}

// close ends a statement's output.
func (r *reader) close(b *batch) {
	r.emit(b, kindText, r.writer.Close())
	if err := r.writer.Err(); err != nil {
		b.errors++
		r.emit(b, kindError, prefixed(textError, err.Error()))
	}
}

// next waits for records. It ends with a batch whose end is set.
func (r *reader) next(ctx context.Context) batch {
	if wait := batchPause - time.Since(r.last); !r.last.IsZero() && wait > 0 {
		if !pause(ctx, wait) {
			return batch{end: true}
		}
	}
	records, err := r.run.Next(ctx)
	r.last = time.Now()
	var b batch
	r.convert(&b, records)
	if err != nil {
		r.finish(ctx, &b, err)
	}
	return b
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *reader) finish(ctx context.Context, b *batch, err error) {
	b.end = true
	r.close(b)
	if !errors.Is(err, io.EOF) {
		b.result = session.Result{Outcome: session.Lost, Err: err}
		return
	}
	b.result, err = r.run.Wait(ctx)
	if err != nil {
		b.result = session.Result{Outcome: session.Lost, Err: err}
	}
}

// convert makes lines of records, in their order.
func (r *reader) convert(b *batch, records []session.Record) {
	var values []clixml.Value
	flush := func() {
		if len(values) > 0 {
			b.objects += len(values)
			r.emit(b, kindText, r.writer.Write(values))
			values = values[:0]
		}
	}
	for i := range records {
		rec := &records[i]
		if rec.Stream == session.StreamOutput {
			values = append(values, rec.Value)
			continue
		}
		flush()
		r.convertOther(b, rec)
	}
	flush()
}

func (r *reader) convertOther(b *batch, rec *session.Record) {
	switch rec.Stream {
	case session.StreamError:
		b.errors++
		r.emitError(b, rec.Error, rec.At != nil)
	case session.StreamWarning:
		r.emit(b, kindWarning, prefixed(textWarning, rec.Text))
	case session.StreamVerbose:
		r.emit(b, kindVerbose, prefixed(textVerbose, rec.Text))
	case session.StreamDebug:
		r.emit(b, kindDebug, prefixed(textDebug, rec.Text))
	case session.StreamInformation, session.StreamHost:
		r.emit(b, kindText, []string{rec.Text})
	case session.StreamProgress:
		if rec.Progress != nil {
			b.progress = progressOf(rec.Progress)
		}
	case session.StreamReached:
		words := reachedWords(rec.Reached)
		b.reached = append(b.reached, words)
		r.emit(b, kindNote, []string{fmt.Sprintf(textReaches, words)})
	case session.StreamView:
		r.close(b)
		r.show(rec.View)
	case session.StreamClear:
		b.clear, b.lines = true, nil
	case session.StreamPrompt:
		if rec.Prompt != nil {
			b.prompts = append(b.prompts, rec.Prompt)
		}
	}
}

func prefixed(word, text string) []string {
	lines := remoteLines(text)
	lines[0] = word + " " + lines[0]
	return lines
}

// emitError shows an error's message, and under it what it was about; at tells
// that the part of the line is known.
func (r *reader) emitError(b *batch, e *psrp.ErrorRecord, at bool) {
	if e == nil {
		return
	}
	text := e.Message
	if e.Activity != "" && !strings.HasPrefix(text, e.Activity) {
		text = e.Activity + ": " + text
	}
	b.lastErr = oneLine(text)
	r.emit(b, kindError, prefixed(textError, text))
	if place := strings.Split(e.PositionMessage, "\n"); at && len(place) == 3 {
		for _, marked := range place[1:] {
			r.emit(b, kindDim, []string{safetext.Clean(strings.Replace(marked, "+", " ", 1))})
		}
	}
	if info := e.CategoryInfo(); categorised(info) {
		r.emit(b, kindDim, []string{"  " + oneLine(info)})
	}
	if e.RecommendedAction != "" {
		r.emit(b, kindDim, []string{"  " + oneLine(e.RecommendedAction)})
	}
}

// categorised tells whether a line of an error's category says anything:
// "NotSpecified: (:) [], " does not.
func categorised(info string) bool {
	rest := strings.TrimPrefix(info, "NotSpecified")
	return strings.ContainsFunc(rest, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// emit appends text; each string may hold several lines.
func (r *reader) emit(b *batch, k kind, texts []string) {
	for _, text := range texts {
		if !isASCII(text) {
			for _, one := range remoteLines(text) {
				r.emitLine(b, k, one)
			}
			continue
		}
		r.emitLine(b, k, text)
	}
}

func (r *reader) emitLine(b *batch, k kind, text string) {
	if strings.TrimSpace(text) == "" {
		if r.began {
			r.blanks++
		}
		return
	}
	for ; r.blanks > 0; r.blanks-- {
		b.lines = append(b.lines, line{kind: kindBlank})
	}
	r.began = true
	if k == kindText && isRule(text) && len(b.lines) > 0 && b.lines[len(b.lines)-1].kind == kindText {
		b.lines[len(b.lines)-1].kind, k = kindHead, kindRule
	}
	b.lines = append(b.lines, line{text: strings.TrimRight(text, " "), kind: k})
}

// isRule tells whether a line is the dashes under a table's heading.
func isRule(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s, " "), "--") && strings.Trim(s, "- ") == ""
}

func progressOf(p *psrp.ProgressRecord) *progress {
	status := p.StatusDescription
	if p.CurrentOperation != "" {
		status = p.CurrentOperation
	}
	out := &progress{activity: oneLine(p.Activity), status: oneLine(status), percent: int(p.PercentComplete), done: p.Completed}
	if p.SecondsRemaining > 0 {
		out.left = time.Duration(p.SecondsRemaining) * time.Second
	}
	return out
}

// draw is the live line: activity, bar, per cent, time left.
func (p *progress) draw(th *theme, w int) string {
	var right string
	if p.percent >= 0 {
		right = "  " + th.plain.text(bar(p.percent, max(6, min(20, w/4)))) + fmt.Sprintf("  %d %%", min(p.percent, 100))
	}
	if p.left > 0 {
		right += "   " + fmt.Sprintf(textLeft, roughly(p.left))
	}
	text := p.activity
	if p.status != "" && p.percent < 0 {
		text += ": " + p.status
	}
	if w-width(right) < 8 {
		return fit(text, w)
	}
	return fit(text, w-width(right)) + right
}

func bar(percent, w int) string {
	full := min(max(percent, 0), 100) * w / 100
	return strings.Repeat("█", full) + strings.Repeat("░", w-full)
}

func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
}
