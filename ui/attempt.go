package ui

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/auth"
	"psdeck/session"
)

// attempt is one try to connect. What the connector reports is queued by its
// goroutines and taken by one waiting command; all other fields belong to Update.
type attempt struct {
	id      int
	target  session.Target
	ctx     context.Context
	cancel  context.CancelFunc
	started time.Time
	watch   func(session.Event) // of who waits for it; nil: nobody

	mu     sync.Mutex
	events []any
	wake   chan struct{} // holds one

	lines    []attemptLine
	stage    session.Stage
	account  auth.Account
	endpoint string
	code     *auth.DeviceCode
	browser  string
	failed   error
	done     bool
}

// attemptLine is a line of what happened, with the stage it belongs to.
type attemptLine struct {
	line
	stage session.Stage
}

// passwordAsked is something that has to be asked while connecting goes on: a
// password, the passphrase of a key, whether a host's key is its own.
type passwordAsked struct {
	rows  []string
	label string
	foot  string
	shown bool // what is typed may be seen
	reply chan auth.Secret
}

// attemptEnd is the last thing an attempt reports.
type attemptEnd struct {
	session Session
	err     error
}

// attemptMsg brings what was reported since the last one.
type attemptMsg struct {
	attempt *attempt
	events  []any
}

func newAttempt(ctx context.Context, id int, t session.Target, now time.Time) *attempt {
	at := &attempt{id: id, target: t, started: now, wake: make(chan struct{}, 1)}
	at.ctx, at.cancel = context.WithCancel(ctx)
	if t.Password == nil && t.AccessToken.IsZero() {
		// That somebody can be asked for a password must not choose it as the
		// way to sign in.
		at.target.Password = at.askPassword
		if t.SignIn == "" {
			at.target.SignIn = auth.MethodDevice
		}
	}
	at.target.SignInAgain = true // its tab is there to be asked in
	if at.target.HostKey == nil {
		at.target.HostKey, at.target.Passphrase = at.askHostKey, at.askPassphrase
	}
	if at.target.Options.ProxyPassword == nil {
		at.target.Options.ProxyPassword = at.askPassword
	}
	return at
}

func (at *attempt) post(ev any) {
	at.mu.Lock()
	at.events = append(at.events, ev)
	at.mu.Unlock()
	select {
	case at.wake <- struct{}{}:
	default:
	}
}

// askPassword is called by the sign-in, from its goroutine.
func (at *attempt) askPassword(ctx context.Context, userName string) (auth.Secret, error) {
	s, err := at.ask(ctx, passwordAsked{
		rows: []string{fmt.Sprintf(textPasswordFor, oneLine(userName)), textPasswordUse}, label: textPassword, foot: textPasswordFoot,
	})
	if err == nil && s.IsZero() {
		err = errors.New(textNoPassword)
	}
	return s, err
}

// askPassphrase is asked for when a server would take a locked key.
func (at *attempt) askPassphrase(ctx context.Context, file string) (auth.Secret, error) {
	s, err := at.ask(ctx, passwordAsked{
		rows: []string{fmt.Sprintf(textPassphraseFor, oneLine(file)), textPasswordUse}, label: textPassphrase, foot: textPasswordFoot,
	})
	if err == nil && s.IsZero() {
		err = errors.New(textNoPassword)
	}
	return s, err
}

// askHostKey asks whether the key of an unknown host is its own.
func (at *attempt) askHostKey(ctx context.Context, k session.HostKey) (bool, error) {
	s, err := at.ask(ctx, passwordAsked{
		rows:  []string{fmt.Sprintf(textNewHost, oneLine(k.Host), oneLine(k.Type)), "  " + oneLine(k.Fingerprint), textCompareKey},
		label: textYesOrPrint, foot: textHostKeyFoot, shown: true,
	})
	answer := strings.TrimSpace(s.Reveal())
	return strings.EqualFold(answer, "yes") || answer != "" && answer == k.Fingerprint, err
}

// ask waits for an answer; the zero Secret where there is none.
func (at *attempt) ask(ctx context.Context, ask passwordAsked) (auth.Secret, error) {
	ask.reply = make(chan auth.Secret, 1)
	at.post(ask)
	select {
	case s := <-ask.reply:
		return s, nil
	case <-ctx.Done():
		return auth.Secret{}, ctx.Err()
	case <-at.ctx.Done():
		return auth.Secret{}, at.ctx.Err()
	}
}

// connect runs the attempt to its end; its outcome comes as the last event.
func (at *attempt) connect(c Connector) {
	live, err := c.Connect(at.ctx, at.target, func(ev session.Event) {
		at.post(ev)
		if at.watch != nil {
			at.watch(ev)
		}
	})
	at.post(attemptEnd{live, err})
}

