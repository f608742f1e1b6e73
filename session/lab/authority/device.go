package authority

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// deviceState is where a device code stands.
type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDenied
	deviceUsed
)

// deviceGrant is a device code's other side (RFC 8628).
type deviceGrant struct {
	request
	userCode string
	path     string // tenant part of the path it was asked at
	hint     string
	client   string
	state    deviceState
	user     *User
	tenant   *Tenant
	started  time.Time
	expires  time.Time
	polled   time.Time
	polls    int
}

// serveDeviceCode answers the device authorization endpoint (RFC 8628 3.1).
func (a *Authority) serveDeviceCode(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("tenant")
	event := Event{Kind: "devicecode", Detail: map[string]string{"tenant": path}}
	defer func() { a.observe(r, event) }()

	e := a.checkTenantPath(path)
	if e == nil && r.ParseForm() != nil {
		e = errMissing("client_id")
	}
	var q request
	if e == nil {
		e = checkClient(r.PostForm.Get("client_id"))
	}
	if e == nil {
		q, e = parseRequest(r.PostForm)
	}
	if e != nil {
		event.Detail["error"] = e.code
		a.writeError(w, r, e)
		return
	}
	event.User = r.PostForm.Get("login_hint")
	event.Detail["client_id"], event.Detail["resource"] = r.PostForm.Get("client_id"), q.resource
	raw, d := a.newDevice(&deviceGrant{
		request: q, path: path, hint: r.PostForm.Get("login_hint"), client: r.PostForm.Get("client_id"),
	})
	writeJSON(w, http.StatusOK, map[string]any{
		"user_code": d.userCode, "device_code": raw,
		"verification_uri":          a.DeviceURI(),
		"verification_uri_complete": a.DeviceURI() + "?user_code=" + d.userCode,
		"expires_in":                seconds(a.cfg.DeviceLifetime),
		"interval":                  max(1, seconds(a.cfg.PollInterval)),
		"message":                   a.deviceMessage(d.userCode),
	})
}

// deviceMessage is what the client shows its user. A code that approves itself says so.
func (a *Authority) deviceMessage(code string) string {
	text := fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", a.DeviceURI(), code)
	if a.cfg.AutoApprove {
		text += " This lab approves the code by itself in a moment."
	}
	return text
}

func (a *Authority) newDevice(d *deviceGrant) (string, *deviceGrant) {
	raw, now := secret(), a.cfg.Now()
	d.started, d.expires = now, now.Add(a.cfg.DeviceLifetime)
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, old := range a.devices {
		if now.Sub(old.expires) > a.cfg.DeviceLifetime {
			delete(a.devices, key)
		}
	}
	for d.userCode == "" || a.deviceByUserCode(d.userCode) != nil {
		d.userCode = newUserCode()
	}
	a.devices[raw] = d
	return raw, d
}

// newUserCode makes a code like GT7K-2QXM. Its letters are those of base32, which
// leave out the digits that look like letters.
func newUserCode() string {
	text := rand.Text()
	return text[:4] + "-" + text[4:8]
}

// deviceByUserCode needs a.mu.
func (a *Authority) deviceByUserCode(code string) *deviceGrant {
	want := plainCode(code)
	for _, d := range a.devices {
		if plainCode(d.userCode) == want {
			return d
		}
	}
	return nil
}

func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
}

