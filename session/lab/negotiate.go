package lab

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"

	"psdeck/auth/negotiate"
	"psdeck/session/lab/authority"
	"psdeck/session/lab/endpoint"
)

// Help says how to connect to the lab by hand, for those who start it.
const Help = `
One JSON line for each tenant says where to connect. As a Windows host takes it, by NTLM and sealed:

  psdeck exec --connection-uri NEGOTIATE_URI --authentication Negotiate --credential USER_NAME -c Get-CsTenant

with its negotiate_uri, user_name and password; CONTOSO\admin is admin@contoso.example.
`

// negotiateOffer are the challenges of the endpoint on loopback, as a Windows host
// has them that allows Basic too.
func negotiateOffer() []string { return []string{"Negotiate", `Basic realm="WSMAN"`} }

// newNegotiate stands before the endpoint on loopback, as on any Windows host: who
// proves a password by NTLM comes in, over http with sealed messages alone, over
// https bound to the certificate. Basic and what needs no user pass by.
func (l *Lab) newNegotiate() *endpoint.Negotiate {
	return &endpoint.Negotiate{
		Offer: negotiateOffer(), Others: true, Password: l.windowsPassword,
		BindingsOf: l.bindings,
		Observe: func(r *http.Request, id endpoint.Identity, err error) {
			rec := recordOf(r.Context())
			if rec.set("", id.User, nil); err != nil {
				rec.set("", "", map[string]string{"refused": err.Error()})
			}
		},
	}
}

// ForgetConnections takes from each connection who it is of, as servers do when they
// are recycled.
func (l *Lab) ForgetConnections() { l.negotiate.Forget() }

// negotiating puts it before a handler, and its handshakes into the access log.
func (l *Lab) negotiating(next http.Handler) http.Handler {
	l.negotiate.Next = next
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); !strings.EqualFold(scheme, "Basic") {
			recordOf(r.Context()).set("negotiate", "", nil) // unless the endpoint sees it
		}
		l.negotiate.ServeHTTP(w, r)
	})
}

// windowsPassword finds a user by name@domain, or by DOMAIN\name with the first
// label of a tenant's domain. A second factor cannot be asked for here.
func (l *Lab) windowsPassword(user, domain string) (string, endpoint.Identity, bool) {
	u, ok := l.authority.User(user)
	if !ok && domain != "" && !strings.Contains(user, "@") {
		for _, t := range tenants() {
			if label, _, _ := strings.Cut(t.Domains[0], "."); strings.EqualFold(label, domain) || strings.EqualFold(t.Domains[0], domain) {
				u, ok = l.authority.User(user + "@" + t.Domains[0])
			}
		}
	}
	if !ok || u.MFA {
		return "", endpoint.Identity{}, false
	}
	return u.Password, identityOf(u), true
}

func identityOf(u authority.User) endpoint.Identity {
	return endpoint.Identity{User: u.Name, Tenant: u.Tenant}
}

// bindings is the hash of the channel bindings of a connection, by the certificate
// that it was shown.
func (l *Lab) bindings(state *tls.ConnectionState) []byte {
	c, err := l.certificateFor(state.ServerName)
	if err != nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil
	}
	return negotiate.BindingsHash(negotiate.EndPoint(leaf))
}
