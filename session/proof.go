package session

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/safetext"
)

// Proof is which tenant the server says it is. The zero Proof is unproved.
type Proof struct {
	Proved                 bool
	Name, Domain, TenantID string
	// Domains are all names of the tenant that the server gave.
	Domains []string
	At      time.Time
	// Why says why there is no proof.
	Why string
	// User is who the server says is connected, where it knows of no tenant.
	User string
}

// Label is a short name for the tab and the prompt; the word "unproved" where
// the server has not said who it is. It is remote text, cleaned.
func (p Proof) Label() string {
	switch {
	case !p.Proved:
		return "unproved"
	case p.Name != "":
		return safetext.Clean(p.Name)
	case p.Domain != "":
		return safetext.Clean(p.Domain)
	}
	return safetext.Clean(p.TenantID)
}

// matches tells whether want, a tenant id or a domain, is this tenant.
func (p Proof) matches(want string) bool {
	if strings.EqualFold(want, p.TenantID) || strings.EqualFold(want, p.Domain) {
		return true
	}
	for _, d := range p.Domains {
		if strings.EqualFold(want, d) {
			return true
		}
	}
	return false
}

// same tells whether two proofs name one tenant.
func (p Proof) same(other Proof) bool {
	if p.TenantID != "" || other.TenantID != "" {
		return strings.EqualFold(p.TenantID, other.TenantID)
	}
	return other.Proved && strings.EqualFold(p.Domain, other.Domain) && p.Name == other.Name
}

// MismatchError is a server that says it is another tenant than the one that
// was asked for. The session was closed before anything could be typed.
type MismatchError struct{ Wanted, Got string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the server says it is %s, but %s was asked for", e.Got, e.Wanted)
}

// check holds the proof against what was asked for. expect has to match, an
// unproved tenant included; a domain or an id only where the server named its
// own.
func (p Proof) check(want wanted, expect string) error {
	got := p.Label()
	if p.Domain != "" && p.Domain != got {
		got = safetext.Clean(p.Domain) + " (" + got + ")"
	}
	if expect != "" && !p.matches(expect) {
		return &MismatchError{Wanted: expect, Got: got}
	}
	if want.domain != "" && p.Proved && len(p.Domains) > 0 && !p.matches(want.domain) {
		return &MismatchError{Wanted: want.domain, Got: got}
	}
	if want.id != "" && p.Proved && p.TenantID != "" && !p.matches(want.id) {
		return &MismatchError{Wanted: orElse(want.domain, want.id), Got: got}
	}
	return nil
}

// proofOfOrganization reads the answer of Get-OrganizationConfig. An Exchange
// online calls itself by the tenant's first domain; one on premises by the name
// of its organization, which says which one it is and no tenant. Its Guid is
// that of an object in its directory, and is not the tenant's.
func proofOfOrganization(v clixml.Value, at time.Time) Proof {
	o := v.Object()
	p := Proof{
		Name:     memberText(o, "DisplayName", "Name"),
		TenantID: memberText(o, "ExternalDirectoryOrganizationId"),
		At:       at,
	}
	if name := memberText(o, "Name", "Identity"); strings.Contains(name, ".") && !strings.ContainsAny(name, " /") {
		p.Domain, p.Domains = name, []string{name}
	}
	p.Proved = p.TenantID != "" || p.Domain != "" || p.Name != ""
	if !p.Proved {
		p.Why = "the server's answer names no organization"
	}
	return p
}

// proofOfSender reads $PSSenderInfo: who is connected, and how. That proves no
// tenant.
func proofOfSender(v clixml.Value, at time.Time) Proof {
	o := v.Object()
	p := Proof{At: at, Why: noCommand, User: memberText(o, "ConnectedUser", "RunAsUser")}
	if p.User == "" && o != nil {
		if info, ok := o.Get("UserInfo"); ok && info.Object() != nil {
			p.User = memberText(info.Object(), "Identity")
			if id, ok := info.Object().Get("Identity"); ok && id.Object() != nil {
				p.User = memberText(id.Object(), "Name")
			}
		}
	}
	if p.User != "" {
		p.User = safetext.Clean(p.User)
		p.Why += "; it says who is connected: " + p.User
	}
	return p
}

// proofOf reads the answer of Get-CsTenant.
func proofOf(v clixml.Value, at time.Time) Proof {
	o := v.Object()
	p := Proof{
		Name:     memberText(o, "DisplayName", "Name"),
		TenantID: memberText(o, "TenantId", "ExternalDirectoryOrganizationId", "Guid"),
		Domains:  memberTexts(o, "Domains", "VerifiedDomains", "SipDomain"),
		At:       at,
	}
	if len(p.Domains) > 0 {
		p.Domain = p.Domains[0]
	}
	p.Proved = p.TenantID != "" || p.Domain != "" || p.Name != ""
	if !p.Proved {
		p.Why = "the server's answer names no tenant"
	}
	return p
}

// memberText is the text of the first of these members that has one.
func memberText(o *clixml.Object, names ...string) string {
	for _, name := range names {
		v, _ := o.Get(name)
		if id, ok := v.Any().(uuid.UUID); ok {
			return id.String()
		}
		if s := v.String(); s != "" {
			return s
		}
	}
	return ""
}

// memberTexts is every text of these members, lists opened.
func memberTexts(o *clixml.Object, names ...string) []string {
	var texts []string
	for _, name := range names {
		v, ok := o.Get(name)
		if !ok || v.IsNull() {
			continue
		}
		if list := v.Object(); list != nil && list.Kind != clixml.PlainObject {
			for _, item := range list.Items {
				text := item.String()
				if name := memberText(item.Object(), "Name"); name != "" {
					text = name // VerifiedDomains are objects
				}
				texts = append(texts, text)
			}
			continue
		}
		if s := v.String(); s != "" {
			texts = append(texts, s)
		}
	}
	return texts
}
