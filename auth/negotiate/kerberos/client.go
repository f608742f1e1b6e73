package kerberos

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Config is an account, and where its secrets are.
type Config struct {
	// ConfigFile is krb5.conf; empty means DefaultConfig.
	ConfigFile string
	// Account is name@domain, DOMAIN\name, or a name of the default realm; empty
	// is whoever the credential cache is of.
	Account string
	// Password, Keytab and Cache, the paths of files, are tried in this order of
	// which are given.
	Password, Keytab, Cache string
}

// Client gets tickets for an account. Its methods may be called concurrently.
type Client struct {
	cfg         Config
	krb5        *config.Config
	name, realm string
	guessed     bool                // the realm, as there is no other
	cache       *credentials.CCache // in place of a password or a keytab
	keytab      *keytab.Keytab

	mu      sync.Mutex
	tgt     *Ticket
	tickets map[string]*Ticket // by service
}

// Ticket lets an account into a service.
type Ticket struct {
	spn    string
	realm  string // of the account
	client types.PrincipalName
	ticket messages.Ticket
	key    types.EncryptionKey
	until  time.Time
}

// margin is how long a ticket has to be good still to be used.
const margin = time.Minute

// New makes a client. It reads files, and asks nobody.
func New(cfg Config) (*Client, error) {
	if cfg.ConfigFile == "" {
		cfg.ConfigFile = DefaultConfig
	}
	krb5, err := loadConfig(cfg.ConfigFile)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, krb5: krb5, tickets: map[string]*Ticket{}}
	switch {
	case cfg.Password != "":
	case cfg.Keytab != "":
		if c.keytab, err = read(cfg.Keytab, "the keytab", keytab.Load); err != nil {
			return nil, err
		}
	case cfg.Cache != "":
		if c.cache, err = read(cfg.Cache, "the credential cache", credentials.LoadCCache); err != nil {
			return nil, err
		}
	default:
		return nil, errorf(NoCredentials, "there is neither a password nor a keytab nor a credential cache")
	}
	return c, c.identify()
}

// read loads a file by a function of the library, which does not bear every
// malformed one.
func read[T any](path, what string, load func(string) (T, error)) (v T, err error) {
	path = strings.TrimPrefix(path, "FILE:")
	if kind, _, ok := strings.Cut(path, ":"); ok && len(kind) > 1 {
		return v, errorf(NoCredentials, "%s is kept in %s; only files can be read", what, kind)
	}
	err = safely(func() (err error) {
		v, err = load(path)
		return err
	})
	if err != nil {
		return v, errorf(NoCredentials, "reading %s %s: %s", what, path, clean(err.Error()))
	}
	return v, nil
}

// safely keeps a panic of the library, which input from outside can cause, an
// error.
func safely(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errorf(BadMessage, "what came cannot be read")
		}
	}()
	return f()
}

// asked tells whether an account is the one that was asked for, if any was.
func (c *Client) asked(name, realm string) bool {
	wanted, domain, ok := strings.Cut(c.cfg.Account, "@")
	if !ok {
		if domain, wanted, ok = strings.Cut(c.cfg.Account, `\`); !ok {
			wanted = c.cfg.Account
		}
	}
	return wanted == "" || strings.EqualFold(wanted, name) && (domain == "" || strings.EqualFold(c.realmOf(domain), realm))
}

// identify settles the account's name and realm.
func (c *Client) identify() error {
	name, realm := c.cfg.Account, c.krb5.LibDefaults.DefaultRealm
	if c.cache != nil {
		name, realm = c.cache.GetClientPrincipalName().PrincipalNameString(), c.cache.GetClientRealm()
	}
	if user, domain, ok := strings.Cut(name, "@"); ok {
		name, realm = user, c.realmOf(domain)
	} else if domain, user, ok := strings.Cut(name, `\`); ok {
		name, realm = user, c.realmOf(domain)
	}
	switch {
	case name == "" && c.keytab != nil && len(c.keytab.Entries) > 0:
		p := c.keytab.Entries[0].Principal
		name, realm = strings.Join(p.Components, "/"), p.Realm
	case name == "":
		return errorf(NoCredentials, "there is no account")
	}
	if realm == "" {
		return errorf(UnknownRealm, "the realm of %s is not known", name)
	}
	if c.cache != nil && !c.asked(name, realm) {
		return errorf(NoCredentials, "the tickets in the credential cache are of %s@%s, not of %s", name, realm, c.cfg.Account)
	}
	c.name, c.realm = name, realm
	return nil
}

// realmOf finds the realm that a person means by a domain: one of the
// configuration's by its name or its first label, else the domain in capitals.
func (c *Client) realmOf(domain string) string {
	for _, r := range c.krb5.Realms {
		first, _, _ := strings.Cut(r.Realm, ".")
		if strings.EqualFold(r.Realm, domain) || !strings.Contains(domain, ".") && strings.EqualFold(first, domain) {
			return r.Realm
		}
	}
	if !strings.Contains(domain, ".") && c.krb5.LibDefaults.DefaultRealm != "" {
		c.guessed = true
		return c.krb5.LibDefaults.DefaultRealm // a short name says no more than that
	}
	return strings.ToUpper(domain)
}

// Account is who the tickets are for, as name@REALM.
func (c *Client) Account() string { return c.name + "@" + c.realm }

// Realm is the account's.
func (c *Client) Realm() string { return c.realm }

// KDCs are the realm's, as HOST:PORT, by the configuration or by DNS.
func (c *Client) KDCs() []string {
	_, found, err := c.krb5.GetKDCs(c.realm, true)
	if err != nil {
		return nil // there are none that are known
	}
	var list []string
	for _, n := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[n])
	}
	return list
}

// HasKDC tells whether the account names its realm, and the configuration a KDC
// for that.
func (c *Client) HasKDC() bool {
	if c.guessed {
		return false
	}
	for _, r := range c.krb5.Realms {
		if r.Realm == c.realm {
			return len(r.KDC) > 0
		}
	}
	return false
}

// Ticket gets a ticket for the first of these services that the KDC knows, as
// HTTP/host.example. It asks KDCs where there is no ticket yet; that ends with
// ctx for the caller, and after some seconds for the library.
func (c *Client) Ticket(ctx context.Context, spns ...string) (*Ticket, error) {
	type result struct {
		ticket *Ticket
		err    error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.ticket, r.err = c.first(spns)
		done <- r
	}()
	select {
	case r := <-done:
		return r.ticket, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *Client) first(spns []string) (t *Ticket, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, spn := range spns {
		if t = c.tickets[spn]; t != nil && time.Until(t.until) > margin {
			return t, nil
		}
	}
	var unknown error
	for _, spn := range spns {
		err = safely(func() (err error) {
			t, err = c.get(spn)
			return err
		})
		var e *Error
		known := errors.As(err, &e)
		switch {
		case err == nil:
			c.tickets[spn] = t
			return t, nil
		case !known || e.Reason != UnknownService:
			return nil, err
		case unknown == nil:
			unknown = err
		}
	}
	return nil, unknown
}
