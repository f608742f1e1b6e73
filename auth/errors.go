package auth

import (
	"errors"
	"fmt"
	"strings"

	"psdeck/auth/oneline"
)

// Kind says why signing in failed, in words that a caller can switch on.
type Kind string

// The kinds of failure.
const (
	KindWrongPassword Kind = "wrong password"
	KindMFA           Kind = "mfa required"        // more than a password is asked for
	KindConsent       Kind = "consent needed"      // nobody has allowed the client to act for the account
	KindPolicy        Kind = "blocked by policy"   // conditional access
	KindUnknownUser   Kind = "unknown user"        // no such account in that tenant
	KindAccount       Kind = "account unusable"    // locked, disabled, password to be changed
	KindUnknownTenant Kind = "unknown tenant"      // the authority knows no such tenant
	KindUnknownClient Kind = "unknown client"      // the client id is not known or not allowed
	KindResource      Kind = "unknown resource"    // the resource is not known in that tenant
	KindExpired       Kind = "expired"             // the sign-in is no longer good
	KindCodeExpired   Kind = "device code expired" // nobody entered the code in time
	KindDeclined      Kind = "declined"            // the person said no
	KindWrongCloud    Kind = "wrong cloud"         // the account lives at another authority
	KindFederation    Kind = "federation"          // the account's own identity provider failed
	KindClock         Kind = "clock"               // this machine's clock is wrong
	KindSource        Kind = "token source"        // the file or the command that gives tokens does not
	KindStore         Kind = "token cache"         // the token cache or the keyring cannot be used
	KindNetwork       Kind = "network"             // the authority does not answer
	KindCertificate   Kind = "certificate"         // its certificate is not trusted
	KindUnavailable   Kind = "unavailable"         // it answers, but not now
	KindProtocol      Kind = "protocol"            // it answers nonsense
	KindRefused       Kind = "refused"             // it says no for another reason
	KindUsage         Kind = "usage"               // something needed was not given
	KindCanceled      Kind = "canceled"            // the context ended
)

// Error is a sign-in or a token request that failed.
type Error struct {
	Kind Kind
	Op   string // what was being done: "signing in as admin@contoso.example"
	Msg  string // one sentence: why it failed
	Hint string // the next step for the person
	Code string // the authority's own code: "AADSTS50126", "invalid_grant"; may be empty
	Err  error  // a cause that is safe to show; may be nil

	claims string // what the authority wants of the next sign-in
}

func (e *Error) Error() string {
	s := e.Msg
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Code != "" && !strings.Contains(s, e.Code) {
		s += " (" + e.Code + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WrongAccountError is a sign-in, or a token, of another account than the one
// that was asked for. Nothing of it was kept.
type WrongAccountError struct {
	Wanted string
	Got    string
}

func (e *WrongAccountError) Error() string {
	got := clean(e.Got, 200)
	if got == "" {
		got = "an account without a name"
	}
	return fmt.Sprintf("signed in as %s, but %s was asked for; nothing was kept", got, clean(e.Wanted, 200))
}

// TenantError is a token that another tenant issued than the one asked for.
type TenantError struct {
	Got      string
	Expected string
}

func (e *TenantError) Error() string {
	return fmt.Sprintf("the token was issued by tenant %s, expected %s", clean(e.Got, 100), clean(e.Expected, 100))
}

// SignInNeededError says that no token can be had without the person.
type SignInNeededError struct {
	UserName string // who has to sign in; may be empty
	Resource string // what the token was for
	Claims   string // for [SignIn.Claims] of that sign-in; may be empty
	Err      *Error // why; nil when nobody has signed in yet
}

func (e *SignInNeededError) Error() string {
	who := clean(e.UserName, 200)
	if who == "" {
		who = "an account"
	}
	s := fmt.Sprintf("%s has to sign in to reach %s", who, clean(e.Resource, 300))
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the reason.
func (e *SignInNeededError) Unwrap() error {
	if e.Err == nil {
		return nil
	}
	return e.Err
}

// HintOf returns the next step that an error of this package suggests, or "".
func HintOf(err error) string {
	var (
		known    *Error
		probe    *ProbeError
		audience *AudienceError
		expired  *ExpiredError
		early    *NotYetError
		wrong    *WrongAccountError
		tenant   *TenantError
		needed   *SignInNeededError
	)
	switch {
	case errors.As(err, &needed):
		if needed.Err != nil && needed.Err.Hint != "" {
			return needed.Err.Hint
		}
		return hintSignIn
	case errors.As(err, &known):
		return known.Hint
	case errors.As(err, &probe):
		return probe.Hint
	case errors.As(err, &audience):
		return "get a token for " + clean(audience.Expected, 300) + ", or say with --override-access-token-resource-uri what the token is for"
	case errors.As(err, &expired):
		return expired.hint()
	case errors.As(err, &early):
		return early.hint()
	case errors.As(err, &wrong):
		return "sign in as " + clean(wrong.Wanted, 200) + ", or name the account you mean with --user-name"
	case errors.As(err, &tenant):
		return "check --tenant, or get a token from that tenant"
	}
	return ""
}

// clean makes remote text fit for a line of a terminal.
func clean(s string, limit int) string { return oneline.Clean(s, limit) }
