package session

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
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
}

// Label is a short name for the tab and the prompt; the word "unproved" where
// the server has not said who it is. It is remote text, cleaned.
func (p Proof) Label() string {
	switch {
	case !p.Proved:
		return "unproved"
	case p.Name != "":
		return Clean(p.Name)
	case p.Domain != "":
		return Clean(p.Domain)
	}
	return Clean(p.TenantID)
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
// unproved tenant included; domain only where the server named its domains.
func (p Proof) check(domain, expect string) error {
	got := p.Label()
	if p.Domain != "" && p.Domain != got {
		got = Clean(p.Domain) + " (" + got + ")"
	}
	if expect != "" && !p.matches(expect) {
		return &MismatchError{Wanted: expect, Got: got}
	}
	if domain != "" && p.Proved && len(p.Domains) > 0 && !p.matches(domain) {
		return &MismatchError{Wanted: domain, Got: got}
	}
	return nil
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
				texts = append(texts, item.String())
			}
			continue
		}
		if s := v.String(); s != "" {
			texts = append(texts, s)
		}
	}
	return texts
}
