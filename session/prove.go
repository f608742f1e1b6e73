package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"psdeck/session/psrp"
)

// prove has the server say which tenant it is, and holds the answer against
// what was asked for.
func (cn *connecting) prove(ctx context.Context, s *Session) error {
	cn.watch(StageStarted{StageProof, "Asking the server which tenant this is"})
	wanted := ""
	if cn.endpoint.isOcs() {
		wanted = cn.domain
	}
	s.again = func(ctx context.Context) error { return s.prove(ctx, wanted, cn.cfg.Now) }
	if len(s.Rejoined()) > 0 {
		return nil // it is busy: the next line waits for the proof
	}
	return s.again(ctx)
}

func (s *Session) prove(ctx context.Context, wanted string, now func() time.Time) error {
	p := Proof{At: now()}
	if s.text != nil {
		p.Why = "the server answers with text only"
	} else {
		values, end, err := s.ask(ctx, psrp.Commands(psrp.Command{Name: "Get-CsTenant"}))
		switch {
		case err != nil:
			return err
		case len(values) > 0:
			p = proofOf(values[0], now())
		case end.err != nil && end.err.FullyQualifiedErrorID == "CommandNotFoundException":
			p.Why = "the server offers no command that names its tenant"
		case end.err != nil:
			p.Why = "the server did not say: " + end.err.Message
		default:
			p.Why = "the server gave no tenant"
		}
	}
	s.mu.Lock()
	before := s.proof
	s.proof = p
	s.mu.Unlock()
	if err := p.check(wanted, s.target.ExpectTenant); err != nil {
		return err
	}
	if before.Proved && !p.Proved {
		return fmt.Errorf("the server said it is %s, and does not say so any more: %s", before.Label(), p.Why)
	}
	if before.Proved && !before.same(p) {
		return &MismatchError{Wanted: before.Label(), Got: p.Label()}
	}
	return nil
}

// assure has the server prove its tenant again after the connection was lost,
// before a line is sent: what answers now may be another. The session ends
// where it is.
func (s *Session) assure(ctx context.Context, run *Run) (Outcome, error) {
	s.mu.Lock()
	doubted := s.doubted && s.again != nil
	s.mu.Unlock()
	if !doubted {
		return Completed, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.spawn(func() {
		select {
		case <-run.stopping:
			cancel()
		case <-ctx.Done():
		}
	})
	err := s.again(ctx)
	if err == nil && s.Capabilities().LanguageMode == "" && s.text == nil {
		err = s.askLanguageMode(ctx)
	}
	if err == nil {
		s.mu.Lock()
		s.doubted = false
		s.mu.Unlock()
		return Completed, nil
	}
	if run.stopped() {
		return Stopped, nil
	}
	var other *MismatchError
	if errors.As(err, &other) {
		err = fmt.Errorf("after the connection was lost, %w", err)
		s.fail(err)
	}
	run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{
		Message: fmt.Sprintf("nothing was sent: %v", err), FullyQualifiedErrorID: "TenantNotProved",
	}})
	return Failed, err
}

// askConfiguration asks in the background what size of envelope the server
// takes. One that does not say so keeps to PowerShell's own.
func (s *Session) askConfiguration() {
	t, ok := s.transport.(*overWSMan)
	if !ok {
		return
	}
	s.spawn(func() {
		n, err := t.client.MaxEnvelope(s.ctx)
		switch {
		case err != nil && s.ctx.Err() == nil:
			t.refused("Get of the configuration", err)
		case err == nil && n == 0:
			t.refused("Get of the configuration", errors.New("access denied"))
		case err == nil:
			t.client.SetMaxEnvelopeSize(n)
		}
	})
}
