package lab

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"psdeck/session/lab/authority"
)

// The tenants' IDs. They are fixed, so that a profile can name the one it expects.
const (
	ContosoID  = "00000000-0000-0000-0000-000000000001"
	FabrikamID = "00000000-0000-0000-0000-000000000002"
	PartnerID  = "00000000-0000-0000-0000-000000000003"
)

// ClientID is the client id that the admin host's challenge names.
const ClientID = "7716031e-6f8b-45a4-b82b-922b1af0fbb4"

// Audiences of the public service that the admin host accepts beside its own URI.
const (
	remotePowerShellID = "39624784-6cbe-4a60-afbe-9f46d10fdb27"
	tenantAdminID      = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
)

// defaultApprover signs in where nothing else says who does.
const defaultApprover = "admin@partner.example"

func tenants() []authority.Tenant {
	return []authority.Tenant{
		{ID: ContosoID, Name: "Contoso", Domains: []string{"contoso.example", "contoso.com", "contoso.onmicrosoft.com"}},
		{ID: FabrikamID, Name: "Fabrikam", Domains: []string{"fabrikam.example", "fabrikam.onmicrosoft.com"}},
		{ID: PartnerID, Name: "Partner", Domains: []string{"partner.example"}},
	}
}

// users are the accounts. The administrators of contoso and of the partner manage
// contoso and fabrikam, the partner's his own tenant too; fabrikam's administrator
// manages fabrikam; a help desk its own tenant; an ordinary user nothing.
func users() []authority.User {
	both := []string{ContosoID, FabrikamID}
	list := []authority.User{
		{Name: "admin@contoso.example", DisplayName: "Contoso Administrator", Tenant: ContosoID, Manages: both},
		{Name: "admin@contoso.com", DisplayName: "Contoso Administrator", Tenant: ContosoID, Manages: both},
		{Name: "admin@contoso.onmicrosoft.com", DisplayName: "Contoso Administrator", Tenant: ContosoID, Manages: both},
		{Name: "helpdesk@contoso.example", DisplayName: "Contoso Help Desk", Tenant: ContosoID, Manages: []string{ContosoID}},
		{Name: "mfa@contoso.example", DisplayName: "Contoso Careful Administrator", Tenant: ContosoID, Manages: both, MFA: true},
		{Name: "user@contoso.example", DisplayName: "Contoso User", Tenant: ContosoID},
		{Name: "admin@fabrikam.example", DisplayName: "Fabrikam Administrator", Tenant: FabrikamID, Manages: []string{FabrikamID}},
		{Name: "admin@fabrikam.onmicrosoft.com", DisplayName: "Fabrikam Administrator", Tenant: FabrikamID, Manages: []string{FabrikamID}},
		{Name: "admin@partner.example", DisplayName: "Partner Administrator", Tenant: PartnerID, Manages: []string{PartnerID, ContosoID, FabrikamID}},
	}
	for i := range list {
		u := &list[i]
		name, domain, _ := strings.Cut(u.Name, "@")
		label, _, _ := strings.Cut(domain, ".")
		u.Password = "Lab-" + name + "-" + label + "-1!"
		u.ObjectID = fmt.Sprintf("00000000-0000-0000-0001-%012d", i+1)
	}
	return list
}

// application is the lab's daemon, for the client credentials grant.
func application() authority.Application {
	return authority.Application{
		ID: "00000000-0000-0000-0002-000000000001", Name: "Lab daemon", Secret: "Lab-daemon-secret-1!",
		Tenants: []string{ContosoID, FabrikamID},
	}
}

// newAuthority is the lab's authority with its tenants, writing into the access log.
func newAuthority(o Options, log *accessLog) (*authority.Authority, error) {
	approver := o.AutoApproveUser
	if approver == "" {
		approver = defaultApprover
	}
	return authority.New(authority.Config{
		Host: LoginHost, Tenants: tenants(), Users: users(), Applications: []authority.Application{application()},
		TokenLifetime: o.TokenLifetime, DeviceLifetime: o.DeviceLifetime,
		RefreshLifetime: o.RefreshLifetime, RefreshGrace: o.RefreshGrace,
		AutoApprove: o.AutoApprove, AutoApproveAfter: o.AutoApproveAfter, AutoApproveUser: approver,
		Now: o.Now, Observe: log.observe,
	})
}

// TenantLine is what a client needs to know of one tenant, as psdeck lab prints it.
type TenantLine struct {
	Name         string   `json:"name"`
	ID           string   `json:"id"`
	Domain       string   `json:"domain"`
	Domains      []string `json:"domains"`
	URI          string   `json:"uri"` // with a token; add ?AdminDomain=
	DiscoveryURI string   `json:"discovery_uri"`
	Authority    string   `json:"authority"`
	GraphURI     string   `json:"graph_uri"` // lists the tenants that an account manages
	UserName     string   `json:"user_name"`
	Password     string   `json:"password"`
	CAFile       string   `json:"ca_file"`
	Resolve      []string `json:"resolve"`       // HOST:PORT=ADDR
	ApproveURI   string   `json:"approve_uri"`   // device codes are approved here, in plain http
	BasicURI     string   `json:"basic_uri"`     // plain http on loopback, Basic with the password
	NegotiateURI string   `json:"negotiate_uri"` // the same, NTLM with the password and sealed messages
	LiveIDURI    string   `json:"live_id_uri"`   // https, Basic with the password

	ApplicationID     string `json:"application_id,omitempty"` // signs in as itself, where the tenant allows it
	ApplicationSecret string `json:"application_secret,omitempty"`
}

// Tenants describes each tenant.
func (l *Lab) Tenants() []TenantLine {
	var resolve []string
	mapping := l.Resolve()
	for _, name := range l.names.remote() {
		for _, port := range []string{"80", "443"} {
			key := net.JoinHostPort(name, port)
			resolve = append(resolve, key+"="+mapping[key])
		}
	}
	loopback := "http://" + l.plain.address
	var out []TenantLine
	for _, t := range tenants() {
		domain := t.Domains[0]
		admin, _ := l.authority.User("admin@" + domain)
		line := TenantLine{
			Name: strings.ToLower(t.Name), ID: t.ID, Domain: domain, Domains: t.Domains,
			URI: oauthURI, DiscoveryURI: "https://" + WebdirHost + discoveryRoot,
			Authority: l.authority.URL("organizations"), GraphURI: GraphURI,
			UserName: admin.Name, Password: admin.Password,
			CAFile: l.caFile, Resolve: resolve,
			ApproveURI: loopback + "/device", BasicURI: loopback + wsmanPath, NegotiateURI: loopback + wsmanPath, LiveIDURI: liveIDURI,
		}
		if app := application(); slices.Contains(app.Tenants, t.ID) {
			line.ApplicationID, line.ApplicationSecret = app.ID, app.Secret
		}
		out = append(out, line)
	}
	return out
}
