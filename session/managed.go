package session

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"psdeck/auth"
	"psdeck/discovery/managed"
)

// graphTimeout bounds one answer of Microsoft Graph.
const graphTimeout = time.Minute

// ManagedTenants asks Microsoft Graph which tenants an account manages. It signs
// in as t says, where nobody is signed in yet, and reports that to watch, which
// may be nil. Where Graph fails on the way, the list has what came before, and
// the error is in it too. The error is an *Error.
func (c *Connector) ManagedTenants(ctx context.Context, t Target, watch func(Event)) (managed.List, error) {
	if watch == nil {
		watch = func(Event) {}
	}
	cn := &connecting{Connector: c, target: t, watch: watch}
	list, err := cn.managedTenants(ctx)
	if err == nil {
		return list, nil
	}
	e := Explain("", err)
	var told *Error
	if errors.As(e, &told) && len(told.Hints) > 0 {
		list.Hint = told.Hints[0]
	}
	list.Problem = e.Error()
	return list, e
}

func (cn *connecting) managedTenants(ctx context.Context) (managed.List, error) {
	if err := cn.chooseCloud(ctx); err != nil {
		return managed.List{}, err
	}
	t := &cn.target
	t.ClientID = cmp.Or(t.ClientID, cn.cfg.ClientID)
	cn.domain = domainOf(t.UserName) // the account's own tenant answers
	if t.Authority = orElse(t.Authority, cn.cloudAuthority()); t.Authority == "" {
		t.Authority = cn.homeAuthority(ctx)
	}
	t.OverrideAdminDomain, t.Tenant = "", ""
	if t.UserName == "" {
		t.UserName = cn.onlyAccount(ctx)
	}
	cn.clientID = t.ClientID
	cn.watch(StageStarted{StageSignIn, "Requesting authentication token"})
	resource := cn.graphURI()
	if err := cn.signIn(ctx, t.Authority, []string{auth.Scope(resource)}); err != nil {
		return managed.List{}, err
	}
	source := cn.cfg.Broker.Source(ctx, auth.Binding{Authority: t.Authority, ClientID: t.ClientID, Account: cn.account, Resource: resource})
	cn.watch(StageStarted{StageDiscovery, "Asking " + hostOf(resource) + " which tenants this account manages"})
	client := *cn.cfg.Network.HTTPClient()
	client.Timeout = graphTimeout
	defer client.CloseIdleConnections()
	graph := &managed.Graph{
		Client: &client, URI: resource, Authorize: auth.BearerHeader(source), Now: cn.cfg.Now,
		Waits: func(d time.Duration) { cn.watch(Noted{Text: "it wants a pause of " + d.Round(time.Second).String()}) },
	}
	list := managed.List{
		At: cn.cfg.Now(), Source: hostOf(resource) + " as " + cn.account.Name(),
		Account: cn.account.UserName, ClientID: t.ClientID, Authority: t.Authority,
	}
	var err error
	list.Tenants, err = graph.Tenants(ctx)
	if again, refused := cn.signInMore(ctx, err); refused != nil {
		return list, refused
	} else if again {
		list.Tenants, err = graph.Tenants(ctx)
	}
	return list, err
}

// onlyAccount is who has signed in already as this client at this authority, if
// that is one account.
func (cn *connecting) onlyAccount(ctx context.Context) string {
	kept, err := cn.cfg.Broker.Kept(ctx)
	if err != nil {
		return "" // who signs in now is asked
	}
	name := ""
	for _, k := range kept {
		if k.ClientID != cn.target.ClientID || k.Authority != hostOf(cn.target.Authority) || k.Account.UserName == "" {
			continue
		}
		if name != "" && !strings.EqualFold(name, k.Account.UserName) {
			return ""
		}
		name = k.Account.UserName
	}
	return name
}

// ManagedTarget is how to open a tenant of a list: as the account that the list
// was got with, so that nobody signs in again, and refusing any other tenant.
// base is what holds for each of them; what the list says wins.
func ManagedTarget(base Target, list managed.List, tenant managed.Tenant) Target {
	t := base
	t.Name = tenant.Name
	t.OverrideAdminDomain = cmp.Or(tenant.Domain, tenant.ID)
	t.UserName = cmp.Or(list.Account, t.UserName)
	t.ClientID = cmp.Or(list.ClientID, t.ClientID)
	t.Authority = cmp.Or(list.Authority, t.Authority)
	t.ExpectTenant = cmp.Or(tenant.ID, tenant.Domain)
	t.Bootstrap = cmp.Or(tenant.Bootstrap, t.Bootstrap)
	if t.Env = Environment(cmp.Or(tenant.Env, string(t.Env))); t.Env == "" {
		t.Env = Prod
	}
	t.ReadOnly = t.ReadOnly || tenant.OpensReadOnly()
	return t
}

func explainManaged(e *Error) bool {
	var m *managed.Error
	if !errors.As(e.Err, &m) {
		return false
	}
	switch m.Kind {
	case managed.KindForbidden:
		e.Class = ClassSignIn
	case managed.KindSource:
		e.Class = ClassUsage
	}
	return e.hint(m.Hint)
}
