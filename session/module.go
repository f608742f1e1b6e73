package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"psdeck/auth"
	"psdeck/session/clixml"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// How long before its tokens end a module is signed in again, at the most: less
// than a [auth.TokenSource] takes to have others ready. And how long to wait
// before another try where that has failed.
const (
	moduleMargin = 4 * time.Minute
	moduleRetry  = time.Minute
)

// module is a module of the server that was signed in with tokens, and is
// signed in again before they end. Tokens travel as typed parameters: they are
// on no command line and in no script. Its fields are fixed before use.
type module struct {
	name                string
	connect, disconnect string
	sources             []*auth.TokenSource
	parameters          func([]auth.Token) []psrp.Parameter
	used                func(auth.Token) // told the token that ends first
	now                 func() time.Time
	// again has the person sign in again, where that is wanted and why is that
	// it is needed; otherwise it returns why.
	again func(ctx context.Context, why error) error

	turn    lock         // one sign-in at a time
	renewAt atomic.Int64 // Unix nanoseconds; 0: the tokens do not say when they end
}

// ModuleError says that a module could not be signed in.
type ModuleError struct {
	Module  string
	Missing bool   // the module is not installed
	Said    string // its own words, without secrets
}

func (e *ModuleError) Error() string {
	if e.Missing {
		return "the module " + e.Module + " is not installed there"
	}
	return fmt.Sprintf("the module %s did not take the sign-in: %s", e.Module, e.Said)
}

func explainModule(e *Error) bool {
	var m *ModuleError
	if !errors.As(e.Err, &m) {
		return false
	}
	if m.Missing {
		return e.hint("install it in that PowerShell: Install-Module " + m.Module + " -Scope CurrentUser")
	}
	e.Class = ClassSignIn
	return e.hint("check that the account may manage this tenant, and that the module is not an old one: Update-Module " + m.Module)
}

// connectModule signs the module in, in a session that has just been opened.
func (cn *connecting) connectModule(ctx context.Context, s *Session) error {
	if cn.module == nil {
		return nil
	}
	cn.watch(Noted{Text: "Signing in the module " + cn.module.name})
	if err := cn.module.signIn(ctx, s); err != nil {
		return &Error{Doing: "signing in on " + cn.endpoint.name(), Err: err, Hints: HintsOf(Explain("", err)), Class: classOf(Explain("", err))}
	}
	s.module = cn.module
	return nil
}

func classOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassConnect
}

// signIn hands the module tokens that are good.
func (m *module) signIn(ctx context.Context, s *Session) error {
	tokens, err := m.tokens(ctx)
	if err != nil {
		return err
	}
	_, end, err := s.ask(ctx, psrp.Commands(psrp.Command{Name: m.connect, Parameters: m.parameters(tokens)}))
	switch {
	case err != nil:
		return err
	case end.err != nil && isNoCommand(end.err):
		return &ModuleError{Module: m.name, Missing: true}
	case end.err != nil:
		return &ModuleError{Module: m.name, Said: without(tokens, end.err.Message)}
	}
	m.schedule(tokens)
	return nil
}

// tokens are good ones, one of each source.
func (m *module) tokens(ctx context.Context) ([]auth.Token, error) {
	tokens := make([]auth.Token, len(m.sources))
	for i, source := range m.sources {
		t, err := source.Token(ctx)
		if err != nil && m.again(ctx, err) == nil {
			t, err = source.Token(ctx)
		}
		if err != nil {
			return nil, err
		}
		tokens[i] = t
	}
	return tokens, nil
}

// without takes tokens out of a text.
func without(tokens []auth.Token, text string) string {
	for _, t := range tokens {
		text = strings.ReplaceAll(text, t.Secret(), "***")
	}
	return safetext.Redact(safetext.Clean(text))
}

// schedule decides when the module is signed in again: by the token that ends
// first.
func (m *module) schedule(tokens []auth.Token) {
	var first auth.Token
	for _, t := range tokens {
		if !t.Expires.IsZero() && (first.Expires.IsZero() || t.Expires.Before(first.Expires)) {
			first = t
		}
	}
	m.used(first)
	if first.Expires.IsZero() {
		m.renewAt.Store(0)
		return
	}
	left := first.Expires.Sub(m.now())
	m.renewAt.Store(first.Expires.Add(-min(moduleMargin, left/3)).UnixNano())
}

// due tells whether the module has to be signed in again.
func (m *module) due() bool {
	if m == nil {
		return false
	}
	at := m.renewAt.Load()
	return at != 0 && m.now().UnixNano() >= at
}

// doubt notes that a line may have signed the module in elsewhere: it has to
// prove its tenant before the next one.
func (m *module) doubt(s *Session, line string) {
	if m == nil || !strings.Contains(strings.ToLower(line), "connect-") {
		return
	}
	s.mu.Lock()
	s.doubted = true
	s.mu.Unlock()
}

// renew signs the module in again where that is due, and has it prove its
// tenant. The caller holds the session's turn: nothing runs meanwhile.
func (m *module) renew(ctx context.Context, s *Session) error {
	if !m.due() {
		return nil
	}
	if err := m.turn.acquire(ctx); err != nil {
		return err
	}
	defer m.turn.release()
	if !m.due() {
		return nil // another line did it
	}
	if _, err := m.tokens(ctx); err != nil {
		return err // the old sign-in stays until there is a new one
	}
	// A second sign-in beside the first answers with the first one's tenant.
	if _, _, err := s.ask(ctx, psrp.Commands(psrp.Command{Name: m.disconnect, Parameters: []psrp.Parameter{{Name: "Confirm", Value: clixml.Bool(false)}}})); err != nil {
		return err
	}
	if err := m.signIn(ctx, s); err != nil {
		return err
	}
	err := s.again(ctx)
	var other *MismatchError
	if errors.As(err, &other) {
		err = fmt.Errorf("after the module was signed in again, %w", err)
		s.fail(err)
	}
	return err
}

// keepModule signs the module in again while the session is idle: when its time
// comes, behind the lines that wait already.
func (s *Session) keepModule() {
	m := s.module
	if m == nil || m.renewAt.Load() == 0 {
		return
	}
	s.spawn(func() {
		var failed bool
		for m.renewAt.Load() != 0 {
			wait := time.Unix(0, m.renewAt.Load()).Sub(m.now())
			if failed {
				wait = max(wait, moduleRetry)
			}
			timer := time.NewTimer(max(wait, 0))
			select {
			case <-timer.C:
			case <-s.ctx.Done():
				timer.Stop()
				return
			}
			done := make(chan error, 1)
			if !s.begin(func(t *turn) { done <- s.renewInTurn(t) }) {
				return
			}
			failed = <-done != nil
		}
	})
}

func (s *Session) renewInTurn(t *turn) error {
	select {
	case <-t.ready:
		return s.module.renew(s.ctx, s)
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
