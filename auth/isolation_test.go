package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/authority"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

// The twenty sessions: five tenants, two accounts that administer all of them,
// two sessions of each account in each tenant.
const (
	tenantCount  = 5
	sessionCount = 20
	rounds       = 8
)

func tenantID(n int) string     { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n+1) }
func tenantDomain(n int) string { return fmt.Sprintf("tenant%d.example", n+1) }
func accountName(n int) string  { return fmt.Sprintf("admin%d@%s", n+1, tenantDomain(n)) }

// estate is an authority and an endpoint that notice what belongs to another
// session than the one whose request it comes with.
type estate struct {
	*authority.Authority
	t       *testing.T
	dial    chan net.Conn
	network discovery.Network
	shells  *endpoint.Server
	once    sync.Once // closes dial

	mu        sync.Mutex
	crossings []string
	owners    map[string]string // of connections and cookies: the session
	tokens    map[string]bool   // that were used; how many tells of renewals
}

// whose reads out of a request's address which session sends it: the endpoint's
// URI of each has its number in it.
func whose(u *url.URL) (number int, who string) {
	n, err := strconv.Atoi(u.Query().Get("session"))
	if err != nil {
		return -1, "nobody"
	}
	return n, "session " + strconv.Itoa(n)
}

func (e *estate) crossed(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.crossings = append(e.crossings, fmt.Sprintf(format, args...))
}

// owned notes who uses a thing first and tells of anybody else who does.
func (e *estate) owned(thing, who string) {
	e.mu.Lock()
	owner, known := e.owners[thing]
	if !known {
		e.owners[thing] = who
	}
	e.mu.Unlock()
	if known && owner != who {
		e.crossed("%s of %s came with %s", thing, owner, who)
	}
}

// admit looks at the token, the cookies and the connection of each request.
func (e *estate) admit(r *http.Request) (endpoint.Identity, error) {
	number, who := whose(r.URL)
	_, raw, ok := r.BasicAuth()
	if !ok {
		return endpoint.Identity{}, errors.New("no token")
	}
	claims, err := e.Verify(raw, func(string) bool { return true })
	if err != nil {
		return endpoint.Identity{}, err
	}
	if claims.TenantID != tenantID(number%tenantCount) {
		e.crossed("%s of tenant %d came with a token of tenant %s", who, number%tenantCount, claims.TenantID)
	}
	if claims.UPN != accountName(number/tenantCount%2) {
		e.crossed("%s of %s came with a token of %s", who, accountName(number/tenantCount%2), claims.UPN)
	}
	for _, c := range r.Cookies() {
		if c.Name == "owner" && c.Value != strconv.Itoa(number) {
			e.crossed("%s came with the cookie of session %s", who, c.Value)
		}
	}
	e.owned("connection "+r.RemoteAddr, who)
	e.mu.Lock()
	e.tokens[raw] = true
	e.mu.Unlock()
	return endpoint.Identity{User: claims.UPN, Tenant: claims.TenantID}, nil
}

// ServeHTTP serves both hosts.
func (e *estate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == "login.lab.example" {
		e.Authority.ServeHTTP(w, r)
		return
	}
	number, _ := whose(r.URL)
	http.SetCookie(w, &http.Cookie{Name: "owner", Value: strconv.Itoa(number), Path: "/"})
	e.shells.ServeHTTP(w, r)
}

func newEstate(t *testing.T) *estate {
	e := &estate{t: t, dial: make(chan net.Conn), owners: map[string]string{}, tokens: map[string]bool{}}
	cfg := authority.Config{Host: "login.lab.example", TokenLifetime: 20 * time.Minute}
	for n := range tenantCount {
		cfg.Tenants = append(cfg.Tenants, authority.Tenant{ID: tenantID(n), Name: "Tenant " + strconv.Itoa(n), Domains: []string{tenantDomain(n)}})
	}
	for n := range 2 {
		u := authority.User{Name: accountName(n), ObjectID: fmt.Sprintf("00000000-0000-0000-0001-%012d", n), Password: secret, Tenant: tenantID(n)}
		for m := range tenantCount {
			u.Manages = append(u.Manages, tenantID(m))
		}
		cfg.Users = append(cfg.Users, u)
	}
	var err error
	if e.Authority, err = authority.New(cfg); err != nil {
		t.Fatal(err)
	}
	e.shells = endpoint.New(endpoint.Config{
		Authenticate: e.admit, MaxShellsPerUser: sessionCount, Switches: endpoint.Switches{RequireCookie: true},
		Challenge: func(*http.Request) []string {
			return []string{`Bearer client_id="` + clientID + `", authorization_uri="` + e.AuthorizationURI() + `"`}
		},
		Open: func(_ endpoint.Identity, u *url.URL, _ *clixml.Object) (*runspace.Options, error) {
			number, _ := whose(u)
			return &runspace.Options{Table: runspace.NewTable(runspace.Cmdlet{Name: "Get-CsTenant", Run: func(c *runspace.Call) error {
				return c.WriteObject(clixml.Obj(clixml.Custom(
					clixml.Prop("TenantId", tenantID(number%tenantCount)), clixml.Prop("Session", strconv.Itoa(number)),
				)))
			}})}, nil
		},
	})
	return e
}

