package lab

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/lab/directory"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

// Session is what a new session is for.
type Session struct {
	User      string         // user principal name
	Tenant    string         // ID of the tenant that is managed
	URL       *url.URL       // as requested
	Arguments *clixml.Object // the client's application arguments, or nil
}

// newEndpoint is the server of all PowerShell URIs: one, so that a user's shells and
// quota are the same whichever way he comes in.
func (l *Lab) newEndpoint() *endpoint.Server {
	return endpoint.New(endpoint.Config{
		Authenticate:     l.admit,
		Challenge:        l.challenge,
		Open:             l.open,
		MaxShellsPerUser: l.options.MaxShellsPerUser,
		IdleTimeout:      l.options.IdleTimeout,
		CommandShells:    func(u *url.URL) bool { return strings.EqualFold(u.Path, wsmanPath) },
		Machine:          AdminHost,
		OnCommand:        l.ledger.add,
		Protocol:         l.options.Protocol,
		Switches:         l.options.Switches,
		Now:              l.options.Now,
	})
}

// admit authenticates a request and notes in the access log who it is, or why not.
func (l *Lab) admit(r *http.Request) (endpoint.Identity, error) {
	id, err := l.authenticate(r)
	rec := recordOf(r.Context())
	switch {
	case err == nil:
		rec.set("", id.User, nil)
	case errors.Is(err, errNoCredentials) && r.Header.Get("WSMANIDENTIFY") == "":
		rec.set("challenge", "", nil)
	default:
		rec.set("", "", map[string]string{"refused": err.Error()})
	}
	return id, err
}

// open decides the tenant of a new session and makes what runs in it. The endpoints
// of the service take no scripts; the one on loopback is like any Windows host's.
func (l *Lab) open(id endpoint.Identity, u *url.URL, args *clixml.Object) (*runspace.Options, error) {
	tenant, err := l.tenantOf(adminDomain(u.RawQuery), id.User)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(u.Path, exchangePath) {
		return &runspace.Options{Table: l.exchangeTable(tenant), State: l.directories[tenant].tenant, Tenant: tenant, Now: l.options.Now}, nil
	}
	o := runspace.Options{Table: l.directories[tenant].table, State: l.directories[tenant].tenant, FormatData: directory.Views}
	if l.options.Open != nil {
		made, err := l.options.Open(Session{User: id.User, Tenant: tenant, URL: u, Arguments: args})
		if err != nil {
			return nil, err
		}
		o = *made
	}
	o.Tenant = tenant
	if o.Now == nil {
		o.Now = l.options.Now
	}
	if strings.EqualFold(u.Path, wsmanPath) {
		o.Mode = runspace.FullLanguage
	}
	if strings.EqualFold(u.Path, wsmanPath) && u.Scheme != stdioScheme {
		o.Variables = map[string]clixml.Value{"PSSenderInfo": senderInfo(id.User)}
	}
	if u.Scheme == stdioScheme && l.options.Open == nil {
		o.Table = newModules(l, tenant).table()
	}
	return &o, nil
}

// senderInfo is what a host says of who is connected, with the members that
// PowerShell adds to the type.
func senderInfo(user string) clixml.Value {
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.Remoting.PSSenderInfo", "System.Object"},
		ToString:  "System.Management.Automation.Remoting.PSSenderInfo", HasToString: true,
		Members: []clixml.Property{
			clixml.Prop("ConnectedUser", user), clixml.Prop("RunAsUser", user),
			clixml.Prop("ConnectionString", "http://"+AdminHost+wsmanPath),
		},
	})
}

// ledger keeps what became of each command.
type ledger struct {
	mu   sync.Mutex
	list []endpoint.LedgerEntry
}

func (l *ledger) add(e endpoint.LedgerEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

func (l *ledger) entries() []endpoint.LedgerEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}
