package headless

import (
	"context"
	"errors"
	"io"
	"strings"

	"psdeck/session"
	"psdeck/session/pslang"
	"psdeck/session/safetext"
)

// usage is a mistake in how psdeck was called.
func usage(err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &session.Error{Err: err, Hints: hints, Class: session.ClassUsage}
}

// unreadable is a line that is no PowerShell, or none that runs here.
func unreadable(line string, wrong *pslang.Error) *session.Error {
	e := &session.Error{Doing: "reading the line", Err: &lineError{line, wrong}, Class: session.ClassUsage}
	switch {
	case wrong.Incomplete:
		e.Hints = []string{"the line is not complete; a quotation mark or a bracket is missing"}
	case wrong.Refused(): // the error says what to write
	default:
		e.Hints = []string{"mend the line at the mark; a text with blanks or special characters goes in quotes"}
	}
	return e
}

// lineError shows where in a line something is wrong.
type lineError struct {
	line  string
	wrong *pslang.Error
}

func (e *lineError) Error() string { return e.wrong.Error() + pointer(e.line, e.wrong.Extent) }
func (e *lineError) Unwrap() error { return e.wrong }

// pointer is the part of the line that is wrong and a mark under it; secrets
// are hidden in it.
func pointer(line string, wrong pslang.Extent) string {
	line, at := safetext.RedactAt(line, max(0, min(wrong.Start, len(line))))
	before := line[:at]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ := strings.Cut(line[at:], "\n")
	show := func(s string) string { return safetext.Clean(strings.ReplaceAll(s, "\t", " ")) }
	mark := strings.Repeat(" ", len([]rune(show(before)))) + "^"
	return "\n  " + show(before) + show(after) + "\n  " + mark
}

// refused reports a line that was not sent.
func (x *call) refused(ctx context.Context, line string, err error) int {
	var (
		refused *session.RefusedError
		confirm *session.ConfirmationError
		wrong   *pslang.Error
	)
	switch {
	case errors.As(err, &refused):
		return Report(x.Stderr, &session.Error{Doing: "running " + line, Err: err, Hints: []string{refused.Verdict.WayOut}, Class: session.ClassSafety})
	case errors.As(err, &confirm):
		return Report(x.Stderr, &session.Error{Doing: "running " + line, Err: err, Hints: []string{"add --yes to run it"}, Class: session.ClassSafety})
	case errors.As(err, &wrong):
		e := unreadable(line, wrong)
		if wrong.Refused() && !wrong.Incomplete {
			e.Hints = x.scriptHint(line)
		}
		return Report(x.Stderr, e)
	}
	return x.report(ctx, err)
}

// scriptHint tells whether a line that is not run here could go as a script to
// the server that it was for.
func (x *call) scriptHint(line string) []string {
	s, ok := x.runner(line).(*session.Session)
	if !ok {
		return nil
	}
	switch s.Capabilities().LanguageMode {
	case "FullLanguage", "ConstrainedLanguage":
		return []string{"this server takes scripts: --script runs it there"}
	}
	return []string{"this server takes commands with parameters, and no scripts"}
}

// report is Report, but for what ended because the caller was interrupted.
func (x *call) report(ctx context.Context, err error) int {
	if ctx.Err() != nil {
		return ExitInterrupted
	}
	return Report(x.Stderr, err)
}

// without is an error's text without secrets. What this side says of a line is
// no line itself: its own words stay as they are.
func without(err error) string {
	if wrong := (*lineError)(nil); errors.As(err, &wrong) {
		return safetext.RedactTokens(err.Error())
	}
	return safetext.Redact(err.Error())
}

// Report writes err and its hints and returns the exit code of its class.
func Report(w io.Writer, err error) int {
	say(w, "psdeck: ", without(err))
	for _, h := range session.HintsOf(err) {
		if h != "" {
			say(w, "hint: ", h)
		}
	}
	var e *session.Error
	if !errors.As(err, &e) {
		return ExitConnect
	}
	switch e.Class {
	case session.ClassUsage:
		return ExitUsage
	case session.ClassSignIn:
		return ExitSignIn
	case session.ClassSafety:
		return ExitSafety
	case session.ClassCommand:
		return ExitErrors
	}
	return ExitConnect
}
