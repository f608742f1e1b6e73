package authority

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// oauthError is a refusal as the token endpoint words it: an error code of RFC 6749
// or RFC 8628 and an AADSTS number that people look up.
type oauthError struct {
	status int
	code   string // "invalid_grant"
	number int    // 50126
	sub    string // suberror
	text   string
	claims string // what the next sign-in has to reach
}

func (e *oauthError) description() string {
	return fmt.Sprintf("AADSTS%d: %s", e.number, e.text)
}

func refuse(code string, number int, format string, args ...any) *oauthError {
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return &oauthError{status: status, code: code, number: number, text: fmt.Sprintf(format, args...)}
}

func errPassword() *oauthError {
	return refuse("invalid_grant", 50126, "Error validating credentials due to invalid username or password.")
}

func errUnknownUser(name string) *oauthError {
	return refuse("invalid_grant", 50034, "The user account %s does not exist in the directory. To sign into this application, the account must be added to the directory.", name)
}

func errUnknownTenant(path string) *oauthError {
	return refuse("invalid_request", 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", path)
}

func errNotInTenant(user, tenant string) *oauthError {
	return refuse("interaction_required", 50020, "User account '%s' does not exist in tenant '%s' and cannot access the application in that tenant.", user, tenant)
}

func errMFA(resource string) *oauthError {
	e := refuse("invalid_grant", 50076, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'.", resource)
	e.sub = "basic_action"
	return e
}

func errMissing(name string) *oauthError {
	return refuse("invalid_request", 900144, "The request body must contain the following parameter: '%s'.", name)
}

// writeError answers with the JSON that MSAL reads.
func (a *Authority) writeError(w http.ResponseWriter, r *http.Request, e *oauthError) {
	correlation := r.Header.Get("client-request-id")
	if _, err := uuid.Parse(correlation); err != nil {
		correlation = uuid.NewString()
	}
	trace := uuid.NewString()
	stamp := a.cfg.Now().UTC().Format("2006-01-02 15:04:05Z")
	answer := map[string]any{
		"error": e.code,
		"error_description": fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.description(), trace, correlation, stamp),
		"error_codes":    []int{e.number},
		"timestamp":      stamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      fmt.Sprintf("https://%s/error?code=%d", a.cfg.Host, e.number),
	}
	if e.sub != "" {
		answer["suberror"] = e.sub
	}
	if e.claims != "" {
		answer["claims"] = e.claims
	}
	writeJSON(w, e.status, answer)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil { // only for a value json cannot write, which no caller has
		http.Error(w, "cannot write the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// seconds rounds a duration to the whole seconds OAuth counts in.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }
