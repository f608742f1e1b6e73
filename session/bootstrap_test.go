package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session/lab"
)

// here is a lab in a bubble, and a connector whose local: speaks to a session
// of it, in place of a process.
type here struct {
	t         *testing.T
	lab       *lab.Lab
	connector *Connector
	started   int // processes
}

// piped is the near end of a session of the lab over two pipes.
type piped struct {
	io.Reader
	io.WriteCloser
	ended chan struct{}
}

func (p piped) Explain(err error) error { return err }

func (p piped) Close() error {
	err := p.WriteCloser.Close()
	<-p.ended
	return err
}

func inHere(t *testing.T, o lab.Options, f func(t *testing.T, h *here)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.InMemory, o.AutoApprove = true, true
		l, err := lab.Start(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n := &discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}
		client := n.HTTPClient()
		defer client.CloseIdleConnections()
		h := &here{t: t, lab: l}
		h.connector = NewConnector(ConnectorConfig{
			Network: n, Authority: l.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client}),
		})
		h.connector.local = h.start
		f(t, h)
	})
}

func (h *here) start(context.Context) (stdioServer, error) {
	h.started++
	fromUs, toThem := io.Pipe()
	fromThem, toUs := io.Pipe()
	p := piped{Reader: fromThem, WriteCloser: toThem, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		err := h.lab.ServeStdio(context.Background(), fromUs, toUs, nil, "partner.example")
		_ = toUs.CloseWithError(errors.Join(io.EOF, err))
	}()
	return p, nil
}

func (h *here) target(bootstrap, domain string) Target {
	return Target{
		Bootstrap: bootstrap, UserName: "admin@partner.example", OverrideAdminDomain: domain, SignIn: auth.MethodDevice,
		GraphURI: lab.GraphURI, ClientID: lab.ClientID, Env: Dev,
	}
}

func (h *here) connect(target Target) (*Session, error) {
	return h.connector.Connect(h.t.Context(), target, nil)
}

// grants are the ways in which tokens were got.
func (h *here) grants() (list []string) {
	for _, e := range h.lab.Access() {
		if e.Kind == "grant" {
			list = append(list, e.Detail["grant_type"][strings.LastIndexByte(e.Detail["grant_type"], ':')+1:])
		}
	}
	return list
}

