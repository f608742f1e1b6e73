package authority

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// index builds the look-ups and refuses a Config that contradicts itself.
func (a *Authority) index() error {
	a.tenants = make(map[string]*Tenant)
	a.users = make(map[string]*User)
	a.apps = make(map[string]*Application)
	for i := range a.cfg.Tenants {
		t := &a.cfg.Tenants[i]
		for _, name := range append([]string{t.ID}, t.Domains...) {
			key := strings.ToLower(name)
			if key == "" || a.tenants[key] != nil {
				return fmt.Errorf("tenant %q: name %q is empty or taken", t.Name, name)
			}
			a.tenants[key] = t
		}
	}
	for i := range a.cfg.Users {
		u := &a.cfg.Users[i]
		key := strings.ToLower(u.Name)
		if a.users[key] != nil {
			return fmt.Errorf("user %q is there twice", u.Name)
		}
		if a.tenants[strings.ToLower(u.Tenant)] == nil {
			return fmt.Errorf("user %q: no such home tenant %q", u.Name, u.Tenant)
		}
		a.users[key] = u
	}
	for i := range a.cfg.Applications {
		app := &a.cfg.Applications[i]
		a.apps[strings.ToLower(app.ID)] = app
	}
	return nil
}

// TenantOf returns the tenant that has name as its ID or as one of its domains.
func (a *Authority) TenantOf(name string) (Tenant, bool) {
	if t := a.tenants[strings.ToLower(name)]; t != nil {
		return *t, true
	}
	return Tenant{}, false
}

// User returns the account with that user principal name, in any case.
func (a *Authority) User(name string) (User, bool) {
	if u := a.users[strings.ToLower(name)]; u != nil {
		return *u, true
	}
	return User{}, false
}

// ErrCredentials is returned by Login for an unknown user and for a wrong password
// alike.
var ErrCredentials = errors.New("authority: user name or password is wrong")

// ErrMFA is returned by Login for a user whom a password alone does not sign in.
var ErrMFA = errors.New("authority: a second factor is required")

// SetState changes what keeps an account from signing in, and from renewing.
func (a *Authority) SetState(name string, s State) {
	a.stateMu.Lock()
	defer a.stateMu.Unlock()
	a.states[strings.ToLower(name)] = s
}

// refusedState is the refusal of an account that may not sign in; nil for
// others.
func (a *Authority) refusedState(u *User) *oauthError {
	a.stateMu.Lock()
	defer a.stateMu.Unlock()
	state, ok := a.states[strings.ToLower(u.Name)]
	if !ok {
		state = u.State
	}
	return state.refused(u.Name)
}

// Login checks a user name and password as an endpoint with Basic authentication
// does: without a second factor.
func (a *Authority) Login(name, password string) (User, error) {
	u, perr := a.checkPassword(name, password)
	switch {
	case perr != nil:
		return User{}, ErrCredentials
	case u.MFA:
		return User{}, ErrMFA
	}
	return *u, nil
}

func (a *Authority) checkPassword(name, password string) (*User, *oauthError) {
	u := a.users[strings.ToLower(strings.TrimSpace(name))]
	if u == nil {
		return nil, errUnknownUser(name)
	}
	refused := a.refusedState(u)
	if refused != nil && refused.number == numberLocked { // not even the right password is looked at
		return nil, refused
	}
	if !sameSecret(password, u.Password) {
		return nil, errPassword()
	}
	if refused != nil {
		return nil, refused
	}
	return u, nil
}

// multiTenant reports whether the tenant part of a path leaves the tenant to the
// account that signs in.
func multiTenant(path string) bool {
	return strings.EqualFold(path, "organizations") || strings.EqualFold(path, "common")
}

// checkTenantPath refuses the tenant part of a path that names no tenant.
func (a *Authority) checkTenantPath(path string) *oauthError {
	if multiTenant(path) || a.tenants[strings.ToLower(path)] != nil {
		return nil
	}
	return errUnknownTenant(path)
}

// tenantFor decides which tenant issues the token of u when path is asked: the home
// tenant, or a named tenant that u belongs to or manages.
func (a *Authority) tenantFor(u *User, path string) (*Tenant, *oauthError) {
	if multiTenant(path) {
		return a.tenants[strings.ToLower(u.Tenant)], nil
	}
	t := a.tenants[strings.ToLower(path)]
	if t == nil {
		return nil, errUnknownTenant(path)
	}
	if !strings.EqualFold(t.ID, u.Tenant) && !u.manages(t.ID) {
		return nil, errNotInTenant(u.Name, t.Name)
	}
	return t, nil
}

func (u *User) manages(tenant string) bool {
	return slices.ContainsFunc(u.Manages, func(id string) bool { return strings.EqualFold(id, tenant) })
}