// Accept, Close and Addr make the estate a listener for pipes.
func (e *estate) Accept() (net.Conn, error) {
	c, ok := <-e.dial
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (e *estate) Close() error   { e.once.Do(func() { close(e.dial) }); return nil }
func (e *estate) Addr() net.Addr { return pipeAddr("pipe") }

type pipeAddr string

func (pipeAddr) Network() string  { return "tcp" }
func (a pipeAddr) String() string { return string(a) }

// pipeEnd is a connection with a name of its own.
type pipeEnd struct {
	net.Conn
	name pipeAddr
}

func (p pipeEnd) RemoteAddr() net.Addr { return p.name }

// serve starts the estate on pipes and returns what ends it.
func (e *estate) serve() (stop func()) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		e.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "estate"}, DNSNames: []string{"login.lab.example", "admin.lab.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		e.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		e.t.Fatal(err)
	}
	e.network.RootCAs = x509.NewCertPool()
	e.network.RootCAs.AddCert(cert)
	count := 0
	var pipes []net.Conn
	e.network.Dial = func(ctx context.Context, _, addr string) (net.Conn, error) {
		near, far := net.Pipe()
		e.mu.Lock()
		count++
		name := pipeAddr(fmt.Sprintf("%s#%d", addr, count))
		pipes = append(pipes, far)
		e.mu.Unlock()
		select {
		case e.dial <- pipeEnd{far, name}:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	server := &http.Server{Handler: e, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	listener := tls.NewListener(e, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12})
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) })
	return func() {
		e.shells.Close()
		for _, c := range pipes { // the last word of TLS would wait for a reader
			_ = c.Close()
		}
		_ = server.Close()
		running.Wait()
	}
}

// target is one of the twenty.
func (e *estate) target(n int) session.Target {
	return session.Target{
		UserName: accountName(n / tenantCount % 2), OverrideAdminDomain: tenantDomain(n % tenantCount), Tenant: tenantID(n % tenantCount),
		OverridePowerShellURI: fmt.Sprintf("https://admin.lab.example/OcsPowershellOAuth?session=%d", n),
		Password:              func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(secret), nil },
		SignIn:                auth.MethodPassword,
	}
}

// outcome is how often lines were answered, and with what the others ended.
type outcome struct {
	answered, refused int
	other             []error
}

// work opens one session and runs a line every seven minutes, longer than a
// third of a token's life; where a session ended it opens another one.
func (e *estate) work(ctx context.Context, c *session.Connector, n int) (o outcome) {
	var s *session.Session
	defer func() {
		if s != nil {
			_ = s.Close(context.WithoutCancel(ctx))
		}
	}()
	time.Sleep(time.Duration(n) * 11 * time.Second) // they do not march in step
	for range rounds {
		err := error(nil)
		if s == nil {
			s, err = c.Connect(ctx, e.target(n), nil)
		}
		if err == nil {
			err = e.line(ctx, s, n)
		}
		var (
			tenant  *auth.TenantError
			account *auth.WrongAccountError
		)
		switch {
		case err == nil:
			o.answered++
		case errors.As(err, &tenant), errors.As(err, &account):
			o.refused++
		default:
			o.other = append(o.other, fmt.Errorf("session %d: %w", n, err))
		}
		if err != nil && s != nil {
			_ = s.Close(ctx)
			s = nil
		}
		time.Sleep(7 * time.Minute)
	}
	return o
}

