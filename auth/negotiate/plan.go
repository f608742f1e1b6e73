package negotiate

// Plan is what a [Client] would do, for those who ask before.
type Plan struct {
	Account   string
	Mechanism string   // in words
	Services  []string // whose ticket is asked for, the best first; none without Kerberos
	Realm     string   // the account's, where that is known here
	KDCs      []string // the realm's, as HOST:PORT, where they are asked from here
}

// Plan tells what would be done. It may look for KDCs in DNS; nobody else is asked.
func (c *Client) Plan() Plan {
	p := Plan{Account: c.Account(), Mechanism: "NTLM"}
	switch {
	case c.cfg.Way == NTLM:
	case c.current != nil:
		p.Mechanism, p.Services = "Windows' own Kerberos, or else NTLM", c.services()
		if c.cfg.Way == Kerberos {
			p.Mechanism = "Windows' own Kerberos"
		}
	case c.kerberos != nil:
		p.Mechanism, p.Services = "Kerberos", c.services()
		p.Realm, p.KDCs = c.kerberos.Realm(), c.kerberos.KDCs()
		if c.cfg.Way == Negotiate && c.hasPassword() {
			p.Mechanism = "Kerberos, or else NTLM"
		}
	case c.cfg.Way == Negotiate:
		p.Mechanism = "NTLM, as no KDC is known for the account's domain"
	}
	return p
}
