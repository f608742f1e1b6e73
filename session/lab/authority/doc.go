// Package authority is the lab's OAuth 2.0 and OpenID Connect authority: a small
// stand-in for the sign-in service of a cloud, complete enough that MSAL signs in
// at it over TLS without knowing the difference.
//
// It speaks the authorization code grant with PKCE (RFC 7636) and a loopback
// redirect (RFC 8252), the device authorization grant (RFC 8628), the resource
// owner password grant, client credentials, and refresh tokens that rotate. Errors
// have the shape and the AADSTS codes that MSAL and people read.
//
// An Authority is an [http.Handler] for one host name. Nothing it does leaves the
// process: users, tenants and applications are those of its Config.
//
// Vocabulary: a tenant is a directory of users with domains of its own; a user has
// one home tenant and may manage others; a resource is what an access token is
// for, and becomes its audience.
package authority

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Tenant is one directory.
type Tenant struct {
	ID      string   // GUID; the tid of tokens issued here
	Name    string   // as people read it: "Contoso"
	Domains []string // the first is the primary one
}

// User is one account. Its password is invented and belongs to the lab alone.
type User struct {
	Name        string // user principal name, for example admin@contoso.example
	ObjectID    string // GUID
	DisplayName string
	Password    string
	Tenant      string   // ID of the home tenant
	Manages     []string // IDs of every tenant the user may administer, the home tenant included where it applies
	MFA         bool     // a password alone is not enough: the password grant is refused
	State       State    // what keeps the account from signing in
}

// Application is a client that signs in as itself, with a secret or with an
// assertion signed by the key of one of its certificates.
type Application struct {
	ID           string // client id, a GUID
	Name         string
	Secret       string // empty: none is accepted
	Certificates []*x509.Certificate
	Tenants      []string // IDs of the tenants that gave consent
}

// Event says what one request to the authority came to. It never holds a token,
// a code or a password.
type Event struct {
	Kind   string            // "metadata", "userrealm", "authorize", "devicecode", "approve", "token" (nothing issued), "grant" (tokens issued)
	User   string            // who, once known
	Detail map[string]string // grant_type, resource, tenant, client_id, error
}

// Config describes an Authority. Host, Tenants and Users are required.
type Config struct {
	Host         string // its host name, for example login.lab.example
	Tenants      []Tenant
	Users        []User
	Applications []Application

	TokenLifetime   time.Duration // of access and identity tokens; default 1 h
	CodeLifetime    time.Duration // of authorization codes; default 10 min
	DeviceLifetime  time.Duration // of device codes; default 15 min
	RefreshLifetime time.Duration // of refresh tokens; default 90 days
	PollInterval    time.Duration // between two polls for a device code; default 5 s

	// RefreshGrace is how long a refresh token still works after it was replaced.
	// Zero refuses it at once.
	RefreshGrace time.Duration

	// AutoApprove lets a device code approve itself at the second poll for it, but not
	// earlier than AutoApproveAfter from its start: as the login_hint of its request
	// when it had one, else as the first user who may administer the tenant of its
	// path, else as AutoApproveUser.
	AutoApprove      bool
	AutoApproveAfter time.Duration
	AutoApproveUser  string

	Now     func() time.Time                   // default time.Now
	Observe func(r *http.Request, event Event) // called once for each request answered; may be nil
}

// Authority issues and verifies tokens. It is safe for concurrent use.
type Authority struct {
	cfg     Config
	tenants map[string]*Tenant // by ID and by domain, lower case
	users   map[string]*User   // by user principal name, lower case
	apps    map[string]*Application
	keys    func() (*signingKey, error)
	mux     *http.ServeMux
	pages   pages

	stateMu sync.Mutex
	states  map[string]State // of users, by name in lower case; others are as configured

	mu         sync.Mutex
	codes      map[string]*authorizationCode
	devices    map[string]*deviceGrant // by device code
	refresh    map[string]*refreshGrant
	assertions map[string]time.Time // identifiers that were used, until they expire
	faults     Faults
	issued     int // access tokens, since the faults were set
}

// New checks cfg and returns an Authority. The signing key is made when the first
// token is signed and never leaves the process.
func New(cfg Config) (*Authority, error) {
	if cfg.Host == "" {
		return nil, errors.New("authority: no host name")
	}
	setDefault(&cfg.TokenLifetime, time.Hour)
	setDefault(&cfg.CodeLifetime, 10*time.Minute)
	setDefault(&cfg.DeviceLifetime, 15*time.Minute)
	setDefault(&cfg.RefreshLifetime, 90*24*time.Hour)
	setDefault(&cfg.PollInterval, 5*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &Authority{
		cfg:     cfg,
		codes:   make(map[string]*authorizationCode),
		devices: make(map[string]*deviceGrant),
		refresh: make(map[string]*refreshGrant),

		assertions: make(map[string]time.Time),
		states:     make(map[string]State),

		keys: sync.OnceValues(newSigningKey),
	}
	if err := a.index(); err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	a.mux, a.pages = a.routes(), newPages()
	return a, nil
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}

// URL is the authority of tenant as a client writes it, for example
// https://login.lab.example/organizations. tenant is an ID, a domain, or
// "organizations".
func (a *Authority) URL(tenant string) string {
	return "https://" + a.cfg.Host + "/" + tenant
}

// AuthorizationURI is what the resource's challenge names: the authorize endpoint
// for any organization's account.
func (a *Authority) AuthorizationURI() string {
	return a.URL("organizations") + "/oauth2/authorize"
}

// DeviceURI is the page where a person enters a device code.
func (a *Authority) DeviceURI() string {
	return "https://" + a.cfg.Host + "/device"
}

// ServeHTTP answers the authority's endpoints.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	a.mux.ServeHTTP(w, r)
}

// maxForm bounds a request's body: the largest real one is a refresh of a few kB.
const maxForm = 64 << 10

func (a *Authority) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/.well-known/openid-configuration", a.serveMetadata)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", a.serveMetadata)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", a.serveKeys)
	mux.HandleFunc("GET /common/discovery/instance", a.serveInstance)
	for _, realm := range []string{"userrealm", "UserRealm"} { // both spellings are in use
		mux.HandleFunc("GET /common/"+realm+"/{user}", a.serveUserRealm)
	}
	for _, version := range []string{"/oauth2", "/oauth2/v2.0"} {
		mux.HandleFunc("/{tenant}"+version+"/authorize", a.serveAuthorize)
		mux.HandleFunc("POST /{tenant}"+version+"/devicecode", a.serveDeviceCode)
		mux.HandleFunc("POST /{tenant}"+version+"/token", a.serveToken)
	}
	mux.HandleFunc("/device", a.serveDevicePage)
	return mux
}

func (a *Authority) observe(r *http.Request, event Event) {
	if a.cfg.Observe != nil {
		a.cfg.Observe(r, event)
	}
}