// line runs a line and looks whether the answer is this session's.
func (e *estate) line(ctx context.Context, s *session.Session, n int) error {
	run, err := s.Run(ctx, "Get-CsTenant", session.RunOptions{})
	if err != nil {
		return err
	}
	for {
		records, err := run.Next(ctx)
		for _, r := range records {
			if r.Stream != session.StreamOutput {
				continue
			}
			id, _ := r.Value.Object().Get("TenantId")
			number, _ := r.Value.Object().Get("Session")
			if id.String() != tenantID(n%tenantCount) || number.String() != strconv.Itoa(n) {
				e.crossed("session %d got an object of session %s, tenant %s", n, number, id)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	res, err := run.Wait(ctx)
	if err == nil && res.Outcome != session.Completed {
		err = res.Err
	}
	return err
}

// confused is an authority that issues every seventh token for whom the one
// before was.
func confused() authority.Faults {
	var mu sync.Mutex
	var last map[string]any
	return authority.Faults{Mixed: 1, Mix: func(claims map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		mine := map[string]any{}
		for _, name := range []string{"tid", "oid", "upn", "unique_name", "iss"} {
			mine[name] = claims[name]
		}
		count, _ := last["count"].(int)
		if count++; count%7 == 0 {
			for name := range mine {
				claims[name] = last[name]
			}
		}
		mine["count"] = count
		last = mine
	}}
}

// day runs the twenty sessions side by side, with sign-ins between, and
// returns what crossed and how the sessions fared.
func day(t *testing.T, faults authority.Faults, change func(*auth.Broker)) (e *estate, all outcome) {
	synctest.Test(t, func(t *testing.T) {
		e = newEstate(t)
		defer e.serve()()
		client := e.network.HTTPClient()
		defer client.CloseIdleConnections()
		broker := auth.NewBroker(auth.BrokerConfig{HTTP: client})
		change(broker)
		e.SetFaults(faults)
		c := session.NewConnector(session.ConnectorConfig{Network: &e.network, Broker: broker, Authority: e.URL("organizations"), ClientID: clientID})
		var mu sync.Mutex
		var wg sync.WaitGroup
		for n := range sessionCount {
			wg.Go(func() {
				o := e.work(t.Context(), c, n)
				mu.Lock()
				defer mu.Unlock()
				all.answered, all.refused, all.other = all.answered+o.answered, all.refused+o.refused, append(all.other, o.other...)
			})
		}
		wg.Go(func() { // somebody signs in anew in between, as one account and the other
			for n := range 6 {
				time.Sleep(9 * time.Minute)
				_, err := broker.SignIn(t.Context(), auth.SignIn{
					Authority: e.URL("organizations"), ClientID: clientID, Scopes: []string{auth.Scope("https://elsewhere.lab.example")},
					UserName: accountName(n % 2), Method: auth.MethodPassword, Password: auth.NewSecret(secret),
				})
				if err != nil && faults.Mixed == 0 {
					t.Error(err)
				}
			}
		})
		wg.Wait()
	})
	return e, all
}

// Twenty sessions of five tenants, with sign-ins and expiries between: no
// token, cookie, connection or object of one reaches another.
func TestTwentySessionsOfFiveTenants(t *testing.T) {
	e, all := day(t, authority.Faults{}, func(*auth.Broker) {})
	if len(e.crossings) > 0 {
		t.Errorf("%d crossings, the first: %s", len(e.crossings), e.crossings[0])
	}
	if all.answered != sessionCount*rounds || len(all.other) > 0 {
		t.Errorf("%d lines answered, want %d; %v", all.answered, sessionCount*rounds, all.other)
	}
	if len(e.tokens) < 2*2*tenantCount {
		t.Errorf("%d tokens were used: none was renewed", len(e.tokens))
	}
}

// The same where the authority confuses its clients. The broker refuses what
// is not the session's; with its check taken out the tokens cross, and that is
// noticed: the test above would fail.
func TestTwentySessionsOfAConfusedAuthority(t *testing.T) {
	e, all := day(t, confused(), func(*auth.Broker) {})
	if len(e.crossings) > 0 {
		t.Errorf("%d crossings, the first: %s", len(e.crossings), e.crossings[0])
	}
	if all.refused == 0 || all.answered == 0 {
		t.Errorf("%d lines answered, %d refused, %v: nothing was tried", all.answered, all.refused, all.other)
	}
	t.Logf("%d lines answered, %d refused by the broker, %d ended otherwise", all.answered, all.refused, len(all.other))

	e, _ = day(t, confused(), auth.Unchecked)
	tokens := 0
	for _, c := range e.crossings {
		if strings.Contains(c, "a token of") {
			tokens++
		}
	}
	if tokens == 0 {
		t.Error("without the broker's check nothing crosses, or nobody notices")
	}
	t.Logf("without the broker's check %d requests came with another session's token", tokens)
}