// wait blocks until something was reported. Nil after the attempt was given up
// and its end was taken.
func (at *attempt) wait() attemptMsg {
	<-at.wake
	return at.take()
}

func (at *attempt) take() attemptMsg {
	at.mu.Lock()
	defer at.mu.Unlock()
	msg := attemptMsg{attempt: at, events: at.events}
	at.events = nil
	return msg
}

// waitLater is wait for what comes after the opening: a sign-in that is needed
// again. Nil once ctx has ended.
func (at *attempt) waitLater(ctx context.Context) tea.Msg {
	select {
	case <-ctx.Done():
		return nil
	case <-at.wake:
		return at.take()
	}
}

// asksPerson tells whether a sign-in waits for the person.
func (at *attempt) asksPerson() bool { return at != nil && (at.code != nil || at.browser != "") }

// apply takes an event and returns the lines that it adds to the account of
// what happened.
func (at *attempt) apply(ev any) []line {
	from := len(at.lines)
	switch ev := ev.(type) {
	case session.StageStarted:
		at.stage = ev.Stage
		if ev.Stage != session.StageSignIn {
			at.code, at.browser = nil, ""
		}
		if ev.Stage != session.StageReady { // the tab itself says what it is connected to
			at.say(kindNote, ev.Text)
		}
	case session.HopDone:
		at.say(kindNote, "  "+hopText(ev.Hop.URL, ev.Hop.Outcome))
	case session.EndpointFound:
		at.endpoint = oneLine(ev.URI)
		at.say(kindNote, "  "+shortURL(at.endpoint))
		if !ev.Known {
			at.say(kindWarning, fmt.Sprintf(textUnknownCloud, hostOf(at.endpoint)))
		}
	case session.DeviceCodeShown:
		code := ev.Code
		at.code = &code
	case session.BrowserOpened:
		at.browser = oneLine(ev.URL)
	case session.SignedIn:
		at.account, at.code, at.browser = ev.Account, nil, ""
		at.say(kindNote, fmt.Sprintf(textSignedIn, oneLine(ev.Account.UserName)))
	case session.Noted:
		at.say(kindNote, ev.Text)
	}
	var added []line
	for _, l := range at.lines[from:] {
		added = append(added, l.line)
	}
	return added
}

func (at *attempt) say(k kind, text string) {
	for _, one := range remoteLines(text) {
		at.lines = append(at.lines, attemptLine{line{text: one, kind: k}, at.stage})
	}
}

// fail ends the attempt and returns its error as lines: one sentence, then hints.
func (at *attempt) fail(err error) []line {
	at.done, at.failed, at.code, at.browser = true, err, nil, ""
	at.cancel()
	return errorLines(err)
}

// errorLines is an error as the deck shows it.
func errorLines(err error) []line {
	var lines []line
	for i, text := range remoteLines(err.Error()) {
		if i == 0 {
			text = textError + " " + text
		}
		lines = append(lines, line{text: text, kind: kindError})
	}
	for _, hint := range session.HintsOf(err) {
		lines = append(lines, line{text: textHint + " " + oneLine(hint), kind: kindDim})
	}
	return lines
}

// codeLines says what a person has to do now to sign in.
func (at *attempt) codeLines(now time.Time, still bool, copyKey string) []line {
	switch {
	case at.code != nil:
		wait := fmt.Sprintf(textUntil, at.code.Expires.Format("15:04"))
		if !still {
			wait = fmt.Sprintf(textTimeLeft, clock(at.code.Expires.Sub(now)))
		}
		return []line{
			{text: fmt.Sprintf(textDeviceCode, oneLine(at.code.URL), oneLine(at.code.UserCode)), kind: kindEmph},
			{text: textWaiting + " " + wait + "  ·  " + fmt.Sprintf(textCopy, copyKey), kind: kindNote},
		}
	case at.browser != "":
		return []line{
			{text: textBrowser, kind: kindEmph},
			{text: at.browser, kind: kindNote},
			{text: textWaiting + "  ·  " + fmt.Sprintf(textCopyAddress, copyKey), kind: kindNote},
		}
	}
	return nil
}

// hopText is a hop as one line: scheme, where, and what came of it.
func hopText(u, outcome string) string {
	return pad(shortURL(u), 43) + " " + oneLine(outcome)
}

// shortURL keeps of a URL what tells it from others.
func shortURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return oneLine(s)
	}
	where := u.Host
	switch p := path.Clean("/" + u.Path); {
	case p == "/":
	case path.Dir(p) == "/":
		where += p
	default:
		where += "/…/" + path.Base(p)
	}
	return pad(u.Scheme, 5) + " " + oneLine(where)
}

func hostOf(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return oneLine(u.Host)
	}
	return oneLine(s)
}
