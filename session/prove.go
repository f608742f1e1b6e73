package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// proofQuestion is what a server can be asked to say who it is.
type proofQuestion struct {
	pipeline psrp.Pipeline
	read     func(clixml.Value, time.Time) Proof
}

func askTenant() proofQuestion {
	return proofQuestion{psrp.Commands(psrp.Command{Name: "Get-CsTenant"}), proofOf}
}

func askOrganization() proofQuestion {
	return proofQuestion{psrp.Commands(psrp.Command{Name: "Get-OrganizationConfig"}), proofOfOrganization}
}

func askSender() proofQuestion { return proofQuestion{psrp.Script("$PSSenderInfo"), proofOfSender} }

// questions are what this kind of endpoint is asked, in order, until one is
// answered with a tenant.
func (cn *connecting) questions() []proofQuestion {
	switch {
	case cn.target.Bootstrap == BootstrapExchange:
		return []proofQuestion{askOrganization()}
	case cn.target.Bootstrap == BootstrapTeams, cn.endpoint.isOcs():
		return []proofQuestion{askTenant()}
	case cn.isExchange():
		return []proofQuestion{askOrganization(), askTenant()}
	}
	return []proofQuestion{askTenant(), askOrganization()}
}

// isExchange tells whether an Exchange is asked for, on premises or online.
func (cn *connecting) isExchange() bool {
	path := strings.ToLower(strings.Trim(cn.endpoint.uri.Path, "/"))
	return discovery.IsExchange(cn.endpoint.uri) || path == "powershell" || strings.EqualFold(cn.target.ConfigurationName, "Microsoft.Exchange")
}

// wanted is which tenant was asked for.
type wanted struct{ domain, id string }

// prove has the server say which tenant it is, and holds the answer against
// what was asked for.
func (cn *connecting) prove(ctx context.Context, s *Session) error {
	cn.watch(StageStarted{StageProof, "Asking the server which tenant this is"})
	var want wanted
	switch {
	case cn.target.Bootstrap != "":
		want = wanted{cn.domain, cn.tenantID}
	case cn.endpoint.isOcs():
		want.domain = cn.domain
	case discovery.IsExchange(cn.endpoint.uri):
		want.domain = cn.target.OverrideAdminDomain
	}
	questions := cn.questions()
	s.again = func(ctx context.Context) error {
		p, err := s.identify(ctx, questions, cn.cfg.Now)
		if err != nil {
			return err
		}
		return s.believe(cn.completed(ctx, p, want.domain), want)
	}
	if len(s.Rejoined()) > 0 {
		s.spawn(s.proveWhenIdle)
		return nil // it is busy: the proof follows, at the latest before the next line
	}
	return s.again(ctx)
}

// completed adds to a proof what the authority says of the names in it: an
// Exchange names itself by one domain only, and not by an id.
func (cn *connecting) completed(ctx context.Context, p Proof, domain string) Proof {
	authority := orElse(cn.signedIn.Authority, cn.target.Authority, cn.cloudAuthority(), cn.cfg.Authority)
	online := cn.target.Bootstrap != "" || discovery.IsExchange(cn.endpoint.uri)
	if !online || !p.Proved || p.TenantID != "" || !strings.Contains(p.Domain, ".") {
		return p
	}
	info, err := auth.LookUpTenant(ctx, cn.httpClient(), authority, p.Domain)
	if err != nil {
		return p // it is compared as it is, and refused where it does not match
	}
	p.TenantID = info.ID
	if strings.Contains(domain, ".") && !p.matches(domain) {
		if other, err := auth.LookUpTenant(ctx, cn.httpClient(), authority, domain); err == nil && other.ID == p.TenantID {
			p.Domains = append(p.Domains, domain)
		}
	}
	return p
}

