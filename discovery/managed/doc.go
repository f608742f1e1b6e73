// Package managed finds the tenants that somebody manages: from Microsoft
// Graph, where a partner's customers are listed; from a TOML file; or from a
// command that prints them. What was found is kept with its age, so that a list
// is there at once and nobody has to sign in to see it.
//
// Vocabulary: a tenant is somebody's directory in a cloud; a source is where a
// list of them comes from; a list is what a source said at a time, which may
// have a problem: what came before it is kept.
package managed

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"psdeck/auth/oneline"
)

// Tenant is a tenant that somebody manages.
type Tenant struct {
	Name   string `json:"name"`
	Domain string `json:"domain,omitempty"`
	ID     string `json:"tenant_id,omitempty"`
	// Env is "prod", "test" or "dev"; empty where nobody said it, which is to be
	// treated as prod.
	Env string `json:"env,omitempty"`
	// ReadOnly lets what is known to read run alone; nil is what the environment
	// says: only where somebody wrote prod.
	ReadOnly *bool `json:"read_only,omitempty"`
	// Bootstrap is "teams" or "exchange" where the tenant is managed by that
	// module; see the session package.
	Bootstrap string `json:"bootstrap,omitempty"`
	// Home marks the tenant of the account itself.
	Home bool `json:"home,omitempty"`
}

// OpensReadOnly tells whether a session in the tenant begins read-only: as for a
// profile, where that was written, or else where it was called production.
func (t Tenant) OpensReadOnly() bool {
	if t.ReadOnly != nil {
		return *t.ReadOnly
	}
	return t.Env == "prod"
}

// Key names the tenant among others: its id, else its domain.
func (t Tenant) Key() string {
	if t.ID != "" {
		return strings.ToLower(t.ID)
	}
	return strings.ToLower(t.Domain)
}

// is tells whether both are one tenant.
func (t Tenant) is(other Tenant) bool {
	return t.ID != "" && strings.EqualFold(t.ID, other.ID) || t.Domain != "" && strings.EqualFold(t.Domain, other.Domain)
}

// List is what a source said.
type List struct {
	Tenants []Tenant  `json:"tenants"`
	At      time.Time `json:"at"`
	// Source says where it is from, in words.
	Source string `json:"source"`
	// Problem says why the list may not be all, and Hint what to do about it.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Account is who signed in for it, ClientID and Authority how: with the same
	// ones no second sign-in is needed. Empty where nobody had to.
	Account   string `json:"account,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Authority string `json:"authority,omitempty"`
}

// Kind says why a list could not be got.
type Kind string

// The kinds of failure.
const (
	KindForbidden Kind = "forbidden" // the account or the client may not read the list
	KindThrottled Kind = "throttled" // too many requests
	KindBroken    Kind = "broken"    // an answer that is none
	KindNetwork   Kind = "network"   // no answer
	KindSource    Kind = "source"    // the file or the command that gives the list does not
)

// Error is a list that could not be got, or not all of it.
type Error struct {
	Kind Kind
	Op   string // what was being done
	Msg  string // one sentence: why it failed
	Hint string // the next step for the person
	Err  error  // a cause that is safe to show; may be nil
}

func (e *Error) Error() string { return e.Op + ": " + e.Msg }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// tidy cleans a tenant that somebody else wrote, and says whether it can be one.
func (t *Tenant) tidy() error {
	t.Name, t.ID = clean(t.Name, 100), clean(t.ID, 50)
	t.Domain = strings.TrimSuffix(strings.ToLower(clean(t.Domain, 255)), ".")
	t.Env, t.Bootstrap = strings.ToLower(t.Env), strings.ToLower(t.Bootstrap)
	if t.Name == "" {
		t.Name = t.Domain
	}
	if t.Name == "" {
		t.Name = t.ID
	}
	switch {
	case t.Domain == "" && t.ID == "":
		return fmt.Errorf("the tenant %q has neither a domain nor a tenant_id", t.Name)
	case t.Domain != "" && (strings.ContainsAny(t.Domain, " /:@?#&") || !strings.Contains(t.Domain, ".")):
		return fmt.Errorf("the tenant %q has the domain %q, which is none", t.Name, t.Domain)
	case t.ID != "" && !isID(t.ID):
		return fmt.Errorf("the tenant %q has the tenant_id %q, which is none", t.Name, t.ID)
	case !slices.Contains([]string{"", "prod", "test", "dev"}, t.Env):
		return fmt.Errorf("the tenant %q has the env %q, which is none of prod, test, dev", t.Name, clean(t.Env, 40))
	case !slices.Contains([]string{"", "teams", "exchange"}, t.Bootstrap):
		return fmt.Errorf("the tenant %q has the bootstrap %q, which is none of teams, exchange", t.Name, clean(t.Bootstrap, 40))
	}
	return nil
}

// isID tells whether a text is a GUID as tenants have them.
func isID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}

// merge adds a tenant to a list, or what it says to one that is there.
func merge(list []Tenant, t Tenant) []Tenant {
	for i := range list {
		known := &list[i]
		if !known.is(t) {
			continue
		}
		for _, text := range []struct{ to, from *string }{
			{&known.Domain, &t.Domain}, {&known.ID, &t.ID}, {&known.Env, &t.Env}, {&known.Bootstrap, &t.Bootstrap},
		} {
			if *text.to == "" {
				*text.to = *text.from
			}
		}
		known.Home = known.Home || t.Home
		if known.ReadOnly == nil {
			known.ReadOnly = t.ReadOnly
		}
		return list
	}
	return append(list, t)
}

// Overlay adds to a list what somebody wrote down about its tenants: domain,
// environment, bootstrap and read_only of those that are on it.
func Overlay(list, written []Tenant) []Tenant {
	list = slices.Clone(list)
	for i := range list {
		for _, w := range written {
			if !list[i].is(w) {
				continue
			}
			for _, text := range []struct{ to, from *string }{
				{&list[i].Domain, &w.Domain}, {&list[i].Env, &w.Env}, {&list[i].Bootstrap, &w.Bootstrap},
			} {
				if *text.from != "" {
					*text.to = *text.from
				}
			}
			if w.ReadOnly != nil {
				list[i].ReadOnly = w.ReadOnly
			}
		}
	}
	return list
}

// clean makes remote text fit for a line of a terminal.
func clean(s string, limit int) string { return oneline.Clean(s, limit) }

// Join adds to a list what another one has besides.
func Join(list, more []Tenant) []Tenant {
	for _, t := range more {
		list = merge(list, t)
	}
	return list
}
