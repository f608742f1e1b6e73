package managed_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/discovery/managed"
	"psdeck/session/lab"
)

const partner = "admin@partner.example"

// graphOf is the lab's Graph, asked by a user with a token for resource.
func graphOf(t *testing.T, l *lab.Lab, user, resource string) *managed.Graph {
	t.Helper()
	token, err := l.Authority().Issue(user, "organizations", resource, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	n := &discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}
	client := n.HTTPClient()
	return &managed.Graph{Client: client, URI: lab.GraphURI, Authorize: auth.BearerHeader(auth.StaticSource(token, auth.Binding{}, nil))}
}

// inLab runs f in a bubble with a lab.
func inLab(t *testing.T, o lab.GraphFaults, f func(t *testing.T, l *lab.Lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, err := lab.Start(context.Background(), lab.Options{InMemory: true, Graph: o})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		f(t, l)
	})
}

func named(list []managed.Tenant) string {
	var words []string
	for _, t := range list {
		words = append(words, fmt.Sprintf("%s %s %s", t.Name, t.Domain, t.ID[len(t.ID)-1:]))
	}
	return strings.Join(words, ", ")
}

const everything = "Partner partner.example 3, Contoso contoso.example 1, Fabrikam fabrikam.example 2"

// ask asks and closes the connections that it took.
func ask(ctx context.Context, g *managed.Graph) ([]managed.Tenant, error) {
	defer g.Client.CloseIdleConnections()
	return g.Tenants(ctx)
}

// All lists are read to their last page, tenants that are on two of them are
// one, and a tenant without a domain is asked for.
func TestGraphListsTheTenantsOfAPartner(t *testing.T) {
	inLab(t, lab.GraphFaults{}, func(t *testing.T, l *lab.Lab) {
		list, err := ask(t.Context(), graphOf(t, l, partner, lab.GraphURI))
		if err != nil || named(list) != everything || !list[0].Home || list[1].Home {
			t.Errorf("%s, %v", named(list), err)
		}
		var asked []string
		for _, e := range l.Access() {
			if e.Kind == "graph" {
				asked = append(asked, e.Detail["list"])
			}
		}
		want := []string{"organization", "contracts", "delegatedAdminCustomers", "delegatedAdminCustomers", "findTenantInformationByTenantId"}
		if !slices.Equal(asked, want) {
			t.Errorf("asked %q, want %q", asked, want)
		}
	})
	inLab(t, lab.GraphFaults{}, func(t *testing.T, l *lab.Lab) {
		list, err := ask(t.Context(), graphOf(t, l, "user@contoso.example", lab.GraphURI))
		if err != nil || named(list) != "Contoso contoso.example 1" {
			t.Errorf("%s, %v", named(list), err)
		}
	})
}

// What goes wrong says so in a sentence with a hint, and what came before it
// is kept.
func TestGraphMisbehaves(t *testing.T) {
	for name, tt := range map[string]struct {
		faults     lab.GraphFaults
		list       string
		kind       managed.Kind
		says, hint string
		waits      time.Duration
	}{
		"throttled, with a pause":      {faults: lab.GraphFaults{Throttle: 3, RetryAfter: 20 * time.Second}, list: everything, waits: time.Minute},
		"throttled, without a pause":   {faults: lab.GraphFaults{Throttle: 3}, list: everything, waits: 7 * time.Second},
		"throttled for good":           {faults: lab.GraphFaults{Throttle: 100}, kind: managed.KindThrottled, says: "asked too often", hint: "try again", waits: 31 * time.Second},
		"a pause too long":             {faults: lab.GraphFaults{Throttle: 1, RetryAfter: time.Hour}, kind: managed.KindThrottled, says: "wants a pause of 1h0m0s", hint: "try again"},
		"a broken page":                {faults: lab.GraphFaults{BrokenPage: 2}, list: "Partner partner.example 3, Contoso contoso.example 1", kind: managed.KindBroken, says: "delegatedAdminCustomers: the answer is not what was asked for", hint: "came before are listed"},
		"a page on another host":       {faults: lab.GraphFaults{Elsewhere: "evil.lab.example"}, list: "Partner partner.example 3, Contoso contoso.example 1", kind: managed.KindBroken, says: "the next page is said to be elsewhere, on evil.lab.example", hint: "came before"},
		"no consent to one list":       {faults: lab.GraphFaults{Forbidden: []string{"contracts"}}, list: "Partner partner.example 3, Contoso contoso.example 1, Fabrikam fabrikam.example 2", kind: managed.KindForbidden, says: "contracts: the account or the client may not read it: Insufficient privileges", hint: "consent to Directory.Read.All"},
		"no consent to the other":      {faults: lab.GraphFaults{Forbidden: []string{"delegatedAdminCustomers"}}, list: "Partner partner.example 3, Contoso contoso.example 1", kind: managed.KindForbidden, says: "delegatedAdminCustomers", hint: "DelegatedAdminRelationship.Read.All"},
		"no right to read its own":     {faults: lab.GraphFaults{Forbidden: []string{"organization"}}, list: "Contoso contoso.example 1, Fabrikam fabrikam.example 2"},
		"no right to find the domains": {faults: lab.GraphFaults{Forbidden: []string{"findTenantInformationByTenantId"}}, list: "Partner partner.example 3, Contoso contoso.example 1, Fabrikam  2"},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, tt.faults, func(t *testing.T, l *lab.Lab) {
				g := graphOf(t, l, partner, lab.GraphURI)
				var waited time.Duration
				g.Waits = func(d time.Duration) { waited += d }
				list, err := ask(t.Context(), g)
				var e *managed.Error
				errors.As(err, &e)
				if named(list) != tt.list || waited != tt.waits || (err == nil) != (tt.kind == "") {
					t.Errorf("%s, %v, waited %s", named(list), err, waited)
				}
				if e != nil && (e.Kind != tt.kind || !strings.Contains(e.Error(), tt.says) || !strings.Contains(e.Hint, tt.hint)) {
					t.Errorf("%s: %v; %s", e.Kind, e, e.Hint)
				}
			})
		})
	}
}

// A token for something else is not taken, and nobody waits for what is given up.
func TestGraphChecksTheTokenAndStops(t *testing.T) {
	inLab(t, lab.GraphFaults{}, func(t *testing.T, l *lab.Lab) {
		list, err := ask(t.Context(), graphOf(t, l, partner, "https://admin1e.online.lync.example/OcsPowershellOAuth"))
		if err == nil || len(list) > 0 {
			t.Errorf("%v, %v", list, err)
		}
		if e := l.Access()[len(l.Access())-1]; e.Status != http.StatusUnauthorized || !strings.Contains(e.Detail["refused"], "another resource") {
			t.Errorf("%+v", e)
		}
	})
	inLab(t, lab.GraphFaults{Throttle: 5, RetryAfter: time.Minute}, func(t *testing.T, l *lab.Lab) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		if _, err := ask(ctx, graphOf(t, l, partner, lab.GraphURI)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestGraphIsWhereTheCloudHasIt(t *testing.T) {
	for cloud, want := range map[string]string{
		"": "https://graph.microsoft.com", "gcc": "https://graph.microsoft.com", "gcchigh": "https://graph.microsoft.us",
		"dod": "https://dod-graph.microsoft.us", "china": "https://microsoftgraph.chinacloudapi.cn",
	} {
		if got := managed.GraphURI(cloud); got != want {
			t.Errorf("%s: %s", cloud, got)
		}
	}
}
