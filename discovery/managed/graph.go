package managed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"psdeck/auth"
)

// Bounds of what is taken from Graph.
const (
	maxPages = 1000
	maxPage  = 8 << 20 // bytes
	maxTries = 6       // of one request that is throttled
	maxPause = 2 * time.Minute
)

// GraphURI is where a cloud, named as --cloud names it, serves Microsoft Graph.
func GraphURI(cloud string) string {
	switch cloud {
	case "gcchigh":
		return "https://graph.microsoft.us"
	case "dod":
		return "https://dod-graph.microsoft.us"
	case "china":
		return "https://microsoftgraph.chinacloudapi.cn"
	case "germany":
		return "https://graph.microsoft.de"
	}
	return "https://graph.microsoft.com"
}

// Graph lists the tenants that an account manages: its own, those that a
// contract of a partner names, and those that delegated administration of them
// to it (GDAP).
type Graph struct {
	Client *http.Client
	URI    string // https://graph.microsoft.com
	// Authorize puts a token for URI into a request; see [auth.BearerHeader].
	Authorize auth.Authorizer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Waits is told before a pause that Graph asks for; nil: nobody.
	Waits func(time.Duration)
}

// collections of Graph that list tenants, with what reading one takes.
var collections = []struct{ path, permission string }{
	{"/v1.0/contracts?$select=customerId,displayName,defaultDomainName", "Directory.Read.All"},
	{"/v1.0/tenantRelationships/delegatedAdminCustomers?$select=tenantId,displayName", "DelegatedAdminRelationship.Read.All"},
}

// entry is a tenant as the collections write it.
type entry struct {
	CustomerID        string `json:"customerId"`
	TenantID          string `json:"tenantId"`
	ID                string `json:"id"`
	DisplayName       string `json:"displayName"`
	DefaultDomainName string `json:"defaultDomainName"`
	VerifiedDomains   []struct {
		Name      string `json:"name"`
		IsDefault bool   `json:"isDefault"`
	} `json:"verifiedDomains"`
}

// Tenants asks Graph. Where it fails on the way, what came before is returned
// with the error, an [*Error] or one of the auth package.
func (g *Graph) Tenants(ctx context.Context) ([]Tenant, error) {
	var list []Tenant
	var problems []error
	own, err := g.organization(ctx)
	if err == nil {
		list = append(list, own...)
	} else if !forbidden(err) { // who may not read its own tenant may still read others
		return nil, err
	}
	for _, c := range collections {
		err := g.pages(ctx, c.path, func(e entry) error {
			t := Tenant{Name: e.DisplayName, Domain: e.DefaultDomainName, ID: cmp.Or(e.CustomerID, e.TenantID)}
			if t.tidy() == nil {
				list = merge(list, t)
			}
			return nil
		})
		var refused *Error
		if errors.As(err, &refused) && refused.Kind == KindForbidden {
			refused.Hint = "an administrator has to consent to " + c.permission + " for this client; or sign in with another --client-id"
		}
		if ctx.Err() != nil {
			return list, ctx.Err()
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	if err := g.domains(ctx, list); err != nil {
		problems = append(problems, err)
	}
	if len(problems) == 0 {
		return list, nil
	}
	return list, problems[0]
}

func forbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindForbidden
}

// organization is the account's own tenant.
func (g *Graph) organization(ctx context.Context) (list []Tenant, err error) {
	err = g.pages(ctx, "/v1.0/organization?$select=id,displayName,verifiedDomains", func(e entry) error {
		t := Tenant{Name: e.DisplayName, ID: e.ID, Home: true}
		for _, d := range e.VerifiedDomains {
			if t.Domain == "" || d.IsDefault {
				t.Domain = d.Name
			}
		}
		if t.tidy() == nil {
			list = append(list, t)
		}
		return nil
	})
	return list, err
}

// domains finds the domains of those that came without one. That it may not is
// no problem: such a tenant is known by its id.
func (g *Graph) domains(ctx context.Context, list []Tenant) error {
	for i := range list {
		if list[i].Domain != "" {
			continue
		}
		var found entry
		u, err := g.url("/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='" + list[i].ID + "')")
		if err == nil {
			err = g.get(ctx, u, &found)
		}
		if forbidden(err) {
			return nil
		}
		if err != nil {
			return err
		}
		full := list[i]
		full.Domain = found.DefaultDomainName
		if full.tidy() == nil {
			list[i] = full
		}
	}
	return nil
}

func (g *Graph) url(path string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(g.URI, "/") + path)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, &Error{Kind: KindSource, Op: "asking Microsoft Graph", Msg: fmt.Sprintf("%q is no address of it", clean(g.URI, 200)), Hint: "--graph-uri takes https://host"}
	}
	return u, nil
}

// pages reads a collection to its end. A token is sent to one host only: a link
// to another one is not followed.
func (g *Graph) pages(ctx context.Context, path string, take func(entry) error) error {
	u, err := g.url(path)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for range maxPages {
		seen[u.String()] = true
		var page struct {
			Value []entry `json:"value"`
			Next  string  `json:"@odata.nextLink"`
		}
		page.Value = nil
		if err := g.get(ctx, u, &page); err != nil {
			return err
		}
		if page.Value == nil {
			return g.broken(u, "the answer has no list in it", nil)
		}
		for _, e := range page.Value {
			if err := take(e); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		next, err := url.Parse(page.Next)
		switch {
		case err != nil || next.Scheme != u.Scheme || !strings.EqualFold(next.Host, u.Host) || next.User != nil:
			return g.broken(u, "the next page is said to be elsewhere, on "+hostOf(page.Next), nil)
		case seen[next.String()]:
			return g.broken(u, "the next page is said to be one that was read already", nil)
		}
		u = next
	}
	return g.broken(u, fmt.Sprintf("there are more than %d pages", maxPages), nil)
}

func hostOf(link string) string {
	if u, err := url.Parse(link); err == nil && u.Host != "" {
		return clean(u.Host, 100)
	}
	return "an address that is none"
}

func (g *Graph) broken(u *url.URL, msg string, cause error) error {
	return &Error{Kind: KindBroken, Op: op(u), Msg: msg, Hint: "try again later; the tenants that came before are listed", Err: cause}
}

// op says what is asked, without the query.
func op(u *url.URL) string {
	path := strings.TrimPrefix(u.Path, "/v1.0/")
	if i := strings.IndexByte(path, '('); i > 0 {
		path = path[:i]
	}
	return "asking " + clean(u.Host, 100) + " for " + clean(path, 100)
}