// One sign-in serves both modules in several tenants. The tokens are typed
// parameters, of that tenant and each for its own service; the module proves
// the tenant.
func TestModulesAreSignedInWithTypedTokens(t *testing.T) {
	inHere(t, lab.Options{}, func(t *testing.T, h *here) {
		for _, tt := range []struct {
			bootstrap, domain, id, name string
			types                       map[string]string
			texts                       map[string]string
			audiences                   []string
		}{
			{
				"teams", "contoso.example", lab.ContosoID, "Contoso",
				map[string]string{"AccessTokens": "System.String[]", "TenantId": "System.String"},
				map[string]string{"TenantId": lab.ContosoID},
				[]string{lab.GraphURI, teamsResource},
			},
			{
				"exchange", "fabrikam.example", lab.FabrikamID, "Fabrikam",
				map[string]string{"AccessToken": "System.String", "ShowBanner": "System.Boolean", "DelegatedOrganization": "System.String"},
				map[string]string{"DelegatedOrganization": "fabrikam.example", "ShowBanner": "False"},
				[]string{"https://outlook.office365.com"},
			},
			{
				"Exchange", "partner.example", lab.PartnerID, "Partner",
				map[string]string{"AccessToken": "System.String", "ShowBanner": "System.Boolean", "UserPrincipalName": "System.String"},
				map[string]string{"UserPrincipalName": "admin@partner.example", "ShowBanner": "False"},
				[]string{"https://outlook.office365.com"},
			},
		} {
			target := h.target(tt.bootstrap, tt.domain)
			target.ExpectTenant = tt.id
			s, err := h.connect(target)
			if err != nil {
				t.Fatal(err)
			}
			if p := s.Proof(); p.TenantID != tt.id || p.Label() != tt.name || s.TokenExpires().IsZero() {
				t.Errorf("%s: %+v, token to %s", tt.bootstrap, p, s.TokenExpires())
			}
			calls := h.lab.ModuleCalls()
			call := calls[len(calls)-1]
			if fmt.Sprint(call.Parameters) != fmt.Sprint(tt.types) || fmt.Sprint(call.Texts) != fmt.Sprint(tt.texts) {
				t.Errorf("%s was given %v, %v", call.Command, call.Parameters, call.Texts)
			}
			var audiences []string
			for _, token := range call.Tokens {
				audiences = append(audiences, token.Audience)
				if token.Tenant != tt.id || token.User != "admin@partner.example" {
					t.Errorf("a token of %+v", token)
				}
			}
			if !slices.Equal(audiences, tt.audiences) {
				t.Errorf("tokens for %q", audiences)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if got := h.grants(); got[0] != "device_code" || slices.Contains(got[1:], "device_code") || h.started != 3 {
			t.Errorf("grants %q, %d processes", got, h.started)
		}
		for _, e := range h.lab.Ledger() {
			for _, c := range e.Commands {
				if c.IsScript && strings.Contains(c.Name, "eyJ") {
					t.Error("a token is in a script")
				}
			}
		}
	})
}

// An idle session's module is signed in again before its tokens end, with other
// tokens, and proves its tenant again; variables stay.
func TestAModuleIsSignedInAgainWhileTheSessionIsIdle(t *testing.T) {
	inHere(t, lab.Options{TokenLifetime: 30 * time.Minute}, func(t *testing.T, h *here) {
		s, err := h.connect(h.target("teams", "contoso.example"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		collect(t, mustScript(t, s, "$x = 42"))
		first := s.TokenExpires()
		time.Sleep(29 * time.Minute)
		synctest.Wait()
		if n := len(h.lab.ModuleCalls()); n != 2 || !s.TokenExpires().After(first) {
			t.Errorf("signed in %d times, the token ends at %s", n, s.TokenExpires())
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if n := len(h.lab.ModuleCalls()); n < 6 || n > 8 {
			t.Errorf("signed in %d times", n)
		}
		records, res := collect(t, mustScript(t, s, "$x; Get-CsTenant"))
		if res.Outcome != Completed || res.Objects != 2 || records[0].Value.String() != "42" || s.Proof().TenantID != lab.ContosoID {
			t.Errorf("%+v, %v", res, texts(records))
		}
		if got := h.grants(); slices.Contains(got[1:], "device_code") {
			t.Errorf("grants %q", got)
		}
	})
}

// What wakes up with a token that is over is signed in again before the next
// line is sent; where the sign-in is no longer good, nothing is sent and the
// error says so.
func TestAModuleThatCannotBeSignedInAgainSendsNothing(t *testing.T) {
	inHere(t, lab.Options{TokenLifetime: 30 * time.Minute}, func(t *testing.T, h *here) {
		s, err := h.connect(h.target("teams", "contoso.example"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		h.lab.Authority().RevokeUser("admin@partner.example")
		time.Sleep(time.Hour)
		synctest.Wait()
		records, res := collect(t, mustScript(t, s, "Get-CsTenant"))
		if res.Outcome != Failed || !strings.Contains(fmt.Sprint(texts(records)), "nothing was sent: admin@partner.example has to sign in") {
			t.Errorf("%+v, %v", res, texts(records))
		}
		if s.State() != Opened {
			t.Errorf("the session is %s", s.State())
		}
	})
}

// What goes wrong is one sentence and a hint, and no process is left.
func TestWhatABootstrapRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		options    lab.Options
		program    string
		change     func(h *here, target *Target)
		says, hint string
		class      Class
	}{
		"no module": {
			options: lab.Options{NoModules: true}, says: "the module MicrosoftTeams is not installed there", hint: "Install-Module MicrosoftTeams",
		},
		"no pwsh": {
			program: "/nowhere/pwsh", change: func(h *here, _ *Target) { h.connector.local = startLocal },
			says: "starting a session on this machine", hint: "install PowerShell 7",
		},
		"another tenant answers": {
			change: func(h *here, _ *Target) { h.lab.AnswerAs(lab.ContosoID, lab.FabrikamID) },
			says:   "the server says it is fabrikam.example (Fabrikam), but contoso.example was asked for", hint: "nothing was run", class: ClassSafety,
		},
		"another organization answers": {
			change: func(h *here, target *Target) {
				target.Bootstrap = "exchange"
				h.lab.AnswerAs(lab.ContosoID, lab.FabrikamID)
			},
			says: "the server says it is fabrikam.onmicrosoft.com (Fabrikam), but contoso.example was asked for", hint: "nothing was run", class: ClassSafety,
		},
		"the module refuses": {
			change: func(_ *here, target *Target) { target.GraphURI = "https://other.lab.example" },
			says:   "the module MicrosoftTeams did not take the sign-in: Invalid audience https://other.lab.example", hint: "Update-Module MicrosoftTeams", class: ClassSignIn,
		},
		"a tenant that the account does not manage": {
			change: func(_ *here, target *Target) {
				target.UserName, target.OverrideAdminDomain, target.SignIn = "helpdesk@contoso.example", "fabrikam.example", auth.MethodPassword
				target.Password = func(context.Context, string) (auth.Secret, error) {
					return auth.NewSecret("Lab-helpdesk-contoso-1!"), nil
				}
			},
			says: "the account does not exist in that tenant", class: ClassSignIn,
		},
		"no such bootstrap":     {change: func(_ *here, target *Target) { target.Bootstrap = "sharepoint" }, says: `there is no bootstrap "sharepoint"`, hint: "teams or exchange", class: ClassUsage},
		"another transport":     {change: func(_ *here, target *Target) { target.Transport = "ssh" }, says: "runs in a PowerShell of this machine", hint: "local:", class: ClassUsage},
		"one token for Teams":   {change: func(_ *here, target *Target) { target.AccessToken = auth.NewSecret("x.y.z") }, says: "Teams wants two tokens", hint: "--sign-in", class: ClassUsage},
		"a tenant nobody knows": {change: func(_ *here, target *Target) { target.OverrideAdminDomain = "nowhere.example" }, says: "no such tenant", hint: "", class: ClassSignIn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(LocalProgram, tt.program)
			inHere(t, tt.options, func(t *testing.T, h *here) {
				target := h.target("teams", "contoso.example")
				if tt.change != nil {
					tt.change(h, &target)
				}
				s, err := h.connect(target)
				if err == nil {
					_ = s.Close(context.Background())
					t.Fatal("connected")
				}
				var e *Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.says) || e.Class != tt.class || !strings.Contains(strings.Join(HintsOf(err), "\n"), tt.hint) {
					t.Errorf("%v; %q, class %d", err, HintsOf(err), e.Class)
				}
			})
		})
	}
}

// A tenant that turns into another one when the module is signed in again ends
// the session.
func TestAModuleThatIsAnotherTenantLaterEndsTheSession(t *testing.T) {
	inHere(t, lab.Options{TokenLifetime: 30 * time.Minute}, func(t *testing.T, h *here) {
		s, err := h.connect(h.target("exchange", "contoso.example"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		h.lab.AnswerAs(lab.ContosoID, lab.FabrikamID)
		time.Sleep(29 * time.Minute)
		synctest.Wait()
		var other *MismatchError
		if s.State() != Broken || !errors.As(s.Err(), &other) || !strings.Contains(other.Error(), "fabrikam.onmicrosoft.com (Fabrikam)") {
			t.Errorf("the session is %s: %v", s.State(), s.Err())
		}
	})
}

// A line that signs the module in elsewhere ends the session before the next
// one is sent.
func TestALineThatSignsTheModuleInElsewhereEndsTheSession(t *testing.T) {
	inHere(t, lab.Options{}, func(t *testing.T, h *here) {
		s, err := h.connect(h.target("teams", "contoso.example"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		var tokens []string
		for _, resource := range []string{lab.GraphURI, teamsResource} {
			token, err := h.lab.Authority().Issue("admin@partner.example", "fabrikam.example", resource, lab.ClientID)
			if err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, "'"+token+"'")
		}
		line := "Disconnect-MicrosoftTeams; Connect-MicrosoftTeams -AccessTokens " + strings.Join(tokens, ",")
		if _, res := collect(t, mustScript(t, s, line)); res.Outcome != Completed {
			t.Fatalf("%+v", res)
		}
		records, res := collect(t, mustScript(t, s, "Get-CsOnlineSipDomain"))
		if res.Outcome != Failed || s.State() != Broken || !strings.Contains(fmt.Sprint(texts(records)), "after a module was signed in, the server says it is fabrikam.example (Fabrikam), but contoso.example was asked for") {
			t.Errorf("%+v, %s, %v", res, s.State(), texts(records))
		}
	})
}
