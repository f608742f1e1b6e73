package headless

import (
	"context"
	"errors"
	"strings"
	"time"

	"psdeck/auth/negotiate"
	"psdeck/session"
)

// kdcTime is how long a KDC has to answer, in a check.
const kdcTime = 5 * time.Second

// negotiation shows who would sign in by Negotiate, as which service the server is
// asked for, and whether the realm's KDCs can be reached.
func (x *check) negotiation(ctx context.Context, p *negotiate.Plan) {
	x.say("account", p.Account+", by "+p.Mechanism)
	if len(p.Services) == 0 {
		return
	}
	x.say("spn", strings.Join(p.Services, ", or else "))
	if p.Realm == "" {
		return // Windows finds the KDC itself
	}
	reached := 0
	for _, kdc := range p.KDCs {
		limited, cancel := context.WithTimeout(ctx, kdcTime)
		conn, err := x.Network.DialContext(limited, "tcp", kdc)
		cancel()
		if err != nil {
			x.step(checkStep{Name: "kdc", Text: kdc + " of " + p.Realm + " is not reached", Detail: err.Error(), Failed: true})
			continue
		}
		_ = conn.Close()
		reached++
		x.say("kdc", kdc+" of "+p.Realm+" is reached")
	}
	if reached > 0 {
		return
	}
	why := "no KDC of " + p.Realm + " is reached"
	if len(p.KDCs) == 0 {
		why = "no KDC of " + p.Realm + " is known"
	}
	if strings.Contains(p.Mechanism, "NTLM") {
		x.say("kdc", why+": NTLM would be used")
		return
	}
	x.fail("kdc", "", &session.Error{
		Doing: "looking for the KDCs of " + p.Realm, Err: errors.New(why), Class: session.ClassConnect,
		Hints: []string{"name them in krb5.conf or in DNS (_kerberos._tcp), and check that one is reachable from here on TCP port 88; or use --authentication ntlm"},
	})
}
