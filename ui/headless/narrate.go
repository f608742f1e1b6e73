package headless

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"psdeck/session"
	"psdeck/session/format"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// sharedWriter lets several goroutines write, each Write whole.
type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (s *sharedWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

func say(w io.Writer, word, text string) {
	fmt.Fprintf(w, "%s%s\n", word, safetext.Clean(text))
}

// narrator tells of signing in and connecting.
type narrator struct {
	w           io.Writer
	interactive bool // a person reads w
}

// narrate says what a person has to know while connecting.
func (n narrator) narrate(ev session.Event, cancel context.CancelCauseFunc) {
	switch ev := ev.(type) {
	case session.DeviceCodeShown:
		fmt.Fprintf(n.w, "psdeck: to sign in, open %s and enter %s\n", safetext.Clean(ev.Code.URL), safetext.Clean(ev.Code.UserCode))
		if !n.interactive {
			cancel(errNobody)
		}
	case session.BrowserOpened:
		say(n.w, "psdeck: to sign in, use the browser at ", ev.URL)
	case session.Noted:
		if ev.Important {
			say(n.w, "psdeck: ", ev.Text)
		}
	case session.EndpointFound:
		if !ev.Known {
			fmt.Fprintf(n.w, "psdeck: %s is outside the known clouds; what signs in there is sent to it\n", safetext.Clean(ev.URI))
		}
	}
}

// record narrates what is not data.
func (l *lineRun) record(ctx context.Context, r *session.Record) {
	l.release()
	switch r.Stream {
	case session.StreamError:
		at := ""
		if r.At != nil {
			at = pointer(l.run.Line(), *r.At)
		}
		l.errorRecord(r.Error, at)
	case session.StreamWarning:
		say(l.Stderr, "WARNING: ", r.Text)
	case session.StreamVerbose:
		say(l.Stderr, "VERBOSE: ", r.Text)
	case session.StreamDebug:
		say(l.Stderr, "DEBUG: ", r.Text)
	case session.StreamInformation, session.StreamHost:
		say(l.Stderr, "", r.Text)
	case session.StreamReached:
		say(l.Stderr, "psdeck: ", l.reaches(r.Reached))
	case session.StreamProgress:
		if p := r.Progress; l.Interactive && !p.Completed {
			fmt.Fprintf(l.Stderr, "%s: %s %d %%\n", safetext.Clean(p.Activity), safetext.Clean(p.StatusDescription), p.PercentComplete)
		}
	case session.StreamPrompt:
		l.prompt(ctx, r.Prompt)
	}
}

// errorRecord says a server's error in PowerShell's words. One that this side
// made is held until the run's result has told what it knows. At is the part of
// the line that it is about, and a mark.
func (l *lineRun) errorRecord(e *psrp.ErrorRecord, at string) {
	if e.FullyQualifiedErrorID == "" || e.FullyQualifiedErrorID == "LocalPipeline" {
		l.held = e.Message + at
		return
	}
	l.hint = hintFor(e)
	fmt.Fprint(l.Stderr, safetext.Clean(format.Error(format.ErrorRecord{
		Message: e.Message, FullyQualifiedErrorID: e.FullyQualifiedErrorID, CategoryInfo: e.CategoryInfo(),
		Activity: e.Activity, ExceptionType: e.ExceptionType, RecommendedAction: e.RecommendedAction,
	}, format.ConciseView, format.Options{Width: l.Width})))
	if at != "" {
		fmt.Fprintln(l.Stderr, at[1:])
	}
}

// release says the error that is held.
func (l *lineRun) release() {
	if l.held != "" {
		Report(l.Stderr, fmt.Errorf("running %s: %s", l.run.Line(), l.held))
		l.held = ""
	}
}

// hintFor says what to do about an error that PowerShell itself raised before
// the command ran.
func hintFor(e *psrp.ErrorRecord) string {
	id, _, _ := strings.Cut(e.FullyQualifiedErrorID, ",")
	switch {
	case id == "CommandNotFoundException":
		return "Get-Command lists what this server offers"
	case id == "ScriptsNotAllowed":
		return "this server takes no scripts; leave --script out, and write commands with parameters"
	case strings.Contains(id, "Parameter"), strings.Contains(id, "CannotConvertArgument"), strings.HasPrefix(e.Reason, "ParameterBinding"):
		if e.Activity != "" {
			return "Get-Help " + e.Activity + " describes the parameters and their types"
		}
		return "check the names and the types of the parameters"
	}
	return ""
}

// prompt answers a confirmation where the caller said yes beforehand, and
// refuses everything else: nobody is there to answer.
func (l *lineRun) prompt(ctx context.Context, p *session.Prompt) {
	if l.Yes && p.Kind == session.PromptChoice {
		for i, c := range p.Choices {
			if strings.EqualFold(strings.ReplaceAll(c.Label, "&", ""), "Yes") {
				if err := p.Choose(ctx, i); err == nil {
					return
				}
			}
		}
	}
	fmt.Fprintf(l.Stderr, "psdeck: answering the server: it asked %s, and nobody is here to answer\n", asked(p))
	fmt.Fprintln(l.Stderr, "hint: give every mandatory parameter, and --yes where a change has to be confirmed")
	_ = p.Refuse(ctx)
}

// asked is a server's question in a few words.
func asked(p *session.Prompt) string {
	what := strings.TrimSpace(p.Caption + " " + p.Message)
	for _, f := range p.Fields {
		what = strings.TrimSpace(what + " " + f.Name)
	}
	if what == "" {
		return "for a line of text"
	}
	return `"` + safetext.Clean(strings.Join(strings.Fields(what), " ")) + `"`
}

// reaches names the tenant of a session that a line reaches from elsewhere.
func (l *lineRun) reaches(r *session.Reached) string {
	if !r.Proved {
		return "this line reaches a session whose tenant is unproved"
	}
	return "this line reaches " + r.Tenant
}
