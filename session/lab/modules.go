package lab

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// modules stands for what a PowerShell of its own has of the modules
// MicrosoftTeams and ExchangeOnlineManagement: cmdlets that take tokens, and that
// act from then on in the tenant that issued them. It behaves as the real ones
// in what matters: a second sign-in beside the first one stays in the first
// tenant. Signatures are not checked: the service behind a module does that, and
// there is none.
type modules struct {
	lab  *Lab
	home string // the tenant whose cmdlets are there before anybody signs in

	mu     sync.Mutex
	tenant map[string]string // by module, id of the tenant it is signed in to
	ends   time.Time
	calls  []ModuleCall
}

// ModuleCall is a sign-in of a module, as it arrived.
type ModuleCall struct {
	Command    string
	Parameters map[string]string // types of .NET by the parameter's name
	Texts      map[string]string // what was given, but for tokens
	Tokens     []ModuleToken
}

// ModuleToken is what a module reads in a token.
type ModuleToken struct {
	Audience, Tenant, User string
	Expires                time.Time
}

// Names of the modules.
const (
	moduleTeams    = "MicrosoftTeams"
	moduleExchange = "ExchangeOnlineManagement"
)

const exchangeResource = "https://outlook.office365.com"

func newModules(l *Lab, home string) *modules {
	return &modules{lab: l, home: home, tenant: map[string]string{}}
}

// table is the cmdlets of the modules, and those of the tenant that is managed.
func (m *modules) table() *runspace.Table {
	t := runspace.NewTable()
	for _, c := range m.lab.directories[m.home].table.All() {
		t.Add(m.dispatched(c))
	}
	if m.lab.options.NoModules {
		return t
	}
	t.Add(
		runspace.Cmdlet{
			Name: "Connect-MicrosoftTeams", Synopsis: "Signs in to Microsoft Teams.",
			Parameters: []runspace.Parameter{
				{Name: "AccessTokens", Type: "String[]", Mandatory: true},
				{Name: "TenantId", Type: "String"},
				{Name: "TeamsEnvironmentName", Type: "String"},
			},
			Run: m.connectTeams,
		},
		runspace.Cmdlet{
			Name: "Connect-ExchangeOnline", Synopsis: "Signs in to Exchange Online.",
			Parameters: []runspace.Parameter{
				{Name: "AccessToken", Type: "String", Mandatory: true},
				{Name: "UserPrincipalName", Type: "String"},
				{Name: "Organization", Type: "String"},
				{Name: "DelegatedOrganization", Type: "String"},
				{Name: "ExchangeEnvironmentName", Type: "String"},
				{Name: "ShowBanner", Type: "Boolean"},
			},
			Run: m.connectExchange,
		},
		m.disconnect("Disconnect-MicrosoftTeams", moduleTeams), m.disconnect("Disconnect-ExchangeOnline", moduleExchange),
		runspace.Cmdlet{
			Name: "Get-OrganizationConfig", Synopsis: "Returns the organization that the session manages.",
			Run: m.organization,
		},
		runspace.Cmdlet{
			Name: "Get-LabModuleCall", Synopsis: "Returns the sign-ins of modules in this process, as they arrived.",
			Run: m.recorded,
		},
	)
	return t
}

// dispatched is a tenant's cmdlet that works in the tenant that the module is
// signed in to.
func (m *modules) dispatched(c *runspace.Cmdlet) runspace.Cmdlet {
	own := *c
	step := func(pick func(*runspace.Cmdlet) func(*runspace.Call) error) func(*runspace.Call) error {
		if pick(c) == nil {
			return nil
		}
		return func(call *runspace.Call) error {
			run := pick(c)
			if id, err := m.current(moduleTeams); err != nil {
				return err
			} else if there := m.lab.directories[id].table.Lookup(c.Name); there != nil {
				run = pick(there)
			}
			return run(call)
		}
	}
	own.Run = step(func(c *runspace.Cmdlet) func(*runspace.Call) error { return c.Run })
	own.Begin = step(func(c *runspace.Cmdlet) func(*runspace.Call) error { return c.Begin })
	own.End = step(func(c *runspace.Cmdlet) func(*runspace.Call) error { return c.End })
	return own
}

// current is the tenant that a module works in. One whose token has ended does
// not work any more.
func (m *modules) current(module string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := m.tenant[module]
	switch {
	case !ok:
		return m.home, nil
	case !m.lab.options.Now().Before(m.ends):
		return "", runspace.NewError("TokenExpired", "AuthenticationError", "The access token has expired.", clixml.Null())
	}
	return id, nil
}

