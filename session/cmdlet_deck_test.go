package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// fakeDeck opens sessions on fake servers and notes what it is asked.
type fakeDeck struct {
	t       *testing.T
	cmdlets *Cmdlets
	refuse  error
	tenant  func(Target) Proof
	answer  func(*fakeCommand)
	leaves  bool // what is left is done with here

	mu      sync.Mutex
	opened  []Target
	servers []*fakeServer
	notes   []string
	last    *Session
}

func newFakeDeck(t *testing.T) *fakeDeck {
	t.Helper()
	d := &fakeDeck{t: t, answer: func(c *fakeCommand) {
		c.out(describe(c.Request))
		c.done()
	}}
	d.tenant = func(target Target) Proof {
		domain := orElse(target.OverrideAdminDomain, domainOf(target.UserName), "contoso.com")
		name, _, _ := strings.Cut(domain, ".")
		return Proof{Proved: true, Name: strings.ToUpper(name[:1]) + name[1:], Domain: domain, TenantID: "id-" + name}
	}
	d.cmdlets = NewCmdlets(d)
	return d
}

func (d *fakeDeck) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// Open implements Deck.
func (d *fakeDeck) Open(_ context.Context, target Target, stay bool, watch func(Event)) (*Session, error) {
	d.note("open, stay %v", stay)
	d.mu.Lock()
	d.opened = append(d.opened, target)
	d.mu.Unlock()
	for _, ev := range []Event{
		StageStarted{StageDomain, "x"},
		Noted{Text: "AdminDomain = contoso.com"},
		StageStarted{StageDiscovery, "x"},
		EndpointFound{URI: "https://admin.example/OcsPowershellOAuth", Known: true},
		StageStarted{StageSignIn, "x"},
		SignedIn{},
		StageStarted{StageOpen, "x"},
		StageStarted{StageReady, "x"},
	} {
		watch(ev)
	}
	if d.refuse != nil {
		return nil, d.refuse
	}
	s := d.session(target)
	d.cmdlets.Adopt(s)
	return s, nil
}

