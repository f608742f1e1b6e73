// Package lab is a whole sign-in and remoting landscape inside one process: a
// discovery service, an OAuth authority, and WSMan endpoints that manage three
// invented tenants. The demo runs on it, every end-to-end test does, and so can
// anybody who writes automation without a tenant at hand.
//
// All of it hangs on two loopback listeners, one for TLS and one for plain HTTP,
// that serve every host name of the lab by its Host header. Names are mapped to them
// by [Lab.Resolve] (or curl's --resolve), and certificates come from an authority
// that Start makes: its private key is never written anywhere. With
// [Options.InMemory] the listeners are pipes, no port is opened, and the lab runs
// inside testing/synctest.
//
// Vocabulary: a tenant is what is managed; the admin host serves the PowerShell
// endpoints of all tenants, told apart by the AdminDomain of their query; a fault is
// a way in which the discovery service misbehaves on request; the access log has one
// entry for each request that reached the lab.
package lab

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"psdeck/session/lab/authority"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

// Options describe a lab. The zero value is a lab on 127.0.0.1 with free ports.
type Options struct {
	Listen      string // address of the TLS listener, loopback only; default 127.0.0.1:0
	ListenPlain string // address of the plain listener; default the host of Listen with a free port
	InMemory    bool   // pipes instead of ports; connect by [Lab.Dial] only

	// StateDir is where ca.pem is written. Empty: a temporary directory that Close
	// removes, or nothing at all for an InMemory lab.
	StateDir string

	Now       func() time.Time // the lab's clock; default time.Now
	AccessLog io.Writer        // gets each access entry as a line of JSON when its request is done; may be nil

	// DiscoveryBroken is short for Discovery = FaultBroken.
	DiscoveryBroken bool
	Discovery       Fault

	// AutoApprove lets device codes approve themselves, see [authority.Config].
	// AutoApproveUser is who signs in when neither a login hint nor the path says;
	// default admin@partner.example.
	AutoApprove      bool
	AutoApproveAfter time.Duration
	AutoApproveUser  string

	TokenLifetime   time.Duration // of access tokens; default 1 h
	DeviceLifetime  time.Duration // of device codes; default 15 min
	RefreshLifetime time.Duration // of refresh tokens; default 90 days
	RefreshGrace    time.Duration // how long a replaced refresh token still works; default not at all

	NoModules bool // a session over standard streams has no modules to sign in

	Graph GraphFaults // how the lab's Graph misbehaves to begin with

	// Resources are further audiences the admin host accepts in a token, beyond its own
	// PowerShell URI, the well-known applications, and URIs on the lab's own hosts.
	Resources []string

	// RequireContext is the authentication context that tokens must have reached
	// (acrs): others are answered with a claims challenge. Empty: none.
	RequireContext string

	// Open makes what runs in a new session; nil: the cmdlets of the tenant that is
	// managed, on data that lives as long as the lab.
	Open func(Session) (*runspace.Options, error)

	Protocol         string            // the newest PSRP version that the endpoints speak; default 2.3
	Switches         endpoint.Switches // how the endpoints misbehave to begin with
	MaxShellsPerUser int               // default 3
	IdleTimeout      time.Duration     // of shells; default 15 min
	ConnectionIdle   time.Duration     // of TCP connections, which are then closed without a word; default: kept
}

// Lab is a running lab. Its methods are safe for concurrent use.
type Lab struct {
	directories map[string]managed // by tenant ID
	options     Options
	names       *names
	authority   *authority.Authority
	graph       *graph
	issuer      *issuer
	log         *accessLog
	endpoint    *endpoint.Server
	negotiate   *endpoint.Negotiate
	ledger      ledger

	tls, plain   listener
	servers      []*http.Server
	running      sync.WaitGroup
	cancel       context.CancelFunc
	stopWatching func() bool

	caFile    string
	removeDir string

	mu        sync.Mutex
	fault     Fault
	answersAs map[string]string // tenants by the id of the one that they say they are
	modules   []ModuleCall

	closeOnce sync.Once
	closeErr  error
}

// Start starts a lab. It runs until Close is called or ctx is done.
func Start(ctx context.Context, o Options) (*Lab, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.DiscoveryBroken && o.Discovery == FaultNone {
		o.Discovery = FaultBroken
	}
	if !o.Discovery.valid() {
		return nil, fmt.Errorf("starting the lab: unknown discovery fault %q", o.Discovery)
	}
	l := &Lab{options: o, names: newNames(), fault: o.Discovery, log: newAccessLog(o.Now, o.AccessLog)}
	if err := l.build(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the lab: %w", err), l.Close())
	}
	l.serve(ctx)
	return l, nil
}

// build makes the parts; what was made before an error is undone by Close.
func (l *Lab) build() error {
	var err error
	if l.issuer, err = newIssuer(l.options.Now(), l.names.domains()); err != nil {
		return err
	}
	if l.directories, err = l.newDirectories(); err != nil {
		return err
	}
	if l.authority, err = newAuthority(l.options, l.log); err != nil {
		return err
	}
	l.graph = &graph{authority: l.authority, faults: l.options.Graph}
	if err = l.listen(); err != nil {
		return err
	}
	l.endpoint = l.newEndpoint()
	return l.writeCA()
}

// Close ends the lab: its sessions, its listeners and their connections. It returns
// when every goroutine of the lab has ended.
func (l *Lab) Close() error {
	l.closeOnce.Do(func() { l.closeErr = l.close() })
	return l.closeErr
}

func (l *Lab) close() error {
	var errs []error
	if l.stopWatching != nil {
		l.stopWatching()
	}
	if l.cancel != nil {
		l.cancel()
	}
	if l.endpoint != nil {
		l.endpoint.Close()
	}
	for _, listener := range []listener{l.tls, l.plain} {
		if listener.Listener != nil {
			if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	for _, s := range l.servers {
		if err := s.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	l.running.Wait()
	if l.removeDir != "" {
		errs = append(errs, os.RemoveAll(l.removeDir))
	}
	return errors.Join(errs...)
}

// CAPool holds the certificate of the lab's own authority.
func (l *Lab) CAPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(l.issuer.certificate)
	return pool
}

// CAFile is the path of the same certificate in PEM, "" when none was written.
func (l *Lab) CAFile() string { return l.caFile }

// Authority is the lab's sign-in service, for what a test or a demo does behind its
// back: approve a device code, revoke a user, issue a token.
func (l *Lab) Authority() *authority.Authority { return l.authority }

// Endpoint is the server behind all PowerShell URIs of the lab: its switches, and the
// shells that are open on it.
func (l *Lab) Endpoint() *endpoint.Server { return l.endpoint }

// Ledger returns what became of every command that has ended, oldest first.
func (l *Lab) Ledger() []endpoint.LedgerEntry { return l.ledger.entries() }

// Access returns the access log so far, in the order in which requests arrived. A
// request that is not answered yet has no Status.
func (l *Lab) Access() []AccessEntry { return l.log.entries() }

// SetDiscovery changes how the discovery service behaves from now on.
func (l *Lab) SetDiscovery(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = f
}

func (l *Lab) discoveryFault() Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}