func (m *modules) disconnect(name, module string) runspace.Cmdlet {
	return runspace.Cmdlet{
		Name: name, Synopsis: "Ends the sign-in.", SupportsShouldProcess: true,
		Run: func(c *runspace.Call) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.tenant, module)
			return nil
		},
	}
}

func (m *modules) connectTeams(c *runspace.Call) error {
	tokens := c.Strings("AccessTokens")
	return m.connect(c, moduleTeams, tokens, []string{GraphURI, tenantAdminID}, "https://graph.microsoft.com")
}

func (m *modules) connectExchange(c *runspace.Call) error {
	return m.connect(c, moduleExchange, []string{c.String("AccessToken")}, []string{exchangeResource}, "")
}

// connect records the call and looks into its tokens: each is for its own
// service, all are of one tenant and not over.
func (m *modules) connect(c *runspace.Call, module string, tokens, audiences []string, otherwise string) error {
	call := ModuleCall{Command: c.Cmdlet.Name, Parameters: map[string]string{}, Texts: map[string]string{}}
	for _, p := range c.Cmdlet.Parameters {
		v, ok := c.Param(p.Name)
		if !ok {
			continue
		}
		call.Parameters[p.Name] = runspace.TypeName(v)
		if !strings.HasPrefix(p.Name, "AccessToken") {
			call.Texts[p.Name] = v.String()
		}
	}
	var err error
	for _, raw := range tokens {
		read, bad := readToken(raw)
		if bad != nil {
			err = bad
		}
		call.Tokens = append(call.Tokens, read)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, call)
	m.lab.moduleCalled(call)
	if err != nil || len(call.Tokens) != len(audiences) {
		return refusedToken("The access tokens are not what %s takes.", module)
	}
	for i, t := range call.Tokens {
		switch {
		case t.Audience != audiences[i] && (i > 0 || t.Audience != otherwise):
			return refusedToken("Invalid audience %s.", t.Audience)
		case t.Tenant != call.Tokens[0].Tenant:
			return refusedToken("The tokens are of several tenants.")
		case !m.lab.options.Now().Before(t.Expires):
			return refusedToken("The access token has expired.")
		}
	}
	if m.lab.directories[call.Tokens[0].Tenant].table == nil {
		return refusedToken("There is no tenant %s.", call.Tokens[0].Tenant)
	}
	m.ends = call.Tokens[0].Expires
	if _, already := m.tenant[module]; !already { // else it stays where it was
		m.tenant[module] = call.Tokens[0].Tenant
	}
	return nil
}

func refusedToken(format string, args ...any) error {
	return runspace.NewError("ConnectFailed", "AuthenticationError", fmt.Sprintf(format, args...), clixml.Null())
}

// readToken reads a token without checking who made it.
func readToken(raw string) (ModuleToken, error) {
	var body struct {
		Aud, Tid, Upn string
		Exp           int64
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return ModuleToken{}, errNotBearer
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(data, &body)
	}
	return ModuleToken{body.Aud, body.Tid, body.Upn, time.Unix(body.Exp, 0)}, err
}

// organization answers Get-OrganizationConfig where the module is signed in.
func (m *modules) organization(c *runspace.Call) error {
	m.mu.Lock()
	_, ok := m.tenant[moduleExchange]
	m.mu.Unlock()
	if !ok {
		return runspace.NewError("NotConnected", "AuthenticationError", "You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.", clixml.Null())
	}
	id, err := m.current(moduleExchange)
	if err != nil {
		return err
	}
	return c.WriteObject(m.lab.organizationOf(id))
}

func (m *modules) recorded(c *runspace.Call) error {
	m.mu.Lock()
	calls := slices.Clone(m.calls)
	m.mu.Unlock()
	for _, call := range calls {
		props := []clixml.Property{clixml.Prop("Command", call.Command)}
		for _, name := range slices.Sorted(maps.Keys(call.Parameters)) {
			props = append(props, clixml.Prop(name, strings.TrimSpace(call.Parameters[name]+" "+call.Texts[name])))
		}
		for i, t := range call.Tokens {
			props = append(props, clixml.Prop(fmt.Sprintf("Token%d", i), fmt.Sprintf("%s %s %s", t.Audience, t.Tenant, t.User)))
		}
		if err := c.WriteObject(clixml.Obj(clixml.Custom(props...))); err != nil {
			return err
		}
	}
	return nil
}

// moduleCalled keeps a call for those who run the lab.
func (l *Lab) moduleCalled(call ModuleCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.modules = append(l.modules, call)
}

// ModuleCalls are the sign-ins of modules so far, in their order.
func (l *Lab) ModuleCalls() []ModuleCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.modules)
}