// session opens a session on a fake server of its own.
func (d *fakeDeck) session(target Target) *Session {
	f := newFakeServer(d.t, func(c *fakeCommand) { d.answer(c) })
	id := uuid.New()
	s := newSession(id.String(), "SfBPowerShellSession_"+id.String(), target, time.Now, nil)
	s.uri = orElse(target.OverridePowerShellURI, "https://admin1e.online.lync.com/OcsPowershellOAuth")
	s.transport, s.client = f, psrp.NewClient(psrp.ClientConfig{ID: id, MinRunspaces: 1, MaxRunspaces: 1})
	if err := s.open(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	s.caps.LanguageMode = "NoLanguage"
	s.proof = d.tenant(target)
	d.t.Cleanup(func() { _ = s.Close(context.Background()) })
	d.mu.Lock()
	defer d.mu.Unlock()
	d.servers, d.last = append(d.servers, f), s
	return s
}

// Show implements Deck.
func (d *fakeDeck) Show(_ context.Context, s *Session) error {
	if s == nil {
		d.note("show home")
		return nil
	}
	d.note("show %s", s.Proof().Label())
	return nil
}

// Close implements Deck.
func (d *fakeDeck) Close(ctx context.Context, s *Session) error {
	d.note("close %s", s.Proof().Label())
	return s.Close(ctx)
}

// Leave implements Deck.
func (d *fakeDeck) Leave(_ context.Context, s *Session, o LeaveOptions) error {
	d.note("leave %s %v%s", s.Proof().Label(), o.Idle, o.OutputBufferingMode)
	if d.leaves {
		s.mu.Lock()
		s.err = ErrDisconnected
		s.become(Disconnected)
		s.mu.Unlock()
		s.leaveAlone()
	}
	return nil
}

// home runs lines at home; each has to end well.
func (d *fakeDeck) home(lines ...string) []string {
	d.t.Helper()
	var out []string
	for _, line := range lines {
		records, res := collect(d.t, mustRun(d.t, d.cmdlets.Home(), line))
		if res.Outcome != Completed {
			d.t.Fatalf("%s: %+v %q", line, res, texts(records))
		}
		out = texts(records)
	}
	return out
}

func (d *fakeDeck) value(name string) clixml.Value {
	v, _ := d.cmdlets.home.console.scope.Variable(name)
	return v
}

// The four examples of the cmdlet's documentation, typed one after another.
func TestTheDocumentationsExamples(t *testing.T) {
	d := newFakeDeck(t)
	d.answer = commandsOffered("Get-CsTenant", "Set-CsUser", "Get-Help")
	d.home(
		"New-CsOnlineSession -UserName admin@contoso.com",
		"New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com",
		"$sfbSession = New-CsOnlineSession",
	)
	want := []Target{
		{UserName: "admin@contoso.com"},
		{UserName: "admin@contoso.com", OverrideAdminDomain: "fabrikam.onmicrosoft.com"},
		{},
	}
	for i := range want {
		if got := d.opened[i]; got.UserName != want[i].UserName || got.OverrideAdminDomain != want[i].OverrideAdminDomain {
			t.Errorf("example %d opened %+v", i+1, got)
		}
	}
	if o := d.value("sfbSession").Object(); o == nil || !o.Is(typeSession) {
		t.Fatalf("$sfbSession is %v", d.value("sfbSession"))
	}
	out := d.home("Import-PSSession $sfbSession")
	if len(out) != 2 || !strings.HasPrefix(out[1], "tmp_") {
		t.Errorf("Import-PSSession gave %q", out)
	}
	out = d.home("Get-CsTenant")
	if !slices.Equal(out, []string{"reaches Contoso", "Get-CsTenant"}) {
		t.Errorf("an imported command gave %q", out)
	}
}

// commandsOffered is a server that describes these commands and echoes the rest.
func commandsOffered(names ...string) func(*fakeCommand) {
	return func(c *fakeCommand) {
		if c.query == nil {
			c.out(describe(c.Request))
			c.done()
			return
		}
		c.out(clixml.Custom(clixml.Prop("Count", len(names))))
		for _, name := range names {
			c.out(clixml.Custom(clixml.Prop("Name", name), clixml.Prop("Parameters", clixml.Hashtable(
				described("Identity", false), described("Force", true), described("Filter", false, "f"), described("OutVariable", false),
			))))
		}
		c.done()
	}
}

func described(name string, isSwitch bool, aliases ...string) clixml.Entry {
	return clixml.Entry{Key: clixml.Str(name), Value: clixml.Obj(clixml.New(clixml.Prop("SwitchParameter", isSwitch), clixml.Prop("Aliases", stringList(aliases))))}
}

// A session notes its tenant, whatever its name is.
func TestSessionsNoteTheirTenant(t *testing.T) {
	d, c, _ := twoTenants(t, Target{})
	c.mu.Lock()
	c.proof = Proof{}
	c.mu.Unlock()
	if got := d.home("Get-PSSession | Select-Object -ExpandProperty Tenant"); !slices.Equal(got, []string{"unproved", "Fabrikam"}) {
		t.Errorf("%q", got)
	}
}

// Who joins a session again goes on typing where what it gives comes.
func TestJoiningStaysWhereItWasTyped(t *testing.T) {
	d := newFakeDeck(t)
	d.home("New-CsOnlineSession -UserName a@contoso.com", "Disconnect-PSSession -Id 1", "Connect-PSSession -Id 1")
	if want := []string{"open, stay false", "leave Contoso 0s", "open, stay true"}; !slices.Equal(d.notes, want) {
		t.Errorf("%q", d.notes)
	}
}

// placedDeck is a deck whose sessions have tabs.
type placedDeck struct{ *fakeDeck }

func (placedDeck) Place(context.Context, *Session) string { return "tab 2" }

// The block says in the end where the session is, and whose tenant it proved.
func TestWhereASessionOpened(t *testing.T) {
	d := newFakeDeck(t)
	d.cmdlets = NewCmdlets(placedDeck{d})
	if got := d.home("$s = New-CsOnlineSession -UserName admin@contoso.com"); !slices.Equal(got, []string{"host: opening contoso.com", "host: opened tab 2: Contoso"}) {
		t.Errorf("%q", got)
	}
	d.tenant = func(Target) Proof { return Proof{} }
	if got := d.home("$s = New-PSSession box -Name mine"); got[len(got)-1] != "host: opened tab 2: mine, tenant unproved" {
		t.Errorf("%q", got)
	}
}
