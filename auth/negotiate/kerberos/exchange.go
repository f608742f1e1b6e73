package kerberos

import (
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// get gets a ticket for a service, by way of the realms between.
func (c *Client) get(spn string) (*Ticket, error) {
	cl, err := c.library()
	if err != nil {
		return nil, err
	}
	defer cl.Destroy() // it renews tickets of its own accord otherwise
	service := types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: strings.Split(spn, "/")}
	if t := c.cached(service); t != nil {
		return strongTicket(t, spn)
	}
	if c.tgt == nil || time.Until(c.tgt.until) <= margin {
		if c.tgt, err = c.login(cl); err != nil {
			return nil, err
		}
	}
	asked := *c.krb5
	asked.LibDefaults.Canonicalize = true // so that a KDC may say which realm the service is of
	cl.Config = &asked
	host, _, _ := strings.Cut(service.NameString[len(service.NameString)-1], ":")
	tgt := c.tgt
	if realm := c.krb5.ResolveRealm(host); realm != "" && realm != c.realm {
		if tgt, err = c.exchange(cl, tgt, c.realm, ticketGranting(realm)); err != nil {
			return nil, err
		}
		t, err := c.exchange(cl, tgt, realm, service)
		if err != nil {
			return nil, err
		}
		return strongTicket(t, spn)
	}
	t, err := c.exchange(cl, tgt, c.realm, service)
	if err != nil {
		return nil, err
	}
	return strongTicket(t, spn)
}

// strongTicket refuses a ticket whose key, or the service's, is rc4-hmac's.
func strongTicket(t *Ticket, spn string) (*Ticket, error) {
	t.spn = spn
	if t.ticket.EncPart.EType == 23 || t.key.KeyType == 23 {
		return nil, errorf(WeakCipher, "the ticket for %s is of rc4-hmac, which is not accepted", spn)
	}
	_, err := strong(t.key.KeyType)
	return t, err
}

// library makes the library's client. It is of one exchange.
func (c *Client) library() (*client.Client, error) {
	// FAST's negotiation is left out: some KDCs refuse it.
	off := client.DisablePAFXFAST(true)
	switch {
	case c.cache != nil:
		cl := client.NewWithPassword(c.name, c.realm, "", c.krb5, off)
		cl.Credentials = c.cache.GetClientCredentials()
		return cl, nil
	case c.keytab != nil:
		return client.NewWithKeytab(c.name, c.realm, c.keytab, c.krb5, off), nil
	}
	return client.NewWithPassword(c.name, c.realm, c.cfg.Password, c.krb5, off), nil
}

func ticketGranting(realm string) types.PrincipalName {
	return types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: []string{"krbtgt", realm}}
}

// login gets the ticket for further tickets.
func (c *Client) login(cl *client.Client) (*Ticket, error) {
	if c.cache != nil {
		t := c.cached(ticketGranting(c.realm))
		if t == nil {
			return nil, errorf(NoCredentials, "the credential cache has no ticket of %s that is still good", c.Account())
		}
		return t, nil
	}
	req, err := messages.NewASReqForTGT(c.realm, c.krb5, cl.Credentials.CName())
	if err != nil {
		return nil, fromKDC(err.Error(), "")
	}
	rep, err := cl.ASExchange(c.realm, req, 0)
	if err != nil {
		return nil, fromKDC(err.Error(), "")
	}
	return &Ticket{
		realm: rep.CRealm, client: rep.CName, ticket: rep.Ticket,
		key: rep.DecryptedEncPart.Key, until: rep.DecryptedEncPart.EndTime,
	}, nil
}

// exchange gets a ticket from the KDC of a realm; the library follows where it
// refers to another.
func (c *Client) exchange(cl *client.Client, tgt *Ticket, realm string, service types.PrincipalName) (*Ticket, error) {
	name := service.PrincipalNameString()
	req, err := messages.NewTGSReq(cl.Credentials.CName(), realm, cl.Config, tgt.ticket, tgt.key, service, false)
	if err != nil {
		return nil, fromKDC(err.Error(), name)
	}
	_, rep, err := cl.TGSExchange(req, realm, tgt.ticket, tgt.key, 0)
	if err != nil {
		return nil, fromKDC(err.Error(), name)
	}
	return &Ticket{
		realm: tgt.realm, client: tgt.client, ticket: rep.Ticket,
		key: rep.DecryptedEncPart.Key, until: rep.DecryptedEncPart.EndTime,
	}, nil
}

// cached finds a ticket in the credential cache, nil where there is none that is
// still good.
func (c *Client) cached(service types.PrincipalName) *Ticket {
	if c.cache == nil {
		return nil
	}
	for _, cred := range c.cache.GetEntries() {
		if !strings.EqualFold(cred.Server.PrincipalName.PrincipalNameString(), service.PrincipalNameString()) || time.Until(cred.EndTime) <= margin {
			continue
		}
		t := &Ticket{realm: c.realm, client: c.cache.GetClientPrincipalName(), key: cred.Key, until: cred.EndTime}
		if t.ticket.Unmarshal(cred.Ticket) == nil {
			return t
		}
	}
	return nil
}
