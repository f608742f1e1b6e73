package lab

import (
	"maps"
	"slices"
	"strings"
)

// The host names of the lab that belong to no tenant. The .example names are
// reserved (RFC 2606) and resolve nowhere else.
const (
	LoginHost  = "login.lab.example"            // the authority
	AdminHost  = "admin1e.online.lync.example"  // the PowerShell endpoints of every tenant
	WebdirHost = "webdir1e.online.lync.example" // the discovery service
	HybridHost = "webdir0h.online.lync.example" // the discovery service that a Hybrid link leads to
	wrongHost  = "wrong.lab.example"            // what a certificate that fits nothing is issued to
)

// role is what a host serves.
type role int

const (
	roleNone role = iota
	roleLogin
	roleGraph
	roleAdmin
	roleDiscover // lyncdiscover.<domain>
	roleWebdir
	roleLoopback // the listeners' own address
)

// httpsMode is how a host answers TLS.
type httpsMode int

const (
	httpsWorks httpsMode = iota
	httpsRefused
	httpsMismatch // a certificate of another name, as where only a DNS alias was made
)

type host struct {
	role   role
	https  httpsMode
	domain string // of roleDiscover
}

// names is every host name of the lab. It does not change after newNames.
type names struct {
	hosts map[string]host
}

func newNames() *names {
	n := &names{hosts: map[string]host{
		LoginHost:   {role: roleLogin},
		GraphHost:   {role: roleGraph},
		AdminHost:   {role: roleAdmin},
		WebdirHost:  {role: roleWebdir},
		HybridHost:  {role: roleWebdir},
		"127.0.0.1": {role: roleLoopback},
		"::1":       {role: roleLoopback},
		"localhost": {role: roleLoopback},
	}}
	for _, t := range tenants() {
		for _, domain := range t.Domains {
			n.hosts["lyncdiscover."+domain] = host{role: roleDiscover, https: httpsOf(domain), domain: domain}
		}
	}
	return n
}

// httpsOf says how https works for the discovery name of a domain. In the field all
// three kinds are met, and a client must come through with each.
func httpsOf(domain string) httpsMode {
	switch {
	case strings.HasPrefix(domain, "fabrikam."):
		return httpsRefused
	case domain == "contoso.com":
		return httpsMismatch
	}
	return httpsWorks
}

func (n *names) lookup(name string) (host, bool) {
	h, ok := n.hosts[strings.ToLower(strings.TrimSuffix(name, "."))]
	return h, ok
}

// remote lists the names that need resolving, sorted.
func (n *names) remote() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(n.hosts)) {
		if n.hosts[name].role != roleLoopback {
			out = append(out, name)
		}
	}
	return out
}

// domains lists what the lab's certificates may be issued for and nothing else.
func (n *names) domains() []string {
	out := []string{"lab.example", "online.lync.example", "localhost"}
	for _, t := range tenants() {
		out = append(out, t.Domains...)
	}
	return out
}
