package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"psdeck/session/lab/authority"
)

// GraphHost serves what Microsoft Graph tells of the tenants that somebody
// manages; GraphURI is its address and the audience of its tokens.
const (
	GraphHost = "graph.lab.example"
	GraphURI  = "https://" + GraphHost
)

// graphPage is how many tenants a page of the lab's Graph holds: one, so that
// every client has to follow the links.
const graphPage = 1

// GraphFaults are ways in which the lab's Graph misbehaves; the zero value is
// none.
type GraphFaults struct {
	// Throttle answers the next n requests with 429 and RetryAfter, without
	// Retry-After where that is zero.
	Throttle   int
	RetryAfter time.Duration
	// BrokenPage cuts the n-th page (from 1) of a list in the middle.
	BrokenPage int
	// Elsewhere has the link to the next page lead to this host.
	Elsewhere string
	// Forbidden refuses these lists ("contracts", "delegatedAdminCustomers",
	// "organization") as where nobody has consented.
	Forbidden []string
}

// graph is the lab's twin of Microsoft Graph.
type graph struct {
	authority *authority.Authority
	mu        sync.Mutex
	faults    GraphFaults
}

// SetGraph changes how the lab's Graph misbehaves from now on.
func (l *Lab) SetGraph(f GraphFaults) {
	l.graph.mu.Lock()
	defer l.graph.mu.Unlock()
	l.graph.faults = f
}

// throttled counts a request that is to be refused.
func (g *graph) throttled() (bool, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.faults.Throttle == 0 {
		return false, 0
	}
	g.faults.Throttle--
	return true, g.faults.RetryAfter
}

func (g *graph) current() GraphFaults {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.faults
}

// ServeHTTP answers the four questions that are asked about tenants.
func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if i := strings.IndexByte(name, '('); i > 0 {
		name = name[:i]
	}
	rec := recordOf(r.Context())
	rec.set("graph", "", map[string]string{"list": name})
	claims, err := g.admit(r)
	if err != nil {
		rec.set("", "", map[string]string{"refused": err.Error()})
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="", authorization_uri=%q, client_id="00000003-0000-0000-c000-000000000000"`, g.authority.AuthorizationURI()))
		graphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. "+err.Error())
		return
	}
	rec.set("", claims.UPN, nil)
	if yes, after := g.throttled(); yes {
		if after > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
		}
		graphError(w, http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
		return
	}
	if slices.Contains(g.current().Forbidden, name) {
		graphError(w, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		return
	}
	g.answer(w, r, name, claims)
}

// admit checks the token: signature, end, and that it is for Graph.
func (g *graph) admit(r *http.Request) (authority.Claims, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return authority.Claims{}, errNoCredentials
	}
	claims, err := g.authority.Verify(token, func(audience string) bool {
		return strings.EqualFold(strings.TrimSuffix(audience, "/"), GraphURI)
	})
	if err == nil && claims.UPN == "" {
		err = errNoUser
	}
	return claims, err
}

func (g *graph) answer(w http.ResponseWriter, r *http.Request, name string, claims authority.Claims) {
	home, customers := g.customers(claims)
	var list []any
	switch name {
	case "organization":
		var domains []any
		for i, d := range home.Domains {
			domains = append(domains, map[string]any{"name": d, "isDefault": i == 0, "isInitial": strings.HasSuffix(d, ".onmicrosoft.com")})
		}
		list = append(list, map[string]any{"id": home.ID, "displayName": home.Name, "verifiedDomains": domains})
	case "contracts": // the older way: not of the tenant that came last
		for _, t := range customers[:max(0, len(customers)-1)] {
			list = append(list, map[string]any{"id": t.ID, "contractType": "ResellerPartnerContract", "customerId": t.ID, "defaultDomainName": t.Domains[0], "displayName": t.Name})
		}
	case "delegatedAdminCustomers": // it has no domains
		for _, t := range customers {
			list = append(list, map[string]any{"id": t.ID, "tenantId": t.ID, "displayName": t.Name})
		}
	case "findTenantInformationByTenantId":
		g.tenantInformation(w, r)
		return
	default:
		graphError(w, http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment '"+name+"'.")
		return
	}
	g.page(w, r, list)
}

// customers are the tenants that a user manages, but for the one that issued
// the token: a partner asks in its own.
func (g *graph) customers(claims authority.Claims) (home authority.Tenant, list []authority.Tenant) {
	u, _ := g.authority.User(claims.UPN)
	for _, t := range tenants() {
		switch {
		case t.ID == claims.TenantID:
			home = t
		case slices.Contains(u.Manages, t.ID) && u.Tenant == claims.TenantID:
			list = append(list, t)
		}
	}
	return home, list
}

func (g *graph) tenantInformation(w http.ResponseWriter, r *http.Request) {
	for _, t := range tenants() {
		if strings.Contains(r.URL.Path, "(tenantId='"+t.ID+"')") {
			graphJSON(w, map[string]any{"tenantId": t.ID, "displayName": t.Name, "defaultDomainName": t.Domains[0]})
			return
		}
	}
	graphError(w, http.StatusNotFound, "Directory_ObjectNotFound", "Unable to read the company information from the directory.")
}

// page answers a part of a list and the link to the next one.
func (g *graph) page(w http.ResponseWriter, r *http.Request, list []any) {
	faults := g.current()
	query := r.URL.Query()
	skip, err := strconv.Atoi(query.Get("$skiptoken"))
	if err != nil || skip < 0 || skip > len(list) {
		skip = 0
	}
	part := list[skip:min(len(list), skip+graphPage)]
	body := map[string]any{"@odata.context": GraphURI + "/v1.0/$metadata", "value": append([]any{}, part...)}
	if skip+graphPage < len(list) {
		query.Set("$skiptoken", strconv.Itoa(skip+graphPage))
		next := url.URL{Scheme: "https", Host: GraphHost, Path: r.URL.Path, RawQuery: query.Encode()}
		if faults.Elsewhere != "" {
			next.Host = faults.Elsewhere
		}
		body["@odata.nextLink"] = next.String()
	}
	if faults.BrokenPage > 0 && skip/graphPage+1 == faults.BrokenPage {
		w.Header().Set("Content-Type", "application/json")
		data, _ := json.Marshal(body) // maps of strings
		_, _ = w.Write(data[:len(data)/2])
		return
	}
	graphJSON(w, body)
}

func graphJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; odata.metadata=minimal")
	_ = json.NewEncoder(w).Encode(body)
}

func graphError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "message": message}})
}