// grantDevice answers one poll (RFC 8628 3.5).
func (a *Authority) grantDevice(client string, form url.Values) (*grant, *oauthError) {
	raw := form.Get("device_code")
	if raw == "" {
		raw = form.Get("code") // the parameter's name at the endpoints without a version
	}
	if raw == "" {
		return nil, errMissing("device_code")
	}
	now := a.cfg.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.devices[raw]
	if d == nil || d.client != client {
		return nil, refuse("bad_verification_code", 70018, "Invalid verification code: the device code is unknown or was issued to another client.")
	}
	g := &grant{request: d.request, client: d.client, amr: []string{"pwd", "mfa"}}
	var asked request
	if asked.parseClaims(form.Get("claims")) == nil { // MSAL sends them with each poll
		g.acrs = append(slices.Clone(d.acrs), asked.acrs...)
		slices.Sort(g.acrs)
		g.acrs = slices.Compact(g.acrs)
	}
	tooFast := d.polls > 0 && now.Sub(d.polled) < a.cfg.PollInterval
	d.polls++
	d.polled = now
	if d.state == devicePending && now.Before(d.expires) {
		a.autoApprove(d, now)
	}
	g.user, g.tenant = d.user, d.tenant
	switch {
	case d.state == deviceUsed:
		return g, refuse("invalid_grant", 70000, "Provided grant is invalid or malformed: the device code was already redeemed.")
	case !now.Before(d.expires):
		return g, refuse("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
	case d.state == deviceDenied:
		return g, refuse("authorization_declined", 70021, "The end user denied the authorization request.")
	case d.state == devicePending && tooFast:
		return g, refuse("slow_down", 70022, "The device code is polled faster than the interval allows.")
	case d.state == devicePending:
		return g, refuse("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
	}
	d.state = deviceUsed
	return g, nil
}

// autoApprove needs a.mu.
func (a *Authority) autoApprove(d *deviceGrant, now time.Time) {
	if !a.cfg.AutoApprove || d.polls < 2 || now.Sub(d.started) < a.cfg.AutoApproveAfter {
		return
	}
	for _, name := range []string{d.hint, a.administratorOf(d.path), a.cfg.AutoApproveUser} {
		if u := a.users[strings.ToLower(name)]; u != nil && a.approve(d, u) == nil {
			return
		}
	}
}

// administratorOf is the first account of a named tenant that may administer it.
func (a *Authority) administratorOf(path string) string {
	t := a.tenants[strings.ToLower(path)]
	if t == nil {
		return ""
	}
	for i := range a.cfg.Users {
		if u := &a.cfg.Users[i]; strings.EqualFold(u.Tenant, t.ID) && u.manages(t.ID) {
			return u.Name
		}
	}
	return ""
}

// approve needs a.mu.
func (a *Authority) approve(d *deviceGrant, u *User) *oauthError {
	t, e := a.tenantFor(u, d.path)
	if e == nil {
		e = a.refusedState(u)
	}
	if e != nil {
		return e
	}
	d.state, d.user, d.tenant = deviceApproved, u, t
	return nil
}

// ErrDeviceCode is returned for a user code that is unknown, expired or decided.
var ErrDeviceCode = errors.New("authority: the code is wrong, has expired, or was used")

// Approve signs userName in on the device that shows userCode, without a password:
// for a demo that answers for its user. Spelling of the code is free in case and dash.
func (a *Authority) Approve(userCode, userName string) error {
	u := a.users[strings.ToLower(userName)]
	if u == nil {
		return ErrCredentials
	}
	return a.decide(userCode, func(d *deviceGrant) error {
		if e := a.approve(d, u); e != nil {
			return &refusedError{e.description()}
		}
		return nil
	})
}

// Expect says who will sign in on the device that shows userCode when it
// approves itself (Config.AutoApprove), as a login_hint would.
func (a *Authority) Expect(userCode, userName string) error {
	return a.decide(userCode, func(d *deviceGrant) error {
		d.hint = userName
		return nil
	})
}

// Deny refuses the device that shows userCode.
func (a *Authority) Deny(userCode string) error {
	return a.decide(userCode, func(d *deviceGrant) error {
		d.state = deviceDenied
		return nil
	})
}

func (a *Authority) decide(userCode string, decision func(*deviceGrant) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.deviceByUserCode(userCode)
	if d == nil || d.state != devicePending || !a.cfg.Now().Before(d.expires) {
		return ErrDeviceCode
	}
	return decision(d)
}

// serveDevicePage shows the form for a device code and takes its answer: by POST, or
// by a GET that carries user_code, user_name and password, for scripts. A refusal
// has a status of 400 or 401, so that a script sees it.
func (a *Authority) serveDevicePage(w http.ResponseWriter, r *http.Request) {
	event := Event{Kind: "approve", Detail: map[string]string{}}
	defer func() { a.observe(r, event) }()
	if r.ParseForm() != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	name, code := r.Form.Get("user_name"), r.Form.Get("user_code")
	page := devicePage{UserCode: code, UserName: name}
	if r.Method == http.MethodGet && !r.Form.Has("password") && r.Form.Get("action") != "deny" {
		a.showDevice(w, http.StatusOK, page)
		return
	}
	event.User = name
	status, err := http.StatusBadRequest, error(nil)
	if r.Form.Get("action") == "deny" {
		err = a.Deny(code)
		page.Done = "You declined. The sign-in on your device ends; you may close this page."
		event.Detail["result"] = "denied"
	} else if _, e := a.checkPassword(name, r.Form.Get("password")); e != nil {
		status, err = http.StatusUnauthorized, &refusedError{e.description()}
	} else {
		err = a.Approve(code, name)
		page.Done = "You have signed in on your device. You may close this page."
		event.Detail["result"] = "approved"
	}
	if err != nil {
		page.Done, page.Error = "", strings.TrimPrefix(err.Error(), "authority: ")
		event.Detail["result"] = "refused"
		a.showDevice(w, status, page)
		return
	}
	a.showDevice(w, http.StatusOK, page)
}