// identify asks the server until it has said which tenant it is.
func (s *Session) identify(ctx context.Context, questions []proofQuestion, now func() time.Time) (Proof, error) {
	p := Proof{At: now()}
	if s.text != nil {
		p.Why = "the server answers with text only"
		return p, nil
	}
	for _, q := range questions {
		got, err := s.identifyBy(ctx, q, now)
		if err != nil || got.Proved {
			return got, err
		}
		if p.Why == "" || p.Why == noCommand {
			p = got
		}
	}
	if p.Why != noCommand || !s.takesScripts() {
		return p, nil
	}
	got, err := s.identifyBy(ctx, askSender(), now)
	if err == nil && got.User != "" {
		p = got
	}
	return p, err
}

// takesScripts tells whether the server has a language to be asked in.
func (s *Session) takesScripts() bool {
	return slices.Contains([]string{"FullLanguage", "ConstrainedLanguage"}, s.Capabilities().LanguageMode)
}

const noCommand = "the server offers no command that names its tenant"

func (s *Session) identifyBy(ctx context.Context, q proofQuestion, now func() time.Time) (Proof, error) {
	values, end, err := s.ask(ctx, q.pipeline)
	p := Proof{At: now()}
	switch {
	case err != nil:
		return p, err
	case len(values) > 0:
		p = q.read(values[0], now())
	case end.err != nil && isNoCommand(end.err):
		p.Why = noCommand
	case end.err != nil:
		p.Why = "the server did not say: " + end.err.Message
	default:
		p.Why = "the server gave no tenant"
	}
	return p, nil
}

func isNoCommand(e *psrp.ErrorRecord) bool {
	id, _, _ := strings.Cut(e.FullyQualifiedErrorID, ",")
	return id == "CommandNotFoundException"
}

// believe takes a proof in, if it is of the tenant that was asked for and of
// the one that was there before.
func (s *Session) believe(p Proof, want wanted) error {
	s.mu.Lock()
	before := s.proof
	s.proof = p
	s.tell()
	s.mu.Unlock()
	if err := p.check(want, s.target.ExpectTenant); err != nil {
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

// proveWhenIdle asks a session that was joined while commands ran in it which
// tenant it is when they have ended: in a turn of its own, as a line would.
func (s *Session) proveWhenIdle() {
	for _, run := range s.Rejoined() {
		select {
		case <-run.done:
		case <-s.ctx.Done():
			return
		}
	}
	s.begin(func(t *turn) {
		run := newRun(s.id, "", s.now)
		if s.acquire(s.ctx, run, t) {
			_, err := s.assure(s.ctx, run)
			run.finish(Completed, err)
		}
	})
}

// assure makes sure before a line is sent that the server is the tenant that
// it was: after the connection was lost, what answers may be another, and the
// session ends where it is. What a module has to be given anew is given then.
func (s *Session) assure(ctx context.Context, run *Run) (Outcome, error) {
	s.mu.Lock()
	doubted := s.doubted && s.again != nil
	s.mu.Unlock()
	if !doubted && !s.module.due() {
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
	err := s.module.renew(ctx, s)
	if err == nil && doubted {
		err = s.proveAgain(ctx)
	}
	if err == nil {
		return Completed, nil
	}
	if run.stopped() {
		return Stopped, nil
	}
	run.emit(ctx, Record{Stream: StreamError, Error: &psrp.ErrorRecord{
		Message: fmt.Sprintf("nothing was sent: %v", err), FullyQualifiedErrorID: "TenantNotProved",
	}})
	return Failed, err
}

// proveAgain has the server prove its tenant after the connection was lost.
func (s *Session) proveAgain(ctx context.Context) error {
	err := s.again(ctx)
	if err == nil && s.Capabilities().LanguageMode == "" && s.text == nil {
		err = s.askLanguageMode(ctx)
	}
	if err == nil {
		s.mu.Lock()
		s.doubted = false
		s.mu.Unlock()
		return nil
	}
	var other *MismatchError
	if errors.As(err, &other) {
		when := "after the connection was lost"
		if s.module != nil {
			when = "after a module was signed in"
		}
		err = fmt.Errorf("%s, %w", when, err)
		s.fail(err)
	}
	return err
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
