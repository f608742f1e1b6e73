package session_test

import (
	"testing"

	"psdeck/discovery/managed"
	"psdeck/session"
)

// TestManagedTenantsOpenAsProfilesDo: what is called production opens read-only, as a
// profile does, unless the list says otherwise; what nobody gave a word is
// production for its rules, and what the flags forbid stays forbidden.
func TestManagedTenantsOpenAsProfilesDo(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		base     session.Target
		tenant   managed.Tenant
		env      session.Environment
		readOnly bool
	}{
		"production":             {session.Target{}, managed.Tenant{Env: "prod"}, session.Prod, true},
		"production that writes": {session.Target{}, managed.Tenant{Env: "prod", ReadOnly: &no}, session.Prod, false},
		"nobody said":            {session.Target{}, managed.Tenant{}, session.Prod, false},
		"a test":                 {session.Target{}, managed.Tenant{Env: "test"}, session.Test, false},
		"a test to be looked at": {session.Target{}, managed.Tenant{Env: "test", ReadOnly: &yes}, session.Test, true},
		"--read-only":            {session.Target{ReadOnly: true}, managed.Tenant{Env: "dev", ReadOnly: &no}, session.Dev, true},
	} {
		c.tenant.Name, c.tenant.Domain = "fabrikam", "fabrikam.example"
		got := session.ManagedTarget(c.base, managed.List{Account: "admin@partner.example"}, c.tenant)
		if got.Env != c.env || got.ReadOnly != c.readOnly || got.ExpectTenant != "fabrikam.example" || got.UserName != "admin@partner.example" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
