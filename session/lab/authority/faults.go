package authority

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Faults are ways in which an authority was seen to fail, or might. The zero
// value is an authority without any.
type Faults struct {
	// Throttle answers the next n token requests with 429 and Retry-After.
	Throttle int
	// Unavailable answers the next n token requests with 503 and a page.
	Unavailable int
	// Mixed issues every n-th access token for whom and for what Mix says
	// instead of for whom it was asked: an authority, or something between,
	// that confuses its clients.
	Mixed int
	// Mix changes the claims of such a token. Required with Mixed.
	Mix func(claims map[string]any)
	// NoRefresh leaves refresh tokens out of the answers.
	NoRefresh bool
}

// SetFaults changes how the authority fails from now on.
func (a *Authority) SetFaults(f Faults) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults, a.issued = f, 0
}

// failing answers a token request that fails by a switch and tells whether it
// did.
func (a *Authority) failing(w http.ResponseWriter) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.faults.Throttle > 0:
		a.faults.Throttle--
		w.Header().Set("Retry-After", strconv.Itoa(1))
		http.Error(w, "too many requests", http.StatusTooManyRequests)
	case a.faults.Unavailable > 0:
		a.faults.Unavailable--
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprint(w, "<html>The service is unavailable.</html>")
	default:
		return false
	}
	return true
}

// mix confuses the claims of a token where a switch says so.
func (a *Authority) mix(claims map[string]any) {
	a.mu.Lock()
	a.issued++
	mix := a.faults.Mix
	due := a.faults.Mixed > 0 && mix != nil && a.issued%a.faults.Mixed == 0
	a.mu.Unlock()
	if due {
		mix(claims)
	}
}

func (a *Authority) noRefresh() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.faults.NoRefresh
}

// State is what keeps an account from signing in, beside its password.
type State string

// The states.
const (
	StateGood            State = ""
	StateLocked          State = "locked"           // too many wrong passwords
	StateDisabled        State = "disabled"         // by an administrator
	StatePasswordExpired State = "password expired" // to be changed first
	StateBlocked         State = "blocked"          // a conditional access policy
	StateNoConsent       State = "no consent"       // nobody allowed the client
)

const numberLocked = 50053

// refused is the refusal of an account in such a state; nil for a good one.
func (s State) refused(user string) *oauthError {
	switch s {
	case StateLocked:
		return refuse("invalid_grant", numberLocked, "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.")
	case StateDisabled:
		return refuse("invalid_grant", 50057, "The user account is disabled.")
	case StatePasswordExpired:
		return refuse("invalid_grant", 50055, "The password is expired.")
	case StateBlocked:
		return refuse("invalid_grant", 53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.")
	case StateNoConsent:
		return refuse("invalid_grant", 65001, "The user or administrator has not consented to use the application. Send an interactive authorization request for user '%s'.", user)
	}
	return nil
}

// stronger is the refusal of a sign-in that does not reach what the resource
// asked for; it carries the claims back, for the next sign-in.
func stronger(wanted []string, claims string) *oauthError {
	e := refuse("interaction_required", 50076, "Due to a configuration change made by your administrator, you must use multi-factor authentication to access the resource: %s.", wanted)
	e.sub, e.claims = "basic_action", claims
	return e
}

// reaches tells whether a sign-in that reached have satisfies want.
func reaches(have, want []string) bool {
	return !slices.ContainsFunc(want, func(c string) bool { return !slices.Contains(have, c) })
}
