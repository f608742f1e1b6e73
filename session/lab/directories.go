package lab

import (
	"fmt"

	"psdeck/session/lab/directory"
	"psdeck/session/lab/runspace"
)

// usersOf says how many users each tenant has.
var usersOf = map[string]int{ContosoID: 300, FabrikamID: 200, PartnerID: 25}

// managed is one tenant's data and the commands that work on it.
type managed struct {
	tenant *directory.Tenant
	table  *runspace.Table
	// described is the same, as the tenant itself would answer.
	described *runspace.Table
}

// newDirectories makes up what the tenants consist of. It lives as long as the
// lab: what one session changes, the next one finds changed.
func (l *Lab) newDirectories() (map[string]managed, error) {
	all := make(map[string]managed)
	for _, t := range tenants() {
		made, err := directory.New(directory.Info{ID: t.ID, Name: t.Name, Domains: t.Domains, Users: usersOf[t.ID]})
		if err != nil {
			return nil, fmt.Errorf("making the lab's tenants: %w", err)
		}
		own := runspace.Builtins().With(made.Table())
		all[t.ID] = managed{tenant: made, table: l.identified(t.ID, own), described: own}
	}
	return all, nil
}
